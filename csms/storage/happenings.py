"""What happened at stations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from csms.core.happenings import Happening
from csms.core.listings import HAPPENINGS
from csms.core.pages import Page, Query
from csms.core.ports import IHappenings
from csms.storage.identities import station_id
from csms.storage.lists import Source, page
from csms.storage.pool import Pool

_FIELDS = (
    "id",
    "identity",
    "kind",
    "at",
    "received_at",
    "evse_id",
    "connector_id",
    "severity",
    "session_id",
    "content",
)
_EXPRESSIONS = {name: f"h.{name}" for name in _FIELDS} | {"identity": "s.identity"}

LIST = Source(
    listing=HAPPENINGS,
    columns=", ".join(_EXPRESSIONS.values()),
    tables="happening h JOIN station s ON s.id = h.station_id",
    filters={
        "kind": "h.kind = %s",
        "evse_id": "h.evse_id = %s",
        "severity": "h.severity <= %s",
        "session_id": "h.session_id = %s::uuid",
        "at_from": "h.at >= %s",
        "at_to": "h.at < %s",
    },
    sorts={"at": "h.at"},
    keys=("h.id",),
)

PRUNE = """
DELETE FROM happening
WHERE id IN (SELECT id FROM happening WHERE received_at < %s ORDER BY received_at LIMIT %s)
"""

_decode = msgspec.json.Decoder(dict[str, object]).decode


def _happening(*columns: Any) -> Happening:
    fields = dict(zip(_FIELDS, columns, strict=True))
    fields["content"] = _decode(fields["content"])
    return Happening(**fields)


@implementer(IHappenings)
@attrs.frozen
class PostgresHappenings:
    """`IHappenings` in PostgreSQL."""

    _pool: Pool

    async def list(
        self, query: Query, operator_id: int, *, identity: str | None = None
    ) -> Page[Happening]:
        """See `IHappenings`."""
        own: tuple[tuple[str, object], ...] = (("h.operator_id = %s", operator_id),)
        if identity is not None:
            known = await station_id(self._pool, identity, operator_id)
            own = (*own, ("h.station_id = %s", known))
        return await page(self._pool, LIST, query, _happening, *own)

    async def prune(self, older_than: datetime, limit: int) -> int:
        """See `IHappenings`."""
        return await self._pool.execute(PRUNE, (older_than, limit))
