"""The batch intake: order, durability before the answer, and everything that can fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, globalLogPublisher
from zope.interface.verify import verifyObject

from csms.core.decisions import ClaimConnection, Decision, OpenSession, Policy, Stale
from csms.core.errors import Overloaded, Refusal, Unavailable
from csms.core.ports import IIntake, ILedger
from csms.core.replies import Acknowledged, ConnectionClaimed, StartAnswered, TimeTold
from csms.core.reports import Beat, Connected, Metered, Report, SessionStarted
from csms.core.values import Reading, Sample, StationKey, TokenStatus
from csms.pipeline.intake import STALE_LIMIT, Intake, IntakeSettings
from csms.testing.ledger import MemoryBook, MemoryLedger

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
HELLO = Connected(node="n", peer="p", ocpp_version="1.6")


@attrs.define
class Gate(MemoryLedger):
    """A ledger whose commits wait until the test lets them."""

    shut: bool = False
    held: list[Deferred[None]] = attrs.field(factory=list)
    gone: bool = False

    async def commit(self, decisions: Sequence[Decision]) -> None:
        if self.gone:
            raise Unavailable("gone")
        if self.shut:
            gate: Deferred[None] = Deferred()
            self.held.append(gate)
            await gate
        await super().commit(decisions)

    async def ready(self) -> None:
        if self.gone:
            await Deferred()

    def open(self) -> None:
        self.shut = False
        held, self.held = self.held, []
        for gate in held:
            gate.callback(None)


@attrs.define
class Rig:
    """An intake, its clock, and what it answered."""

    clock: Clock = attrs.field(factory=Clock)
    book: MemoryBook = attrs.field(factory=MemoryBook)
    lanes: int = 1
    settings: IntakeSettings = attrs.field(factory=IntakeSettings)
    policy: Policy = attrs.field(factory=lambda: Policy(accept_unknown_tokens=True))
    answers: list[tuple[str, object]] = attrs.field(factory=list)
    published: int = 0
    ledgers: list[Gate] = attrs.field(init=False)
    intake: Intake = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.ledgers = [Gate(self.book) for _ in range(self.lanes)]
        self.intake = Intake(
            self.clock, self.ledgers, self.policy, self.settings, self.now, self.publish
        )

    def now(self) -> datetime:
        return T0 + timedelta(seconds=self.clock.seconds())

    def publish(self) -> None:
        self.published += 1

    def say(self, station_id: int, report: Report) -> None:
        key = StationKey(station_id, f"CP{station_id}")
        self.intake.submit(key, report, lambda reply: self.answers.append((key.identity, reply)))

    def turn(self, seconds: float = 0) -> None:
        self.clock.advance(seconds)

    @property
    def ledger(self) -> Gate:
        return self.ledgers[0]


def meter(register: float) -> Metered:
    return Metered(evse_id=1, readings=(Reading(T0, (Sample(value=register),)),))


@pytest.fixture
def logged() -> Callable[[], list[str]]:
    events: list[LogEvent] = []
    globalLogPublisher.addObserver(events.append)
    yield lambda: [str(event.get("log_format")) for event in events]
    globalLogPublisher.removeObserver(events.append)


def test_it_is_an_intake() -> None:
    """Intake and the ledger of these tests provide their ports."""
    rig = Rig()
    assert verifyObject(IIntake, rig.intake)
    assert verifyObject(ILedger, rig.ledger)


def test_nobody_is_answered_before_the_commit() -> None:
    """The answer waits for the database."""
    rig = Rig()
    rig.ledger.shut = True
    rig.say(1, HELLO)
    rig.turn()
    assert rig.answers == []
    rig.ledger.open()
    ((_, reply),) = rig.answers
    assert isinstance(reply, ConnectionClaimed)
    assert rig.published == 1


def test_reports_that_arrive_meanwhile_share_the_next_commit() -> None:
    """The batch grows with the load, without any timer."""
    rig = Rig()
    rig.ledger.shut = True
    rig.say(1, HELLO)
    rig.turn()
    for station in range(2, 9):
        rig.say(station, HELLO)
    rig.ledger.open()
    assert rig.ledger.batches == [1, 7]
    assert len(rig.answers) == 8


def test_what_one_turn_of_the_reactor_brings_is_one_batch() -> None:
    """Even an idle intake waits for the end of the turn."""
    rig = Rig()
    for station in range(5):
        rig.say(station, HELLO)
    rig.turn()
    assert rig.ledger.batches == [5]


def test_a_batch_is_bounded() -> None:
    """No more than the setting share a commit."""
    rig = Rig(settings=IntakeSettings(batch_limit=3))
    for station in range(8):
        rig.say(station, HELLO)
    rig.turn()
    assert rig.ledger.batches == [3, 3, 2]


def test_the_order_of_a_station_is_kept() -> None:
    """One report per station and batch; the others wait their turn."""
    rig = Rig()
    rig.say(1, HELLO)
    rig.say(1, HELLO)
    rig.say(1, Beat())
    rig.turn()
    epochs = [reply.epoch for _, reply in rig.answers if isinstance(reply, ConnectionClaimed)]
    assert epochs == [1, 2]
    assert isinstance(rig.answers[-1][1], TimeTold)
    assert rig.ledger.batches == [1, 1, 1]


def test_lanes_do_not_wait_for_each_other() -> None:
    """A station belongs to one lane; a slow commit holds up its own lane only."""
    rig = Rig(lanes=2)
    rig.ledgers[0].shut = True
    rig.say(2, HELLO)
    rig.say(3, HELLO)
    rig.turn()
    assert [who for who, _ in rig.answers] == ["CP3"]
    rig.ledgers[0].open()
    assert [who for who, _ in rig.answers] == ["CP3", "CP2"]


def test_nothing_is_published_where_nothing_happened() -> None:
    """Commits without events wake nobody."""
    rig = Rig()
    rig.say(1, Beat())
    rig.turn()
    assert rig.published == 0


def test_a_stale_batch_is_decided_anew() -> None:
    """Somebody else's change is seen by the next attempt."""
    rig = Rig()
    failures = iter([Stale(), Stale()])

    def trouble(_: Sequence[Decision]) -> None:
        for failure in failures:
            raise failure

    rig.ledger.trouble = trouble
    rig.say(1, HELLO)
    rig.turn()
    assert [reply.epoch for _, reply in rig.answers if isinstance(reply, ConnectionClaimed)] == [1]


