"""Rules of charging sessions: start, meter, stop, and all that goes wrong between them.

What belongs to no session we know is for `csms.core.orphans`, what a register says for
`csms.core.metering`.

Note on lost stops
------------------
A new start on an EVSE whose session is still open means that the stop was lost.  The new one
is never refused.  When the new register is at least the last one we saw, the old session is
closed with its own last reading; otherwise it stays open as ``suspect``.  Values that name it
still count, a stop that comes after all still settles it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2b

from msgspec.structs import replace

from csms.core.authorization import known, limit_of, verdict
from csms.core.decisions import (
    ACKNOWLEDGED,
    AddReading,
    Decision,
    LinkOperation,
    MergeReading,
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
    ORPHAN,
    START_UNKNOWN,
    STOP_MISSING,
    STRANGER,
    UNAUTHORIZED,
    flagged,
    unflagged,
)
from csms.core.metering import Figures, closed, figures, fingerprint, metered, without_jump
from csms.core.orphans import (
    NO_NUMBER,
    adopt,
    new_orphan,
    orphan_metered,
    orphan_started,
    orphan_stopped,
)
from csms.core.replies import StartAnswered, StopAnswered
from csms.core.reports import Metered, SessionStarted, SessionStopped
from csms.core.values import (
    Authorization,
    Reading,
    Session,
    SessionStatus,
    StationKey,
    TokenStatus,
)

HISTORICAL = timedelta(minutes=5)
"""A start older than this was made while the station was offline: it is not held against what
is running now, nor taken for the result of what was asked for since."""

AHEAD = timedelta(hours=24)
BEHIND = timedelta(days=30)
"""How far from ours a station's time may be before it is flagged; what waits in the queue of a
station that is offline may be old."""


def start_key(report: SessionStarted) -> str:
    """What a repeated StartTransaction has in common with the first, whatever its message id."""
    token = None if report.id_token is None else folded(report.id_token)
    at = report.at.isoformat() if report.told_at is None else report.told_at
    text = f"{report.evse_id}|{token}|{at}|{report.meter_wh}"
    return blake2b(text.encode(errors="replace"), digest_size=12).hexdigest()


def about(kind: str, session: Session, at: datetime, /, **data: object) -> Event:
    """An event about a session."""
    return Event(
        kind=kind,
        operator_id=session.operator_id,
        station_id=session.station_id,
        identity=session.identity,
        at=at,
        session_id=session.id,
        data={"evse_id": session.evse_id, "transaction_ref": session.transaction_ref, **data},
    )


# -- start ---------------------------------------------------------------------------------


def start_asked(report: SessionStarted) -> Question:
    """What a start depends on."""
    token = report.id_token
    ours = report.transaction_ref is None
    return Question(
        tokens=() if token is None else (token,),
        sessions_of=token,
        sessions_but_on=report.evse_id,
        start_key=start_key(report) if ours else None,
        transaction_ref=report.transaction_ref,
        open_on_evse=report.evse_id,
        orphans=True,
        remote_start=None if token is None else (token, report.evse_id, report.at + HISTORICAL),
        new_transaction=ours,
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
    own_key = start_key(report) if report.transaction_ref is None else None
    again = state.started or state.session
    if again is not None and ORPHAN not in again.flags:
        if not _next_of_same_words(report, again):
            return _started_again(report, key, state, again, now, policy)
        # From now on the words mean the session that begins.
        writes.append(SaveSession(replace(again, start_key=None)))
        again = None
    live = not report.offline and now - report.at < HISTORICAL
    running = state.running if live else None
    given = _start_verdict(report, key, state, now, policy, running)
    ref = report.transaction_ref or state.transaction_ref
    assert ref is not None  # the question asked for one
    session = Session(
        id=state.session_id,
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        evse_id=report.evse_id,
        connector_id=report.connector_id,
        transaction_ref=ref,
        start_key=own_key,
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
    orphan = again or orphan_started(state.orphans, report)
    if orphan is None:
        writes.append(OpenSession(session))
    else:
        session = adopt(session, orphan)
        writes.append(SaveSession(session))
    events: list[Event] = []
    for other in state.open_sessions:
        if other.id != session.id and not _began_later(other, report, now):
            superseded = _superseded(other, report.meter_wh, now)
            if (superseded.status, superseded.flags) != (other.status, other.flags):
                writes.append(SaveSession(superseded))
                ended = superseded.status is SessionStatus.ENDED
                events.append(_ended(superseded) if ended else _flagged(superseded, now))
    if state.remote_start is not None:
        writes.append(LinkOperation(operation_id=state.remote_start, session_id=session.id))
    events.append(
        about(
            "session.started",
            session,
            report.at,
            id_token=session.id_token,
            authorization=session.authorization,
            meter_start_wh=session.meter_start_wh,
            operation_id=session.operation_id,
        )
    )
    if session.status is SessionStatus.ENDED:
        # Its end was told when nobody knew where it began.
        events.append(_ended(session))
    turn = None
    if running is not None and given.status is TokenStatus.ACCEPTED:
        turn = _turn(report, key, state, policy)
    return Decision(StartAnswered(ref, given), tuple(writes), tuple(events), turn)


def _next_of_same_words(report: SessionStarted, again: Session) -> bool:
    """Whether a start that says what one before said is another all the same: a station without
    a clock says the same of every session, and that one is over."""
    clockless = report.told_at is not None and report.transaction_ref is None
    return clockless and again.status is SessionStatus.ENDED


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
    token = known(state.tokens, report.id_token)
    return verdict(token, key.identity, min(report.at, now), policy, running=running)


def _turn(
    report: SessionStarted, key: StationKey, state: State, policy: Policy
) -> tuple[int, str] | None:
    """Live starts of a token whose sessions are limited must see each other."""
    if report.id_token is None or not limit_of(known(state.tokens, report.id_token), policy):
        return None
    return key.operator_id, folded(report.id_token)


def _start_flags(report: SessionStarted, given: Authorization, now: datetime) -> tuple[str, ...]:
    flags: tuple[str, ...] = ()
    if given.status is not TokenStatus.ACCEPTED:
        flags = flagged(flags, UNAUTHORIZED)
    if report.told_at is not None or _impossible(report.at, now):
        flags = flagged(flags, CLOCK)
    if report.meter_wh is None:
        flags = flagged(flags, START_UNKNOWN)
    return flags


def _impossible(at: datetime, now: datetime) -> bool:
    """Whether a station's time cannot be right."""
    return not now - BEHIND <= at <= now + AHEAD


