"""Certificate requests as the ledger asks for them and writes them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.certificates.vocabulary import (
    AddRequest,
    HeldCertificate,
    HeldCertificatesAsked,
    OpenRequest,
    OpenRequestsAsked,
    RepeatRequest,
    SettleRequest,
    StationSerialAsked,
    SupersedeRequest,
)
from csms.storage.topics import Topic

KEPT_CLOSED = 50
"""Requests of a station that came to nothing and are kept: it may make new ones without end."""

SERIAL = """
SELECT q.i, r.serial_number
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint)
CROSS JOIN LATERAL (SELECT serial_number FROM station
                    WHERE id = q.s AND serial_number IS NOT NULL LIMIT 1) r
"""

OPEN_REQUESTS = """
SELECT q.i, jsonb_build_object('id', r.id, 'key', r.key)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, purpose text)
CROSS JOIN LATERAL (SELECT id, key FROM certificate_request
                    WHERE station_id = q.s AND purpose = q.purpose
                      AND status IN ('received', 'signed') LIMIT 8) r
"""

HELD_CERTIFICATES = """
SELECT q.i, jsonb_build_object('key', r.key, 'content', r.content)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint)
CROSS JOIN LATERAL (SELECT key, content FROM holding
                    WHERE station_id = q.s AND kind = 'certificate' LIMIT 500) r
"""

TOPICS: Sequence[Topic] = (
    Topic(StationSerialAsked, SERIAL, str),
    Topic(OpenRequestsAsked, OPEN_REQUESTS, msgspec.json.Decoder(OpenRequest).decode),
    Topic(HeldCertificatesAsked, HELD_CERTIFICATES, msgspec.json.Decoder(HeldCertificate).decode),
)

REPEAT_REQUESTS = """
UPDATE certificate_request AS r
SET csr = q.csr, request_ref = coalesce(q.request_ref, r.request_ref), times = r.times + 1,
    updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(id uuid, csr text, request_ref int, at timestamptz)
WHERE r.id = q.id
"""

SUPERSEDE_REQUESTS = """
UPDATE certificate_request AS r SET status = 'superseded', updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(id uuid, at timestamptz)
WHERE r.id = q.id
"""

ADD_REQUESTS = f"""
WITH q AS (
    SELECT r.* FROM jsonb_to_recordset(%s::jsonb) AS q(request jsonb)
    CROSS JOIN LATERAL jsonb_populate_record(NULL::certificate_request, q.request) r
), gone AS (
    DELETE FROM certificate_request WHERE id IN (
        SELECT old.id FROM (SELECT DISTINCT station_id FROM q) s
        CROSS JOIN LATERAL (
            SELECT id FROM certificate_request c
            WHERE c.station_id = s.station_id AND c.status IN ('refused', 'superseded')
            ORDER BY c.asked_at DESC, c.id DESC OFFSET {KEPT_CLOSED - 1}
        ) old
    )
)
INSERT INTO certificate_request SELECT * FROM q
"""

SETTLE_REQUESTS = """
UPDATE certificate_request AS r
SET status = q.status, detail = q.detail, chain = q.chain, operation_id = q.operation_id,
    updated_at = q.at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, key text, status text, detail text, chain text, operation_id uuid,
    at timestamptz)
WHERE r.station_id = q.station_id AND r.key = q.key
  AND (r.status IN ('received', 'signed')
       -- One that was refused may be given another chain, or the same once more.
       OR r.status = 'rejected' AND r.id = (
           SELECT id FROM certificate_request l
           WHERE l.station_id = q.station_id AND l.key = q.key ORDER BY l.asked_at DESC LIMIT 1))
"""

# What gives its place up comes before what takes it.
WRITES: Sequence[tuple[type, str]] = (
    (RepeatRequest, REPEAT_REQUESTS),
    (SupersedeRequest, SUPERSEDE_REQUESTS),
    (AddRequest, ADD_REQUESTS),
    (SettleRequest, SETTLE_REQUESTS),
)
