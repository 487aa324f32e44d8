"""The book of operations.

The command that will be delivered stands apart from the operation's payload, for it may hold
secrets that nobody may read back; it is emptied when the operation settles.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from csms.core.commands import Outcome
from csms.core.errors import NotFound
from csms.core.listings import OPERATIONS
from csms.core.operations import settled_event
from csms.core.pages import Page, Query
from csms.core.ports import IOperationsBook
from csms.core.values import Operation, OperationStatus
from csms.storage.lists import Source, page
from csms.storage.outbox import publish
from csms.storage.pool import Cursor, Pool
from csms.storage.rows import as_json, as_text, uuid

_FIELDS = (
    "id",
    "operator_id",
    "station_id",
    "identity",
    "action",
    "payload",
    "status",
    "response",
    "detail",
    "evse_id",
    "id_token",
    "ref",
    "session_id",
    "requested_by",
    "created_at",
    "sent_at",
    "settled_at",
    "expires_at",
)

_EXPRESSIONS = {name: f"o.{name}" for name in _FIELDS} | {"identity": "s.identity"}
_COLUMNS = ", ".join(_EXPRESSIONS.values())
_TABLES = "operation o JOIN station s ON s.id = o.station_id"
_OPEN = "status IN ('queued', 'pending')"

RECORD_OPERATION = """
INSERT INTO operation (id, operator_id, station_id, action, payload, command, status, response,
                       detail, evse_id, id_token, ref, session_id, requested_by, created_at,
                       sent_at, settled_at, expires_at)
VALUES (%(id)s, %(operator_id)s, %(station_id)s, %(action)s, %(payload)s, %(command)s, %(status)s,
        %(response)s, %(detail)s, %(evse_id)s, %(id_token)s, %(ref)s, %(session_id)s,
        %(requested_by)s,
        %(created_at)s, %(sent_at)s, %(settled_at)s, %(expires_at)s)
"""

OPERATION_BY_ID = f"""
SELECT {_COLUMNS} FROM {_TABLES}
WHERE o.id = %(id)s AND o.operator_id = coalesce(%(operator_id)s, o.operator_id)
"""

MARK_SENT = f"""
UPDATE operation SET status = 'pending', sent_at = %(at)s
WHERE id = %(id)s AND {_OPEN} AND sent_at IS NULL
"""

SETTLE_OPERATION = f"""
UPDATE operation SET status = %(status)s, response = %(response)s, detail = %(detail)s,
                     settled_at = %(at)s, command = ''
