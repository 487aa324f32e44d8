"""Log uploads, as the ledger asks and writes them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.logs.vocabulary import CancelLogJobs, LogJob, LogJobAsked, OpenLogJob, StepLogJob
from csms.storage.topics import Topic

# What was asked for and never reached the station is not what it speaks of.
LOG_JOB = """
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, ref int)
CROSS JOIN LATERAL (
    SELECT u.number, u.status FROM log_upload u
    WHERE u.station_id = q.s AND CASE WHEN q.ref IS NULL THEN
        u.ended_at IS NULL AND (u.status <> 'Requested' OR NOT EXISTS (
            SELECT FROM operation o WHERE o.station_id = u.station_id AND o.ref = u.number
                                      AND o.status NOT IN ('queued', 'pending', 'accepted')))
        ELSE u.number = q.ref END
    ORDER BY u.created_at DESC, u.number DESC LIMIT 1) r
"""

TOPICS: Sequence[Topic] = (Topic(LogJobAsked, LOG_JOB, msgspec.json.Decoder(LogJob).decode),)

OPEN_JOBS = """
INSERT INTO log_upload (station_id, operator_id, number, kind, status, own, location, oldest_at,
                        latest_at, created_at, updated_at)
SELECT station_id, operator_id, number, kind, 'Requested', false, location, oldest_at, latest_at,
       at, at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, operator_id int, number int, kind text, location text,
    oldest_at timestamptz, latest_at timestamptz, at timestamptz)
ON CONFLICT (station_id, number) DO NOTHING
"""

STEP_JOBS = """
UPDATE log_upload SET
    status = q.status, detail = coalesce(q.detail, log_upload.detail),
    file_name = coalesce(q.file_name, log_upload.file_name),
    ended_at = CASE WHEN q.ended THEN coalesce(log_upload.ended_at, q.at) END, updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, number int, status text, detail text, file_name text, ended boolean,
    at timestamptz)
WHERE log_upload.station_id = q.station_id AND log_upload.number = q.number
"""

CANCEL_JOBS = """
UPDATE log_upload SET
    status = 'AcceptedCanceled', detail = 'for ' || q.number, ended_at = q.at, updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(station_id bigint, number int, at timestamptz)
WHERE log_upload.station_id = q.station_id AND log_upload.number <> q.number
  AND log_upload.ended_at IS NULL AND log_upload.status <> 'Requested'
"""

WRITES: Sequence[tuple[type, str]] = (
    (OpenLogJob, OPEN_JOBS),
    (StepLogJob, STEP_JOBS),
    (CancelLogJobs, CANCEL_JOBS),
)
