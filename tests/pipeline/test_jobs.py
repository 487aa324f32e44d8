"""Scheduled work: by one process, at its intervals, one failing job not holding the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import attrs
import pytest
import pytest_twisted
from msgspec.structs import replace
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from zope.interface import implementer
from zope.interface.verify import verifyObject

from csms.core.commands import Command, RemoteStop, Trigger
from csms.core.errors import NotFound, Refusal, Unavailable
from csms.core.pages import Page, Query
from csms.core.ports import IJobsBook, ILocks, IOperations, Overtime, StaleStatus
from csms.core.values import Operation, OperationStatus
from csms.pipeline.jobs import BATCH, NODE_LOST_S, ROUNDS_OF_PRUNING, Jobs, JobSettings
from csms.pipeline.tasks import Tasks
from csms.storage.locks import PostgresLocks
from csms.storage.pool import Pool
from csms.testing.clock import START, WallClock
from csms.testing.contracts.outbox import fact
from csms.testing.jobs import ScriptedJobs
from csms.testing.locks import MemoryLocks
from csms.testing.logs import logged
from csms.testing.operations import MemoryOperationsBook
from csms.testing.outbox import MemoryOutbox
from csms.testing.waiting import waits

LONG = Overtime(
    session_id="s",
    operator_id=2,
    identity="CS7",
    transaction_ref="5",
    connected=True,
    asked_at=None,
)
OPERATION = Operation(
    id="00000000-0000-7000-8000-000000000001",
    operator_id=1,
    station_id=7,
    identity="CS7",
    action="reset",
    payload={},
    status=OperationStatus.QUEUED,
    created_at=START,
    expires_at=START + timedelta(seconds=15),
)


@implementer(IOperations)
@attrs.define(eq=False)
class Asked:
    """Operations that only remember who was asked what."""

    error: Refusal | None = None
    slow: Deferred[None] | None = None
    asked: list[tuple[str, int, Command, str | None, str | None]] = attrs.field(factory=list)

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
        """Remember."""
        self.asked.append((identity, operator_id, command, requested_by, session_id))
        if self.slow is not None:
            await self.slow
        if self.error is not None:
            raise self.error
        return OPERATION

    async def get(self, operation_id: str, operator_id: int | None = None) -> Operation:
        """Not asked for."""
        raise NotImplementedError

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Operation]:
        """Not asked for."""
        raise NotImplementedError


@attrs.define(eq=False)
class Rig:
    """A process with scheduled work."""

    clock: WallClock = attrs.field(factory=WallClock)
    book: ScriptedJobs = attrs.field(factory=ScriptedJobs)
    outbox: MemoryOutbox = attrs.field(factory=MemoryOutbox)
    operations: Asked = attrs.field(factory=Asked)
    locks: MemoryLocks = attrs.field(factory=MemoryLocks)
    published: list[bool] = attrs.field(factory=list)
    operations_book: MemoryOperationsBook = attrs.field(init=False)
    tasks: Tasks = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.operations_book = MemoryOperationsBook(self.clock.now)
        self.tasks = Tasks(self.clock)

    def jobs(
        self,
        book: ScriptedJobs | None = None,
        locks: ILocks | None = None,
        clock: IReactorTime | None = None,
        settings: JobSettings = JobSettings(),  # noqa: B008 - frozen
    ) -> Jobs:
        """Jobs that run."""
        jobs = Jobs(
            book=book or self.book,
            operations_book=self.operations_book,
            outbox=self.outbox,
            operations=self.operations,
            locks=locks or self.locks,
            tasks=self.tasks,
            clock=clock or self.clock,
            now=self.clock.now,
            published=lambda: self.published.append(True),
            settings=settings,
        )
        jobs.startService()
        return jobs

    def calls(self, name: str) -> list[tuple[object, ...]]:
        """With what a method was called."""
        return [call[1:] for call in self.book.calls if call[0] == name]


@pytest.fixture
def rig() -> Rig:
    """A process whose jobs do not run yet."""
    return Rig()


def test_provide(rig: Rig) -> None:
    """The stand-ins provide the ports."""
    assert verifyObject(IJobsBook, rig.book)
    assert verifyObject(IOperations, rig.operations)


# -- when and who --------------------------------------------------------------------------


def test_intervals(rig: Rig) -> None:
    """Each job has its interval."""
    rig.jobs(settings=JobSettings(interval_s=10, prune_every_s=60, offline_after_s=90))
    rig.clock.pass_by(59)
    assert len(rig.calls("silent")) == 6
    assert rig.calls("silent")[0] == (START, 90, 300)
    assert len(rig.calls("quarantine")) == 1
    rig.clock.pass_by(2)
    assert len(rig.calls("quarantine")) == 2


def test_one_leader(rig: Rig) -> None:
    """Only one process does the work; when it stops, another does at its next round."""
    first = rig.jobs()
    other_book = ScriptedJobs()
    second = rig.jobs(other_book, MemoryLocks(rig.locks.holders))
    rig.clock.pass_by(30)
    assert first.leads
    assert not second.leads
    assert not other_book.calls
    assert first.stopService().called
    rig.clock.pass_by(10)
    assert second.leads
    assert other_book.calls
    assert not first.leads


def test_failing_job(rig: Rig) -> None:
    """A job that fails is logged, and the others go on."""
    rig.book.broken["silent"] = ZeroDivisionError()
    with logged() as events:
        rig.jobs()
    assert [event["job"] for event in events if "log_failure" in event] == ["silent stations"]
    assert rig.calls("overtime")


def test_database_gone(rig: Rig) -> None:
    """When the database goes, the work waits for it, and no node is given up for having been
    unable to renew."""
    rig.jobs()
    rig.clock.pass_by(NODE_LOST_S)
    assert rig.calls("lost_nodes")
    rig.book.broken["silent"] = Unavailable("gone")
    rig.clock.pass_by(200)
    rig.book.broken.clear()
    rig.book.calls.clear()
    rig.clock.pass_by(NODE_LOST_S - 1)
    assert rig.calls("silent")
    assert not rig.calls("lost_nodes")
    rig.clock.pass_by(15)
    assert rig.calls("lost_nodes")


def test_publishes(rig: Rig) -> None:
    """Whoever follows the events is told when there are some."""
    rig.jobs()
    assert not rig.published
    rig.book.found["silent"] = 2
    rig.clock.pass_by(10)
    assert rig.published == [True]


def test_stops(rig: Rig) -> None:
    """After the stop nothing is done any more, and nothing is held."""
    jobs = rig.jobs()
    assert jobs.stopService().called
    rig.book.calls.clear()
    rig.clock.pass_by(100)
    assert not rig.book.calls
    assert not rig.locks.holders


# -- operations ----------------------------------------------------------------------------


def test_expires(rig: Rig) -> None:
    """Operations that waited too long expire."""
    recorded = Deferred.fromCoroutine(rig.operations_book.record(OPERATION, b""))
    assert recorded.called
    rig.jobs()
    rig.clock.pass_by(10)
    assert rig.operations_book._operations[OPERATION.id].status is OperationStatus.QUEUED
    rig.clock.pass_by(10)
    assert rig.operations_book._operations[OPERATION.id].status is OperationStatus.EXPIRED
    assert rig.published == [True]


# -- sessions ------------------------------------------------------------------------------


def test_asks_once(rig: Rig) -> None:
    """A station is asked to end a session that runs too long; once, while that is under way."""
    rig.operations.slow = Deferred()
    rig.book.too_long = [LONG]
    rig.jobs(settings=JobSettings(max_hours=1))
    rig.clock.pass_by(30)
    assert rig.calls("flag_overtime")[0] == (START, 3600)
    assert rig.operations.asked == [("CS7", 2, RemoteStop(transaction_ref="5"), "server", "s")]
    assert not rig.book.ended
    rig.operations.slow.callback(None)
    rig.clock.pass_by(10)
    assert len(rig.operations.asked) == 2


def test_waits_for_the_station(rig: Rig) -> None:
    """A station that was asked is given time."""
    rig.book.too_long = [replace(LONG, asked_at=START)]
    rig.jobs()
    rig.clock.pass_by(599)
    assert not rig.operations.asked
    assert not rig.book.ended
    rig.clock.pass_by(2)
    assert rig.book.ended == ["s"]
    assert rig.published


def test_ends_what_nobody_can_be_asked_about(rig: Rig) -> None:
    """A session whose station is not connected is ended at once."""
    rig.book.too_long = [replace(LONG, connected=False)]
    rig.jobs()
    assert rig.book.ended == ["s"]
    assert not rig.operations.asked


def test_refused(rig: Rig) -> None:
    """When asking is refused (the station is no more), the session is ended."""
    rig.operations.error = NotFound("no such station")
    rig.book.too_long = [LONG]
    rig.jobs()
    assert rig.book.ended == ["s"]
    assert rig.published


def test_database_gone_while_asking(rig: Rig) -> None:
    """When the database goes while asking, it is asked again later."""
    rig.operations.error = Unavailable("gone")
    rig.book.too_long = [LONG]
    with logged():
        rig.jobs()
    assert not rig.book.ended
    rig.clock.pass_by(10)
    assert len(rig.operations.asked) == 2


# -- connectors ----------------------------------------------------------------------------


def test_asks_for_a_status(rig: Rig) -> None:
    """A station is asked about a connector that is shown in use for too long; once."""
    rig.book.in_doubt = [
        StaleStatus(
            station_id=7,
            operator_id=2,
            identity="CS7",
            evse_id=1,
            status_at=START,
            session_id=None,
        )
    ]
    rig.jobs(settings=JobSettings(stale_status_s=25))
    rig.clock.pass_by(25)
    assert not rig.operations.asked
    rig.clock.pass_by(100)
    asked = Trigger(message="StatusNotification", evse_id=1)
    assert rig.operations.asked == [("CS7", 2, asked, "server", None)]


# -- retention -----------------------------------------------------------------------------


def test_prunes(rig: Rig) -> None:
    """What is old goes, in batches, each table by its own measure."""
    rig.book.found["operation"] = BATCH
    rig.jobs(settings=JobSettings(refused_days=1, operations_days=2, quarantine_days=3))
    assert rig.calls("refused_attempt") == [(START - timedelta(days=1), BATCH)]
    assert rig.calls("operation") == [(START - timedelta(days=2), BATCH)] * 2
    assert rig.calls("quarantine") == [(START - timedelta(days=3), BATCH)]


def test_prunes_events(rig: Rig) -> None:
    """Old events go, but not all at once when they are very many."""
    rig.outbox.append([fact(1)], START - timedelta(hours=25))
    rig.outbox.append([fact(2)], START - timedelta(hours=23))
    rig.jobs()
    assert len(rig.outbox._rows) == 1


def test_pruning_is_bounded(rig: Rig) -> None:
    """However much there is to delete, other jobs get their turn."""

    class Endless(ScriptedJobs):
        """Always full."""

        def _find(self, name: str, *arguments: object) -> int:
            super()._find(name, *arguments)
            return BATCH if name == "quarantine" else 0

    rig.book = Endless()
    rig.jobs()
    assert len(rig.calls("quarantine")) == ROUNDS_OF_PRUNING


# -- the real lock -------------------------------------------------------------------------


@attrs.define(eq=False)
class Cluster:
    """Two processes with scheduled work on one database."""

    pool: Pool
    books: tuple[ScriptedJobs, ScriptedJobs]
    jobs: tuple[Jobs, Jobs]


@pytest_twisted.async_yield_fixture
async def cluster(rig: Rig, pool: Pool) -> AsyncIterator[Cluster]:
    """Two processes that run."""
    lanes = (pool.lane(), pool.lane())
    for lane in lanes:
        await lane.wait_ready()
    books = (ScriptedJobs(), ScriptedJobs())
    settings = JobSettings(interval_s=0.02)
    jobs = (
        rig.jobs(books[0], PostgresLocks(lanes[0]), reactor, settings),
        rig.jobs(books[1], PostgresLocks(lanes[1]), reactor, settings),
    )
    yield Cluster(pool, books, jobs)
    for each in jobs:
        await each.stopService()


async def until_leading(cluster: Cluster) -> int:
    """Which process leads, when one does; never both."""
    for _ in range(3000):
        leading = [each.leads for each in cluster.jobs]
        assert leading != [True, True]
        if any(leading):
            return leading.index(True)
        await deferLater(reactor, 0.01)
    raise AssertionError("nobody leads")


async def until_working(cluster: Cluster) -> None:
    """Wait until somebody does the work."""
    for _ in range(3000):
        if any(book.calls for book in cluster.books):
            return
        await deferLater(reactor, 0.01)
    raise AssertionError("nobody works")


@waits
async def test_two_leaders(cluster: Cluster) -> None:
    """Of two processes one does the work, and the other takes over when it stops."""
    first = await until_leading(cluster)
    other = 1 - first
    await until_working(cluster)
    assert not cluster.books[other].calls
    await cluster.jobs[first].stopService()
    cluster.books[first].calls.clear()
    assert await until_leading(cluster) == other
    await until_working(cluster)
    assert not cluster.books[first].calls


@waits
async def test_killed_connection(cluster: Cluster) -> None:
    """Who loses the connection that holds the lock leads no more, and the work goes on."""
    await until_leading(cluster)
    for book in cluster.books:
        book.calls.clear()
    await cluster.pool.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    await until_working(cluster)
