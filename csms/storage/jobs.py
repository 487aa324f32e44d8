"""What the scheduled jobs do to the database.

Each method is one transaction over a bounded number of rows.  Rows that somebody else is
writing at that moment are left for the next time, so that no job waits for the intake; what
the intake decided from an older row it decides anew, for its transactions notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import attrs
import msgspec
from zope.interface import implementer

from csms.core.events import Event
from csms.core.overtime import ASKED_BY, OVER_TIME, ended_by_server, run_over
from csms.core.ports import IJobsBook, Overtime, StaleStatus
from csms.core.values import Session
from csms.storage.nodes import LOST, disconnected
from csms.storage.outbox import publish
from csms.storage.pool import Cursor, Pool

BATCH: Final = 500
SESSIONS_BATCH: Final = 100

_HEARD_AGAIN = """
UPDATE connection SET offline_at = NULL
WHERE disconnected_at IS NULL AND offline_at < last_seen_at
"""

_SILENT = """
UPDATE connection c SET offline_at = %(now)s
FROM station s
WHERE s.id = c.station_id AND c.station_id IN (
    SELECT c.station_id FROM connection c JOIN station s ON s.id = c.station_id
    WHERE c.disconnected_at IS NULL AND c.offline_at IS NULL
      AND c.last_seen_at < %(now)s - make_interval(secs => CASE
          WHEN %(after_s)s > 0 THEN %(after_s)s
          ELSE 2 * coalesce(s.heartbeat_interval_s, %(interval_s)s) END)
    LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED)
RETURNING c.operator_id, c.station_id, s.identity, c.last_seen_at
"""

_OF_LOST_NODES = """
UPDATE connection c SET disconnected_at = now(), close_reason = %(reason)s
FROM station s
WHERE s.id = c.station_id AND c.station_id IN (
    SELECT c.station_id FROM connection c LEFT JOIN node n ON n.name = c.node
    WHERE c.disconnected_at IS NULL
      AND coalesce(n.seen_at, c.last_seen_at) < now() - make_interval(secs => %(after_s)s)
    LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED)
RETURNING c.operator_id, c.station_id, s.identity, c.disconnected_at, c.epoch, c.close_reason
"""

_SESSION = """
SELECT row_to_json(r)::text FROM (
    SELECT e.*, s.identity FROM session e JOIN station s ON s.id = e.station_id
    WHERE {which} FOR UPDATE OF e SKIP LOCKED) r
"""

# By when we heard of it first: a station may have been offline, or its clock years ahead.
_RUN_OVER = _SESSION.format(
    which="""e.status <> 'ended' AND e.created_at < %s - make_interval(secs => %s)
             AND NOT %s = ANY(e.flags) LIMIT %s"""
)

_OPEN_SESSION = _SESSION.format(which="e.id = %s AND e.status <> 'ended'")

_SAVE = """
UPDATE session SET status = %(status)s, ended_at = %(ended_at)s,
    meter_stop_wh = %(meter_stop_wh)s, power_w = %(power_w)s, stop_reason = %(stop_reason)s,
    flags = %(flags)s, version = version + 1, updated_at = %(updated_at)s
WHERE id = %(id)s
"""

_OVERTIME = """
SELECT e.id, e.operator_id, s.identity, e.transaction_ref,
       EXISTS (SELECT FROM connection c
               WHERE c.station_id = e.station_id AND c.disconnected_at IS NULL),
       (SELECT min(o.created_at) FROM operation o
        WHERE o.station_id = e.station_id AND o.session_id = e.id
          AND o.action = 'remote_stop' AND o.requested_by = %s) AS asked_at
FROM session e JOIN station s ON s.id = e.station_id
WHERE e.status <> 'ended' AND %s = ANY(e.flags)
ORDER BY asked_at NULLS FIRST, e.id LIMIT %s
"""

# The statuses are written out, as the index has them, for the planner to know that it fits.
_STALE = """
SELECT DISTINCT ON (c.station_id, c.evse_id)
       c.station_id, c.operator_id, s.identity, c.evse_id, c.status_at, last.id
FROM connector c
JOIN station s ON s.id = c.station_id
JOIN connection held ON held.station_id = c.station_id
LEFT JOIN LATERAL (
    SELECT e.id, e.updated_at FROM session e
    WHERE e.station_id = c.station_id AND e.evse_id = c.evse_id
    ORDER BY e.started_at DESC, e.id DESC LIMIT 1) last ON true
WHERE c.status IN ('Charging', 'SuspendedEV', 'SuspendedEVSE') AND c.evse_id > 0
  AND (c.station_id, c.evse_id) > (%(station_id)s, %(evse_id)s)
  AND c.status_at < %(now)s - make_interval(secs => %(after_s)s)
  AND coalesce(last.updated_at < %(now)s - make_interval(secs => %(after_s)s), true)
  AND s.registration = 'accepted' AND s.deleted_at IS NULL AND held.disconnected_at IS NULL
  AND NOT EXISTS (SELECT FROM session o WHERE o.station_id = c.station_id
                  AND o.evse_id = c.evse_id AND o.status <> 'ended')
