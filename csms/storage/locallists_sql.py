"""The statements of local authorization lists, each named for what it asks or does."""

from __future__ import annotations

_OPEN_OPERATION = """
EXISTS (SELECT FROM operation o
        WHERE o.id = l.operation_id AND o.status IN ('queued', 'pending'))
"""

# Of a list whose content is not known for sure, everything differs.
_DIFFERS = """
(l.confirmed_version IS NULL
 OR EXISTS (SELECT FROM local_list_entry e
            WHERE e.station_id = l.station_id AND e.wanted IS DISTINCT FROM e.held))
"""

_ROW = f"""
row_to_json(x)::text FROM (
    SELECT s.id AS station_id, s.operator_id, s.identity, l.mode,
           coalesce(l.last_version, 0) AS last_version, l.confirmed_version,
           l.reported_version, l.reported_at, l.confirmed_at, l.detail, l.operation_id,
           l.retry_at, l.updated_at, coalesce(l.omitted, 0) AS omitted,
           count_of.wanted AS entries, count_of.differing AS differing,
           CASE WHEN l.mode IS NULL THEN 'unmanaged'
                WHEN {_OPEN_OPERATION} OR l.busy_until > now() THEN 'sending'
                WHEN l.state = 'unsupported' THEN 'unsupported'
                WHEN NOT {_DIFFERS} THEN 'synced'
                WHEN l.state = 'failed' THEN 'failed'
                ELSE 'stale' END AS status
"""

_COUNTS = """
CROSS JOIN LATERAL (
    SELECT count(e.wanted) AS wanted,
           count(*) FILTER (WHERE e.wanted IS DISTINCT FROM e.held
                            OR (l.confirmed_version IS NULL AND e.wanted IS NOT NULL)) AS differing
    FROM local_list_entry e WHERE e.station_id = s.id) count_of
"""
_NO_COUNTS = "CROSS JOIN (SELECT 0 AS wanted, 0 AS differing) count_of"

LIST_OF_STATION = f"""
SELECT {_ROW} FROM station s LEFT JOIN local_list l ON l.station_id = s.id {_COUNTS}
              WHERE s.id = %s AND s.deleted_at IS NULL) x
"""

_THERE = f"""
local_list l JOIN station s ON s.id = l.station_id
JOIN connection c ON c.station_id = l.station_id {_NO_COUNTS}
WHERE l.mode IS NOT NULL AND c.disconnected_at IS NULL AND s.deleted_at IS NULL
  AND s.registration = 'accepted'
"""

DUE = f"""
SELECT {_ROW} FROM {_THERE}
    AND l.state <> 'unsupported' AND (l.retry_at IS NULL OR l.retry_at <= %(now)s)
    AND (l.busy_until IS NULL OR l.busy_until <= %(now)s)
    AND NOT {_OPEN_OPERATION} AND {_DIFFERS}
    ORDER BY l.updated_at LIMIT %(limit)s) x
"""

UNCHECKED = f"""
WITH these AS (
    SELECT l.station_id FROM {_THERE}
      AND s.booted_at IS NOT NULL AND s.booted_at > coalesce(l.checked_at, '-infinity')
    LIMIT %(limit)s
), marked AS (
    UPDATE local_list SET checked_at = %(now)s, retry_at = NULL, failures = 0, state = 'idle'
    WHERE station_id IN (SELECT station_id FROM these)
)
SELECT {_ROW} FROM these JOIN local_list l USING (station_id)
    JOIN station s ON s.id = l.station_id {_NO_COUNTS}) x
"""

CHECKED = """
UPDATE local_list SET checked_at = %(now)s, retry_at = NULL, failures = 0, state = 'idle'
WHERE station_id = %(station_id)s
"""

# Any token that comes, changes or goes changes the count or the newest time.
_MARK = "count(*) || ' ' || coalesce(max(updated_at)::text, '')"

TOKENS_MARK = f"SELECT {_MARK} FROM token WHERE operator_id = %(operator_id)s"

_GOOD = """
operator_id = %(operator_id)s AND NOT blocked
AND (expires_at IS NULL OR expires_at > %(now)s)
AND (stations IS NULL OR %(identity)s = ANY (stations))
"""