def _began_later(other: Session, report: SessionStarted, now: datetime) -> bool:
    """Whether another session is newer than this start, which was late; one whose clock cannot be
    right is not."""
    return report.at < other.started_at <= now + AHEAD


def _superseded(session: Session, meter_wh: float | None, now: datetime) -> Session:
    """An open session whose EVSE has a newer one."""
    session = without_jump(session)
    last = session.meter_last_wh
    if meter_wh is None or last is None or meter_wh < last:
        return replace(
            session,
            status=SessionStatus.SUSPECT,
            flags=flagged(session.flags, STOP_MISSING),
            updated_at=now,
        )
    return replace(
        session,
        status=SessionStatus.ENDED,
        ended_at=session.last_reading_at or session.started_at,
        meter_stop_wh=last,
        power_w=None,
        flags=flagged(session.flags, STOP_MISSING, ADMINISTRATIVE),
        updated_at=now,
    )


# -- meter values --------------------------------------------------------------------------


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
    strangers: list[tuple[Reading, Figures]] = []
    session, new = _metered_session(report, key, state, now)
    writes: list[Write] = []
    events: list[Event] = []
    if session is not None:
        if report.transaction_ref in NOT_SAID:
            strangers = [each for each in figured if each[0].taken_at < session.started_at]
            figured = [each for each in figured if each[0].taken_at >= session.started_at]
        before = session
        session = _after_values(session, figured)
        if new or session != before:
            session = replace(session, updated_at=now)
            writes.append(OpenSession(session) if new else SaveSession(session))
            if new or session.flags != before.flags:
                events.append(_flagged(session, now))
            events.append(
                about(
                    "session.meter",
                    session,
                    session.last_reading_at or now,
                    energy_wh=session.energy_wh,
                    power_w=session.power_w,
                    soc_percent=session.soc_percent,
                )
            )
    writes.extend(_readings(AddReading, key, report.evse_id, session, figured, now))
    if strangers:
        writes.extend(_readings(AddReading, key, report.evse_id, None, strangers, now))
    return Decision(ACKNOWLEDGED, tuple(writes), tuple(events))


NOT_SAID = (None, "0")
"""Values with one of these for a transaction are told apart by place and time."""


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
        return max(running, key=_began, default=None), False
    if ref in NO_NUMBER:
        ref, session = None, orphan_metered(state.orphans, report.evse_id)
    else:
        session = state.session
    if session is not None:
        return session, False
    at = min((reading.taken_at for reading in report.readings), default=now)
    return new_orphan(key, state.session_id, ref, report.evse_id, at, now), True


