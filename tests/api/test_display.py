"""Messages on the displays of stations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from csms.core.display.vocabulary import (
    ClearMessage,
    Format,
    Priority,
    ReportMessages,
    SetMessage,
)
from csms.core.holdings import Holding
from csms.core.values import SessionStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "/api/v1/stations/CP1/display-messages"


def test_what_a_station_shows(api: Any) -> None:
    """What a station told may lack anything."""
    api.stations.seed("CP1")
    for key, content in (
        ("1", {"priority": "InFront", "message": {"format": "UTF8", "content": "Hello"}}),
        ("2", {"message": "odd", "message_extra": 5}),
    ):
        api.holdings.seed(
            "CP1",
            Holding(
                kind="display_message",
                key=key,
                content=content,
                origin="told",
                created_at=NOW,
                updated_at=NOW,
            ),
        )
    first, second = api.ask("GET", URL).json["items"]
    assert (first["message_id"], first["content"], first["priority"]) == (1, "Hello", "InFront")
    assert (second["message_id"], second["content"], second["translations"]) == (2, None, [])
    assert api.ask("GET", "/api/v1/stations/CP2/display-messages").status == 404


def test_showing_a_message(api: Any) -> None:
    """A new one gets a number, one of a number replaces the one before."""
    api.stations.seed("CP1")
    body = {
        "content": "Hello",
        "language": "en",
        "priority": "AlwaysFront",
        "start_at": "2026-03-01T13:00:00+01:00",
        "translations": [{"content": "Hallo", "language": "de"}],
    }
    assert api.ask("POST", URL, json=body).status == 200
    [(identity, command, queue, _)] = api.operations.sent
    assert isinstance(command, SetMessage)
    assert (identity, command.ref, queue) == ("CP1", None, False)
    message = command.message
    assert (message.priority, message.start_at) == (
        Priority.ALWAYS_FRONT,
        "2026-03-01T12:00:00.000Z",
    )
    assert (message.message.content, message.message.format) == ("Hello", Format.UTF8)
    assert [text.content for text in message.message_extra] == ["Hallo"]
    assert api.ask("PUT", f"{URL}/7", json={"content": "x", "queue": True}).status == 200
    _, command, queue, _ = api.operations.sent[1]
    assert (command.ref, queue) == (7, True)


def test_a_message_of_a_session(api: Any) -> None:
    """It ends with the session, which must run at that station."""
    running = api.seed_session(api.stations.seed("CP1"), transaction_ref="T1")
    body = {"content": "x", "session_id": running.id}
    assert api.ask("POST", URL, json=body).status == 200
    assert api.operations.sent[0][1].message.transaction_ref == "T1"
    api.stations.seed("CP2")
    other = api.ask("POST", "/api/v1/stations/CP2/display-messages", json=body)
    assert other.status == 404
    api.sessions.seed(replace(running, status=SessionStatus.ENDED))
    assert api.ask("POST", URL, json=body).status == 409


def test_a_message_ends_after_it_begins(api: Any) -> None:
    """Anything else is a mistake of the caller."""
    api.stations.seed("CP1")
    body = {
        "content": "x",
        "start_at": "2026-03-01T13:00:00Z",
        "end_at": "2026-03-01T13:00:00Z",
    }
    refused = api.ask("POST", URL, json=body)
    assert (refused.status, refused.json["field"]) == (422, "end_at")


def test_clearing_and_asking(api: Any) -> None:
    """By number; by ids or by what fits."""
    api.stations.seed("CP1")
    assert api.ask("DELETE", f"{URL}/7").status == 200
    assert api.ask("POST", f"{URL}/report").status == 200
    assert api.ask("POST", f"{URL}/report", json={"message_ids": [1]}).status == 200
    assert api.ask("POST", f"{URL}/report", json={"state": "Idle"}).status == 200
    assert [sent[1] for sent in api.operations.sent] == [
        ClearMessage(message_id=7),
        ReportMessages(),
        ReportMessages(message_ids=(1,)),
        ReportMessages(state="Idle"),
    ]
    both = api.ask("POST", f"{URL}/report", json={"message_ids": [1], "state": "Idle"})
    assert (both.status, both.json["field"]) == (422, "message_ids")
