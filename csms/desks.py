"""What the areas do beside the intake: commands that take more than being sent, work that follows
events, work that is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from secrets import token_hex
from typing import Any

import attrs

from csms import policies
from csms.api.app import threaded
from csms.config import Config
from csms.core.credentials import hash_password
from csms.core.customers.vocabulary import INFORMATION
from csms.core.ports import ISpeech, ISubscriber
from csms.core.provisioning.vocabulary import Boot
from csms.core.values import StationKey
from csms.core.variables.secrets import PASSWORD_CHARACTERS
from csms.pipeline.charging import Charging
from csms.pipeline.charging_follower import ChargingFollower
from csms.pipeline.commands import Operations
from csms.pipeline.firmware import Firmware
from csms.pipeline.inventory import Inventory
from csms.pipeline.jobs import Job, Prune
from csms.pipeline.locallists import LocalLists
from csms.pipeline.logs import Logs
from csms.pipeline.monitoring import MonitoringFollower, Monitors
from csms.pipeline.passwords import Passwords
from csms.pipeline.provisioning import Provisioner, Provisioning
from csms.pipeline.reservations import Reservations
from csms.pipeline.setting_up import Setup, Step
from csms.pipeline.station_certificates import StationCertificates
from csms.pipeline.tasks import Tasks
from csms.pipeline.uploads import Uploads
from csms.pipeline.variables import DeviceModel, ReadBack
from csms.stores import Stores

PARTS_PATIENCE = timedelta(minutes=10)
"""How long a report may wait for its next part."""


@attrs.define(eq=False, kw_only=True, slots=False)
class Desks:
    """One for each area that has something to do; each is made when it is first asked for.

    ``published`` is called after events that came otherwise than by the intake; ``api_url`` tells
    where the API of this process is reached.
    """

    config: Config
    reactor: Any
    stores: Stores
    operations: Operations
    speech: ISpeech
    tasks: Tasks
    now: Callable[[], datetime]
    published: Callable[[], None]
    api_url: Callable[[], str]

    @cached_property
    def charging(self) -> Charging:
        """Charging profiles and schedules."""
        return Charging(
            stations=self.stores.stations,
            sessions=self.stores.sessions,
            holdings=self.stores.holdings,
            profiles=self.stores.profiles,
            values=self.stores.variables.values,
            operations=self.operations,
            now=self.now,
            voltage=self.config.charging.voltage_v,
        )

    @cached_property
    def passwords(self) -> Passwords:
        """Passwords of stations."""
        return Passwords(
            operations=self.operations,
            stations=self.stores.stations,
            hash_password=threaded(self.reactor, hash_password),
            fresh=partial(token_hex, PASSWORD_CHARACTERS // 2),
        )

    @cached_property
    def device_model(self) -> DeviceModel:
        """Variables of stations."""
        return DeviceModel(
            operations=self.operations,
            variables=self.stores.variables,
            stations=self.stores.stations,
            speech=self.speech,
            passwords=self.passwords,
        )

    @cached_property
    def monitors(self) -> Monitors:
        """Monitors of variables."""
        return Monitors(
            operations=self.operations,
            variables=self.stores.variables,
            stations=self.stores.stations,
            speech=self.speech,
        )

    @cached_property
    def certificates(self) -> StationCertificates:
        """Certificates."""
        return StationCertificates(
            operations=self.operations,
            variables=self.stores.variables,
            stations=self.stores.stations,
            speech=self.speech,
        )

    @cached_property
    def reservations(self) -> Reservations:
        """Reservations."""
        return Reservations(
            book=self.stores.reservations,
            operations=self.operations,
            operations_book=self.stores.operations,
            stations=self.stores.stations,
            tokens=self.stores.tokens,
            limits=self.stores.list_limits,
            now=self.now,
        )

    @cached_property
    def local_lists(self) -> LocalLists:
        """Local authorization lists."""
        return LocalLists(
            book=self.stores.local_lists,
            operations=self.operations,
            limits=self.stores.list_limits,
            tasks=self.tasks,
            clock=self.reactor,
            now=self.now,
            answer_wait_s=self.config.operations.answer_wait_s,
        )

    @cached_property
    def logs(self) -> Logs:
        """Logs that stations upload."""
        return Logs(
            stations=self.stores.stations,
            book=self.stores.logs,
            vault=self.stores.vault,
            numbers=self.stores.operations,
            operations=self.operations,
            now=self.now,
            base_url=lambda: self.config.uploads.base_url or self.api_url(),
            ttl_s=self.config.uploads.ttl_s,
            queue_ttl_s=self.config.operations.queue_ttl_s,
        )

    @cached_property
    def uploads(self) -> Uploads:
        """Where they upload them."""
        return Uploads(
            book=self.stores.logs,
            vault=self.stores.vault,
            clock=self.reactor,
            now=self.now,
            tasks=self.tasks,
            published=self.published,
        )

    @cached_property
    def firmware(self) -> Firmware:
        """Firmware updates."""
        return Firmware(
            stations=self.stores.stations,
            book=self.stores.firmware,
            numbers=self.stores.operations,
            operations=self.operations,
            now=self.now,
        )

    @cached_property
    def provisioning(self) -> Provisioning:
        """What stations are set up with."""
        return Provisioning(
            book=self.stores.provisioning,
            stations=self.stores.stations,
            variables=self.stores.variables,
            speech=self.speech,
            now=self.now,
        )

    @cached_property
    def provisioner(self) -> Provisioner:
        """Sets stations up after they booted."""
        setup = Setup(
            book=self.stores.provisioning,
            stations=self.stores.stations,
            variables=self.stores.variables,
            model=self.device_model,
            operations=self.operations,
            speech=self.speech,
            now=self.now,
            steps=self._after_boot(),
        )
        return Provisioner(
            book=self.stores.provisioning,
            setup=setup,
            locks=self.stores.locks,
            tasks=self.tasks,
            clock=self.reactor,
            now=self.now,
            settings=policies.provisioning_settings(self.config),
        )

    def _after_boot(self) -> Mapping[str, Step]:
        """What is done for a station that booted, beside its settings."""
        inventory = Inventory(
            operations=self.operations,
            variables=self.stores.variables,
            model=self.device_model,
            stations=self.stores.stations,
            holdings=self.stores.holdings,
            speech=self.speech,
            now=self.now,
        )

        async def device_model(boot: Boot) -> None:
            await inventory.refresh(boot.identity, boot.operator_id)

        async def local_list(boot: Boot) -> None:
            key = StationKey(boot.station_id, boot.identity, boot.operator_id)
            await self.local_lists.booted(key)

        return {"device model": device_model, "local list": local_list}

    def subscribers(self) -> Mapping[str, ISubscriber]:
        """Who follows events, by the name under which the cluster knows it."""
        return {
            "charging": ChargingFollower(self.charging, self.tasks),
            "monitoring": MonitoringFollower(operations=self.operations, tasks=self.tasks),
            "provisioning": self.provisioner,
            "variables": ReadBack(
                model=self.device_model,
                variables=self.stores.variables,
                tasks=self.tasks,
                spared=self.device_model.reads_back,
            ),
        }

    def jobs(self) -> Sequence[Job]:
        """What is due now and then."""
        often = self.config.jobs.interval_s
        return (
            Job("unfinished reports", 60.0, self._give_up),
            Job("reservations", often, self.reservations.expire),
            Job("local lists", often, self.local_lists.tend),
            Job("tokens of local lists", often * 6, self.local_lists.renew),
            Job("orphaned uploads", 3600.0, self.logs.sweep),
        )

    async def _give_up(self) -> int:
        at = self.now()
        return await self.stores.assemblies.give_up(at - PARTS_PATIENCE, at)

    def kept(self) -> Sequence[tuple[timedelta, Prune]]:
        """What is kept for how long."""
        keep, stores = self.config.retention, self.stores
        customers = partial(stores.assemblies.prune, kind=INFORMATION)
        return (
            (timedelta(days=keep.events_days), stores.happenings.prune),
            (timedelta(days=keep.reports_days), stores.holdings.prune),
            (timedelta(days=keep.reports_days), stores.assemblies.prune),
            (timedelta(days=keep.customer_information_days), customers),
            (timedelta(days=keep.events_days), stores.variables.prune_history),
            (timedelta(days=keep.operations_days), stores.reservations.prune),
            (timedelta(days=keep.operations_days), stores.firmware.prune),
            (timedelta(days=keep.uploads_days), self.logs.prune),
        )
