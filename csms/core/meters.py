"""The rule of meter values that come by themselves (OCPP 1.6 §4.7, 2.x J01)."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from csms.core.continuing import LikelyAsked, can_be_of, registers, values_of
from csms.core.decisions import (
    ACKNOWLEDGED,
    AddReading,
    Ask,
    Decision,
    MeterSession,
    OpenSession,
    Policy,
    Question,
    SaveSession,
    State,
    Write,
)
from csms.core.events import Event
from csms.core.figures import figures
from csms.core.flags import NUMBER_MISSING, STOP_MISSING, flagged
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
from csms.core.values import Session, SessionStatus, StationKey

NOT_SAID = (None, "0")
"""Values with one of these for a transaction are told apart by place and time."""


def meter_asked(report: Metered) -> Question:
    """What meter values belong to."""
    if report.transaction_ref == "-1":
        return Question(orphans=True, more=_likely(report))
    if report.transaction_ref is None or report.transaction_ref == "0":
        return Question(open_on_evse=report.evse_id) if report.evse_id else Question()
    return Question(transaction_ref=report.transaction_ref, or_by_the_other=True)


def _likely(report: Metered) -> tuple[Ask, ...]:
    if not report.evse_id or not report.readings:
        return ()
    at = min(reading.taken_at for reading in report.readings)
    return (LikelyAsked(evse_id=report.evse_id, at=at),)


def meter_taken(
    report: Metered, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep MeterValues (OCPP 1.6 §4.7), always acknowledged.

    Values of a known transaction land in its session, also after its end (late samples reopen
    nothing, and count only where no stop was ever told).  Values without one land in the
    session that ran on the EVSE when they were taken.  Values of -1 may be of an orphan, or of a
    session that goes on (`csms.core.continuing`).
    """
    figured = [(reading, figures(reading)) for reading in report.readings]
    strangers: list[Figured] = []
    session, new = _metered_session(report, key, state, figured, now)
    writes: list[Write] = []
    events: list[Event] = []
    if session is not None:
        if report.transaction_ref in NOT_SAID:
            strangers = [each for each in figured if each[0].taken_at < session.started_at]
            figured = [each for each in figured if each[0].taken_at >= session.started_at]
        before = session
        session = after_values(session, timed(figured))
        if report.transaction_ref in NO_NUMBER and session.transaction_ref is not None:
            session = replace(session, flags=flagged(session.flags, NUMBER_MISSING))
        if new or session != before:
            session = replace(session, updated_at=now)
            writes.append(_kept(session, new=new))
            if new or session.flags != before.flags:
                events.append(flagged_event(session, now))
            events.append(meter_event(session, now))
    writes.extend(reading_writes(AddReading, key, report.evse_id, session, figured, now))
    if strangers:
        writes.extend(reading_writes(AddReading, key, report.evse_id, None, strangers, now))
    return Decision(ACKNOWLEDGED, tuple(writes), tuple(events))


def _kept(session: Session, *, new: bool) -> Write:
    if new:
        return OpenSession(session)
    if session.status is SessionStatus.ENDED:
        return SaveSession(session)
    return MeterSession(session)


def _metered_session(
    report: Metered, key: StationKey, state: State, figured: list[Figured], now: datetime
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
        told = registers(timed(figured))
        if session is None or not can_be_of(session, told):
            session = values_of(state.answers(LikelyAsked), told) or session
    else:
        session = state.session
        if session is not None and session.named_by_station:
            session = session if can_be_of(session, registers(timed(figured))) else None
    if session is not None:
        return session, False
    at = min((reading.taken_at for reading in report.readings), default=now)
    return new_orphan(key, state.session_id, ref, report.evse_id, at, now), True
