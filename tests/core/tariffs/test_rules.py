"""What stations answer about tariffs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from msgspec.structs import replace

from csms.core.areas import CONSEQUENCES
from csms.core.charging.vocabulary import Held, HeldAsked
from csms.core.commands import Command, Outcome
from csms.core.consequences import Answered
from csms.core.decisions import SaveSession, State
from csms.core.errors import Conflict, Invalid
from csms.core.holdings import Drop, Hold
from csms.core.reports import CommandAnswered
from csms.core.tariffs.rules import MAX_TARIFF_BYTES, check_content, check_driver_tariff
from csms.core.tariffs.vocabulary import (
    Assignment,
    ChangeTariff,
    ClearTariffs,
    ReadTariffs,
    SetTariff,
    TariffsFound,
    TariffsGone,
)
from csms.core.values import Operation, OperationStatus, Session, StationKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
OPERATION = Operation(
    id="01890000-0000-7000-8000-000000000001",
    operator_id=1,
    station_id=1,
    identity="CP1",
    action="set_default_tariff",
    payload={},
    status=OperationStatus.PENDING,
    created_at=NOW,
    expires_at=NOW,
)


@attrs.define
class Station:
    """What a station is believed to hold: for each tariff its EVSEs, none being all."""

    held: dict[str, Hold] = attrs.field(factory=dict)

    def answers(self, command: Command, status: str = "accepted", found: object = None) -> None:
        """What follows from an answer is done."""
        asked, rule = CONSEQUENCES[type(command)]
        outcome = Outcome(status=status, found=found)
        report = CommandAnswered(operation=OPERATION, command=command, outcome=outcome, at=NOW)
        assert asked(report).more == (HeldAsked(kinds=("tariff",)),)
        state = State(
            found={
                HeldAsked: tuple(
                    Held(
                        kind="tariff",
                        key=key,
                        evse_id=hold.evse_id,
                        content=hold.content,
                        updated_at=NOW,
                    )
                    for key, hold in self.held.items()
                )
            }
        )
        for write in rule(Answered(CP1, OPERATION, command, outcome), state, NOW).writes:
            match write:
                case Hold():
                    assert (write.station_id, write.kind) == (1, "tariff")
                    self.held[write.key] = write
                case Drop():
                    assert (write.station_id, write.kind) == (1, "tariff")
                    for key in write.keys or ():
                        del self.held[key]

    def sets(self, tariff_id: str, evse_id: int = 0) -> None:
        """It accepts a default tariff."""
        self.answers(SetTariff(evse_id=evse_id, tariff={"tariff_id": tariff_id}))

    def tells(self, *assignments: Assignment, evse_id: int = 0) -> None:
        """It answers what it has."""
        self.answers(ReadTariffs(evse_id=evse_id), found=TariffsFound(assignments))

    @property
    def places(self) -> dict[str, list[int]]:
        """Where each tariff is."""
        return {key: list(self.content(key)["evse_ids"]) for key in sorted(self.held)}

    def content(self, key: str) -> dict[str, Any]:
        """What is held of a tariff."""
        return self.held[key].content


@pytest.fixture
def station() -> Station:
    """One that holds nothing."""
    return Station()


def default(tariff_id: str, *evse_ids: int) -> Assignment:
    """A default tariff, as a station tells of it."""
    return Assignment(tariff_id=tariff_id, tariff_kind="DefaultTariff", evse_ids=evse_ids)


def test_a_tariff_that_was_accepted_is_held(station: Station) -> None:
    """With its content; one that was not accepted is not."""
    station.answers(SetTariff(tariff={"tariff_id": "A"}), "rejected")
    assert station.held == {}
    station.answers(SetTariff(tariff={"tariff_id": "A", "currency": "EUR"}))
    hold = station.held["A"]
    assert (hold.evse_id, hold.origin, hold.operation_id) == (0, "set", OPERATION.id)
    assert hold.content == {
        "tariff_kind": "DefaultTariff",
        "evse_ids": [],
        "tariff": {"tariff_id": "A", "currency": "EUR"},
    }


def test_a_default_for_all_replaces_all(station: Station) -> None:
    """Those of single EVSEs too (I07); tariffs of drivers stay."""
    station.sets("A")
    station.sets("B", 1)
    station.tells(
        default("A"), default("B", 1), Assignment(tariff_id="D", tariff_kind="DriverTariff")
    )
    station.sets("C")
    assert station.places == {"C": [], "D": []}


def test_a_default_for_one_replaces_that_of_one(station: Station) -> None:
    """What is in force elsewhere stays there."""
    station.sets("A")
    station.sets("B", 1)
    station.sets("B", 2)
    assert station.places == {"A": [], "B": [1, 2]}
    assert station.held["B"].evse_id == 0
    station.sets("C", 1)
    assert station.places == {"A": [], "B": [2], "C": [1]}
    assert station.held["B"].evse_id == 2
    station.sets("C", 2)
    assert station.places == {"A": [], "C": [1, 2]}


def test_a_default_of_all_may_be_set_for_one_too(station: Station) -> None:
    """It is still that of all."""
    station.sets("A")
    station.sets("A", 1)
    assert station.places == {"A": []}


def test_what_is_told_of_all_is_all(station: Station) -> None:
    """What it does not tell of is gone; what we know of the content stays."""
    station.sets("A", 1)
    station.sets("B", 2)
    driver = Assignment(
        tariff_id="D",
        tariff_kind="DriverTariff",
        evse_ids=(3,),
        id_tokens=("TAG",),
        valid_from="2026-03-01T00:00:00.000Z",
    )
    station.tells(default("A", 1), driver)
    assert station.places == {"A": [1], "D": [3]}
    assert station.content("A")["tariff"] == {"tariff_id": "A"}
    assert station.content("D") == {
        "tariff_kind": "DriverTariff",
        "evse_ids": [3],
        "id_tokens": ("TAG",),
        "valid_from": "2026-03-01T00:00:00.000Z",
    }
    assert station.held["D"].origin == "told"
    station.tells()
    assert station.held == {}


def test_what_is_told_of_one_says_nothing_of_others(station: Station) -> None:
    """Of that one it says all."""
    station.tells(default("A", 1, 2), default("B", 1), default("C", 3), default("E"))
    station.tells(default("A"), default("D"), default("E", 1), evse_id=1)
    assert station.places == {"A": [1, 2], "C": [3], "D": [1], "E": []}
    station.tells(evse_id=1)
    assert station.places == {"A": [2], "C": [3], "E": []}


def test_what_is_told_for_every_evse_is_one(station: Station) -> None:
    """A station may repeat a tariff for each EVSE; EVSE 0 is all of them."""
    station.tells(default("A", 2), default("A", 1), default("B", 1), default("B", 0))
    assert station.places == {"A": [1, 2], "B": []}


@pytest.mark.parametrize("found", [None, TariffsGone()])
def test_without_an_answer_nothing_changes(station: Station, found: object) -> None:
    """Nobody knows what became of them."""
    station.sets("A")
    for command in (ReadTariffs(), ClearTariffs()):
        station.answers(command, "unreachable", found)
    assert station.places == {"A": []}


@pytest.mark.parametrize(
    ("command", "gone", "left"),
    [
        (ClearTariffs(), TariffsGone(everything=True), {}),
        (ClearTariffs(), TariffsGone(("A",)), {"B": [1, 2], "C": [2]}),
        (ClearTariffs(evse_id=0), TariffsGone(everything=True), {}),
        (ClearTariffs(evse_id=2), TariffsGone(everything=True), {"A": [], "B": [1]}),
        (ClearTariffs(evse_id=2), TariffsGone(("C",)), {"A": [], "B": [1, 2]}),
        (
            ClearTariffs(tariff_ids=("A", "X")),
            TariffsGone(everything=True),
            {"B": [1, 2], "C": [2]},
        ),
        (ClearTariffs(tariff_ids=("A", "B")), TariffsGone(("B",)), {"A": [], "C": [2]}),
    ],
)
def test_what_was_cleared_is_gone(
    station: Station, command: ClearTariffs, gone: TariffsGone, left: dict[str, list[int]]
) -> None:
    """I10: all of it, or what the results name; on other EVSEs it stays."""
    station.tells(default("A"), default("B", 1, 2), default("C", 2))
    station.answers(command, found=gone)
    assert station.places == left


def test_content_that_is_odd_is_of_all_evses(station: Station) -> None:
    """Whoever wrote it."""
    station.sets("A")
    station.content("A")["evse_ids"] = 5
    station.sets("B", 1)
    assert sorted(station.held) == ["A", "B"]


@pytest.mark.parametrize(("status", "kept"), [("accepted", True), ("rejected", False)])
def test_the_tariff_that_a_session_was_changed_to(status: str, *, kept: bool) -> None:
    """It is kept with the session (I11), if there is one and the station accepted it."""
    command = ChangeTariff(transaction_ref="T1", tariff={"tariff_id": "A"})
    outcome = Outcome(status=status)
    asked, rule = CONSEQUENCES[ChangeTariff]
    report = CommandAnswered(operation=OPERATION, command=command, outcome=outcome, at=NOW)
    assert (asked(report).transaction_ref, asked(report).named_by_station) == ("T1", True)
    session = Session(
        id="01890000-0000-7000-8000-000000000002",
        operator_id=1,
        station_id=1,
        identity="CP1",
        evse_id=1,
        details={"phases_used": 3},
        started_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
    answered = Answered(CP1, OPERATION, command, outcome)
    assert rule(answered, State(), NOW).writes == ()
    details = {"phases_used": 3, "tariff": {"tariff_id": "A"}}
    wanted = (SaveSession(replace(session, details=details)),) if kept else ()
    assert rule(answered, State(session=session), NOW).writes == wanted


def test_a_tariff_that_changed_has_another_id() -> None:
    """I07, I08.FR.08: with its content."""
    known = ({"tariff_id": "A", "currency": "EUR"}, {"tariff_id": "B", "currency": "EUR"})
    check_content(known, {"tariff_id": "A", "currency": "EUR"})
    check_content(known, {"tariff_id": "C", "currency": "USD"})
    with pytest.raises(Conflict) as caught:
        check_content(known, {"tariff_id": "A", "currency": "USD"})
    assert caught.value.code == "tariff_changed"


@pytest.mark.parametrize(
    ("tariff", "field"),
    [
        ({"tariff_id": "A", "description": "x" * MAX_TARIFF_BYTES}, "tariff"),
        ({"currency": "EUR"}, "tariff.tariff_id"),
        ({"tariff_id": 5}, "tariff.tariff_id"),
        ({"tariff_id": ""}, "tariff.tariff_id"),
        ({"tariff_id": "A", "valid_from": "2026-03-01T12:00:00Z"}, "tariff.valid_from"),
    ],
)
def test_what_is_no_drivers_tariff(tariff: dict[str, object], field: str) -> None:
    """I08.FR.09: it is valid at once; nobody keeps one that is huge."""
    check_driver_tariff({"tariff_id": "A", "currency": "EUR"})
    with pytest.raises(Invalid) as caught:
        check_driver_tariff(tariff)
    assert caught.value.field == field
