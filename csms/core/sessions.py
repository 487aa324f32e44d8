"""What all rules of charging sessions share, whatever version brought the message.

A session is told of by a start, meter values and a stop (OCPP 1.6: `csms.core.starts`,
`csms.core.meters`, `csms.core.stops`) or by the events of a transaction (2.x:
`csms.core.transactions`).  What belongs to no session we know is for `csms.core.orphans`, what
a register says for `csms.core.metering`.

Note on lost stops
------------------
A new start on an EVSE whose session is still open means that the stop was lost.  The new one
is never refused.  The old session stays open as ``suspect``; values that name it still count, a
stop that comes after all still settles it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from csms.core.authorization import is_master_pass, known, limit_of
from csms.core.decisions import AddReading, Policy, State, folded
from csms.core.events import Event
from csms.core.figures import Figures, fingerprint
from csms.core.flags import ADMINISTRATIVE, STOP_MISSING, flagged
from csms.core.metering import metered
from csms.core.values import Reading, Session, SessionStatus, StationKey

HISTORICAL = timedelta(minutes=5)
"""A start older than this was made while the station was offline: it is not held against what
is running now, nor taken for the result of what was asked for since."""

AHEAD = timedelta(hours=24)
BEHIND = timedelta(days=30)
"""How far from ours a station's time may be before it is flagged; what waits in the queue of a
station that is offline may be old."""

Figured = tuple[Reading, Figures]
"""A reading and what it says."""
Timed = tuple[datetime, Figures]
"""What a reading says, and when it was taken."""


def impossible(at: datetime, now: datetime) -> bool:
    """Whether a station's time cannot be right."""
    return not now - BEHIND <= at <= now + AHEAD


# -- events --------------------------------------------------------------------------------


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


def started_event(session: Session) -> Event:
    """A session has begun."""
    return about(
        "session.started",
        session,
        session.started_at,
        id_token=session.id_token,
        authorization=session.authorization,
        meter_start_wh=session.meter_start_wh,
        operation_id=session.operation_id,
    )


def meter_event(session: Session, now: datetime) -> Event:
    """Energy, power or state of charge of a session have changed."""
    return about(
        "session.meter",
        session,
        session.last_reading_at or now,
        energy_wh=session.energy_wh,
        power_w=session.power_w,
        soc_percent=session.soc_percent,
    )


def ended_event(session: Session) -> Event:
    """A session has ended, or what is known of its end has changed."""
    return about(
        "session.ended",
        session,
        session.ended_at or session.updated_at,
        energy_wh=session.energy_wh,
        meter_stop_wh=session.meter_stop_wh,
        reason=session.stop_reason,
        flags=session.flags,
    )


def flagged_event(session: Session, now: datetime) -> Event:
    """Something about a session is odd, or no longer."""
    return about("session.flagged", session, now, flags=session.flags)


# -- who may -------------------------------------------------------------------------------


def turn_of(
    id_token: str | None, key: StationKey, state: State, policy: Policy
) -> tuple[int, str] | None:
    """Live starts of a token whose sessions are limited must see each other."""
    if id_token is None or not limit_of(known(state.tokens, id_token), policy):
        return None
    return key.operator_id, folded(id_token)


def may_stop(session: Session, id_token: str | None, group_id: str | None, policy: Policy) -> bool:
    """Whether a token (of a group) may stop a session: the one that started it, another of its
    group (OCPP 1.6 errata 3.10: the group's id is not itself a token to compare with), or a
    master pass (2.x C16).  True where one of the two is not known."""
    if id_token is None or session.id_token is None or is_master_pass(group_id, policy):
        return True
    if folded(id_token) == folded(session.id_token):
        return True
    groups = session.group_id, group_id
    return None not in groups and folded(groups[0] or "") == folded(groups[1] or "")


# -- sessions on one EVSE --------------------------------------------------------------------


def began(session: Session) -> datetime:
    """When it began, to sort by."""
    return session.started_at


def began_later(other: Session, at: datetime, now: datetime) -> bool:
    """Whether another session is newer than a start at ``at``, which was late; one whose clock
    cannot be right is not."""
    return at < other.started_at <= now + AHEAD


def suspect(session: Session, now: datetime) -> Session:
    """An open session whose EVSE has a newer one."""
    return replace(
        session,
        status=SessionStatus.SUSPECT,
        flags=flagged(session.flags, STOP_MISSING),
        updated_at=now,
    )


# -- readings --------------------------------------------------------------------------------


def timed(figured: Iterable[Figured]) -> list[Timed]:
    """What readings say, without them."""
    return [(reading.taken_at, found) for reading, found in figured]


def after_values(session: Session, values: Iterable[Timed]) -> Session:
    """The session with what the readings count; one that its station has stopped stays as it
    is."""
    ended = session.status is SessionStatus.ENDED
    if ended and ADMINISTRATIVE not in session.flags:
        return session
    counted = metered(session, values)
    if not ended or counted == session:
        return counted
    return replace(
        counted,
        ended_at=max(filter(None, (session.ended_at, counted.last_reading_at))),
        meter_stop_wh=counted.meter_last_wh,
        power_w=None,
    )


def reading_writes(
    write: type[AddReading],
    key: StationKey,
    evse_id: int,
    session: Session | None,
    figured: Iterable[Figured],
    now: datetime,
) -> list[AddReading]:
    """What keeps readings that were told of ``evse_id`` (0: of none), in a session or in none."""
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
