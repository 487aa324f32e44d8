"""Sets stations up when they have booted.

That a station booted is written down before it is taken from the outbox, and is done with when
everything that follows was tried: at least once, whatever becomes of this process.  After a power
cut a whole fleet boots at once; each station's turn comes a random while later, and only some have
theirs at the same time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import attrs
from msgspec import Struct
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from csms.core.events import Event
from csms.core.pages import Page, Query
from csms.core.ports import ILocks, ISpeech, IStations, ISubscriber, ITasks, IVariables
from csms.core.ports.provisioning import IProvisioning, IProvisioningBook, Provisioned
from csms.core.provisioning.rules import check_profile, drift, fits, wishes
from csms.core.provisioning.vocabulary import Boot, ProvisioningProfile
from csms.core.values import Registration
from csms.pipeline.rounds import Rounds
from csms.pipeline.setting_up import Setup, values_of

LOCK = "csms.provisioning"


class ProvisioningSettings(Struct, frozen=True, kw_only=True):
    """A station's turn comes ``settle_s`` after its boot, and up to ``spread_s`` later; at most
    ``concurrency`` have theirs at the same time.  Unless ``enabled``, boots lead to nothing."""

    enabled: bool = True
    settle_s: float = 2.0
    spread_s: float = 10.0
    concurrency: int = 20
    interval_s: float = 1.0


@implementer(IProvisioning)
@attrs.frozen(eq=False, kw_only=True)
class Provisioning:
    """`IProvisioning` over the book and what is known of device models."""

    book: IProvisioningBook
    stations: IStations
    variables: IVariables
    speech: ISpeech
    now: Callable[[], datetime]

    async def list(self, query: Query, operator_id: int) -> Page[ProvisioningProfile]:
        """See `IProvisioning`."""
        return await self.book.list(query, operator_id)

    async def get(self, name: str, operator_id: int) -> ProvisioningProfile:
        """See `IProvisioning`."""
        return await self.book.get(name, operator_id)

    async def put(self, profile: ProvisioningProfile) -> tuple[ProvisioningProfile, bool]:
        """See `IProvisioning`."""
        check_profile(profile)
        return await self.book.put(profile)

    async def delete(self, name: str, operator_id: int) -> None:
        """See `IProvisioning`."""
        await self.book.delete(name, operator_id)

    async def state(self, identity: str, operator_id: int) -> Provisioned:
        """See `IProvisioning`."""
        station = await self.stations.get(identity, operator_id)
        profiles = await self.book.all(operator_id)
        fitting = [profile for profile in profiles if fits(profile, station)]
        components = self.speech.has_components(station.ocpp_version or "")
        wished = wishes(fitting, station, components=components)
        keys = [wish.setting.key for wish in wished]
        known = await self.variables.known(identity, operator_id, keys) if keys else ()
        return Provisioned(
            identity=identity,
            profiles=tuple(
                profile.name for profile in sorted(fitting, key=lambda p: (-p.priority, p.name))
            ),
            wishes=wished,
            drift=drift(wished, *values_of(known)),
            run=await self.book.run(station.id),
        )

    async def again(self, identity: str, operator_id: int) -> None:
        """See `IProvisioning`."""
        station = await self.stations.get(identity, operator_id)
        now = self.now()
        boot = Boot(
            station_id=station.id,
            identity=identity,
            operator_id=station.operator_id,
            booted_at=now,
        )
        await self.book.note([boot], [now])


@implementer(ISubscriber)
@attrs.define(eq=False, kw_only=True)
class Provisioner(Service):
    """Hears of boots, and sets stations up while this process leads."""

    book: IProvisioningBook
    setup: Setup
    locks: ILocks
    tasks: ITasks
    clock: IReactorTime
    now: Callable[[], datetime]
    settings: ProvisioningSettings = ProvisioningSettings()
    draw: Callable[[], float] = random.random
    frequent: bool = attrs.field(default=False, init=False)
    _rounds: Rounds = attrs.field(init=False)
    _busy: set[int] = attrs.field(factory=set, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    @_rounds.default
    def _make_rounds(self) -> Rounds:
        return Rounds(
            what="setting stations up",
            work=self._look,
            clock=self.clock,
            interval_s=self.settings.interval_s,
        )

    def startService(self) -> None:
        """Begin to look for stations that booted."""
        super().startService()
        self._rounds.start()

    def stopService(self) -> Deferred[None]:
        """Begin with no other station; those that are being set up are with the tasks."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def receive(self, events: Sequence[Event]) -> None:
        """See `ISubscriber`."""
        if not self.settings.enabled:
            return  # and yet follow the events, for they are kept until everybody has them
        boots = [
            Boot(
                station_id=event.station_id,
                identity=event.identity,
                operator_id=event.operator_id,
                booted_at=event.at,
            )
            for event in events
            if event.kind == "station.booted"
            and event.data.get("registration") == Registration.ACCEPTED.value
        ]
        if boots:
            now, settings = self.now(), self.settings
            pauses = [settings.settle_s + settings.spread_s * self.draw() for _ in boots]
            await self.book.note(boots, [now + timedelta(seconds=each) for each in pauses])

    async def _stop(self) -> None:
        await self._rounds.stop()
        await self.locks.release(LOCK)

    async def _look(self) -> bool:
        if not await self.locks.hold(LOCK):
            return False
        room = self.settings.concurrency - len(self._busy)
        if room <= 0:
            return False
        # Those that are being set up are still due.
        for boot in await self.book.due(self.now(), self.settings.concurrency):
            if room and boot.station_id not in self._busy:
                room -= 1
                self._busy.add(boot.station_id)
                self.tasks.spawn(self._set_up(boot), "setting up a station", station=boot.identity)
        return False

    async def _set_up(self, boot: Boot) -> None:
        try:
            run = await self.setup.run(boot)
            await self.book.finish(boot.station_id, run)
        finally:
            self._busy.discard(boot.station_id)
        failed = [step.name for step in run.steps if not step.done]
        if failed:
            self._log.warn(
                "{station} is not set up in everything",
                station=boot.identity,
                steps=failed,
            )
