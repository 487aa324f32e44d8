"""Connectors of a simulated charger in and out of service, as the server wants them."""

from __future__ import annotations

import attrs

from csms.sim.charging import Charging
from csms.sim.connector import Status
from csms.sim.presence import Presence
from csms.sim.tasks import Tasks


@attrs.frozen
class Availability:
    """Of the connectors of ``charging``; 0 stands for the charger with all of them."""

    charging: Charging
    presence: Presence
    tasks: Tasks

    def verdict(self, connector_id: int, *, operative: bool) -> str:
        """Whether `change` can be done: Accepted, Scheduled or Rejected."""
        if connector_id not in self.charging.connectors:
            return "Rejected"
        waits = any(connector_id in (0, each.id) for each in self.charging.busy())
        return "Scheduled" if waits and not operative else "Accepted"

    def change(self, connector_id: int, *, operative: bool) -> None:
        """Take a connector (0: all of them) in or out of service, after its session if one runs."""
        for connector in self.charging.connectors.values():
            if connector_id not in (0, connector.id):
                continue
            connector.operative = operative
            if connector.id > 0 and connector.session is None:
                if not operative:
                    self.charging.reservations.withdraw(connector)
                plugged = operative and connector.vehicle is not None
                status = Status.PREPARING if plugged else connector.resting_status()
                self.tasks.start(self.presence.show(connector, status))
        self.tasks.start(self.charging.settle_charger())
