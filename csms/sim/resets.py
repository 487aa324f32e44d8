"""Resets of OCPP 2.x: at once, when idle, of one EVSE, with sessions that go on (B11, B12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from csms.sim.connector import Connector, Status
from csms.sim.tasks import pause

if TYPE_CHECKING:
    from csms.sim.charger import Charger

ALL = 0
"""Stands for the whole charger."""
EVSE_S = 1.0
"""How long an EVSE takes to start again."""


@attrs.define(eq=False)
class Resets:
    """The resets of one charger."""

    charger: Charger
    _waiting: set[int] = attrs.field(factory=set, init=False)

    def busy(self, evse: int | None) -> bool:
        """Whether a session would be ended."""
        return any(evse in (None, each.id) for each in self.charger.charging.busy())

    def when_idle(self, evse: int | None) -> None:
        """Reset when the last session there has ended."""
        self._waiting.add(evse or ALL)

    def session_ended(self) -> None:
        """Look whether something that waits can be done."""
        for number in list(self._waiting):
            if not self.busy(number or None):
                self._waiting.discard(number)
                self.charger.start_life(self._soon(number or None))

    def now(self, evse: int | None, *, resume: bool = False) -> None:
        """Reset at once; sessions end, unless they ``resume`` afterwards."""
        if evse is None:
            self._waiting.clear()
            self.charger.start_restart(hard=False, resume=resume)
        else:
            self.charger.tasks.start(self._reset(self.charger.connectors[evse]))

    async def _soon(self, evse: int | None) -> None:
        # Later: the session's last message is only being made.
        await pause(self.charger.clock, 0)
        if evse is None:
            self.charger.start_restart(hard=False, reason="ScheduledReset")
        else:
            await self._reset(self.charger.connectors[evse])

    async def _reset(self, connector: Connector) -> None:
        charger = self.charger
        charger.charging.end_session(connector, "SoftReset")
        charger.events.note("reset", f"EVSE {connector.id}: reset", connector=connector.id)
        await charger.presence.show(connector, Status.UNAVAILABLE)
        await pause(charger.clock, EVSE_S)
        connector.vehicle = None
        await charger.presence.show(connector, connector.resting_status())
