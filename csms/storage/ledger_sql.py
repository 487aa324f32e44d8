"""The questions and writes of the ledger, each over a JSON array of rows in one parameter.

Answers have the columns (topic, index of the question, JSON or text).  The lateral subqueries
with LIMIT keep the planner on the indexes whatever it believes of the size of the array.
"""

from __future__ import annotations

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ"

STATION_OF = """
SELECT 'station', q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint)
CROSS JOIN LATERAL (SELECT registration, booted_at IS NOT NULL AS booted, heartbeat_interval_s
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
                           error_code, info, vendor_id, vendor_error_code
                    FROM connector
                    WHERE station_id = q.s AND evse_id = q.e AND connector_id = q.c LIMIT 1) r
"""

TOKENS_NAMED = """
SELECT 'token', q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, o int, v text)
CROSS JOIN LATERAL (SELECT operator_id, id_token, kind, group_id, blocked, expires_at,
                           max_sessions, stations
                    FROM token WHERE operator_id = q.o AND upper(id_token) = q.v LIMIT 1) r
"""

SESSIONS_RUNNING = """
SELECT 'running', q.i, r.n::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, o int, v text, e int)
CROSS JOIN LATERAL (SELECT count(*) AS n FROM session
                    WHERE operator_id = q.o AND upper(id_token) = q.v AND status = 'active'
                      AND NOT (station_id = q.s AND (q.e IS NULL OR evse_id = q.e))) r
"""

_SESSION_COLUMNS = """
    id, operator_id, station_id, q.n AS identity, evse_id, connector_id, transaction_ref,
    start_key, id_token, group_id, "authorization", status, started_at, ended_at,
    meter_start_wh, meter_stop_wh, meter_last_wh, energy_wh, reset_register_wh,
    reset_energy_wh, power_w, soc_percent, last_reading_at, stop_reason, stop_id_token,
    operation_id, reservation_ref, flags, version, created_at, updated_at
"""

SESSION_OF_TRANSACTION = f"""
SELECT 'session', q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, n text, v text)
CROSS JOIN LATERAL (SELECT {_SESSION_COLUMNS} FROM session
                    WHERE station_id = q.s AND transaction_ref = q.v LIMIT 1) r
"""

SESSION_OF_START = f"""
SELECT 'started', q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, n text, v text)
CROSS JOIN LATERAL (SELECT {_SESSION_COLUMNS} FROM session
                    WHERE station_id = q.s AND start_key = q.v LIMIT 1) r
"""

SESSIONS_OPEN = f"""
SELECT 'open', r.i, r.session FROM (
    SELECT q.i, row_to_json(r)::text AS session
    FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, n text, e int)
    CROSS JOIN LATERAL (SELECT {_SESSION_COLUMNS} FROM session
                        WHERE station_id = q.s AND evse_id = q.e AND status <> 'ended'
                        ORDER BY started_at DESC LIMIT 8) r
    ORDER BY r.started_at) r
"""

SESSIONS_ORPHANED = f"""
SELECT 'orphan', r.i, r.session FROM (
    SELECT q.i, row_to_json(r)::text AS session
    FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, n text)
    CROSS JOIN LATERAL (SELECT {_SESSION_COLUMNS} FROM session
                        WHERE station_id = q.s AND transaction_ref IS NULL
                        ORDER BY started_at DESC LIMIT 8) r
    ORDER BY r.started_at) r
"""

REMOTE_START_FOR = """
SELECT 'remote_start', q.i, r.id::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, v text, e int)
CROSS JOIN LATERAL (SELECT id FROM operation
                    WHERE station_id = q.s AND upper(id_token) = q.v
                      AND action = 'remote_start' AND session_id IS NULL
                      AND status IN ('pending', 'accepted')
                      AND (evse_id IS NULL OR evse_id = q.e) AND created_at > %s
                    ORDER BY created_at LIMIT 1) r
"""

NEW_NUMBERS = """
SELECT 'number', q.i, nextval('transaction_number')::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int)
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

SET_CONNECTORS = """
INSERT INTO connector AS held (station_id, operator_id, evse_id, connector_id, status, status_at,
                               error_code, info, vendor_id, vendor_error_code)
