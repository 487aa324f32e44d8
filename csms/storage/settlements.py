"""Payments that stations took and settled."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs
import msgspec
from zope.interface import implementer

from csms.core.pages import Page, Query
from csms.core.payments.listing import SETTLEMENTS
from csms.core.payments.vocabulary import Settlement
from csms.core.ports import ISettlements
from csms.storage.lists import Source, page
from csms.storage.pool import Pool

LIST = Source(
    listing=SETTLEMENTS,
    columns="s.identity, x.psp_ref, x.status, x.amount, x.settled_at, x.received_at,"
    " x.transaction_ref, coalesce(x.session_id, n.id), x.receipt_id, x.receipt_url,"
    " x.vat_number, x.vat_company, x.detail",
    # A settlement that came before its session finds it here.
    tables="settlement x JOIN station s ON s.id = x.station_id"
    " LEFT JOIN LATERAL (SELECT id FROM session"
    " WHERE x.session_id IS NULL AND station_id = x.station_id"
    " AND transaction_ref = x.transaction_ref AND named_by_station"
    " AND start_key IS NOT NULL LIMIT 1) n ON true",
    filters={
        # Also those of a station of that identity that is no more.
        "station": "x.station_id IN (SELECT id FROM station WHERE identity = %s)",
        "status": "x.status = %s",
        "session_id": "(x.station_id, x.psp_ref) IN (SELECT p.station_id, p.psp_ref"
        " FROM (SELECT id, station_id, transaction_ref FROM session WHERE id = %s::uuid) t"
        " JOIN settlement p ON p.station_id = t.station_id AND (p.session_id = t.id"
        " OR (p.session_id IS NULL AND p.transaction_ref = t.transaction_ref)))",
        "psp_ref": "x.psp_ref = %s",
        "settled_from": "x.settled_at >= %s",
        "settled_to": "x.settled_at < %s",
    },
    sorts={"settled_at": "x.settled_at"},
    keys=("x.psp_ref", "x.station_id"),
)

_decode = msgspec.json.Decoder(dict[str, object]).decode


def _settlement(
    station: str,
    psp_ref: str,
    status: str,
    amount: Decimal,
    settled_at: datetime,
    received_at: datetime,
    transaction_ref: str | None,
    session_id: str | None,
    receipt_id: str | None,
    receipt_url: str | None,
    vat_number: str | None,
    vat_company: str | None,
    detail: str | None,
) -> Settlement:
    return Settlement(
        station=station,
        psp_ref=psp_ref,
        status=status,
        amount=format(amount, "f"),
        settled_at=settled_at,
        received_at=received_at,
        transaction_ref=transaction_ref,
        session_id=session_id,
        receipt_id=receipt_id,
        receipt_url=receipt_url,
        vat_number=vat_number,
        vat_company=None if vat_company is None else _decode(vat_company),
        detail=detail,
    )


@implementer(ISettlements)
@attrs.frozen
class PostgresSettlements:
    """`ISettlements` in PostgreSQL."""

    _pool: Pool

    async def list(self, query: Query, operator_id: int) -> Page[Settlement]:
        """See `ISettlements`."""
        return await page(self._pool, LIST, query, _settlement, ("x.operator_id = %s", operator_id))
