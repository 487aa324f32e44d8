"""The quarantine: messages that may prove money, kept as they came."""

from __future__ import annotations

from typing import Any

import attrs
from zope.interface import implementer

from csms.core.listings import QUARANTINE
from csms.core.pages import Page, Query
from csms.core.ports import IQuarantine
from csms.core.quarantine import QuarantinedMessage
from csms.storage.identities import station_id
from csms.storage.lists import Source, page
from csms.storage.pool import Pool

_FIELDS = ("id", "identity", "received_at", "action", "fault", "content")
_EXPRESSIONS = {name: f"q.{name}" for name in _FIELDS} | {"identity": "s.identity"}

LIST = Source(
    listing=QUARANTINE,
    columns=", ".join(_EXPRESSIONS.values()),
    tables="quarantine q JOIN station s ON s.id = q.station_id",
    filters={
        "action": "q.action = %s",
        "received_from": "q.received_at >= %s",
        "received_to": "q.received_at < %s",
    },
    sorts={"received_at": "q.received_at"},
    keys=("q.id",),
)


def _message(*columns: Any) -> QuarantinedMessage:
    return QuarantinedMessage(**dict(zip(_FIELDS, columns, strict=True)))


@implementer(IQuarantine)
@attrs.frozen
class PostgresQuarantine:
    """`IQuarantine` in PostgreSQL."""

    _pool: Pool

    async def list(
        self, query: Query, operator_id: int, *, identity: str | None = None
    ) -> Page[QuarantinedMessage]:
        """See `IQuarantine`."""
        own: tuple[tuple[str, object], ...] = (("q.operator_id = %s", operator_id),)
        if identity is not None:
            known = await station_id(self._pool, identity, operator_id)
            own = (*own, ("q.station_id = %s", known))
        return await page(self._pool, LIST, query, _message, *own)
