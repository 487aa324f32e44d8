"""What the answers of stations to our commands lead to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.areas import COMMANDS, decode_command
from csms.core.commands import ClearCache, Outcome, Raw, Reset
from csms.core.consequences import (
    NO_CONSEQUENCE,
    Answered,
    Consequence,
    asked_of,
    nothing_asked,
    settled,
)
from csms.core.decisions import Policy, SettleOperation, State
from csms.core.holdings import Drop
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
SENT = Operation(
    id="01890000-0000-7000-8000-000000000001",
    operator_id=1,
    station_id=1,
    identity="CP1",
    action="clear_cache",
    payload={},
    status=OperationStatus.PENDING,
    created_at=NOW,
    expires_at=NOW,
)
ACCEPTED = Outcome(status="accepted", response={"status": "Accepted"})
DROP = Drop(station_id=1, kind="cache", at=NOW)


def dropped(answered: Answered, _state: State, _now: datetime) -> Consequence:
    """A consequence of acceptance."""
    return Consequence((DROP,)) if answered.accepted else NO_CONSEQUENCE


ROWS: Mapping[Any, Any] = {ClearCache: (nothing_asked, dropped)}


def decide(report: CommandAnswered, status: str | None) -> Any:
    """The decision about an outcome of an operation that stands like that."""
    [ask] = asked_of(report, ROWS).more
    state = State(found={type(ask): () if status is None else (status,)})
    return settled(report, CP1, state, NOW, Policy(), ROWS)


@pytest.fixture
def desk() -> Desk:
    return Desk(NOW)


def test_an_answer_settles_its_operation(desk: Desk) -> None:
    """With what the station said, and an event that tells so."""
    desk.book.operations[SENT.id] = SENT
    desk.say(CP1, CommandAnswered(operation=SENT, command=ClearCache(), outcome=ACCEPTED, at=NOW))
    operation = desk.book.operations[SENT.id]
    assert operation.status is OperationStatus.ACCEPTED
    assert operation.response == {"status": "Accepted"}
    assert operation.settled_at == NOW
    assert desk.last("operation.settled").data["operation_id"] == SENT.id


def test_what_follows_is_kept_together_with_the_outcome() -> None:
    """In one decision."""
    report = CommandAnswered(operation=SENT, command=ClearCache(), outcome=ACCEPTED, at=NOW)
    decision = decide(report, "pending")
    settle, drop = decision.writes
    assert isinstance(settle, SettleOperation)
    assert drop == DROP
    assert [event.kind for event in decision.events] == ["operation.settled"]


def test_an_outcome_that_comes_again_does_nothing() -> None:
    """The first time counted."""
    report = CommandAnswered(operation=SENT, command=ClearCache(), outcome=ACCEPTED, at=NOW)
    decision = decide(report, "accepted")
    assert not decision.writes
    assert not decision.events


def test_what_the_station_did_counts_though_time_settled_the_operation() -> None:
    """The station holds it, whatever became of the operation."""
    report = CommandAnswered(operation=SENT, command=ClearCache(), outcome=ACCEPTED, at=NOW)
    decision = decide(report, "expired")
    assert decision.writes == (DROP,)
    assert not decision.events


def test_an_operation_that_is_gone_is_not_settled() -> None:
    """It was deleted meanwhile."""
    report = CommandAnswered(operation=SENT, command=ClearCache(), outcome=ACCEPTED, at=NOW)
    assert decide(report, None).writes == (DROP,)


def test_a_command_without_consequences_is_just_settled() -> None:
    """Most are."""
    operation = replace(SENT, action="reset")
    report = CommandAnswered(operation=operation, command=Reset(), outcome=ACCEPTED, at=NOW)
    [settle] = decide(report, "pending").writes
    assert isinstance(settle, SettleOperation)


def test_every_command_is_read_back_as_it_was_kept() -> None:
    """By its tag, which no other has."""
    tags = {command.__struct_config__.tag for command in COMMANDS}
    assert len(tags) == len(COMMANDS)
    assert decode_command(b'{"type": "raw", "action": "Reset"}') == Raw(action="Reset")
