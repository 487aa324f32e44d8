"""The rule of meter values that come by themselves (OCPP 1.6 §4.7, 2.x J01)."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from csms.core.decisions import (
    ACKNOWLEDGED,
    AddReading,
    Decision,
    OpenSession,
    Policy,
    Question,
    SaveSession,
    State,
    Write,
)
from csms.core.events import Event
from csms.core.figures import figures
from csms.core.flags import STOP_MISSING
from csms.core.orphans import NO_NUMBER, new_orphan, orphan_metered
from csms.core.reports import Metered
from csms.core.sessions import (
    Figured,
    after_values,
    began,
    flagged_event,
    meter_event,
    reading_writes,
    timed,
)
from csms.core.values import Session, StationKey

NOT_SAID = (None, "0")
"""Values with one of these for a transaction are told apart by place and time."""


def meter_asked(report: Metered) -> Question:
    """What meter values belong to."""
    if report.transaction_ref == "-1":
        return Question(orphans=True)
    if report.transaction_ref is None or report.transaction_ref == "0":
        return Question(open_on_evse=report.evse_id) if report.evse_id else Question()
    return Question(transaction_ref=report.transaction_ref)


def meter_taken(
    report: Metered, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep MeterValues (OCPP 1.6 §4.7), always acknowledged.

    Values of a known transaction land in its session, also after its end (late samples reopen
    nothing, and count only where no stop was ever told).  Values without one land in the
    session that ran on the EVSE when they were taken.
    """
    figured = [(reading, figures(reading)) for reading in report.readings]
    strangers: list[Figured] = []
    session, new = _metered_session(report, key, state, now)
    writes: list[Write] = []
    events: list[Event] = []
    if session is not None:
        if report.transaction_ref in NOT_SAID:
            strangers = [each for each in figured if each[0].taken_at < session.started_at]
            figured = [each for each in figured if each[0].taken_at >= session.started_at]
        before = session
        session = after_values(session, timed(figured))
        if new or session != before:
            session = replace(session, updated_at=now)
            writes.append(OpenSession(session) if new else SaveSession(session))
            if new or session.flags != before.flags:
                events.append(flagged_event(session, now))
            events.append(meter_event(session, now))
    writes.extend(reading_writes(AddReading, key, report.evse_id, session, figured, now))
    if strangers:
        writes.extend(reading_writes(AddReading, key, report.evse_id, None, strangers, now))
    return Decision(ACKNOWLEDGED, tuple(writes), tuple(events))


def _metered_session(
    report: Metered, key: StationKey, state: State, now: datetime
) -> tuple[Session | None, bool]:
    """The session that values belong to, and whether it is new."""
    ref = report.transaction_ref
    if ref in NOT_SAID:
        taken_at = max((reading.taken_at for reading in report.readings), default=now)
        running = [
            each
            for each in state.open_sessions
            if each.started_at <= taken_at and STOP_MISSING not in each.flags
        ]
        return max(running, key=began, default=None), False
    if ref in NO_NUMBER:
        ref, session = None, orphan_metered(state.orphans, report.evse_id)
    else:
        session = state.session
    if session is not None:
        return session, False
    at = min((reading.taken_at for reading in report.readings), default=now)
    return new_orphan(key, state.session_id, ref, report.evse_id, at, now), True
