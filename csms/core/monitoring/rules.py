"""Rules of monitors: which there are, as stations answer and report."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import msgspec

from csms.core.assembly import AssemblyAsked, part_taken
from csms.core.consequences import (
    NO_CONSEQUENCE,
    Answered,
    Consequence,
    Consequences,
    nothing_asked,
)
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State
from csms.core.holdings import Drop, Hold
from csms.core.monitoring import events, streams
from csms.core.monitoring.vocabulary import (
    MONITOR,
    AdjustStream,
    ClearMonitors,
    ClearResult,
    EventsNotified,
    Monitor,
    MonitorResult,
    MonitorsCounted,
    MonitorsReported,
    ReadStreams,
    RequestMonitoringReport,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    StreamClosed,
    StreamOpened,
    StreamSpoke,
)
from csms.core.station import fact
from csms.core.values import StationKey
from csms.core.variables.vocabulary import ItemStatus, RequestAsked

if TYPE_CHECKING:
    from csms.core.areas import Rules

KIND = "monitoring"
"""Of the reports that are put together."""

COMMANDS = (
    SetMonitors,
    ClearMonitors,
    SetMonitoringBase,
    SetMonitoringLevel,
    RequestMonitoringReport,
    AdjustStream,
    ReadStreams,
)


def report_asked(report: MonitorsReported) -> Question:
    """A part is held against the report so far, and against what was asked for."""
    request = RequestAsked(action="request_monitoring_report", ref=report.ref)
    return Question(more=(AssemblyAsked(kind=KIND, ref=report.ref), request, MonitorsCounted()))


def reported(
    report: MonitorsReported, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep a part of a report of monitors (N02); one of all that is complete, and not empty, shows
    what is gone: that there are none is said by a status."""
    items = [msgspec.to_builtins(item) for item in report.items]
    taken = part_taken(
        key,
        KIND,
        report.ref,
        report.number,
        items,
        now,
        state.answer(AssemblyAsked),
        last=report.last,
    )
    if taken.known:
        return Decision(ACKNOWLEDGED)
    held: tuple[Hold, ...] = ()
    if (state.answer(MonitorsCounted) or 0) < events.MAX_MONITORS:
        held = tuple(_held(report.items, key, now, seen_ref=report.ref))
    if not taken.completed:
        return Decision(ACKNOWLEDGED, (*taken.writes, *held))
    event = fact("station.report", key, now, kind=KIND, ref=report.ref)
    request = state.answer(RequestAsked)
    gone: tuple[Drop, ...] = ()
    everything = request is not None and not (request.get("criteria") or request.get("items"))
    if taken.conclusive and everything:
        gone = (Drop(station_id=key.id, kind=MONITOR, unseen_ref=report.ref, at=now),)
    return Decision(ACKNOWLEDGED, (*taken.writes, *held, *gone), (event,))


def monitors_set(answered: Answered, _state: State, now: datetime) -> Consequence:
    """Keep the monitors that were accepted under the number that the station gave them (N04)."""
    found: tuple[MonitorResult, ...] = cast("Any", answered.outcome.found) or ()
    wanted = {(item.key, item.kind, item.severity): item for item in answered.command.items}
    held = []
    for result in found:
        monitor = wanted.get((result.key, result.kind, result.severity))
        if monitor is not None and result.monitor_id is not None and result.status.done:
            whole = msgspec.structs.replace(
                monitor, monitor_id=result.monitor_id, source="CustomMonitor"
            )
            held.append(whole)
    operation = answered.operation.id
    return Consequence(tuple(_held(held, answered.key, now, operation_id=operation)))


def monitors_cleared(answered: Answered, _state: State, now: datetime) -> Consequence:
    """What was cleared is gone, and so is what the station does not know (N06)."""
    found: tuple[ClearResult, ...] = cast("Any", answered.outcome.found) or ()
    gone = tuple(
        str(result.monitor_id)
        for result in found
        if result.status in (ItemStatus.ACCEPTED, ItemStatus.UNKNOWN)
    )
    if not gone:
        return NO_CONSEQUENCE
    return Consequence((Drop(station_id=answered.key.id, kind=MONITOR, keys=gone, at=now),))


def base_set(answered: Answered, _state: State, now: datetime) -> Consequence:
    """Monitors that were set are gone with every base but all (N05.FR.03); the event has somebody
    ask which there are now."""
    if not answered.accepted:
        return NO_CONSEQUENCE
    event = fact(BASE_SET, answered.key, now, base=answered.command.base)
    return Consequence(events=(event,))


BASE_SET = "monitoring.base"
"""Kind of the event that a station went back to a set of monitors."""


RULES: Rules = {
    MonitorsReported: (report_asked, reported),
    EventsNotified: (events.asked, events.notified),
    StreamOpened: (streams.open_asked, streams.opened),
    StreamClosed: (streams.close_asked, streams.closed),
    StreamSpoke: (streams.speech_asked, streams.spoke),
}

CONSEQUENCES: Consequences = {
    SetMonitors: (nothing_asked, monitors_set),
    ClearMonitors: (nothing_asked, monitors_cleared),
    SetMonitoringBase: (nothing_asked, base_set),
    AdjustStream: (streams.adjustment_asked, streams.adjusted),
    ReadStreams: (streams.read_asked, streams.read),
}


def _held(
    monitors: Iterable[Monitor],
    key: StationKey,
    now: datetime,
    *,
    seen_ref: int | None = None,
    operation_id: str | None = None,
) -> Iterable[Hold]:
    for monitor in monitors:
        yield Hold(
            station_id=key.id,
            operator_id=key.operator_id,
            kind=MONITOR,
            key=str(monitor.monitor_id),
            evse_id=monitor.evse_id,
            content=msgspec.to_builtins(monitor),
            origin="told" if operation_id is None else "set",
            operation_id=operation_id,
            seen_ref=seen_ref,
            at=now,
        )
