"""What stations hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.holdings import Holding
from csms.core.listings import Kind, Listing
from csms.core.pages import Page, Query
from csms.core.ports import IHoldings
from csms.storage.identities import station_id
from csms.storage.lists import Source, page
from csms.storage.pool import Pool
from csms.storage.rows import storable

LIMIT = 5_000

_FIELDS = (
    "kind",
    "key",
    "evse_id",
    "content",
    "origin",
    "operation_id",
    "created_at",
    "updated_at",
    "removed_at",
)
_COLUMNS = ", ".join(_FIELDS)

HOLDINGS_OF_STATION = f"""
SELECT {_COLUMNS} FROM holding
WHERE station_id = %(station_id)s AND kind = %(kind)s AND removed_at IS NULL
  AND (%(evse_id)s::int IS NULL OR evse_id = %(evse_id)s)
ORDER BY length(key), key LIMIT {LIMIT}
"""

HOLDING_OF_KEY = f"""
SELECT {_COLUMNS} FROM holding
WHERE station_id = %(station_id)s AND kind = %(kind)s AND key = %(key)s AND removed_at IS NULL
"""

# What a list calls its key stands for the key itself; keys of digits come in their numbers' order.
_KEYS = {Kind.INTEGER: "length(key)", Kind.TEXT: "key"}

PRUNE = """
DELETE FROM holding WHERE (station_id, kind, key) IN (
    SELECT station_id, kind, key FROM holding WHERE removed_at < %s LIMIT %s)
"""

_decode = msgspec.json.Decoder(dict[str, object]).decode


def _holding(*columns: Any) -> Holding:
    fields = dict(zip(_FIELDS, columns, strict=True))
    fields["content"] = _decode(fields["content"])
    return Holding(**fields)


def source(listing: Listing) -> Source:
    """Where the rows come from of a list that `csms.core.listings.held` made."""
    return Source(
        listing=listing,
        columns=_COLUMNS,
        tables="holding",
        where="removed_at IS NULL",
        filters={name: f"{name} = %s" for name in listing.filters},
        sorts={
            name: _KEYS[sort.kind] if name == listing.default else name
            for name, sort in listing.sorts.items()
        },
        keys=("key",),
    )


@implementer(IHoldings)
@attrs.frozen
class PostgresHoldings:
    """`IHoldings` in PostgreSQL."""

    _pool: Pool

    async def list(
        self, identity: str, operator_id: int, kind: str, *, evse_id: int | None = None
    ) -> Sequence[Holding]:
        """See `IHoldings`."""
        asked = {
            "station_id": await station_id(self._pool, identity, operator_id),
            "kind": kind,
            "evse_id": evse_id,
        }
        return await self._pool.many(HOLDINGS_OF_STATION, asked, _holding)

    async def page(
        self, listing: Listing, query: Query, identity: str, operator_id: int, kind: str
    ) -> Page[Holding]:
        """See `IHoldings`."""
        own = await station_id(self._pool, identity, operator_id)
        conditions = (("station_id = %s", own), ("kind = %s", kind))
        return await page(self._pool, source(listing), query, _holding, *conditions)

    async def get(self, identity: str, operator_id: int, kind: str, key: str) -> Holding:
        """See `IHoldings`."""
        found = None
        own = await station_id(self._pool, identity, operator_id)
        if storable(key):
            asked = {"station_id": own, "kind": kind, "key": key}
            found = await self._pool.maybe(HOLDING_OF_KEY, asked, _holding)
        if found is None:
            raise NotFound("the station holds no such thing")
        return found

    async def prune(self, older_than: datetime, limit: int) -> int:
        """See `IHoldings`."""
        return await self._pool.execute(PRUNE, (older_than, limit))
