"""The people at a simulated charger: they come, charge, and leave."""

from __future__ import annotations

import random

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.sim.charger import Charger
from csms.sim.charging import ImpossibleError
from csms.sim.findings import Kind
from csms.sim.messages import NoAnswer
from csms.sim.presence import ACCEPTED
from csms.sim.scenario import Scenario
from csms.sim.tasks import at_most, pause, together

TURN_S = 2.0
"""How often people look whether the connector is free."""
LINGER_S = 1.0
"""How long people take at most between two steps: plugging in, presenting the tag, leaving."""


@attrs.define(eq=False)
class Drivers:
    """Uses all connectors of one charger, each one session after the other."""

    clock: IReactorTime
    charger: Charger
    scenario: Scenario
    tags: tuple[str, ...]
    rng: random.Random
    begun: int = 0
    done: int = 0
    """Sessions that took place, whoever ended them."""

    async def run(self) -> None:
        """Run the sessions that the scenario asks for; returns when they are over."""
        await together(self._use(number) for number in self.charger.connectors if number > 0)

    async def _use(self, number: int) -> None:
        first = True
        while self._wanted():
            self.begun += 1
            if not first or self.scenario.stations > 1:
                await pause(self.clock, self._about(self.scenario.pause_s))
            first = False
            connector = self.charger.connectors[number]
            while self.charger.restarting or not connector.free or connector.vehicle is not None:
                # Out of service, or taken by a session that the server started.
                await pause(self.clock, TURN_S)
            try:
                await self._charge(number)
            except (ImpossibleError, NoAnswer):
                # Taken out of service meanwhile, or no verdict on the tag: the driver leaves.
                await self.charger.unplug(number)

    async def _charge(self, number: int) -> None:
        charger = self.charger
        await charger.plug_in(number)
        await self._linger()
        tag = self.rng.choice(self.tags)
        verdict = await charger.authorize(tag)
        if verdict != ACCEPTED:
            self._refused(tag, verdict)
            await self._linger()
            await charger.unplug(number)
            return
        ends_at = self.clock.seconds() + self._about(self.scenario.session_s)
        session = await charger.start(tag, number)
        left = max(0.0, ends_at - self.clock.seconds())
        if not await at_most(self.clock, left, session.over.wait()):
            await charger.stop(number, unplug=False)
        await self._linger()
        await charger.unplug(number)
        self.done += 1
        if session.verdict not in (None, ACCEPTED):
            self._refused(tag, session.verdict)

    def _refused(self, tag: str, verdict: str | None) -> None:
        self.charger.findings.report(
            Kind.TAG_REFUSED, self.charger.identity, f"tag {tag} was refused: {verdict}"
        )

    def _wanted(self) -> bool:
        return self.scenario.sessions < 0 or self.begun < self.scenario.sessions

    def _about(self, seconds: float) -> float:
        """Roughly so long, exactly so when there is one station to watch."""
        if self.scenario.stations == 1:
            return seconds
        return seconds * self.rng.uniform(1 - self.scenario.spread, 1 + self.scenario.spread)

    async def _linger(self) -> None:
        await pause(self.clock, min(LINGER_S, self.scenario.session_s / 20))
