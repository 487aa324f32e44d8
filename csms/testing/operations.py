"""The book of operations in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count

import attrs
import msgspec
from zope.interface import implementer

from csms.core.commands import Outcome
from csms.core.errors import NotFound
from csms.core.events import Event
from csms.core.listings import OPERATIONS
from csms.core.operations import settled_event
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports import IOperationsBook
from csms.core.values import Operation, OperationStatus

_WHY_EXPIRED = {
    OperationStatus.QUEUED: "the station did not connect in time",
    OperationStatus.PENDING: "the station did not answer in time",
    OperationStatus.ACCEPTED: "no session followed in time",
}


def _station(operation: Operation, value: object) -> bool:
    return operation.identity == value


@implementer(IOperationsBook)
@attrs.define
class MemoryOperationsBook:
    """`IOperationsBook` over a dictionary; seeded through the port itself.

    ``published`` holds the events.
    """

    now: Callable[[], datetime]
    published: list[Event] = attrs.field(factory=list, init=False)
    _numbers: count[int] = attrs.field(factory=lambda: count(1), init=False)
    _operations: dict[str, Operation] = attrs.field(factory=dict, init=False)
    _commands: dict[str, bytes] = attrs.field(factory=dict, init=False)

    async def number(self) -> int:
        """See `IOperationsBook`."""
        return next(self._numbers)

    async def record(self, operation: Operation, command: bytes) -> None:
        """See `IOperationsBook`."""
        self._operations[operation.id] = operation
        if operation.status.settled:
            self.published.append(settled_event(operation))
        else:
            self._commands[operation.id] = command

    async def mark_sent(self, operation_id: str, at: datetime) -> bool:
        """See `IOperationsBook`."""
        operation = self._operations.get(operation_id)
        if operation is None or operation.status.settled or operation.sent_at is not None:
            return False
        self._change(operation, status=OperationStatus.PENDING, sent_at=at)
        return True

    async def settle(self, operation_id: str, outcome: Outcome, at: datetime) -> Operation:
        """See `IOperationsBook`."""
        operation = await self.get(operation_id)
        if operation.status.settled:
            return operation
        return self._change(
            operation,
            status=OperationStatus(outcome.status),
            response=outcome.response,
            detail=outcome.detail,
            settled_at=at,
        )

    async def get(self, operation_id: str, operator_id: int | None = None) -> Operation:
        """See `IOperationsBook`."""
        operation = self._operations.get(operation_id.lower())
        if operation is None or operator_id not in (None, operation.operator_id):
            raise NotFound("there is no such operation")
        return operation

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Operation]:
        """See `IOperationsBook`."""
        return page(
            OPERATIONS,
            query,
            [
                operation
                for operation in self._operations.values()
                if operator_id in (None, operation.operator_id)
            ],
            key=lambda operation: (operation.id,),
            tests={"station": _station},
        )

    async def due(self, station_id: int) -> Sequence[tuple[Operation, bytes]]:
        """See `IOperationsBook`."""
        waiting = [
            operation
            for operation in self._operations.values()
            if operation.station_id == station_id
            and not operation.status.settled
            and operation.sent_at is None
        ]
        waiting.sort(key=lambda operation: (operation.created_at, operation.id))
        return tuple((operation, self._commands[operation.id]) for operation in waiting)

    async def link(self, operation_id: str, session_id: str) -> None:
        """See `IOperationsBook`."""
        operation = self._operations.get(operation_id)
        if operation is not None and operation.session_id is None:
            self._change(operation, session_id=session_id)

    async def expire(self, now: datetime, start_timeout_s: float) -> Sequence[Operation]:
        """See `IOperationsBook`."""
        patience = now - timedelta(seconds=start_timeout_s)
        late = [
            operation
            for operation in self._operations.values()
            if (not operation.status.settled and operation.expires_at <= now)
            or _fruitless(operation, patience)
        ]
        late.sort(key=lambda operation: (operation.created_at, operation.id))
        return tuple(
            self._change(
                operation,
                status=OperationStatus.EXPIRED,
                detail=_WHY_EXPIRED[operation.status],
                settled_at=now,
            )
            for operation in late
        )

    def _change(self, operation: Operation, **changes: object) -> Operation:
        changed = msgspec.structs.replace(operation, **changes)
        self._operations[operation.id] = changed
        if changed.status is not operation.status and changed.status.settled:
            self._commands.pop(operation.id, None)
            self.published.append(settled_event(changed))
        return changed


def _fruitless(operation: Operation, patience: datetime) -> bool:
    """Whether it is a remote start, accepted before that, that led to no session."""
    return (
        operation.action == "remote_start"
        and operation.status is OperationStatus.ACCEPTED
        and operation.session_id is None
        and operation.settled_at is not None
        and operation.settled_at <= patience
    )
