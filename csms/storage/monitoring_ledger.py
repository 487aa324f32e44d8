"""What the intake asks about monitors, streams and connectors."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.monitoring.events import MAX_MONITORS
from csms.core.monitoring.vocabulary import (
    ConnectorsAsked,
    Held,
    MonitorsAsked,
    MonitorsCounted,
    NamedSession,
    SessionsNamed,
    StreamAsked,
)
from csms.core.values import Connector
from csms.storage.topics import Topic

MONITORS_OF_KEYS = """
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, keys text[])
CROSS JOIN LATERAL (SELECT key, content FROM holding
                    WHERE station_id = q.s AND kind = 'monitor' AND key = ANY (q.keys)
                      AND removed_at IS NULL) r
"""

STREAM_OF_KEY = """
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, key text)
CROSS JOIN LATERAL (SELECT key, content FROM holding
                    WHERE station_id = q.s AND kind = 'event_stream' AND key = q.key
                      AND removed_at IS NULL LIMIT 1) r
"""

# Also those that are gone: their rows are still there.
MONITORS_COUNTED = f"""
SELECT q.i, r.n::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint)
CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
    SELECT FROM holding WHERE station_id = q.s AND kind IN ('event_stream', 'monitor')
    LIMIT {MAX_MONITORS}) x) r
"""

CONNECTORS_OF_STATION = """
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint)
CROSS JOIN LATERAL (SELECT evse_id, connector_id, kind, max_power_w, status, status_at,
                           status_told, error_code, info, vendor_id, vendor_error_code
                    FROM connector WHERE station_id = q.s
                    ORDER BY evse_id, connector_id LIMIT 1000) r
"""

SESSIONS_NAMED = """
SELECT q.i, row_to_json(r)::text
FROM jsonb_to_recordset(%s::jsonb) AS q(i int, s bigint, refs text[])
CROSS JOIN LATERAL (SELECT transaction_ref, id FROM session
                    WHERE station_id = q.s AND transaction_ref = ANY (q.refs)
                      AND named_by_station AND start_key IS NOT NULL) r
"""

_held = msgspec.json.Decoder(Held).decode

TOPICS: Sequence[Topic] = (
    Topic(MonitorsAsked, MONITORS_OF_KEYS, _held),
    Topic(StreamAsked, STREAM_OF_KEY, _held),
    Topic(MonitorsCounted, MONITORS_COUNTED, int),
    Topic(SessionsNamed, SESSIONS_NAMED, msgspec.json.Decoder(NamedSession).decode),
    Topic(ConnectorsAsked, CONNECTORS_OF_STATION, msgspec.json.Decoder(Connector).decode),
)

WRITES: Sequence[tuple[type, str]] = ()
