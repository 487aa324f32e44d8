"""The book of log uploads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.events import Event
from csms.core.logs.vocabulary import (
    CLOSED,
    LOG_UPLOADS,
    NOTHING,
    LogFile,
    LogKind,
    LogUpload,
    RequestLog,
)
from csms.core.operations import without_userinfo
from csms.core.pages import Page, Query
from csms.core.ports.logs import Expected, ILogsBook
from csms.core.values import Station
from csms.storage.identities import station_id
from csms.storage.lists import Source, page
from csms.storage.outbox import publish
from csms.storage.pool import Cursor, Pool
from csms.storage.rows import as_text

_FIELDS = (
    "number",
    "identity",
    "operator_id",
    "kind",
    "status",
    "detail",
    "operation_id",
    "own",
    "location",
    "file_name",
    "oldest_at",
    "latest_at",
    "expires_at",
    "created_at",
    "updated_at",
    "ended_at",
)
_FILE_FIELDS = ("upload_name", "size", "content_type", "sha256", "stored_at", "file_key")

# Operations that time settled, or that were never sent, had no answer to tell the upload of.
_STATUS = """
CASE WHEN u.status <> 'Requested' THEN u.status
     WHEN o.status IN ('unreachable', 'expired', 'unsupported', 'rejected') THEN initcap(o.status)
     WHEN o.id IS NULL AND u.created_at < now() - interval '1 day' THEN 'Expired'
     ELSE u.status END
"""

_EXPRESSIONS = {name: f"u.{name}" for name in (*_FIELDS, *_FILE_FIELDS)} | {
    "identity": "s.identity",
    "status": _STATUS,
    "operation_id": "o.id",
}
_COLUMNS = ", ".join(_EXPRESSIONS.values())
_TABLES = """
log_upload u JOIN station s ON s.id = u.station_id
LEFT JOIN LATERAL (SELECT id, status FROM operation
                   WHERE station_id = u.station_id AND ref = u.number
                   ORDER BY created_at DESC LIMIT 1) o ON true
"""

_CLOSED = sorted(CLOSED)

RECORD = """
INSERT INTO log_upload (station_id, number, operator_id, kind, status, own, location, oldest_at,
                        latest_at, secret_hash, expires_at, created_at, updated_at)
VALUES (%(station_id)s, %(number)s, %(operator_id)s, %(kind)s, 'Requested', %(own)s, %(location)s,
        %(oldest_at)s, %(latest_at)s, %(secret_hash)s, %(expires_at)s, %(at)s, %(at)s)
"""

CLOSE = """
UPDATE log_upload SET status = %(status)s, detail = %(detail)s, updated_at = %(at)s,
                      ended_at = %(at)s
WHERE station_id = %(station_id)s AND number = %(number)s AND status = 'Requested'
"""

DISCARD = "DELETE FROM log_upload WHERE station_id = %s AND number = %s AND status = 'Requested'"

EXPECTED_UPLOAD = """
SELECT u.station_id, s.identity, u.number, u.expires_at, u.stored_at IS NOT NULL
FROM log_upload u JOIN station s ON s.id = u.station_id
WHERE u.secret_hash = %s AND s.deleted_at IS NULL
  AND (u.stored_at IS NOT NULL OR u.status <> ALL (%s))
"""

# What the station says of an upload that ended stays, unless that there is nothing.
STORE = """
UPDATE log_upload SET
    file_key = %(key)s, upload_name = %(name)s, size = %(size)s, content_type = %(content_type)s,
    sha256 = %(sha256)s, stored_at = %(stored_at)s, updated_at = %(stored_at)s,
    status = CASE WHEN ended_at IS NULL OR status = %(nothing)s THEN 'Uploaded' ELSE status END,
    ended_at = coalesce(ended_at, %(stored_at)s)
FROM station s
WHERE station_id = %(station_id)s AND number = %(number)s AND stored_at IS NULL
  AND status <> ALL (%(closed)s) AND expires_at > %(stored_at)s
  AND s.id = station_id AND s.deleted_at IS NULL
RETURNING log_upload.operator_id, s.identity
"""

REMARK = """
UPDATE log_upload SET detail = %s, updated_at = %s
WHERE station_id = %s AND number = %s AND stored_at IS NULL
"""

UPLOAD_OF_NUMBER = f"""
SELECT {_COLUMNS} FROM {_TABLES} WHERE u.station_id = %s AND u.number = %s
"""

DELETE = "DELETE FROM log_upload WHERE station_id = %s AND number = %s RETURNING file_key"

PRUNE = """
DELETE FROM log_upload WHERE (station_id, number) IN (
    SELECT station_id, number FROM log_upload WHERE created_at < %s LIMIT %s)
