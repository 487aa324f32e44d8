"""Reservations, as they are asked for and as time ends them; the ledger writes them too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import msgspec
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.pages import Page, Query
from csms.core.ports.reservations import IReservationsBook
from csms.core.reservations.listing import RESERVATIONS
from csms.core.reservations.rules import changed, event_of, unmade
from csms.core.reservations.vocabulary import (
    KeepReservation,
    Reservation,
    ReservationStatus,
)
from csms.core.values import Operation, OperationStatus
from csms.storage.lists import Source, page
from csms.storage.outbox import publish
from csms.storage.pool import Cursor, Pool
from csms.storage.reservations_ledger import KEEP_RESERVATIONS
from csms.storage.rows import uuid

_ROW = "(SELECT row_to_json(x)::text FROM (SELECT r.*, s.identity) x)"
_TABLES = "reservation r JOIN station s ON s.id = r.station_id"

RESERVATION_OF_ID = f"""
SELECT {_ROW} FROM {_TABLES}
WHERE r.id = %(id)s AND r.operator_id = coalesce(%(operator_id)s, r.operator_id)
"""

LOCKED = f"{RESERVATION_OF_ID} FOR UPDATE OF r"

# What is queued for later than the reservation's time would reserve nothing.
WAIT_NO_LONGER = """
UPDATE operation SET expires_at = least(expires_at, %s) WHERE id = %s AND status = 'queued'
"""

FORGET = "DELETE FROM reservation WHERE id = %s AND status = 'requested'"

# What somebody else is writing at that moment is left for the next time.
OVER = f"""
SELECT {_ROW} FROM {_TABLES}
WHERE r.status IN ('requested', 'unconfirmed', 'accepted')
  AND r.expires_at < %(now)s - make_interval(secs => %(margin_s)s)
ORDER BY r.expires_at LIMIT %(limit)s FOR UPDATE OF r SKIP LOCKED
"""

UNANSWERED = f"""
SELECT o.status, o.sent_at IS NOT NULL, {_ROW}
FROM {_TABLES} JOIN operation o ON o.id = r.operation_id
WHERE r.status = 'requested' AND o.status NOT IN ('queued', 'pending', 'accepted')
  AND o.settled_at < %(now)s - make_interval(secs => %(margin_s)s)
LIMIT %(limit)s FOR UPDATE OF r SKIP LOCKED
"""

PRUNE = """
DELETE FROM reservation WHERE id IN (
    SELECT id FROM reservation WHERE ended_at < %s LIMIT %s)
"""

LIST = Source(
    listing=RESERVATIONS,
    columns=_ROW,
    tables=_TABLES,
    filters={
        # Also those of a station of that identity that is no more.
        "station": "r.station_id IN (SELECT id FROM station WHERE identity = %s)",
        "status": "r.status = %s",
        "id_token": "upper(r.id_token) = upper(%s)",
        "evse_id": "r.evse_id = %s",
    },
    sorts={name: f"r.{name}" for name in RESERVATIONS.sorts},
    keys=("r.id",),
)

_reservation = msgspec.json.Decoder(Reservation).decode
_encode = msgspec.json.Encoder().encode

_NO_ANSWER = (OperationStatus.UNSUPPORTED, OperationStatus.UNREACHABLE, OperationStatus.EXPIRED)


def _unanswered(status: str, sent: bool, row: str) -> tuple[str, bool, Reservation]:
    return status, sent, _reservation(row)


@implementer(IReservationsBook)
@attrs.frozen
class PostgresReservations:
    """`IReservationsBook` in PostgreSQL."""

    _pool: Pool

    async def add(self, reservation: Reservation) -> None:
        """See `IReservationsBook`."""
        await self._pool.execute(KEEP_RESERVATIONS, _rows((reservation,)))

    async def asked(self, reservation_id: str, operation: Operation) -> Reservation:
        """See `IReservationsBook`."""

        async def work(cursor: Cursor) -> Reservation:
            found = await self._locked(cursor, reservation_id)
            asked = msgspec.structs.replace(found, operation_id=operation.id)
            requested = found.status is ReservationStatus.REQUESTED
            if requested and operation.status in _NO_ANSWER:
                at = operation.settled_at or operation.created_at
                sent = operation.sent_at is not None
                status, reason = unmade(operation.status, None, sent=sent)
                asked = changed(asked, status, at, reason=reason)
            elif requested:
                await cursor.execute(WAIT_NO_LONGER, (found.expires_at, operation.id))
            if asked != found:
                await _save(cursor, (asked,), tell=asked.status is not found.status)
            return asked

        return await self._pool.transaction(work)

    async def forget(self, reservation_id: str) -> None:
        """See `IReservationsBook`."""
        await self._pool.execute(FORGET, (reservation_id,))

    async def withdraw(self, reservation_id: str, at: datetime) -> Reservation:
        """See `IReservationsBook`."""

        async def work(cursor: Cursor) -> Reservation:
            found = await self._locked(cursor, reservation_id)
            if found.status is not ReservationStatus.REQUESTED:
                return found
            cancelled = changed(found, ReservationStatus.CANCELLED, at)
            await _save(cursor, (cancelled,))
            return cancelled

        return await self._pool.transaction(work)

    async def get(self, reservation_id: str, operator_id: int) -> Reservation:
        """See `IReservationsBook`."""
        found = None
        if (key := uuid(reservation_id)) is not None:
            asked = {"id": key, "operator_id": operator_id}
            found = await self._pool.maybe(RESERVATION_OF_ID, asked, _reservation)
        if found is None:
            raise NotFound("there is no such reservation")
        return found

    async def list(self, query: Query, operator_id: int) -> Page[Reservation]:
        """See `IReservationsBook`."""
        own = ("r.operator_id = %s", operator_id)
        return await page(self._pool, LIST, query, _reservation, own)

    async def expire(self, now: datetime, margin_s: float, limit: int) -> int:
        """See `IReservationsBook`."""
        params = {"now": now, "margin_s": margin_s, "limit": limit}

        async def work(cursor: Cursor) -> int:
            over = [
                changed(each, ReservationStatus.EXPIRED, now)
                for each in await cursor.many(OVER, params, _reservation)
            ]
            await _save(cursor, over)
            lost = []
            for settled, sent, each in await cursor.many(UNANSWERED, params, _unanswered):
                status, reason = unmade(settled, None, sent=sent)
                lost.append(changed(each, status, now, reason=reason))
            await _save(cursor, lost)
            return len(over) + len(lost)

        return await self._pool.transaction(work)

    async def prune(self, older_than: datetime, limit: int) -> int:
        """See `IReservationsBook`."""
        return await self._pool.execute(PRUNE, (older_than, limit))

    async def _locked(self, cursor: Cursor, reservation_id: str) -> Reservation:
        asked = {"id": reservation_id, "operator_id": None}
        return await cursor.one(LOCKED, asked, _reservation)


async def _save(cursor: Cursor, reservations: Sequence[Reservation], *, tell: bool = True) -> None:
    if not reservations:
        return
    await cursor.execute(KEEP_RESERVATIONS, _rows(reservations))
    if tell:
        await publish(cursor, [event_of(each) for each in reservations])


def _rows(reservations: Sequence[Reservation]) -> tuple[str]:
    return (_encode([KeepReservation(each) for each in reservations]).decode(),)
