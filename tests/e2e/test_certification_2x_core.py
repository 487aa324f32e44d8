"""Certification cases of OCPP 2.0.1 and 2.1 for a CSMS: security, boot, authorization,
transactions, remote control, availability and meter values of the Core profile.

Each test names its cases; the same cases are run for both versions.  What a case needs of TLS
is not here, nor what has a module of its own (variables, firmware, certificates ...).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus

from csms.testing.charger import NewerCharger, register, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

ACCEPTED = {"status": "Accepted"}
TAG = "CERT2X"
TOKEN = {"idToken": TAG, "type": "ISO14443"}
EVSE = {"id": 1, "connectorId": 1}
VERSIONS = ("2.0.1", "2.1")


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Both versions."""
    chosen: str = request.param
    return chosen


@contextmanager
def station(
    server: RunningCsms, case: str, version: str, **replies: dict[str, Any]
) -> Iterator[tuple[NewerCharger, str]]:
    """A station named after the case: connected, booted, its connectors available."""
    identity = f"{case}-{version}"
    with connect(server, identity, version) as cp:
        cp.replies = {"TriggerMessage": ACCEPTED, **replies}
        assert cp.boot()["status"] == "Accepted"
        cp.status("Available")
        with cp.serving():
            yield cp, identity


def connect(
    server: RunningCsms, identity: str, version: str, password: bytes | None = None
) -> NewerCharger:
    """A station's connection."""
    offered = (f"ocpp{version}",)
    return NewerCharger.connect(server.ocpp_url(identity), password, subprotocols=offered)


def token(server: RunningCsms, name: str, **fields: Any) -> None:
    """Make a token known."""
    assert server.request("PUT", f"/api/v1/tokens/{name}", fields).status in (200, 201)


def session(server: RunningCsms, identity: str) -> dict[str, Any]:
    """The only session of a station."""
    (found,) = server.get(f"/api/v1/sessions?station={identity}")["items"]
    return dict(found)


def connector(server: RunningCsms, identity: str, evse_id: int = 1) -> str:
    """The status of a connector as the API tells it."""
    status: str = server.get(f"/api/v1/stations/{identity}/connectors/{evse_id}")["status"]
    return status


def verdict(answer: dict[str, Any]) -> str:
    """The status of the token in an answer."""
    status: str = answer["idTokenInfo"]["status"]
    return status


# -- A: security -----------------------------------------------------------------------------


def test_tc_a_01_02_03_basic_authentication(server: RunningCsms, version: str) -> None:
    """TC_A_01 the right password; TC_A_02 a user name that is another's, TC_A_03 a wrong
    password: no upgrade, HTTP 401."""
    identity, secret = f"TC_A_01-{version}", b"correct-horse-battery"
    for name in (identity, f"{identity}-other"):
        body = {"password": secret.decode()}
        assert server.request("PUT", f"/api/v1/stations/{name}", body).status == 201
    with connect(server, identity, version, secret) as cp:
        assert cp.boot()["status"] == "Accepted"
    with pytest.raises(InvalidStatus) as refusal:
        connect(server, identity, version, b"wrong-horse-battery")
    assert refusal.value.response.status_code == 401
    with pytest.raises(InvalidStatus) as refusal:
        NewerCharger.connect(
            server.ocpp_url(identity), secret, (f"ocpp{version}",), user=f"{identity}-other"
        )
    assert refusal.value.response.status_code == 401


@pytest.mark.parametrize("offered", [("ocpp0.1",), ()])
def test_tc_b_58_subprotocol(server: RunningCsms, offered: tuple[str, ...]) -> None:
    """TC_B_58: no common subprotocol, no upgrade."""
    with pytest.raises(InvalidStatus) as refusal:
        NewerCharger.connect(server.ocpp_url("TC_B_58"), subprotocols=offered)
    assert refusal.value.response.status_code == 400


# -- B: boot and reset -----------------------------------------------------------------------


def test_tc_b_01_cold_boot(server: RunningCsms, version: str) -> None:
    """TC_B_01: accepted, with the time and an interval; everything is served then."""
    with connect(server, f"TC_B_01-{version}", version) as cp:
        answer = cp.boot()
        assert answer["status"] == "Accepted"
        assert answer["interval"] > 0
        assert answer["currentTime"].endswith("Z")
        cp.status("Available")
        assert cp.call("Heartbeat", {})["currentTime"].endswith("Z")
        assert connector(server, f"TC_B_01-{version}") == "Available"


