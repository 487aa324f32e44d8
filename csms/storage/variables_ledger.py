"""What the intake asks and writes of device models and passwords."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.variables.rules import MAX_ATTRIBUTES
from csms.core.variables.vocabulary import (
    ForgetVariables,
    KeepVariable,
    NoteInventory,
    ReplacePassword,
    RequestAsked,
    SettlePassword,
    VariablesCounted,
)
from csms.storage.topics import Topic

MAX_CHANGES_TOLD = 2_000
"""Changes of a station's variables within a day, beyond which events add none to the history."""

REQUEST_OF_REF = """
SELECT q.i, r.payload::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, action text, ref int)
CROSS JOIN LATERAL (SELECT payload FROM operation
                    WHERE station_id = q.s AND ref = q.ref AND action = q.action
                    ORDER BY created_at DESC LIMIT 1) r
"""

VARIABLES_COUNTED = f"""
SELECT q.i, r.n::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint)
CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
    SELECT FROM variable WHERE station_id = q.s LIMIT {MAX_ATTRIBUTES}) x) r
"""

TOPICS: Sequence[Topic] = (
    Topic(RequestAsked, REQUEST_OF_REF, msgspec.json.Decoder(dict[str, object]).decode),
    Topic(VariablesCounted, VARIABLES_COUNTED, int),
)

# Within a batch a station says one thing, which may hold the same name twice: the last counts.
# What is new makes no history, unless we set it: a first report would be one of thousands.  Events
# count only when nothing was heard of the variable since, and make a bounded history: a value that
# flutters is known as it is, while what it was is among the happenings.  A value that was accepted
# for the next boot stands beside the one that counts, until something is told after that boot.
KEEP_VARIABLES = f"""
WITH q AS (
    SELECT DISTINCT ON (q.station_id, q.key, q.attribute) q.*
    FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS (
        station_id bigint, operator_id int, key text, component text, component_instance text,
        evse_id int, connector_id int, variable text, variable_instance text, attribute text,
        value text, mutability text, persistent boolean, constant boolean, data_type text,
        unit text, min_limit float8, max_limit float8, max_elements int, values_list text,
        supports_monitoring boolean, reboot_required boolean, how text, operation_id uuid,
        seen_ref bigint, known_only boolean, at timestamptz)) WITH ORDINALITY
        AS q(station_id, operator_id, key, component, component_instance, evse_id, connector_id,
             variable, variable_instance, attribute, value, mutability, persistent, constant,
             data_type, unit, min_limit, max_limit, max_elements, values_list,
             supports_monitoring, reboot_required, how, operation_id, seen_ref, known_only, at,
             place)
    ORDER BY q.station_id, q.key, q.attribute, q.place DESC
), before AS (
    SELECT q.station_id, q.key, q.attribute, r.value, r.reported_at, r.pending_value, r.pending_at,
           r.reboot_required AND q.how <> 'set'
               AND (q.how = 'event' OR r.booted_at IS NULL OR r.booted_at <= r.pending_at) AS waits
    FROM q CROSS JOIN LATERAL (SELECT v.value, v.reported_at, v.reboot_required, v.pending_value,
                                      v.pending_at, s.booted_at
                               FROM variable v JOIN station s ON s.id = v.station_id
                               WHERE (v.station_id, v.key, v.attribute)
                                   = (q.station_id, q.key, q.attribute) LIMIT 1) r
), busy AS (
    SELECT s.station_id
    FROM (SELECT station_id, max(at) AS at FROM q WHERE how = 'event' GROUP BY station_id) s
    WHERE (SELECT count(*) FROM (SELECT FROM variable_history h
                                 WHERE h.station_id = s.station_id
                                   AND h.at > s.at - interval '1 day'
                                 LIMIT {MAX_CHANGES_TOLD}) x) >= {MAX_CHANGES_TOLD}
), kept AS (
    INSERT INTO variable AS held (
        station_id, operator_id, key, component, component_instance, evse_id, connector_id,
        variable, variable_instance, attribute, value, mutability, persistent, constant,
        data_type, unit, min_limit, max_limit, max_elements, values_list, supports_monitoring,
        reboot_required, pending_value, pending_at, seen_ref, reported_at, changed_at)
    SELECT q.station_id, q.operator_id, q.key, q.component, q.component_instance, q.evse_id,
           q.connector_id, q.variable, q.variable_instance, q.attribute,
           CASE WHEN q.how = 'set' AND q.reboot_required THEN before.value ELSE q.value END,
           q.mutability, q.persistent, q.constant, q.data_type, q.unit, q.min_limit, q.max_limit,
           q.max_elements, q.values_list, q.supports_monitoring,
           coalesce(q.reboot_required, false) OR coalesce(before.waits, false),
           CASE WHEN q.reboot_required THEN q.value WHEN before.waits THEN before.pending_value END,
           CASE WHEN q.reboot_required THEN q.at WHEN before.waits THEN before.pending_at END,
           q.seen_ref, q.at, q.at
    FROM q LEFT JOIN before USING (station_id, key, attribute)
    WHERE (before.key IS NOT NULL OR q.known_only IS NOT TRUE)
      AND (q.how <> 'event' OR before.key IS NULL OR q.at >= before.reported_at)
    ON CONFLICT (station_id, key, attribute) DO UPDATE SET
        value = coalesce(excluded.value, held.value),
        mutability = coalesce(excluded.mutability, held.mutability),
        persistent = coalesce(excluded.persistent, held.persistent),
        constant = coalesce(excluded.constant, held.constant),
        data_type = coalesce(excluded.data_type, held.data_type),
        unit = coalesce(excluded.unit, held.unit),
        min_limit = coalesce(excluded.min_limit, held.min_limit),
        max_limit = coalesce(excluded.max_limit, held.max_limit),
        max_elements = coalesce(excluded.max_elements, held.max_elements),
        values_list = coalesce(excluded.values_list, held.values_list),
        supports_monitoring = coalesce(excluded.supports_monitoring, held.supports_monitoring),
        reboot_required = excluded.reboot_required,
        pending_value = excluded.pending_value,
        pending_at = excluded.pending_at,
        seen_ref = coalesce(excluded.seen_ref, held.seen_ref),
        reported_at = excluded.reported_at,
        changed_at = CASE WHEN excluded.value IS NULL OR excluded.value = held.value
                          THEN held.changed_at ELSE excluded.changed_at END,
        removed_at = NULL
    RETURNING id, station_id, key, attribute
)
INSERT INTO variable_history (variable_id, station_id, old, new, how, operation_id, at)
SELECT kept.id, q.station_id, meant.value, q.value, q.how, q.operation_id, q.at
FROM q JOIN kept USING (station_id, key, attribute)
LEFT JOIN before USING (station_id, key, attribute)
CROSS JOIN LATERAL (
    SELECT CASE WHEN before.waits THEN before.value
                ELSE coalesce(before.pending_value, before.value) END AS value) meant
WHERE q.value IS NOT NULL AND q.value IS DISTINCT FROM meant.value
  AND (before.key IS NOT NULL OR q.how = 'set')
  AND (q.how <> 'event' OR q.station_id NOT IN (SELECT station_id FROM busy))
"""

