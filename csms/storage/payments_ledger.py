"""Payments, as the ledger asks and writes them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.payments.vocabulary import KeepSettlement, Known, SettlementAsked
from csms.storage.topics import Topic

SETTLEMENT_KNOWN = """
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, psp_ref text)
CROSS JOIN LATERAL (SELECT status, amount::text AS amount, settled_at, transaction_ref
                    FROM settlement
                    WHERE station_id = q.s AND psp_ref = q.psp_ref LIMIT 1) r
"""

# What is told again takes the place of what was told before; what is known of the payment of the
# same transaction stays.
KEEP_SETTLEMENTS = """
INSERT INTO settlement AS held (station_id, psp_ref, operator_id, status, amount, settled_at,
                                received_at, transaction_ref, session_id, receipt_id,
                                receipt_url, vat_number, vat_company, detail)
SELECT station_id, psp_ref, operator_id, status, amount::numeric, settled_at, received_at,
       transaction_ref, session_id, receipt_id, receipt_url, vat_number,
       nullif(vat_company, 'null'), detail
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, psp_ref text, operator_id int, status text, amount text,
    settled_at timestamptz, received_at timestamptz, transaction_ref text, session_id uuid,
    receipt_id text, receipt_url text, vat_number text, vat_company jsonb, detail text)
ON CONFLICT (station_id, psp_ref) DO UPDATE SET
    status = excluded.status, amount = excluded.amount, settled_at = excluded.settled_at,
    received_at = excluded.received_at,
    transaction_ref = coalesce(excluded.transaction_ref, held.transaction_ref),
    session_id = CASE
        WHEN coalesce(excluded.transaction_ref, held.transaction_ref)
             IS NOT DISTINCT FROM held.transaction_ref
        THEN coalesce(excluded.session_id, held.session_id) ELSE excluded.session_id END,
    receipt_id = coalesce(excluded.receipt_id, held.receipt_id),
    receipt_url = coalesce(excluded.receipt_url, held.receipt_url),
    vat_number = coalesce(excluded.vat_number, held.vat_number),
    vat_company = coalesce(excluded.vat_company, held.vat_company), detail = excluded.detail
"""

TOPICS: Sequence[Topic] = (
    Topic(SettlementAsked, SETTLEMENT_KNOWN, msgspec.json.Decoder(Known).decode),
)
WRITES: Sequence[tuple[type, str]] = ((KeepSettlement, KEEP_SETTLEMENTS),)