@pytest.mark.parametrize(
    ("case", "body", "asked", "answer"),
    [
        pytest.param("TC_B_20", {"kind": "soft"}, {"type": "OnIdle"}, "Accepted", id="TC_B_20"),
        pytest.param("TC_B_21", {"kind": "soft"}, {"type": "OnIdle"}, "Scheduled", id="TC_B_21"),
        pytest.param("TC_B_22", {"kind": "hard"}, {"type": "Immediate"}, "Accepted", id="TC_B_22"),
        pytest.param(
            "TC_B_25",
            {"kind": "soft", "evse_id": 1},
            {"type": "OnIdle", "evseId": 1},
            "Accepted",
            id="TC_B_25",
        ),
        pytest.param(
            "TC_B_26",
            {"kind": "soft", "evse_id": 1},
            {"type": "OnIdle", "evseId": 1},
            "Scheduled",
            id="TC_B_26",
        ),
        pytest.param(
            "TC_B_27",
            {"kind": "hard", "evse_id": 1},
            {"type": "Immediate", "evseId": 1},
            "Accepted",
            id="TC_B_27",
        ),
    ],
)
def test_tc_b_20_to_27_reset(
    server: RunningCsms,
    version: str,
    case: str,
    body: dict[str, Any],
    asked: dict[str, Any],
    answer: str,
) -> None:
    """TC_B_20 to TC_B_22 of the station, TC_B_25 to TC_B_27 of an EVSE, with and without a
    transaction."""
    busy = case in ("TC_B_21", "TC_B_22", "TC_B_26", "TC_B_27")
    with station(server, case, version, Reset={"status": answer}) as (cp, identity):
        transaction = cp.start(TAG) if busy else None
        assert server.ask(identity, "reset", body)["status"] == "accepted"
        assert cp.asked.pop() == ("Reset", asked)
        if transaction is not None:
            reason = "ImmediateReset" if asked["type"] == "Immediate" else "Local"
            cp.stop(transaction, 1500, reason=reason)
            assert session(server, identity)["stop_reason"] == reason
        assert cp.boot("RemoteReset")["status"] == "Accepted"


@pytest.mark.parametrize("busy", [True, False], ids=["TC_B_103", "TC_B_104"])
def test_tc_b_103_104_reset_and_resume(server: RunningCsms, busy: bool) -> None:
    """TC_B_103 with, TC_B_104 without a transaction: it goes on after the reset (2.1)."""
    case = "TC_B_103" if busy else "TC_B_104"
    with station(server, case, "2.1", Reset=ACCEPTED) as (cp, identity):
        transaction = cp.start(TAG) if busy else None
        assert server.ask(identity, "reset", {"kind": "resume"})["status"] == "accepted"
        assert cp.asked.pop() == ("Reset", {"type": "ImmediateAndResume"})
        assert cp.boot("RemoteReset")["status"] == "Accepted"
        if transaction is not None:
            cp.transaction("Updated", transaction, 1, "TxResumed", evse=EVSE)
            cp.stop(transaction, 1500)
            assert session(server, identity)["energy_wh"] == 500


def test_reset_and_resume_is_of_2_1(server: RunningCsms) -> None:
    """2.0.1 has no such reset, and the operation says so."""
    with station(server, "RESUME", "2.0.1") as (cp, identity):
        assert server.ask(identity, "reset", {"kind": "resume"})["status"] == "unsupported"
        assert not cp.asked


# -- C: authorization ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        pytest.param("Unknown", None, id="TC_C_02"),
        pytest.param("Blocked", {"blocked": True}, id="TC_C_06"),
        pytest.param("Expired", {"expires_at": "2020-01-01T00:00:00Z"}, id="TC_C_07"),
    ],
)
def test_tc_c_02_06_07_refused(
    server_with_known_tokens: RunningCsms,
    version: str,
    status: str,
    fields: dict[str, Any] | None,
) -> None:
    """TC_C_02 unknown, TC_C_06 blocked, TC_C_07 expired: told at Authorize and in the event."""
    server, name = server_with_known_tokens, f"TAG2X-{status}"
    if fields is not None:
        token(server, name, **fields)
    with station(server, f"TC_C-{status}", version) as (cp, identity):
        assert cp.authorize(name) == status
        answer = cp.transaction(
            "Started",
            str(uuid4()),
            0,
            "Authorized",
            evse=EVSE,
            idToken={"idToken": name, "type": "ISO14443"},
        )
        assert verdict(answer) == status
        assert "unauthorized" in session(server, identity)["flags"]


