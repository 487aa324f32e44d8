"""What watches the variables of a charger and tells when they cross a line (2.0.1 N03 to N08)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import attrs

from csms.sim.device_model import DeviceModel, Spot
from csms.sim.messages import NoAnswer, Payload, Request
from csms.sim.station_time import wire_time
from csms.sim.tasks import pause

if TYPE_CHECKING:
    from csms.sim.charger import Charger

THRESHOLDS = frozenset({"UpperThreshold", "LowerThreshold"})
PERIODIC = frozenset({"Periodic", "PeriodicClockAligned"})
CRITERIA = {
    "ThresholdMonitoring": THRESHOLDS,
    "DeltaMonitoring": frozenset({"Delta", "TargetDelta", "TargetDeltaRelative"}),
    "PeriodicMonitoring": PERIODIC,
}
LOOK_S = 1.0
"""How often the variables are looked at."""
CUSTOM, PRECONFIGURED = "CustomMonitor", "PreconfiguredMonitor"
ROOM = 100
HOT = 85
"""Degrees Celsius above which the controller tells."""


@attrs.define(eq=False)
class Monitor:
    """``kind`` in OCPP's words (MonitorEnum); ``origin`` tells who set it."""

    id: int
    spot: Spot
    kind: str
    value: float
    severity: int
    transaction: bool = False
    origin: str = CUSTOM
    since: float = 0.0
    """When it last told, by the charger's clock."""
    last: str | None = None
    """The value then."""
    beyond: bool = False
    """Whether a threshold is crossed now."""
    stream: Callable[[str], None] | None = None
    """Takes the values instead of a NotifyEvent (2.1 N11)."""


