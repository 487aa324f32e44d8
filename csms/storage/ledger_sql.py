"""The questions and writes of the ledger, each over a JSON array of rows in one parameter.

Answers have the columns (topic, index of the question, JSON or text).  The lateral subqueries
with LIMIT keep the planner on the indexes whatever it believes of the size of the array.
"""

from __future__ import annotations

from csms.core.oddities import Oddity

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ"

STATION_OF = """
SELECT 'station', q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint)
CROSS JOIN LATERAL (SELECT registration, booted_at IS NOT NULL AS booted, heartbeat_interval_s,
                           ocpp_version, deaf_since
                    FROM station WHERE id = q.s LIMIT 1) r
"""

CONNECTION_OF = """
SELECT 'connection', q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint)
CROSS JOIN LATERAL (SELECT epoch, disconnected_at IS NULL AS connected
                    FROM connection WHERE station_id = q.s LIMIT 1) r
"""

CONNECTOR_OF = """
SELECT 'connector', q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, e int, c int)
CROSS JOIN LATERAL (SELECT evse_id, connector_id, kind, max_power_w, status, status_at,
                           status_told, error_code, info, vendor_id, vendor_error_code
                    FROM connector
                    WHERE station_id = q.s AND evse_id = q.e AND connector_id = q.c LIMIT 1) r
"""

TOKENS_NAMED = """
SELECT 'token', q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, o int, v text)
CROSS JOIN LATERAL (SELECT operator_id, id_token, kind, group_id, blocked, expires_at,
                           max_sessions, stations, languages, personal_message,
                           charging_priority, allowed_energy_transfer, tariff, transaction_limit
                    FROM token WHERE operator_id = q.o AND upper(id_token) = upper(q.v) LIMIT 1) r
"""

# Counted up to the token's limit (or else m, the one for all), for more does not matter: a token
# without a limit may have thousands.
SESSIONS_RUNNING = """
SELECT 'running', q.i, r.n::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, o int, v text, e int, m int)
CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM (
        SELECT FROM session
        WHERE operator_id = q.o AND upper(id_token) = upper(q.v) AND status = 'active'
          AND "authorization" = 'Accepted'
          AND NOT (station_id = q.s AND (q.e IS NULL OR evse_id = q.e))
        LIMIT coalesce((SELECT max_sessions FROM token
                        WHERE operator_id = q.o AND upper(id_token) = upper(q.v)), q.m)) x) r
"""

_SESSION_COLUMNS = """
    id, operator_id, station_id, q.n AS identity, evse_id, connector_id, transaction_ref,
    named_by_station, start_key, id_token, group_id, "authorization", status, started_at,
    ended_at, meter_start_wh, meter_stop_wh, meter_last_wh, energy_wh, reset_register_wh,
    reset_energy_wh, power_w, soc_percent, last_reading_at, stop_reason, stop_id_token,
    operation_id, reservation_ref, charging_state, details, numbering, flags, version,
    created_at, updated_at
"""

# A name that a station used again belongs to the newest session, which has the start key.
SESSION_OF_TRANSACTION = f"""
SELECT 'session', q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, n text, v text, k boolean, b boolean)
CROSS JOIN LATERAL (SELECT {_SESSION_COLUMNS} FROM session
                    WHERE station_id = q.s AND transaction_ref = q.v
                      AND (start_key IS NOT NULL OR NOT named_by_station)
                      AND (named_by_station = q.k OR q.b)
                    ORDER BY named_by_station = q.k DESC LIMIT 1) r
"""

SESSION_OF_START = f"""
SELECT 'started', q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, n text, v text)
CROSS JOIN LATERAL (SELECT {_SESSION_COLUMNS} FROM session
                    WHERE station_id = q.s AND start_key = q.v LIMIT 1) r
"""

OPEN_LIMIT = 8
"""Sessions that are open on one EVSE at once, as far as anybody looks: those made last."""