def test_tc_c_39_group(server_with_known_tokens: RunningCsms, version: str) -> None:
    """TC_C_39: a token of the same group stops the transaction."""
    server = server_with_known_tokens
    token(server, "GROUP-A", group_id="FAMILY")
    token(server, "GROUP-B", group_id="FAMILY")
    with station(server, "TC_C_39", version) as (cp, identity):
        first = {"idToken": "GROUP-A", "type": "ISO14443"}
        answer = cp.call("Authorize", {"idToken": first})
        assert answer["idTokenInfo"]["groupIdToken"]["idToken"] == "FAMILY"
        transaction = cp.start("GROUP-A")
        ended = cp.transaction(
            "Ended",
            transaction,
            1,
            "StopAuthorized",
            idToken={"idToken": "GROUP-B", "type": "ISO14443"},
            transactionInfo={"stoppedReason": "Local"},
        )
        assert verdict(ended) == "Accepted"
        assert ended["idTokenInfo"]["groupIdToken"]["idToken"] == "FAMILY"
        assert "stopped_by_another" not in session(server, identity)["flags"]


def test_tc_c_47_48_49_master_pass(
    own_server: Callable[..., RunningCsms],
) -> None:
    """TC_C_47, TC_C_48, TC_C_49: a master pass is accepted with its group, stops what
    others started, and never starts anything itself."""
    server = own_server(CSMS__AUTHORIZATION__MASTER_PASS_GROUP="MASTERS")
    token(server, "MASTER", group_id="MASTERS")
    for version in VERSIONS:
        with station(server, "TC_C_47", version, RequestStartTransaction=ACCEPTED) as (
            cp,
            identity,
        ):
            answer = cp.call("Authorize", {"idToken": {"idToken": "MASTER", "type": "ISO14443"}})
            assert answer["idTokenInfo"]["groupIdToken"]["idToken"] == "MASTERS"
            transactions = [cp.start(f"DRIVER{evse}", evse=evse) for evse in (1, 2)]
            for transaction in transactions:
                ended = cp.transaction(
                    "Ended",
                    transaction,
                    1,
                    "StopAuthorized",
                    idToken={"idToken": "MASTER", "type": "ISO14443"},
                    transactionInfo={"stoppedReason": "MasterPass"},
                )
                assert ended["idTokenInfo"]["groupIdToken"]["idToken"] == "MASTERS"
            found = server.get(f"/api/v1/sessions?station={identity}")["items"]
            assert [each["status"] for each in found] == ["ended", "ended"]
            body = {"id_token": "MASTER", "evse_id": 1}
            started = server.request("POST", f"/api/v1/stations/{identity}/remote-start", body)
            assert started.status == 409
            assert not cp.asked


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        pytest.param("Accepted", "accepted", id="TC_C_37"),
        pytest.param("Rejected", "rejected", id="TC_C_38"),
    ],
)
def test_tc_c_37_38_clear_cache(
    server: RunningCsms, version: str, status: str, outcome: str
) -> None:
    """TC_C_37 accepted, TC_C_38 rejected."""
    with station(server, f"TC_C_37-{status}", version, ClearCache={"status": status}) as (
        cp,
        identity,
    ):
        assert server.ask(identity, "clear-cache")["status"] == outcome
        assert cp.asked.pop() == ("ClearCache", {})


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        pytest.param("Accepted", {}, id="TC_C_08"),
        pytest.param("Blocked", {"blocked": True}, id="TC_C_20"),
    ],
)
def test_tc_c_08_20_cache(
    server_with_known_tokens: RunningCsms, version: str, status: str, fields: dict[str, Any]
) -> None:
    """TC_C_08, TC_C_20: started from the cache, the answer to the event says how it is now."""
    server, name = server_with_known_tokens, f"CACHED-{status}"
    token(server, name, **fields)
    with station(server, f"TC_C_08-{status}", version) as (cp, _):
        answer = cp.transaction(
            "Started",
            str(uuid4()),
            0,
            "Authorized",
            evse=EVSE,
            idToken={"idToken": name, "type": "ISO14443"},
        )
        assert verdict(answer) == status


# -- E: transactions -------------------------------------------------------------------------

