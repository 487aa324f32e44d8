"""What the answers to events of transactions say beside the verdict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from csms.core.abilities import AbilitiesAsked
from csms.core.areas import CONSEQUENCES
from csms.core.commands import Outcome
from csms.core.consequences import Answered
from csms.core.decisions import SaveSession, State
from csms.core.replies import AuthorizationGiven, TransactionAnswered
from csms.core.reports import AuthorizationAsked, CommandAnswered, Stage, TransactionTold
from csms.core.tariffs.vocabulary import ShowCost
from csms.core.values import (
    Operation,
    OperationStatus,
    StationKey,
    Terms,
    Token,
    TokenStatus,
    TransactionLimit,
)
from csms.testing.desk import Desk

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CS1 = StationKey(1, "CS1")
LIMIT = TransactionLimit(max_cost=10.0, max_energy_wh=5000.0)
OPERATION = Operation(
    id="01890000-0000-7000-8000-000000000001",
    operator_id=1,
    station_id=1,
    identity="CS1",
    action="show_cost",
    payload={},
    status=OperationStatus.PENDING,
    created_at=T0,
    expires_at=T0,
)


@pytest.fixture
def desk() -> Desk:
    desk = Desk(T0)
    desk.book.add_token(
        Token(id_token="TAG", charging_priority=4, transaction_limit=LIMIT, languages=("nl",))
    )
    return desk


def told(stage: Stage, number: int, **more: object) -> TransactionTold:
    report = TransactionTold(
        stage=stage,
        transaction_ref="T-1",
        sequence_number=number,
        at=T0 + timedelta(minutes=number),
        evse_id=1,
        trigger="",
    )
    return replace(report, **more)


def answered(desk: Desk, report: TransactionTold) -> TransactionAnswered:
    reply = desk.say(CS1, report)
    assert isinstance(reply, TransactionAnswered)
    return reply


START = told(Stage.STARTED, 0, id_token="TAG")


def test_priority_and_limit_go_with_a_token_that_is_good(desk: Desk) -> None:
    """Whenever the event is told; not with events that bring none."""
    first = answered(desk, START)
    assert (first.charging_priority, first.transaction_limit) == (4, LIMIT)
    assert answered(desk, START) == first
    assert answered(desk, told(Stage.UPDATED, 1)) == TransactionAnswered()


def test_nothing_goes_with_a_token_that_is_not(desk: Desk) -> None:
    """It cannot charge; its driver may be told why."""
    desk.book.add_token(
        Token(id_token="TAG", blocked=True, charging_priority=4, languages=("nl",), tariff={})
    )
    reply = answered(desk, START)
    assert (reply.charging_priority, reply.transaction_limit) == (None, None)
    assert reply.authorization is not None
    assert reply.authorization.terms is not None
    assert reply.authorization.terms.languages == ("nl",)
    assert reply.authorization.terms.tariff is None


def test_nothing_goes_with_a_token_that_stops(desk: Desk) -> None:
    """There is nothing left to limit."""
    answered(desk, START)
    stop = told(Stage.UPDATED, 1, id_token="TAG", trigger="StopAuthorized")
    reply = answered(desk, stop)
    assert (reply.charging_priority, reply.transaction_limit) == (None, None)


def test_concurrent_sessions_have_no_terms_when_told_again(desk: Desk) -> None:
    """The verdict told again is the same, and so is what goes with it."""
    desk.book.add_token(Token(id_token="TAG", max_sessions=1, charging_priority=4))
    other = replace(START, transaction_ref="T-0", evse_id=2)
    desk.say(StationKey(2, "CS2"), other)
    first = answered(desk, START)
    assert first.authorization is not None
    assert first.authorization.status is TokenStatus.CONCURRENT
    assert first.authorization.terms is None
    assert answered(desk, START) == first
    desk.book.add_token(Token(id_token="TAG", max_sessions=1, languages=("nl",)))
    again = answered(desk, START)
    assert again.authorization is not None
    assert again.authorization.terms is not None
    assert again.authorization.terms.languages == ("nl",)


@pytest.mark.parametrize(
    ("own", "ours"),
    [
        ({"max_cost": 10.0}, TransactionLimit(max_energy_wh=5000.0)),
        ({"max_cost": 10.5, "max_time_s": 5}, LIMIT),
        ({"max_cost": "x", "max_energy_wh": None}, LIMIT),
        ({"max_cost": 1, "max_energy_wh": 1}, None),
        (None, LIMIT),
    ],
)
def test_limits_that_the_station_keeps_anyhow_are_not_told(
    desk: Desk, own: object, ours: TransactionLimit | None
) -> None:
    """E16.FR.08; what it tells may be anything."""
    report = replace(START, details={"transaction_limit": own})
    assert answered(desk, report).transaction_limit == ours


@pytest.mark.parametrize(
    ("told_limits", "ours"),
    [
        ("maxEnergy, MaxTime,other", TransactionLimit(max_energy_wh=5000.0)),
        ("maxTime", None),
        ("", None),
        ("maxCost,maxEnergy", LIMIT),
        (None, LIMIT),
    ],
)
def test_limits_that_the_station_does_not_support_are_not_told(
    desk: Desk, told_limits: str | None, ours: TransactionLimit | None
) -> None:
    """E16.FR.12: what it supports is among its variables, once it told them."""

    def known(key: StationKey, ask: AbilitiesAsked) -> tuple[tuple[str, str], ...]:
        assert (key, ask.id_token) == (CS1, "TAG")
        (name,) = ask.keys
        return () if told_limits is None else ((name, told_limits),)

    desk.book.answers[AbilitiesAsked] = known
    assert answered(desk, START).transaction_limit == ours


@pytest.mark.parametrize(("available", "given"), [("true", True), ("False", False), (None, True)])
def test_a_tariff_goes_to_whom_it_means_something(
    desk: Desk, available: str | None, *, given: bool
) -> None:
    """A station may say that it takes none (I08); it is answered with everything else."""

    def known(_key: StationKey, ask: AbilitiesAsked) -> tuple[tuple[str, str], ...]:
        return () if available is None else tuple((name, available) for name in ask.keys)

    desk.book.answers[AbilitiesAsked] = known
    desk.book.add_token(Token(id_token="TAG", tariff={"tariff_id": "T"}, languages=("nl",)))
    reply = desk.say(CS1, AuthorizationAsked(id_token="TAG", kind="ISO14443"))
    assert isinstance(reply, AuthorizationGiven)
    assert reply.authorization.terms == Terms(
        languages=("nl",), tariff={"tariff_id": "T"} if given else None
    )


def test_what_was_offline_is_not_limited(desk: Desk) -> None:
    """E16.FR.18; the session says that something of it was."""
    assert answered(desk, replace(START, offline=True)).transaction_limit is None
    assert desk.sessions[0].details["offline"] is True
    before = desk.sessions[0]
    answered(desk, told(Stage.UPDATED, 1, offline=True))
    assert desk.sessions[0].details == before.details


def cost(desk: Desk, total: str, message: str | None = None) -> None:
    """An operator tells what the session costs; the station has no word for it."""
    command = ShowCost(transaction_ref="T-1", total=total, message=message)
    outcome = Outcome(status="unsupported")
    asked, follows = CONSEQUENCES[ShowCost]
    report = CommandAnswered(operation=OPERATION, command=command, outcome=outcome, at=T0)
    assert (asked(report).transaction_ref, asked(report).named_by_station) == ("T-1", True)
    state = State(session=desk.sessions[0] if desk.sessions else None)
    for write in follows(Answered(CS1, OPERATION, command, outcome), state, T0).writes:
        assert isinstance(write, SaveSession)
        desk.book.sessions[write.session.id] = write.session


def test_what_a_session_costs_is_in_the_answers_to_its_events(desk: Desk) -> None:
    """Running, and altogether (I02, I03): the last that was told; free is not unknown."""
    cost(desk, "1.00")
    answered(desk, START)
    assert answered(desk, told(Stage.UPDATED, 1)).total_cost is None
    cost(desk, "0", "Free today")
    reply = answered(desk, told(Stage.UPDATED, 2))
    assert (reply.total_cost, reply.personal_message) == ("0", "Free today")
    cost(desk, "2.50")
    cost(desk, "1e30")
    end = told(Stage.ENDED, 3)
    last = answered(desk, end)
    assert (last.total_cost, last.personal_message) == ("2.50", "Free today")
    cost(desk, "3.00")
    assert answered(desk, end) == last
