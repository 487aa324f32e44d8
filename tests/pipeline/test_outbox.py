"""Every subscriber gets every event, at least once and in order, and holds nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

import attrs
import msgspec
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import LogEvent
from zope.interface import implementer
from zope.interface.verify import verifyObject

from csms.core.errors import Unavailable
from csms.core.events import Event
from csms.core.ports import ILocks, IOutboxLog, ISubscriber, Position
from csms.pipeline.outbox import BREATH, GATHER_S, POLL_S, ROWS, Dispatcher, EventJournal
from csms.storage.locks import PostgresLocks
from csms.storage.outbox import APPEND, PostgresOutbox
from csms.storage.pool import Pool
from csms.testing.clock import START, WallClock
from csms.testing.contracts.outbox import fact
from csms.testing.locks import MemoryLocks
from csms.testing.logs import logged
from csms.testing.outbox import MemoryOutbox
from csms.testing.waiting import waits


@implementer(ISubscriber)
@attrs.define(eq=False)
class Ear:
    """Remembers what it heard, or refuses to."""

    heard: list[int] = attrs.field(factory=list)
    frequent: bool = False
    broken: Exception | None = None
    slow: Deferred[None] | None = None

    async def receive(self, events: Sequence[Event]) -> None:
        """Take events."""
        if self.slow is not None:
            await self.slow
        if self.broken is not None:
            raise self.broken
        self.heard.extend(event.station_id for event in events)


@attrs.define(eq=False)
class Rig:
    """An outbox in memory and dispatchers on it."""

    clock: WallClock = attrs.field(factory=WallClock)
    outbox: MemoryOutbox = attrs.field(factory=MemoryOutbox)
    locks: MemoryLocks = attrs.field(factory=MemoryLocks)

    def dispatcher(
        self, subscribers: Mapping[str, ISubscriber], locks: ILocks | None = None
    ) -> Dispatcher:
        """A dispatcher that runs."""
        dispatcher = Dispatcher(self.outbox, locks or self.locks, self.clock, subscribers)
        dispatcher.startService()
        return dispatcher

    def publish(self, *numbers: int) -> None:
        """Commit events, a row each."""
        for number in numbers:
            self.outbox.append([fact(number)], START)


@pytest.fixture
def rig() -> Rig:
    """Nothing published yet."""
    return Rig()


def test_polls(rig: Rig) -> None:
    """Events that another process committed are told within a second, in order."""
    ear = Ear()
    rig.dispatcher({"ear": ear})
    rig.publish(1, 2, 3)
    assert not ear.heard
    rig.clock.pass_by(POLL_S, step=GATHER_S)
    assert ear.heard == [1, 2, 3]


def test_woken(rig: Rig) -> None:
    """Events that this process committed are told almost at once; many commits share a look."""
    ear = Ear()
    dispatcher = rig.dispatcher({"ear": ear})
    for number in range(5):
        rig.publish(number)
        dispatcher.wake()
    rig.clock.advance(GATHER_S)
    assert ear.heard == [0, 1, 2, 3, 4]


def test_expectant(rig: Rig) -> None:
    """What cannot be read yet when it is announced is looked for again soon."""
    ear = Ear()
    dispatcher = rig.dispatcher({"ear": ear})
    rig.clock.pass_by(GATHER_S * 2, step=GATHER_S)
    dispatcher.wake()
    rig.publish(1)
    rig.clock.advance(GATHER_S)
    assert ear.heard == [1]


def test_many(rig: Rig) -> None:
    """What is more than a look takes follows right after."""
    ear = Ear()
    rig.publish(*range(ROWS * 3))
    rig.dispatcher({"ear": ear})
    rig.clock.pass_by(GATHER_S * 3, step=GATHER_S)
    assert ear.heard == list(range(ROWS * 3))


def test_breathes(rig: Rig) -> None:
    """Telling very many events does not keep the reactor from everything else."""
    ear = Ear()
    for _ in range(3):
        rig.outbox.append([fact(number) for number in range(BREATH)], START)
    rig.dispatcher({"ear": ear})
    assert len(ear.heard) == BREATH
    rig.clock.advance(0)
    assert len(ear.heard) == BREATH * 3


def test_goes_on(rig: Rig) -> None:
    """After a restart a subscriber goes on where it was."""
    ear = Ear()
    rig.publish(1)
    first = rig.dispatcher({"ear": ear})
    assert first.stopService().called
    rig.publish(2)
    rig.dispatcher({"ear": ear})
    assert ear.heard == [1, 2]


def test_failing(rig: Rig) -> None:
    """A subscriber that fails gets the events again, and holds nobody else."""
    broken, well = Ear(broken=ZeroDivisionError()), Ear()
    rig.publish(1, 2)
    with logged() as events:
        dispatcher = rig.dispatcher({"broken": broken, "well": well})
    assert well.heard == [1, 2]
    assert [event["what"] for event in events] == ["telling broken of events"]
    broken.broken = None
    dispatcher.wake()
    rig.clock.pass_by(2, step=GATHER_S)
    assert broken.heard == [1, 2]


def test_fails_in_the_middle(rig: Rig) -> None:
    """What was taken before a failure does not come again."""

    @attrs.define(eq=False)
    class Fussy(Ear):
        async def receive(self, events: Sequence[Event]) -> None:
            if events[0].station_id == 2 and not self.heard.count(99):
                self.heard.append(99)
                raise Unavailable("not now")
            await super().receive(events)

    fussy = Fussy()
    rig.publish(1, 2, 3)
    rig.dispatcher({"fussy": fussy})
    rig.clock.pass_by(2, step=GATHER_S)
    assert fussy.heard == [1, 99, 2, 3]


def test_slow(rig: Rig) -> None:
    """A slow subscriber is not given the next events before it took these."""
    gate: Deferred[None] = Deferred()
    slow = Ear(slow=gate)
    rig.publish(1)
    dispatcher = rig.dispatcher({"slow": slow})
    rig.publish(2)
    dispatcher.wake()
    rig.clock.pass_by(5)
    slow.slow = None
    gate.callback(None)
    rig.clock.pass_by(1, step=GATHER_S)
    assert slow.heard == [1, 2]


def test_unreadable(rig: Rig) -> None:
    """A row that cannot be read is logged and left out, or nothing would ever follow it."""
    ear = Ear()
    rig.outbox.append_text('[{"kind": 1}]', START)
    rig.publish(2)
    with logged() as events:
        rig.dispatcher({"ear": ear})
    assert ear.heard == [2]
    assert len(events) == 1


def test_one_process(rig: Rig) -> None:
    """Only one process tells a subscriber; when it stops, another goes on."""
    ours, theirs = Ear(), Ear()
    first = rig.dispatcher({"ear": ours})
    rig.dispatcher({"ear": theirs}, MemoryLocks(rig.locks.holders))
    rig.publish(1)
    rig.clock.pass_by(1, step=GATHER_S)
    first.stopService()
    rig.publish(2)
    rig.clock.pass_by(1, step=GATHER_S)
    assert (ours.heard, theirs.heard) == ([1], [2])


def test_overtaken(rig: Rig) -> None:
    """Who finds that another process has gone on meanwhile goes on from there."""
    ear = Ear()
    rig.publish(1, 2, 3)
    gate: Deferred[None] = Deferred()
    ear.slow = gate
    rig.dispatcher({"ear": ear})
    moved = Deferred.fromCoroutine(rig.outbox.advance("ear", Position(), Position(2, 2)))
    assert moved.result is True
    ear.slow = None
    gate.callback(None)
    rig.publish(4)
    rig.clock.pass_by(2, step=GATHER_S)
    assert ear.heard == [1, 2, 3, 3, 4]


# -- the journal ---------------------------------------------------------------------------


def journalled(journal: EventJournal, *kinds: str) -> list[LogEvent]:
    """What the journal logs of events of those kinds."""
    with logged() as events:
        taken = Deferred.fromCoroutine(
            journal.receive(
                [
                    Event(
                        kind=kind,
                        operator_id=2,
                        station_id=7,
                        identity="CS7",
                        at=datetime.fromisoformat("2026-03-01T12:00:00Z"),
                        session_id="s",
                        data={"secret": 1},
                    )
                    for kind in kinds
                ]
            )
        )
    assert taken.called
    return events


def test_journal() -> None:
    """The journal names the event, its station and its session, and nothing of its content."""
    journal = EventJournal()
    assert verifyObject(ISubscriber, journal)
    (event,) = journalled(journal, "session.started")
    assert (event["kind"], event["station"], event["session"]) == ("session.started", "CS7", "s")
    assert event["operator"] == 2
    assert event["log_level"].name == "info"
    assert "data" not in event


@pytest.mark.parametrize(("frequent", "levels"), [(False, []), (True, ["debug"])])
def test_journal_of_meters(frequent: bool, levels: list[str]) -> None:
    """Meter values are for debugging only."""
    events = journalled(EventJournal(frequent), "session.meter")
    assert [event["log_level"].name for event in events] == levels


# -- the real thing ------------------------------------------------------------------------


@attrs.define(eq=False)
class Processes:
    """Two processes on one database."""

    pool: Pool
    ears: tuple[Ear, Ear]
    dispatchers: tuple[Dispatcher, Dispatcher]
    locks: tuple[PostgresLocks, PostgresLocks]

    async def publish(self, numbers: Sequence[int]) -> None:
        """Commit events, a row each."""
        for number in numbers:
            await self.pool.execute(APPEND, (msgspec.json.encode([fact(number)]).decode(), False))
        for dispatcher in self.dispatchers:
            dispatcher.wake()


@pytest_twisted.async_yield_fixture
async def processes(pool: Pool) -> AsyncIterator[Processes]:
    """Two processes that dispatch."""
    ears = (Ear(), Ear())
    outbox: IOutboxLog = PostgresOutbox(pool)
    lanes = (pool.lane(), pool.lane())
    for lane in lanes:
        await lane.wait_ready()
    locks = (PostgresLocks(lanes[0]), PostgresLocks(lanes[1]))
    dispatchers = (
        Dispatcher(outbox, locks[0], reactor, {"ear": ears[0]}),
        Dispatcher(outbox, locks[1], reactor, {"ear": ears[1]}),
    )
    for dispatcher in dispatchers:
        dispatcher.startService()
    yield Processes(pool, ears, dispatchers, locks)
    for dispatcher in dispatchers:
        await dispatcher.stopService()


async def heard(processes: Processes, count: int) -> list[int]:
    """Everything both heard, when it is that many."""
    for _ in range(3000):
        if sum(len(ear.heard) for ear in processes.ears) >= count:
            break
        await deferLater(reactor, 0.01)
    return [*processes.ears[0].heard, *processes.ears[1].heard]


@waits
async def test_two_dispatchers(processes: Processes) -> None:
    """Of two processes one tells the events, each once and in order."""
    await processes.publish(range(60))
    assert await heard(processes, 60) == list(range(60))
    assert [] in [ear.heard for ear in processes.ears]


@waits
async def test_killed_dispatcher(processes: Processes) -> None:
    """When the connection that holds the lock dies, the events go on, and none is lost."""
    await processes.publish(range(10))
    await heard(processes, 10)
    await processes.pool.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    await processes.publish(range(10, 20))
    assert set(await heard(processes, 20)) == set(range(20))