STARTS = {
    "TC_E_09": ("CablePluggedIn", "EVConnected", {"evse": EVSE}),
    "TC_E_10": ("Authorized", None, {"idToken": TOKEN}),
    "TC_E_11": ("SignedDataReceived", "EVConnected", {"evse": EVSE, "idToken": TOKEN}),
    "TC_E_01": ("ChargingStateChanged", "EVConnected", {"evse": EVSE, "idToken": TOKEN}),
    "TC_E_02": ("ChargingStateChanged", "Charging", {"evse": EVSE, "idToken": TOKEN}),
    "TC_E_12": ("EVDetected", None, {"evse": {"id": 1}}),
    "TC_E_03": ("CablePluggedIn", "EVConnected", {"evse": EVSE}),
    "TC_E_04": ("Authorized", None, {"idToken": TOKEN, "evse": EVSE}),
    "TC_E_38": ("Authorized", "SuspendedEV", {"idToken": TOKEN, "evse": EVSE}),
}
"""By case: what triggers the start, the charging state, and what else is told."""


@pytest.mark.parametrize("case", STARTS)
def test_tc_e_start_options(server: RunningCsms, version: str, case: str) -> None:
    """TC_E_01 to TC_E_04, TC_E_09 to TC_E_12, TC_E_38: whatever makes the transaction begin, and
    whatever is told later, it is one session of that EVSE and token."""
    trigger, state, more = STARTS[case]
    with station(server, case, version) as (cp, identity):
        transaction = str(uuid4())
        info = {} if state is None else {"transactionInfo": {"chargingState": state}}
        answer = cp.transaction("Started", transaction, 0, trigger, **info, **more)
        assert ("idTokenInfo" in answer) == ("idToken" in more)
        answer = cp.transaction(
            "Updated",
            transaction,
            1,
            "ChargingStateChanged",
            transactionInfo={"chargingState": "Charging"},
            meterValue=[register(1000, "Transaction.Begin")],
            idToken=TOKEN,
            evse=EVSE,
        )
        assert verdict(answer) == "Accepted"
        cp.stop(transaction, 1800)
        told = session(server, identity)
        assert (told["status"], told["evse_id"], told["id_token"]) == ("ended", 1, TAG)
        assert told["energy_wh"] == 800


STOPS = {
    "TC_E_14": ("EVCommunicationLost", "EVDisconnected"),
    "TC_E_20": ("EVCommunicationLost", "EVDisconnected"),
    "TC_E_15": ("StopAuthorized", "Local"),
    "TC_E_21": ("RemoteStop", "Remote"),
    "TC_E_17": ("EVCommunicationLost", "EVDisconnected"),
    "TC_E_39": ("EVConnectTimeout", "Timeout"),
    "TC_E_07": ("ChargingStateChanged", "Local"),
    "TC_E_08": ("StopAuthorized", "Local"),
    "TC_E_22": ("ChargingStateChanged", "StoppedByEV"),
    "TC_E_19": ("EVDeparted", "Local"),
}
"""By case: what triggers the end, and the reason told."""


@pytest.mark.parametrize("case", STOPS)
def test_tc_e_stop_options(server: RunningCsms, version: str, case: str) -> None:
    """TC_E_07, TC_E_08, TC_E_14, TC_E_15, TC_E_17, TC_E_19 to TC_E_22, TC_E_39: whatever ends it,
    the session is closed with that reason and its energy."""
    trigger, reason = STOPS[case]
    with station(server, case, version, RequestStopTransaction=ACCEPTED) as (cp, identity):
        transaction = cp.start(TAG, 1000)
        if reason == "Remote":
            assert server.ask(identity, "remote-stop", {"evse_id": 1})["status"] == "accepted"
            asked = ("RequestStopTransaction", {"transactionId": transaction})
            assert cp.asked.pop() == asked
        cp.transaction(
            "Ended",
            transaction,
            1,
            trigger,
            transactionInfo={"stoppedReason": reason},
            meterValue=[register(1600, "Transaction.End")],
        )
        told = session(server, identity)
        assert (told["status"], told["stop_reason"], told["energy_wh"]) == ("ended", reason, 600)


