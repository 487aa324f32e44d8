"""Shapes of reservations."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from csms.api.command_shapes import Queue, Queued, TokenKind
from csms.api.operations import OperationView
from csms.api.shapes import (
    EvseId,
    Identity,
    IdToken,
    Moment,
    Shape,
    Time,
    View,
    told,
    told_if,
)
from csms.core.reservations.vocabulary import Reservation, ReservationStatus


class ReservationRequest(Queued, frozen=True, kw_only=True):
    """Keep an EVSE for a token; without `evse_id` any of the station, of that type if given."""

    station: Identity
    id_token: IdToken
    kind: TokenKind | None = None
    group_id: (
        Annotated[
            IdToken,
            Meta(
                description="Group (parentIdTag) whose members may use it, too; unless given that "
                "of the token in the list."
            ),
        ]
        | None
    ) = None
    evse_id: EvseId | None = None
    connector_type: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=20,
                description="As OCPP 2.x names it (`cCCS2` ...); not in OCPP 1.6.",
            ),
        ]
        | None
    ) = None
    expires_at: Moment


class CancelQuery(Shape, frozen=True, kw_only=True):
    """How to cancel."""

    queue: Queue = False


class ConflictView(View, frozen=True, kw_only=True):
    """Somebody charged where it was reserved for another."""

    at: Time
    session_id: str | None


class ReservationView(View, frozen=True, kw_only=True):
    """A reservation."""

    id: str
    station: str
    number: Annotated[int, Meta(description="By which station and server speak of it.")]
    evse_id: int | None
    connector_type: str | None
    id_token: str
    kind: str | None
    group_id: str | None
    expires_at: Time
    status: Annotated[
        ReservationStatus,
        Meta(
            description="`requested` until the station answers, `unconfirmed` when it did not and "
            "may hold it all the same; `accepted`; then `used`, "
            "`expired`, `cancelled` (by us) or `removed` (by the station); or `rejected`."
        ),
    ]
    reason: (
        Annotated[
            str,
            Meta(
                description="Why it is rejected, removed or unconfirmed: `Occupied`, `Faulted` ..."
            ),
        ]
        | None
    )
    session_id: Annotated[str, Meta(description="The session that used it.")] | None
    operation_id: Annotated[str, Meta(description="The operation that asked for it.")] | None
    conflict: (
        Annotated[
            ConflictView,
            Meta(
                description="The last time that somebody else began to charge at the reserved EVSE;"
                " the reservation stays."
            ),
        ]
        | None
    )
    created_at: Time
    updated_at: Time
    ended_at: Time | None


class ReservationAnswer(View, frozen=True, kw_only=True):
    """A reservation as it stands now, and what the station was asked."""

    reservation: ReservationView
    operation: (
        Annotated[
            OperationView,
            Meta(description="Null when the station did not have to be asked."),
        ]
        | None
    )


def reservation_view(reservation: Reservation) -> ReservationView:
    """A reservation as the API tells it."""
    return ReservationView(
        id=reservation.id,
        station=reservation.identity,
        number=reservation.number,
        evse_id=reservation.evse_id,
        connector_type=reservation.connector_type,
        id_token=reservation.id_token,
        kind=reservation.kind,
        group_id=reservation.group_id,
        expires_at=told(reservation.expires_at),
        status=reservation.status,
        reason=reservation.reason,
        session_id=reservation.session_id,
        operation_id=reservation.operation_id,
        conflict=None
        if reservation.conflict_at is None
        else ConflictView(
            at=told(reservation.conflict_at), session_id=reservation.conflict_session_id
        ),
        created_at=told(reservation.created_at),
        updated_at=told(reservation.updated_at),
        ended_at=told_if(reservation.ended_at),
    )
