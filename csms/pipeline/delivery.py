"""The last stretch of a command: down the station's link, and its outcome into the book."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs
from msgspec.structs import replace
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from csms.core.commands import Command, Outcome
from csms.core.errors import Unavailable
from csms.core.operations import publishable
from csms.core.ports import ILinks, IOperationsBook, ITasks
from csms.core.values import Operation, OperationStatus
from csms.pipeline.waiting import pause

SETTLE_PATIENCE_S: Final = 900.0
"""How long an outcome waits for a database that is gone."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0


@attrs.define(eq=False, kw_only=True)
class Delivery:
    """Sends operations that are marked as sent, and settles them.

    ``call_timeout_s``: how long a station may take to answer.
    """

    book: IOperationsBook
    links: ILinks
    tasks: ITasks
    clock: IReactorTime
    now: Callable[[], datetime]
    call_timeout_s: float
    _log: Logger = attrs.field(factory=Logger, init=False)

    async def carry(self, operation: Operation, command: Command) -> Operation:
        """Send the command and settle the operation; the operation as it stands then.

        When the database is gone at that moment, the outcome is told all the same and is kept
        as soon as the database returns.
        """
        raw = await self.links.send(operation.station_id, command, self.call_timeout_s)
        outcome, at = publishable(raw), self.now()
        try:
            return await self.book.settle(operation.id, outcome, at)
        except Unavailable:
            self.tasks.spawn(
                self._settle_later(operation, outcome, at),
                "settling an operation",
                station=operation.identity,
                operation=operation.id,
            )
            return told(operation, outcome, at)

    async def _settle_later(self, operation: Operation, outcome: Outcome, at: datetime) -> None:
        until = self.clock.seconds() + SETTLE_PATIENCE_S
        wait = _FIRST_PAUSE_S
        while self.clock.seconds() < until:
            await pause(self.clock, wait)
            wait = min(wait * 2, _LONGEST_PAUSE_S)
            try:
                await self.book.settle(operation.id, outcome, at)
            except Unavailable:
                continue
            return
        self._log.error(
            "the outcome {status} of {operation} could not be kept",
            status=outcome.status,
            operation=operation.id,
            station=operation.identity,
        )


def told(operation: Operation, outcome: Outcome, at: datetime) -> Operation:
    """The operation as its outcome leaves it."""
    return replace(
        operation,
        status=OperationStatus(outcome.status),
        response=outcome.response,
        detail=outcome.detail,
        settled_at=at,
    )
