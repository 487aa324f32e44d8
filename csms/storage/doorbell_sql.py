"""What the doorbell writes, each over a JSON array of rows in one parameter.

Rows are taken in the order of their keys, so that two nodes that write at the same moment do
not wait for each other in a circle.
"""

from __future__ import annotations

COUNT_REFUSED = """
INSERT INTO refused_attempt AS known (identity, reason, peer, detail, attempts, first_at, last_at)
SELECT identity, reason, peer, detail, attempts, first_at, last_at
FROM jsonb_to_recordset(%s::jsonb) AS q(identity text, reason text, peer text, detail text,
                                        attempts bigint, first_at timestamptz,
                                        last_at timestamptz)
ORDER BY identity, reason
ON CONFLICT (identity, reason) DO UPDATE SET
    peer = excluded.peer, detail = excluded.detail,
    attempts = known.attempts + excluded.attempts,
    first_at = least(known.first_at, excluded.first_at),
    last_at = greatest(known.last_at, excluded.last_at)
"""

FORGET_OLDEST_REFUSED = """
DELETE FROM refused_attempt WHERE (identity, reason) IN (
    SELECT identity, reason FROM refused_attempt ORDER BY last_at DESC OFFSET %s)
"""

COUNT_QUIRKS = """
INSERT INTO quirk AS known (station_id, operator_id, name, count, example, first_at, last_at)
SELECT station_id, operator_id, name, count, example, first_at, last_at
FROM jsonb_to_recordset(%s::jsonb) AS q(station_id bigint, operator_id int, name text,
                                        count bigint, example text, first_at timestamptz,
                                        last_at timestamptz)
ORDER BY station_id, name
ON CONFLICT (station_id, name) DO UPDATE SET
    count = known.count + excluded.count, example = excluded.example,
    first_at = least(known.first_at, excluded.first_at),
    last_at = greatest(known.last_at, excluded.last_at)
"""

# A row that the ledger is writing right now is left out rather than waited for: the two lock
# rows in different orders, and the ledger must not be the victim of a deadlock over a sign of
# life.  Answers with the stations left out.
NOTE_SEEN = """
WITH q AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS q(station_id bigint, epoch bigint,
                                                     at timestamptz)
), line AS (
    SELECT c.station_id, q.at FROM connection c JOIN q USING (station_id, epoch)
    FOR NO KEY UPDATE OF c SKIP LOCKED
), body AS (
    SELECT s.id, q.at FROM station s JOIN q ON q.station_id = s.id
    FOR NO KEY UPDATE OF s SKIP LOCKED
), noted AS (
    UPDATE connection c SET last_seen_at = line.at FROM line
    WHERE c.station_id = line.station_id AND c.last_seen_at < line.at
), marked AS (
    UPDATE station s SET last_seen_at = body.at FROM body
    WHERE s.id = body.id AND (s.last_seen_at IS NULL OR s.last_seen_at < body.at)
)
SELECT station_id FROM q
WHERE (EXISTS (SELECT FROM connection c WHERE (c.station_id, c.epoch) = (q.station_id, q.epoch))
       AND station_id NOT IN (SELECT station_id FROM line))
   OR (EXISTS (SELECT FROM station s WHERE s.id = q.station_id)
       AND station_id NOT IN (SELECT id FROM body))
"""
