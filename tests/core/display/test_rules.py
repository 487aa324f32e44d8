"""What stations say of their displays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.areas import CONSEQUENCES
from csms.core.assembly import TakePart
from csms.core.charging.vocabulary import WishAsked
from csms.core.commands import Command, Outcome
from csms.core.consequences import Answered, Consequence
from csms.core.decisions import State
from csms.core.display.vocabulary import (
    ClearMessage,
    DisplayMessage,
    Format,
    MessagesTold,
    NothingThere,
    Priority,
    ReportMessages,
    SetMessage,
    Text,
)
from csms.core.holdings import Drop, Hold
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
OPERATION = Operation(
    id="01890000-0000-7000-8000-000000000001",
    operator_id=1,
    station_id=1,
    identity="CP1",
    action="set_display_message",
    payload={},
    status=OperationStatus.PENDING,
    created_at=NOW,
    expires_at=NOW,
)
MESSAGE = DisplayMessage(
    priority=Priority.IN_FRONT, message=Text(format=Format.UTF8, content="Hello")
)


@pytest.fixture
def desk() -> Desk:
    return Desk(NOW)


def follows(command: Command, status: str, found: object = None) -> Consequence:
    """What follows from the answer to a command."""
    asked, rule = CONSEQUENCES[type(command)]
    outcome = Outcome(status=status, found=found)
    report = CommandAnswered(operation=OPERATION, command=command, outcome=outcome, at=NOW)
    assert not asked(report).more
    return rule(Answered(CP1, OPERATION, command, outcome), State(), NOW)


def kept(desk: Desk, kind: type) -> list[Any]:
    """What was written of a kind."""
    return [write for write in desk.book.kept if isinstance(write, kind)]


def test_a_message_that_was_accepted_is_held() -> None:
    """Under its number; one that was not is not."""
    [hold] = follows(SetMessage(ref=7, message=MESSAGE), "accepted").writes
    assert isinstance(hold, Hold)
    assert (hold.key, hold.origin, hold.operation_id) == ("7", "set", OPERATION.id)
    assert hold.content == {
        "priority": "InFront",
        "message": {"format": "UTF8", "content": "Hello"},
    }
    assert not follows(SetMessage(ref=7, message=MESSAGE), "rejected").writes


def test_a_message_that_was_cleared_is_gone() -> None:
    """Also when the station did not know it; not when it is not heard of."""
    command = ClearMessage(message_id=7)
    for status, found in (("accepted", None), ("rejected", NothingThere())):
        [drop] = follows(command, status, found).writes
        assert isinstance(drop, Drop)
        assert drop.keys == ("7",)
    assert not follows(command, "unreachable").writes


def test_where_nothing_fits_nothing_is_held() -> None:
    """No report follows, so what was believed to fit is gone."""
    command = ReportMessages(ref=3, priority=Priority.IN_FRONT)
    [drop] = follows(command, "rejected", NothingThere()).writes
    assert isinstance(drop, Drop)
    assert (drop.keys, drop.matching) == (None, {"priority": "InFront"})
    [drop] = follows(ReportMessages(ref=3, message_ids=(1, 2)), "rejected", NothingThere()).writes
    assert isinstance(drop, Drop)
    assert drop.keys == ("1", "2")
    assert not follows(command, "accepted").writes


def test_what_is_told_is_held(desk: Desk) -> None:
    """Part by part; with the last one, what it left out is gone."""
    desk.book.answers[WishAsked] = lambda _key, _ask: ({"message_ids": [], "state": None},)
    first = MessagesTold(ref=3, messages=({"id": 1, "priority": "InFront"},), last=False)
    desk.say(CP1, first)
    assert not kept(desk, Drop)
    desk.say(CP1, replace(first, messages=({"id": 2, "priority": "InFront"},), last=True))
    assert [hold.key for hold in kept(desk, Hold)] == ["1", "2"]
    assert {hold.seen_ref for hold in kept(desk, Hold)} == {3}
    [drop] = kept(desk, Drop)
    assert (drop.keys, drop.matching, drop.unseen_ref) == (None, None, 3)
    assert [part.items for part in kept(desk, TakePart)] == [
        [{"id": 1, "priority": "InFront"}],
        [{"id": 2, "priority": "InFront"}],
    ]


def test_an_empty_report_shows_nothing(desk: Desk) -> None:
    """That nothing fits is said by a status."""
    desk.book.answers[WishAsked] = lambda _key, _ask: ({"message_ids": [1], "state": None},)
    desk.say(CP1, MessagesTold(ref=3, messages=()))
    assert not kept(desk, Drop)


def test_what_nobody_asked_for_is_held_too(desk: Desk) -> None:
    """But nothing is taken to be gone, for nobody knows what it is all of."""
    desk.say(CP1, MessagesTold(ref=9, messages=({"id": 1},)))
    desk.say(CP1, MessagesTold(ref=None, messages=({"id": 2},)))
    assert [hold.key for hold in kept(desk, Hold)] == ["1", "2"]
    assert not kept(desk, Drop)
