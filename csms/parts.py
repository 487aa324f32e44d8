"""Every part of the product, made from the settings and wired together, not yet started."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
from twisted.application.service import Service
from twisted.web.client import Agent

from csms import policies
from csms.adapter.dialect import DIALECTS
from csms.adapter.speech import Speech
from csms.api.app import ApiPorts, ApiSettings
from csms.api.service import Api
from csms.cluster.local import NoLinks
from csms.config import Config
from csms.core.ports import IIntake, ILinks, ISubscriber
from csms.desks import Desks
from csms.gateway.keys import verify_in_pool
from csms.gateway.service import Gateway
from csms.pipeline import readiness
from csms.pipeline.certificates import PATIENCE_S, ContractDesk, HttpContracts
from csms.pipeline.commands import Operations
from csms.pipeline.courier import Courier
from csms.pipeline.delivery import Delivery
from csms.pipeline.intake import Intake
from csms.pipeline.jobs import Jobs
from csms.pipeline.outbox import Dispatcher, EventJournal
from csms.pipeline.presence import Presence
from csms.pipeline.tasks import Tasks
from csms.storage.api_tokens import PostgresApiTokens
from csms.storage.ledger import PostgresLedger
from csms.storage.pool import Pool
from csms.stores import Stores


def now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


@attrs.frozen(kw_only=True)
class Street:
    """What a process has that holds stations: their sockets, and the way up and down."""

    intake: Intake
    gateway: Gateway
    delivery: Delivery


@attrs.define(eq=False, kw_only=True)
class Parts:
    """What the roles of this process need, made and not yet started."""

    config: Config
    reactor: Any
    pool: Pool
    stores: Stores
    tasks: Tasks
    dispatcher: Dispatcher
    street: Street | None
    desks: Desks
    presence: Presence | None = None
    pipeline: Sequence[Service] = ()
    """In the order of their start."""
    api: Api | None = None
    migrated: bool = False

    @classmethod
    def make(cls, config: Config, reactor: Any, pool: Pool) -> Parts:
        """Everything, wired."""
        stores = Stores.over(pool, reactor, Path(config.server.state_directory), now)
        tasks = Tasks(reactor)
        subscribers: dict[str, ISubscriber] = {"journal": EventJournal()}
        dispatcher = Dispatcher(stores.outbox, stores.locks, reactor, subscribers)
        street: Street | None = None
        if "gateway" in config.server.roles:
            street = _street(config, reactor, pool, stores, tasks, dispatcher)
        speech = Speech(config.ocpp.versions)
        operations = Operations(
            stations=stores.stations,
            book=stores.operations,
            links=NoLinks() if street is None else street.gateway.links,
            speech=speech,
            tasks=tasks,
            clock=reactor,
            now=now,
            delivery=None if street is None else street.delivery,
            settings=policies.operation_settings(config),
            tokens=stores.tokens,
            policy=policies.policy(config),
            firmware_hosts=config.firmware.allowed_hosts,
        )
        desks = Desks(
            config=config,
            reactor=reactor,
            stores=stores,
            operations=operations,
            speech=speech,
            tasks=tasks,
            now=now,
            published=dispatcher.wake,
            api_url=lambda: parts.api_url(),  # noqa: PLW0108 - the parts are not made yet
        )
        subscribers.update(desks.subscribers())
        parts = cls(
            config=config,
            reactor=reactor,
            pool=pool,
            stores=stores,
            tasks=tasks,
            dispatcher=dispatcher,
            street=street,
            desks=desks,
        )
        parts.pipeline = parts._services()
        if "api" in config.server.roles:
            parts.api = parts._api()
        return parts

    @property
    def gateway(self) -> Gateway | None:
        """What stations connect to."""
        return None if self.street is None else self.street.gateway

    @property
    def api_tokens(self) -> PostgresApiTokens:
        """Who may use the API."""
        return self.stores.api_tokens

    @property
    def links(self) -> ILinks:
        """The stations connected to this process."""
        return NoLinks() if self.street is None else self.street.gateway.links

    def _services(self) -> Sequence[Service]:
        services: list[Service] = [self.stores.doorbell, self.dispatcher]
        if self.street is not None:
            # Only who can hold stations is a node of theirs.
            node = _node(self.config)
            self.presence = Presence(
                node=node, nodes=self.stores.nodes, links=self.links, clock=self.reactor
            )
            courier = Courier(
                node=node,
                nodes=self.stores.nodes,
                book=self.stores.operations,
                links=self.links,
                tasks=self.tasks,
                clock=self.reactor,
                now=now,
                delivery=self.street.delivery,
            )
            services += [self.presence, self.street.intake, courier]
        if "worker" in self.config.server.roles:
            services += [self._jobs(), self.desks.provisioner]
        return services

    def _jobs(self) -> Jobs:
        return Jobs(
            book=self.stores.jobs,
            operations_book=self.stores.operations,
            outbox=self.stores.outbox,
            operations=self.desks.operations,
            locks=self.stores.locks,
            tasks=self.tasks,
            clock=self.reactor,
            now=now,
            published=self.dispatcher.wake,
            settings=policies.job_settings(self.config),
            more=self.desks.jobs(),
            kept=self.desks.kept(),
        )

    def _api(self) -> Api:
        config, stores, desks = self.config, self.stores, self.desks
        ports = ApiPorts(
            stations=stores.stations,
            connections=stores.connections,
            tokens=stores.tokens,
            speech=desks.speech,
            sessions=stores.sessions,
            operations=desks.operations,
            holdings=stores.holdings,
            settlements=stores.settlements,
            happenings=stores.happenings,
            quarantine=stores.quarantine,
            assemblies=stores.assemblies,
            reservations=desks.reservations,
            local_lists=desks.local_lists,
            certificate_requests=stores.certificate_requests,
            certificates=desks.certificates,
            charging=desks.charging,
            firmware=desks.firmware,
            logs=desks.logs,
            uploads=desks.uploads,
            variables=stores.variables,
            device_model=desks.device_model,
            passwords=desks.passwords,
            monitors=desks.monitors,
            provisioning=desks.provisioning,
            api_tokens=stores.api_tokens,
            health=self.health(),
            tasks=self.tasks,
            links=self.links,
        )
        settings = ApiSettings(
            endpoint=config.api.endpoint,
            max_body_bytes=config.api.max_body_bytes,
            max_upload_bytes=config.uploads.max_bytes,
            cors_origins=config.api.cors_origins,
            shutdown_timeout_s=config.server.shutdown_timeout_s / 4,
        )
        return Api(ports, settings, self.reactor)

    def health(self) -> readiness.Health:
        """What the process must have to be ready."""

        async def missing() -> int:
            return 0 if self.migrated else 1

        checks = {
            "database": readiness.database(self.pool.ping),
            "migrations": readiness.migrations(missing),
        }
        if self.street is not None:
            intake = self.street.intake
            limit = self.config.intake.queue_limit
            checks["intake"] = readiness.intake(lambda: intake.queued, limit)
        return readiness.Health(self.reactor, checks)

    def api_url(self) -> str:
        """Where the API of this process is reached, as far as can be guessed."""
        endpoint = self.config.api.endpoint
        port = None if self.api is None else getattr(self.api.port().getHost(), "port", None)
        interface = re.search(r"interface=([0-9A-Za-z.-]+)", endpoint)
        host = interface[1] if interface else socket.getfqdn()
        scheme = "https" if endpoint.startswith("ssl:") else "http"
        return f"{scheme}://{host}" if port is None else f"{scheme}://{host}:{port}"


def _node(config: Config) -> str:
    return config.server.node or socket.gethostname()


def _street(
    config: Config,
    reactor: Any,
    pool: Pool,
    stores: Stores,
    tasks: Tasks,
    dispatcher: Dispatcher,
) -> Street:
    window = timedelta(seconds=config.sessions.start_timeout_s)
    limit = config.authorization.concurrent_sessions
    intake = Intake(
        reactor,
        [PostgresLedger(pool.lane(), window, limit) for _ in range(config.intake.lanes)],
        policies.policy(config),
        policies.intake_settings(config),
        now,
        dispatcher.wake,
        stores.doorbell,
    )
    gateway = Gateway(
        reactor=reactor,
        intake=_with_contracts(intake, config, tasks, reactor),
        stations=stores.stations,
        doorbell=stores.doorbell,
        dialects=DIALECTS,
        verify=verify_in_pool(reactor, reactor.getThreadPool()),
        settings=policies.gateway_settings(config, _node(config)),
    )
    delivery = Delivery(
        book=stores.operations,
        links=gateway.links,
        intake=intake,
        tasks=tasks,
        clock=reactor,
        now=now,
        call_timeout_s=config.ocpp.call_timeout_s,
    )
    return Street(intake=intake, gateway=gateway, delivery=delivery)


def _with_contracts(intake: Intake, config: Config, tasks: Tasks, reactor: Any) -> IIntake:
    """The intake, and before it who asks for contract certificates, if anybody is to be asked."""
    url = config.certificates.contract_provider_url
    if not url:
        return intake
    agent = Agent(reactor, connectTimeout=PATIENCE_S)
    return ContractDesk(intake, HttpContracts(agent, url, reactor), tasks)