def test_tc_e_16_invalid_token(server_with_known_tokens: RunningCsms, version: str) -> None:
    """TC_E_16: the token with which it began is not good: the station is told, and ends it."""
    with station(server_with_known_tokens, "TC_E_16", version) as (cp, identity):
        transaction = str(uuid4())
        nobody = {"idToken": "E16-NOBODY", "type": "ISO14443"}
        started = ("Started", transaction, 0, "Authorized")
        answer = cp.transaction(*started, evse=EVSE, idToken=nobody)
        assert answer == {"idTokenInfo": {"status": "Unknown"}}
        reason = {"stoppedReason": "DeAuthorized"}
        cp.transaction("Ended", transaction, 1, "Deauthorized", transactionInfo=reason)
        told = session(server_with_known_tokens, identity)
        assert (told["status"], told["stop_reason"]) == ("ended", "DeAuthorized")
        assert (told["authorization"], told["energy_wh"]) == ("Unknown", 0)


def test_tc_e_26_suspended(server: RunningCsms, version: str) -> None:
    """TC_E_26: the cable is pulled on the EV's side, and the transaction goes on."""
    with station(server, "TC_E_26", version) as (cp, identity):
        transaction = cp.start(TAG, 1000)
        for number, state in enumerate(("EVConnected", "SuspendedEV", "Charging"), start=1):
            cp.transaction(
                "Updated",
                transaction,
                number,
                "ChargingStateChanged",
                transactionInfo={"chargingState": state},
            )
            told = session(server, identity)
            assert (told["status"], told["charging_state"]) == ("active", state)


def test_tc_e_53_sequence_numbers(server: RunningCsms, version: str) -> None:
    """TC_E_53: each transaction may count from 0, or go on counting."""
    with station(server, "TC_E_53", version) as (cp, identity):
        for first in (0, 0, 40):
            transaction = str(uuid4())
            cp.transaction("Started", transaction, first, "Authorized", evse=EVSE, idToken=TOKEN)
            cp.transaction("Updated", transaction, first + 1, "ChargingStateChanged")
            cp.transaction("Ended", transaction, first + 2, "StopAuthorized")
        found = server.get(f"/api/v1/sessions?station={identity}")["items"]
        assert [each["status"] for each in found] == ["ended"] * 3
        assert not any("events_missing" in each["flags"] for each in found)


# -- F: remote control -----------------------------------------------------------------------


@pytest.mark.parametrize("case", ["TC_F_01", "TC_F_02", "TC_F_03"])
def test_tc_f_01_02_03_remote_start(server: RunningCsms, version: str, case: str) -> None:
    """TC_F_01 cable first, TC_F_02 remote start first with Authorize, TC_F_03 without: the session
    is that of the start, by its number."""
    with station(server, case, version, RequestStartTransaction=ACCEPTED) as (cp, identity):
        if case == "TC_F_01":
            cp.status("Occupied")
        asked = server.ask(identity, "remote-start", {"id_token": TAG, "evse_id": 1})
        assert asked["status"] == "accepted"
        action, payload = cp.asked.pop()
        assert (action, payload["evseId"]) == ("RequestStartTransaction", 1)
        assert payload["idToken"]["idToken"] == TAG
        if case == "TC_F_02":
            assert cp.authorize(TAG) == "Accepted"
        cp.transaction(
            "Started",
            str(uuid4()),
            0,
            "RemoteStart",
            evse=EVSE,
            idToken=payload["idToken"],
            transactionInfo={"remoteStartId": payload["remoteStartId"]},
        )
        operation = server.get(f"/api/v1/operations/{asked['id']}")
        assert operation["session_id"] == session(server, identity)["id"]


def test_tc_f_04_cable_timeout(server: RunningCsms, version: str) -> None:
    """TC_F_04: nobody plugs in; the transaction that was begun ends with Timeout."""
    with station(server, "TC_F_04", version, RequestStartTransaction=ACCEPTED) as (cp, identity):
        server.ask(identity, "remote-start", {"id_token": TAG, "evse_id": 1})
        _, payload = cp.asked.pop()
        transaction = str(uuid4())
        cp.transaction(
            "Started",
            transaction,
            0,
            "RemoteStart",
            evse=EVSE,
            idToken=TOKEN,
            transactionInfo={"remoteStartId": payload["remoteStartId"]},
        )
        cp.transaction(
            "Ended",
            transaction,
            1,
            "EVConnectTimeout",
            transactionInfo={"stoppedReason": "Timeout"},
        )
        told = session(server, identity)
        assert (told["status"], told["stop_reason"], told["energy_wh"]) == ("ended", "Timeout", 0)


