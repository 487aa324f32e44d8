"""Rules of operations."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from csms.core.commands import (
    ClearCache,
    Command,
    Outcome,
    Raw,
    RemoteStart,
    RemoteStop,
    Reset,
    Trigger,
    Unlock,
)
from csms.core.errors import Conflict
from csms.core.operations import (
    HIDDEN,
    action_of,
    check_registration,
    evse_of,
    payload_of,
    publishable,
    settled_event,
    token_of,
    without_secrets,
    without_userinfo,
)
from csms.core.values import Operation, OperationStatus, Registration
from csms.core.variables.vocabulary import ReadVariables, Setting, WriteVariables

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
START = RemoteStart(id_token="T1", evse_id=2)
SETTING_UP: list[Command] = [
    Trigger(message="BootNotification"),
    ReadVariables(),
    WriteVariables(items=(Setting(variable="k", value="v"),)),
    Reset(),
    Raw(action="SetVariables"),
]
TAKING_PART: list[Command] = [
    START,
    RemoteStop(transaction_ref="1"),
    Unlock(evse_id=1),
    ClearCache(),
    Raw(action="RequestStartTransaction"),
]


@pytest.mark.parametrize("command", SETTING_UP + TAKING_PART)
def test_accepted(command: Command) -> None:
    """A station that is accepted may be sent everything."""
    check_registration(Registration.ACCEPTED, command)


@pytest.mark.parametrize("command", SETTING_UP)
def test_pending_is_set_up(command: Command) -> None:
    """A pending station may be configured and asked (OCPP 1.6 §4.2, 2.x B02)."""
    check_registration(Registration.PENDING, command)


@pytest.mark.parametrize("command", TAKING_PART)
def test_pending_takes_no_part(command: Command) -> None:
    """A pending station is sent nothing that has to do with charging (OCPP 1.6 §4.2)."""
    with pytest.raises(Conflict) as caught:
        check_registration(Registration.PENDING, command)
    assert caught.value.code == "not_registered"


@pytest.mark.parametrize("command", SETTING_UP + TAKING_PART)
def test_rejected(command: Command) -> None:
    """A rejected station is sent nothing (OCPP 2.x B03.FR.03)."""
    with pytest.raises(Conflict, match="rejected"):
        check_registration(Registration.REJECTED, command)


@pytest.mark.parametrize(
    ("command", "action", "evse_id", "token"),
    [
        (START, "remote_start", 2, "T1"),
        (Unlock(evse_id=3), "unlock", 3, None),
        (Reset(), "reset", None, None),
        (Raw(action="GetLog", payload={"a": 1}), "GetLog", None, None),
    ],
)
def test_columns(command: Command, action: str, evse_id: int | None, token: str | None) -> None:
    """An operation is found by its action, its EVSE and its token."""
    assert (action_of(command), evse_of(command), token_of(command)) == (action, evse_id, token)


def test_payload() -> None:
    """The payload is the command without its tag and what was not given; that of a raw one is as
    it was given."""
    assert payload_of(START) == {"id_token": "T1", "evse_id": 2}
    assert payload_of(Raw(action="GetLog", payload={"a": [1]})) == {"a": [1]}


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        ({"key": "AuthorizationKey", "value": "s"}, {"key": "AuthorizationKey", "value": HIDDEN}),
        ({"key": "HeartbeatInterval", "value": "9"}, {"key": "HeartbeatInterval", "value": "9"}),
        ({"key": 7, "value": "s"}, {"key": 7, "value": "s"}),
        (
            {"setVariableData": [{"variable": {"name": "BasicAuthPassword"}, "attributeValue": 1}]},
            {
                "setVariableData": [
                    {"variable": {"name": "BasicAuthPassword"}, "attributeValue": HIDDEN}
                ]
            },
        ),
        ({"apn": {"apnPassword": "s", "pin": 1}}, {"apn": {"apnPassword": HIDDEN, "pin": HIDDEN}}),
        ({"password": None}, {"password": None}),
        ({"location": "ftp://me:s@host/x"}, {"location": f"ftp://{HIDDEN}@host/x"}),
        ({"location": "https://host/a@b"}, {"location": "https://host/a@b"}),
    ],
)
def test_secrets(payload: dict[str, object], kept: dict[str, object]) -> None:
    """Secrets are hidden in whatever version's wire form, and nothing else is."""
    assert without_secrets(payload) == kept


RUNS = (
    "y", "://", "a://", "://@", "@", "-", "/", " ", "_", "/uploads/", "/uploads/a-", "Aa", "sim_",
    "password", "://a:b", "http://a/uploads/" + "x" * 33, "://" + "a" * 50,
)  # fmt: skip
LONG = [run * (400_000 // len(run)) for run in RUNS]
LONG += ["://" + "y" * 400_000, "/uploads/" + "a-" * 200_000 + "!"]


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:12])
def test_long_texts_take_no_time(text: str) -> None:
    """A station's text of any length is cleaned in one pass: with more, this would take minutes."""
    clean = without_secrets({"x": text, text: "x", "key": text, "list": [text]})
    assert clean["list"] == [clean["x"]]
    assert without_userinfo(text).replace("***", "").count("y") == text.count("y")


def test_upload_urls_are_secrets() -> None:
    """Who knows one can send a file in a station's name."""
    secret = "aA1_-" * 8
    shown = without_secrets({"location": f"http://csms.example/uploads/{secret}/x"})
    assert shown == {"location": "http://csms.example/uploads/***/x"}
    assert without_userinfo("ftp://me:pw@a/b and http://c@d") == "ftp://***@a/b and http://***@d"


def test_secret_setting() -> None:
    """The value of a secret setting is not kept."""
    command = WriteVariables(items=(Setting(variable="AuthorizationKey", value="s"),))
    assert payload_of(command) == {"items": [{"variable": "AuthorizationKey", "value": HIDDEN}]}


def test_outcome() -> None:
    """What a station tells of its secrets is not kept either; its verdict is."""
    outcome = Outcome(
        status="accepted",
        response={"configurationKey": [{"key": "authorizationkey", "value": "s"}]},
        detail="d",
    )
    assert publishable(outcome) == Outcome(
        status="accepted",
        response={"configurationKey": [{"key": "authorizationkey", "value": HIDDEN}]},
        detail="d",
    )
    silent = Outcome(status="unreachable")
    assert publishable(silent) is silent


OPERATION = Operation(
    id="o",
    operator_id=2,
    station_id=7,
    identity="CS7",
    action="remote_start",
    payload={},
    status=OperationStatus.ACCEPTED,
    evse_id=1,
    session_id="s",
    created_at=AT,
    expires_at=AT,
)


def test_settled_event() -> None:
    """The event names the operation, its station and session, and how it was settled."""
    event = settled_event(OPERATION)
    assert (event.kind, event.operator_id, event.station_id) == ("operation.settled", 2, 7)
    assert (event.identity, event.session_id, event.at) == ("CS7", "s", AT)
    assert event.data == {
        "operation_id": "o",
        "action": "remote_start",
        "status": "accepted",
        "detail": None,
        "evse_id": 1,
    }


def test_expired_event() -> None:
    """What time settled has an event of its own, as of then."""
    later = datetime(2026, 3, 2, tzinfo=UTC)
    event = settled_event(replace(OPERATION, status=OperationStatus.EXPIRED, settled_at=later))
    assert (event.kind, event.at) == ("operation.expired", later)