SESSIONS_OPEN = f"""
SELECT 'open', r.i, r.session FROM (
    SELECT q.i, row_to_json(r)::text AS session
    FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, n text, e int)
    CROSS JOIN LATERAL (SELECT {_SESSION_COLUMNS} FROM session
                        WHERE station_id = q.s AND evse_id = q.e AND status <> 'ended'
                        ORDER BY created_at DESC LIMIT {OPEN_LIMIT}) r
    ORDER BY r.created_at) r
"""

# Nothing where there is a session of that id; the count is made first, on its index.  Of those that
# ended only the last that began are looked at, which is enough for what is sent again.
SESSIONS_LIKELY = f"""
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb)
    AS q(i int, s bigint, n text, ref text, evse_id int, at timestamptz)
CROSS JOIN LATERAL (
    SELECT {_SESSION_COLUMNS} FROM (
        (SELECT * FROM session
         WHERE station_id = q.s AND status <> 'ended'
         ORDER BY evse_id, created_at LIMIT 256)
        UNION ALL
        (SELECT * FROM (SELECT * FROM session
                        WHERE station_id = q.s AND started_at <= q.at
                        ORDER BY started_at DESC LIMIT 64) begun
         WHERE status = 'ended' AND ended_at >= q.at)) session
    WHERE q.evse_id IN (0, evse_id)
      AND (SELECT count(*) FROM session WHERE station_id = q.s AND transaction_ref = q.ref) = 0
    ORDER BY created_at) r
"""

SESSIONS_ORPHANED = f"""
SELECT 'orphan', r.i, r.session FROM (
    SELECT q.i, row_to_json(r)::text AS session
    FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, n text)
    CROSS JOIN LATERAL (SELECT {_SESSION_COLUMNS} FROM session
                        WHERE station_id = q.s AND transaction_ref IS NULL
                        ORDER BY created_at DESC LIMIT 8) r
    ORDER BY r.created_at) r
"""

REMOTE_START_FOR = """
SELECT 'remote_start', q.i, r.id::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, v text, e int, t timestamptz)
CROSS JOIN LATERAL (SELECT id FROM operation
                    WHERE station_id = q.s AND upper(id_token) = upper(q.v)
                      AND action = 'remote_start' AND session_id IS NULL
                      AND status IN ('pending', 'accepted')
                      AND (evse_id IS NULL OR evse_id = q.e)
                      AND created_at > %s AND created_at <= q.t
                    ORDER BY created_at LIMIT 1) r
"""

# Whatever became of it: the station says that this is what it did.
REMOTE_START_NUMBERED = """
SELECT 'remote_start', q.i, r.id::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, e int)
CROSS JOIN LATERAL (SELECT id FROM operation
                    WHERE station_id = q.s AND ref = q.e AND session_id IS NULL
                      AND action IN ('remote_start', 'RequestStartTransaction')
                    ORDER BY created_at DESC LIMIT 1) r
"""

# Numbers are never given twice, so none is spent on a start that was made before; those that the
# station spoke of before we gave them are skipped.  The counts keep the planner from making a
# join of it that would draw more numbers than it takes.
NEW_NUMBERS = """
SELECT 'number', q.i, r.number
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, v text, e boolean)
CROSS JOIN LATERAL (
    SELECT number FROM (
        SELECT nextval('transaction_number')::text AS number
        FROM generate_series(1, CASE (
            SELECT count(*) FROM session
            WHERE station_id = q.s AND start_key = q.v AND NOT (q.e AND status = 'ended')
        ) WHEN 0 THEN 64 ELSE 0 END)) drawn
    WHERE (SELECT count(*) FROM session
           WHERE station_id = q.s AND transaction_ref = drawn.number) = 0
    LIMIT 1) r
"""

# Whoever else takes the turn of that token at the same moment fails, and looks again.
TAKE_TURNS = """
INSERT INTO token_turn AS held (operator_id, id_token)
SELECT operator_id, id_token FROM jsonb_to_recordset(%s::jsonb) AS q(operator_id int, id_token text)
ORDER BY operator_id, id_token
ON CONFLICT (operator_id, id_token) DO UPDATE SET taken = held.taken + 1
"""

