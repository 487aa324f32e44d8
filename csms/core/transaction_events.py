"""What one event of a transaction (OCPP 2.x) makes of its session, tokens aside.

Each function here is given a session and an event that was not heard before, and changes nothing
when what the event says is known already.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from csms.core.figures import begin_of, end_of
from csms.core.flags import (
    ADMINISTRATIVE,
    ADOPTED,
    BACKWARDS,
    CLOCK,
    EVENTS_MISSING,
    MISNUMBERED,
    ORPHAN,
    START_UNKNOWN,
    STOP_MISSING,
    STOP_UNKNOWN,
    flagged,
    unflagged,
)
from csms.core.metering import began_at, closed, metered, without_jump
from csms.core.numbering import is_after_end, is_newer, missing, told
from csms.core.reports import Stage, TransactionTold
from csms.core.sessions import Timed, after_values, impossible
from csms.core.values import Numbering, Session, SessionStatus, StationKey

STATE = "charging_state"
OFFLINE = "offline"
"""A detail: something was told of it that happened while the station was offline."""
RESOLUTION = timedelta(microseconds=1)
"""Of times."""


def transaction_key(transaction_ref: str) -> str:
    """What the events of a transaction are known by."""
    return f"tx:{transaction_ref}"


def new_session(
    report: TransactionTold, key: StationKey, session_id: str, now: datetime
) -> Session:
    """The session of a transaction of which nothing is known yet, not even its start."""
    return Session(
        id=session_id,
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        evse_id=0,
        transaction_ref=report.transaction_ref,
        named_by_station=True,
        start_key=transaction_key(report.transaction_ref),
        started_at=report.at,
        numbering=Numbering(newest_at=report.at),
        flags=(ORPHAN, START_UNKNOWN),
        created_at=now,
        updated_at=now,
    )


def numbering_of(session: Session) -> Numbering:
    """What is known of the numbers of its events."""
    assert session.numbering is not None  # every session of a named transaction has it
    return session.numbering


def is_over(session: Session) -> bool:
    """Whether the station has ended it."""
    return session.status is SessionStatus.ENDED and ADMINISTRATIVE not in session.flags


def placed(session: Session, report: TransactionTold) -> Session:
    """The session at its EVSE, which may be told late; the first that was told is the one."""
    evse_id = session.evse_id or report.evse_id or 0
    connector_id = session.connector_id
    if report.connector_id and report.evse_id == evse_id:
        connector_id = report.connector_id
    if (evse_id, connector_id) == (session.evse_id, session.connector_id):
        return session
    return replace(session, evse_id=evse_id, connector_id=connector_id)


def begun(
    session: Session, report: TransactionTold, values: Sequence[Timed], *, new: bool
) -> Session:
    """The session with what the event tells of its begin: when, and at which register."""
    if START_UNKNOWN not in session.flags and ORPHAN not in session.flags:
        return session
    register = begin_of(values)
    if ORPHAN in session.flags:
        if report.stage is Stage.STARTED:
            flags = unflagged(session.flags, ORPHAN)
            flags = flags if new else flagged(flags, ADOPTED)
            session = replace(session, started_at=report.at, flags=flags)
            register = _first_of(values) if register is None else register
        else:
            began = min((session.started_at, report.at, *(at for at, _ in values)))
            session = replace(session, started_at=began)
    if register is not None and START_UNKNOWN in session.flags:
        session = began_at(session, register)
    return session


def measured(session: Session, report: TransactionTold, values: Sequence[Timed]) -> Session:
    """The session with what the readings of the event count.

    Those that come after the end, but were told before it, count as they would have in order:
    where the register of the stop is known, not beyond it, and as older than it whatever the
    station's clock said.
    """
    if not values or is_after_end(numbering_of(session), report):
        return session
    if not is_over(session):
        return after_values(session, values)
    stop = None if STOP_UNKNOWN in session.flags else session.meter_stop_wh
    flags = session.flags
    if stop is not None:
        # A stop of 1.6 is no reading, but it is as new as one.
        session = replace(session, last_reading_at=session.last_reading_at or session.ended_at)
        below = [each for each in values if (each[1].register_wh or 0.0) <= stop]
        if len(below) < len(values):
            flags = flagged(flags, BACKWARDS)
        before = (session.last_reading_at or report.at) - RESOLUTION
        values = [(min(at, before), found) for at, found in below]
    late = without_jump(metered(replace(session, flags=flags), values))
    if late == session:
        return session
    stop = late.meter_last_wh if stop is None else stop
    return replace(late, meter_stop_wh=stop, power_w=None)


def noted(session: Session, report: TransactionTold) -> Session:
    """The session with the state of charging and the details that the event tells, where no
    newer event told them."""
    numbering = numbering_of(session)
    details, state = session.details, session.charging_state
    newer = [name for name in report.details if is_newer(numbering, name, report)]
    if newer:
        details = {**details, **{name: report.details[name] for name in newer}}
    if report.charging_state is not None and is_newer(numbering, STATE, report):
        newer.append(STATE)
        state = report.charging_state
    if newer:
        numbering = told(numbering, report, *newer)
        session = replace(session, charging_state=state, details=details, numbering=numbering)
    if report.offline and OFFLINE not in session.details:
        session = replace(session, details={**session.details, OFFLINE: True})
    if session.reservation_ref is None and report.reservation_ref is not None:
        session = replace(session, reservation_ref=report.reservation_ref)
    return session


def ended(session: Session, report: TransactionTold, values: Sequence[Timed]) -> Session:
    """The session after the event that ends it; of two ends the first holds, but the register of
    the stop may be told by the second."""
    register = end_of(values)
    if not is_over(session):
        session = closed(session, report.at, register)
        return replace(
            session,
            status=SessionStatus.ENDED,
            ended_at=report.at,
            power_w=None,
            stop_reason=report.reason or "Local",
            flags=unflagged(session.flags, ADMINISTRATIVE, STOP_MISSING),
        )
    if register is not None and STOP_UNKNOWN in session.flags:
        flags = unflagged(session.flags, STOP_UNKNOWN)
        return closed(replace(session, flags=flags), report.at, register)
    return session


def checked(session: Session, report: TransactionTold, now: datetime) -> Session:
    """The session with the flags that depend on everything else."""
    flags = session.flags
    over = is_over(session)
    backwards = over and session.ended_at is not None and session.ended_at < session.started_at
    if report.told_at is not None or impossible(report.at, now) or backwards:
        flags = flagged(flags, CLOCK)
    numbering = numbering_of(session)
    if not numbering.trusted:
        flags = flagged(flags, MISNUMBERED)
    if over and missing(numbering):
        flags = flagged(flags, EVENTS_MISSING)
    elif EVENTS_MISSING in flags:
        flags = unflagged(flags, EVENTS_MISSING)
    return session if flags == session.flags else replace(session, flags=flags)


def _first_of(values: Sequence[Timed]) -> float | None:
    """The earliest register."""
    registers = [(at, found.register_wh) for at, found in values if found.register_wh is not None]
    return min(registers)[1] if registers else None
