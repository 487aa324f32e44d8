"""The batch intake: order, durability before the answer, and everything that can fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, globalLogPublisher
from zope.interface.verify import verifyObject

from csms.core.decisions import (
    ClaimConnection,
    Decision,
    OpenSession,
    Policy,
    Question,
    Stale,
    State,
    Unstorable,
)
from csms.core.errors import Overloaded, Refusal, Unavailable
from csms.core.oddities import Oddity
from csms.core.ports import IIntake, ILedger
from csms.core.replies import (
    Acknowledged,
    ConnectionClaimed,
    StartAnswered,
    TimeTold,
    TransactionAnswered,
)
from csms.core.reports import (
    Beat,
    Connected,
    ConnectorChanged,
    Metered,
    Report,
    SessionStarted,
    SessionStopped,
    Stage,
    TransactionTold,
)
from csms.core.values import (
    ConnectorStatus,
    Reading,
    Sample,
    SessionStatus,
    StationKey,
    TokenStatus,
)
from csms.pipeline.intake import Intake, IntakeSettings
from csms.pipeline.lanes import STALE_LIMIT
from csms.testing.gateway import RecordingDoorbell
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
    doorbell: RecordingDoorbell = attrs.field(factory=RecordingDoorbell)
    ledgers: list[Gate] = attrs.field(init=False)
    intake: Intake = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.ledgers = [Gate(self.book) for _ in range(self.lanes)]
        self.intake = Intake(
            self.clock,
            self.ledgers,
            self.policy,
            self.settings,
            self.now,
            self.publish,
            self.doorbell,
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


def test_what_a_rule_finds_odd_is_noted_with_the_commit() -> None:
    """Once, whatever it took to commit; an intake without a doorbell does without."""
    rig = Rig()
    troubles = [Stale("somebody else")]

    def trouble(_: Sequence[Decision]) -> None:
        if troubles:
            raise troubles.pop()

    rig.ledger.trouble = trouble
    ahead = T0 + timedelta(days=1)
    rig.say(1, ConnectorChanged(evse_id=1, status=ConnectorStatus.AVAILABLE, at=ahead))
    rig.turn()
    assert not troubles
    assert [(key.identity, name) for key, name, _ in rig.doorbell.quirks] == [
        ("CP1", "clock_ahead")
    ]
    alone = Intake(rig.clock, rig.ledgers, rig.policy, rig.settings, rig.now, rig.publish)
    alone.note(StationKey(1, "CP1"), [(Oddity.CLOCK_AHEAD, "")])
    assert len(rig.doorbell.quirks) == 1


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


def test_who_does_not_wait_for_the_stop_disturbs_nobody(logged: Callable[[], list[str]]) -> None:
    """A stop that is given up leaves the batch under way alone."""
    rig = Rig()
    rig.ledger.shut = True
    rig.say(1, HELLO)
    rig.turn()
    stopping = rig.intake.stopService()
    stopping.addErrback(lambda failure: failure.trap(CancelledError))
    stopping.cancel()
    rig.ledger.open()
    assert isinstance(rig.answers[0][1], ConnectionClaimed)
    assert logged() == []


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


# -- what a reviewer tried


def start(token: str, at: datetime = T0) -> SessionStarted:
    return SessionStarted(evse_id=1, id_token=token, at=at, meter_wh=0.0)


def test_starts_of_one_token_are_one_whatever_its_case() -> None:
    """idTag is a CiString."""
    rig = Rig(policy=Policy(accept_unknown_tokens=True, concurrent_sessions=1))
    rig.say(1, start("T"))
    rig.say(2, start("t"))
    rig.turn()
    verdicts = [reply.authorization.status for _, reply in rig.answers]
    assert verdicts == [TokenStatus.ACCEPTED, TokenStatus.CONCURRENT]


def test_starts_of_a_token_without_limit_share_a_batch() -> None:
    """A fleet that starts with one token is not served one by one."""
    rig = Rig()
    for station in range(50):
        rig.say(station, start("T"))
    rig.turn()
    assert rig.ledger.batches == [50]


def test_starts_beyond_the_limit_share_a_batch() -> None:
    """Only those that are accepted take turns."""
    rig = Rig(policy=Policy(accept_unknown_tokens=True, concurrent_sessions=2))
    for station in range(50):
        rig.say(station, start("T"))
    rig.say(50, HELLO)
    rig.turn()
    assert rig.ledger.batches == [2, 1, 48]
    accepted = [who for who, reply in rig.answers if getattr(reply, "authorization", None)]
    assert len(accepted) == 50


def test_a_batch_holds_a_bounded_number_of_readings() -> None:
    """A fleet that comes back with a day's samples does not make one huge statement."""
    rig = Rig()
    many = Metered(evse_id=1, readings=meter(1.0).readings * 2_000)
    for station in range(7):
        rig.say(station, many)
    rig.turn()
    assert rig.ledger.batches == [3, 3, 1]