CLAIM_CONNECTIONS = """
WITH q AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS q(
        station_id bigint, operator_id int, epoch bigint, node text, peer text,
        ocpp_version text, at timestamptz)
), spoken AS (
    UPDATE station SET ocpp_version = q.ocpp_version FROM q
    WHERE station.id = q.station_id AND station.ocpp_version IS DISTINCT FROM q.ocpp_version
)
INSERT INTO connection AS held (station_id, operator_id, epoch, node, peer, ocpp_version,
                                connected_at, last_seen_at)
SELECT station_id, operator_id, epoch, node, peer, ocpp_version, at, at FROM q
ON CONFLICT (station_id) DO UPDATE SET
    operator_id = excluded.operator_id, epoch = excluded.epoch, node = excluded.node,
    peer = excluded.peer, ocpp_version = excluded.ocpp_version,
    connected_at = excluded.connected_at, last_seen_at = excluded.last_seen_at,
    disconnected_at = NULL, close_reason = NULL, offline_at = NULL
"""

RELEASE_CONNECTIONS = """
UPDATE connection SET disconnected_at = q.at, close_reason = q.reason
FROM jsonb_to_recordset(%s::jsonb) AS q(station_id bigint, epoch bigint, reason text,
                                        at timestamptz)
WHERE connection.station_id = q.station_id AND connection.epoch = q.epoch
"""

BOOT_STATIONS = """
UPDATE station SET
    vendor = q.vendor, model = q.model,
    serial_number = coalesce(q.serial_number, station.serial_number),
    firmware_version = coalesce(q.firmware_version, station.firmware_version),
    iccid = coalesce(q.iccid, station.iccid), imsi = coalesce(q.imsi, station.imsi),
    meter_type = coalesce(q.meter_type, station.meter_type),
    meter_serial_number = coalesce(q.meter_serial_number, station.meter_serial_number),
    booted_at = q.at, last_seen_at = q.at, updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, vendor text, model text, serial_number text, firmware_version text,
    iccid text, imsi text, meter_type text, meter_serial_number text, at timestamptz)
WHERE station.id = q.station_id
"""

PROGRESS_STATIONS = """
UPDATE station SET
    firmware_status = coalesce(q.firmware_status, station.firmware_status),
    diagnostics_status = coalesce(q.diagnostics_status, station.diagnostics_status),
    updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(station_id bigint, firmware_status text,
                                        diagnostics_status text, at timestamptz)
WHERE station.id = q.station_id
"""

SET_HEARING = """
UPDATE station SET deaf_since = q.deaf_since
FROM jsonb_to_recordset(%s::jsonb) AS q(station_id bigint, deaf_since timestamptz)
WHERE station.id = q.station_id
"""

SET_CONNECTORS = """
INSERT INTO connector AS held (station_id, operator_id, evse_id, connector_id, status, status_at,
                               status_told, error_code, info, vendor_id, vendor_error_code)
SELECT station_id, operator_id, evse_id, connector_id, status, status_at, status_told, error_code,
       info, vendor_id, vendor_error_code
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, operator_id int, evse_id int, connector_id int, status text,
    status_at timestamptz, status_told boolean, error_code text, info text, vendor_id text,
    vendor_error_code text)
ON CONFLICT (station_id, evse_id, connector_id) DO UPDATE SET
    status = excluded.status, status_at = excluded.status_at,
    status_told = excluded.status_told, error_code = excluded.error_code,
    info = excluded.info, vendor_id = excluded.vendor_id,
    vendor_error_code = excluded.vendor_error_code
"""

_SESSION_RECORD = """
    id uuid, operator_id int, station_id bigint, evse_id int, connector_id int,
    transaction_ref text, named_by_station boolean, start_key text, id_token text,
    group_id text, "authorization" text, status text, started_at timestamptz,
    ended_at timestamptz, meter_start_wh float8, meter_stop_wh float8, meter_last_wh float8,
    energy_wh float8, reset_register_wh float8, reset_energy_wh float8, power_w float8,
    soc_percent float8, last_reading_at timestamptz, stop_reason text, stop_id_token text,
    operation_id uuid, reservation_ref int, charging_state text, details jsonb,
    numbering jsonb, flags text[], version int, created_at timestamptz, updated_at timestamptz
"""

