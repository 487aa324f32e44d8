"""Who is connected, and who was turned away."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.listings import CONNECTIONS, REFUSED
from csms.core.pages import Page, Query
from csms.core.ports import IConnections
from csms.core.values import Connection, RefusedAttempt
from csms.storage.lists import Source, page
from csms.storage.pool import Pool
from csms.storage.rows import storable

_FIELDS = (
    "station_id",
    "operator_id",
    "identity",
    "epoch",
    "node",
    "peer",
    "ocpp_version",
    "connected_at",
    "last_seen_at",
    "disconnected_at",
    "close_reason",
)
_REFUSED_FIELDS = ("identity", "reason", "peer", "detail", "attempts", "first_at", "last_at")

_EXPRESSIONS = {name: f"c.{name}" for name in _FIELDS} | {"identity": "s.identity"}
_COLUMNS = ", ".join(_EXPRESSIONS.values())
_TABLES = "connection c JOIN station s ON s.id = c.station_id"
_LIVE = "c.disconnected_at IS NULL AND s.deleted_at IS NULL"

CONNECTION_OF_STATION = f"""
SELECT {_COLUMNS} FROM {_TABLES}
WHERE lower(s.identity) = lower(%(identity)s) AND s.identity = %(identity)s AND {_LIVE}
  AND c.operator_id = coalesce(%(operator_id)s, c.operator_id)
"""

FORGET_REFUSED = "DELETE FROM refused_attempt WHERE identity = %s"

LIST = Source(
    listing=CONNECTIONS,
    columns=_COLUMNS,
    tables=_TABLES,
    where=_LIVE,
    filters={
        "node": "c.node = %s",
        "ocpp_version": "c.ocpp_version = %s",
        "identity": "starts_with(s.identity, %s)",
    },
    sorts={name: _EXPRESSIONS[name] for name in CONNECTIONS.sorts},
    keys=("c.station_id",),
)

LIST_REFUSED = Source(
    listing=REFUSED,
    columns=", ".join(_REFUSED_FIELDS),
    tables="refused_attempt",
    filters={"reason": "reason = %s", "identity": "starts_with(identity, %s)"},
    sorts={name: name for name in REFUSED.sorts},
    keys=("identity", "reason"),
)


def connection(*columns: Any) -> Connection:
    """A row of `_FIELDS`."""
    return Connection(**dict(zip(_FIELDS, columns, strict=True)))


def attempt(*columns: Any) -> RefusedAttempt:
    """A row of `_REFUSED_FIELDS`."""
    return RefusedAttempt(**dict(zip(_REFUSED_FIELDS, columns, strict=True)))


@implementer(IConnections)
@attrs.frozen
class PostgresConnections:
    """`IConnections` in PostgreSQL."""

    _pool: Pool

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Connection]:
        """See `IConnections`."""
        own = () if operator_id is None else (("c.operator_id = %s", operator_id),)
        return await page(self._pool, LIST, query, connection, *own)

    async def get(self, identity: str, operator_id: int | None = None) -> Connection:
        """See `IConnections`."""
        found = None
        if storable(identity):
            asked = {"identity": identity, "operator_id": operator_id}
            found = await self._pool.maybe(CONNECTION_OF_STATION, asked, connection)
        if found is None:
            raise NotFound("the station is not connected")
        return found

    async def refused(self, query: Query) -> Page[RefusedAttempt]:
        """See `IConnections`."""
        return await page(self._pool, LIST_REFUSED, query, attempt)

    async def forget_refused(self, identity: str) -> None:
        """See `IConnections`."""
        if storable(identity):
            await self._pool.execute(FORGET_REFUSED, (identity,))