def test_endless_contention_is_refused() -> None:
    """A batch that others change for ever gives up."""
    rig = Rig()
    attempts = []

    def trouble(_: Sequence[Decision]) -> None:
        attempts.append(1)
        raise Stale

    rig.ledger.trouble = trouble
    rig.say(1, HELLO)
    rig.turn()
    assert isinstance(rig.answers[0][1], Overloaded)
    assert len(attempts) == STALE_LIMIT


def test_a_poison_report_fails_alone(logged: Callable[[], list[str]]) -> None:
    """The batch is halved until the culprit stands alone; all others are stored."""
    rig = Rig()

    def trouble(decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            for write in decision.writes:
                if isinstance(write, ClaimConnection) and write.station_id == 5:
                    raise ValueError("cannot store this")

    rig.ledger.trouble = trouble
    for station in range(1, 12):
        rig.say(station, HELLO)
    rig.turn()
    refused = [who for who, reply in rig.answers if isinstance(reply, Refusal)]
    assert refused == ["CP5"]
    assert len(rig.answers) == 11
    assert set(rig.book.connections) == set(range(1, 12)) - {5}
    assert any("refuses" in line for line in logged())


def test_a_collision_is_given_another_try() -> None:
    """A start whose number was taken gets a fresh one."""
    rig = Rig()
    taken = iter([True])

    def trouble(_: Sequence[Decision]) -> None:
        for _ in taken:
            raise ValueError("duplicate key")

    rig.ledger.trouble = trouble
    rig.say(1, SessionStarted(evse_id=1, id_token="T", at=T0))
    rig.turn()
    assert isinstance(rig.answers[0][1], StartAnswered)


def test_a_bug_in_a_rule_fails_its_own_report(logged: Callable[[], list[str]]) -> None:
    """A report no rule can decide is refused and logged; the others of the batch are stored."""
    rig = Rig()
    broken = Metered(evse_id=1, readings=(None,))  # type: ignore[arg-type]  # on purpose
    rig.say(1, broken)
    rig.say(2, HELLO)
    rig.turn()
    assert isinstance(dict(rig.answers)["CP1"], Refusal)
    assert isinstance(dict(rig.answers)["CP2"], ConnectionClaimed)
    assert any("failed" in line for line in logged())


def test_a_batch_of_bugs_leaves_the_lane_alive(logged: Callable[[], list[str]]) -> None:
    """Nothing to commit is no trouble."""
    rig = Rig()
    rig.say(1, Metered(evse_id=1, readings=(None,)))  # type: ignore[arg-type]  # on purpose
    rig.turn()
    rig.say(1, HELLO)
    rig.turn()
    assert [type(reply) for _, reply in rig.answers] == [Refusal, ConnectionClaimed]


def test_reports_wait_for_a_database_that_is_gone() -> None:
    """Nothing is acknowledged meanwhile, and all of it when it is back."""
    rig = Rig()
    rig.ledger.gone = True
    rig.say(1, HELLO)
    rig.turn()
    rig.say(1, Beat())
    rig.turn(3)
    assert rig.answers == []
    rig.ledger.gone = False
    rig.turn(1)
    rig.turn(1)
    assert [type(reply) for _, reply in rig.answers] == [ConnectionClaimed, TimeTold]
    assert rig.intake.queued == 0


def test_waiting_has_an_end() -> None:
    """Who waited longer than its patience is refused and sends again."""
    rig = Rig(settings=IntakeSettings(patience_s=5))
    rig.ledger.gone = True
    rig.say(1, HELLO)
    rig.say(1, Beat())
    rig.say(2, HELLO)
    for _ in range(40):
        rig.turn(0.25)
    assert [type(reply) for _, reply in rig.answers] == [Unavailable] * 3
    assert rig.intake.queued == 0
    rig.ledger.gone = False
    rig.say(1, HELLO)
    for _ in range(8):
        rig.turn(0.25)
    assert isinstance(rig.answers[-1][1], ConnectionClaimed)


def test_a_bug_is_answered_once_even_when_the_rest_waits(
    logged: Callable[[], list[str]],
) -> None:
    """A retried batch leaves out those already refused."""
    rig = Rig()
    rig.ledger.gone = True
    rig.say(1, Metered(evse_id=1, readings=(None,)))  # type: ignore[arg-type]  # on purpose
    rig.say(2, HELLO)
    rig.turn()
    rig.ledger.gone = False
    for _ in range(8):
        rig.turn(0.25)
    assert sorted(who for who, _ in rig.answers) == ["CP1", "CP2"]


def test_the_queue_is_bounded() -> None:
    """Beyond the limit a report is refused at once."""
    rig = Rig(settings=IntakeSettings(queue_limit=2))
    for station in range(3):
        rig.say(station, HELLO)
    assert isinstance(rig.answers[0][1], Overloaded)
    rig.turn()
    assert len(rig.answers) == 3
    assert rig.intake.queued == 0


def test_a_face_that_fails_on_its_answer_fails_alone(logged: Callable[[], list[str]]) -> None:
    """The others are answered."""
    rig = Rig()

    def broken(_: object) -> None:
        raise RuntimeError("link is gone")

    rig.intake.submit(StationKey(1, "CP1"), HELLO, broken)
    rig.say(2, HELLO)
    rig.turn()
    assert [who for who, _ in rig.answers] == ["CP2"]
    assert "answering failed" in logged()


def test_an_answer_may_bring_the_next_report() -> None:
    """A station that speaks again at once is served in the next batch."""
    rig = Rig()
    key = StationKey(1, "CP1")
    rig.intake.submit(key, HELLO, lambda _: rig.say(1, Beat()))
    rig.turn()
    assert [type(reply) for _, reply in rig.answers] == [TimeTold]


def test_two_starts_of_one_token_see_each_other() -> None:
    """They never share a batch, so that the second is told ConcurrentTx."""
    rig = Rig(policy=Policy(accept_unknown_tokens=True, concurrent_sessions=1))
    for station in (1, 2):
        rig.say(station, SessionStarted(evse_id=1, id_token="T", at=T0, meter_wh=0.0))
    rig.turn()
    verdicts = [
        reply.authorization.status for _, reply in rig.answers if isinstance(reply, StartAnswered)
    ]
    assert verdicts == [TokenStatus.ACCEPTED, TokenStatus.CONCURRENT]
    assert rig.ledger.batches == [1, 1]


def test_stopping_settles_what_was_taken() -> None:
    """Reports taken are stored and answered, new ones refused."""
    rig = Rig()
    rig.ledger.shut = True
    rig.say(1, meter(1.0))
    rig.turn()
    done: list[object] = []
    rig.intake.stopService().addCallback(done.append)
    rig.say(2, HELLO)
    assert isinstance(rig.answers[0][1], Unavailable)
    assert done == []
    rig.ledger.open()
    assert rig.answers[1] == ("CP1", Acknowledged())
    assert done == [None]
    assert rig.book.readings


def test_stopping_an_idle_intake_is_immediate() -> None:
    """Nothing to wait for."""
    done: list[object] = []
    Rig(lanes=2).intake.stopService().addCallback(done.append)
    assert done == [None]


def test_sessions_are_opened_once_per_start() -> None:
    """What the book holds is what was answered."""
    rig = Rig()
    for station in range(1, 30):
        rig.say(station, SessionStarted(evse_id=1, id_token=f"T{station}", at=T0))
    rig.turn()
    refs = {reply.transaction_ref for _, reply in rig.answers if isinstance(reply, StartAnswered)}
    assert refs == {session.transaction_ref for session in rig.book.sessions.values()}
    assert len(refs) == 29
    assert rig.intake.reports == 29
    assert OpenSession(next(iter(rig.book.sessions.values()))).session.version == 0