_SESSION_NAMES = """
    id, operator_id, station_id, evse_id, connector_id, transaction_ref, named_by_station,
    start_key, id_token, group_id, "authorization", status, started_at, ended_at,
    meter_start_wh, meter_stop_wh, meter_last_wh, energy_wh, reset_register_wh,
    reset_energy_wh, power_w, soc_percent, last_reading_at, stop_reason, stop_id_token,
    operation_id, reservation_ref, charging_state, details, numbering, flags, version,
    created_at, updated_at
"""

OPEN_SESSIONS = f"""
INSERT INTO session ({_SESSION_NAMES})
SELECT {_SESSION_NAMES} FROM jsonb_to_recordset(%s::jsonb) AS q({_SESSION_RECORD})
"""

SAVE_SESSIONS = f"""
WITH saved AS (
    UPDATE session SET
        evse_id = q.evse_id, connector_id = q.connector_id,
        transaction_ref = q.transaction_ref, named_by_station = q.named_by_station,
        start_key = q.start_key, id_token = q.id_token, group_id = q.group_id,
        "authorization" = q."authorization",
        status = q.status, started_at = q.started_at, ended_at = q.ended_at,
        meter_start_wh = q.meter_start_wh, meter_stop_wh = q.meter_stop_wh,
        meter_last_wh = q.meter_last_wh, energy_wh = q.energy_wh,
        reset_register_wh = q.reset_register_wh, reset_energy_wh = q.reset_energy_wh,
        power_w = q.power_w, soc_percent = q.soc_percent, last_reading_at = q.last_reading_at,
        stop_reason = q.stop_reason, stop_id_token = q.stop_id_token,
        operation_id = q.operation_id, reservation_ref = q.reservation_ref,
        charging_state = q.charging_state, details = q.details, numbering = q.numbering,
        flags = q.flags, version = q.version + 1, updated_at = q.updated_at
    FROM jsonb_to_recordset(%s::jsonb) AS q({_SESSION_RECORD})
    WHERE session.id = q.id AND session.version = q.version
    RETURNING session.id
)
SELECT expect_current((SELECT count(*) FROM saved), %s)
"""

METER_SESSIONS = """
WITH metered AS (
    UPDATE session SET
        meter_start_wh = q.meter_start_wh, meter_last_wh = q.meter_last_wh,
        energy_wh = q.energy_wh, reset_register_wh = q.reset_register_wh,
        reset_energy_wh = q.reset_energy_wh, power_w = q.power_w, soc_percent = q.soc_percent,
        last_reading_at = q.last_reading_at, flags = q.flags, version = q.version + 1,
        updated_at = q.updated_at
    FROM jsonb_to_recordset(%s::jsonb) AS q(
        id uuid, meter_start_wh float8, meter_last_wh float8, energy_wh float8,
        reset_register_wh float8, reset_energy_wh float8, power_w float8, soc_percent float8,
        last_reading_at timestamptz, flags text[], version int, updated_at timestamptz)
    WHERE session.id = q.id AND session.version = q.version
    RETURNING session.id
)
SELECT expect_current((SELECT count(*) FROM metered), %s)
"""

_READING_RECORD = """
    station_id bigint, operator_id int, evse_id int, session_id uuid, taken_at timestamptz,
    fingerprint bigint, received_at timestamptz, energy_wh float8, power_w float8,
    soc_percent float8, samples jsonb
"""

ADD_READINGS = f"""
INSERT INTO reading (station_id, operator_id, evse_id, session_id, taken_at, fingerprint,
                     received_at, energy_wh, power_w, soc_percent, samples)
SELECT station_id, operator_id, evse_id, session_id, taken_at, fingerprint, received_at,
       energy_wh, power_w, soc_percent, samples
FROM jsonb_to_recordset(%s::jsonb) AS q({_READING_RECORD})
ON CONFLICT DO NOTHING
"""

