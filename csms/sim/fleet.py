"""All chargers of a run: made from a scenario, started at a rate, driven, and switched off."""

from __future__ import annotations

import random
from collections.abc import Callable

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.sim.build import Build, make_charger
from csms.sim.charger import Charger
from csms.sim.driver import Drivers
from csms.sim.events import Event
from csms.sim.findings import Findings, Kind, TransactionIds
from csms.sim.language import Language
from csms.sim.line import BackOff
from csms.sim.misbehaviour import NAMES, Deeds
from csms.sim.scenario import Scenario, fill
from csms.sim.settings import Settings
from csms.sim.sockets import DialError, Opener, RefusedError
from csms.sim.tally import Tally
from csms.sim.tasks import Signal, Tasks, at_most, pause, together
from csms.sim.transfer import HttpTransfer

CLOSING_S = 15.0
"""How long switching everything off may take."""
EVENTS_KEPT_BY_ONE = 1000
"""A fleet keeps no events: they are counted as they happen."""


@attrs.define(eq=False)
class Station:
    """A charger of the run and the people at it."""

    charger: Charger
    drivers: Drivers
    given_up: bool = False


@attrs.define(eq=False)
class Fleet:
    """``watch`` sees the events of all chargers."""

    clock: IReactorTime
    scenario: Scenario
    opener: Opener
    languages: tuple[Language, ...]
    findings: Findings
    tally: Tally
    watch: Callable[[Event], None]
    deeds: Deeds = attrs.field(factory=Deeds)
    stations: list[Station] = attrs.field(factory=list, init=False)
    _transaction_ids: TransactionIds = attrs.field(factory=TransactionIds, init=False)
    _transfer: HttpTransfer = attrs.field(init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _over: Signal = attrs.field(factory=Signal, init=False)
    _done: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._transfer = HttpTransfer(self.clock)

    async def run(self) -> None:
        """Run the scenario; returns when it is over or nobody is left to run it."""
        self._tasks.start(self._launch())
        if self.scenario.duration_s > 0:
            await at_most(self.clock, self.scenario.duration_s, self._over.wait())
        else:
            await self._over.wait()

    async def stop(self) -> None:
        """Switch everything off and note what has never worked."""
        self._over.happen()
        self._tasks.cancel_all()
        finish = self.scenario.finish or self.scenario.exit
        closing = together(station.charger.close(finish=finish) for station in self.stations)
        await at_most(self.clock, CLOSING_S, closing)
        for station in self.stations:
            self._note_failure(station)

    async def _launch(self) -> None:
        began = self.clock.seconds()
        for index in range(self.scenario.stations):
            due = began + index / self.scenario.connect_rate
            if due > self.clock.seconds():
                await pause(self.clock, due - self.clock.seconds())
            station = self.make_station(self.scenario.first + index)
            self.stations.append(station)
            self._tasks.start(self._live(station))

    async def _live(self, station: Station) -> None:
        try:
            await self._work(station)
        finally:
            self._done += 1
            if self._done == self.scenario.stations and (
                self.scenario.exit or all(each.given_up for each in self.stations)
            ):
                self._over.happen()

    async def _work(self, station: Station) -> None:
        charger = station.charger
        try:
            await charger.run()
        except DialError as error:
            station.given_up = True
            if not (isinstance(error, RefusedError) and error.final):
                text = f"no connection within {self.scenario.patience_s:g} s: {error}"
                self.findings.report(Kind.UNREACHABLE, charger.identity, text)
            return
        if self.scenario.cut_every_s > 0:
            self._tasks.start(self._cuts(charger))
        await station.drivers.run()
        while len(charger.charging.outbox):
            # Offline just now: what the charger has to tell is still waiting.
            await pause(self.clock, 1.0)

    async def _cuts(self, charger: Charger) -> None:
        while True:
            await pause(self.clock, charger.rng.expovariate(1 / self.scenario.cut_every_s))
            if charger.line.up and not charger.restarting:
                await charger.cut(self.scenario.cut_for_s)
                await pause(self.clock, self.scenario.cut_for_s)

    def make_station(self, number: int) -> Station:
        """The station of that number, switched off."""
        scenario = self.scenario
        identity = fill(scenario.identity, number)
        build = Build(
            identity=identity,
            connectors=scenario.connectors,
            power_w=scenario.power_kw * 1000,
            speed=scenario.speed,
            battery_wh=scenario.battery_kwh * 1000,
            seed=scenario.seed,
            call_timeout_s=scenario.call_timeout_s,
            answer_delay_s=scenario.answer_delay_s,
            back_off=BackOff(*scenario.back_off_s),
            patience_s=scenario.patience_s,
            boots_on_reconnect=scenario.boot_on_reconnect,
            plug_delay_s=scenario.remote_plug_s if scenario.remote_plug_s >= 0 else None,
            security_events=scenario.security_events,
            misbehave=scenario.misbehave,
            misdeeds=frozenset(scenario.misbehave_only) or NAMES,
            keep_events=EVENTS_KEPT_BY_ONE if scenario.stations == 1 else 0,
        )
        settings = Settings(sample_s=scenario.meter_s)
        if scenario.password:
            settings.password = fill(scenario.password, number, identity).encode()
        charger = make_charger(
            self.clock,
            self.opener,
            self.languages,
            build,
            settings=settings,
            findings=self.findings,
            transaction_ids=self._transaction_ids,
            watch=self._watch,
            transfer=self._transfer,
            deeds=self.deeds,
            latency=self.tally.answered,
        )
        tags = tuple(fill(token, number, identity) for token in scenario.tokens)
        rng = random.Random(f"{scenario.seed} drivers {identity}")  # noqa: S311 - see make_charger
        return Station(charger, Drivers(self.clock, charger, scenario, tags, rng))

    def _watch(self, event: Event) -> None:
        self.tally.note(event)
        self.watch(event)

    def _note_failure(self, station: Station) -> None:
        charger = station.charger
        if station.given_up:
            return
        if not charger.line.ever_up:
            text = "no connection before the end"
            self.findings.report(Kind.UNREACHABLE, charger.identity, text)
        elif charger.presence.never_accepted:
            text = f"boot never accepted, last answer: {charger.presence.registration or 'none'}"
            self.findings.report(Kind.NOT_ACCEPTED, charger.identity, text)
