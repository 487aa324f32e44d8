"""What becomes of reservations: what stations answer, and what they say of them later.

Note on numbers
---------------
Numbers that we give are never given twice.  Whoever writes the message himself may repeat one: a
reservation that is accepted under the number of one that is live replaces it (1.6 §5.13, 2.x
H01.FR.02), and both are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from csms.core.commands import Command
from csms.core.consequences import NO_CONSEQUENCE, Answered, Consequence, Consequences
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State
from csms.core.events import Event
from csms.core.reports import CommandAnswered
from csms.core.reservations.vocabulary import (
    CancelReservation,
    EndKind,
    KeepReservation,
    Reservation,
    ReservationEnded,
    ReservationsAsked,
    ReservationStatus,
    ReserveNow,
)
from csms.core.station import unasked
from csms.core.times import utc_text
from csms.core.values import StationKey

if TYPE_CHECKING:
    from csms.core.areas import Rules

REASONS: Mapping[str, str] = {
    "expired": "NoAnswer",
    "unreachable": "Unreachable",
    "unsupported": "Unsupported",
}
"""Why there is no reservation, by the status of the operation; else the station said why."""

_LOST = frozenset({"expired", "unreachable"})
"""How operations settle to which there is no answer."""
_OPEN = (ReservationStatus.REQUESTED, ReservationStatus.UNCONFIRMED)
"""Those of which the station has said nothing yet."""

UNKNOWN = "Unknown"
"""The station did not know the reservation that it was to cancel."""
REPLACED = "Replaced"

_ENDS: Mapping[EndKind, tuple[ReservationStatus, str | None]] = {
    EndKind.EXPIRED: (ReservationStatus.EXPIRED, None),
    EndKind.REMOVED: (ReservationStatus.REMOVED, None),
    EndKind.NO_TRANSACTION: (ReservationStatus.REMOVED, "NoTransaction"),
}


def changed(
    before: Reservation, status: ReservationStatus, now: datetime, **more: object
) -> Reservation:
    """The reservation in another status."""
    ended = None if status.live else now
    return replace(before, status=status, updated_at=now, ended_at=ended, **more)


def event_of(reservation: Reservation) -> Event:
    """The fact that a reservation came into its status."""
    return Event(
        kind=f"reservation.{reservation.status}",
        operator_id=reservation.operator_id,
        station_id=reservation.station_id,
        identity=reservation.identity,
        at=reservation.updated_at,
        session_id=reservation.session_id,
        data=facts(reservation),
    )


def facts(reservation: Reservation) -> dict[str, object]:
    """What an event tells of a reservation."""
    return {
        "reservation_id": reservation.id,
        "number": reservation.number,
        "evse_id": reservation.evse_id,
        "id_token": reservation.id_token,
        "expires_at": utc_text(reservation.expires_at),
        "reason": reservation.reason,
    }


def kept(
    reservations: Iterable[Reservation],
) -> tuple[tuple[KeepReservation, ...], tuple[Event, ...]]:
    """What keeps reservations that came into a status, and tells of it."""
    reservations = tuple(reservations)
    return tuple(map(KeepReservation, reservations)), tuple(map(event_of, reservations))


def asked_by_command(report: CommandAnswered) -> Question:
    """The reservations of the command's number."""
    return Question(more=(ReservationsAsked(number=report.command.ref),))  # type: ignore[attr-defined]  # both commands have it


def reserved(answered: Answered, state: State, now: datetime) -> Consequence:
    """The answer to ReserveNow, at whatever time it comes."""
    command: ReserveNow = answered.command
    known: tuple[Reservation, ...] = state.answers(ReservationsAsked)
    mine = _asked_for(known, answered.operation.id)
    if not answered.accepted:
        return _not_accepted(mine, answered, now)
    if mine is None:
        mine = _written(command, answered, now)
    elif mine.status not in (*_OPEN, ReservationStatus.REJECTED):
        return NO_CONSEQUENCE  # known, and perhaps over already
    accepted = changed(
        mine,
        ReservationStatus.ACCEPTED,
        now,
        reason=None,
        operation_id=answered.operation.id,
    )
    replaced = (
        changed(other, ReservationStatus.REMOVED, now, reason=REPLACED)
        for other in known
        if other.status.live and other.id != mine.id
    )
    return Consequence(*kept((*replaced, accepted)))