MERGE_READINGS = f"""
INSERT INTO reading (station_id, operator_id, evse_id, session_id, taken_at, fingerprint,
                     received_at, energy_wh, power_w, soc_percent, samples)
SELECT q.station_id, q.operator_id, q.evse_id, q.session_id, q.taken_at, q.fingerprint,
       q.received_at, q.energy_wh, q.power_w, q.soc_percent, unknown.samples
FROM jsonb_to_recordset(%s::jsonb) AS q({_READING_RECORD})
CROSS JOIN LATERAL (
    SELECT jsonb_agg(told.sample ORDER BY told.place) AS samples
    FROM jsonb_array_elements(q.samples) WITH ORDINALITY AS told(sample, place)
    WHERE told.sample NOT IN (
        SELECT jsonb_array_elements(r.samples) FROM reading r
        WHERE r.station_id = q.station_id AND r.taken_at = q.taken_at
          AND (r.evse_id = q.evse_id OR r.session_id = q.session_id))) unknown
WHERE unknown.samples IS NOT NULL
ON CONFLICT DO NOTHING
"""

LINK_OPERATIONS = """
UPDATE operation SET session_id = q.session_id
FROM jsonb_to_recordset(%s::jsonb) AS q(operation_id uuid, session_id uuid)
WHERE operation.id = q.operation_id AND operation.session_id IS NULL
"""

MOST_QUARANTINED = 20_000
"""Messages that are kept of one station in quarantine, per day (UTC)."""
MOST_QUARANTINED_BYTES = 200_000_000
"""So is how long they are together; the one that goes beyond is kept."""

# A station that sends the same again and again is heard once.  A day that was full stays full, so
# its `dropped` is above 0 only where this message is dropped.  Answers with those stations.
QUARANTINE = f"""
WITH q AS (
    SELECT q.*, (received_at AT TIME ZONE 'UTC')::date AS day
    FROM jsonb_to_recordset(%s::jsonb) AS q(operator_id int, station_id bigint,
        received_at timestamptz, action text, fault text, content text)
    WHERE NOT EXISTS (SELECT FROM quarantine known WHERE known.station_id = q.station_id
                      AND md5(known.content) = md5(q.content))
), counted AS (
    INSERT INTO quarantine_day AS d (station_id, day, operator_id, messages, bytes, dropped_at,
                                     action, fault, digest)
    SELECT station_id, day, min(operator_id), count(*), sum(octet_length(content)),
           max(received_at), max(action), max(fault),
           max(encode(sha256(convert_to(content, 'UTF8')), 'hex'))
    FROM q GROUP BY station_id, day ORDER BY station_id, day
    ON CONFLICT (station_id, day) DO UPDATE SET (messages, bytes, dropped, dropped_at, action,
                                                 fault, digest) = (
        SELECT d.messages + CASE WHEN full_ THEN 0 ELSE excluded.messages END,
               d.bytes + CASE WHEN full_ THEN 0 ELSE excluded.bytes END,
               CASE WHEN full_ THEN d.dropped + excluded.messages ELSE 0 END,
               excluded.dropped_at, excluded.action, excluded.fault, excluded.digest
        FROM (SELECT d.messages >= {MOST_QUARANTINED}
                     OR d.bytes >= {MOST_QUARANTINED_BYTES}) AS bound(full_))
    RETURNING station_id, day, operator_id, dropped, dropped_at, action
), kept AS (
    INSERT INTO quarantine (operator_id, station_id, received_at, action, fault, content)
    SELECT q.operator_id, station_id, received_at, q.action, fault, content
    FROM q JOIN counted USING (station_id, day) WHERE counted.dropped = 0
), noted AS (
    INSERT INTO quirk AS known (station_id, operator_id, name, count, example, first_at, last_at)
    SELECT station_id, min(operator_id), '{Oddity.QUARANTINE_FULL}', count(*), max(action),
           min(dropped_at), max(dropped_at)
    FROM counted WHERE dropped > 0 GROUP BY station_id ORDER BY station_id
    ON CONFLICT (station_id, name) DO UPDATE SET
        count = known.count + excluded.count, example = excluded.example,
        last_at = greatest(known.last_at, excluded.last_at)
)
SELECT s.identity, dropped FROM counted JOIN station s ON s.id = station_id WHERE dropped > 0
"""

APPEND_EVENTS = "INSERT INTO outbox (events, frequent) VALUES (%s, %s)"
