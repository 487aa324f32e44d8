"""What stations can do with the terms of tokens, as the ledger asks for it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.abilities import AbilitiesAsked
from csms.storage.topics import Topic

ABILITIES = """
SELECT q.i, jsonb_build_array(r.key, r.value)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, o int, id_token text, keys text[])
CROSS JOIN LATERAL (SELECT FROM token
                    WHERE operator_id = q.o AND upper(id_token) = upper(q.id_token)
                      AND (tariff IS NOT NULL OR transaction_limit IS NOT NULL) LIMIT 1) t
CROSS JOIN LATERAL (SELECT key, value FROM variable
                    WHERE station_id = q.s AND key = ANY (q.keys) AND attribute = 'Actual'
                      AND value IS NOT NULL AND removed_at IS NULL LIMIT 10) r
"""

TOPICS: Sequence[Topic] = (
    Topic(AbilitiesAsked, ABILITIES, msgspec.json.Decoder(tuple[str, str]).decode),
)
