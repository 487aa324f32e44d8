"""Questions about connectors that are shown in use: each once, few at a time, all in turn."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from msgspec.structs import replace
from twisted.internet.defer import Deferred
from zope.interface import implementer
from zope.interface.verify import verifyObject

from csms.core.commands import Command, Trigger
from csms.core.errors import Conflict, Refusal, Unavailable
from csms.core.pages import Page, Query
from csms.core.ports import IOperations, StaleStatus
from csms.core.staleness import Asked as Question
from csms.core.values import Operation, OperationStatus
from csms.pipeline import staleness
from csms.pipeline.staleness import QUESTIONS, StaleStatuses
from csms.pipeline.tasks import Tasks
from csms.testing.clock import START, WallClock
from csms.testing.jobs import ScriptedJobs
from csms.testing.logs import logged

REJECTED = Operation(
    id="00000000-0000-7000-8000-000000000001",
    operator_id=1,
    station_id=1,
    identity="CS1",
    action="trigger",
    payload={},
    status=OperationStatus.REJECTED,
    created_at=START,
    expires_at=START,
)


def stale(number: int, evse_id: int = 1) -> StaleStatus:
    """What is in doubt of the station of that number."""
    return StaleStatus(
        station_id=number,
        operator_id=3,
        identity=f"CS{number}",
        evse_id=evse_id,
        status_at=START - timedelta(hours=1),
        session_id=None,
    )


@implementer(IOperations)
@attrs.define(eq=False)
class Asked:
    """Operations that only remember who was asked what."""

    error: Refusal | None = None
    asked: list[tuple[str, int, Command]] = attrs.field(factory=list)

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
        assert (requested_by, queue) == ("server", False)
        self.asked.append((identity, operator_id, command))
        if self.error is not None:
            raise self.error
        return REJECTED

    async def get(self, operation_id: str, operator_id: int | None = None) -> Operation:
        """Not asked for."""
        raise NotImplementedError

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Operation]:
        """Not asked for."""
        raise NotImplementedError


@attrs.define(eq=False)
class Rig:
    """The job, and what it works with."""

    clock: WallClock = attrs.field(factory=WallClock)
    book: ScriptedJobs = attrs.field(factory=ScriptedJobs)
    operations: Asked = attrs.field(factory=Asked)
    job: StaleStatuses = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.job = StaleStatuses(
            book=self.book,
            operations=self.operations,
            tasks=Tasks(self.clock),
            now=self.clock.now,
            patience_s=60,
        )

    def ask(self) -> list[str]:
        """Do the job once; who was asked."""
        self.operations.asked.clear()
        done: list[int] = []
        Deferred.fromCoroutine(self.job.ask()).addCallback(done.append)
        who = [identity for identity, _, _ in self.operations.asked]
        assert done == [len(who)]
        return who


@pytest.fixture
def rig() -> Rig:
    """A job that has not asked anybody."""
    return Rig()


def test_provides(rig: Rig) -> None:
    """The stand-in provides the port."""
    assert verifyObject(IOperations, rig.operations)


def test_asks_once(rig: Rig) -> None:
    """A station is asked for the status of the connector, and that once per status."""
    rig.book.in_doubt = [stale(1, evse_id=2)]
    assert rig.ask() == ["CS1"]
    trigger = Trigger(message="StatusNotification", evse_id=2)
    assert rig.operations.asked == [("CS1", 3, trigger)]
    assert rig.ask() == []
    rig.clock.advance(119)
    rig.book.in_doubt = [replace(stale(1, evse_id=2), status_at=START)]
    assert rig.ask() == []
    rig.clock.advance(1)
    assert rig.ask() == ["CS1"]


def test_connectors_are_told_apart(rig: Rig) -> None:
    """Each connector of a station is asked about."""
    rig.book.in_doubt = [stale(1, 1), stale(1, 2)]
    assert rig.ask() == ["CS1", "CS1"]
    assert rig.ask() == []


def test_few_at_a_time(rig: Rig) -> None:
    """However many are in doubt, few are asked in one go, and in the end all."""
    rig.book.in_doubt = [stale(number) for number in range(1, 2 * QUESTIONS + 2)]
    asked = [rig.ask() for _ in range(4)]
    assert [len(each) for each in asked] == [QUESTIONS, QUESTIONS, 1, 0]
    assert len({who for each in asked for who in each}) == 2 * QUESTIONS + 1


def test_silent_stations_keep_nobody_waiting(rig: Rig) -> None:
    """Those that were asked and stay in doubt do not stand in the way of others."""
    silent = [stale(number) for number in range(1, staleness.BATCH + 3)]
    rig.book.in_doubt = silent
    while rig.ask():
        pass
    rig.book.in_doubt = [stale(0), *silent, stale(staleness.BATCH + 9)]
    asked = [who for _ in range(3) for who in rig.ask()]
    assert sorted(asked) == ["CS0", f"CS{staleness.BATCH + 9}"]


def test_refused(rig: Rig) -> None:
    """A station that must not be asked (any more) is not asked again."""
    rig.operations.error = Conflict("rejected", code="not_registered")
    rig.book.in_doubt = [stale(1)]
    with logged() as events:
        assert rig.ask() == ["CS1"]
    assert rig.ask() == []
    assert not [event for event in events if "log_failure" in event]


def test_database_gone(rig: Rig) -> None:
    """A question that could not be recorded was not sent, and is asked later."""
    rig.operations.error = Unavailable("gone")
    rig.book.in_doubt = [stale(1)]
    with logged():
        assert rig.ask() == ["CS1"]
    assert rig.ask() == ["CS1"]


def test_memory_is_bounded(rig: Rig) -> None:
    """Of very many questions the oldest are forgotten."""
    question = Question(status_at=START, session_id=None, at=START, times=1)
    for number in range(staleness.REMEMBERED + 5):
        rig.job._remember((number, 1), question)
    assert len(rig.job._asked) == staleness.REMEMBERED
    assert next(iter(rig.job._asked)) == (5, 1)
