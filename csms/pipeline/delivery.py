"""The last stretch of a command: down the station's link, and its outcome up through the intake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs
from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from csms.core.commands import Command, Outcome
from csms.core.errors import Overloaded, Refusal, Unavailable
from csms.core.operations import publishable
from csms.core.ports import IIntake, ILinks, IOperationsBook, ITasks
from csms.core.replies import Reply
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.pipeline.waiting import pause

SETTLE_PATIENCE_S: Final = 900.0
"""How long an outcome waits for a database that is gone."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0


@attrs.define(eq=False, kw_only=True)
class Delivery:
    """Sends operations that are marked as sent, and settles them.

    The outcome takes the street of everything a station says, see `csms.core.consequences`.
    ``call_timeout_s``: how long a station may take to answer.
    """

    book: IOperationsBook
    links: ILinks
    intake: IIntake
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
        report = CommandAnswered(
            operation=operation, command=command, outcome=publishable(raw), at=self.now()
        )
        try:
            await self._keep(report)
        except (Overloaded, Unavailable):
            self.tasks.spawn(
                self._keep_later(report),
                "settling an operation",
                station=operation.identity,
                operation=operation.id,
            )
        return told(operation, report.outcome, report.at)

    async def _keep(self, report: CommandAnswered) -> None:
        """Raises `Unavailable` or `Overloaded` when it has to be done again."""
        operation = report.operation
        answered: Deferred[Reply | Refusal] = Deferred()
        key = StationKey(operation.station_id, operation.identity, operation.operator_id)
        self.intake.submit(key, report, answered.callback)
        reply = await answered
        if isinstance(reply, Overloaded | Unavailable):
            raise reply
        if isinstance(reply, Refusal):
            # What follows from it cannot be kept; that it was answered can.
            self._log.error(
                "what {operation} led to could not be kept: {detail}",
                operation=operation.id,
                station=operation.identity,
                detail=reply.detail,
            )
            await self.book.settle(operation.id, report.outcome, report.at)

    async def _keep_later(self, report: CommandAnswered) -> None:
        until = self.clock.seconds() + SETTLE_PATIENCE_S
        wait = _FIRST_PAUSE_S
        while self.clock.seconds() < until:
            await pause(self.clock, wait)
            wait = min(wait * 2, _LONGEST_PAUSE_S)
            try:
                await self._keep(report)
            except (Overloaded, Unavailable):
                continue
            return
        self._log.error(
            "the outcome {status} of {operation} could not be kept",
            status=report.outcome.status,
            operation=report.operation.id,
            station=report.operation.identity,
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