TOKENS_FOR = f"""
SELECT row_to_json(x)::text FROM (
    SELECT operator_id, id_token, kind, group_id, blocked, expires_at, max_sessions, stations
    FROM token WHERE {_GOOD} ORDER BY updated_at DESC, upper(id_token) LIMIT %(limit)s) x
"""

TOKENS_COUNTED = f"SELECT count(*) FROM token WHERE {_GOOD}"

MARKED = """
UPDATE local_list SET tokens_mark = %(mark)s, omitted = %(omitted)s
WHERE station_id = %(station_id)s
"""

OUTDATED = f"""
WITH marks AS (
    SELECT operator_id, {_MARK} AS mark FROM token
    WHERE operator_id IN (SELECT operator_id FROM local_list WHERE mode = 'tokens')
    GROUP BY operator_id
)
SELECT {_ROW} FROM local_list l JOIN station s ON s.id = l.station_id {_NO_COUNTS}
    LEFT JOIN marks ON marks.operator_id = l.operator_id
    WHERE l.mode = 'tokens' AND s.deleted_at IS NULL
      AND l.tokens_mark IS DISTINCT FROM coalesce(marks.mark, '0 ')
    LIMIT %s) x
"""

MODE_OF = "SELECT mode FROM local_list WHERE station_id = %s FOR UPDATE"

OPEN = """
INSERT INTO local_list AS held (station_id, operator_id, mode, updated_at)
VALUES (%(station_id)s, %(operator_id)s, %(mode)s, %(now)s)
ON CONFLICT (station_id) DO UPDATE SET
    mode = excluded.mode, operator_id = excluded.operator_id, updated_at = excluded.updated_at,
    state = CASE held.state WHEN 'failed' THEN 'idle' ELSE held.state END,
    failures = 0, retry_at = NULL, omitted = 0, tokens_mark = NULL
"""

WANTED = """
SELECT key, wanted FROM local_list_entry WHERE station_id = %s AND wanted IS NOT NULL
"""

WANT = """
WITH new AS (
    SELECT DISTINCT ON (key) key, wanted
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS q(key text, wanted jsonb)
), deleted AS (
    DELETE FROM local_list_entry e
    WHERE e.station_id = %(station_id)s AND e.held IS NULL
      AND NOT EXISTS (SELECT FROM new WHERE new.key = e.key)
), cleared AS (
    UPDATE local_list_entry e SET wanted = NULL
    WHERE e.station_id = %(station_id)s AND e.held IS NOT NULL AND e.wanted IS NOT NULL
      AND NOT EXISTS (SELECT FROM new WHERE new.key = e.key)
)
INSERT INTO local_list_entry AS held (station_id, key, wanted)
SELECT %(station_id)s, key, wanted FROM new
ON CONFLICT (station_id, key) DO UPDATE SET wanted = excluded.wanted
WHERE held.wanted IS DISTINCT FROM excluded.wanted
"""

UNMANAGED = """
UPDATE local_list SET mode = NULL, tokens_mark = NULL, omitted = 0, updated_at = %(now)s
WHERE station_id = %(station_id)s
"""

CONFIRMED = "SELECT confirmed_version FROM local_list WHERE station_id = %s"

DIFFERENCES = """
SELECT wanted, held FROM local_list_entry WHERE station_id = %s ORDER BY key
"""

CLAIM = f"""
UPDATE local_list l SET busy_until = %(now)s + make_interval(secs => %(lease_s)s)
WHERE l.station_id = %(station_id)s AND l.mode IS NOT NULL
  AND (l.busy_until IS NULL OR l.busy_until <= %(now)s)
  AND (%(forced)s OR l.retry_at IS NULL OR l.retry_at <= %(now)s)
  AND NOT {_OPEN_OPERATION}
"""

NUMBER = """
UPDATE local_list SET last_version = last_version + 1,
                      busy_until = %(now)s + make_interval(secs => %(lease_s)s)
WHERE station_id = %(station_id)s RETURNING last_version
"""

SENT = "UPDATE local_list SET operation_id = %s WHERE station_id = %s"

RELEASE = "UPDATE local_list SET busy_until = NULL WHERE station_id = %s"
