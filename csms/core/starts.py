"""The rule of StartTransaction (OCPP 1.6 §4.8).

Note on lost stops
------------------
When the register of a new start is at least the last one we saw of the session that is still
open on its EVSE, that session is closed with its own last reading; otherwise it stays open as
``suspect``, see `csms.core.sessions`.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

from msgspec.structs import replace

from csms.core.authorization import known, verdict
from csms.core.decisions import (
    Decision,
    LinkOperation,
    OpenSession,
    Policy,
    Question,
    SaveSession,
    State,
    Write,
    folded,
)
from csms.core.events import Event
from csms.core.flags import (
    ADMINISTRATIVE,
    CLOCK,
    START_UNKNOWN,
    STOP_MISSING,
    UNAUTHORIZED,
    flagged,
)
from csms.core.metering import without_jump
from csms.core.orphans import adopt, orphan_started
from csms.core.replies import StartAnswered
from csms.core.reports import SessionStarted
from csms.core.sessions import (
    HISTORICAL,
    began_later,
    ended_event,
    flagged_event,
    impossible,
    started_event,
    suspect,
    turn_of,
)
from csms.core.values import Authorization, Session, SessionStatus, StationKey, TokenStatus


def start_key(report: SessionStarted) -> str:
    """What a repeated StartTransaction has in common with the first, whatever its message id."""
    token = None if report.id_token is None else folded(report.id_token)
    at = report.at.isoformat() if report.told_at is None else report.told_at
    text = f"{report.evse_id}|{token}|{at}|{report.meter_wh}"
    return blake2b(text.encode(errors="replace"), digest_size=12).hexdigest()


def start_asked(report: SessionStarted) -> Question:
    """What a start depends on."""
    token = report.id_token
    return Question(
        tokens=() if token is None else (token,),
        sessions_of=token,
        sessions_but_on=report.evse_id,
        start_key=start_key(report),
        open_on_evse=report.evse_id,
        orphans=True,
        remote_start=None if token is None else (token, report.evse_id, report.at + HISTORICAL),
        new_transaction=True,
        clockless=report.told_at is not None,
    )


def started(
    report: SessionStarted, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Answer StartTransaction (OCPP 1.6 §4.8); it never fails.

    A refused token still gets its transaction (the station may already be charging); the
    refusal is in the answer.  A retransmission gets the transaction of the first, and its
    verdict unless the token itself is no longer good.
    """
    writes: list[Write] = []
    again = state.started
    if again is not None:
        if not _next_of_same_words(report, again):
            return _started_again(report, key, state, again, now, policy)
        # From now on the words mean the session that begins.
        writes.append(SaveSession(replace(again, start_key=None)))
    running = state.running if now - report.at < HISTORICAL else None
    given = _start_verdict(report, key, state, now, policy, running)
    ref = state.transaction_ref
    assert ref is not None  # the question asked for one
    session = Session(
        id=state.session_id,
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        evse_id=report.evse_id,
        connector_id=report.connector_id,
        transaction_ref=ref,
        start_key=start_key(report),
        id_token=report.id_token,
        group_id=given.group_id,
        authorization=given.status,
        started_at=report.at,
        meter_start_wh=report.meter_wh,
        meter_last_wh=report.meter_wh,
        operation_id=state.remote_start,
        reservation_ref=report.reservation_ref,
        flags=_start_flags(report, given, now),
        created_at=now,
        updated_at=now,
    )
    orphan = orphan_started(state.orphans, report)
    if orphan is None:
        writes.append(OpenSession(session))
    else:
        session = adopt(session, orphan)
        writes.append(SaveSession(session))
    events: list[Event] = []
    for other in state.open_sessions:
        if other.id != session.id and not began_later(other, report.at, now):
            superseded = _superseded(other, report.meter_wh, now)
            if (superseded.status, superseded.flags) != (other.status, other.flags):
                writes.append(SaveSession(superseded))
                ended = superseded.status is SessionStatus.ENDED
                events.append(ended_event(superseded) if ended else flagged_event(superseded, now))
    if state.remote_start is not None:
        writes.append(LinkOperation(operation_id=state.remote_start, session_id=session.id))
    events.append(started_event(session))
    if session.status is SessionStatus.ENDED:
        # Its end was told when nobody knew where it began.
        events.append(ended_event(session))
    turn = None
    if running is not None and given.status is TokenStatus.ACCEPTED:
        turn = turn_of(report.id_token, key, state, policy)
    return Decision(StartAnswered(ref, given), tuple(writes), tuple(events), turn)


def _next_of_same_words(report: SessionStarted, again: Session) -> bool:
    """Whether a start that says what one before said is another all the same: a station without
    a clock says the same of every session, and that one is over."""
    return report.told_at is not None and again.status is SessionStatus.ENDED


def _started_again(
    report: SessionStarted,
    key: StationKey,
    state: State,
    again: Session,
    now: datetime,
    policy: Policy,
) -> Decision:
    assert again.transaction_ref is not None  # every session that was started has one
    given = _start_verdict(report, key, state, now, policy, None)
    was_concurrent = again.authorization == TokenStatus.CONCURRENT
    if was_concurrent and given.status is TokenStatus.ACCEPTED:
        given = replace(given, status=TokenStatus.CONCURRENT)
    return Decision(StartAnswered(again.transaction_ref, given))


def _start_verdict(
    report: SessionStarted,
    key: StationKey,
    state: State,
    now: datetime,
    policy: Policy,
    running: int | None,
) -> Authorization:
    if report.id_token is None:
        return Authorization(status=TokenStatus.ACCEPTED)
    return verdict(
        known(state.tokens, report.id_token),
        key.identity,
        min(report.at, now),
        policy,
        running=running,
        starting=True,
        evse_id=report.evse_id,
    )


def _start_flags(report: SessionStarted, given: Authorization, now: datetime) -> tuple[str, ...]:
    flags: tuple[str, ...] = ()
    if given.status is not TokenStatus.ACCEPTED:
        flags = flagged(flags, UNAUTHORIZED)
    if report.told_at is not None or impossible(report.at, now):
        flags = flagged(flags, CLOCK)
    if report.meter_wh is None:
        flags = flagged(flags, START_UNKNOWN)
    return flags


def _superseded(session: Session, meter_wh: float | None, now: datetime) -> Session:
    """An open session whose EVSE has a newer one."""
    session = without_jump(session)
    last = session.meter_last_wh
    if meter_wh is None or last is None or meter_wh < last:
        return suspect(session, now)
    return replace(
        session,
        status=SessionStatus.ENDED,
        ended_at=session.last_reading_at or session.started_at,
        meter_stop_wh=last,
        power_w=None,
        flags=flagged(session.flags, STOP_MISSING, ADMINISTRATIVE),
        updated_at=now,
    )
