"""What stations make of lists, and what they say of the one they have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csms.core.commands import Command, Outcome
from csms.core.locallists.vocabulary import (
    Confirmed,
    ConfirmList,
    DoubtList,
    ListAsked,
    Listed,
    ListEntry,
    ReadLocalListVersion,
    SendLocalList,
    TellListVersion,
)
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = StationKey(7, "cp-7")
ENTRY = ListEntry(id_token="Tag")
FULL = SendLocalList(version=3, full=True, entries=(ENTRY,))
CHANGE = SendLocalList(version=4, full=False, entries=(ENTRY,), removed=(Listed(id_token="gone"),))
ACCEPTED = Outcome(status="accepted", found="Accepted")


@pytest.fixture
def desk() -> Desk:
    """A desk at noon."""
    return Desk(NOW)


def answer(desk: Desk, command: Command, outcome: Outcome) -> None:
    """The station made that of a command."""
    operation = Operation(
        id="o-1",
        operator_id=KEY.operator_id,
        station_id=KEY.id,
        identity=KEY.identity,
        action="send_local_list",
        payload={},
        status=OperationStatus.PENDING,
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=1),
    )
    desk.say(KEY, CommandAnswered(operation=operation, command=command, outcome=outcome, at=NOW))


def test_full_list_taken(desk: Desk) -> None:
    """A full list that was taken is what the station holds, for sure."""
    answer(desk, FULL, ACCEPTED)
    (write,) = desk.book.kept
    assert isinstance(write, ConfirmList)
    assert (write.version, write.full, write.sure) == (3, True, True)
    assert [(each.key, each.content) for each in write.entries] == [("ISO14443:TAG", ENTRY)]
    assert desk.last("local_list.confirmed").data == {"version": 3, "full": True}


@pytest.mark.parametrize(
    ("known", "sure"), [((), False), ((Confirmed(),), False), ((Confirmed(version=3),), True)]
)
def test_change_taken(desk: Desk, known: tuple[Confirmed, ...], sure: bool) -> None:
    """A change of what is known makes something known; of what is not known, it does not."""
    desk.book.answers[ListAsked] = lambda _key, _ask: known
    answer(desk, CHANGE, ACCEPTED)
    (write,) = desk.book.kept
    assert isinstance(write, ConfirmList)
    assert (write.sure, write.removed) == (sure, ("ISO14443:GONE",))


@pytest.mark.parametrize(
    ("command", "outcome", "state", "unsure", "detail"),
    [
        pytest.param(
            CHANGE,
            Outcome(status="rejected", detail="VersionMismatch"),
            "idle",
            True,
            "VersionMismatch",
            id="refused change",
        ),
        pytest.param(
            FULL, Outcome(status="rejected", detail="Failed"), "failed", False, "Failed", id="full"
        ),
        pytest.param(
            FULL, Outcome(status="rejected"), "failed", False, "rejected", id="without a word"
        ),
        pytest.param(
            FULL,
            Outcome(status="unsupported", detail="NotSupported"),
            "unsupported",
            False,
            "NotSupported",
            id="TC_043_1",
        ),
        pytest.param(
            FULL,
            Outcome(status="expired"),
            "idle",
            True,
            "the station did not answer",
            id="silent",
        ),
        pytest.param(
            CHANGE,
            Outcome(status="unreachable"),
            "idle",
            True,
            "the connection was lost before the station answered",
            id="gone",
        ),
    ],
)
def test_list_not_taken(
    desk: Desk, command: SendLocalList, outcome: Outcome, state: str, unsure: bool, detail: str
) -> None:
    """After a change that was refused, or no answer, what the station holds is not known."""
    answer(desk, command, outcome)
    (write,) = desk.book.kept
    assert isinstance(write, DoubtList)
    assert (write.state, write.unsure, write.detail) == (state, unsure, detail)
    told = [event for event in desk.book.events if event.kind == "local_list.failed"]
    assert bool(told) is (state != "idle")


@pytest.mark.parametrize("version", [-1, 0, 7])
def test_version(desk: Desk, version: int) -> None:
    """What the station says of its version is kept: 0 is empty, -1 none at all (1.6 §5.10)."""
    status = "unsupported" if version < 0 else "accepted"
    answer(desk, ReadLocalListVersion(), Outcome(status=status, found=version))
    assert desk.book.kept == [TellListVersion(station_id=7, operator_id=1, version=version, at=NOW)]


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(status="accepted", found=None),
        Outcome(status="accepted", found=-2),
        Outcome(status="accepted", found=2**31),
        Outcome(status="expired"),
    ],
)
def test_no_version(desk: Desk, outcome: Outcome) -> None:
    """What is no version says nothing."""
    answer(desk, ReadLocalListVersion(), outcome)
    assert desk.book.kept == []


def test_no_list(desk: Desk) -> None:
    """A station that does not know the question keeps no list."""
    answer(desk, ReadLocalListVersion(), Outcome(status="unsupported", detail="NotImplemented"))
    (write,) = desk.book.kept
    assert isinstance(write, DoubtList)
    assert (write.state, write.detail) == ("unsupported", "NotImplemented")
