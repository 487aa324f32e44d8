"""Delivers what waits in the database for stations that this process holds.

That is what other processes submitted, and what was queued for a station until it returned.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs
import msgspec
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from csms.core.areas import decode_command
from csms.core.commands import Outcome
from csms.core.ports import ILinks, INodes, IOperationsBook, ITasks
from csms.core.values import Operation, OperationStatus
from csms.pipeline.delivery import Delivery
from csms.pipeline.rounds import Rounds

SETTLING_S = 5.0
"""How long a station that returns may take to boot, before it is sent what was queued."""


@attrs.define(eq=False, kw_only=True)
class Courier(Service):
    """Looks every second, and at once when told of a station.

    However many couriers there are, an operation is sent by the one that marks it as sent.
    """

    node: str
    nodes: INodes
    book: IOperationsBook
    links: ILinks
    tasks: ITasks
    clock: IReactorTime
    now: Callable[[], datetime]
    delivery: Delivery
    interval_s: float = 1.0
    _rounds: Rounds = attrs.field(init=False)
    _busy: set[int] = attrs.field(factory=set, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    @_rounds.default
    def _make_rounds(self) -> Rounds:
        return Rounds(
            what="delivering operations",
            work=self._look,
            clock=self.clock,
            interval_s=self.interval_s,
        )

    def startService(self) -> None:
        """Begin to look."""
        super().startService()
        self._rounds.start()

    def stopService(self) -> Deferred[None]:
        """Look no more; what is on its way is with the tasks."""
        super().stopService()
        return Deferred.fromCoroutine(self._rounds.stop())

    def deliver_due(self, station_id: int) -> None:
        """The station is ready for what waits for it."""
        self._deliver(station_id, ready=True)

    async def _look(self) -> bool:
        for waiting in await self.nodes.awaiting(self.node, self.now(), SETTLING_S):
            self._deliver(waiting.station_id, ready=waiting.ready)
        return False

    def _deliver(self, station_id: int, *, ready: bool) -> None:
        if station_id not in self._busy and self.links.holds(station_id):
            self._busy.add(station_id)
            self.tasks.spawn(
                self._deliver_all(station_id, ready=ready),
                "delivering operations",
                station_id=station_id,
            )

    async def _deliver_all(self, station_id: int, *, ready: bool) -> None:
        """One after the other, in the order in which they were asked for."""
        try:
            for operation, content in await self.book.due(station_id):
                if not (self.running and self.links.holds(station_id)):
                    break
                if ready or operation.status is not OperationStatus.QUEUED:
                    await self._deliver_one(operation, content)
        finally:
            self._busy.discard(station_id)

    async def _deliver_one(self, operation: Operation, content: bytes) -> None:
        now = self.now()
        if operation.expires_at <= now:
            return  # the scheduled jobs settle it
        try:
            command = decode_command(content)
        except msgspec.MsgspecError:
            self._log.failure(
                "the command of {operation} cannot be read",
                operation=operation.id,
                station=operation.identity,
            )
            outcome = Outcome(status="unsupported", detail="the command cannot be read any more")
            await self.book.settle(operation.id, outcome, now)
            return
        if await self.book.mark_sent(operation.id, now):
            sent = msgspec.structs.replace(operation, status=OperationStatus.PENDING, sent_at=now)
            await self.delivery.carry(sent, command)
