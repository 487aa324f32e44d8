"""Reservations: made, cancelled, kept."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime

from zope.interface import Interface

from csms.core.pages import Page, Query
from csms.core.reservations.vocabulary import Reservation, ReserveNow
from csms.core.values import Operation


class IReservations(Interface):
    """Reservations at stations; `IReservationsBook` keeps what this does."""

    def make(
        identity: str,
        operator_id: int,
        wanted: ReserveNow,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[tuple[Reservation, Operation]]:
        """Reserve; the reservation as it stands now, and the operation that asks for it.

        It is ``requested`` as long as the station may answer, ``unconfirmed`` when it did not, and
        ``rejected`` when it is not connected (unless ``queue``).  Raises
        `Invalid` (the time is over, or the payload breaks the station's schema), `NotFound` and
        `Conflict` as `IOperations.submit` does.
        """

    def cancel(
        reservation_id: str,
        operator_id: int,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[tuple[Reservation, Operation | None]]:
        """Cancel; the reservation as it stands now, and the operation that asks the station, if
        it had to be asked.  Raises `NotFound`, and `Conflict` (``reservation_over``)."""

    def get(reservation_id: str, operator_id: int) -> Awaitable[Reservation]:
        """Raises `NotFound`."""

    def list(query: Query, operator_id: int) -> Awaitable[Page[Reservation]]:
        """Filters: station (identity), status, id_token, evse_id.  Newest first unless sorted."""


class IReservationsBook(Interface):
    """Where reservations are kept; what changes one publishes its event in the same transaction.

    The intake writes them too, see `csms.core.reservations.rules`.
    """

    def add(reservation: Reservation) -> Awaitable[None]:
        """Keep a new one."""

    def asked(reservation_id: str, operation: Operation) -> Awaitable[Reservation]:
        """That operation asks for it.  One that is settled without an answer of the station
        leaves a ``requested`` reservation ``rejected``, or ``unconfirmed`` if it was sent; one that
        is queued waits no longer than the reservation holds.  The reservation as it now is."""

    def forget(reservation_id: str) -> Awaitable[None]:
        """It was never asked for."""

    def withdraw(reservation_id: str, at: datetime) -> Awaitable[Reservation]:
        """Cancel one that was never sent; one that is not ``requested`` stays as it is."""

    def get(reservation_id: str, operator_id: int) -> Awaitable[Reservation]:
        """Raises `NotFound`, also for an id that is no UUID."""

    def list(query: Query, operator_id: int) -> Awaitable[Page[Reservation]]:
        """See `IReservations.list`."""

    def expire(now: datetime, margin_s: float, limit: int) -> Awaitable[int]:
        """End live ones whose time was over so long ago, and ``requested`` ones whose operation
        settled so long ago without an answer; how many."""

    def prune(older_than: datetime, limit: int) -> Awaitable[int]:
        """Delete up to so many that ended before; how many."""