def test_tc_f_06_unlock(server: RunningCsms, version: str) -> None:
    """TC_F_06: the cable is released."""
    unlocked = {"status": "Unlocked"}
    with station(server, "TC_F_06", version, UnlockConnector=unlocked) as (cp, identity):
        assert server.ask(identity, "unlock", {"evse_id": 1})["status"] == "accepted"
        assert cp.asked.pop() == ("UnlockConnector", {"evseId": 1, "connectorId": 1})


TRIGGERS = {
    "TC_F_11": ("MeterValues", 1),
    "TC_F_12": ("MeterValues", None),
    "TC_F_13": ("TransactionEvent", 1),
    "TC_F_14": ("TransactionEvent", None),
    "TC_F_15": ("LogStatusNotification", None),
    "TC_F_18": ("FirmwareStatusNotification", None),
    "TC_F_20": ("Heartbeat", None),
    "TC_F_23": ("StatusNotification", 1),
    "TC_F_24": ("StatusNotification", 1),
}


@pytest.mark.parametrize("case", TRIGGERS)
def test_tc_f_trigger(server: RunningCsms, version: str, case: str) -> None:
    """TC_F_11 to TC_F_24: the message is asked for, comes, and is taken."""
    message, evse_id = TRIGGERS[case]
    with station(server, case, version) as (cp, identity):
        transaction = cp.start(TAG) if message == "TransactionEvent" else ""
        body: dict[str, Any] = {"message": message}
        if evse_id is not None:
            body["evse_id"] = evse_id
        assert server.ask(identity, "trigger", body)["status"] == "accepted"
        _, asked = cp.asked.pop()
        assert asked["requestedMessage"] == message
        assert asked.get("evse", {}).get("id") == evse_id
        match message:
            case "MeterValues":
                values = [register(10, "Trigger")]
                assert cp.call("MeterValues", {"evseId": 1, "meterValue": values}) == {}
            case "TransactionEvent":
                cp.transaction("Updated", transaction, 1, "Trigger")
            case "StatusNotification":
                status = "Occupied" if case == "TC_F_24" else "Available"
                cp.status(status)
                assert connector(server, identity) == status
            case "Heartbeat":
                assert cp.call("Heartbeat", {})["currentTime"]
            case _:
                assert cp.call(message, {"status": "Idle"}) == {}


def test_tc_f_27_trigger_not_implemented(server: RunningCsms, version: str) -> None:
    """TC_F_27: the station cannot; that is told as unsupported."""
    no = {"status": "NotImplemented"}
    with station(server, "TC_F_27", version, TriggerMessage=no) as (_, identity):
        asked = server.ask(identity, "trigger", {"message": "Heartbeat"})
        assert asked["status"] == "unsupported"


def test_tc_f_100_custom_trigger(server: RunningCsms) -> None:
    """TC_F_100: a trigger that the vendor made (2.1)."""
    with station(server, "TC_F_100", "2.1") as (cp, identity):
        body = {"message": "CustomTrigger", "custom": "com.example.hello"}
        assert server.ask(identity, "trigger", body)["status"] == "accepted"
        asked = {"requestedMessage": "CustomTrigger", "customTrigger": "com.example.hello"}
        assert cp.asked.pop() == ("TriggerMessage", asked)


# -- G: availability -------------------------------------------------------------------------

AVAILABILITY = {
    "TC_G_03": ({"evse_id": 1, "operative": False}, {"evse": {"id": 1}}, "Accepted"),
    "TC_G_04": ({"evse_id": 1, "operative": True}, {"evse": {"id": 1}}, "Accepted"),
    "TC_G_11": ({"evse_id": 1, "operative": False}, {"evse": {"id": 1}}, "Scheduled"),
    "TC_G_05": ({"operative": False}, {}, "Accepted"),
    "TC_G_06": ({"operative": True}, {}, "Accepted"),
    "TC_G_14": ({"operative": False}, {}, "Scheduled"),
    "TC_G_07": ({"evse_id": 1, "connector_id": 1, "operative": False}, {"evse": EVSE}, "Accepted"),
    "TC_G_08": ({"evse_id": 1, "connector_id": 1, "operative": True}, {"evse": EVSE}, "Accepted"),
    "TC_G_17": ({"evse_id": 1, "connector_id": 1, "operative": False}, {"evse": EVSE}, "Scheduled"),
}


