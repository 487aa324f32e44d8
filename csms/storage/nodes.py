"""Nodes: processes that hold stations, and what is to be delivered through them.

Whether a node is alive goes by the database's clock, since nodes may disagree about the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
from zope.interface import implementer

from csms.core.events import Event
from csms.core.ports import INodes, Waiting
from csms.storage.outbox import publish
from csms.storage.pool import Cursor, Pool

LOST = "node lost"
RESTARTED = "node restarted"

_BEGIN = """
INSERT INTO node (name, started_at, seen_at) VALUES (%s, now(), now())
ON CONFLICT (name) DO UPDATE SET started_at = now(), seen_at = now()
"""

_LEFT_BEHIND = """
UPDATE connection c SET disconnected_at = now(), close_reason = %(reason)s
FROM station s
WHERE s.id = c.station_id AND c.node = %(node)s AND c.disconnected_at IS NULL
RETURNING c.operator_id, c.station_id, s.identity, c.disconnected_at, c.epoch, c.close_reason
"""

_RENEW = """
WITH before AS (SELECT seen_at FROM node WHERE name = %(node)s),
     renewed AS (
        INSERT INTO node (name, started_at, seen_at) VALUES (%(node)s, now(), now())
        ON CONFLICT (name) DO UPDATE SET seen_at = now() RETURNING seen_at)
SELECT coalesce(extract(epoch FROM renewed.seen_at - before.seen_at), 0)::float8
FROM renewed LEFT JOIN before ON true
"""

_LOST = "SELECT station_id FROM connection WHERE node = %s AND close_reason = %s"

_RECLAIM = """
UPDATE connection c SET disconnected_at = NULL, close_reason = NULL, offline_at = NULL
FROM station s
WHERE s.id = c.station_id AND c.node = %s AND c.close_reason = %s AND c.station_id = ANY(%s)
RETURNING c.operator_id, c.station_id, s.identity, now(), c.epoch, c.node, c.peer, c.ocpp_version
"""

_AWAITING = """
SELECT o.station_id,
       bool_or(s.registration = 'accepted' AND (
           coalesce(s.booted_at >= c.connected_at, false)
           OR c.connected_at < %(now)s - make_interval(secs => %(settling_s)s))) AS ready
FROM operation o
JOIN connection c ON c.station_id = o.station_id
JOIN station s ON s.id = o.station_id
WHERE o.status IN ('queued', 'pending') AND o.sent_at IS NULL
  AND c.node = %(node)s AND c.disconnected_at IS NULL
GROUP BY o.station_id
"""


def disconnected(
    operator_id: int, station_id: int, identity: str, at: datetime, epoch: int, reason: str
) -> Event:
    """The event of a connection that the server gave up."""
    return Event(
        kind="station.disconnected",
        operator_id=operator_id,
        station_id=station_id,
        identity=identity,
        at=at,
        data={"epoch": epoch, "reason": reason},
    )


def _connected(
    operator_id: int,
    station_id: int,
    identity: str,
    at: datetime,
    epoch: int,
    node: str,
    peer: str,
    ocpp_version: str,
) -> Event:
    return Event(
        kind="station.connected",
        operator_id=operator_id,
        station_id=station_id,
        identity=identity,
        at=at,
        data={"epoch": epoch, "node": node, "peer": peer, "ocpp_version": ocpp_version},
    )


def _number(number: int) -> int:
    return number


@implementer(INodes)
@attrs.frozen
class PostgresNodes:
    """`INodes` in the database."""

    _pool: Pool

    async def begin(self, name: str) -> int:
        """See `INodes`."""

        async def work(cursor: Cursor) -> int:
            await cursor.execute(_BEGIN, (name,))
            events = await cursor.many(
                _LEFT_BEHIND, {"node": name, "reason": RESTARTED}, disconnected
            )
            await publish(cursor, events)
            return len(events)

        return await self._pool.transaction(work)

    async def renew(self, name: str) -> float:
        """See `INodes`."""
        return await self._pool.one(_RENEW, {"node": name}, float)

    async def lost(self, name: str) -> Sequence[int]:
        """See `INodes`."""
        return await self._pool.many(_LOST, (name, LOST), _number)

    async def reclaim(self, name: str, station_ids: Sequence[int]) -> int:
        """See `INodes`."""

        async def work(cursor: Cursor) -> int:
            events = await cursor.many(_RECLAIM, (name, LOST, list(station_ids)), _connected)
            await publish(cursor, events)
            return len(events)

        return await self._pool.transaction(work)

    async def awaiting(self, name: str, now: datetime, settling_s: float) -> Sequence[Waiting]:
        """See `INodes`."""
        params = {"node": name, "now": now, "settling_s": settling_s}
        return await self._pool.many(_AWAITING, params, Waiting)
