"""Periodic event streams (2.1 N11 to N15).

Note: a stream that falls behind
--------------------------------
With every message a station says how many values it has not sent yet.  When that number has grown
in three messages in a row, the stream is behind, and the station is asked to put twice as many
values into a message (of the ten that are taken where it named no number), up to 500: more of them
in fewer messages is what costs a slow line least (N15.FR.05).  Then it is counted anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import msgspec

from csms.core.consequences import NO_CONSEQUENCE, Answered, Consequence
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State
from csms.core.events import Event
from csms.core.happenings import Happened, fingerprint
from csms.core.holdings import Drop, Hold
from csms.core.monitoring.vocabulary import (
    MONITOR,
    STREAM,
    Held,
    MonitorsAsked,
    MonitorsCounted,
    Pace,
    Stream,
    StreamAnswered,
    StreamAsked,
    StreamClosed,
    StreamOpened,
    StreamSpoke,
)
from csms.core.oddities import Oddity
from csms.core.reports import CommandAnswered
from csms.core.station import fact
from csms.core.values import StationKey

MAX_VALUES = 100
"""Values of one message that are kept; of more, every so manieth and the last."""
MAX_STREAMS = 5_000
GROWN_TOO_OFTEN = 3
USUAL_VALUES = 10
MOST_VALUES = 500

BEHIND = "stream.behind"
"""Kind of the event that a stream should be adjusted."""


def open_asked(report: StreamOpened) -> Question:
    """A stream is held against its monitor."""
    return Question(more=(MonitorsAsked(keys=(str(report.stream.monitor_id),)), MonitorsCounted()))


def opened(
    report: StreamOpened, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Only a stream of a monitor that we know can be understood later (N11.FR.02)."""
    monitor: Held | None = state.answer(MonitorsAsked)
    if monitor is None or (state.answer(MonitorsCounted) or 0) >= MAX_STREAMS:
        return Decision(StreamAnswered(accepted=False))
    content = _content(report.stream, monitor)
    hold = _hold(str(report.stream.stream_id), content, key, now)
    event = fact("stream.opened", key, now, stream_id=report.stream.stream_id)
    return Decision(StreamAnswered(accepted=True), (hold,), (event,))


def close_asked(_report: StreamClosed) -> Question:
    """Nothing: what is not there is closed."""
    return Question()


def closed(
    report: StreamClosed, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """The values of its monitor come as events again (N12)."""
    gone = Drop(station_id=key.id, kind=STREAM, keys=(str(report.stream_id),), at=now)
    event = fact("stream.closed", key, now, stream_id=report.stream_id)
    return Decision(ACKNOWLEDGED, (gone,), (event,))


def speech_asked(report: StreamSpoke) -> Question:
    """What was said when the stream was opened."""
    return Question(more=(StreamAsked(key=str(report.stream_id)),))


def spoke(
    report: StreamSpoke, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Make events of values, with what the monitor is known to be (N15.FR.03); a stream that
    nobody opened means nothing."""
    stream: Held | None = state.answer(StreamAsked)
    if stream is None:
        return Decision(ACKNOWLEDGED, oddities=((Oddity.UNKNOWN_STREAM, str(report.stream_id)),))
    happened = _happenings(report, stream.content, key, now)
    content, behind = _counted(stream.content, report.pending)
    events: tuple[Event, ...] = ()
    if behind is not None:
        told = msgspec.to_builtins(behind)
        events = (
            fact(BEHIND, key, now, stream_id=report.stream_id, pending=report.pending, pace=told),
        )
    return Decision(ACKNOWLEDGED, (*happened, _hold(stream.key, content, key, now)), events)


def adjustment_asked(report: CommandAnswered) -> Question:
    """What is known of the stream."""
    return Question(more=(StreamAsked(key=str(cast("Any", report.command).stream_id)),))


def adjusted(answered: Answered, state: State, now: datetime) -> Consequence:
    """The stream speaks as it was asked to."""
    stream: Held | None = state.answer(StreamAsked)
    if stream is None or not answered.accepted:
        return NO_CONSEQUENCE
    content = {**stream.content, "pace": msgspec.to_builtins(answered.command.pace)}
    return Consequence((_hold(stream.key, content, answered.key, now),))


def read_asked(report: CommandAnswered) -> Question:
    """The monitors of the streams that were named."""
    found: tuple[Stream, ...] = cast("Any", report.outcome.found) or ()
    keys = sorted({str(stream.monitor_id) for stream in found[:MAX_STREAMS]})
    return Question(more=(MonitorsAsked(keys=tuple(keys)),)) if keys else Question()


def read(answered: Answered, state: State, now: datetime) -> Consequence:
    """The streams that a station named are all there are (N13)."""
    found: tuple[Stream, ...] | None = cast("Any", answered.outcome.found)
    if found is None or not answered.accepted:
        return NO_CONSEQUENCE
    monitors = {held.key: held for held in state.answers(MonitorsAsked)}
    holds = tuple(
        _hold(
            str(stream.stream_id),
            _content(stream, monitors.get(str(stream.monitor_id))),
            answered.key,
            now,
        )
        for stream in found[:MAX_STREAMS]
    )
    gone = Drop(station_id=answered.key.id, kind=STREAM, at=now)
    return Consequence((*holds, gone))


def _content(stream: Stream, monitor: Held | None) -> dict[str, object]:
    told = msgspec.to_builtins(stream)
    return {**told, "monitor": None if monitor is None else monitor.content}


def _hold(name: str, content: dict[str, object], key: StationKey, now: datetime) -> Hold:
    return Hold(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=STREAM,
        key=name,
        content=content,
        origin="told",
        at=now,
    )


def _happenings(
    report: StreamSpoke, content: Mapping[str, object], key: StationKey, now: datetime
) -> list[Happened]:
    known = content.get("monitor")
    monitor = known if isinstance(known, dict) else {}
    severity, evse_id = monitor.get("severity"), monitor.get("evse_id")
    step = -(-len(report.values) // MAX_VALUES)
    kept = report.values[::-1][:: max(step, 1)][::-1]
    happened = []
    for at, value in kept:
        told: dict[str, object] = {
            **{name: monitor[name] for name in _NAME if name in monitor},
            "monitor_id": content.get("monitor_id"),
            "stream_id": report.stream_id,
            "trigger": "Periodic",
            "value": value,
        }
        happened.append(
            Happened(
                station_id=key.id,
                operator_id=key.operator_id,
                kind=MONITOR,
                at=at,
                received_at=now,
                evse_id=evse_id if isinstance(evse_id, int) else None,
                severity=severity if isinstance(severity, int) else None,
                content=told,
                fingerprint=fingerprint(told),
            )
        )
    return happened


_NAME = (
    "component",
    "component_instance",
    "evse_id",
    "connector_id",
    "variable",
    "variable_instance",
)


def _counted(content: Mapping[str, object], pending: int) -> tuple[dict[str, object], Pace | None]:
    """What is kept of the stream after a message, and its new pace when it is behind."""
    before, grown = content.get("pending"), content.get("grown")
    times = grown if isinstance(grown, int) else 0
    times = times + 1 if isinstance(before, int) and pending > before else 0
    pace = msgspec.convert(content.get("pace") or {}, Pace)
    after: dict[str, object] = {**content, "pending": pending, "grown": times}
    values = pace.values or USUAL_VALUES
    if times < GROWN_TOO_OFTEN or values >= MOST_VALUES:
        return after, None
    faster = msgspec.structs.replace(pace, values=min(values * 2, MOST_VALUES))
    return {**after, "grown": 0}, faster
