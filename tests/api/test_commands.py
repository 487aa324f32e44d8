"""Commands to stations over REST."""

from __future__ import annotations

from typing import Any

import pytest

from csms.core import commands
from csms.core.charging.profiles import as_profile
from csms.core.commands import Outcome, ResetKind
from csms.core.errors import Invalid

PROFILE = {
    "stack_level": 0,
    "purpose": "TxProfile",
    "kind": "Relative",
    "schedules": [{"unit": "A", "periods": [{"start_period": 0, "limit": 16}]}],
}
CASES = [
    (
        "commands",
        {"action": "GetDiagnostics", "payload": {"location": "ftp://x"}},
        commands.Raw(action="GetDiagnostics", payload={"location": "ftp://x"}),
    ),
    ("commands", {"action": "ClearCache"}, commands.Raw(action="ClearCache")),
    ("remote-start", {"id_token": "TAG"}, commands.RemoteStart(id_token="TAG")),
    (
        "remote-start",
        {"id_token": "TAG", "evse_id": 2, "charging_profile": PROFILE},
        commands.RemoteStart(id_token="TAG", evse_id=2, charging_profile=as_profile(PROFILE)),
    ),
    ("remote-stop", {"transaction_id": 9}, commands.RemoteStop(transaction_ref="9")),
    ("remote-stop", {"transaction_id": "9"}, commands.RemoteStop(transaction_ref="9")),
    ("reset", None, commands.Reset(kind=ResetKind.SOFT)),
    ("reset", {"kind": "hard"}, commands.Reset(kind=ResetKind.HARD)),
    ("unlock", {"evse_id": 1}, commands.Unlock(evse_id=1)),
    ("unlock", {"evse_id": 1, "connector_id": 2}, commands.Unlock(evse_id=1, connector_id=2)),
    ("availability", {"operative": False}, commands.ChangeAvailability(operative=False)),
    (
        "availability",
        {"operative": True, "evse_id": 1},
        commands.ChangeAvailability(operative=True, evse_id=1),
    ),
    ("trigger", {"message": "Heartbeat"}, commands.Trigger(message="Heartbeat")),
    (
        "trigger",
        {"message": "MeterValues", "evse_id": 1},
        commands.Trigger(message="MeterValues", evse_id=1),
    ),
    ("clear-cache", None, commands.ClearCache()),
    ("clear-cache", {}, commands.ClearCache()),
    ("data-transfer", {"vendor_id": "V"}, commands.SendData(vendor_id="V")),
    (
        "data-transfer",
        {"vendor_id": "V", "message_id": "m", "data": {"a": [1]}},
        commands.SendData(vendor_id="V", message_id="m", data={"a": [1]}),
    ),
]


@pytest.mark.parametrize(("path", "body", "command"), CASES)
def test_command_is_sent(api: Any, path: str, body: Any, command: commands.Command) -> None:
    """Each route sends its command, and answers with what became of it."""
    api.stations.seed("A")
    api.operations.outcome = Outcome(status="accepted", response={"status": "Accepted"})
    reply = api.ask("POST", f"/api/v1/stations/A/{path}", json=body)
    assert reply.status == 200
    assert (reply.json["status"], reply.json["response"]) == ("accepted", {"status": "Accepted"})
    assert [(identity, sent) for identity, sent, _, _ in api.operations.sent] == [("A", command)]


@pytest.mark.parametrize("status", ["rejected", "unsupported", "unreachable", "expired"])
def test_every_outcome_is_an_answer(api: Any, status: str) -> None:
    """However a command is settled, the call itself succeeded."""
    api.stations.seed("A")
    api.operations.outcome = Outcome(status=status, detail="why")
    reply = api.ask("POST", "/api/v1/stations/A/reset")
    assert (reply.status, reply.json["status"], reply.json["detail"]) == (200, status, "why")


@pytest.mark.parametrize(("queue", "status"), [(False, "pending"), (True, "queued")])
def test_unsettled_is_202(api: Any, queue: bool, status: str) -> None:
    """While the outcome is open the answer says where to ask for it."""
    api.stations.seed("A")
    api.operations.outcome = None
    reply = api.ask("POST", "/api/v1/stations/A/reset", json={"queue": queue})
    assert (reply.status, reply.json["status"]) == (202, status)
    assert reply.headers["Location"] == f"/api/v1/operations/{reply.json['id']}"
    assert api.ask("GET", reply.headers["Location"]).json == reply.json


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("commands", {"payload": {}}, "action"),
        ("commands", {"action": "Reset", "payload": []}, "payload"),
        ("commands", {"action": "x" * 65}, "action"),
        ("remote-start", {}, "id_token"),
        ("remote-start", {"id_token": ""}, "id_token"),
        ("remote-start", {"id_token": "T", "evse_id": -1}, "evse_id"),
        ("remote-start", {"id_token": "T", "connector_id": 1}, "connector_id"),
        ("remote-stop", {"transaction_id": 2**31}, "transaction_id"),
        ("reset", {"kind": "gently"}, "kind"),
        ("unlock", {}, "evse_id"),
        ("availability", {"evse_id": 1}, "operative"),
        ("availability", {"operative": "no"}, "operative"),
        ("availability", {"operative": False, "connector_id": 1}, "connector_id"),
        (
            "availability",
            {"operative": False, "evse_id": 0, "connector_id": 1},
            "connector_id",
        ),
        ("trigger", {"message": ""}, "message"),
        ("trigger", {"message": "Nothing"}, "message"),
        ("trigger", {"message": "StatusNotification", "connector_id": 1}, "connector_id"),
        ("data-transfer", {"vendor_id": "x" * 256}, "vendor_id"),
        ("clear-cache", {"queue": 1}, "queue"),
    ],
)
def test_wrong_command_is_refused_by_field(api: Any, path: str, body: Any, field: str) -> None:
    """What does not fit is not sent, and named."""
    api.stations.seed("A")
    reply = api.ask("POST", f"/api/v1/stations/A/{path}", json=body)
    assert (reply.status, reply.json["field"]) == (422, field)
    assert api.operations.sent == []


def test_schema_fault_is_told(api: Any) -> None:
    """What the station's schema refuses comes back by its name."""
    api.stations.seed("A")
    api.operations.refusal = Invalid("too long", field="payload.location")
    body = {"action": "GetDiagnostics", "payload": {"location": "x"}}
    reply = api.ask("POST", "/api/v1/stations/A/commands", json=body)
    assert (reply.status, reply.json["field"]) == (422, "payload.location")


def test_unknown_station_is_404(api: Any) -> None:
    """Nobody is sent nothing."""
    assert api.ask("POST", "/api/v1/stations/none/reset").status == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"session_id": "s", "evse_id": 1},
        {"transaction_id": 1, "evse_id": 1},
        {"session_id": "s", "transaction_id": "1", "evse_id": 1},
    ],
)
def test_stop_wants_exactly_one_way(api: Any, body: Any) -> None:
    """A stop says in one way what it means."""
    api.stations.seed("A")
    reply = api.ask("POST", "/api/v1/stations/A/remote-stop", json=body)
    assert (reply.status, reply.json["code"]) == (422, "invalid")


def test_a_start_with_a_profile_that_cannot_be(api: Any) -> None:
    """Is refused before anything is sent."""
    api.stations.seed("cp-1", connected=True)
    body = {"id_token": "TAG", "charging_profile": {**PROFILE, "purpose": "TxDefaultProfile"}}
    reply = api.ask("POST", "/api/v1/stations/cp-1/remote-start", json=body)
    assert (reply.status, reply.json["field"]) == (422, "charging_profile.purpose")
    assert api.operations.sent == []
