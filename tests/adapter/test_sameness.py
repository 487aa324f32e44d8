"""One command for every version: what means the same is translated, what only a version lacks is
told as its want, and what none knows is a mistake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Dialect, Request, Unsupported
from csms.core.commands import Command, Raw, RemoteStart, RemoteStop, Trigger, Triggerable
from csms.core.customers.vocabulary import AskCustomer, Customer
from csms.core.display.vocabulary import DisplayMessage, Format, Priority, SetMessage, Text
from csms.core.errors import Invalid
from csms.core.firmware.vocabulary import PublishFirmware, UpdateFirmware
from csms.core.logs.vocabulary import LogKind, RequestLog
from csms.core.variables.networks import NetworkProfile, SetNetworkProfile

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
V16, V201, V21 = (DIALECTS[name] for name in ("ocpp1.6", "ocpp2.0.1", "ocpp2.1"))
EVERY = pytest.mark.parametrize("dialect", [V16, V201, V21], ids=["1.6", "2.0.1", "2.1"])
LONG = "https://files.example/" + "x" * 600
TRIGGERS = {
    V16: ("TriggerMessage", "ExtendedTriggerMessage"),
    V201: ("TriggerMessageRequest",),
    V21: ("TriggerMessageRequest",),
}


def words_of(dialect: Dialect) -> set[str]:
    """What a station of the version can be asked to send, by the schemas."""
    words: set[str] = set()
    for name in TRIGGERS[dialect]:
        document: Any = dialect._of.schemas.documents[name]
        place = document["properties"]["requestedMessage"]
        if "$ref" in place:
            place = document["definitions"][place["$ref"].rpartition("/")[2]]
        words.update(place["enum"])
    return words


def test_all_words_of_triggers_are_known() -> None:
    """Those of every version, and no other."""
    assert set(Triggerable) == words_of(V16) | words_of(V201) | words_of(V21)


@EVERY
@pytest.mark.parametrize("word", Triggerable)
def test_every_word_of_triggers_is_answered(dialect: Dialect, word: Triggerable) -> None:
    """With a request, or with the reason why there is none; never as a mistake."""
    custom = "com.example.x" if word is Triggerable.CUSTOM else None
    request = dialect.request(Trigger(message=word, custom=custom))
    if word in words_of(dialect):
        assert isinstance(request, Request)
    elif isinstance(request, Unsupported):
        assert f"OCPP {dialect.version}" in request.reason


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        (V16, {"TransactionEvent", "PublishFirmwareStatusNotification", "CustomTrigger"}),
        (V201, {"SignV2G20Certificate", "CustomTrigger"}),
        (V21, set[str]()),
    ],
)
def test_what_a_version_does_not_send(dialect: Dialect, words: set[str]) -> None:
    """It is unsupported."""
    for word in words:
        custom = "com.example.x" if word == "CustomTrigger" else None
        request = dialect.request(Trigger(message=word, custom=custom))
        assert isinstance(request, Unsupported), word


DISPLAYED = SetMessage(
    message=DisplayMessage(
        priority=Priority.NORMAL_CYCLE, message=Text(format=Format.UTF8, content="x" * 600)
    ),
    ref=1,
)


@pytest.mark.parametrize(
    ("dialect", "command", "field"),
    [
        (V201, RemoteStart(id_token="A", kind="DirectPayment", ref=1), "kind"),
        (V201, AskCustomer(customer=Customer(id_token="A", kind="VIN")), "kind"),
        (V201, UpdateFirmware(location=LONG, retrieve_at=AT, ref=1), "location"),
        (V201, PublishFirmware(location=LONG, checksum="0" * 32, ref=1), "location"),
        (V201, RequestLog(kind=LogKind.SECURITY, location=LONG, ref=1), "location"),
        (
            V201,
            SetNetworkProfile(
                slot=1,
                profile=NetworkProfile(
                    url="wss://c", interface="Any", security_profile=1, message_timeout_s=5
                ),
            ),
            "interface",
        ),
        (V201, DISPLAYED, "content"),
        (V16, RemoteStart(id_token="x" * 21), "id_token"),
        (V16, RemoteStop(transaction_ref="2147483648"), "transaction_ref"),
    ],
)
def test_what_a_newer_version_can_say(dialect: Dialect, command: Command, field: str) -> None:
    """It is unsupported, with the field and the rule; the newest version says it."""
    request = dialect.request(command)
    assert isinstance(request, Unsupported)
    assert request.field == field
    assert request.reason.startswith(f"OCPP {dialect.version} cannot say it: {field} is ")
    assert isinstance(V21.request(command), Request)


@EVERY
def test_what_none_can_say(dialect: Dialect) -> None:
    """It is a mistake, and so is what breaks a rule of a message in wire form."""
    for command in (RemoteStart(id_token="x" * 256, ref=1), Trigger(message="Nothing")):
        with pytest.raises(Invalid):
            dialect.request(command)
    raw = Raw(action="TriggerMessage", payload={"requestedMessage": "Nothing"})
    with pytest.raises(Invalid):
        dialect.request(raw)
