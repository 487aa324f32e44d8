"""Reservations in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.events import Event
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports import IOperationsBook
from csms.core.ports.reservations import IReservationsBook
from csms.core.reservations.listing import RESERVATIONS
from csms.core.reservations.rules import changed, event_of, unmade
from csms.core.reservations.vocabulary import (
    KeepReservation,
    Reservation,
    ReservationsAsked,
    ReservationStatus,
)
from csms.core.values import Operation, OperationStatus, StationKey
from csms.testing.ledger import MemoryBook

_NO_ANSWER = (OperationStatus.UNSUPPORTED, OperationStatus.UNREACHABLE, OperationStatus.EXPIRED)


def _station(reservation: Reservation, value: object) -> bool:
    return reservation.identity == value


def _token(reservation: Reservation, value: object) -> bool:
    return reservation.id_token.upper() == str(value).upper()


@implementer(IReservationsBook)
@attrs.define
class MemoryReservations:
    """`IReservationsBook` over a dictionary; seeded through the port itself.

    ``published`` holds the events.
    """

    operations: IOperationsBook
    kept: dict[str, Reservation] = attrs.field(factory=dict, init=False)
    published: list[Event] = attrs.field(factory=list, init=False)

    async def add(self, reservation: Reservation) -> None:
        """See `IReservationsBook`."""
        self.kept[reservation.id] = reservation

    async def asked(self, reservation_id: str, operation: Operation) -> Reservation:
        """See `IReservationsBook`."""
        found = replace(self.kept[reservation_id], operation_id=operation.id)
        self.kept[found.id] = found
        requested = found.status is ReservationStatus.REQUESTED
        if not requested or operation.status not in _NO_ANSWER:
            return found
        at = operation.settled_at or operation.created_at
        sent = operation.sent_at is not None
        status, reason = unmade(operation.status, None, sent=sent)
        return self._keep(changed(found, status, at, reason=reason))

    async def forget(self, reservation_id: str) -> None:
        """See `IReservationsBook`."""
        del self.kept[reservation_id]

    async def withdraw(self, reservation_id: str, at: datetime) -> Reservation:
        """See `IReservationsBook`."""
        found = self.kept[reservation_id]
        if found.status is not ReservationStatus.REQUESTED:
            return found
        return self._keep(changed(found, ReservationStatus.CANCELLED, at))

    async def get(self, reservation_id: str, operator_id: int) -> Reservation:
        """See `IReservationsBook`."""
        found = self.kept.get(reservation_id.lower())
        if found is None or found.operator_id != operator_id:
            raise NotFound("there is no such reservation")
        return found

    async def list(self, query: Query, operator_id: int) -> Page[Reservation]:
        """See `IReservationsBook`."""
        return page(
            RESERVATIONS,
            query,
            [each for each in self.kept.values() if each.operator_id == operator_id],
            key=lambda each: (each.id,),
            tests={"station": _station, "id_token": _token},
        )

    async def expire(self, now: datetime, margin_s: float, limit: int) -> int:
        """See `IReservationsBook`."""
        since = now - timedelta(seconds=margin_s)
        done = 0
        for each in tuple(self.kept.values())[:limit]:
            if each.status.live and each.expires_at < since:
                self._keep(changed(each, ReservationStatus.EXPIRED, now))
            elif (unanswered := await self._unanswered(each, since)) is not None:
                status, reason = unanswered
                self._keep(changed(each, status, now, reason=reason))
            else:
                continue
            done += 1
        return done

    async def prune(self, older_than: datetime, limit: int) -> int:
        """See `IReservationsBook`."""
        old = [
            each.id
            for each in self.kept.values()
            if each.ended_at is not None and each.ended_at < older_than
        ][:limit]
        for name in old:
            del self.kept[name]
        return len(old)

    async def _unanswered(
        self, reservation: Reservation, since: datetime
    ) -> tuple[ReservationStatus, str] | None:
        if reservation.status is not ReservationStatus.REQUESTED or not reservation.operation_id:
            return None
        operation = await self.operations.get(reservation.operation_id)
        at = operation.settled_at
        if at is None or at >= since or operation.status is OperationStatus.ACCEPTED:
            return None
        return unmade(operation.status, None, sent=operation.sent_at is not None)

    def _keep(self, reservation: Reservation) -> Reservation:
        self.kept[reservation.id] = reservation
        self.published.append(event_of(reservation))
        return reservation


def kept_in(book: MemoryBook, *seeds: Reservation) -> Callable[[], list[Reservation]]:
    """Let a memory book know reservations, and keep what is decided of them; what it has."""

    def latest() -> list[Reservation]:
        writes = [each.reservation for each in book.kept if isinstance(each, KeepReservation)]
        return list({each.id: each for each in (*seeds, *writes)}.values())

    def answer(key: StationKey, ask: ReservationsAsked) -> tuple[Reservation, ...]:
        return tuple(
            each
            for each in latest()
            if each.station_id == key.id
            and (each.number == ask.number or (ask.live and each.status.live))
        )

    book.answers[ReservationsAsked] = answer
    return latest
