"""Rules of charging sessions: start, meter, stop, and all that goes wrong between them.

Note on orphans
---------------
OCPP 1.6 lets a station speak of transactions whose start never reached us: it sends
transactionId -1 when StartTransaction could not be delivered (errata 3.18), some send 0, and
after a change of central system it sends ids we never gave.  Such messages are always answered
as if valid and kept in an *orphan* session (flag ``orphan``): by its id when that is positive,
else one per EVSE.  A start that arrives later for the same EVSE and an earlier time adopts the
orphan; one that never does stays for a human.

Note on lost stops
------------------
A new start on an EVSE whose session is still open means that the stop was lost.  The new one
is never refused.  When the new register is at least the last one we saw, the old session is
closed with its own last reading; otherwise it stays open as ``suspect``.  A stop that comes
after all still settles it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2b

from msgspec.structs import replace

from csms.core.authorization import known, verdict
from csms.core.decisions import (
    ACKNOWLEDGED,
    AddReading,
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
from csms.core.metering import Figures, closed, figures, fingerprint, flagged, metered
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
is running now."""

CLOCK_TOLERANCE = timedelta(hours=24)

ORPHAN = "orphan"
STOP_MISSING = "stop_missing"
ADMINISTRATIVE = "ended_by_server"
ADOPTED = "start_came_late"
UNAUTHORIZED = "unauthorized"
CLOCK = "clock_suspect"
NO_NUMBER = ("0", "-1")
"""1.6 transaction ids that mean: the start was never answered."""


def start_key(report: SessionStarted) -> str:
    """What a repeated StartTransaction has in common with the first, whatever its message id."""
    token = None if report.id_token is None else folded(report.id_token)
    at = report.at.isoformat() if report.told_at is None else report.told_at
    text = f"{report.evse_id}|{token}|{at}|{report.meter_wh}"
    return blake2b(text.encode(), digest_size=12).hexdigest()


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
    return Question(
        tokens=() if token is None else (token,),
        sessions_of=token,
        sessions_but_on=report.evse_id,
        start_key=start_key(report) if report.transaction_ref is None else None,
        transaction_ref=report.transaction_ref,
        open_on_evse=report.evse_id,
        orphans=True,
        remote_start=None if token is None else (token, report.evse_id),
        new_transaction=report.transaction_ref is None,
    )


