"""Rules of the device model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.core.commands import Command, Outcome
from csms.core.credentials import verify_password
from csms.core.decisions import Ask
from csms.core.holdings import Hold
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.core.variables.networks import Apn, NetworkProfile, SetNetworkProfile, Vpn
from csms.core.variables.rules import MAX_ATTRIBUTES
from csms.core.variables.vocabulary import (
    ChangePassword,
    ForgetVariables,
    ItemStatus,
    KeepVariable,
    NoteInventory,
    ReadResult,
    ReadVariables,
    ReplacePassword,
    RequestAsked,
    Setting,
    SettlePassword,
    Told,
    VariablesCounted,
    VariablesReported,
    Wanted,
    WriteResult,
    WriteVariables,
)
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = StationKey(7, "CS7")
V = {"component": "C", "variable": "V"}


@pytest.fixture
def desk() -> Desk:
    return Desk(NOW)


def know(desk: Desk, ask: type[Ask], *answers: object) -> None:
    desk.book.answers[ask] = lambda _key, _ask: answers


def kept(desk: Desk, kind: type) -> list[Any]:
    return [write for write in desk.book.kept if isinstance(write, kind)]


def answer(
    desk: Desk, command: Command, found: object = None, status: str = "accepted"
) -> Operation:
    number = len(desk.book.operations) + 1
    operation = Operation(
        id=f"o{number}",
        operator_id=1,
        station_id=KEY.id,
        identity=KEY.identity,
        action="x",
        payload={},
        status=OperationStatus.PENDING,
        created_at=NOW,
        expires_at=NOW,
    )
    desk.book.operations[operation.id] = operation
    outcome = Outcome(status=status, found=found)
    desk.say(KEY, CommandAnswered(operation=operation, command=command, outcome=outcome, at=NOW))
    return operation


def part(number: int, *items: Told, last: bool = False, ref: int = 3) -> VariablesReported:
    return VariablesReported(ref=ref, number=number, last=last, items=items)


def test_parts_in_any_order(desk: Desk) -> None:
    """B07.FR.08 ff.: a full report is complete with all its parts; what it left out is gone."""
    know(desk, RequestAsked, {"base": "full"})
    desk.say(KEY, part(1, Told(**V, value="2"), last=True))
    assert not kept(desk, ForgetVariables)
    assert "station.report" not in desk.kinds
    desk.say(KEY, part(0, Told(**V, value="1", persistent=True)))
    (gone,) = kept(desk, ForgetVariables)
    assert (gone.unseen_ref, gone.keys, gone.but) == (3, None, None)
    assert [note.ref for note in kept(desk, NoteInventory)] == [3]
    assert desk.last("station.report").data == {"kind": "variables", "ref": 3, "base": "full"}
    assert [(each.value, each.how, each.seen_ref) for each in kept(desk, KeepVariable)] == [
        ("2", "reported", 3),
        ("1", "reported", 3),
    ]


def test_a_part_that_comes_twice(desk: Desk) -> None:
    """It is acknowledged, and changes nothing."""
    for _ in range(2):
        desk.say(KEY, part(0, Told(**V, value="1"), last=True))
    assert len(kept(desk, KeepVariable)) == 1
    assert desk.kinds == ["station.report"]


@pytest.mark.parametrize("request_", [(), ({"base": "summary"},), ({"criteria": ["Problem"]},)])
def test_other_reports_leave_the_rest_alone(desk: Desk, request_: Any) -> None:
    """Only a full report tells what is gone; one that nobody asked for is kept too."""
    know(desk, RequestAsked, *request_)
    desk.say(KEY, part(0, last=True))
    assert not kept(desk, ForgetVariables)
    assert not kept(desk, NoteInventory)


def test_an_empty_report_shows_nothing(desk: Desk) -> None:
    """A full one that has nothing in it is no device model: nothing is taken to be gone."""
    know(desk, RequestAsked, {"base": "full"})
    desk.say(KEY, part(0, last=True))
    assert not kept(desk, ForgetVariables)
    assert not kept(desk, NoteInventory)
    assert desk.last("station.report").data["ref"] == 3


def test_there_is_an_end(desk: Desk) -> None:
    """A station cannot fill the database with names it makes up."""
    know(desk, VariablesCounted, MAX_ATTRIBUTES)
    desk.say(KEY, part(0, Told(**V, value="1")))
    know(desk, VariablesCounted, MAX_ATTRIBUTES - 1)
    desk.say(KEY, part(1, Told(**V, value="1")))
    assert [each.known_only for each in kept(desk, KeepVariable)] == [True, False]


@pytest.mark.parametrize(
    "name",
    [
        {"variable": "AUTHORIZATIONKEY"},
        {"component": "SecurityCtrlr", "variable": "BasicAuthPassword"},
        {"component": "NetworkConfiguration", "variable": "VpnKey"},
    ],
)
def test_secrets_are_not_kept(desk: Desk, name: dict[str, str]) -> None:
    """Neither from a report, nor read, nor set; nobody reads them back."""
    desk.say(KEY, part(0, Told(**name, value="s3cret"), last=True))
    result = ReadResult(**name, value="s3cret", status=ItemStatus.ACCEPTED)
    answer(desk, ReadVariables(items=(Wanted(**name),)), (result,))
    setting = Setting(**name, value="s3cret-s3cret-s3")
    answer(
        desk,
        WriteVariables(items=(setting,)),
        (WriteResult(**name, status=ItemStatus.ACCEPTED),),
    )
    assert len(kept(desk, KeepVariable)) == 3
    assert "s3cret" not in repr(desk.book.kept).replace("password_hash", "")
    assert "variables.written" not in desk.kinds


def test_reading(desk: Desk) -> None:
    """What is told is kept, what is unknown is gone, and a refusal says nothing."""
    results = (
        ReadResult(**V, value="1", status=ItemStatus.ACCEPTED),
        ReadResult(component="C", variable="W", status=ItemStatus.UNKNOWN),
        ReadResult(component="C", variable="X", status=ItemStatus.REJECTED),
    )
    operation = answer(desk, ReadVariables(items=(Wanted(**V),)), results)
    (variable,) = kept(desk, KeepVariable)
    assert (variable.value, variable.how, variable.operation_id) == ("1", "read", operation.id)
    (gone,) = kept(desk, ForgetVariables)
    assert gone.keys == (results[1].key,)


def test_reading_everything(desk: Desk) -> None:
    """1.6: a key that is not in the answer to the question for all is gone."""
    result = ReadResult(variable="K", value="1", status=ItemStatus.ACCEPTED)
    answer(desk, ReadVariables(), (result,))
    assert [gone.but for gone in kept(desk, ForgetVariables)] == [(result.key,)]
    answer(desk, ReadVariables(), ())
    assert len(kept(desk, ForgetVariables)) == 1


@pytest.mark.parametrize(("most", "gone"), [("1", 0), ("2", 1), ("many", 1)])
def test_reading_what_had_no_room(desk: Desk, most: str, gone: int) -> None:
    """1.6: an answer of just as many keys as the station takes in a message may be cut short; the
    configuration is known as far as it will ever be."""
    result = ReadResult(variable="GetConfigurationMaxKeys", value=most, status=ItemStatus.ACCEPTED)
    answer(desk, ReadVariables(), (result,))
    assert len(kept(desk, ForgetVariables)) == gone
    assert [(each.station_id, each.ref) for each in kept(desk, NoteInventory)] == [(KEY.id, None)]


@pytest.mark.parametrize(("found", "status"), [(None, "accepted"), ((), "rejected")])
def test_nothing_read(desk: Desk, found: object, status: str) -> None:
    """An answer that cannot be read, or is a refusal, tells nothing."""
    answer(desk, ReadVariables(), found, status)
    assert kept(desk, KeepVariable) == []


def test_writing(desk: Desk) -> None:
    """What was accepted is kept as set, and told of so that it is read back."""
    items = (
        Setting(component="C", variable="V", value="a\0b"),
        Setting(component="C", variable="W", value="2"),
        Setting(component="C", variable="X", value="3"),
    )
    results = (
        WriteResult(component="c", variable="v", status=ItemStatus.ACCEPTED),
        WriteResult(component="C", variable="W", status=ItemStatus.REBOOT_REQUIRED),
        WriteResult(component="C", variable="X", status=ItemStatus.REJECTED),
        WriteResult(component="C", variable="Unasked", status=ItemStatus.ACCEPTED),
    )
    operation = answer(desk, WriteVariables(items=items), results)
    assert [
        (each.variable, each.value, each.how, each.reboot_required)
        for each in kept(desk, KeepVariable)
    ] == [("V", "a\N{REPLACEMENT CHARACTER}b", "set", False), ("W", "2", "set", True)]
    assert desk.last("variables.written").data == {
        "operation_id": operation.id,
        "items": [
            {"component": "C", "variable": "V", "reboot_required": False},
            {"component": "C", "variable": "W", "reboot_required": True},
        ],
    }


def test_nothing_written(desk: Desk) -> None:
    """Without an answer nothing is known."""
    answer(desk, WriteVariables(items=(Setting(**V, value="1"),)), None, "expired")
    assert kept(desk, KeepVariable) == []
    assert desk.kinds == ["operation.expired"]


@pytest.mark.parametrize(
    "name",
    [
        {"variable": "AuthorizationKey"},
        {"component": "SecurityCtrlr", "variable": "BasicAuthPassword"},
    ],
)
def test_a_password_that_is_written_like_any_setting(desk: Desk, name: dict[str, str]) -> None:
    """Once accepted it is the one to come in with, however it was sent."""
    items = (Setting(**name, value="0123456789abcdef0123"),)
    answer(desk, WriteVariables(items=items), (WriteResult(**name, status=ItemStatus.ACCEPTED),))
    (replaced,) = kept(desk, ReplacePassword)
    assert verify_password(replaced.password_hash, b"0123456789abcdef0123")


@pytest.mark.parametrize(
    ("status", "found", "settled"),
    [
        ("accepted", ItemStatus.ACCEPTED, [True]),
        ("accepted", None, [True]),
        ("accepted", ItemStatus.REBOOT_REQUIRED, []),
        ("rejected", ItemStatus.REJECTED, [False]),
        ("unsupported", None, [False]),
        ("expired", None, []),
        ("unreachable", None, []),
    ],
)
def test_passwords(desk: Desk, status: str, found: object, settled: list[bool]) -> None:
    """TC_073, TC_A_09, TC_A_10: only a yes switches; without an answer both stay."""
    answer(desk, ChangePassword(password="p" * 20, mark="m"), found, status)
    assert [(each.mark, each.accepted) for each in kept(desk, SettlePassword)] == [
        ("m", accepted) for accepted in settled
    ]
    told = [event.data for event in desk.book.events if event.kind == "station.password"]
    assert told == [{"accepted": accepted} for accepted in settled]


def test_network_profiles(desk: Desk) -> None:
    """B09: the slot is known, and none of its secrets."""
    profile = NetworkProfile(
        url="wss://user:s3cret@csms.example/ocpp",
        interface="Wired0",
        security_profile=2,
        message_timeout_s=30,
        identity="CS7",
        password="s3cret",
        apn=Apn(name="apn", password="s3cret", sim_pin=5307, authentication="PAP"),
        vpn=Vpn(server="v", user="u", password="s3cret", shared_secret="s3cret", kind="IKEv2"),
    )
    command = SetNetworkProfile(slot=2, profile=profile)
    answer(desk, command, None, "rejected")
    assert kept(desk, Hold) == []
    operation = answer(desk, command)
    (hold,) = kept(desk, Hold)
    assert (hold.kind, hold.key, hold.origin) == ("network_profile", "2", "set")
    assert hold.operation_id == operation.id
    assert hold.content == {
        "url": "wss://***@csms.example/ocpp",
        "interface": "Wired0",
        "security_profile": 2,
        "message_timeout_s": 30,
        "identity": "CS7",
        "apn": {"name": "apn", "authentication": "PAP"},
        "vpn": {"server": "v", "user": "u", "kind": "IKEv2"},
    }
    assert "s3cret" not in repr(operation.payload)


def test_network_profiles_without_networks(desk: Desk) -> None:
    """The usual ones."""
    profile = NetworkProfile(
        url="wss://c", interface="Any", security_profile=1, message_timeout_s=5
    )
    answer(desk, SetNetworkProfile(slot=0, profile=profile))
    (hold,) = kept(desk, Hold)
    assert "apn" not in hold.content
    assert "vpn" not in hold.content