RETURNING file_key
"""

LIST = Source(
    listing=LOG_UPLOADS,
    columns=_COLUMNS,
    tables=_TABLES,
    filters={"status": f"({_STATUS}) = %s", "kind": "u.kind = %s"},
    sorts={name: f"u.{name}" for name in LOG_UPLOADS.sorts},
    keys=("u.number",),
)


def _upload(*columns: Any) -> LogUpload:
    fields = dict(zip(_FIELDS, columns, strict=False))
    name, size, content_type, sha256, stored_at, key = columns[len(_FIELDS) :]
    file = None
    if key is not None:
        file = LogFile(
            name=name,
            size=size,
            content_type=content_type,
            sha256=sha256,
            stored_at=stored_at,
            key=key,
        )
    fields["kind"] = LogKind(fields["kind"])
    return LogUpload(**fields, file=file)


def _expected(
    station_id: int, identity: str, number: int, expires_at: datetime, received: bool
) -> Expected:
    return Expected(
        station_id=station_id,
        identity=identity,
        number=number,
        expires_at=expires_at,
        received=received,
    )


def _pair(operator_id: int, identity: str) -> tuple[int, str]:
    return operator_id, identity


def _key(key: str | None) -> str | None:
    return key


def _found(key: str | None) -> tuple[str | None]:
    return (key,)


@implementer(ILogsBook)
@attrs.frozen
class PostgresLogs:
    """`ILogsBook` in PostgreSQL."""

    _pool: Pool

    async def record(
        self,
        station: Station,
        command: RequestLog,
        secret_hash: bytes | None,
        expires_at: datetime | None,
        at: datetime,
    ) -> None:
        """See `ILogsBook`."""
        own = secret_hash is not None
        values = {
            "station_id": station.id,
            "number": command.ref,
            "operator_id": station.operator_id,
            "kind": command.kind.value,
            "own": own,
            "location": None if own else without_userinfo(command.location),
            "oldest_at": command.oldest_at,
            "latest_at": command.latest_at,
            "secret_hash": secret_hash,
            "expires_at": expires_at,
            "at": at,
        }
        await self._pool.execute(RECORD, values)

    async def close(
        self, station_id: int, number: int, status: str, detail: str | None, at: datetime
    ) -> None:
        """See `ILogsBook`."""
        values = {
            "station_id": station_id,
            "number": number,
            "status": status,
            "detail": detail,
            "at": at,
        }
        await self._pool.execute(CLOSE, values)

    async def discard(self, station_id: int, number: int) -> None:
        """See `ILogsBook`."""
        await self._pool.execute(DISCARD, (station_id, number))

    async def find(self, secret_hash: bytes) -> Expected | None:
        """See `ILogsBook`."""
        return await self._pool.maybe(EXPECTED_UPLOAD, (secret_hash, _CLOSED), _expected)

    async def store(self, station_id: int, number: int, file: LogFile) -> bool:
        """See `ILogsBook`."""
        values = {
            "station_id": station_id,
            "number": number,
            "key": file.key,
            "name": None if file.name is None else as_text(file.name),
            "size": file.size,
            "content_type": None if file.content_type is None else as_text(file.content_type),
            "sha256": file.sha256,
            "stored_at": file.stored_at,
            "closed": _CLOSED,
            "nothing": NOTHING,
        }

        async def work(cursor: Cursor) -> bool:
            found = await cursor.maybe(STORE, values, _pair)
            if found is None:
                return False
            operator_id, identity = found
            event = Event(
                kind="station.log",
                operator_id=operator_id,
                station_id=station_id,
                identity=identity,
                at=file.stored_at,
                data={"job": number, "size": file.size, "sha256": file.sha256},
            )
            await publish(cursor, [event])
            return True

        return await self._pool.transaction(work)

    async def remark(self, station_id: int, number: int, detail: str, at: datetime) -> None:
        """See `ILogsBook`."""
        await self._pool.execute(REMARK, (detail, at, station_id, number))

    async def list(self, query: Query, identity: str, operator_id: int) -> Page[LogUpload]:
        """See `ILogsBook`."""
        own = await station_id(self._pool, identity, operator_id)
        return await page(self._pool, LIST, query, _upload, ("u.station_id = %s", own))

    async def get(self, identity: str, operator_id: int, number: int) -> LogUpload:
        """See `ILogsBook`."""
        own = await station_id(self._pool, identity, operator_id)
        found = await self._pool.maybe(UPLOAD_OF_NUMBER, (own, number), _upload)
        if found is None:
            raise NotFound("there is no such log")
        return found

    async def delete(self, identity: str, operator_id: int, number: int) -> str | None:
        """See `ILogsBook`."""
        own = await station_id(self._pool, identity, operator_id)
        found = await self._pool.maybe(DELETE, (own, number), _found)
        if found is None:
            raise NotFound("there is no such log")
        return found[0]

    async def prune(self, older_than: datetime, limit: int) -> Sequence[str | None]:
        """See `ILogsBook`."""
        return await self._pool.many(PRUNE, (older_than, limit), _key)

    async def known(self, keys: Sequence[str]) -> frozenset[str]:
        """See `ILogsBook`."""
        sql = "SELECT file_key FROM log_upload WHERE file_key = ANY(%s)"
        return frozenset(await self._pool.many(sql, (list(keys),), str))
