"""Firmware updates and publications, as the ledger asks and writes them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.firmware.vocabulary import (
    CancelFirmwareJobs,
    FirmwareJob,
    FirmwareJobAsked,
    FirmwareKnown,
    FirmwareKnownAsked,
    OpenFirmwareJob,
    Publication,
    PublicationAsked,
    StepFirmwareJob,
)
from csms.storage.topics import Topic

_JOB = "f.number, f.status, f.expected_version, f.version_before, f.confirmed_at"

# What was asked for and never reached the station is not what it speaks of.
_OPEN = """
f.ended_at IS NULL AND (f.status <> 'Requested' OR NOT EXISTS (
    SELECT FROM operation o WHERE o.station_id = f.station_id AND o.ref = f.number
                              AND o.status NOT IN ('queued', 'pending', 'accepted')))
"""

FIRMWARE_JOB = f"""
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, ref int)
CROSS JOIN LATERAL (
    SELECT {_JOB} FROM firmware_update f
    WHERE f.station_id = q.s AND CASE WHEN q.ref IS NULL THEN {_OPEN} ELSE f.number = q.ref END
    ORDER BY f.created_at DESC, f.number DESC LIMIT 1) r
"""

FIRMWARE_KNOWN = f"""
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint)
CROSS JOIN LATERAL (
    SELECT firmware_version AS version, (
        SELECT row_to_json(j) FROM (
            SELECT {_JOB} FROM firmware_update f
            WHERE f.station_id = q.s AND f.confirmed_at IS NULL
              AND (f.status = 'Installed' OR {_OPEN})
            ORDER BY f.created_at DESC, f.number DESC LIMIT 1) j) AS job
    FROM station WHERE id = q.s LIMIT 1) r
"""

PUBLICATION = """
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, ref int)
CROSS JOIN LATERAL (
    SELECT key AS checksum, content FROM holding
    WHERE station_id = q.s AND kind = 'published_firmware' AND removed_at IS NULL
      AND (q.ref IS NULL OR content->>'ref' = q.ref::text)
    ORDER BY updated_at DESC LIMIT 1) r
"""

TOPICS: Sequence[Topic] = (
    Topic(FirmwareJobAsked, FIRMWARE_JOB, msgspec.json.Decoder(FirmwareJob).decode),
    Topic(FirmwareKnownAsked, FIRMWARE_KNOWN, msgspec.json.Decoder(FirmwareKnown).decode),
    Topic(PublicationAsked, PUBLICATION, msgspec.json.Decoder(Publication).decode),
)

OPEN_JOBS = """
INSERT INTO firmware_update (station_id, operator_id, number, status, location, retrieve_at,
                             install_at, signing_certificate, signature, retries,
                             retry_interval_s, version_before, created_at, updated_at)
SELECT q.station_id, q.operator_id, q.number, 'Requested', q.location, q.retrieve_at,
       q.install_at, q.signing_certificate, q.signature, q.retries, q.retry_interval_s,
       s.firmware_version, q.at, q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, operator_id int, number int, location text, retrieve_at timestamptz,
    install_at timestamptz, signing_certificate text, signature text, retries int,
    retry_interval_s int, at timestamptz)
JOIN station s ON s.id = q.station_id
ON CONFLICT (station_id, number) DO NOTHING
"""

# The history is bounded: a station may tell the same two things in turn for ever.
STEP_JOBS = """
UPDATE firmware_update SET
    status = q.status,
    detail = CASE WHEN q.status = q.told THEN q.detail ELSE firmware_update.detail END,
    history = CASE WHEN jsonb_array_length(firmware_update.history) < 200
                   THEN firmware_update.history || jsonb_build_object(
                       'status', q.told, 'at', q.at, 'detail', q.detail)
                   ELSE firmware_update.history END,
    ended_at = CASE WHEN q.ended THEN coalesce(firmware_update.ended_at, q.at) END,
    version_after = coalesce(q.version, firmware_update.version_after),
    confirmed_at = CASE WHEN q.version IS NULL THEN firmware_update.confirmed_at ELSE q.at END,
    updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, number int, status text, told text, detail text, ended boolean,
    version text, at timestamptz)
WHERE firmware_update.station_id = q.station_id AND firmware_update.number = q.number
"""

CANCEL_JOBS = """
UPDATE firmware_update SET
    status = 'Canceled', detail = 'for ' || q.number, ended_at = q.at, updated_at = q.at,
    history = firmware_update.history || jsonb_build_object(
        'status', 'Canceled', 'at', q.at, 'detail', 'for ' || q.number)
FROM jsonb_to_recordset(%s::jsonb) AS q(station_id bigint, number int, at timestamptz)
WHERE firmware_update.station_id = q.station_id AND firmware_update.number <> q.number
  AND firmware_update.ended_at IS NULL AND firmware_update.status <> 'Requested'
"""

WRITES: Sequence[tuple[type, str]] = (
    (OpenFirmwareJob, OPEN_JOBS),
    (StepFirmwareJob, STEP_JOBS),
    (CancelFirmwareJobs, CANCEL_JOBS),
)
