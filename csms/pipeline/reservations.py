"""Reservations, from the wish to the station and back.

A reservation is kept before its station is asked, under the number that the station will know it
by, so that nothing the station says of it finds it missing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

import attrs
from msgspec.structs import replace
from zope.interface import implementer

from csms.core import bearers
from csms.core.commands import Outcome
from csms.core.errors import Conflict, Invalid, Refusal
from csms.core.ids import new_id
from csms.core.pages import Page, Query
from csms.core.ports import IOperations, IOperationsBook, IStations, ITokens
from csms.core.ports.locallists import IListLimits
from csms.core.ports.reservations import IReservations, IReservationsBook
from csms.core.reservations.vocabulary import (
    CancelReservation,
    Reservation,
    ReservationStatus,
    ReserveNow,
)
from csms.core.values import Operation, OperationStatus, Station
from csms.pipeline.bearers import known_bearer

EXPIRY_MARGIN_S = 60.0
"""How long after its time a reservation ends by our clock, for the station's may be late."""
BATCH = 500


@implementer(IReservations)
@attrs.define(eq=False, kw_only=True)
class Reservations:
    """`IReservations` over the book and the operations; also the job that ends what is over.

    ``operations_book`` gives the numbers, which are unique over all stations.
    """

    book: IReservationsBook
    operations: IOperations
    operations_book: IOperationsBook
    stations: IStations
    tokens: ITokens
    limits: IListLimits
    now: Callable[[], datetime]

    async def make(
        self,
        identity: str,
        operator_id: int,
        wanted: ReserveNow,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> tuple[Reservation, Operation]:
        """See `IReservations`."""
        now = self.now()
        if wanted.expires_at <= now:
            raise Invalid("that time is over", field="expires_at")
        station = await self.stations.get(identity, operator_id)
        await self._check_any(station, wanted)
        named = await self._named(operator_id, wanted)
        number = await self.operations_book.number()
        reservation = Reservation(
            id=new_id(now),
            operator_id=operator_id,
            station_id=station.id,
            identity=station.identity,
            number=number,
            evse_id=wanted.evse_id,
            connector_type=wanted.connector_type,
            id_token=wanted.id_token,
            kind=named.kind,
            group_id=named.group_id,
            expires_at=wanted.expires_at,
            created_at=now,
            updated_at=now,
        )
        await self.book.add(reservation)
        try:
            operation = await self.operations.submit(
                identity,
                operator_id,
                replace(wanted, ref=number),
                requested_by=requested_by,
                queue=queue,
            )
        except Refusal:
            await self.book.forget(reservation.id)
            raise
        return await self.book.asked(reservation.id, operation), operation

    async def _check_any(self, station: Station, wanted: ReserveNow) -> None:
        """Not every station reserves without an EVSE (1.6 ReserveConnectorZeroSupported, 2.x
        NonEvseSpecific); one that does not say is asked."""
        if wanted.evse_id is None and await self.limits.reserves_any(station.id) is False:
            raise Conflict("the station reserves single EVSEs only", code="evse_needed")

    async def _named(self, operator_id: int, wanted: ReserveNow) -> ReserveNow:
        """With the kind and the group of a known token, as the operation has them."""
        token = await known_bearer(self.tokens, operator_id, wanted)
        return cast("ReserveNow", bearers.named(wanted, token))

    async def cancel(
        self,
        reservation_id: str,
        operator_id: int,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> tuple[Reservation, Operation | None]:
        """See `IReservations`."""
        reservation = await self.book.get(reservation_id, operator_id)
        if not reservation.status.live:
            raise Conflict(f"the reservation is {reservation.status}", code="reservation_over")
        if await self._withdrawn(reservation):
            withdrawn = await self.book.withdraw(reservation.id, self.now())
            if not withdrawn.status.live:
                return withdrawn, None
        operation = await self.operations.submit(
            reservation.identity,
            operator_id,
            CancelReservation(ref=reservation.number),
            requested_by=requested_by,
            queue=queue,
        )
        return await self.book.get(reservation.id, operator_id), operation

    async def _withdrawn(self, reservation: Reservation) -> bool:
        """Whether the request could be taken back before anybody sent it."""
        if reservation.status is not ReservationStatus.REQUESTED or not reservation.operation_id:
            return False
        operation = await self.operations_book.get(reservation.operation_id)
        if operation.status is not OperationStatus.QUEUED:
            return False
        taken_back = Outcome(status="expired", detail="the reservation was cancelled before")
        operation = await self.operations_book.settle(operation.id, taken_back, self.now())
        return operation.sent_at is None

    async def get(self, reservation_id: str, operator_id: int) -> Reservation:
        """See `IReservations`."""
        return await self.book.get(reservation_id, operator_id)

    async def list(self, query: Query, operator_id: int) -> Page[Reservation]:
        """See `IReservations`."""
        return await self.book.list(query, operator_id)

    async def expire(self) -> int:
        """The job: end what is over."""
        return await self.book.expire(self.now(), EXPIRY_MARGIN_S, BATCH)
