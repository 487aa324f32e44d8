"""The words of reservations."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from csms.core.commands import Command
from csms.core.decisions import Ask, Write
from csms.core.reports import Report


class ReservationStatus(StrEnum):
    """Life of a reservation."""

    REQUESTED = "requested"
    """The station has not answered yet."""
    UNCONFIRMED = "unconfirmed"
    """The station was asked and did not answer: it may hold it."""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    """By us."""
    REMOVED = "removed"
    """By the station."""

    @property
    def live(self) -> bool:
        """Whether the station holds it, or may."""
        return self in (
            ReservationStatus.REQUESTED,
            ReservationStatus.UNCONFIRMED,
            ReservationStatus.ACCEPTED,
        )


class Reservation(Struct, frozen=True, kw_only=True):
    """A reservation at a station."""

    id: str
    """UUID, time-ordered."""
    operator_id: int
    station_id: int
    identity: str
    number: int
    """The number by which station and server speak of it."""
    evse_id: int | None = None
    """None: any EVSE of the station, whichever is left."""
    connector_type: str | None = None
    """As OCPP 2.x names it; None: any."""
    id_token: str
    kind: str | None = None
    """OCPP 2.x IdTokenEnum text."""
    group_id: str | None = None
    expires_at: datetime
    status: ReservationStatus = ReservationStatus.REQUESTED
    reason: str | None = None
    """Why it is rejected, removed or unconfirmed: ``Occupied``, ``Faulted``, ``Unreachable`` ..."""
    session_id: str | None = None
    """The session that used it."""
    operation_id: str | None = None
    """The operation that asked for it."""
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    """When it stopped being live."""
    conflict_at: datetime | None = None
    """When somebody else last began to charge where it holds."""
    conflict_session_id: str | None = None
    """That session."""


class ReserveNow(Command, frozen=True, kw_only=True, tag="reserve"):
    """Keep an EVSE for a token (1.6 §5.13, 2.x H01).

    Without ``evse_id`` any that is free when the driver comes, of that ``connector_type`` if one
    is given.
    """

    id_token: str
    kind: str | None = None
    """None: Central, see `csms.core.bearers`."""
    group_id: str | None = None
    group_kind: str | None = None
    """None: Central."""
    evse_id: int | None = None
    connector_type: str | None = None
    expires_at: datetime
    ref: int | None = None


class CancelReservation(Command, frozen=True, kw_only=True, tag="cancel_reservation"):
    """Give a reservation up (1.6 §5.2, 2.x H02)."""

    ref: int
    """The reservation's number."""


class EndKind(StrEnum):
    """How a station says that a reservation ended."""

    EXPIRED = "expired"
    REMOVED = "removed"
    NO_TRANSACTION = "no_transaction"
    """It was used, yet nothing was charged (2.1)."""


class ReservationEnded(Report, frozen=True, kw_only=True):
    """ReservationStatusUpdate (2.x H04)."""

    number: int
    kind: EndKind


class ReservationsAsked(Ask, frozen=True, kw_only=True):
    """Reservations of the station: those of a number (the newest first), and those that are
    live if that is wanted.  Answered with each `Reservation` once."""

    number: int | None = None
    live: bool = False


class KeepReservation(Write, frozen=True):
    """A reservation as it now is, new or known."""

    reservation: Reservation
