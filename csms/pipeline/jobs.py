"""Scheduled work, done once per cluster: whichever process holds the lock does it.

The lock goes with the process or its connection to the database, and another process's next
attempt to take it succeeds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import attrs
from msgspec import Struct
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from csms.core.commands import RemoteStop
from csms.core.errors import Refusal, Unavailable
from csms.core.overtime import ASKED_BY, Next, next_step
from csms.core.ports import (
    IJobsBook,
    ILocks,
    IOperations,
    IOperationsBook,
    IOutboxLog,
    ITasks,
    Overtime,
)
from csms.pipeline.rounds import Rounds
from csms.pipeline.staleness import StaleStatuses

LOCK = "csms.jobs"
NODE_LOST_S = 60.0
"""A node that did not renew for so long holds no connections any more."""
BATCH = 500
ROUNDS_OF_PRUNING = 20
"""Batches deleted in one go at most, so that other jobs get their turn."""


class JobSettings(Struct, frozen=True, kw_only=True):
    """Intervals in seconds; ``offline_after_s`` 0: twice the heartbeat interval."""

    interval_s: float = 10.0
    prune_every_s: float = 600.0
    offline_after_s: float = 0.0
    heartbeat_interval_s: int = 300
    start_timeout_s: float = 600.0
    max_hours: float = 12.0
    stale_status_s: float = 60.0
    refused_days: int = 30
    outbox_hours: int = 24
    operations_days: int = 90
    quarantine_days: int = 365


Prune = Callable[[datetime, int], Awaitable[int]]
"""Deletes up to so many things that are older; how many."""


@attrs.define(eq=False)
class Job:
    """Work done every so often; ``run`` tells how many things it did."""

    name: str
    every_s: float
    run: Callable[[], Coroutine[Any, Any, int]]
    due_at: float = 0.0


@attrs.define(eq=False, kw_only=True)
class Jobs(Service):
    """Does the scheduled work while this process leads; ``published`` is called after events."""

    book: IJobsBook
    operations_book: IOperationsBook
    outbox: IOutboxLog
    operations: IOperations
    locks: ILocks
    tasks: ITasks
    clock: IReactorTime
    now: Callable[[], datetime]
    published: Callable[[], None]
    settings: JobSettings = JobSettings()
    more: Sequence[Job] = ()
    """What areas have done."""
    kept: Sequence[tuple[timedelta, Prune]] = ()
    """What areas keep, and for how long."""
    _rounds: Rounds = attrs.field(init=False)
    _stale: StaleStatuses = attrs.field(init=False)
    _jobs: Sequence[Job] = attrs.field(init=False)
    _leads_since: float | None = attrs.field(default=None, init=False)
    _asking: set[str] = attrs.field(factory=set, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    @_rounds.default
    def _make_rounds(self) -> Rounds:
        return Rounds(
            what="scheduled work",
            work=self._round,
            clock=self.clock,
            interval_s=self.settings.interval_s,
            worst_s=max(self.settings.interval_s, 0.5),
        )

    @_stale.default
    def _make_stale(self) -> StaleStatuses:
        return StaleStatuses(
            book=self.book,
            operations=self.operations,
            tasks=self.tasks,
            now=self.now,
            patience_s=self.settings.stale_status_s,
        )

    @_jobs.default
    def _make_jobs(self) -> Sequence[Job]:
        often = self.settings.interval_s
        return (
            Job("lost nodes", often, self._lost_nodes),
            Job("silent stations", often, self._silent_stations),
            Job("expired operations", often, self._expired_operations),
            Job("overtime sessions", often, self._overtime_sessions),
            Job("stale connectors", often, self._stale.ask),
            Job("retention", self.settings.prune_every_s, self._prune),
            *self.more,
        )

    @property
    def leads(self) -> bool:
        """Whether this process does the work, as far as it knows."""
        return self._leads_since is not None

    def startService(self) -> None:
        """Begin."""
        super().startService()
        self._rounds.start()

    def stopService(self) -> Deferred[None]:
        """Finish the job under way and let another process lead."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        await self._rounds.stop()
        self._leads_since = None
        await self.locks.release(LOCK)

    async def _round(self) -> bool:
        try:
            if not await self.locks.hold(LOCK):
                self._leads_since = None
                return False
            if self._leads_since is None:
                self._leads_since = self.clock.seconds()
                self._log.info("doing the scheduled work of the cluster")
            for job in self._jobs:
                if self.running and job.due_at <= self.clock.seconds():
                    await self._do(job)
        except Unavailable:
            self._leads_since = None
            raise
        return False

    async def _do(self, job: Job) -> None:
        # Half an interval early is on time: rounds are not exact.
        job.due_at = self.clock.seconds() + job.every_s - self.settings.interval_s / 2
        try:
            done = await job.run()
        except Unavailable:
            job.due_at = 0.0
            raise
        except Exception:  # noqa: BLE001 - a job that fails must not keep the others from theirs
            self._log.failure("job {job} failed", job=job.name)
            return
        if done:
            self._log.info("job {job}: {done}", job=job.name, done=done)
            self.published()

    async def _lost_nodes(self) -> int:
        # After the database was away, or when we just took over, nodes need time to renew.
        since = self._leads_since
        if since is None or self.clock.seconds() - since < NODE_LOST_S:
            return 0
        return await self.book.lost_nodes(NODE_LOST_S)

    async def _silent_stations(self) -> int:
        return await self.book.silent(
            self.now(), self.settings.offline_after_s, self.settings.heartbeat_interval_s
        )

    async def _expired_operations(self) -> int:
        expired = await self.operations_book.expire(self.now(), self.settings.start_timeout_s)
        return len(expired)

    async def _overtime_sessions(self) -> int:
        """Sessions that run too long: flagged, then asked to end, then ended."""
        now = self.now()
        done = await self.book.flag_overtime(now, self.settings.max_hours * 3600)
        for overtime in await self.book.overtime(BATCH):
            match next_step(overtime, now):
                case Next.END:
                    done += await self.book.end_session(overtime.session_id, now)
                case Next.ASK if overtime.session_id not in self._asking:
                    self._asking.add(overtime.session_id)
                    self.tasks.spawn(
                        self._ask(overtime),
                        "asking a station to end a session",
                        station=overtime.identity,
                        session=overtime.session_id,
                    )
                case _:
                    pass
        return done

    async def _ask(self, overtime: Overtime) -> None:
        """Ask the station to end the session; end it here when there is no asking."""
        assert overtime.transaction_ref is not None  # or it would have been ended
        try:
            await self.operations.submit(
                overtime.identity,
                overtime.operator_id,
                RemoteStop(transaction_ref=overtime.transaction_ref),
                requested_by=ASKED_BY,
                session_id=overtime.session_id,
            )
        except Unavailable:
            raise
        except Refusal:
            # Not a station any more, or one that must not be sent anything.
            await self.book.end_session(overtime.session_id, self.now())
            self.published()
        finally:
            self._asking.discard(overtime.session_id)

    async def _prune(self) -> int:
        """Delete what is kept no longer, in batches that hold nobody up."""
        keep, now = self.settings, self.now()
        await self._until_done(
            partial(self.outbox.prune, now - timedelta(hours=keep.outbox_hours), BATCH)
        )
        for table, days in (
            ("refused_attempt", keep.refused_days),
            ("operation", keep.operations_days),
            ("quarantine", keep.quarantine_days),
        ):
            await self._until_done(
                partial(self.book.prune, table, now - timedelta(days=days), BATCH)
            )
        for age, prune in self.kept:
            await self._until_done(partial(prune, now - age, BATCH))
        return 0

    async def _until_done(self, prune: Callable[[], Awaitable[int]]) -> None:
        for _ in range(ROUNDS_OF_PRUNING):
            if not self.running or await prune() < BATCH:
                break
