"""Local authorization lists, as the ledger asks and writes them.

A token of a list has one row with what is wanted and what the station holds; a row that says
neither goes.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.locallists.vocabulary import (
    Confirmed,
    ConfirmList,
    DoubtList,
    ListAsked,
    TellListVersion,
)
from csms.storage.topics import Topic

LIST_OF = """
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint)
CROSS JOIN LATERAL (SELECT confirmed_version AS version FROM local_list
                    WHERE station_id = q.s LIMIT 1) r
"""

CONFIRM_LISTS = """
WITH q AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS q(
        station_id bigint, operator_id int, version int, "full" boolean, sure boolean,
        entries jsonb, removed text[], at timestamptz)
), put AS (
    SELECT DISTINCT ON (q.station_id, e.key) q.station_id, e.key, e.content
    FROM q CROSS JOIN LATERAL jsonb_to_recordset(q.entries) AS e(key text, content jsonb)
), list AS (
    INSERT INTO local_list AS held (station_id, operator_id, last_version, confirmed_version,
                                    confirmed_at, updated_at)
    SELECT station_id, operator_id, version, CASE WHEN sure THEN version END, at, at FROM q
    ON CONFLICT (station_id) DO UPDATE SET
        last_version = greatest(held.last_version, excluded.last_version),
        confirmed_version = excluded.confirmed_version, confirmed_at = excluded.confirmed_at,
        state = 'idle', detail = NULL, failures = 0, retry_at = NULL,
        updated_at = excluded.updated_at
), off AS (
    SELECT e.station_id, e.key, e.wanted IS NULL AS gone FROM local_list_entry e
    JOIN q ON q.station_id = e.station_id AND (q."full" OR e.key = ANY (q.removed))
    WHERE e.held IS NOT NULL
      AND NOT EXISTS (SELECT FROM put WHERE put.station_id = e.station_id AND put.key = e.key)
), deleted AS (
    DELETE FROM local_list_entry e USING off
    WHERE off.gone AND e.station_id = off.station_id AND e.key = off.key
), cleared AS (
    UPDATE local_list_entry e SET held = NULL FROM off
    WHERE NOT off.gone AND e.station_id = off.station_id AND e.key = off.key
)
INSERT INTO local_list_entry AS held (station_id, key, held)
SELECT station_id, key, content FROM put
ON CONFLICT (station_id, key) DO UPDATE SET held = excluded.held
"""

# The pause doubles with each failure, from a minute to an hour.
DOUBT_LISTS = """
UPDATE local_list SET
    state = q.state, detail = q.detail,
    confirmed_version = CASE WHEN q.unsure THEN NULL ELSE local_list.confirmed_version END,
    failures = least(local_list.failures + 1, 100),
    retry_at = q.at + make_interval(secs => least(60 * 2 ^ least(local_list.failures, 6), 3600)),
    updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, state text, unsure boolean, detail text, at timestamptz)
WHERE local_list.station_id = q.station_id
"""

# A version near the end of the numbers is nobody's we would go on from.
TELL_VERSIONS = """
WITH q AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS q(
        station_id bigint, operator_id int, version int, at timestamptz)
), list AS (
    INSERT INTO local_list AS held (station_id, operator_id, state, last_version,
                                    confirmed_version, reported_version, reported_at, updated_at)
    SELECT station_id, operator_id, CASE WHEN version < 0 THEN 'unsupported' ELSE 'idle' END,
           CASE WHEN version BETWEEN 0 AND 2000000000 THEN version ELSE 0 END,
           CASE WHEN version = 0 THEN 0 END, version, at, at FROM q
    ON CONFLICT (station_id) DO UPDATE SET
        state = CASE WHEN excluded.reported_version < 0 THEN 'unsupported'
                     WHEN held.state = 'unsupported' THEN 'idle' ELSE held.state END,
        retry_at = CASE WHEN held.state = 'unsupported' THEN NULL ELSE held.retry_at END,
        detail = CASE WHEN held.state = 'unsupported' THEN NULL ELSE held.detail END,
        last_version = greatest(held.last_version, excluded.last_version),
        confirmed_version = CASE WHEN excluded.reported_version = 0 THEN 0
                                 WHEN excluded.reported_version = held.confirmed_version
                                 THEN held.confirmed_version END,
        reported_version = excluded.reported_version, reported_at = excluded.reported_at,
        updated_at = excluded.updated_at
), deleted AS (
    DELETE FROM local_list_entry e USING q
    WHERE q.version = 0 AND e.station_id = q.station_id AND e.wanted IS NULL
)
UPDATE local_list_entry e SET held = NULL FROM q
WHERE q.version = 0 AND e.station_id = q.station_id
  AND e.wanted IS NOT NULL AND e.held IS NOT NULL
"""

TOPICS: Sequence[Topic] = (Topic(ListAsked, LIST_OF, msgspec.json.Decoder(Confirmed).decode),)

WRITES: Sequence[tuple[type, str]] = (
    (ConfirmList, CONFIRM_LISTS),
    (DoubtList, DOUBT_LISTS),
    (TellListVersion, TELL_VERSIONS),
)
