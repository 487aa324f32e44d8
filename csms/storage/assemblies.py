"""Reports that come in parts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.listings import REPORTS
from csms.core.pages import Page, Query
from csms.core.ports import Assembled, IAssemblies
from csms.storage.identities import station_id
from csms.storage.lists import Source, page
from csms.storage.pool import Pool

_STATUS = """
    CASE WHEN completed_at IS NOT NULL THEN 'complete'
         WHEN given_up_at IS NOT NULL THEN 'incomplete' ELSE 'collecting' END
"""
_COLUMNS = f"""
    kind, ref, {_STATUS},
    cardinality(parts), started_at, updated_at, completed_at
"""

LIST = Source(
    listing=REPORTS,
    columns=_COLUMNS,
    tables="assembly",
    filters={"kind": "kind = %s", "status": f"{_STATUS} = %s"},
    sorts={name: name for name in REPORTS.sorts},
    keys=("ref", "kind"),
)

ASSEMBLY_OF_REF = f"""
SELECT {_COLUMNS} FROM assembly
WHERE station_id = %(station_id)s AND ref = %(ref)s AND kind = coalesce(%(kind)s, kind)
ORDER BY updated_at DESC LIMIT 1
"""

ITEMS_OF_ASSEMBLY = """
SELECT items FROM assembly_part WHERE station_id = %s AND kind = %s AND ref = %s ORDER BY part
"""

GIVE_UP = """
UPDATE assembly SET given_up_at = %s
WHERE completed_at IS NULL AND given_up_at IS NULL AND updated_at < %s
"""

PRUNE = """
DELETE FROM assembly
WHERE (station_id, kind, ref) IN (
    SELECT station_id, kind, ref FROM assembly
    WHERE updated_at < %(older_than)s AND kind = coalesce(%(kind)s, kind)
    ORDER BY updated_at LIMIT %(limit)s)
"""

FORGET = "DELETE FROM assembly WHERE station_id = %s AND kind = %s AND ref = %s"

_decode = msgspec.json.Decoder(list[object]).decode


def _assembled(
    kind: str, ref: int, status: str, parts: int, started: Any, updated: Any, completed: Any
) -> Assembled:
    return Assembled(
        kind=kind,
        ref=ref,
        status=status,
        parts=parts,
        started_at=started,
        updated_at=updated,
        completed_at=completed,
    )


@implementer(IAssemblies)
@attrs.frozen
class PostgresAssemblies:
    """`IAssemblies` in PostgreSQL."""

    _pool: Pool

    async def list(
        self, query: Query, identity: str, operator_id: int, *, without: Collection[str] = ()
    ) -> Page[Assembled]:
        """See `IAssemblies`."""
        own = await station_id(self._pool, identity, operator_id)
        conditions = (("station_id = %s", own), ("kind <> ALL (%s)", [*without]))
        return await page(self._pool, LIST, query, _assembled, *conditions)

    async def get(self, identity: str, operator_id: int, ref: int, kind: str | None) -> Assembled:
        """See `IAssemblies`."""
        own = await station_id(self._pool, identity, operator_id)
        asked = {"station_id": own, "ref": ref, "kind": kind}
        found = await self._pool.maybe(ASSEMBLY_OF_REF, asked, _assembled)
        if found is None:
            raise NotFound("no part of such a report has come")
        parts = await self._pool.many(ITEMS_OF_ASSEMBLY, (own, found.kind, ref), _decode)
        items = tuple(item for part in parts for item in part)
        return msgspec.structs.replace(found, items=items)

    async def give_up(self, silent_since: datetime, now: datetime) -> int:
        """See `IAssemblies`."""
        return await self._pool.execute(GIVE_UP, (now, silent_since))

    async def forget(self, identity: str, operator_id: int, kind: str, ref: int) -> None:
        """See `IAssemblies`."""
        own = await station_id(self._pool, identity, operator_id)
        if not await self._pool.execute(FORGET, (own, kind, ref)):
            raise NotFound("no part of such a report has come")

    async def prune(self, older_than: datetime, limit: int, kind: str | None = None) -> int:
        """See `IAssemblies`."""
        asked = {"older_than": older_than, "limit": limit, "kind": kind}
        return await self._pool.execute(PRUNE, asked)
