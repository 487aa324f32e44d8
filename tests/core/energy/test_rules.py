"""What follows from what stations say of energy, and from their answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.core.assembly import TakePart
from csms.core.charging.scene import PRIORITY
from csms.core.charging.vocabulary import Held, HeldAsked, WishAsked
from csms.core.commands import Command, Outcome
from csms.core.energy import vocabulary as v
from csms.core.happenings import Happened
from csms.core.holdings import Drop, Hold
from csms.core.operations import action_of, payload_of
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, Session, StationKey
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = StationKey(7, "CP", 1)
SET = v.SetControl(
    control_id="c1",
    control_type=v.ControlType.FIXED_VAR,
    is_default=False,
    settings={"priority": 1},
)
CONTENT: dict[str, Any] = {
    "control_type": "FixedVar",
    "is_default": False,
    "settings": {"priority": 1},
    "is_superseded": False,
}


@pytest.fixture
def desk() -> Desk:
    return Desk(NOW)


def knows(desk: Desk, **controls: dict[str, Any]) -> None:
    desk.book.answers[HeldAsked] = lambda *_: tuple(
        Held(kind=v.CONTROL, key=key, evse_id=None, content=content, updated_at=NOW)
        for key, content in controls.items()
    )


def answer(desk: Desk, command: Command, status: str = "accepted", found: object = None) -> None:
    """The station answered a command."""
    operation = Operation(
        id="op",
        operator_id=1,
        station_id=7,
        identity="CP",
        action=action_of(command),
        payload=payload_of(command),
        status=OperationStatus.PENDING,
        created_at=NOW,
        expires_at=NOW,
    )
    desk.book.operations["op"] = operation
    outcome = Outcome(status=status, found=found)
    desk.say(KEY, CommandAnswered(operation=operation, command=command, outcome=outcome, at=NOW))


def writes(desk: Desk, kind: type) -> list[Any]:
    return [each for each in desk.book.kept if isinstance(each, kind)]


def test_structures() -> None:
    """A type has its own settings, or a curve."""
    assert v.structure_of(v.ControlType.FIXED_VAR) == "fixed_var"
    assert v.structure_of(v.ControlType.VOLT_VAR) == "curve"


def test_priority_is_held_while_it_is_on(desk: Desk) -> None:
    """As the station told, or agreed to; and kept with the session."""
    session = Session(
        id="s1",
        operator_id=1,
        station_id=7,
        identity="CP",
        evse_id=2,
        transaction_ref="T1",
        named_by_station=True,
        start_key="k",
        started_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
    desk.book.keep(session)
    desk.say(KEY, v.PriorityTold(transaction_ref="T1", activated=True))
    (hold,) = writes(desk, Hold)
    assert (hold.kind, hold.key) == (PRIORITY, "T1")
    (happened,) = writes(desk, Happened)
    assert (happened.session_id, happened.evse_id) == ("s1", 2)
    assert desk.last("session.priority").data == {"activated": True}
    desk.say(KEY, v.PriorityTold(transaction_ref="T9", activated=False))
    (drop,) = writes(desk, Drop)
    assert drop.keys == ("T9",)
    assert desk.last("session.priority").session_id is None


def test_priority_that_was_asked_for(desk: Desk) -> None:
    """Counts when the station agrees."""
    answer(desk, v.UsePriority(transaction_ref="T1", activate=True), "rejected")
    assert desk.book.kept == []
    answer(desk, v.UsePriority(transaction_ref="T1", activate=True))
    answer(desk, v.UsePriority(transaction_ref="T1", activate=False))
    assert [type(each) for each in desk.book.kept] == [Hold, Drop]


def test_allowed_transfer(desk: Desk) -> None:
    """What a transaction may do is held when the station agrees."""
    command = v.AllowTransfer(transaction_ref="T1", modes=(v.Transfer.DC, v.Transfer.DC_BPT))
    answer(desk, command, "rejected")
    assert desk.book.kept == []
    answer(desk, command)
    (hold,) = writes(desk, Hold)
    assert hold.content == {"transaction_ref": "T1", "modes": ["DC", "DC_BPT"]}


def test_an_accepted_control_is_held(desk: Desk) -> None:
    """R04: and what it supersedes is marked, if it is known."""
    answer(desk, SET, "rejected")
    assert desk.book.kept == []
    knows(desk, c0=CONTENT)
    answer(desk, SET, found=v.ControlAnswer(status="Accepted", superseded=("c0", "c1", "c7")))
    first, second = writes(desk, Hold)
    assert (first.key, first.content, first.origin) == ("c1", CONTENT, "set")
    assert (second.key, second.content["is_superseded"]) == ("c0", True)
    desk.book.kept.clear()
    answer(desk, SET)
    assert len(desk.book.kept) == 1


NONE = v.ControlAnswer(status="NotFound")


@pytest.mark.parametrize(
    ("command", "keys", "matching"),
    [
        (v.ClearControls(is_default=True), None, {"is_default": True}),
        (
            v.ClearControls(is_default=False, control_type=v.ControlType.VOLT_VAR),
            None,
            {"is_default": False, "control_type": "VoltVar"},
        ),
        (v.ClearControls(is_default=False, control_id="c1"), ("c1",), None),
    ],
)
def test_cleared_controls_are_gone(
    desk: Desk, command: v.ClearControls, keys: Any, matching: Any
) -> None:
    """By id, or whatever fits; also when the station knows of none."""
    answer(desk, command, "rejected")
    assert desk.book.kept == []
    answer(desk, command)
    answer(desk, command, "rejected", NONE)
    first, second = writes(desk, Drop)
    assert (first.keys, first.matching) == (keys, matching)
    assert first == second


def test_nothing_to_report(desk: Desk) -> None:
    """Then what was believed to be there is gone."""
    answer(desk, v.ReportControls(ref=3))
    assert desk.book.kept == []
    answer(desk, v.ReportControls(ref=3), "rejected", NONE)
    (drop,) = writes(desk, Drop)
    assert (drop.keys, drop.matching) == (None, None)


def told(ref: int | None, *, last: bool = True, name: str = "c1") -> v.ControlsTold:
    return v.ControlsTold(ref=ref, controls=({"id": name, **CONTENT},), last=last)


def test_told_controls_are_held(desk: Desk) -> None:
    """Also unasked; whether one is in effect is known from before."""
    desk.say(KEY, told(None))
    knows(desk, c1={**CONTENT, "started": True})
    desk.say(KEY, told(3))
    first, second = writes(desk, Hold)
    assert (first.content, first.seen_ref) == (CONTENT, None)
    assert (second.content, second.seen_ref) == ({**CONTENT, "started": True}, 3)
    assert writes(desk, Drop) == []
    assert len(writes(desk, TakePart)) == 1


def test_an_empty_report_drops_nothing(desk: Desk) -> None:
    """That there are no controls is said by a status."""
    desk.book.answers[WishAsked] = lambda *_: ({"is_default": True, "control_id": None},)
    desk.say(KEY, v.ControlsTold(ref=3, controls=()))
    assert writes(desk, Drop) == []


def test_a_complete_report_drops_what_it_left_out(desk: Desk) -> None:
    """Of what was asked for, once all parts are there."""
    desk.book.answers[WishAsked] = lambda *_: ({"is_default": True, "control_id": None},)
    desk.say(KEY, told(3, last=False))
    assert writes(desk, Drop) == []
    desk.say(KEY, told(3, name="c2"))
    (drop,) = writes(desk, Drop)
    assert (drop.unseen_ref, drop.matching) == (3, {"is_default": True})


def test_a_control_takes_effect(desk: Desk) -> None:
    """A known one shows it; what it supersedes does while it lasts."""
    knows(desk, c1=CONTENT, c2=CONTENT)
    desk.say(KEY, v.ControlStarted(control_id="c1", started=True, at=NOW, superseded=("c2", "c1")))
    first, second = writes(desk, Hold)
    assert (first.key, first.content["started"]) == ("c1", True)
    assert (second.key, second.content["is_superseded"]) == ("c2", True)
    assert desk.last("station.der_control").data == {"control_id": "c1", "started": True}
    desk.book.kept.clear()
    desk.say(KEY, v.ControlStarted(control_id="c9", started=False, at=NOW))
    assert [type(each) for each in desk.book.kept] == [Happened]


@pytest.mark.parametrize(("ended", "severity"), [(False, 2), (True, 8)])
def test_alarms(desk: Desk, ended: bool, severity: int) -> None:
    """R06: kept with a severity, and told."""
    desk.say(
        KEY, v.GridAlarm(control_type="VoltVar", at=NOW, fault="OverVoltage", ended=ended, info="x")
    )
    (happened,) = writes(desk, Happened)
    assert (happened.kind, happened.severity) == (v.ALARM, severity)
    assert desk.last("station.der_alarm").data == {**happened.content, "severity": severity}