def started(
    report: SessionStarted, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Answer StartTransaction (OCPP 1.6 §4.8); it never fails.

    A refused token still gets its transaction (the station may already be charging); the
    refusal is in the answer.  A retransmission gets the transaction of the first.
    """
    given = _start_verdict(report, key, state, now, policy)
    again = state.started or state.session
    own_key = start_key(report) if report.transaction_ref is None else None
    if again is not None and report.told_at is not None and again.status is SessionStatus.ENDED:
        # A station without a clock says the same of every session; this one is the next.
        again = own_key = None
    if again is not None and ORPHAN not in again.flags:
        assert again.transaction_ref is not None  # every session that was started has one
        return Decision(StartAnswered(again.transaction_ref, given))
    ref = report.transaction_ref or state.transaction_ref
    assert ref is not None  # the question asked for one
    orphan = again or _orphan_of(report, state.orphans)
    flags: tuple[str, ...] = ()
    if given.status is not TokenStatus.ACCEPTED:
        flags = flagged(flags, UNAUTHORIZED)
    if report.at > now + CLOCK_TOLERANCE:
        flags = flagged(flags, CLOCK)
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
        flags=flags,
        created_at=now,
        updated_at=now,
    )
    writes: list[Write] = []
    events: list[Event] = []
    if orphan is None:
        writes.append(OpenSession(session))
    else:
        session = _adopt(session, orphan)
        writes.append(SaveSession(session))
    for other in state.open_sessions:
        if other.id == session.id or other.started_at > report.at or ORPHAN in other.flags:
            continue
        superseded = _superseded(other, report.meter_wh, now)
        writes.append(SaveSession(superseded))
        if superseded.status is SessionStatus.ENDED:
            events.append(_ended(superseded))
        else:
            events.append(about("session.flagged", superseded, now, flags=superseded.flags))
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
    return Decision(StartAnswered(ref, given), tuple(writes), tuple(events))


def _start_verdict(
    report: SessionStarted, key: StationKey, state: State, now: datetime, policy: Policy
) -> Authorization:
    if report.id_token is None:
        return Authorization(status=TokenStatus.ACCEPTED)
    live = not report.offline and now - report.at < HISTORICAL
    return verdict(
        known(state.tokens, report.id_token),
        key.identity,
        report.at,
        policy,
        running=state.running if live else None,
    )


def _orphan_of(report: SessionStarted, orphans: Iterable[Session]) -> Session | None:
    """The orphan whose start this is: same EVSE (or unknown), evidence not before the start."""
    fitting = [
        orphan
        for orphan in orphans
        if orphan.transaction_ref is None
        and orphan.evse_id in (report.evse_id, 0)
        and orphan.started_at >= report.at
        and _rises_to(report.meter_wh, orphan)
    ]
    return min(fitting, key=lambda orphan: orphan.started_at, default=None)


def _rises_to(meter_wh: float | None, orphan: Session) -> bool:
    reached = orphan.meter_stop_wh if orphan.meter_last_wh is None else orphan.meter_last_wh
    return meter_wh is None or reached is None or reached >= meter_wh


def _adopt(session: Session, orphan: Session) -> Session:
    """The orphan with the start it was missing; its register now counts from the start."""
    start = session.meter_start_wh
    energy = orphan.energy_wh
    if start is not None:
        first = orphan.meter_start_wh
        if first is None:
            first = orphan.meter_stop_wh
        if first is not None:
            energy += first - start
    return replace(
        session,
        id=orphan.id,
        status=orphan.status,
        ended_at=orphan.ended_at,
        meter_stop_wh=orphan.meter_stop_wh,
        meter_last_wh=session.meter_last_wh
        if orphan.meter_last_wh is None
        else orphan.meter_last_wh,
        energy_wh=round(max(energy, 0.0), 3),
        reset_register_wh=orphan.reset_register_wh,
        reset_energy_wh=orphan.reset_energy_wh,
        power_w=orphan.power_w,
        soc_percent=orphan.soc_percent,
        last_reading_at=orphan.last_reading_at,
        stop_reason=orphan.stop_reason,
        stop_id_token=orphan.stop_id_token,
        flags=flagged(
            tuple(flag for flag in orphan.flags if flag != ORPHAN), ADOPTED, *session.flags
        ),
        version=orphan.version,
        created_at=orphan.created_at,
    )


def _superseded(session: Session, meter_wh: float | None, now: datetime) -> Session:
    """An open session whose EVSE has a newer one."""
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
    nothing).  Values without one land in the session that ran on the EVSE when they were taken.
    """
    figured = [(reading, figures(reading)) for reading in report.readings]
    session, new = _metered_session(report, key, state, now, figured)
    writes: list[Write] = []
    events: tuple[Event, ...] = ()
    if session is not None:
        if session.status is not SessionStatus.ENDED:
            session = metered(session, [(reading.taken_at, found) for reading, found in figured])
            session = replace(session, updated_at=now)
            writes.append(OpenSession(session) if new else SaveSession(session))
            events = (
                about(
                    "session.meter",
                    session,
                    session.last_reading_at or now,
                    energy_wh=session.energy_wh,
                    power_w=session.power_w,
                    soc_percent=session.soc_percent,
                ),
            )
            if new:
                events = (about("session.flagged", session, now, flags=session.flags), *events)
        evse_id = report.evse_id or session.evse_id
    else:
        evse_id = report.evse_id
    writes.extend(_readings(key, evse_id, report.transaction_ref, session, figured, now))
    return Decision(ACKNOWLEDGED, tuple(writes), events)


def _metered_session(
    report: Metered,
    key: StationKey,
    state: State,
    now: datetime,
    figured: list[tuple[Reading, Figures]],
) -> tuple[Session | None, bool]:
    ref = report.transaction_ref
    if ref is None or ref == "0":
        taken_at = max((reading.taken_at for reading in report.readings), default=now)
        running = [each for each in state.open_sessions if each.started_at <= taken_at]
        return (running[-1], False) if running else (None, False)
    if ref in NO_NUMBER:
        for orphan in state.orphans:
            if (
                orphan.status is not SessionStatus.ENDED
                and orphan.transaction_ref is None
                and orphan.evse_id == report.evse_id
            ):
                return orphan, False
        ref = None
    elif state.session is not None:
        return state.session, False
    at = min((reading.taken_at for reading, _ in figured), default=now)
    return _orphan(key, state.session_id, ref, report.evse_id, at, now), True


def _orphan(
    key: StationKey, session_id: str, ref: str | None, evse_id: int, at: datetime, now: datetime
) -> Session:
    return Session(
        id=session_id,
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        evse_id=evse_id,
        transaction_ref=ref,
        started_at=at,
        flags=(ORPHAN,),
        created_at=now,
        updated_at=now,
    )


def _readings(
    key: StationKey,
    evse_id: int,
    ref: str | None,
    session: Session | None,
    figured: Iterable[tuple[Reading, Figures]],
    now: datetime,
) -> list[AddReading]:
    session_id = None if session is None else session.id
    return [
        AddReading(
            station_id=key.id,
            operator_id=key.operator_id,
            evse_id=evse_id,
            session_id=session_id,
            taken_at=reading.taken_at,
            fingerprint=fingerprint(evse_id, ref, reading.samples),
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
        given = verdict(known(state.tokens, report.id_token), key.identity, report.at, policy)
    figured = [(reading, figures(reading)) for reading in report.readings]
    session, new = _stopped_session(report, key, state, now)
    writes: list[Write] = []
    events: list[Event] = []
    if new or session.status is not SessionStatus.ENDED or ADMINISTRATIVE in session.flags:
        session = _stop(session, report, figured, now)
        writes.append(OpenSession(session) if new else SaveSession(session))
        if new:
            events.append(about("session.flagged", session, now, flags=session.flags))
        events.append(_ended(session))
    ref = report.transaction_ref
    writes.extend(_readings(key, session.evse_id, ref, session, figured, now))
    return Decision(StopAnswered(given), tuple(writes), tuple(events))


def _stopped_session(
    report: SessionStopped, key: StationKey, state: State, now: datetime
) -> tuple[Session, bool]:
    ref: str | None = report.transaction_ref
    if ref in NO_NUMBER:
        ref = None
        open_orphans = [
            orphan
            for orphan in state.orphans
            if orphan.transaction_ref is None
            and (orphan.status is not SessionStatus.ENDED or _same_stop(orphan, report))
        ]
        if open_orphans:
            return open_orphans[-1], False
    elif state.session is not None:
        return state.session, False
    at = min((reading.taken_at for reading in report.readings), default=report.at)
    return _orphan(key, state.session_id, ref, 0, min(at, report.at), now), True


def _same_stop(orphan: Session, report: SessionStopped) -> bool:
    """Whether that orphan was ended by this very stop, sent before."""
    return orphan.ended_at == report.at and orphan.meter_stop_wh == report.meter_wh


def _stop(
    session: Session,
    report: SessionStopped,
    figured: list[tuple[Reading, Figures]],
    now: datetime,
) -> Session:
    session = metered(session, [(reading.taken_at, found) for reading, found in figured])
    session = closed(session, report.at, report.meter_wh)
    flags = tuple(flag for flag in session.flags if flag not in (ADMINISTRATIVE, STOP_MISSING))
    if report.at < session.started_at or report.at > now + CLOCK_TOLERANCE:
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
