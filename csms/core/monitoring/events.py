"""What stations notice: each event is kept, told on, and may say how a connector is, and what a
variable is now.

Note on values
--------------
A value is news of a variable that is known already; any station may make up names without end.
What is told long after it was so (an offline station keeps its events) counts as of then, so that
it undoes nothing that was read since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from csms.core.decisions import ACKNOWLEDGED, Ask, Decision, Policy, Question, State
from csms.core.events import Event
from csms.core.happenings import Happened, fingerprint
from csms.core.holdings import Hold
from csms.core.monitoring import connectors
from csms.core.monitoring.vocabulary import (
    MONITOR,
    EventsNotified,
    Held,
    MonitorsAsked,
    MonitorsCounted,
    NamedSession,
    SessionsNamed,
    StationEvent,
)
from csms.core.operations import HIDDEN
from csms.core.station import CLOCK_TOLERANCE, fact
from csms.core.values import StationKey
from csms.core.variables.secrets import is_secret
from csms.core.variables.vocabulary import Attribute, KeepVariable

MAX_MONITORS = 5_000
"""Monitors that are kept of one station."""
MAX_EVENTS = 500
"""Events of one message that are kept, the last ones; no station has more to say at once."""

_OWN = frozenset({"HardWiredMonitor", "PreconfiguredMonitor"})
"""Monitors that no command set, so that an event may be the first to tell of them."""


def asked(report: EventsNotified) -> Question:
    """The monitors that events come from, the sessions that they name, and what the state of a
    connector means, where events tell of one."""
    events = _kept(report)
    more: list[Ask] = []
    if keys := {str(event.monitor_id) for event in events if event.monitor_id is not None}:
        more += [MonitorsAsked(keys=tuple(sorted(keys))), MonitorsCounted()]
    if refs := {event.transaction_ref for event in events if event.transaction_ref is not None}:
        more.append(SessionsNamed(refs=tuple(sorted(refs))))
    return Question(more=(*more, *connectors.asked(events)))


def notified(
    report: EventsNotified, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Keep events (N07) in the order of their numbers, and do what they say (G01.FR.07)."""
    monitors: dict[str, Held] = {held.key: held for held in state.answers(MonitorsAsked)}
    named: tuple[NamedSession, ...] = state.answers(SessionsNamed)
    sessions = {each.transaction_ref: each.id for each in named}
    ordered = _kept(report)
    happened = [
        _happened(
            event,
            _severity(event, monitors),
            sessions.get(event.transaction_ref or ""),
            key,
            now,
        )
        for event in ordered
    ]
    facts = [_fact(event, each, key) for event, each in zip(ordered, happened, strict=True)]
    room = (state.answer(MonitorsCounted) or 0) < MAX_MONITORS
    new = _unheard_of(ordered, monitors, key, now) if room else ()
    changed = connectors.changed(ordered, key, state, now, policy)
    return Decision(
        ACKNOWLEDGED,
        (*happened, *new, *_values(ordered, key, now), *changed.writes),
        (*facts, *changed.events),
        oddities=changed.oddities,
    )


def _kept(report: EventsNotified) -> Sequence[StationEvent]:
    """In the order of their numbers, without the values that are nobody's to read."""
    ordered = sorted(report.events, key=lambda event: event.event_id)[-MAX_EVENTS:]
    return [replace(each, value=HIDDEN) if is_secret(each) else each for each in ordered]


def _severity(event: StationEvent, monitors: Mapping[str, Held]) -> int | None:
    """As the event says (2.1), or as its monitor is known to be."""
    if event.severity is not None or event.monitor_id is None:
        return event.severity
    held = monitors.get(str(event.monitor_id))
    known = None if held is None else held.content.get("severity")
    return known if isinstance(known, int) else None


def _happened(
    event: StationEvent,
    severity: int | None,
    session_id: str | None,
    key: StationKey,
    now: datetime,
) -> Happened:
    content = msgspec.to_builtins(event)
    for name in ("at", "severity"):
        content.pop(name, None)
    return Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=MONITOR,
        at=event.at,
        received_at=now,
        evse_id=event.evse_id,
        connector_id=event.connector_id,
        severity=severity,
        session_id=session_id,
        content=content,
        fingerprint=fingerprint(content),
    )


def _fact(event: StationEvent, happened: Happened, key: StationKey) -> Event:
    told = fact("station.event", key, event.at, severity=happened.severity, **happened.content)
    return replace(told, session_id=happened.session_id)


def _values(
    events: Iterable[StationEvent], key: StationKey, now: datetime
) -> Iterable[KeepVariable]:
    """What variables are now; an empty value tells nothing."""
    for event in events:
        if is_secret(event) or not event.value:
            continue
        late = event.at < now - CLOCK_TOLERANCE
        yield KeepVariable(
            station_id=key.id,
            operator_id=key.operator_id,
            key=event.key,
            component=event.component,
            component_instance=event.component_instance,
            evse_id=event.evse_id,
            connector_id=event.connector_id,
            variable=event.variable,
            variable_instance=event.variable_instance,
            attribute=Attribute.ACTUAL.value,
            value=event.value,
            how="event",
            known_only=True,
            at=event.at if late else now,
        )


def _unheard_of(
    events: Iterable[StationEvent], monitors: Mapping[str, Held], key: StationKey, now: datetime
) -> Iterable[Hold]:
    """The station's own monitors that nobody knew of."""
    seen = set(monitors)
    for event in events:
        name = str(event.monitor_id)
        if event.monitor_id is None or event.source not in _OWN or name in seen:
            continue
        seen.add(name)
        content = {
            name: value
            for name, value in msgspec.to_builtins(event).items()
            if name in _MONITOR_FIELDS
        }
        yield Hold(
            station_id=key.id,
            operator_id=key.operator_id,
            kind=MONITOR,
            key=str(event.monitor_id),
            evse_id=event.evse_id,
            content=content,
            origin="told",
            at=now,
        )


_MONITOR_FIELDS = frozenset(
    {
        "component",
        "component_instance",
        "connector_id",
        "evse_id",
        "monitor_id",
        "severity",
        "source",
        "variable",
        "variable_instance",
    }
)
