"""The words of monitoring."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from csms.core.commands import Command
from csms.core.decisions import Ask
from csms.core.replies import Reply
from csms.core.reports import Report
from csms.core.values import Connector
from csms.core.variables.vocabulary import Chosen, ItemStatus, VariableName

MONITOR: Final = "monitor"
"""Kind of holdings, and of happenings."""
STREAM = "event_stream"
"""Kind of holdings."""


class MonitorKind(StrEnum):
    """What a monitor watches for (OCPP 2.x MonitorEnum)."""

    UPPER_THRESHOLD = "UpperThreshold"
    LOWER_THRESHOLD = "LowerThreshold"
    DELTA = "Delta"
    PERIODIC = "Periodic"
    PERIODIC_CLOCK_ALIGNED = "PeriodicClockAligned"
    TARGET_DELTA = "TargetDelta"
    """From here on of 2.1."""
    TARGET_DELTA_RELATIVE = "TargetDeltaRelative"


class MonitoringBase(StrEnum):
    """Which monitors a station goes back to."""

    ALL = "all"
    FACTORY_DEFAULT = "factory_default"
    HARD_WIRED_ONLY = "hard_wired_only"


class MonitoringCriterion(StrEnum):
    """Monitors of that kind (OCPP 2.x MonitoringCriterionEnum)."""

    THRESHOLD = "ThresholdMonitoring"
    DELTA = "DeltaMonitoring"
    PERIODIC = "PeriodicMonitoring"


class Pace(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How often a stream speaks (2.1): every so many seconds, or so many values."""

    interval_s: int | None = None
    values: int | None = None


class Monitor(VariableName, frozen=True, kw_only=True, omit_defaults=True):
    """A monitor of a variable."""

    monitor_id: int | None = None
    """Given by the station; to set a monitor again it is named by it."""
    kind: MonitorKind
    value: float
    severity: int
    """0 (danger) to 9 (debug)."""
    transaction: bool = False
    """Only while a transaction runs."""
    pace: Pace | None = None
    """2.1: its values come as a stream."""
    source: str | None = None
    """EventNotificationType: HardWiredMonitor, PreconfiguredMonitor, CustomMonitor ..."""


class MonitorResult(VariableName, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a monitor that was to be set."""

    monitor_id: int | None = None
    kind: MonitorKind
    severity: int
    status: ItemStatus
    detail: str | None = None


class ClearResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a monitor that was to be cleared."""

    monitor_id: int
    status: ItemStatus
    detail: str | None = None


class StationEvent(VariableName, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a station noticed (NotifyEvent)."""

    event_id: int
    at: datetime
    trigger: str
    """Alerting, Delta or Periodic."""
    value: str
    cause: int | None = None
    """The event that led to it."""
    tech_code: str | None = None
    tech_info: str | None = None
    cleared: bool | None = None
    transaction_ref: str | None = None
    monitor_id: int | None = None
    source: str | None = None
    severity: int | None = None


class Stream(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A periodic event stream (2.1)."""

    stream_id: int
    monitor_id: int
    pace: Pace


class SetMonitors(Command, frozen=True, kw_only=True, tag="set_monitors"):
    """Watch variables."""

    items: tuple[Monitor, ...]


class ClearMonitors(Command, frozen=True, kw_only=True, tag="clear_monitors"):
    """Watch no more."""

    items: tuple[int, ...]
    """Numbers of monitors."""


class SetMonitoringBase(Command, frozen=True, kw_only=True, tag="set_monitoring_base"):
    """Go back to a set of monitors."""

    base: MonitoringBase


class SetMonitoringLevel(Command, frozen=True, kw_only=True, tag="set_monitoring_level"):
    """Tell of events of that severity and graver ones only."""

    severity: int


class RequestMonitoringReport(Command, frozen=True, kw_only=True, tag="request_monitoring_report"):
    """Ask which monitors there are: all, or those that fit ``criteria`` and ``items``."""

    criteria: tuple[MonitoringCriterion, ...] = ()
    items: tuple[Chosen, ...] = ()
    ref: int | None = None


class AdjustStream(Command, frozen=True, kw_only=True, tag="adjust_event_stream"):
    """Change how often a stream speaks."""

    stream_id: int
    pace: Pace


class ReadStreams(Command, frozen=True, kw_only=True, tag="read_event_streams"):
    """Ask which streams are open."""


class MonitorsReported(Report, frozen=True, kw_only=True):
    """NotifyMonitoringReport (N02): a part of a report."""

    ref: int
    number: int | None
    last: bool
    items: tuple[Monitor, ...]


class EventsNotified(Report, frozen=True, kw_only=True):
    """NotifyEvent (N07)."""

    events: tuple[StationEvent, ...]


class StreamOpened(Report, frozen=True, kw_only=True):
    """OpenPeriodicEventStream (N11)."""

    stream: Stream


class StreamClosed(Report, frozen=True, kw_only=True):
    """ClosePeriodicEventStream (N12)."""

    stream_id: int


class StreamSpoke(Report, frozen=True, kw_only=True):
    """NotifyPeriodicEventStream (N15): values with the time of each."""

    stream_id: int
    pending: int
    """Values that the station has not sent yet."""
    values: tuple[tuple[datetime, str], ...]


class StreamAnswered(Reply, frozen=True):
    """Answer to `StreamOpened`."""

    accepted: bool


class MonitorsAsked(Ask, frozen=True, kw_only=True):
    """Monitors of the station by their numbers as keys; answered with a `Held` each."""

    keys: tuple[str, ...]


class StreamAsked(Ask, frozen=True, kw_only=True):
    """A stream of the station; answered with a `Held`."""

    key: str


class MonitorsCounted(Ask, frozen=True, kw_only=True):
    """How many monitors and streams are kept of the station, up to a bound."""


class ConnectorsAsked(Ask, frozen=True, kw_only=True):
    """All connectors of the station; answered with a `Connector` each."""


class SessionsNamed(Ask, frozen=True, kw_only=True):
    """Sessions of the station by the names that it gave them; answered with a `NamedSession`
    each."""

    refs: tuple[str, ...]


class NamedSession(Struct, frozen=True, kw_only=True):
    """A session under the station's name for it."""

    transaction_ref: str
    id: str


class Held(Struct, frozen=True, kw_only=True):
    """What is kept of a monitor or a stream that is there."""

    key: str
    content: dict[str, object]


Place = tuple[int, int]
"""(evse_id, connector_id)."""


def placed(connectors: tuple[Connector, ...]) -> dict[Place, Connector]:
    """Connectors by where they are."""
    return {(each.evse_id, each.connector_id): each for each in connectors}
