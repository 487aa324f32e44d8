"""What the register of stations asks the database."""

from __future__ import annotations

FIELDS = (
    "id",
    "operator_id",
    "identity",
    "registration",
    "name",
    "latitude",
    "longitude",
    "address",
    "city",
    "country",
    "vendor",
    "model",
    "serial_number",
    "firmware_version",
    "iccid",
    "imsi",
    "meter_type",
    "meter_serial_number",
    "vendor_data",
    "password_hash",
    "offered_password_hash",
    "strictness",
    "ocpp_versions",
    "ocpp_version",
    "heartbeat_interval_s",
    "booted_at",
    "deaf_since",
    "last_seen_at",
    "firmware_status",
    "diagnostics_status",
    "created_at",
    "updated_at",
    "connected",
    "connectors",
)

CONNECTED = """EXISTS (
    SELECT FROM connection c WHERE c.station_id = s.id AND c.disconnected_at IS NULL)"""

_CONNECTORS = """coalesce((
    SELECT json_agg(c ORDER BY c.evse_id, c.connector_id)
    FROM (SELECT evse_id, connector_id, kind, max_power_w, status, status_at, error_code, info,
                 vendor_id, vendor_error_code
          FROM connector WHERE station_id = s.id) c), '[]')"""

_COLUMNS = ", ".join(f"s.{name}" for name in FIELDS[:-2]) + f", {CONNECTED}"
WHOLE = f"{_COLUMNS}, {_CONNECTORS}"

STATIONS_WITH_IDENTITY = f"""
SELECT {_COLUMNS}, '[]' FROM unnest(%s::text[]) AS q(identity)
CROSS JOIN LATERAL (SELECT * FROM station
                    WHERE lower(identity) = lower(q.identity) AND deleted_at IS NULL LIMIT 1) s
WHERE s.identity = q.identity
"""

ENLIST_STATIONS = f"""
INSERT INTO station (identity, registration)
SELECT identity, registration
FROM unnest(%(identities)s::text[], %(registrations)s::text[])
     WITH ORDINALITY AS q(identity, registration, i)
ORDER BY lower(identity), i
ON CONFLICT (lower(identity)) WHERE deleted_at IS NULL DO NOTHING;
SELECT q.identity, {_COLUMNS}, '[]' FROM unnest(%(identities)s::text[]) AS q(identity)
CROSS JOIN LATERAL (SELECT * FROM station
                    WHERE lower(identity) = lower(q.identity) AND deleted_at IS NULL LIMIT 1) s
"""

STATION_OF_IDENTITY = f"""
SELECT {WHOLE} FROM station s
WHERE lower(s.identity) = lower(%(identity)s) AND s.identity = %(identity)s
  AND s.deleted_at IS NULL AND s.operator_id = coalesce(%(operator_id)s, s.operator_id)
"""

STATION_BY_ID = f"SELECT {WHOLE} FROM station s WHERE s.id = %s"

WHO_HAS_IDENTITY = """
SELECT operator_id, identity FROM station
WHERE lower(identity) = lower(%s) AND deleted_at IS NULL
"""

# Completed with the columns given.
PUT_STATION = """
INSERT INTO station (operator_id, identity, {columns})
VALUES (%(operator_id)s, %(identity)s, {values})
ON CONFLICT (lower(identity)) WHERE deleted_at IS NULL
DO UPDATE SET {changes}, updated_at = now()
WHERE station.operator_id = excluded.operator_id AND station.identity = excluded.identity
RETURNING id, xmax = 0
"""

CHANGE_STATION = """
UPDATE station SET {changes}
WHERE lower(identity) = lower(%(identity)s) AND identity = %(identity)s
  AND operator_id = %(operator_id)s AND deleted_at IS NULL
RETURNING id
"""

REPLACE_CONNECTORS = """
WITH declared AS (
    SELECT * FROM jsonb_to_recordset(%(connectors)s::jsonb) AS q(
        evse_id int, connector_id int, kind text, max_power_w int)
), gone AS (
    DELETE FROM connector c
    WHERE c.station_id = %(station_id)s AND c.evse_id > 0
      AND NOT EXISTS (SELECT FROM declared d
                      WHERE (d.evse_id, d.connector_id) = (c.evse_id, c.connector_id))
)
INSERT INTO connector (station_id, operator_id, evse_id, connector_id, kind, max_power_w)
SELECT %(station_id)s, %(operator_id)s, evse_id, connector_id, kind, max_power_w FROM declared
ON CONFLICT (station_id, evse_id, connector_id) DO UPDATE
SET kind = excluded.kind, max_power_w = excluded.max_power_w
"""

OFFER_KEY = """
UPDATE station SET offered_password_hash = %s, offered_password_mark = %s WHERE id = %s
"""

WITHDRAW_KEY = """
UPDATE station SET offered_password_hash = NULL, offered_password_mark = NULL
WHERE id = %s AND offered_password_mark = %s
"""

PROVE_KEY = """
UPDATE station SET password_hash = offered_password_hash, offered_password_hash = NULL,
                   offered_password_mark = NULL, updated_at = now()
WHERE id = %s AND offered_password_hash = %s
"""

QUIRKS_OF_STATION = """
SELECT name, count, example, first_at, last_at FROM quirk
WHERE station_id = %s ORDER BY count DESC, name
"""