def _not_accepted(mine: Reservation | None, answered: Answered, now: datetime) -> Consequence:
    """The station refused, or it did not answer: then it may hold the reservation all the same,
    also one that somebody wrote himself."""
    status, reason = unmade(
        answered.outcome.status,
        answered.outcome.found,
        sent=answered.operation.sent_at is not None,
    )
    if mine is None:
        if status is ReservationStatus.REJECTED:
            return NO_CONSEQUENCE
        mine = _written(answered.command, answered, now)
    elif mine.status not in _OPEN or mine.status is status:
        return NO_CONSEQUENCE
    told = changed(
        mine,
        status,
        now,
        reason=reason,
        operation_id=answered.operation.id,
    )
    return Consequence(*kept((told,)))


def unmade(status: str, found: object, *, sent: bool) -> tuple[ReservationStatus, str]:
    """What a reservation is, and why, after an operation that settled in such a ``status`` and not
    accepted; ``found`` is the word of the station's answer.

    Nobody knows what became of what was ``sent`` and never answered.
    """
    if status in _LOST:
        if sent:
            return ReservationStatus.UNCONFIRMED, REASONS[status]
        return ReservationStatus.REJECTED, REASONS["unreachable"]
    word = found if isinstance(found, str) and found else "Rejected"
    return ReservationStatus.REJECTED, REASONS.get(status, word)


def _asked_for(known: Iterable[Reservation], operation_id: str) -> Reservation | None:
    """The reservation that an operation asked for; one that does not say which is waiting."""
    for each in known:
        waiting = each.operation_id is None and each.status is ReservationStatus.REQUESTED
        if waiting or each.operation_id == operation_id:
            return each
    return None


def _written(command: ReserveNow, answered: Answered, now: datetime) -> Reservation:
    """Of a message that somebody wrote himself."""
    assert command.ref is not None  # every one that was sent has it
    return Reservation(
        id=answered.operation.id,
        operator_id=answered.key.operator_id,
        station_id=answered.key.id,
        identity=answered.key.identity,
        number=command.ref,
        evse_id=command.evse_id,
        connector_type=command.connector_type,
        id_token=command.id_token,
        kind=command.kind,
        group_id=command.group_id,
        expires_at=command.expires_at,
        created_at=now,
        updated_at=now,
    )


def cancelled(answered: Answered, state: State, now: datetime) -> Consequence:
    """The answer to CancelReservation; a station that rejects it does not have it."""
    if answered.accepted:
        status, reason = ReservationStatus.CANCELLED, None
    elif answered.outcome.found == "Rejected":
        status, reason = ReservationStatus.REMOVED, UNKNOWN
    else:
        return NO_CONSEQUENCE
    return Consequence(*kept(_ended(state, status, now, reason)))


def ended_asked(report: ReservationEnded) -> Question:
    """The reservations of its number."""
    return Question(more=(ReservationsAsked(number=report.number),))


def ended(
    report: ReservationEnded, _key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """ReservationStatusUpdate (2.x H04); of one that is unknown or over there is nothing to do."""
    status, reason = _ENDS[report.kind]
    over = _ended(state, status, now, reason)
    odd = () if state.answers(ReservationsAsked) else unasked(report.number)
    return Decision(ACKNOWLEDGED, *kept(over), oddities=odd)


def _ended(
    state: State, status: ReservationStatus, now: datetime, reason: str | None
) -> list[Reservation]:
    return [
        changed(each, status, now, reason=reason)
        for each in state.answers(ReservationsAsked)
        if each.status.live
    ]


RULES: Rules = {ReservationEnded: (ended_asked, ended)}

CONSEQUENCES: Consequences = {
    ReserveNow: (asked_by_command, reserved),
    CancelReservation: (asked_by_command, cancelled),
}

COMMANDS: Sequence[type[Command]] = (ReserveNow, CancelReservation)
