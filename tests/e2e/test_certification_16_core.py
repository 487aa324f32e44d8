"""Certification cases of OCPP 1.6 for a central system: Core and Remote Trigger.

Each test is named after its case.  What a case needs of TLS is not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from csms.testing.charger import Charger, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

ACCEPTED = {"status": "Accepted"}
TAG = "CERT16"


@contextmanager
def station(
    server: RunningCsms, case: str, **replies: dict[str, Any]
) -> Iterator[tuple[Charger, str]]:
    """A station named after the case: connected, booted, its connectors available."""
    identity = f"{case}-16"
    with Charger.connect(server.ocpp_url(identity)) as cp:
        cp.replies = {"TriggerMessage": ACCEPTED, **replies}
        assert cp.boot()["status"] == "Accepted"
        cp.status("Available", 0)
        cp.status("Available", 1)
        with cp.serving():
            yield cp, identity


def token(server: RunningCsms, name: str, **fields: Any) -> None:
    """Make a token known."""
    assert server.request("PUT", f"/api/v1/tokens/{name}", fields).status in (200, 201)


def authorize(cp: Charger, tag: str) -> str:
    """The status that Authorize answers."""
    status: str = cp.call("Authorize", {"idTag": tag})["idTagInfo"]["status"]
    return status


def session(server: RunningCsms, identity: str) -> dict[str, Any]:
    """The only session of a station."""
    (found,) = server.get(f"/api/v1/sessions?station={identity}")["items"]
    return dict(found)


def connector(server: RunningCsms, identity: str, evse_id: int = 1) -> str:
    """The status of a connector as the API tells it."""
    status: str = server.get(f"/api/v1/stations/{identity}/connectors/{evse_id}")["status"]
    return status


def start_raw(cp: Charger, tag: str, meter: int = 100, **more: Any) -> dict[str, Any]:
    """StartTransaction; the whole answer."""
    payload = {"connectorId": 1, "idTag": tag, "meterStart": meter, "timestamp": stamp(), **more}
    return cp.call("StartTransaction", payload)


def test_tc_001_cold_boot(server: RunningCsms) -> None:
    """TC_001: the boot is accepted with time and interval, statuses and heartbeat are answered."""
    with Charger.connect(server.ocpp_url("TC_001-16")) as cp:
        answer = cp.boot()
        assert answer["status"] == "Accepted"
        assert answer["interval"] > 0
        assert answer["currentTime"].endswith("Z")
        cp.status("Available", 0)
        cp.status("Available", 1)
        assert cp.call("Heartbeat", {})["currentTime"].endswith("Z")
        assert connector(server, "TC_001-16") == "Available"


@pytest.mark.parametrize(
    "order",
    [pytest.param("plug", id="TC_003"), pytest.param("tag", id="TC_004_1")],
)
def test_tc_003_004_1_regular_session(server: RunningCsms, order: str) -> None:
    """TC_003 plugin first, TC_004_1 identification first: a session from start to stop."""
    case = {"plug": "TC_003", "tag": "TC_004_1"}[order]
    with station(server, case) as (cp, identity):
        if order == "plug":
            cp.status("Preparing")
            assert authorize(cp, TAG) == "Accepted"
        else:
            assert authorize(cp, TAG) == "Accepted"
            cp.status("Preparing")
        number = cp.start(TAG, 1000)
        assert number > 0
        cp.status("Charging")
        cp.meter(number, 1500)
        cp.status("Finishing")
        stopped = cp.call(
            "StopTransaction",
            {"transactionId": number, "idTag": TAG, "meterStop": 2000, "timestamp": stamp()},
        )
        assert stopped["idTagInfo"]["status"] == "Accepted"
        cp.status("Available")
        told = session(server, identity)
        assert (told["status"], told["energy_wh"], told["flags"]) == ("ended", 1000, [])


def test_tc_004_2_connection_timeout(server: RunningCsms) -> None:
    """TC_004_2: authorized and never plugged in: no session comes of it."""
    with station(server, "TC_004_2") as (cp, identity):
        assert authorize(cp, TAG) == "Accepted"
        cp.status("Preparing")
        cp.status("Available")
        assert server.get(f"/api/v1/sessions?station={identity}")["items"] == []


def test_tc_005_1_ev_side_disconnected(server: RunningCsms) -> None:
    """TC_005_1: the stop is told with EVDisconnected."""
    with station(server, "TC_005_1") as (cp, identity):
        number = cp.start(TAG)
        cp.status("SuspendedEV")
        cp.stop(number, 1500, "EVDisconnected")
        cp.status("Finishing")
        cp.status("Available")
        assert session(server, identity)["stop_reason"] == "EVDisconnected"


def test_tc_007_cached_id(server: RunningCsms) -> None:
    """TC_007: a start without Authorize before; the answer corrects the cache."""
    with station(server, "TC_007") as (cp, _):
        cp.status("Preparing")
        answer = start_raw(cp, TAG)
        assert answer["idTagInfo"]["status"] == "Accepted"
        assert answer["transactionId"] > 0


@pytest.mark.parametrize(
    ("case", "plugged"),
    [
        pytest.param("TC_010", True, id="TC_010"),
        pytest.param("TC_011_1", False, id="TC_011_1"),
    ],
)
def test_tc_010_011_1_remote_start(server: RunningCsms, case: str, plugged: bool) -> None:
    """TC_010 cable first, TC_011_1 remote start first: the session is that of the start."""
    with station(server, case, RemoteStartTransaction=ACCEPTED) as (cp, identity):
        if plugged:
            cp.status("Preparing")
        asked = server.ask(identity, "remote-start", {"id_token": TAG, "evse_id": 1})
        assert asked["status"] == "accepted"
        assert cp.asked.pop() == ("RemoteStartTransaction", {"idTag": TAG, "connectorId": 1})
        assert authorize(cp, TAG) == "Accepted"
        if not plugged:
            cp.status("Preparing")
        cp.start(TAG)
        cp.status("Charging")
        operation = server.get(f"/api/v1/operations/{asked['id']}")
        assert operation["session_id"] == session(server, identity)["id"]


def test_tc_011_2_remote_start_timeout(server: RunningCsms) -> None:
    """TC_011_2: accepted, and nobody plugs in: no session, the connector is free again."""
    with station(server, "TC_011_2", RemoteStartTransaction=ACCEPTED) as (cp, identity):
        asked = server.ask(identity, "remote-start", {"id_token": TAG, "evse_id": 1})
        assert asked["status"] == "accepted"
        cp.status("Preparing")
        cp.status("Available")
        assert server.get(f"/api/v1/operations/{asked['id']}")["session_id"] is None
        assert connector(server, identity) == "Available"


def test_tc_012_remote_stop(server: RunningCsms) -> None:
    """TC_012: by the session; the reason is Remote."""
    with station(server, "TC_012", RemoteStopTransaction=ACCEPTED) as (cp, identity):
        number = cp.start(TAG)
        asked = server.ask(identity, "remote-stop", {"evse_id": 1})
        assert asked["status"] == "accepted"
        assert cp.asked.pop() == ("RemoteStopTransaction", {"transactionId": number})
        cp.stop(number, 1500, "Remote")
        assert session(server, identity)["stop_reason"] == "Remote"


@pytest.mark.parametrize(
    ("case", "kind"),
    [pytest.param("TC_013", "hard", id="TC_013"), pytest.param("TC_014", "soft", id="TC_014")],
)
def test_tc_013_014_reset(server: RunningCsms, case: str, kind: str) -> None:
    """TC_013 hard, TC_014 soft: the session is stopped, the station boots again."""
    with station(server, case, Reset=ACCEPTED) as (cp, identity):
        number = cp.start(TAG)
        assert server.ask(identity, "reset", {"kind": kind})["status"] == "accepted"
        assert cp.asked.pop() == ("Reset", {"type": kind.capitalize()})
        cp.stop(number, 1500, f"{kind.capitalize()}Reset")
    with Charger.connect(server.ocpp_url(identity)) as cp:
        assert cp.boot()["status"] == "Accepted"
        assert session(server, identity)["stop_reason"] == f"{kind.capitalize()}Reset"


@pytest.mark.parametrize(
    ("case", "status", "outcome", "charging"),
    [
        pytest.param("TC_017_1", "Unlocked", "accepted", False, id="TC_017_1"),
        pytest.param("TC_017_2", "NotSupported", "unsupported", False, id="TC_017_2"),
        pytest.param("TC_018_1", "Unlocked", "accepted", True, id="TC_018_1"),
        pytest.param("TC_030", "UnlockFailed", "rejected", False, id="TC_030"),
        pytest.param("TC_031", "NotSupported", "unsupported", False, id="TC_031"),
    ],
)
def test_tc_017_018_030_031_unlock(
    server: RunningCsms, case: str, status: str, outcome: str, charging: bool
) -> None:
    """TC_017_1, TC_017_2, TC_018_1 (with a session), TC_030 failure, TC_031 unknown connector."""
    with station(server, case, UnlockConnector={"status": status}) as (cp, identity):
        number = cp.start(TAG) if charging else None
        evse_id = 7 if case == "TC_031" else 1
        assert server.ask(identity, "unlock", {"evse_id": evse_id})["status"] == outcome
        assert cp.asked.pop() == ("UnlockConnector", {"connectorId": evse_id})
        if number is not None:
            cp.stop(number, 1200, "UnlockCommand")
            assert session(server, identity)["stop_reason"] == "UnlockCommand"


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        pytest.param("Invalid", None, id="TC_023_1"),
        pytest.param("Expired", {"expires_at": "2020-01-01T00:00:00Z"}, id="TC_023_2"),
        pytest.param("Blocked", {"blocked": True}, id="TC_023_3"),
    ],
)
def test_tc_023_authorize_refused(
    server_with_known_tokens: RunningCsms, status: str, fields: dict[str, Any] | None
) -> None:
    """TC_023_1 invalid, TC_023_2 expired, TC_023_3 blocked."""
    server = server_with_known_tokens
    tag = f"TAG-{status}"
    if fields is not None:
        token(server, tag, **fields)
    with station(server, f"TC_023-{status}") as (cp, _):
        assert authorize(cp, tag) == status
        assert start_raw(cp, tag)["idTagInfo"]["status"] == status


def test_tc_024_lock_failure(server: RunningCsms) -> None:
    """TC_024: a faulted lock is shown with its error code."""
    with station(server, "TC_024") as (cp, identity):
        assert authorize(cp, TAG) == "Accepted"
        cp.call(
            "StatusNotification",
            {
                "connectorId": 1,
                "status": "Faulted",
                "errorCode": "ConnectorLockFailure",
                "timestamp": stamp(),
            },
        )
        told = server.get(f"/api/v1/stations/{identity}/connectors/1")
        assert (told["status"], told["error_code"]) == ("Faulted", "ConnectorLockFailure")


@pytest.mark.parametrize(
    ("action", "route", "body"),
    [
        pytest.param("RemoteStartTransaction", "remote-start", {"id_token": TAG}, id="TC_026"),
        pytest.param("RemoteStopTransaction", "remote-stop", {"evse_id": 1}, id="TC_028"),
        pytest.param(
            "TriggerMessage", "trigger", {"message": "MeterValues", "evse_id": 1}, id="TC_055"
        ),
    ],
)
def test_tc_026_028_055_rejected(
    server: RunningCsms, action: str, route: str, body: dict[str, Any]
) -> None:
    """TC_026 remote start, TC_028 remote stop, TC_055 trigger: rejected by the station."""
    with station(server, f"REJ-{action}", **{action: {"status": "Rejected"}}) as (cp, identity):
        cp.start(TAG)
        assert server.ask(identity, route, body)["status"] == "rejected"
        assert session(server, identity)["status"] == "active"


def test_tc_032_1_power_failure(server: RunningCsms) -> None:
    """TC_032_1: after the power is back the stop comes with PowerLoss, of before the boot."""
    with station(server, "TC_032_1") as (cp, identity):
        number = cp.start(TAG, 1000)
        cut = stamp()
    with Charger.connect(server.ocpp_url(identity)) as cp:
        assert cp.boot()["status"] == "Accepted"
        cp.call(
            "StopTransaction",
            {
                "transactionId": number,
                "meterStop": 1400,
                "timestamp": cut,
                "reason": "PowerLoss",
            },
        )
        told = session(server, identity)
        assert (told["status"], told["stop_reason"], told["energy_wh"]) == (
            "ended",
            "PowerLoss",
            400,
        )


@pytest.mark.parametrize(
    ("tag", "status", "reason"),
    [
        pytest.param(TAG, "Accepted", "Local", id="TC_037_1"),
        pytest.param("NOBODY", "Invalid", "DeAuthorized", id="TC_037_3"),
    ],
)
def test_tc_037_offline_start(
    server_with_known_tokens: RunningCsms, tag: str, status: str, reason: str
) -> None:
    """TC_037_1 valid, TC_037_3 invalid id: the start of while it was offline is answered with the
    verdict, and the transaction is kept either way."""
    server = server_with_known_tokens
    token(server, TAG)
    with station(server, f"TC_037-{status}") as (cp, identity):
        answer = start_raw(cp, tag, timestamp="2026-01-01T10:00:00Z")
        assert answer["idTagInfo"]["status"] == status
        number = answer["transactionId"]
        assert number > 0
        cp.stop(number, 1500, reason)
        told = session(server, identity)
        assert (told["status"], told["stop_reason"]) == ("ended", reason)


def test_tc_039_offline_transaction(server: RunningCsms) -> None:
    """TC_039: a whole transaction of while it was offline, with its own times."""
    with station(server, "TC_039") as (cp, identity):
        number = start_raw(cp, TAG, 1000, timestamp="2026-01-01T10:00:00Z")["transactionId"]
        cp.call(
            "StopTransaction",
            {
                "transactionId": number,
                "idTag": TAG,
                "meterStop": 9000,
                "timestamp": "2026-01-01T11:00:00Z",
            },
        )
        told = session(server, identity)
        assert (told["started_at"], told["ended_at"], told["energy_wh"]) == (
            "2026-01-01T10:00:00.000Z",
            "2026-01-01T11:00:00.000Z",
            8000,
        )


@pytest.mark.parametrize(
    ("case", "status", "outcome"),
    [
        pytest.param("TC_061", "Accepted", "accepted", id="TC_061"),
        pytest.param("TC_061-no", "Rejected", "rejected", id="TC_061-rejected"),
    ],
)
def test_tc_061_clear_cache(server: RunningCsms, case: str, status: str, outcome: str) -> None:
    """TC_061: the authorization cache of the station is cleared."""
    with station(server, case, ClearCache={"status": status}) as (cp, identity):
        assert server.ask(identity, "clear-cache")["status"] == outcome
        assert cp.asked.pop() == ("ClearCache", {})


def test_tc_064_data_transfer(server: RunningCsms) -> None:
    """TC_064: an unknown vendor is answered as such."""
    with station(server, "TC_064") as (cp, _):
        answer = cp.call("DataTransfer", {"vendorId": "com.example", "messageId": "x"})
        assert answer["status"] == "UnknownVendorId"


def test_tc_054_trigger_message(server: RunningCsms) -> None:
    """TC_054: every message that can be triggered is asked for, and comes."""
    with station(server, "TC_054") as (cp, identity):
        for message in ("BootNotification", "Heartbeat", "StatusNotification", "MeterValues"):
            body = (
                {"message": message, "evse_id": 1} if message[0] in "SM" else {"message": message}
            )
            assert server.ask(identity, "trigger", body)["status"] == "accepted"
            asked = cp.asked.pop()
            assert asked[1]["requestedMessage"] == message
        assert cp.boot()["status"] == "Accepted"
        cp.status("Available")
        values = [{"timestamp": stamp(), "sampledValue": [{"value": "10", "context": "Trigger"}]}]
        assert cp.call("MeterValues", {"connectorId": 1, "meterValue": values}) == {}
        assert cp.call("Heartbeat", {})["currentTime"]


def test_tc_085_basic_authentication(server: RunningCsms) -> None:
    """TC_085: with its password the station is let in, with another it is not upgraded."""
    secret = b"correct-horse-battery"
    body = {"password": secret.decode()}
    assert server.request("PUT", "/api/v1/stations/TC_085", body).status == 201
    with Charger.connect(server.ocpp_url("TC_085"), secret) as cp:
        assert cp.boot()["status"] == "Accepted"
    with pytest.raises(InvalidStatus) as refusal:
        Charger.connect(server.ocpp_url("TC_085"), b"wrong-horse-battery")
    assert refusal.value.response.status_code == 401


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("Accepted", "accepted"), ("Scheduled", "accepted"), ("Rejected", "rejected")],
)
def test_change_availability(server: RunningCsms, status: str, outcome: str) -> None:
    """Of the station and of a connector, in service and out of it."""
    replies = {"ChangeAvailability": {"status": status}}
    with station(server, f"AVAILABILITY-{status}", **replies) as (cp, identity):
        for evse_id, operative in ((0, False), (1, True)):
            body = {"evse_id": evse_id, "operative": operative}
            assert server.ask(identity, "availability", body)["status"] == outcome
            kind = "Operative" if operative else "Inoperative"
            asked = ("ChangeAvailability", {"connectorId": evse_id, "type": kind})
            assert cp.asked.pop() == asked


def test_data_of_vendors_is_sent(server: RunningCsms) -> None:
    """DataTransfer to a station; what it answers comes back."""
    reply = {"status": "Accepted", "data": "seen"}
    with station(server, "VENDOR", DataTransfer=reply) as (cp, identity):
        body = {"vendor_id": "com.example", "message_id": "hello", "data": "n=1"}
        asked = server.ask(identity, "data-transfer", body)
        assert (asked["status"], asked["response"]) == ("accepted", reply)
        told = {"vendorId": "com.example", "messageId": "hello", "data": "n=1"}
        assert cp.asked.pop() == ("DataTransfer", told)
