"""Batteries that are swapped at a charger (2.1 block S)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from csms.sim.messages import Payload, Request
from csms.sim.tasks import pause

if TYPE_CHECKING:
    from csms.sim.charger import Charger

EXCHANGE_S = 5.0
"""How long a driver takes from the empty battery to the full one."""


@attrs.define(eq=False)
class Swapping:
    """One charger's."""

    charger: Charger

    async def swap(self, token: Payload, request_id: int) -> None:
        """The driver puts an empty battery in and takes a full one out."""
        self._tell("BatteryIn", token, request_id, "EMPTY-0001", 12.0)
        await pause(self.charger.clock, EXCHANGE_S)
        self._tell("BatteryOut", token, request_id, "FULL-0001", 98.0)

    def _tell(
        self, event: str, token: Payload, request_id: int, serial_number: str, charge: float
    ) -> None:
        battery = {"evseId": 1, "serialNumber": serial_number, "soC": charge, "soH": 96.0}
        payload = {
            "batteryData": [battery],
            "eventType": event,
            "idToken": token,
            "requestId": request_id,
        }
        self.charger.events.note("battery", f"{event} {serial_number}", event=event)
        self.charger.send_soon(Request("BatterySwap", payload))
