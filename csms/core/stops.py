"""The rule of StopTransaction (OCPP 1.6 §4.10)."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from csms.core.authorization import known, verdict
from csms.core.continuing import LikelyAsked, can_be_of, stopped_before, stopped_by
from csms.core.decisions import (
    Decision,
    MergeReading,
    OpenSession,
    Policy,
    Question,
    SaveSession,
    State,
    Write,
)
from csms.core.events import Event
from csms.core.figures import figures
from csms.core.flags import (
    ADMINISTRATIVE,
    CLOCK,
    NUMBER_MISSING,
    STOP_MISSING,
    STRANGER,
    flagged,
    unflagged,
)
from csms.core.metering import closed, metered
from csms.core.orphans import NO_NUMBER, new_orphan, orphan_stopped, orphan_stopped_before
from csms.core.replies import StopAnswered
from csms.core.reports import SessionStopped
from csms.core.sessions import (
    Figured,
    ended_event,
    flagged_event,
    impossible,
    may_stop,
    reading_writes,
    timed,
)
from csms.core.values import Session, SessionStatus, StationKey


def stop_asked(report: SessionStopped) -> Question:
    """What a stop depends on."""
    nameless = report.transaction_ref in NO_NUMBER
    ref = None if nameless else report.transaction_ref
    return Question(
        tokens=() if report.id_token is None else (report.id_token,),
        transaction_ref=ref,
        or_by_the_other=True,
        orphans=nameless,
        more=(LikelyAsked(ref=ref, at=report.at),),
    )


def stopped(
    report: SessionStopped, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Answer StopTransaction (OCPP 1.6 §4.10), always as if valid.

    The transaction is looked up as (station, id): no station ends another's session.  A
    repeated stop changes nothing and gets the same answer; samples it brings for the first
    time are kept.
    """
    given = None
    if report.id_token is not None:
        token = known(state.tokens, report.id_token)
        given = verdict(token, key.identity, min(report.at, now), policy)
    figured = [(reading, figures(reading)) for reading in report.readings]
    group_id = None if given is None else given.group_id
    found = _stopped_session(report, state, group_id, policy)
    new = found is None
    session = _orphan(report, key, state, now) if found is None else found
    writes: list[Write] = []
    events: list[Event] = []
    if new or session.status is not SessionStatus.ENDED or ADMINISTRATIVE in session.flags:
        session = _stop(session, report, figured, now)
        if session.transaction_ref not in (None, report.transaction_ref):
            session = replace(session, flags=flagged(session.flags, NUMBER_MISSING))
        if not may_stop(session, report.id_token, group_id, policy):
            session = replace(session, flags=flagged(session.flags, STRANGER))
        writes.append(OpenSession(session) if new else SaveSession(session))
        if new:
            events.append(flagged_event(session, now))
        events.append(ended_event(session))
    writes.extend(reading_writes(MergeReading, key, session.evse_id, session, figured, now))
    return Decision(StopAnswered(given), tuple(writes), tuple(events))


def _stopped_session(
    report: SessionStopped, state: State, group_id: str | None, policy: Policy
) -> Session | None:
    """The session that a stop ends, or has ended before; None: one that nobody knows."""
    session = state.session
    if session is not None:
        told = [(report.at, report.meter_wh or None)]
        its_own = not session.named_by_station or can_be_of(session, told)
        return session if its_own else None
    likely: tuple[Session, ...] = state.answers(LikelyAsked)
    if report.transaction_ref in NO_NUMBER:
        return (
            orphan_stopped_before(state.orphans, report)
            or stopped_before(likely, report)
            or orphan_stopped(state.orphans, report)
            or stopped_by(likely, report, group_id, policy)
        )
    session = stopped_before(likely, report) or stopped_by(likely, report, group_id, policy)
    return session if session is not None and session.named_by_station else None


def _orphan(report: SessionStopped, key: StationKey, state: State, now: datetime) -> Session:
    ref = None if report.transaction_ref in NO_NUMBER else report.transaction_ref
    at = min((reading.taken_at for reading in report.readings), default=report.at)
    return new_orphan(key, state.session_id, ref, 0, min(at, report.at), now)


def _stop(
    session: Session,
    report: SessionStopped,
    figured: list[Figured],
    now: datetime,
) -> Session:
    session = metered(session, timed(figured))
    session = closed(session, report.at, report.meter_wh)
    flags = unflagged(session.flags, ADMINISTRATIVE, STOP_MISSING)
    if report.at < session.started_at or impossible(report.at, now):
        flags = flagged(flags, CLOCK)
    return replace(
        session,
        status=SessionStatus.ENDED,
        ended_at=report.at,
        power_w=None,
        stop_reason=report.reason,
        stop_id_token=report.id_token,
        flags=flags,
        updated_at=now,
    )
