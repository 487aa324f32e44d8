"""Messages on displays (block O), through the real process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from csms.testing.charger import Charger, NewerCharger
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

ACCEPTED = {"status": "Accepted"}


@pytest.fixture(params=["2.0.1", "2.1"])
def version(request: pytest.FixtureRequest) -> str:
    """Both versions that have displays."""
    chosen: str = request.param
    return chosen


@contextmanager
def station(
    server: RunningCsms, case: str, version: str, **replies: dict[str, Any]
) -> Iterator[tuple[NewerCharger, str]]:
    """A station named after the case, connected and booted."""
    identity = f"{case}-{version}"
    url = server.ocpp_url(identity)
    with NewerCharger.connect(url, subprotocols=(f"ocpp{version}",)) as cp:
        cp.replies = replies
        cp.boot()
        with cp.serving():
            yield cp, identity


def shown(server: RunningCsms, identity: str) -> list[dict[str, Any]]:
    """What the station is known to show."""
    found: list[dict[str, Any]] = server.get(f"/api/v1/stations/{identity}/display-messages")[
        "items"
    ]
    return found


LATER = "2030-01-01T00:00:00.000Z"
CASES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "TC_O_01": ({}, {}),
    "TC_O_13": ({"start_at": LATER}, {"startDateTime": LATER}),
    "TC_O_14": ({"end_at": LATER}, {"endDateTime": LATER}),
    "TC_O_25": ({"state": "Faulted"}, {"state": "Faulted"}),
}
"""What is asked for, and how it is sent."""


@pytest.mark.parametrize("case", CASES)
def test_tc_o_set_a_message(server: RunningCsms, version: str, case: str) -> None:
    """TC_O_01, TC_O_13 with a start, TC_O_14 with an end, TC_O_25 in a state: accepted and held."""
    with station(server, case, version, SetDisplayMessage=ACCEPTED) as (cp, identity):
        more, wire = CASES[case]
        body = {"content": "Hello", "language": "en", **more}
        assert server.ask(identity, "display-messages", body)["status"] == "accepted"
        _, payload = cp.asked.pop()
        assert payload["message"] == {
            "id": payload["message"]["id"],
            "priority": "NormalCycle",
            "message": {"format": "UTF8", "language": "en", "content": "Hello"},
            **wire,
        }
        (message,) = shown(server, identity)
        assert (message["message_id"], message["origin"]) == (payload["message"]["id"], "set")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        pytest.param("Rejected", "rejected", id="TC_O_26"),
        pytest.param("NotSupportedPriority", "unsupported", id="TC_O_17"),
        pytest.param("NotSupportedState", "unsupported", id="TC_O_18"),
        pytest.param("NotSupportedMessageFormat", "unsupported", id="TC_O_19"),
        pytest.param("UnknownTransaction", "rejected", id="TC_O_10"),
    ],
)
def test_tc_o_refused(server: RunningCsms, version: str, status: str, outcome: str) -> None:
    """TC_O_10, TC_O_17 to TC_O_19, TC_O_26: told as it is, and nothing is held."""
    replies = {"SetDisplayMessage": {"status": status}}
    with station(server, f"TC_O-{status}", version, **replies) as (_, identity):
        assert server.ask(identity, "display-messages", {"content": "x"})["status"] == outcome
        assert shown(server, identity) == []


def test_tc_o_100_language(server: RunningCsms) -> None:
    """TC_O_100: a language that the station does not have (2.1)."""
    replies = {"SetDisplayMessage": {"status": "LanguageNotSupported"}}
    with station(server, "TC_O_100", "2.1", **replies) as (_, identity):
        body = {"content": "x", "language": "xx"}
        assert server.ask(identity, "display-messages", body)["status"] == "unsupported"


def test_tc_o_101_language_of_the_driver(server: RunningCsms) -> None:
    """TC_O_101: the answer to the driver's token says which languages are the driver's, and a
    message for the session comes in several (2.1)."""
    languages = {"languages": ["de", "fr-CH"]}
    assert server.request("PUT", "/api/v1/tokens/O101", languages).status == 201
    told = {"status": "Accepted", "language1": "de", "language2": "fr-CH"}
    with station(server, "TC_O_101", "2.1", SetDisplayMessage=ACCEPTED) as (cp, identity):
        presented = {"idToken": {"idToken": "O101", "type": "ISO14443"}}
        assert cp.call("Authorize", presented)["idTokenInfo"] == told
        transaction, evse = str(uuid4()), {"id": 1, "connectorId": 1}
        answer = cp.transaction("Started", transaction, 0, "Authorized", evse=evse, **presented)
        assert answer["idTokenInfo"] == told
        (session,) = server.get(f"/api/v1/sessions?station={identity}")["items"]
        body = {
            "content": "Hello",
            "session_id": session["id"],
            "language": "en",
            "translations": [{"content": "Hallo", "language": "de"}],
        }
        assert server.ask(identity, "display-messages", body)["status"] == "accepted"
        _, payload = cp.asked.pop()
        assert payload["message"]["message"]["language"] == "en"
        (extra,) = payload["message"]["messageExtra"]
        assert (extra["language"], extra["content"]) == ("de", "Hallo")


def test_what_a_driver_is_told(server: RunningCsms, version: str) -> None:
    """Language, message and priority of a token, in the answer to Authorize and to the event that
    brings it; whom it is refused reads why."""
    path = f"/api/v1/tokens/DRIVER-{version}"
    declared = {"languages": ["nl"], "personal_message": "Hoi!", "charging_priority": -3}
    assert server.request("PUT", path, declared).status == 201
    shown = {"language1": "nl", "personalMessage": {"format": "UTF8", "content": "Hoi!"}}
    told = {"status": "Accepted", "chargingPriority": -3, **shown}
    presented = {"idToken": {"idToken": f"DRIVER-{version}", "type": "ISO14443"}}
    with station(server, "DRIVER", version) as (cp, _):
        assert cp.call("Authorize", presented) == {"idTokenInfo": told}
        transaction, evse = str(uuid4()), {"id": 1, "connectorId": 1}
        start = ("Started", transaction, 0, "Authorized")
        answer = cp.transaction(*start, evse=evse, **presented)
        assert answer == {"idTokenInfo": told, "chargingPriority": -3}
        assert cp.transaction(*start, evse=evse, **presented) == answer
        assert cp.meter(transaction, 1400) == {}
        assert server.request("PATCH", path, {"blocked": True}).status == 200
        assert cp.call("Authorize", presented) == {"idTokenInfo": {"status": "Blocked", **shown}}


def test_tc_o_12_replace(server: RunningCsms, version: str) -> None:
    """TC_O_12: the message of the same number takes the place of the one before."""
    with station(server, "TC_O_12", version, SetDisplayMessage=ACCEPTED) as (_, identity):
        for content in ("first", "second"):
            server.ask(identity, "display-messages/5", {"content": content}, "PUT")
        assert [each["content"] for each in shown(server, identity)] == ["second"]


OF_SESSIONS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "TC_O_06": ({}, {}),
    "TC_O_27": ({"start_at": LATER}, {"startDateTime": LATER}),
    "TC_O_28": ({"end_at": LATER}, {"endDateTime": LATER}),
}


@pytest.mark.parametrize("case", OF_SESSIONS)
def test_tc_o_of_a_transaction(server: RunningCsms, version: str, case: str) -> None:
    """TC_O_06, TC_O_27 with a start, TC_O_28 with an end: a message of a session goes with it."""
    more, wire = OF_SESSIONS[case]
    with station(server, case, version, SetDisplayMessage=ACCEPTED) as (cp, identity):
        transaction = cp.start("TAG")
        (session,) = server.get(f"/api/v1/sessions?station={identity}")["items"]
        body = {"content": "x", "session_id": session["id"], **more}
        assert server.ask(identity, "display-messages", body)["status"] == "accepted"
        sent = cp.asked.pop()[1]["message"]
        assert sent.items() >= {"transactionId": transaction, **wire}.items()
        assert len(sent) == 4 + len(wire)
        assert len(shown(server, identity)) == 1
        cp.stop(transaction, 1500)
        path = f"/api/v1/stations/{identity}/display-messages"
        server.until(path, lambda body: body["items"] == [])


REPORTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "TC_O_02": ({}, {}),
    "TC_O_07": ({"message_ids": [1]}, {"id": [1]}),
    "TC_O_08": ({"priority": "InFront"}, {"priority": "InFront"}),
    "TC_O_09": ({"state": "Idle"}, {"state": "Idle"}),
}
"""What is asked for, and how it is sent."""


@pytest.mark.parametrize("case", REPORTS)
def test_tc_o_report(server: RunningCsms, version: str, case: str) -> None:
    """TC_O_02 all, TC_O_07 by id, TC_O_08 by priority, TC_O_09 by state: told in parts."""
    with station(server, case, version, GetDisplayMessages=ACCEPTED) as (cp, identity):
        body, wire = REPORTS[case]
        asked = server.ask(identity, "display-messages/report", body)
        assert asked["status"] == "accepted"
        _, payload = cp.asked.pop()
        assert payload == {"requestId": asked["ref"], **wire}
        for number in (1, 2):
            told = {
                "id": number,
                "priority": "InFront",
                "state": "Idle",
                "message": {"format": "UTF8", "content": f"m{number}"},
            }
            part = {"requestId": payload["requestId"], "messageInfo": [told], "tbc": number == 1}
            assert cp.call("NotifyDisplayMessages", part) == {}
        assert [each["content"] for each in shown(server, identity)] == ["m1", "m2"]
        report = server.get(f"/api/v1/stations/{identity}/reports/{asked['ref']}")
        assert (report["status"], len(report["items"])) == ("complete", 2)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        pytest.param("Accepted", "accepted", id="TC_O_04"),
        pytest.param("Unknown", "rejected", id="TC_O_05"),
    ],
)
def test_tc_o_clear(server: RunningCsms, version: str, status: str, outcome: str) -> None:
    """TC_O_04, TC_O_05: cleared, or not known: either way it is not there."""
    replies = {"SetDisplayMessage": ACCEPTED, "ClearDisplayMessage": {"status": status}}
    with station(server, f"TC_O_04-{status}", version, **replies) as (_, identity):
        server.ask(identity, "display-messages/5", {"content": "x"}, "PUT")
        cleared = server.ask(identity, "display-messages/5", method="DELETE")
        assert cleared["status"] == outcome
        assert shown(server, identity) == []


def test_tc_o_03_nothing_to_tell(server: RunningCsms, version: str) -> None:
    """TC_O_03: the station says Unknown, so nothing is shown."""
    replies = {"SetDisplayMessage": ACCEPTED, "GetDisplayMessages": {"status": "Unknown"}}
    with station(server, "TC_O_03", version, **replies) as (_, identity):
        server.ask(identity, "display-messages/5", {"content": "x"}, "PUT")
        assert server.ask(identity, "display-messages/report", {})["status"] == "rejected"
        assert shown(server, identity) == []


def test_tc_o_11_unknown_parameters(server: RunningCsms, version: str) -> None:
    """TC_O_11: asked for a message that it does not have, the station says Unknown; the others are
    still there."""
    replies = {"SetDisplayMessage": ACCEPTED, "GetDisplayMessages": {"status": "Unknown"}}
    with station(server, "TC_O_11", version, **replies) as (cp, identity):
        server.ask(identity, "display-messages/5", {"content": "x"}, "PUT")
        asked = server.ask(identity, "display-messages/report", {"message_ids": [99]})
        assert asked["status"] == "rejected"
        assert cp.asked.pop()[1]["id"] == [99]
        assert [each["message_id"] for each in shown(server, identity)] == [5]


def test_1_6_has_no_displays(server: RunningCsms) -> None:
    """The operation says so."""
    with Charger.connect(server.ocpp_url("DISPLAY-16")) as cp:
        cp.boot()
        asked = server.ask("DISPLAY-16", "display-messages", {"content": "x"})
        assert asked["status"] == "unsupported"
        assert "1.6" in asked["detail"]
