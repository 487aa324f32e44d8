"""The courier delivers what waits in the database for stations of its process, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import attrs
import msgspec
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from zope.interface.verify import verifyObject

from csms.core.commands import ClearCache, Command, Outcome, Reset
from csms.core.decisions import Policy
from csms.core.ids import new_id
from csms.core.ports import INodes, Waiting
from csms.core.values import Operation, OperationStatus
from csms.pipeline.commands import Operations
from csms.pipeline.courier import Courier
from csms.pipeline.delivery import Delivery
from csms.pipeline.intake import Intake, IntakeSettings
from csms.pipeline.tasks import Tasks
from csms.storage.ledger import PostgresLedger
from csms.storage.nodes import PostgresNodes
from csms.storage.operations import PostgresOperations
from csms.storage.pool import Pool
from csms.storage.stations import PostgresStations
from csms.testing.clock import WallClock
from csms.testing.desk import immediate
from csms.testing.intake import SettlingIntake
from csms.testing.links import MemoryLinks
from csms.testing.logs import logged
from csms.testing.nodes import ScriptedNodes
from csms.testing.operations import MemoryOperationsBook
from csms.testing.speech import PlainSpeech
from csms.testing.waiting import waits

ACCEPTED = Outcome(status="accepted")


@attrs.define(eq=False)
class Rig:
    """A courier, and everything around it; station 7 is what it is about."""

    clock: WallClock = attrs.field(factory=WallClock)
    nodes: ScriptedNodes = attrs.field(factory=ScriptedNodes)
    links: MemoryLinks = attrs.field(factory=MemoryLinks)
    book: MemoryOperationsBook = attrs.field(init=False)
    tasks: Tasks = attrs.field(init=False)
    courier: Courier = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.book = MemoryOperationsBook(self.clock.now)
        self.tasks = Tasks(self.clock)
        self.courier = self.another()
        self.courier.startService()

    def another(self) -> Courier:
        """Another courier with the same book and links."""
        return Courier(
            node="n",
            nodes=self.nodes,
            book=self.book,
            links=self.links,
            tasks=self.tasks,
            clock=self.clock,
            now=self.clock.now,
            delivery=Delivery(
                book=self.book,
                links=self.links,
                intake=SettlingIntake(self.book),
                tasks=self.tasks,
                clock=self.clock,
                now=self.clock.now,
                call_timeout_s=30,
            ),
        )

    def waits(
        self,
        command: Command | bytes,
        status: OperationStatus = OperationStatus.PENDING,
        ttl_s: float = 60,
        ready: bool = False,
    ) -> Operation:
        """An operation waits for station 7."""
        at = self.clock.now()
        operation = Operation(
            id=new_id(at),
            operator_id=1,
            station_id=7,
            identity="CS7",
            action="reset",
            payload={},
            status=status,
            created_at=at,
            expires_at=at + timedelta(seconds=ttl_s),
        )
        content = command if isinstance(command, bytes) else msgspec.json.encode(command)
        immediate(self.book.record(operation, content))
        self.nodes.waiting = [Waiting(7, ready)]
        return operation

    def status(self, operation: Operation) -> OperationStatus:
        """How the operation stands."""
        return immediate(self.book.get(operation.id)).status


@pytest.fixture
def rig() -> Rig:
    """A courier that runs."""
    return Rig()


def test_provides(rig: Rig) -> None:
    """The stand-in provides the port."""
    assert verifyObject(INodes, rig.nodes)


def test_delivers(rig: Rig) -> None:
    """What another process submitted goes out within a second, and its outcome is kept."""
    rig.links.connect(7)
    operation = rig.waits(Reset())
    rig.clock.pass_by(1)
    assert rig.links.sent == [(7, Reset())]
    assert immediate(rig.book.get(operation.id)).sent_at == rig.clock.now()
    rig.links.answer(7, ACCEPTED)
    assert rig.status(operation) is OperationStatus.ACCEPTED


def test_not_here(rig: Rig) -> None:
    """A station that is not (or no longer) connected here is left to others."""
    operation = rig.waits(Reset(), ready=True)
    rig.clock.pass_by(2)
    rig.courier.deliver_due(7)
    assert rig.status(operation) is OperationStatus.PENDING
    assert not immediate(rig.book.get(operation.id)).sent_at


def test_in_order(rig: Rig) -> None:
    """Several go one after the other, in the order in which they were asked for."""
    rig.links.connect(7)
    rig.waits(Reset())
    rig.clock.advance(0.001)
    rig.waits(ClearCache())
    rig.clock.pass_by(3)
    assert rig.links.sent == [(7, Reset())]
    rig.links.answer(7, ACCEPTED)
    assert rig.links.sent == [(7, Reset()), (7, ClearCache())]


def test_once(rig: Rig) -> None:
    """However many couriers there are, an operation is sent once."""
    rig.links.connect(7)
    other = rig.another()
    other.startService()
    rig.waits(Reset())
    rig.clock.pass_by(3)
    assert rig.links.sent == [(7, Reset())]


def test_somebody_was_first(rig: Rig) -> None:
    """What another courier has just marked as sent is left to it."""
    operation = rig.waits(Reset())
    ((due, content),) = immediate(rig.book.due(7))
    assert immediate(rig.book.mark_sent(operation.id, rig.clock.now()))
    rig.links.connect(7)
    immediate(rig.courier._deliver_one(due, content))
    assert not rig.links.sent


def test_queued_waits_for_the_boot(rig: Rig) -> None:
    """What was queued waits until the station is ready; what was not goes before it."""
    rig.links.connect(7)
    rig.links.answers = ACCEPTED
    queued = rig.waits(Reset(), OperationStatus.QUEUED)
    rig.waits(ClearCache())
    rig.clock.pass_by(1)
    assert rig.links.sent == [(7, ClearCache())]
    rig.nodes.waiting = [Waiting(7, ready=True)]
    rig.clock.pass_by(1)
    assert rig.links.sent == [(7, ClearCache()), (7, Reset())]
    assert rig.status(queued) is OperationStatus.ACCEPTED


def test_told(rig: Rig) -> None:
    """Told that a station is ready, it does not wait for its next look."""
    rig.links.connect(7)
    rig.waits(Reset(), OperationStatus.QUEUED)
    rig.courier.deliver_due(7)
    assert rig.links.sent == [(7, Reset())]


def test_expired(rig: Rig) -> None:
    """What has expired is not sent any more."""
    rig.links.connect(7)
    rig.waits(Reset(), ttl_s=0)
    rig.clock.pass_by(1)
    assert not rig.links.sent


def test_unreadable(rig: Rig) -> None:
    """A command that cannot be read is settled, and does not stand in the way of the next."""
    rig.links.connect(7)
    unreadable = rig.waits(b"?")
    rig.clock.advance(0.001)
    rig.waits(Reset())
    with logged() as events:
        rig.clock.pass_by(1)
    assert rig.status(unreadable) is OperationStatus.UNSUPPORTED
    assert [event["station"] for event in events] == ["CS7"]
    assert rig.links.sent == [(7, Reset())]


def test_station_goes(rig: Rig) -> None:
    """When the station goes, the rest stays for its next connection."""
    rig.links.connect(7)
    first = rig.waits(Reset())
    rig.clock.advance(0.001)
    second = rig.waits(ClearCache())
    rig.clock.pass_by(1)
    rig.links.disconnect(7)
    assert rig.status(first) is OperationStatus.UNREACHABLE
    assert not immediate(rig.book.get(second.id)).sent_at


def test_stops(rig: Rig) -> None:
    """A stopped courier sends nothing more."""
    stopped: Deferred[None] = rig.courier.stopService()
    assert stopped.called
    rig.links.connect(7)
    rig.waits(Reset())
    rig.clock.pass_by(3)
    assert not rig.links.sent
    assert not rig.clock.getDelayedCalls()


# -- processes that share nothing but the database -----------------------------------------


@attrs.define(eq=False)
class Process:
    """A process of the cluster."""

    pool: Pool
    links: MemoryLinks = attrs.field(factory=lambda: MemoryLinks(ACCEPTED))
    tasks: Tasks = attrs.field(factory=lambda: Tasks(reactor))
    intake: Intake = attrs.field(init=False)

    @intake.default
    def _make_intake(self) -> Intake:
        ledgers = [PostgresLedger(self.pool.lane())]
        return Intake(reactor, ledgers, Policy(), IntakeSettings(), _now, lambda: None)

    def operations(self) -> Operations:
        """Where commands are submitted."""
        return Operations(
            stations=PostgresStations(self.pool),
            book=PostgresOperations(self.pool),
            links=self.links,
            speech=PlainSpeech(),
            tasks=self.tasks,
            clock=reactor,
            now=_now,
            delivery=None,
        )

    def courier(self) -> Courier:
        """What delivers."""
        return Courier(
            node="gateway",
            nodes=PostgresNodes(self.pool),
            book=PostgresOperations(self.pool),
            links=self.links,
            tasks=self.tasks,
            clock=reactor,
            now=_now,
            delivery=self.delivery(),
            interval_s=0.02,
        )

    def delivery(self) -> Delivery:
        """Its last stretch."""
        return Delivery(
            book=PostgresOperations(self.pool),
            links=self.links,
            intake=self.intake,
            tasks=self.tasks,
            clock=reactor,
            now=_now,
            call_timeout_s=30,
        )


def _now() -> datetime:
    return datetime.now(UTC)


@attrs.define(eq=False)
class Cluster:
    """A process that serves the API, and two (by mistake of the same name) that both believe
    that they hold the station CS7."""

    api: Operations
    gateways: tuple[Process, Process]
    pool: Pool
    station_id: int

    def sent(self) -> list[tuple[int, Command]]:
        """What the station was sent."""
        return [each for gateway in self.gateways for each in gateway.links.sent]


@pytest_twisted.async_yield_fixture
async def cluster(pool: Pool) -> AsyncIterator[Cluster]:
    """Processes that run; the station is not connected yet."""
    station_id = await pool.one(
        "INSERT INTO station (identity, registration) VALUES ('CS7', 'accepted') RETURNING id",
        (),
        int,
    )
    gateways = (Process(pool), Process(pool))
    couriers = [gateway.courier() for gateway in gateways]
    for gateway, courier in zip(gateways, couriers, strict=True):
        gateway.links.connect(station_id)
        courier.startService()
    yield Cluster(Process(pool, MemoryLinks()).operations(), gateways, pool, station_id)
    for gateway, courier in zip(gateways, couriers, strict=True):
        await courier.stopService()
        await gateway.intake.stopService()


async def connect(cluster: Cluster) -> None:
    """The station connects and boots."""
    await cluster.pool.execute(
        "INSERT INTO connection (station_id, operator_id, epoch, node, peer, ocpp_version,"
        " connected_at, last_seen_at) VALUES (%s, 1, 1, 'gateway', 'p', '1.6', now(), now())",
        (cluster.station_id,),
    )
    await cluster.pool.execute("UPDATE station SET booted_at = now(), ocpp_version = '1.6'")


@waits
async def test_across_processes(cluster: Cluster) -> None:
    """A command submitted to one process is delivered by another, and its outcome comes back."""
    await connect(cluster)
    operation = await cluster.api.submit("CS7", 1, Reset())
    assert operation.status is OperationStatus.ACCEPTED
    assert cluster.sent() == [(cluster.station_id, Reset())]


@waits
async def test_queued_across_processes(cluster: Cluster) -> None:
    """A command that was queued goes out once, when the station has returned."""
    operation = await cluster.api.submit("CS7", 1, Reset(), queue=True)
    assert operation.status is OperationStatus.QUEUED
    await connect(cluster)
    for _ in range(3000):
        if (await cluster.api.get(operation.id)).status.settled:
            break
        await deferLater(reactor, 0.01)
    assert (await cluster.api.get(operation.id)).status is OperationStatus.ACCEPTED
    assert cluster.sent() == [(cluster.station_id, Reset())]