def test_a_subscriber_that_fails_holds_up_nobody(logged: Callable[[], list[str]]) -> None:
    """What happens after the commit cannot undo it, nor stop the lane."""
    rig = Rig()

    def broken() -> None:
        raise RuntimeError("no")

    rig.intake = Intake(rig.clock, rig.ledgers, rig.policy, rig.settings, rig.now, broken)
    for station in (1, 2):
        rig.say(station, HELLO)
        rig.turn()
    assert len(rig.answers) == 2
    assert any("publish" in line for line in logged())


def test_a_report_that_cannot_even_be_asked_about_is_answered(
    logged: Callable[[], list[str]],
) -> None:
    """And takes no place in the queue for ever."""
    rig = Rig()
    rig.say(1, "nonsense")  # type: ignore[arg-type]  # on purpose
    rig.turn()
    assert [type(reply) for _, reply in rig.answers] == [Refusal]
    assert rig.intake.queued == 0


@attrs.define
class Tripping(MemoryLedger):
    """A ledger that tells where it is before it does anything, and raises what that raises."""

    trip: Callable[[str], None] = lambda _: None

    async def gather(
        self, asked: Sequence[tuple[StationKey, Question]], now: datetime
    ) -> list[State]:
        self.trip("gather")
        return await super().gather(asked, now)

    async def commit(self, decisions: Sequence[Decision]) -> None:
        self.trip("commit")
        await super().commit(decisions)

    async def abandon(self) -> None:
        self.trip("abandon")

    async def ready(self) -> None:
        self.trip("ready")


@pytest.mark.parametrize("where", ["gather", "commit", "abandon", "ready"])
def test_a_broken_ledger_answers_everybody_and_leaves_the_lane_alive(
    where: str, logged: Callable[[], list[str]]
) -> None:
    """Whatever it raises and wherever, each report is answered once and the lane serves on."""
    rig = Rig()
    broken = True

    def trip(here: str) -> None:
        if broken and here == where:
            raise RuntimeError("unheard of")
        if broken and here == "commit":
            raise Unavailable("gone") if where == "ready" else ValueError("refused")

    ledger = Tripping(rig.book, trip=trip)
    rig.intake = Intake(rig.clock, [ledger], rig.policy, rig.settings, rig.now, rig.publish)
    for station in (1, 2, 3):
        rig.say(station, HELLO)
    rig.say(1, Beat())
    for _ in range(300):
        rig.turn(0.1)
    assert sorted(who for who, _ in rig.answers) == ["CP1", "CP1", "CP2", "CP3"]
    assert rig.intake.queued == 0
    broken = False
    rig.say(1, HELLO)
    rig.turn()
    assert isinstance(rig.answers[-1][1], ConnectionClaimed)


def test_an_answer_may_bring_a_report_while_the_database_is_gone() -> None:
    """Also the answer that it took too long."""
    rig = Rig(settings=IntakeSettings(patience_s=5, batch_limit=1))
    rig.ledger.gone = True
    keys = [StationKey(n, f"CP{n}") for n in range(3)]
    for key in keys:
        rig.intake.submit(key, HELLO, lambda _: None)
        rig.intake.submit(key, HELLO, lambda _, n=key.id: rig.say(n + 10, HELLO))
    for _ in range(60):
        rig.turn(0.25)
    rig.ledger.gone = False
    for _ in range(20):
        rig.turn(0.25)
    assert sorted(who for who, _ in rig.answers) == ["CP10", "CP11", "CP12"]
    assert rig.intake.queued == 0


def test_the_overdue_are_answered_in_their_order() -> None:
    """Of one station the first that waits is refused first."""
    rig = Rig(settings=IntakeSettings(patience_s=5))
    rig.ledger.gone = True
    order: list[int] = []
    for number in range(4):
        rig.intake.submit(StationKey(1, "CP1"), HELLO, lambda _, n=number: order.append(n))
    for _ in range(40):
        rig.turn(0.25)
    assert order == [0, 1, 2, 3]


def test_a_database_that_fails_as_soon_as_it_is_back_is_not_pressed() -> None:
    """Attempts get rarer; the first comes at once."""
    rig = Rig()
    attempts: list[float] = []

    def trouble(_: Sequence[Decision]) -> None:
        attempts.append(rig.clock.seconds())
        raise Unavailable("disk full")

    rig.ledger.trouble = trouble
    rig.say(1, HELLO)
    for _ in range(2000):
        rig.turn(0.01)
    assert attempts[:2] == [0.01, 0.01]
    assert len(attempts) < 40