@attrs.define(eq=False)
class Monitors:
    """The monitors of one charger by id."""

    charger: Charger
    model: DeviceModel
    monitors: dict[int, Monitor] = attrs.field(factory=dict)
    level: int = 9
    """Severities above it are not told."""
    _next_id: int = attrs.field(default=100, init=False)
    _events: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._preconfigure()

    def set(self, item: Payload) -> tuple[str, int | None]:
        """Set a monitor as SetMonitoringData asks for; returns its status and id."""
        spot = self.model.find(item["component"], item["variable"])
        if isinstance(spot, str):
            return spot, None
        kind, value = item["type"], float(item["value"])
        if not spot.variable.monitorable:
            return "UnsupportedMonitorType", None
        numeric = self._number(self.model.read(spot)) is not None
        if kind in THRESHOLDS and not numeric:
            return "UnsupportedMonitorType", None
        if (kind not in THRESHOLDS and value < 0) or not 0 <= item["severity"] <= 9:
            return "Rejected", None
        number = item.get("id")
        known = None if number is None else self.monitors.get(number)
        if number is not None and (known is None or known.origin != CUSTOM or known.spot != spot):
            return "Rejected", None
        twin = self._twin(spot, kind, item["severity"], number)
        if twin or len(self.monitors) >= ROOM:
            return ("Duplicate" if twin else "Rejected"), None
        if number is None:
            number = self._next_id
            self._next_id += 1
        monitor = Monitor(
            number, spot, kind, value, item["severity"], item.get("transaction", False)
        )
        monitor.since = self.charger.clock.seconds()
        monitor.last = self.model.read(spot)
        self.monitors[number] = monitor
        self.watch()
        return "Accepted", number

    def clear(self, number: int) -> str:
        """Remove one; returns Accepted, Rejected (not set by the server) or NotFound."""
        found = self.monitors.get(number)
        if found is None:
            return "NotFound"
        if found.origin != CUSTOM:
            return "Rejected"
        del self.monitors[number]
        return "Accepted"

    def set_base(self, base: str) -> None:
        """All keeps what was set; FactoryDefault and HardWiredOnly remove it (N05)."""
        if base == "All":
            return
        self.monitors.clear()
        if base == "FactoryDefault":
            self._preconfigure()

    def find(
        self, criteria: list[str] | None, wanted: list[Payload] | None
    ) -> Iterable[tuple[Spot, list[Monitor]]]:
        """Monitors by variable, of the kinds and variables asked for."""
        kinds = None if not criteria else frozenset().union(*(CRITERIA[each] for each in criteria))
        found: dict[Spot, list[Monitor]] = {}
        for each in self.monitors.values():
            if kinds is not None and each.kind not in kinds:
                continue
            if wanted is None or any(matches(each.spot, entry) for entry in wanted):
                found.setdefault(each.spot, []).append(each)
        return found.items()

    def watch(self) -> None:
        """Look at the variables again and again."""
        if self.monitors:
            self.charger.tasks.start(self._watching(), "monitors")

    # Inside

    async def _watching(self) -> None:
        while self.monitors:
            await pause(self.charger.clock, LOOK_S)
            for monitor in list(self.monitors.values()):
                self._look(monitor)

    def _look(self, monitor: Monitor) -> None:
        value = self.model.read(monitor.spot)
        now = self.charger.clock.seconds()
        match monitor.kind:
            case "Periodic":
                if now - monitor.since >= monitor.value:
                    monitor.since = now
                    self._tell(monitor, value, "Periodic")
            case "PeriodicClockAligned":
                turn = now // max(1.0, monitor.value)
                if turn != monitor.since // max(1.0, monitor.value):
                    monitor.since = now
                    self._tell(monitor, value, "Periodic")
            case "UpperThreshold" | "LowerThreshold":
                self._cross(monitor, value)
            case _:
                if self._moved(monitor, value):
                    self._tell(monitor, value, "Delta")

    def _cross(self, monitor: Monitor, value: str) -> None:
        number = self._number(value)
        if number is None:
            return
        upper = monitor.kind == "UpperThreshold"
        beyond = number > monitor.value if upper else number < monitor.value
        if beyond != monitor.beyond:
            monitor.beyond = beyond
            self._tell(monitor, value, "Alerting", cleared=not beyond)

    def _moved(self, monitor: Monitor, value: str) -> bool:
        new, old = self._number(value), self._number(monitor.last or "")
        if new is None or old is None:
            return value != monitor.last
        return new != old and abs(new - old) >= monitor.value

    def _tell(self, monitor: Monitor, value: str, trigger: str, *, cleared: bool = False) -> None:
        monitor.last = value
        if monitor.stream is not None:
            monitor.stream(value)
            return
        if monitor.severity > self.level:
            return
        self._events += 1
        at = wire_time(self.charger.presence.time.now())
        event: Payload = {
            "eventId": self._events,
            "timestamp": at,
            "trigger": trigger,
            "actualValue": value,
            "component": monitor.spot.component,
            "variable": monitor.spot.name,
            "eventNotificationType": monitor.origin,
            "variableMonitoringId": monitor.id,
        }
        if cleared:
            event["cleared"] = True
        connector = self.charger.connectors.get(monitor.spot.evse or 0)
        if monitor.transaction and connector is not None and connector.session is not None:
            event["transactionId"] = connector.session.ref
        self.charger.events.note("event", f"{monitor.spot.variable.name} is {value}", event=event)
        payload = {"generatedAt": at, "seqNo": 0, "tbc": False, "eventData": [event]}
        self.charger.tasks.start(self._send(Request("NotifyEvent", payload)))

    async def _send(self, request: Request) -> None:
        await self.charger.presence.until_online()
        try:
            await self.charger.presence.call(request)
        except NoAnswer:
            return

    def _twin(self, spot: Spot, kind: str, severity: int, number: int | None) -> bool:
        return any(
            (each.spot, each.kind, each.severity) == (spot, kind, severity) and each.id != number
            for each in self.monitors.values()
        )

    def _preconfigure(self) -> None:
        """From the factory: the temperature of the controller."""
        spot = self.model.find({"name": "Controller"}, {"name": "Temperature"})
        if not isinstance(spot, str):
            self.monitors[1] = Monitor(1, spot, "UpperThreshold", HOT, 3, origin=PRECONFIGURED)

    @staticmethod
    def _number(text: str) -> float | None:
        try:
            return float(text)
        except ValueError:
            return None


def matches(spot: Spot, wanted: Payload) -> bool:
    """Whether a variable is one of those that a component (and variable) stands for (B08).

    A component without EVSE stands for those of all EVSEs too.
    """
    component, variable = wanted["component"], wanted.get("variable")
    mine = spot.component
    if mine["name"].lower() != component["name"].lower():
        return False
    if "instance" in component and mine.get("instance") != component["instance"]:
        return False
    if "evse" in component:
        evse = component["evse"]
        if spot.evse != evse["id"] or evse.get("connectorId") not in (None, spot.connector):
            return False
    if variable is None:
        return True
    if spot.variable.name.lower() != variable["name"].lower():
        return False
    return "instance" not in variable or spot.variable.instance == variable["instance"]
