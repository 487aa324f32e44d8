"""What the areas share, as the ledger asks and writes it: operations, holdings, happenings, parts
of reports."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.assembly import Assembly, AssemblyAsked, TakePart
from csms.core.consequences import OperationAsked
from csms.core.decisions import SettleOperation
from csms.core.happenings import DROPPED, Happened
from csms.core.holdings import Drop, Hold
from csms.storage.topics import Topic

MAX_HOLDINGS = 5_000
"""Things of a kind that are kept for a station, those that are gone included."""

MAX_HAPPENINGS = 20_000
"""Happenings of a kind that are kept of a station on one day ..."""
LARGE_BYTES = 16_384
MAX_LARGE = 500
"""... and how many there may be for one of more than `LARGE_BYTES` to be kept, too."""

OPERATION_STATUS = """
SELECT q.i, r.status
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, id uuid)
CROSS JOIN LATERAL (SELECT status FROM operation WHERE id = q.id AND station_id = q.s LIMIT 1) r
"""

ASSEMBLY_SO_FAR = """
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, kind text, ref bigint)
CROSS JOIN LATERAL (SELECT parts, digests, last FROM assembly
                    WHERE station_id = q.s AND kind = q.kind AND ref = q.ref LIMIT 1) r
"""

TOPICS: Sequence[Topic] = (
    Topic(OperationAsked, OPERATION_STATUS, str),
    Topic(AssemblyAsked, ASSEMBLY_SO_FAR, msgspec.json.Decoder(Assembly).decode),
)

SETTLE_OPERATIONS = """
UPDATE operation SET status = q.operation->>'status',
                     response = nullif(q.operation->'response', 'null'),
                     detail = q.operation->>'detail',
                     settled_at = (q.operation->>'settled_at')::timestamptz,
                     command = ''
FROM jsonb_to_recordset(%s::jsonb) AS q(operation jsonb)
WHERE operation.id = (q.operation->>'id')::uuid AND operation.status IN ('queued', 'pending')
"""

# Within a batch a station says one thing, which may hold the same key twice: the last counts.  No
# station fills the table with keys that it makes up: beyond some thousands new ones are left out.
HOLD = f"""
INSERT INTO holding AS held (station_id, kind, key, operator_id, evse_id, content, origin,
                             operation_id, seen_ref, created_at, updated_at)
SELECT DISTINCT ON (q.station_id, q.kind, q.key)
       q.station_id, q.kind, q.key, q.operator_id, q.evse_id, q.content, q.origin, q.operation_id,
       q.seen_ref, q.at, q.at
FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS (
    station_id bigint, operator_id int, kind text, key text, evse_id int, content jsonb,
    origin text, operation_id uuid, seen_ref int, at timestamptz)) WITH ORDINALITY
    AS q(station_id, operator_id, kind, key, evse_id, content, origin, operation_id, seen_ref, at,
         place)
WHERE (SELECT count(*) FROM holding h
       WHERE h.station_id = q.station_id AND h.kind = q.kind) < {MAX_HOLDINGS}
   OR EXISTS (SELECT FROM holding h
              WHERE h.station_id = q.station_id AND h.kind = q.kind AND h.key = q.key)
ORDER BY q.station_id, q.kind, q.key, q.place DESC
ON CONFLICT (station_id, kind, key) DO UPDATE SET
    evse_id = excluded.evse_id, content = excluded.content,
    origin = CASE WHEN held.origin = 'set' AND held.removed_at IS NULL THEN 'set'
                  ELSE excluded.origin END,
    operation_id = coalesce(excluded.operation_id, held.operation_id),
    seen_ref = coalesce(excluded.seen_ref, held.seen_ref),
    created_at = CASE WHEN held.removed_at IS NULL THEN held.created_at
                      ELSE excluded.created_at END,
    updated_at = excluded.updated_at, removed_at = NULL
"""

DROP = """
UPDATE holding SET removed_at = q.at, updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, kind text, keys text[], evse_id int, matching jsonb, unseen_ref int,
    at timestamptz)
WHERE holding.station_id = q.station_id AND holding.kind = q.kind AND holding.removed_at IS NULL
  AND CASE WHEN q.keys IS NULL THEN holding.updated_at < q.at
           ELSE holding.key = ANY (q.keys) END
  AND (q.evse_id IS NULL OR holding.evse_id = q.evse_id)
  AND (q.matching IS NULL OR holding.content @> q.matching)
  AND (q.unseen_ref IS NULL OR holding.seen_ref IS DISTINCT FROM q.unseen_ref)
