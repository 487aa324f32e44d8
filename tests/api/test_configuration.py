"""Settings of a station over REST."""

from __future__ import annotations

from typing import Any

import pytest

from csms.core.commands import ChangeConfiguration, Outcome, ReadConfiguration
from csms.core.errors import Conflict, Invalid, Unavailable

PATH = "/api/v1/stations/A/configuration"


@pytest.fixture(autouse=True)
def station(api: Any) -> None:
    """The station whose settings are meant."""
    api.stations.seed("A")


def test_read_all(api: Any) -> None:
    """Settings are read from the station and told in one form."""
    response = {
        "configurationKey": [
            {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
            {"key": "NumberOfConnectors", "readonly": True},
        ],
        "unknownKey": ["Nonsense"],
    }
    api.operations.outcome = Outcome(status="accepted", response=response)
    told = api.ask("GET", PATH).json
    assert told["settings"] == [
        {"key": "HeartbeatInterval", "value": "300", "readonly": False},
        {"key": "NumberOfConnectors", "value": None, "readonly": True},
    ]
    assert told["unknown_keys"] == ["Nonsense"]
    assert api.operations.sent[0][1] == ReadConfiguration()
    assert api.ask("GET", f"/api/v1/operations/{told['id']}").status == 200


def test_read_some(api: Any) -> None:
    """Keys are separated by commas."""
    api.ask("GET", f"{PATH}?keys=A,%20B,,C%2CD")
    assert api.operations.sent[0][1] == ReadConfiguration(keys=("A", "B", "C", "D"))


@pytest.mark.parametrize("keys", ["x" * 51, ",".join(["k"] * 201)])
def test_read_too_much(api: Any, keys: str) -> None:
    """Keys have 50 characters at most, and there is an end to their number."""
    reply = api.ask("GET", f"{PATH}?keys={keys}")
    assert (reply.status, reply.json["field"]) == (422, "keys")


@pytest.mark.parametrize(
    "response",
    [
        None,
        {"configurationKey": "x", "unknownKey": 5},
        {"configurationKey": [5, {"key": 5}, {"value": "x"}], "unknownKey": [5]},
    ],
)
def test_nonsense_from_the_station(api: Any, response: Any) -> None:
    """A station may answer anything; what makes no sense is left out."""
    api.operations.outcome = Outcome(status="accepted", response=response)
    told = api.ask("GET", PATH).json
    assert (told["settings"], told["unknown_keys"]) == ([], [])


def test_odd_values_from_the_station(api: Any) -> None:
    """Values that should be texts are told as texts."""
    keys = [{"key": "a", "value": 5, "readonly": "yes"}, {"key": "b", "value": True}]
    api.operations.outcome = Outcome(status="accepted", response={"configurationKey": keys})
    assert api.ask("GET", PATH).json["settings"] == [
        {"key": "a", "value": "5", "readonly": None},
        {"key": "b", "value": "true", "readonly": None},
    ]


def test_unreachable_station(api: Any) -> None:
    """Why there are no settings is told."""
    api.operations.outcome = Outcome(status="unreachable", detail="not connected")
    told = api.ask("GET", PATH).json
    assert (told["status"], told["detail"]) == ("unreachable", "not connected")


def test_slow_station(api: Any) -> None:
    """A station that takes its time is asked for later."""
    api.operations.outcome = None
    reply = api.ask("GET", PATH)
    assert (reply.status, reply.json["status"]) == (202, "pending")
    assert reply.headers["Location"].endswith(reply.json["id"])


def test_write(api: Any) -> None:
    """Each key is one message, and each is reported."""
    api.operations.outcome = [
        Outcome(status="accepted", response={"status": "RebootRequired"}, detail="RebootRequired"),
        Outcome(status="rejected"),
        Outcome(status="unsupported"),
    ]
    items = api.ask("PATCH", PATH, json={"A": "x", "B": 5, "C": True}).json["items"]
    assert [(item["key"], item["status"]) for item in items] == [
        ("A", "accepted"),
        ("B", "rejected"),
        ("C", "unsupported"),
    ]
    assert items[0]["response"] == {"status": "RebootRequired"}
    assert [command for _, command, _, _ in api.operations.sent] == [
        ChangeConfiguration(key="A", value="x"),
        ChangeConfiguration(key="B", value="5"),
        ChangeConfiguration(key="C", value="true"),
    ]


@pytest.mark.parametrize(
    "outcome", [None, Outcome(status="expired"), Outcome(status="unreachable")]
)
def test_write_stops_at_silence(api: Any, outcome: Any) -> None:
    """After a key that got no answer the others are not sent."""
    api.operations.outcome = outcome
    items = api.ask("PATCH", PATH, json={"A": "1", "B": "2"}).json["items"]
    assert [item["status"] for item in items][1] == "not_sent"
    assert items[1]["id"] is None
    assert len(api.operations.sent) == 1


def test_write_refused_at_once(api: Any) -> None:
    """A first key that is refused refuses the whole, by its name."""
    api.operations.outcome = [Invalid("too long", field="value")]
    reply = api.ask("PATCH", PATH, json={"A": "1", "B": "2"})
    assert (reply.status, reply.json["field"]) == (422, "A")
    api.operations.outcome = [Conflict("it is rejected", code="not_registered")]
    assert api.ask("PATCH", PATH, json={"A": "1"}).json["code"] == "not_registered"


def test_write_refused_later(api: Any) -> None:
    """What was written before a refusal is still reported; an invalid value stops only itself."""
    accepted = Outcome(status="accepted")
    api.operations.outcome = [accepted, Invalid("too long"), accepted, Unavailable("no database")]
    body = dict.fromkeys("ABCDE", "1")
    items = api.ask("PATCH", PATH, json=body).json["items"]
    assert [(item["status"], item["detail"]) for item in items] == [
        ("accepted", None),
        ("not_sent", "too long"),
        ("accepted", None),
        ("not_sent", "no database"),
        ("not_sent", None),
    ]


def test_write_queued(api: Any) -> None:
    """Queued writes all wait for the station."""
    api.operations.outcome = None
    items = api.ask("PATCH", f"{PATH}?queue=true", json={"A": "1", "B": "2"}).json["items"]
    assert [item["status"] for item in items] == ["queued", "queued"]


@pytest.mark.parametrize(
    "body",
    [{}, {"": "x"}, {"x" * 51: "x"}, {"A": None}, {"A": 1.5}, {"A": ["x"]}, {"A": "x" * 2501}],
)
def test_wrong_values_are_refused(api: Any, body: Any) -> None:
    """Values are texts, whole numbers or flags."""
    assert api.ask("PATCH", PATH, json=body).status == 422
    assert api.operations.sent == []


def test_unknown_station(api: Any) -> None:
    """A station that is not there has no settings."""
    assert api.ask("GET", PATH.replace("/A/", "/B/")).status == 404
