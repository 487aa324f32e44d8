"""Clock-aligned meter values of a charger: at whole multiples of an interval since midnight."""

from __future__ import annotations

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.sim.charging import Charging
from csms.sim.language import Speech
from csms.sim.messages import NoAnswer
from csms.sim.presence import Presence
from csms.sim.settings import Settings
from csms.sim.tasks import Tasks, pause


@attrs.define(eq=False)
class Aligned:
    """Runs while [ClockAlignedDataInterval] is not 0 (1.6 §3.16.2; 2.0.1 J01)."""

    clock: IReactorTime
    speech: Speech
    settings: Settings
    presence: Presence
    charging: Charging
    tasks: Tasks

    def restart(self) -> None:
        """Measure with the interval that is set now."""
        if self.settings.aligned_s > 0:
            self.tasks.start(self._measuring(), "aligned")
        else:
            self.tasks.cancel("aligned")

    async def _measuring(self) -> None:
        while True:
            interval = self.settings.aligned_s
            midnight_s = self.presence.time.now().timestamp() % 86_400
            await pause(self.clock, interval - midnight_s % interval)
            for number in list(self.charging.connectors):
                if number > 0:
                    self.tasks.start(self._measure(number))

    async def _measure(self, number: int) -> None:
        connector = self.charging.connectors[number]
        if connector.session is not None:
            await self.charging.meter(number, "Sample.Clock")
        elif self.presence.online:
            sample = self.charging.flow.read(connector, "Sample.Clock")
            language = self.speech.language
            try:
                await self.presence.call(
                    language.values(number, None, sample, self.settings.aligned)
                )
            except NoAnswer:
                return