FORGET_VARIABLES = """
UPDATE variable SET removed_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, keys text[], but text[], unseen_ref bigint, at timestamptz)
WHERE variable.station_id = q.station_id AND variable.removed_at IS NULL
  AND (q.keys IS NULL OR variable.key = ANY (q.keys))
  AND (q.but IS NULL OR variable.key <> ALL (q.but))
  AND (q.unseen_ref IS NULL OR variable.seen_ref IS DISTINCT FROM q.unseen_ref)
"""

NOTE_INVENTORIES = """
INSERT INTO inventory AS held (
    station_id, operator_id, ref, firmware_version, ocpp_version, completed_at)
SELECT q.station_id, q.operator_id, q.ref, s.firmware_version, s.ocpp_version, q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, operator_id int, ref bigint, at timestamptz)
JOIN station s ON s.id = q.station_id
ON CONFLICT (station_id) DO UPDATE SET
    ref = excluded.ref, firmware_version = excluded.firmware_version,
    ocpp_version = excluded.ocpp_version, completed_at = excluded.completed_at
"""

SETTLE_PASSWORDS = """
UPDATE station SET
    password_hash = CASE WHEN q.accepted THEN station.offered_password_hash
                         ELSE station.password_hash END,
    offered_password_hash = NULL, offered_password_mark = NULL, updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, mark text, accepted boolean, at timestamptz)
WHERE station.id = q.station_id AND station.offered_password_mark = q.mark
"""

REPLACE_PASSWORDS = """
UPDATE station SET password_hash = q.password_hash, offered_password_hash = NULL,
                   offered_password_mark = NULL, updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(station_id bigint, password_hash text, at timestamptz)
WHERE station.id = q.station_id
"""

WRITES: Sequence[tuple[type, str]] = (
    (KeepVariable, KEEP_VARIABLES),
    (ForgetVariables, FORGET_VARIABLES),
    (NoteInventory, NOTE_INVENTORIES),
    (SettlePassword, SETTLE_PASSWORDS),
    (ReplacePassword, REPLACE_PASSWORDS),
)