"""

# One kind that a station says without end hides no other kind, and large ones no small ones.  Days
# are those of UTC, by our own clock.  Of what is left out there is one note a day (for each of the
# two limits), after which nobody counts any more; the LIMIT keeps counting on the index.
_NOTED = f"""EXISTS (SELECT FROM happening h
              WHERE h.station_id = %(of)s.station_id AND h.kind = '{DROPPED}'
                AND h.received_at >= %(day)s AND h.content->>'kind' = %(of)s.kind
                AND h.content->'limit' = to_jsonb(%(most)s))"""
HAPPENED = f"""
WITH q AS (
    SELECT q.*, row_number() OVER (PARTITION BY q.station_id, q.kind ORDER BY q.place) AS nth,
           CASE WHEN pg_column_size(q.content) > {LARGE_BYTES}
                THEN {MAX_LARGE} ELSE {MAX_HAPPENINGS} END AS most
    FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS (
        station_id bigint, operator_id int, kind text, at timestamptz, received_at timestamptz,
        evse_id int, connector_id int, severity int, session_id uuid, content jsonb,
        fingerprint bigint)) WITH ORDINALITY
        AS q(station_id, operator_id, kind, at, received_at, evse_id, connector_id, severity,
             session_id, content, fingerprint, place)
), days AS (
    SELECT station_id, kind, date_trunc('day', max(received_at), 'UTC') AS day
    FROM q GROUP BY station_id, kind
), had AS (
    SELECT d.station_id, d.kind, d.day,
           CASE WHEN {_NOTED % {"of": "d", "day": "d.day", "most": MAX_HAPPENINGS}}
                THEN {MAX_HAPPENINGS}
                ELSE (SELECT count(*) FROM (
                    SELECT FROM happening h
                    WHERE h.station_id = d.station_id AND h.kind = d.kind
                      AND h.received_at >= d.day
                    LIMIT {MAX_HAPPENINGS}) x) END AS n
    FROM days d
), kept AS (
    SELECT q.operator_id, q.station_id, q.kind, q.at, q.received_at, q.evse_id, q.connector_id,
           q.severity, q.session_id, q.content, q.fingerprint
    FROM q JOIN had USING (station_id, kind)
    WHERE had.n + q.nth <= q.most
    UNION ALL
    SELECT DISTINCT ON (q.station_id, q.kind, q.most)
           q.operator_id, q.station_id, '{DROPPED}', q.received_at, q.received_at, NULL, NULL,
           NULL, NULL, jsonb_build_object('kind', q.kind, 'limit', q.most),
           hashtextextended(q.kind, q.most)
    FROM q JOIN had USING (station_id, kind)
    WHERE had.n + q.nth > q.most
      AND NOT {_NOTED % {"of": "q", "day": "had.day", "most": "q.most"}}
)
INSERT INTO happening (operator_id, station_id, kind, at, received_at, evse_id, connector_id,
                       severity, session_id, content, fingerprint)
SELECT * FROM kept
ON CONFLICT DO NOTHING
"""

# The parts of a report are kept in two arrays, in step; a part that comes again moves to the end.
TAKE_PARTS = """
WITH q AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS q(
        station_id bigint, operator_id int, kind text, ref bigint, part int, digest bigint,
        last boolean, complete boolean, anew boolean, items jsonb, at timestamptz)
), before AS (
    SELECT q.station_id, q.kind, q.ref,
           array_agg(had.part ORDER BY had.place) AS parts,
           array_agg(had.digest ORDER BY had.place) AS digests
    FROM q JOIN assembly a ON (a.station_id, a.kind, a.ref) = (q.station_id, q.kind, q.ref)
    CROSS JOIN LATERAL unnest(a.parts, a.digests) WITH ORDINALITY AS had(part, digest, place)
    WHERE NOT q.anew AND had.part <> q.part
    GROUP BY q.station_id, q.kind, q.ref
), gone AS (
    DELETE FROM assembly_part p USING q
    WHERE q.anew AND p.part <> q.part
      AND (p.station_id, p.kind, p.ref) = (q.station_id, q.kind, q.ref)
), whole AS (
    INSERT INTO assembly AS held (station_id, kind, ref, operator_id, parts, digests, last,
                                  started_at, updated_at, completed_at)
    SELECT station_id, kind, ref, q.operator_id, coalesce(before.parts, '{}') || q.part,
           coalesce(before.digests, '{}') || q.digest, CASE WHEN q.last THEN q.part END,
           q.at, q.at, CASE WHEN q.complete THEN q.at END
    FROM q LEFT JOIN before USING (station_id, kind, ref)
    ON CONFLICT (station_id, kind, ref) DO UPDATE SET
        parts = excluded.parts, digests = excluded.digests,
        last = coalesce(excluded.last,
                        CASE WHEN held.completed_at IS NULL THEN held.last END),
        started_at = CASE WHEN held.completed_at IS NULL THEN held.started_at
                          ELSE excluded.started_at END,
        updated_at = excluded.updated_at, completed_at = excluded.completed_at,
        given_up_at = NULL
)
INSERT INTO assembly_part AS held (station_id, kind, ref, part, items, taken_at)
SELECT station_id, kind, ref, part, items, at FROM q
ON CONFLICT (station_id, kind, ref, part) DO UPDATE SET
    items = excluded.items, taken_at = excluded.taken_at
"""

WRITES: Sequence[tuple[type, str]] = (
    (SettleOperation, SETTLE_OPERATIONS),
    (Hold, HOLD),
    (Drop, DROP),
    (Happened, HAPPENED),
    (TakePart, TAKE_PARTS),
)
