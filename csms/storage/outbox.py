"""The outbox: events written with the facts they tell of, and read in one order.

Note: the order, and why the newest rows are not read at once.  A row bears the id of its
transaction, but transactions do not end in the order of their ids, nor are sequence numbers
given in the order of commits: a reader that went by either alone would step over a row that
appears later in between.  So rows are read only below the oldest transaction still under way
(``pg_snapshot_xmin``): of those below, none can appear any more.  Any transaction that has
written something and stays open therefore holds all readers back, which is why nothing here
or elsewhere waits for anybody within a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

import attrs
import msgspec
from zope.interface import implementer

from csms.core.events import FREQUENT, Event
from csms.core.ports import IOutboxLog, Position
from csms.storage.pool import Cursor, Pool

APPEND = "INSERT INTO outbox (events, frequent) VALUES (%s, %s)"
"""Publishes a JSON array of events, as part of the transaction that makes them true; whether they
are all of kinds that come thick and fast."""

EVENTS_PER_ROW = 400
"""So that a reader, who takes whole rows, never has to take very much at once."""

_POSITION_OF = """
WITH new AS (
    INSERT INTO subscriber (name) VALUES (%(name)s) ON CONFLICT DO NOTHING RETURNING xid, seq
)
SELECT xid::text, seq FROM new
UNION ALL SELECT xid::text, seq FROM subscriber WHERE name = %(name)s
LIMIT 1
"""

_ROWS_AFTER = """
SELECT xid::text, seq, events FROM outbox
WHERE (xid, seq) > (%s::text::xid8, %s) AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY outbox.xid, outbox.seq LIMIT %s
"""
_RARE_ROWS_AFTER = _ROWS_AFTER.replace("WHERE", "WHERE NOT frequent AND")

_MOVE_ON = """
UPDATE subscriber SET xid = %s::text::xid8, seq = %s
WHERE name = %s AND xid = %s::text::xid8 AND seq = %s
"""

_DELETE_TAKEN = """
DELETE FROM outbox WHERE (xid, seq) IN (
    SELECT o.xid, o.seq FROM outbox o
    WHERE o.at < %s AND o.xid < pg_snapshot_xmin(pg_current_snapshot())
      AND NOT EXISTS (SELECT FROM subscriber s WHERE (s.xid, s.seq) < (o.xid, o.seq))
    ORDER BY o.xid, o.seq LIMIT %s
)
"""

_encode = msgspec.json.Encoder().encode


async def publish(cursor: Cursor, events: Sequence[Event]) -> None:
    """Append events as part of the transaction."""
    rest = iter(events)
    while chunk := list(islice(rest, EVENTS_PER_ROW)):
        frequent = all(event.kind in FREQUENT for event in chunk)
        await cursor.execute(APPEND, (_encode(chunk).decode(), frequent))


def _position(xid: str, seq: int) -> Position:
    return Position(int(xid), seq)


def _row(xid: str, seq: int, events: str) -> tuple[Position, str]:
    return Position(int(xid), seq), events


@implementer(IOutboxLog)
@attrs.frozen
class PostgresOutbox:
    """`IOutboxLog` in the database."""

    _pool: Pool

    async def position(self, name: str) -> Position:
        """See `IOutboxLog`."""
        return await self._pool.one(_POSITION_OF, {"name": name}, _position)

    async def read(
        self, after: Position, limit: int, *, frequent: bool = True
    ) -> Sequence[tuple[Position, str]]:
        """See `IOutboxLog`."""
        rows = _ROWS_AFTER if frequent else _RARE_ROWS_AFTER
        return await self._pool.many(rows, (after.xid, after.seq, limit), _row)

    async def advance(self, name: str, before: Position, after: Position) -> bool:
        """See `IOutboxLog`."""
        params = (after.xid, after.seq, name, before.xid, before.seq)
        return await self._pool.execute(_MOVE_ON, params) == 1

    async def prune(self, older_than: datetime, limit: int) -> int:
        """See `IOutboxLog`."""
        return await self._pool.execute(_DELETE_TAKEN, (older_than, limit))
