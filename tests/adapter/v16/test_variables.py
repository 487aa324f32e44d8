"""Configuration keys, and the password that is one, in the words of 1.6."""

from __future__ import annotations

from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS
from csms.adapter.tables import Request, Unsupported
from csms.core.commands import Command, Raw
from csms.core.errors import Invalid
from csms.core.monitoring.vocabulary import ClearMonitors, SetMonitors
from csms.core.variables.networks import NetworkProfile, SetNetworkProfile
from csms.core.variables.vocabulary import (
    Attribute,
    ChangePassword,
    ItemStatus,
    Mutability,
    ReadResult,
    ReadVariables,
    ReportBase,
    RequestReport,
    Setting,
    Wanted,
    WriteResult,
    WriteVariables,
)

DIALECT = DIALECTS["ocpp1.6"]
WRITE = WriteVariables(items=(Setting(variable="k", value="v"),))


@pytest.mark.parametrize(
    ("command", "request_"),
    [
        (ReadVariables(), Request("GetConfiguration", {})),
        (
            ReadVariables(items=(Wanted(variable="a"), Wanted(variable="b"))),
            Request("GetConfiguration", {"key": ["a", "b"]}),
        ),
        (WRITE, Request("ChangeConfiguration", {"key": "k", "value": "v"})),
    ],
)
def test_requests(command: Command, request_: Request) -> None:
    """Each in its own words."""
    assert DIALECT.request(command) == request_


@pytest.mark.parametrize(
    ("password", "digits"),
    [
        ("not hexadecimal!", b"not hexadecimal!".hex()),
        ("ABCD" * 10, "abcd" * 10),
        ("ab" * 16, "ab" * 16),
    ],
)
def test_passwords(password: str, digits: str) -> None:
    """As the digits of 16 to 20 bytes (security whitepaper §2.2)."""
    request = DIALECT.request(ChangePassword(password=password, mark=""))
    assert request == Request("ChangeConfiguration", {"key": "AuthorizationKey", "value": digits})


@pytest.mark.parametrize("password", ["x" * 15, "x" * 21, "ab" * 15, "ab" * 21])
def test_wrong_passwords(password: str) -> None:
    """Too short or too long."""
    with pytest.raises(Invalid) as error:
        DIALECT.request(ChangePassword(password=password, mark=""))
    assert error.value.field == "password"


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (ReadVariables(items=(Wanted(variable="a"), Wanted(variable="k" * 51))), "items[1]"),
        (WriteVariables(items=(Setting(variable="k" * 51, value=""),)), "items.variable"),
        (WriteVariables(items=(Setting(variable="k", value="v" * 501),)), "items.value"),
    ],
)
def test_invalid(command: Command, field: str) -> None:
    """The command's own field is named."""
    with pytest.raises(Invalid) as error:
        DIALECT.request(command)
    assert error.value.field == field


PROFILE = NetworkProfile(url="u", interface="Any", security_profile=1, message_timeout_s=1)


@pytest.mark.parametrize(
    "command",
    [
        ReadVariables(items=(Wanted(component="C", variable="a"),)),
        ReadVariables(items=(Wanted(variable="a", variable_instance="1"),)),
        ReadVariables(items=(Wanted(variable="a", attribute=Attribute.TARGET),)),
        WriteVariables(items=(*WRITE.items, *WRITE.items)),
        WriteVariables(items=(Setting(component="C", variable="a", value=""),)),
        RequestReport(base=ReportBase.FULL),
        SetNetworkProfile(slot=1, profile=PROFILE),
        ClearMonitors(items=(1,)),
        SetMonitors(items=()),
    ],
)
def test_unsupported(command: Command) -> None:
    """What 1.6 has no words for, with the reason."""
    request = DIALECT.request(command)
    assert isinstance(request, Unsupported)
    assert request.reason.endswith(".")


def test_what_was_read() -> None:
    """Keys with value and mutability, and those that the station does not know."""
    answer = {
        "configurationKey": [
            {"key": "a", "readonly": True, "value": "1"},
            {"key": "b", "readonly": False},
            {"key": "", "readonly": False},
        ],
        "unknownKey": ["c"],
    }
    a = ReadResult(
        variable="a", value="1", mutability=Mutability.READ_ONLY, status=ItemStatus.ACCEPTED
    )
    b = ReadResult(variable="b", mutability=Mutability.READ_WRITE, status=ItemStatus.ACCEPTED)
    c = ReadResult(variable="c", status=ItemStatus.UNKNOWN)
    assert DIALECT.outcome(ReadVariables(), answer).found == (a, b, c)


def test_what_was_read_of_a_careless_station() -> None:
    """One key that makes no sense does not hide the others."""
    answer: dict[str, Any] = {
        "configurationKey": [
            {"key": "a\0", "value": 5},
            {"value": "nameless"},
            "x",
            {"key": "b", "readonly": "?", "value": "x" * 600},
        ],
        "unknownKey": [{}, 7],
    }
    found: Any = DIALECT.outcome(ReadVariables(), answer).found
    assert [(each.variable, each.value and each.value[:3]) for each in found] == [
        ("a\N{REPLACEMENT CHARACTER}", "5"),
        ("b", "xxx"),
        ("7", None),
    ]
    assert len(found[1].value) == 600


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Accepted", ItemStatus.ACCEPTED),
        ("RebootRequired", ItemStatus.REBOOT_REQUIRED),
        ("NotSupported", ItemStatus.UNKNOWN),
        ("Rejected", ItemStatus.REJECTED),
        ("Perhaps", ItemStatus.REJECTED),
    ],
)
def test_what_was_written(word: str, status: ItemStatus) -> None:
    """TC_021, TC_040: each status; the password's as well."""
    answer = {"status": word}
    expected = (WriteResult(variable="k", status=status),)
    assert DIALECT.outcome(WRITE, answer).found == expected
    password = ChangePassword(password="x" * 16, mark="")
    assert DIALECT.outcome(password, answer).found is status
    assert DIALECT.outcome(WRITE, {}).found is None


@pytest.mark.parametrize(
    ("raw", "command"),
    [
        (Raw(action="GetConfiguration"), ReadVariables()),
        (
            Raw(action="GetConfiguration", payload={"key": ["a"]}),
            ReadVariables(items=(Wanted(variable="a"),)),
        ),
        (Raw(action="ChangeConfiguration", payload={"key": "k", "value": "v"}), WRITE),
    ],
)
def test_raw_messages_are_understood(raw: Raw, command: Command) -> None:
    """So that they have the same consequences."""
    assert DIALECT.interpret(raw) == command