SELECT station_id, operator_id, evse_id, connector_id, status, status_at, error_code, info,
       vendor_id, vendor_error_code
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, operator_id int, evse_id int, connector_id int, status text,
    status_at timestamptz, error_code text, info text, vendor_id text, vendor_error_code text)
ON CONFLICT (station_id, evse_id, connector_id) DO UPDATE SET
    status = excluded.status, status_at = excluded.status_at, error_code = excluded.error_code,
    info = excluded.info, vendor_id = excluded.vendor_id,
    vendor_error_code = excluded.vendor_error_code
"""

_SESSION_RECORD = """
    id uuid, operator_id int, station_id bigint, evse_id int, connector_id int,
    transaction_ref text, start_key text, id_token text, group_id text, "authorization" text,
    status text, started_at timestamptz, ended_at timestamptz, meter_start_wh float8,
    meter_stop_wh float8, meter_last_wh float8, energy_wh float8, reset_register_wh float8,
    reset_energy_wh float8, power_w float8, soc_percent float8, last_reading_at timestamptz,
    stop_reason text, stop_id_token text, operation_id uuid, reservation_ref int, flags text[],
    version int, created_at timestamptz, updated_at timestamptz
"""

_SESSION_NAMES = """
    id, operator_id, station_id, evse_id, connector_id, transaction_ref, start_key, id_token,
    group_id, "authorization", status, started_at, ended_at, meter_start_wh, meter_stop_wh,
    meter_last_wh, energy_wh, reset_register_wh, reset_energy_wh, power_w, soc_percent,
    last_reading_at, stop_reason, stop_id_token, operation_id, reservation_ref, flags,
    version, created_at, updated_at
"""

OPEN_SESSIONS = f"""
INSERT INTO session ({_SESSION_NAMES})
SELECT {_SESSION_NAMES} FROM jsonb_to_recordset(%s::jsonb) AS q({_SESSION_RECORD})
"""

SAVE_SESSIONS = f"""
UPDATE session SET
    evse_id = q.evse_id, transaction_ref = q.transaction_ref, start_key = q.start_key,
    id_token = q.id_token, group_id = q.group_id, "authorization" = q."authorization",
    status = q.status, started_at = q.started_at, ended_at = q.ended_at,
    meter_start_wh = q.meter_start_wh, meter_stop_wh = q.meter_stop_wh,
    meter_last_wh = q.meter_last_wh, energy_wh = q.energy_wh,
    reset_register_wh = q.reset_register_wh, reset_energy_wh = q.reset_energy_wh,
    power_w = q.power_w, soc_percent = q.soc_percent, last_reading_at = q.last_reading_at,
    stop_reason = q.stop_reason, stop_id_token = q.stop_id_token,
    operation_id = q.operation_id, reservation_ref = q.reservation_ref, flags = q.flags,
    version = q.version + 1, updated_at = q.updated_at
FROM jsonb_to_recordset(%s::jsonb) AS q({_SESSION_RECORD})
WHERE session.id = q.id
"""

ADD_READINGS = """
INSERT INTO reading (station_id, operator_id, evse_id, session_id, taken_at, fingerprint,
                     received_at, energy_wh, power_w, soc_percent, samples)
SELECT station_id, operator_id, evse_id, session_id, taken_at, fingerprint, received_at,
       energy_wh, power_w, soc_percent, samples
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, operator_id int, evse_id int, session_id uuid, taken_at timestamptz,
    fingerprint bigint, received_at timestamptz, energy_wh float8, power_w float8,
    soc_percent float8, samples jsonb)
ON CONFLICT DO NOTHING
"""

LINK_OPERATIONS = """
UPDATE operation SET session_id = q.session_id
FROM jsonb_to_recordset(%s::jsonb) AS q(operation_id uuid, session_id uuid)
WHERE operation.id = q.operation_id AND operation.session_id IS NULL
"""

QUARANTINE = """
INSERT INTO quarantine (operator_id, station_id, received_at, action, fault, content)
SELECT operator_id, station_id, received_at, action, fault, content
FROM jsonb_to_recordset(%s::jsonb) AS q(operator_id int, station_id bigint,
    received_at timestamptz, action text, fault text, content text)
"""

APPEND_EVENTS = "INSERT INTO outbox (events) VALUES (%s)"