def _began(session: Session) -> datetime:
    return session.started_at


def _after_values(session: Session, figured: Iterable[tuple[Reading, Figures]]) -> Session:
    """The session with what the readings count; one that its station has stopped stays as it
    is."""
    ended = session.status is SessionStatus.ENDED
    if ended and ADMINISTRATIVE not in session.flags:
        return session
    counted = metered(session, [(reading.taken_at, found) for reading, found in figured])
    if not ended or counted == session:
        return counted
    return replace(
        counted,
        ended_at=max(filter(None, (session.ended_at, counted.last_reading_at))),
        meter_stop_wh=counted.meter_last_wh,
        power_w=None,
    )


def _readings(
    write: type[AddReading],
    key: StationKey,
    evse_id: int,
    session: Session | None,
    figured: Iterable[tuple[Reading, Figures]],
    now: datetime,
) -> list[AddReading]:
    session_id = None
    place = evse_id
    if session is not None:
        session_id = session.id
        # A stop does not tell the EVSE, and some tell a wrong one: it is the session's.
        place = session.evse_id or evse_id
    return [
        write(
            station_id=key.id,
            operator_id=key.operator_id,
            evse_id=evse_id or place,
            session_id=session_id,
            taken_at=reading.taken_at,
            fingerprint=fingerprint(place, reading.samples),
            received_at=now,
            energy_wh=found.register_wh,
            power_w=found.power_w,
            soc_percent=found.soc_percent,
            samples=reading.samples,
        )
        for reading, found in figured
    ]


# -- stop ----------------------------------------------------------------------------------


def stop_asked(report: SessionStopped) -> Question:
    """What a stop depends on."""
    nameless = report.transaction_ref in NO_NUMBER
    return Question(
        tokens=() if report.id_token is None else (report.id_token,),
        transaction_ref=None if nameless else report.transaction_ref,
        orphans=nameless,
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
    session, new = _stopped_session(report, key, state, now)
    writes: list[Write] = []
    events: list[Event] = []
    if new or session.status is not SessionStatus.ENDED or ADMINISTRATIVE in session.flags:
        session = _stop(session, report, figured, now)
        if not _may_stop(session, report, given):
            session = replace(session, flags=flagged(session.flags, STRANGER))
        writes.append(OpenSession(session) if new else SaveSession(session))
        if new:
            events.append(_flagged(session, now))
        events.append(_ended(session))
    writes.extend(_readings(MergeReading, key, session.evse_id, session, figured, now))
    return Decision(StopAnswered(given), tuple(writes), tuple(events))


def _may_stop(session: Session, report: SessionStopped, given: Authorization | None) -> bool:
    """The token that started, or one of its group (OCPP 1.6 errata 3.10: the group's id is not
    itself a token to compare with)."""
    if given is None or report.id_token is None or session.id_token is None:
        return True
    if folded(report.id_token) == folded(session.id_token):
        return True
    groups = session.group_id, given.group_id
    return None not in groups and folded(groups[0] or "") == folded(groups[1] or "")


def _stopped_session(
    report: SessionStopped, key: StationKey, state: State, now: datetime
) -> tuple[Session, bool]:
    ref: str | None = report.transaction_ref
    if ref in NO_NUMBER:
        ref, session = None, orphan_stopped(state.orphans, report)
    else:
        session = state.session
    if session is not None:
        return session, False
    at = min((reading.taken_at for reading in report.readings), default=report.at)
    return new_orphan(key, state.session_id, ref, 0, min(at, report.at), now), True


def _stop(
    session: Session,
    report: SessionStopped,
    figured: list[tuple[Reading, Figures]],
    now: datetime,
) -> Session:
    session = metered(session, [(reading.taken_at, found) for reading, found in figured])
    session = closed(session, report.at, report.meter_wh)
    flags = unflagged(session.flags, ADMINISTRATIVE, STOP_MISSING)
    if report.at < session.started_at or _impossible(report.at, now):
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


def _ended(session: Session) -> Event:
    return about(
        "session.ended",
        session,
        session.ended_at or session.updated_at,
        energy_wh=session.energy_wh,
        meter_stop_wh=session.meter_stop_wh,
        reason=session.stop_reason,
        flags=session.flags,
    )


def _flagged(session: Session, now: datetime) -> Event:
    return about("session.flagged", session, now, flags=session.flags)
