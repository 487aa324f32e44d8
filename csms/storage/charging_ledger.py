"""Charging, as the ledger asks it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.charging.vocabulary import Held, HeldAsked, WishAsked
from csms.storage.topics import Topic

THINGS_HELD = """
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, kinds text[])
CROSS JOIN LATERAL (SELECT kind, key, evse_id, content, updated_at FROM holding
                    WHERE station_id = q.s AND kind = ANY (q.kinds) AND removed_at IS NULL
                    ORDER BY kind, length(key), key LIMIT 1000) r
"""

WISHES = """
SELECT q.i, r.payload::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, action text, ref int)
CROSS JOIN LATERAL (SELECT payload FROM operation
                    WHERE station_id = q.s AND ref = q.ref AND action = q.action
                    ORDER BY created_at DESC LIMIT 1) r
"""

TOPICS: Sequence[Topic] = (
    Topic(HeldAsked, THINGS_HELD, msgspec.json.Decoder(Held).decode),
    Topic(WishAsked, WISHES, msgspec.json.Decoder(dict[str, object]).decode),
)

WRITES: Sequence[tuple[type, str]] = ()
"""Its writes are those that areas share."""