@pytest.mark.parametrize("case", AVAILABILITY)
def test_tc_g_change_availability(server: RunningCsms, version: str, case: str) -> None:
    """TC_G_03 to TC_G_17: of an EVSE, the station, a connector, with and without a transaction."""
    body, asked, status = AVAILABILITY[case]
    with station(server, case, version, ChangeAvailability={"status": status}) as (cp, identity):
        answer = server.ask(identity, "availability", body)
        assert (answer["status"], answer["response"]["status"]) == ("accepted", status)
        wanted = "Operative" if body["operative"] else "Inoperative"
        assert cp.asked.pop() == ("ChangeAvailability", {"operationalStatus": wanted, **asked})
        told = "Available" if body["operative"] else "Unavailable"
        cp.status(told)
        assert connector(server, identity) == told


# -- J: meter values -------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [False, True], ids=["TC_J_01", "TC_J_04"])
def test_tc_j_01_04_clock_aligned(server: RunningCsms, version: str, signed: bool) -> None:
    """TC_J_01, TC_J_04: without a transaction they are acknowledged, signed or not."""
    with station(server, f"TC_J_01-{signed}", version) as (cp, _):
        value = register(10, "Sample.Clock")
        if signed:
            value["sampledValue"][0]["signedMeterValue"] = {
                "signedMeterData": "c2lnbmVk",
                "signingMethod": "ECDSA",
                "encodingMethod": "OCMF",
                "publicKey": "a2V5",
            }
        assert cp.call("MeterValues", {"evseId": 1, "meterValue": [value]}) == {}


MEASURED = {
    "TC_J_02": ("Updated", "MeterValueClock", "Sample.Clock"),
    "TC_J_03": ("Ended", "StopAuthorized", "Sample.Clock"),
    "TC_J_07": ("Started", "Authorized", "Transaction.Begin"),
    "TC_J_08": ("Started", "Authorized", "Transaction.Begin"),
    "TC_J_09": ("Updated", "MeterValuePeriodic", "Sample.Periodic"),
    "TC_J_10": ("Ended", "StopAuthorized", "Transaction.End"),
    "TC_J_11": ("Ended", "StopAuthorized", "Transaction.End"),
}


@pytest.mark.parametrize("case", MEASURED)
def test_tc_j_in_transactions(server: RunningCsms, version: str, case: str) -> None:
    """TC_J_02, TC_J_03, TC_J_07 to TC_J_11: what an event measured is kept with the session, the
    signed data as it came."""
    what, trigger, context = MEASURED[case]
    value = register(1234, context)
    if case == "TC_J_11":
        value["sampledValue"][0]["signedMeterValue"] = {
            "signedMeterData": "c2lnbmVk",
            "signingMethod": "ECDSA",
            "encodingMethod": "OCMF",
            "publicKey": "a2V5",
        }
    with station(server, case, version) as (cp, identity):
        transaction, number = str(uuid4()), 0
        place = {} if case == "TC_J_08" else {"evse": EVSE}
        if what != "Started":
            cp.transaction("Started", transaction, 0, "Authorized", idToken=TOKEN, **place)
            number = 1
        cp.transaction(what, transaction, number, trigger, meterValue=[value], **place)
        found = session(server, identity)["id"]
        readings = server.get(f"/api/v1/sessions/{found}/meter-values")["items"]
        assert [reading["energy_wh"] for reading in readings] == [1234]
        if case == "TC_J_11":
            assert "c2lnbmVk" in str(readings)


def test_heartbeat_and_time(server: RunningCsms, version: str) -> None:
    """The time that a station is told is UTC."""
    with station(server, "HEARTBEAT", version) as (cp, _):
        told: str = cp.call("Heartbeat", {})["currentTime"]
        assert told.endswith("Z")
        assert told[:16] <= stamp()[:16]


def test_data_of_vendors_is_sent(server: RunningCsms, version: str) -> None:
    """DataTransfer to a station, as it is written; what it answers comes back."""
    reply = {"status": "Accepted", "data": {"seen": True}}
    with station(server, "VENDOR", version, DataTransfer=reply) as (cp, identity):
        body = {"vendor_id": "com.example", "message_id": "hello", "data": {"n": 1}}
        asked = server.ask(identity, "data-transfer", body)
        assert (asked["status"], asked["response"]) == ("accepted", reply)
        told = {"vendorId": "com.example", "messageId": "hello", "data": {"n": 1}}
        assert cp.asked.pop() == ("DataTransfer", told)