def test_what_cannot_be_stored_is_not_tried_again(logged: Callable[[], list[str]]) -> None:
    """One poison report costs its neighbours a few more commits, not hundreds."""
    rig = Rig()
    commits: list[int] = []

    def trouble(decisions: Sequence[Decision]) -> None:
        commits.append(len(decisions))
        for decision in decisions:
            for write in decision.writes:
                if isinstance(write, ClaimConnection) and write.station_id == 5:
                    raise Unstorable("no such number")

    rig.ledger.trouble = trouble
    for station in range(64):
        rig.say(station, HELLO)
    rig.turn()
    assert [who for who, reply in rig.answers if isinstance(reply, Refusal)] == ["CP5"]
    assert len(commits) == 1 + 6 * 2


@pytest.mark.parametrize(
    "report",
    [
        start("POISON"),
        SessionStopped(transaction_ref="POISON", at=T0),
        Metered(evse_id=1, transaction_ref="POISON", readings=meter(1.0).readings),
        Metered(evse_id=1, transaction_ref="POISON", readings=(None,)),  # type: ignore[arg-type]
    ],
    ids=["start", "stop", "meter", "bug"],
)
def test_what_proves_money_and_cannot_be_stored_is_kept_as_it_is(
    report: Report, logged: Callable[[], list[str]]
) -> None:
    """The station is told that it failed, and gives up at last; whoever settles the bill finds
    what it said."""
    rig = Rig()

    def trouble(decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            for write in decision.writes:
                if isinstance(write, OpenSession):
                    raise Unstorable("no")

    rig.ledger.trouble = trouble
    rig.say(1, report)
    rig.say(2, HELLO)
    rig.turn()
    assert isinstance(dict(rig.answers)["CP1"], Refusal)
    assert isinstance(dict(rig.answers)["CP2"], ConnectionClaimed)
    (kept,) = rig.book.quarantine
    assert (kept.station_id, kept.action) == (1, type(report).__name__)
    assert "POISON" in kept.content
    assert rig.intake.refused == 1


def test_a_poison_that_cannot_be_quarantined_either_is_refused(
    logged: Callable[[], list[str]],
) -> None:
    """Once."""
    rig = Rig()

    def trouble(_: Sequence[Decision]) -> None:
        raise Unstorable("nothing goes")

    rig.ledger.trouble = trouble
    rig.say(1, start("T"))
    rig.turn()
    assert [type(reply) for _, reply in rig.answers] == [Refusal]


def test_contention_over_one_station_does_not_refuse_the_others() -> None:
    """A batch that is always stale is halved too."""
    rig = Rig()

    def trouble(decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            for write in decision.writes:
                if isinstance(write, ClaimConnection) and write.station_id == 5:
                    raise Stale

    rig.ledger.trouble = trouble
    for station in range(1, 30):
        rig.say(station, HELLO)
    rig.turn()
    assert [who for who, reply in rig.answers if isinstance(reply, Refusal)] == ["CP5"]
    assert len(rig.answers) == 29


def event(stage: Stage, ref: str, number: int) -> TransactionTold:
    """What a 2.x station tells of a transaction; the token with the start."""
    return TransactionTold(
        stage=stage,
        transaction_ref=ref,
        sequence_number=number,
        at=T0,
        evse_id=2,
        id_token="a" if stage is Stage.STARTED else None,
        readings=(Reading(T0, (Sample(value=float(number)),)),),
    )


class Weather(StrEnum):
    """What a commit may meet."""

    STALE = "stale"
    GONE = "gone"
    LOST_AFTER = "committed, and the connection lost"
    TIMEOUT = "timeout"


@attrs.define
class Stormy(MemoryLedger):
    """A ledger whose next commits meet the weather."""

    weather: list[Weather] = attrs.field(factory=list)

    async def commit(self, decisions: Sequence[Decision]) -> None:
        now = self.weather.pop(0) if self.weather else None
        if now is Weather.STALE:
            raise Stale
        if now is Weather.GONE:
            raise Unavailable("gone")
        if now is Weather.TIMEOUT:
            raise ValueError("too slow")
        for write in [write for decision in decisions for write in decision.writes]:
            if isinstance(write, OpenSession) and write.session.transaction_ref == "POISON":
                raise Unstorable("poison")
        await super().commit(decisions)
        if now is Weather.LOST_AFTER:
            raise Unavailable("gone, but not in vain")


def test_transactions_of_one_token_take_turns() -> None:
    """Two that start at the same moment, on stations of 2.x, see each other."""
    rig = Rig(policy=Policy(accept_unknown_tokens=True, concurrent_sessions=1))
    for station in (1, 2):
        rig.say(station, event(Stage.STARTED, "x", 0))
    rig.turn()
    verdicts = [
        reply.authorization.status
        for _, reply in rig.answers
        if isinstance(reply, TransactionAnswered) and reply.authorization is not None
    ]
    assert verdicts == [TokenStatus.ACCEPTED, TokenStatus.CONCURRENT]


def test_an_event_of_a_transaction_that_cannot_be_stored_is_kept_as_it_is() -> None:
    """It may prove what somebody owes."""
    rig = Rig()

    def trouble(decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            for write in decision.writes:
                if isinstance(write, OpenSession):
                    raise Unstorable("poison")

    rig.ledger.trouble = trouble
    rig.say(1, event(Stage.ENDED, "x", 5))
    rig.turn()
    ((_, reply),) = rig.answers
    assert isinstance(reply, Refusal)
    (kept,) = rig.book.quarantine
    assert kept.action == "TransactionTold"
    assert "sequence_number=5" in kept.content


SAID = st.one_of(
    st.sampled_from(
        [
            HELLO,
            Beat(),
            Metered(evse_id=1, readings=(None,)),  # type: ignore[arg-type]  # a bug
            SessionStopped(transaction_ref="POISON", at=T0),
        ]
    ),
    st.builds(start, st.sampled_from("ab")),
    st.integers(0, 5).map(lambda n: meter(float(n))),
    st.builds(event, st.sampled_from(Stage), st.sampled_from("xy"), st.integers(0, 3)),
)
STEPS = st.lists(
    st.one_of(st.tuples(st.integers(1, 5), SAID), st.floats(0, 3), st.sampled_from(Weather)),
    max_size=40,
)


def is_true(report: Report, station: int, reply: object, book: MemoryBook) -> bool:
    """Whether the answer says what is in the book."""
    if isinstance(reply, Refusal):
        return True
    match report:
        case SessionStarted():
            assert isinstance(reply, StartAnswered)
            sessions = [s for s in book.sessions.values() if s.station_id == station]
            return reply.transaction_ref in {session.transaction_ref for session in sessions}
        case Metered(readings=(taken,)):
            readings = [r for r in book.readings.values() if r.station_id == station]
            return taken.samples in [reading.samples for reading in readings]
        case TransactionTold():
            assert isinstance(reply, TransactionAnswered)
            return any(
                session.station_id == station and session.transaction_ref == report.transaction_ref
                for session in book.sessions.values()
            )
        case SessionStopped():
            return False
    return True


@given(STEPS, st.integers(1, 3), st.integers(1, 4), st.booleans())
@settings(deadline=None)
def test_whatever_happens_everybody_is_answered_once_and_truly(
    steps: list[object], lanes: int, batch: int, limited: bool
) -> None:
    """Each report is answered exactly once, those of a station in their order, what was
    acknowledged is in the book, and no token has more sessions than it may."""
    policy = Policy(accept_unknown_tokens=True, concurrent_sessions=int(limited))
    rig = Rig(settings=IntakeSettings(batch_limit=batch, patience_s=5), policy=policy)
    weather: list[Weather] = []
    ledgers = [Stormy(rig.book, weather=weather) for _ in range(lanes)]
    rig.intake = Intake(rig.clock, ledgers, policy, rig.settings, rig.now, rig.publish)
    said: list[tuple[int, Report]] = []
    heard: list[tuple[int, object]] = []
    for step in steps:
        match step:
            case (int(station), report):
                said.append((station, report))
                key, number = StationKey(station, f"CP{station}"), len(said) - 1
                rig.intake.submit(key, report, lambda reply, n=number: heard.append((n, reply)))
            case Weather():
                weather.append(step)
            case float(seconds):
                rig.turn(seconds)
    for _ in range(100):
        rig.turn(0.5)
    assert sorted(number for number, _ in heard) == list(range(len(said)))
    assert rig.intake.queued == 0
    assert all(is_true(said[n][1], said[n][0], reply, rig.book) for n, reply in heard)
    for station in range(1, 6):
        order = [number for number, _ in heard if said[number][0] == station]
        assert order == sorted(order)
    accepted = [
        session.id_token
        for session in rig.book.sessions.values()
        if session.status is SessionStatus.ACTIVE and session.authorization == "Accepted"
    ]
    assert not limited or len(accepted) == len(set(accepted))
