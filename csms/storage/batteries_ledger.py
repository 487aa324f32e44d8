"""Battery swaps, as the ledger asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from csms.core.batteries.vocabulary import SWAP, SwapAsked
from csms.storage.topics import Topic

# A repetition follows soon: it is among the last.
SWAP_TOLD = f"""
SELECT q.i, r.at::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, fingerprint bigint)
CROSS JOIN LATERAL (SELECT l.at FROM (SELECT at, fingerprint FROM happening
                                      WHERE station_id = q.s AND kind = '{SWAP}'
                                      ORDER BY at DESC LIMIT 200) l
                    WHERE l.fingerprint = q.fingerprint ORDER BY l.at DESC LIMIT 1) r
"""

TOPICS: Sequence[Topic] = (Topic(SwapAsked, SWAP_TOLD, datetime.fromisoformat),)
