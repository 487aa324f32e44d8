"""Reservations, as the ledger asks and writes them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.reservations.vocabulary import (
    KeepReservation,
    Reservation,
    ReservationsAsked,
)
from csms.storage.topics import Topic

# Two sides, each on an index of its own.
RESERVATIONS_OF = """
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, n text, number int, live boolean)
CROSS JOIN LATERAL (
    SELECT id, operator_id, station_id, q.n AS identity, number, evse_id, connector_type,
           id_token, kind, group_id, expires_at, status, reason, session_id, operation_id,
           created_at, updated_at, ended_at, conflict_at, conflict_session_id
    FROM (
        (SELECT * FROM reservation WHERE station_id = q.s AND number = q.number
         ORDER BY created_at DESC LIMIT 8)
        UNION
        (SELECT * FROM reservation
         WHERE q.live AND station_id = q.s AND status IN ('requested', 'unconfirmed', 'accepted')
         LIMIT 256)) x
    ORDER BY created_at DESC) r
"""

KEEP_RESERVATIONS = """
INSERT INTO reservation AS held (
    id, operator_id, station_id, number, evse_id, connector_type, id_token, kind, group_id,
    expires_at, status, reason, session_id, operation_id, created_at, updated_at, ended_at,
    conflict_at, conflict_session_id)
SELECT r.id, r.operator_id, r.station_id, r.number, r.evse_id, r.connector_type, r.id_token,
       r.kind, r.group_id, r.expires_at, r.status, r.reason, r.session_id, r.operation_id,
       r.created_at, r.updated_at, r.ended_at, r.conflict_at, r.conflict_session_id
FROM jsonb_to_recordset(%s::jsonb) AS q(reservation jsonb)
CROSS JOIN LATERAL jsonb_to_record(q.reservation) AS r(
    id uuid, operator_id int, station_id bigint, number int, evse_id int, connector_type text,
    id_token text, kind text, group_id text, expires_at timestamptz, status text, reason text,
    session_id uuid, operation_id uuid, created_at timestamptz, updated_at timestamptz,
    ended_at timestamptz, conflict_at timestamptz, conflict_session_id uuid)
ON CONFLICT (id) DO UPDATE SET
    status = excluded.status, reason = excluded.reason, session_id = excluded.session_id,
    operation_id = excluded.operation_id, updated_at = excluded.updated_at,
    ended_at = excluded.ended_at, conflict_at = excluded.conflict_at,
    conflict_session_id = excluded.conflict_session_id
"""

TOPICS: Sequence[Topic] = (
    Topic(ReservationsAsked, RESERVATIONS_OF, msgspec.json.Decoder(Reservation).decode),
)

WRITES: Sequence[tuple[type, str]] = ((KeepReservation, KEEP_RESERVATIONS),)