ORDER BY c.station_id, c.evse_id, c.connector_id LIMIT %(limit)s
"""

_PRUNE: Mapping[str, str] = MappingProxyType(
    {
        "refused_attempt": """
            DELETE FROM refused_attempt WHERE (identity, reason) IN (
                SELECT identity, reason FROM refused_attempt WHERE last_at < %s LIMIT %s)
            """,
        "operation": """
            DELETE FROM operation WHERE id IN (
                SELECT id FROM operation
                WHERE created_at < %s AND status NOT IN ('queued', 'pending') LIMIT %s)
            """,
        "quarantine": """
            WITH asked(before, batch) AS (VALUES (%s::timestamptz, %s::int)),
            counts AS (
                DELETE FROM quarantine_day WHERE day < (SELECT before::date - 1 FROM asked))
            DELETE FROM quarantine WHERE id IN (
                SELECT id FROM quarantine WHERE received_at < (SELECT before FROM asked)
                LIMIT (SELECT batch FROM asked))
            """,
    }
)

_session = msgspec.json.Decoder(Session).decode


def _overtime(
    session_id: str,
    operator_id: int,
    identity: str,
    transaction_ref: str | None,
    connected: bool,
    asked_at: datetime | None,
) -> Overtime:
    return Overtime(
        session_id=session_id,
        operator_id=operator_id,
        identity=identity,
        transaction_ref=transaction_ref,
        connected=connected,
        asked_at=asked_at,
    )


def _stale(
    station_id: int,
    operator_id: int,
    identity: str,
    evse_id: int,
    status_at: datetime,
    session_id: str | None,
) -> StaleStatus:
    return StaleStatus(
        station_id=station_id,
        operator_id=operator_id,
        identity=identity,
        evse_id=evse_id,
        status_at=status_at,
        session_id=session_id,
    )


async def _save(cursor: Cursor, session: Session) -> None:
    await cursor.execute(
        _SAVE,
        {
            "id": session.id,
            "status": session.status.value,
            "ended_at": session.ended_at,
            "meter_stop_wh": session.meter_stop_wh,
            "power_w": session.power_w,
            "stop_reason": session.stop_reason,
            "flags": list(session.flags),
            "updated_at": session.updated_at,
        },
    )


@implementer(IJobsBook)
@attrs.frozen
class PostgresJobs:
    """`IJobsBook` in the database."""

    _pool: Pool

    async def silent(self, now: datetime, after_s: float, interval_s: int) -> int:
        """See `IJobsBook`."""
        params = {"now": now, "after_s": after_s, "interval_s": interval_s, "limit": BATCH}

        def offline(operator_id: int, station_id: int, identity: str, seen: datetime) -> Event:
            return Event(
                kind="station.offline",
                operator_id=operator_id,
                station_id=station_id,
                identity=identity,
                at=now,
                data={"last_seen_at": seen},
            )

        async def work(cursor: Cursor) -> int:
            await cursor.execute(_HEARD_AGAIN)
            events = await cursor.many(_SILENT, params, offline)
            await publish(cursor, events)
            return len(events)

        return await self._pool.transaction(work)

    async def lost_nodes(self, after_s: float) -> int:
        """See `IJobsBook`."""
        params = {"after_s": after_s, "reason": LOST, "limit": BATCH}

        async def work(cursor: Cursor) -> int:
            events = await cursor.many(_OF_LOST_NODES, params, disconnected)
            await publish(cursor, events)
            return len(events)

        return await self._pool.transaction(work)

    async def flag_overtime(self, now: datetime, max_s: float) -> int:
        """See `IJobsBook`."""

        async def work(cursor: Cursor) -> int:
            sessions = await cursor.many(
                _RUN_OVER, (now, max_s, OVER_TIME, SESSIONS_BATCH), _session
            )
            events = []
            for session in sessions:
                flagged, event = run_over(session, now)
                await _save(cursor, flagged)
                events.append(event)
            await publish(cursor, events)
            return len(events)

        return await self._pool.transaction(work)

    async def overtime(self, limit: int) -> list[Overtime]:
        """See `IJobsBook`."""
        return await self._pool.many(_OVERTIME, (ASKED_BY, OVER_TIME, limit), _overtime)

    async def end_session(self, session_id: str, now: datetime) -> bool:
        """See `IJobsBook`."""

        async def work(cursor: Cursor) -> bool:
            session = await cursor.maybe(_OPEN_SESSION, (session_id,), _session)
            if session is None:
                return False
            ended, event = ended_by_server(session, now)
            await _save(cursor, ended)
            await publish(cursor, [event])
            return True

        return await self._pool.transaction(work)

    async def stale(
        self, now: datetime, after_s: float, behind: tuple[int, int], limit: int
    ) -> list[StaleStatus]:
        """See `IJobsBook`."""
        station_id, evse_id = behind
        params = {
            "now": now,
            "after_s": after_s,
            "station_id": station_id,
            "evse_id": evse_id,
            "limit": limit,
        }
        return await self._pool.many(_STALE, params, _stale)

    async def prune(self, table: str, older_than: datetime, limit: int) -> int:
        """See `IJobsBook`."""
        return await self._pool.execute(_PRUNE[table], (older_than, limit))
