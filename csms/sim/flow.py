"""What flows at a connector while a session runs, and how its changes are told."""

from __future__ import annotations

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.sim.connector import Connector, Sample, Status
from csms.sim.presence import Presence
from csms.sim.station_time import StationTime
from csms.sim.steps import Stage
from csms.sim.tasks import Tasks
from csms.sim.transactions import Transactions

STATES = {
    Status.CHARGING: "Charging",
    Status.SUSPENDED_EV: "SuspendedEV",
    Status.SUSPENDED_EVSE: "SuspendedEVSE",
}
"""Charging states of OCPP 2.0.1 for the states of a connector with a session."""


def charging_state(connector: Connector) -> str:
    """ChargingStateEnum of a connector with a session."""
    return STATES[connector.flowing_status()]


@attrs.define(eq=False)
class Flow:
    """Of all connectors of one charger."""

    clock: IReactorTime
    time: StationTime
    presence: Presence
    transactions: Transactions
    tasks: Tasks

    def read(self, connector: Connector, context: str) -> Sample:
        """Read a connector's meter now."""
        connector.advance(self.clock.seconds())
        return connector.sample(self.time.now(), context)

    def settle(self, connector: Connector, trigger: str = "ChargingStateChanged") -> None:
        """Show what a connector with a session does now; nothing happens if that is known."""
        status = connector.flowing_status()
        if connector.session is not None and status != connector.status:
            self.note(connector, trigger)
            self.tasks.start(self.presence.show(connector, status))

    def note(self, connector: Connector, trigger: str, sample: Sample | None = None) -> None:
        """Tell of a change to the session that runs."""
        assert connector.session is not None
        at = self.time.now() if sample is None else sample.at
        state = charging_state(connector)
        self.transactions.tell(
            Stage.UPDATE, connector.session, trigger, at, sample=sample, state=state
        )

    def rate_changed(self, connector: Connector) -> None:
        """The power of a connector was limited otherwise."""
        if connector.session is None:
            return
        if connector.flowing_status() != connector.status:
            self.settle(connector)
        else:
            self.note(connector, "ChargingRateChanged", self.read(connector, "Other"))
