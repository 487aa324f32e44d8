"""Messages on displays, in every version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from csms.adapter.dialect import DIALECTS, Dialect, Request, Understood, Unsupported
from csms.core.commands import Command, Raw
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
from csms.core.errors import Invalid
from csms.core.replies import Acknowledged
from csms.core.values import Strictness

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, MID, NEW = (DIALECTS[name] for name in ("ocpp1.6", "ocpp2.0.1", "ocpp2.1"))
modern = pytest.mark.parametrize("dialect", [MID, NEW], ids=["2.0.1", "2.1"])
HELLO = Text(format=Format.UTF8, content="Hello", language="en")
PLAIN = SetMessage(
    ref=7,
    message=DisplayMessage(
        priority=Priority.ALWAYS_FRONT,
        message=HELLO,
        state="Idle",
        start_at="2026-03-01T12:00:00.000Z",
        end_at="2026-03-02T12:00:00.000Z",
        transaction_ref="T1",
    ),
)
PLAIN_WIRE = {
    "message": {
        "id": 7,
        "priority": "AlwaysFront",
        "message": {"format": "UTF8", "content": "Hello", "language": "en"},
        "state": "Idle",
        "startDateTime": "2026-03-01T12:00:00.000Z",
        "endDateTime": "2026-03-02T12:00:00.000Z",
        "transactionId": "T1",
    }
}
FILTERED = ReportMessages(ref=3, priority=Priority.IN_FRONT, state="Faulted")


@modern
@pytest.mark.parametrize(
    ("command", "request_"),
    [
        (PLAIN, Request("SetDisplayMessage", PLAIN_WIRE)),
        (ClearMessage(message_id=7), Request("ClearDisplayMessage", {"id": 7})),
        (ReportMessages(ref=3), Request("GetDisplayMessages", {"requestId": 3})),
        (
            ReportMessages(ref=3, message_ids=(1, 2)),
            Request("GetDisplayMessages", {"requestId": 3, "id": [1, 2]}),
        ),
        (
            FILTERED,
            Request(
                "GetDisplayMessages", {"requestId": 3, "priority": "InFront", "state": "Faulted"}
            ),
        ),
    ],
)
def test_requests(dialect: Dialect, command: Command, request_: Request) -> None:
    """O01 to O06; a raw request that says the same is the same command."""
    assert dialect.request(command) == request_
    assert dialect.interpret(Raw(action=request_.action, payload=request_.payload)) == command
    assert isinstance(OLD.request(command), Unsupported)


def test_what_came_with_2_1() -> None:
    """More languages, states and formats: 2.0.1 has no words for them."""
    extra = SetMessage(
        ref=7,
        message=DisplayMessage(
            priority=Priority.IN_FRONT,
            message=HELLO,
            message_extra=(Text(format=Format.UTF8, content="Hallo", language="de"),),
        ),
    )
    code = SetMessage(
        ref=7,
        message=DisplayMessage(
            priority=Priority.IN_FRONT, message=Text(format=Format.QRCODE, content="x")
        ),
    )
    for command in (extra, code):
        assert isinstance(NEW.request(command), Request)
        assert isinstance(MID.request(command), Unsupported)


def test_what_no_version_knows() -> None:
    """Is named as whoever asks calls it; what is new in 2.1 is told to be."""
    later = replace(PLAIN, message=replace(PLAIN.message, state="Suspended"))
    told = MID.request(later)
    assert isinstance(told, Unsupported)
    assert told.reason == "OCPP 2.0.1 knows no state Suspended."
    assert isinstance(NEW.request(later), Request)
    for dialect in (MID, NEW):
        with pytest.raises(Invalid) as caught:
            dialect.request(replace(PLAIN, message=replace(PLAIN.message, state="Sleepy")))
        assert caught.value.field == "state"


@modern
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"message": Text(format=Format.UTF8, content="x" * 1025)}, "content"),
        ({"message": Text(format=Format.UTF8, content="x", language="y" * 9)}, "language"),
        ({"end_at": "tomorrow"}, "end_at"),
        ({"transaction_ref": "x" * 37}, "session_id"),
    ],
)
def test_fields_are_those_of_who_asks(dialect: Dialect, changed: Any, field: str) -> None:
    """Not those of the wire."""
    with pytest.raises(Invalid) as caught:
        dialect.request(replace(PLAIN, message=replace(PLAIN.message, **changed)))
    assert caught.value.field == field


def test_fields_of_translations() -> None:
    """Each by its number."""
    extra = (HELLO, Text(format=Format.UTF8, content="x" * 1025))
    with pytest.raises(Invalid) as caught:
        NEW.request(replace(PLAIN, message=replace(PLAIN.message, message_extra=extra)))
    assert caught.value.field == "translations[1].content"


def test_a_raw_message_that_says_more_stays_as_it_is() -> None:
    """The component that shows it is nothing the core knows."""
    payload = {"message": {**PLAIN_WIRE["message"], "display": {"name": "Display"}}}
    raw = Raw(action="SetDisplayMessage", payload=payload)
    assert MID.interpret(raw) is raw
    odd = {"message": {**PLAIN_WIRE["message"], "startDateTime": "yesterday"}}
    raw = Raw(action="SetDisplayMessage", payload=odd)
    assert MID.interpret(raw) is raw


@modern
@pytest.mark.parametrize(
    ("command", "answer", "status", "found"),
    [
        (PLAIN, "Accepted", "accepted", None),
        (PLAIN, "NotSupportedPriority", "unsupported", None),
        (PLAIN, "NotSupportedState", "unsupported", None),
        (PLAIN, "NotSupportedMessageFormat", "unsupported", None),
        (PLAIN, "UnknownTransaction", "rejected", None),
        (PLAIN, "Rejected", "rejected", None),
        (ClearMessage(message_id=7), "Unknown", "rejected", NothingThere()),
        (FILTERED, "Accepted", "accepted", None),
        (FILTERED, "Unknown", "rejected", NothingThere()),
    ],
)
def test_answers(
    dialect: Dialect, command: Command, answer: str, status: str, found: object
) -> None:
    """What the station made of it."""
    outcome = dialect.outcome(command, {"status": answer})
    assert (outcome.status, outcome.found) == (status, found)


@modern
@pytest.mark.parametrize("strictness", list(Strictness))
def test_what_a_station_shows(dialect: Dialect, strictness: Strictness) -> None:
    """O03, O04: in the words of the core."""
    payload: dict[str, Any] = {
        "requestId": 3,
        "messageInfo": [PLAIN_WIRE["message"]],
        "tbc": True,
    }
    message = {
        "id": 7,
        "priority": "AlwaysFront",
        "message": {"format": "UTF8", "content": "Hello", "language": "en"},
        "state": "Idle",
        "start_at": "2026-03-01T12:00:00.000Z",
        "end_at": "2026-03-02T12:00:00.000Z",
        "transaction_ref": "T1",
    }
    told = dialect.read("NotifyDisplayMessages", payload, strictness, NOW)
    assert told == Understood(MessagesTold(ref=3, messages=(message,), last=False))
    assert dialect.write("NotifyDisplayMessages", Acknowledged()) == {}


@modern
def test_what_is_odd_costs_only_itself(dialect: Dialect) -> None:
    """An unknown priority, and a message without a number of its report."""
    payload = {
        "messageInfo": [
            {"id": 1, "priority": "Loud", "message": {"format": "UTF8", "content": "x"}}
        ],
    }
    told = dialect.read("NotifyDisplayMessages", payload, Strictness.TOLERANT, NOW)
    assert isinstance(told, Understood)
    assert isinstance(told.report, MessagesTold)
    assert told.report.ref is None
    assert told.report.messages[0]["message"] == {"format": "UTF8", "content": "x"}
    empty = dialect.read("NotifyDisplayMessages", {"requestId": 3}, Strictness.TOLERANT, NOW)
    assert empty == Understood(MessagesTold(ref=3, messages=()))