WHERE id = %(id)s AND {_OPEN}
"""

OPERATIONS_DUE = f"""
SELECT o.command, {_COLUMNS} FROM {_TABLES}
WHERE o.station_id = %s AND o.{_OPEN} AND o.sent_at IS NULL
ORDER BY o.created_at, o.id
"""

LINK_SESSION = """
UPDATE operation SET session_id = %(session_id)s WHERE id = %(id)s AND session_id IS NULL
"""

EXPIRE_OPERATIONS = f"""
WITH expired AS (
    UPDATE operation SET
        status = 'expired', settled_at = %(now)s, command = '',
        detail = CASE status WHEN 'queued' THEN 'the station did not connect in time'
                             WHEN 'pending' THEN 'the station did not answer in time'
                             ELSE 'no session followed in time' END
    WHERE ({_OPEN} AND expires_at <= %(now)s)
       OR (action = 'remote_start' AND status = 'accepted' AND session_id IS NULL
           AND settled_at <= %(now)s - make_interval(secs => %(start_timeout_s)s))
    RETURNING *
)
SELECT {_COLUMNS} FROM expired o JOIN station s ON s.id = o.station_id ORDER BY o.created_at, o.id
"""

LIST = Source(
    listing=OPERATIONS,
    columns=_COLUMNS,
    tables=_TABLES,
    filters={
        # Also those of a station of that identity that is no more.
        "station": "o.station_id IN (SELECT id FROM station WHERE identity = %s)",
        "status": "o.status = %s",
        "action": "o.action = %s",
    },
    sorts={name: _EXPRESSIONS[name] for name in OPERATIONS.sorts},
    keys=("o.id",),
)

_decode = msgspec.json.Decoder(dict[str, object]).decode


def _operation(*columns: Any) -> Operation:
    """A row of `_FIELDS`."""
    fields = dict(zip(_FIELDS, columns, strict=True))
    fields["payload"] = _decode(fields["payload"])
    fields["status"] = OperationStatus(fields["status"])
    if fields["response"] is not None:
        fields["response"] = _decode(fields["response"])
    return Operation(**fields)


def _due(command: bytes, *columns: Any) -> tuple[Operation, bytes]:
    return _operation(*columns), command


@implementer(IOperationsBook)
@attrs.frozen
class PostgresOperations:
    """`IOperationsBook` in PostgreSQL."""

    _pool: Pool

    async def number(self) -> int:
        """See `IOperationsBook`."""
        return await self._pool.one("SELECT nextval('request_number')::int", (), int)

    async def record(self, operation: Operation, command: bytes) -> None:
        """See `IOperationsBook`."""
        values = msgspec.structs.asdict(operation)
        values["payload"] = as_json(operation.payload)
        values["response"] = None if operation.response is None else as_json(operation.response)
        for name in ("action", "detail", "id_token", "requested_by"):
            values[name] = None if values[name] is None else as_text(values[name])
        values["command"] = b"" if operation.status.settled else command

        async def work(cursor: Cursor) -> None:
            await cursor.execute(RECORD_OPERATION, values)
            if operation.status.settled:
                await publish(cursor, [settled_event(operation)])

        await self._pool.transaction(work)

    async def mark_sent(self, operation_id: str, at: datetime) -> bool:
        """See `IOperationsBook`."""
        key = uuid(operation_id)
        return key is not None and bool(await self._pool.execute(MARK_SENT, {"id": key, "at": at}))

    async def settle(self, operation_id: str, outcome: Outcome, at: datetime) -> Operation:
        """See `IOperationsBook`."""
        settled = {
            "status": OperationStatus(outcome.status),
            "response": None if outcome.response is None else as_json(outcome.response),
            "detail": None if outcome.detail is None else as_text(outcome.detail),
            "at": at,
        }

        async def work(cursor: Cursor) -> Operation | None:
            changed = await cursor.execute(SETTLE_OPERATION, {**settled, "id": key})
            asked = {"id": key, "operator_id": None}
            found = await cursor.maybe(OPERATION_BY_ID, asked, _operation)
            if changed and found is not None:
                await publish(cursor, [settled_event(found)])
            return found

        key = uuid(operation_id)
        return _found(None if key is None else await self._pool.transaction(work))

    async def get(self, operation_id: str, operator_id: int | None = None) -> Operation:
        """See `IOperationsBook`."""
        found = None
        if (key := uuid(operation_id)) is not None:
            asked = {"id": key, "operator_id": operator_id}
            found = await self._pool.maybe(OPERATION_BY_ID, asked, _operation)
        return _found(found)

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Operation]:
        """See `IOperationsBook`."""
        own = () if operator_id is None else (("o.operator_id = %s", operator_id),)
        return await page(self._pool, LIST, query, _operation, *own)

    async def due(self, station_id: int) -> Sequence[tuple[Operation, bytes]]:
        """See `IOperationsBook`."""
        return await self._pool.many(OPERATIONS_DUE, (station_id,), _due)

    async def link(self, operation_id: str, session_id: str) -> None:
        """See `IOperationsBook`."""
        if (key := uuid(operation_id)) is not None:
            await self._pool.execute(LINK_SESSION, {"id": key, "session_id": session_id})

    async def expire(self, now: datetime, start_timeout_s: float) -> Sequence[Operation]:
        """See `IOperationsBook`."""
        params = {"now": now, "start_timeout_s": start_timeout_s}

        async def work(cursor: Cursor) -> list[Operation]:
            expired = await cursor.many(EXPIRE_OPERATIONS, params, _operation)
            await publish(cursor, [settled_event(operation) for operation in expired])
            return expired

        return await self._pool.transaction(work)


def _found(found: Operation | None) -> Operation:
    if found is None:
        raise NotFound("there is no such operation")
    return found
