"""Operations whose stations answer at once, as the test says, with what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.areas import CONSEQUENCES
from csms.core.commands import Command, Outcome
from csms.core.consequences import Answered, asked_of
from csms.core.decisions import Ask, State, Write
from csms.core.operations import action_of, numbered, payload_of, ref_of
from csms.core.pages import Page, Query
from csms.core.ports import IOperations, IStations
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.testing.operations import MemoryOperationsBook

Said = Outcome | Exception | None


@implementer(IOperations)
@attrs.define(kw_only=True)
class AnsweringOperations:
    """`IOperations` over a book in memory.

    ``answer`` says what a station makes of a command: an outcome, an exception that `submit`
    raises, or None when it is silent; see `late`.  What the rules ask is answered by ``known``,
    what they write is given to ``write``.  A station that is not connected (by ``stations``) is
    not asked.
    """

    stations: IStations
    book: MemoryOperationsBook
    now: Callable[[], datetime]
    answer: Callable[[Command], Said]
    known: Callable[[StationKey, Ask], tuple[Any, ...]] = lambda _key, _ask: ()
    write: Callable[[Write], None] = lambda _write: None
    sent: list[tuple[str, Command]] = attrs.field(factory=list, init=False)
    _open: list[tuple[StationKey, Operation, Command]] = attrs.field(factory=list, init=False)

    async def submit(
        self,
        identity: str,
        operator_id: int,
        command: Command,
        *,
        requested_by: str | None = None,
        queue: bool = False,
        session_id: str | None = None,
    ) -> Operation:
        """See `IOperations.submit`."""
        station = await self.stations.get(identity, operator_id)
        if numbered(command):
            command = replace(command, ref=await self.book.number())
        operation = Operation(
            id=str(UUID(int=await self.book.number())),
            operator_id=operator_id,
            station_id=station.id,
            identity=identity,
            action=action_of(command),
            payload=payload_of(command),
            status=OperationStatus.PENDING,
            ref=ref_of(command),
            session_id=session_id,
            requested_by=requested_by,
            created_at=self.now(),
            expires_at=self.now() + timedelta(minutes=1),
        )
        if not station.connected:
            status = OperationStatus.QUEUED if queue else OperationStatus.UNREACHABLE
            operation = replace(operation, status=status)
            if not queue:
                operation = replace(operation, settled_at=self.now())
            await self.book.record(operation, b"{}")
            return operation
        said = self.answer(command)
        if isinstance(said, Exception):
            raise said
        self.sent.append((identity, command))
        operation = replace(operation, sent_at=self.now())
        await self.book.record(operation, b"{}")
        key = StationKey(station.id, identity, operator_id)
        if said is None:
            self._open.append((key, operation, command))
            return operation
        return await self._settled(key, operation, command, said)

    async def late(self, outcome: Outcome) -> Operation:
        """The oldest command that a station was silent about is answered after all."""
        key, operation, command = self._open.pop(0)
        return await self._settled(key, operation, command, outcome)

    async def get(self, operation_id: str, operator_id: int | None = None) -> Operation:
        """See `IOperations.get`."""
        return await self.book.get(operation_id, operator_id)

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Operation]:
        """See `IOperations.list`."""
        return await self.book.list(query, operator_id)

    async def _settled(
        self, key: StationKey, operation: Operation, command: Command, outcome: Outcome
    ) -> Operation:
        now = self.now()
        report = CommandAnswered(operation=operation, command=command, outcome=outcome, at=now)
        operation = await self.book.settle(operation.id, outcome, now)
        asked = asked_of(report, CONSEQUENCES).more
        state = State(found={type(ask): self.known(key, ask) for ask in asked})
        row = CONSEQUENCES.get(type(command))
        if row is not None:
            for write in row[1](Answered(key, operation, command, outcome), state, now).writes:
                self.write(write)
        return operation
