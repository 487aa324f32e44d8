"""Answers to commands of OCPP 2.0.1 and what follows them."""

from __future__ import annotations

from typing import Any

import pytest

from csms.sim.settings import Settings

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}
TOKEN = {"idToken": "APP", "type": "Central"}
EVSE = {"id": 1, "connectorId": 1}


def events(script: Any) -> list[dict[str, Any]]:
    return script.payloads("TransactionEvent")


def start(script: Any, **more: Any) -> Any:
    return script.ask("RequestStartTransaction", {"idToken": TOKEN, "remoteStartId": 77, **more})


def test_known_but_not_supported(online201: Any, script: Any) -> None:
    """A message that a charger only sends is NotSupported."""
    online201()
    assert script.ask("Heartbeat", {}) == "NotSupported"


def test_remote_start_and_stop(online201: Any, script: Any, passes: Any, findings: Any) -> None:
    """A remote start carries its number and its kind of token into the transaction (F01, F03)."""
    charger = online201(settings=Settings(sample_s=0))
    assert start(script) == ACCEPTED
    passes(5)
    told = events(script)[0]
    assert told["triggerReason"] == "RemoteStart"
    assert told["idToken"] == TOKEN
    assert told["transactionInfo"]["remoteStartId"] == 77
    number = told["transactionInfo"]["transactionId"]
    assert script.ask("RequestStopTransaction", {"transactionId": "other"}) == REJECTED
    assert script.ask("RequestStopTransaction", {"transactionId": number}) == ACCEPTED
    passes(5)
    last = events(script)[-1]
    assert (last["triggerReason"], last["transactionInfo"]["stoppedReason"]) == (
        "RemoteStop",
        "Remote",
    )
    assert charger.connectors[1].free
    assert not findings.total


def test_remote_start_impossible(online201: Any, script: Any, finish: Any) -> None:
    """A remote start needs a free EVSE and, if any, a TxProfile without transaction."""
    charger = online201()
    assert start(script, evseId=2) == REJECTED
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [
        {"startPeriod": 0, "limit": 1}
    ]}  # fmt: skip
    profile = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }
    assert start(script, chargingProfile=profile) == REJECTED
    finish(charger.start("TAG"))
    assert start(script) == REJECTED


def test_remote_start_too_early(
    make: Any, script: Any, finish: Any, v201: Any, opener: Any
) -> None:
    """A remote start before the boot was accepted is a mistake of the server."""
    opener.subprotocol = v201.subprotocol
    charger = make(language=v201)
    finish(charger.connect())
    assert start(script) == REJECTED
    assert charger.findings.counts == {"bad_command": 1}


def test_remote_start_with_profile(online201: Any, script: Any, passes: Any) -> None:
    """The profile of a remote start limits its session."""
    charger = online201(settings=Settings(sample_s=0))
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [
        {"startPeriod": 0, "limit": 5000}
    ]}  # fmt: skip
    profile = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }
    assert start(script, chargingProfile=profile) == ACCEPTED
    passes(5)
    assert charger.connectors[1].offered_w == 5000


@pytest.mark.parametrize(
    ("evse", "connector", "status"),
    [(1, 1, "Unlocked"), (2, 1, "UnknownConnector"), (1, 2, "UnknownConnector")],
)
def test_unlock(online201: Any, script: Any, evse: int, connector: int, status: str) -> None:
    """An idle connector unlocks."""
    online201()
    payload = {"evseId": evse, "connectorId": connector}
    assert script.ask("UnlockConnector", payload) == {"status": status}


def test_unlock_while_charging(online201: Any, script: Any, finish: Any) -> None:
    """An authorized transaction is not interrupted (F05.FR.02)."""
    finish(online201().start("TAG"))
    answer = script.ask("UnlockConnector", {"evseId": 1, "connectorId": 1})
    assert answer == {"status": "OngoingAuthorizedTransaction"}


def test_availability(online201: Any, script: Any, finish: Any, passes: Any) -> None:
    """An EVSE goes out of service at once, or after its transaction."""
    charger = online201(connectors=2)
    assert script.ask(
        "ChangeAvailability", {"operationalStatus": "Inoperative", "evse": EVSE}
    ) == ACCEPTED  # fmt: skip
    passes(1)
    assert script.payloads("StatusNotification")[-1]["connectorStatus"] == "Unavailable"
    finish(charger.start("TAG", 2))
    assert script.ask("ChangeAvailability", {"operationalStatus": "Inoperative"}) == {
        "status": "Scheduled"
    }
    finish(charger.stop(2))
    assert charger.connectors[2].status == "Unavailable"
    for evse in ({"id": 0}, {"id": 9}, {"id": 1, "connectorId": 2}):
        payload = {"operationalStatus": "Operative", "evse": evse}
        assert script.ask("ChangeAvailability", payload) == REJECTED


def test_data_transfer(online201: Any, script: Any) -> None:
    """Only the simulator's own vendor data is understood."""
    online201()
    ask = script.ask
    assert ask("DataTransfer", {"vendorId": "other"}) == {"status": "UnknownVendorId"}
    mine = {"vendorId": "csms.simulator"}
    assert ask("DataTransfer", mine | {"messageId": "X"}) == {"status": "UnknownMessageId"}
    echo = mine | {"messageId": "Echo", "data": {"a": 1}}
    assert ask("DataTransfer", echo) == {"status": "Accepted", "data": {"a": 1}}


def test_clear_cache(online201: Any, script: Any) -> None:
    """The cache can be cleared."""
    online201()
    assert script.ask("ClearCache", {}) == ACCEPTED


def test_transaction_status(online201: Any, script: Any, finish: Any) -> None:
    """Whether it runs, and whether something of it waits (E14)."""
    charger = online201()
    session = finish(charger.start("TAG"))
    assert script.ask("GetTransactionStatus", {}) == {"messagesInQueue": False}
    assert script.ask("GetTransactionStatus", {"transactionId": session.id}) == {
        "ongoingIndicator": True,
        "messagesInQueue": False,
    }
    assert script.ask("GetTransactionStatus", {"transactionId": "other"}) == {
        "ongoingIndicator": False,
        "messagesInQueue": False,
    }


def test_cost_updated(online201: Any, script: Any) -> None:
    """The cost so far is shown."""
    charger = online201()
    assert script.ask("CostUpdated", {"totalCost": 1.5, "transactionId": "X"}) == {}
    assert [event for event in charger.events if event.kind == "cost"]


def test_network_profile(online201: Any, script: Any) -> None:
    """A connection profile is stored, if it is as secure as the one in use (B09.FR.04)."""
    charger = online201()
    data = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "wss://csms.example/ocpp",
        "messageTimeout": 30,
        "securityProfile": 2,
        "ocppInterface": "Wired0",
    }
    good = {"configurationSlot": 2, "connectionData": data}
    assert script.ask("SetNetworkProfile", good) == ACCEPTED
    assert charger.equipment.network.slots[2]["securityProfile"] == 2
    for change in ({"securityProfile": 0}, {"ocppCsmsUrl": "http://x"}):
        bad = {"configurationSlot": 2, "connectionData": data | change}
        assert script.ask("SetNetworkProfile", bad) == REJECTED
    assert script.ask("SetNetworkProfile", good | {"configurationSlot": 9}) == REJECTED


# Resets


def test_immediate_reset(online201: Any, script: Any, finish: Any, passes: Any) -> None:
    """Sessions end, the charger goes away and comes back with a boot (B12)."""
    charger = online201()
    finish(charger.start("TAG"))
    assert script.ask("Reset", {"type": "Immediate"}) == ACCEPTED
    passes(15)
    assert events(script)[-1]["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    assert script.payloads("BootNotification")[-1]["reason"] == "RemoteReset"


def test_reset_when_idle(online201: Any, script: Any, finish: Any, passes: Any) -> None:
    """A reset may wait for the sessions to end (B11)."""
    charger = online201()
    finish(charger.start("TAG"))
    assert script.ask("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
    passes(10)
    assert len(script.payloads("BootNotification")) == 1
    finish(charger.stop())
    passes(15)
    assert script.payloads("BootNotification")[-1]["reason"] == "ScheduledReset"


def test_reset_of_an_evse(online201: Any, script: Any, finish: Any, passes: Any) -> None:
    """One EVSE is reset while the other goes on."""
    charger = online201(connectors=2)
    finish(charger.start("A", 1))
    finish(charger.start("B", 2))
    assert script.ask("Reset", {"type": "Immediate", "evseId": 9}) == REJECTED
    assert script.ask("Reset", {"type": "Immediate", "evseId": 1}) == ACCEPTED
    passes(3)
    assert charger.connectors[1].session is None
    assert charger.connectors[2].session is not None
    assert charger.connectors[1].status == "Available"
    assert len(script.payloads("BootNotification")) == 1


def test_reset_of_an_evse_when_idle(online201: Any, script: Any, finish: Any, passes: Any) -> None:
    """One EVSE is reset when its session has ended."""
    charger = online201(connectors=2)
    finish(charger.start("A", 1))
    assert script.ask("Reset", {"type": "OnIdle", "evseId": 1}) == {"status": "Scheduled"}
    finish(charger.stop(1))
    passes(3)
    assert [event for event in charger.events if event.kind == "reset"]


# Triggers


def trigger(script: Any, message: str, **more: Any) -> Any:
    return script.ask("TriggerMessage", {"requestedMessage": message, **more})


@pytest.mark.parametrize(
    "message",
    [
        "BootNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "PublishFirmwareStatusNotification",
        "StatusNotification",
    ],
)
def test_trigger(online201: Any, script: Any, passes: Any, message: str) -> None:
    """A message that is asked for is sent."""
    online201()
    script.calls.clear()
    assert trigger(script, message) == ACCEPTED
    passes(1)
    assert message in script.actions()


def test_trigger_of_a_boot(online201: Any, script: Any) -> None:
    """A boot that was asked for says so."""
    online201()
    trigger(script, "BootNotification")
    assert script.payloads("BootNotification")[-1]["reason"] == "Triggered"


def test_trigger_of_a_certificate(online201: Any, script: Any) -> None:
    """A request for a certificate has a key of its own."""
    online201()
    assert trigger(script, "SignChargingStationCertificate") == ACCEPTED
    [asked] = script.payloads("SignCertificate")
    assert "BEGIN CERTIFICATE REQUEST" in asked["csr"]


def test_trigger_of_a_transaction(online201: Any, script: Any, finish: Any) -> None:
    """The transaction that runs is told of; there must be one."""
    charger = online201(connectors=2)
    assert trigger(script, "TransactionEvent") == REJECTED
    finish(charger.start("TAG"))
    assert trigger(script, "TransactionEvent", evse={"id": 2}) == REJECTED
    assert trigger(script, "TransactionEvent", evse={"id": 1}) == ACCEPTED
    assert events(script)[-1]["triggerReason"] == "Trigger"


def test_trigger_impossible(online201: Any, script: Any) -> None:
    """There must be such an EVSE, and such a message."""
    online201()
    assert trigger(script, "StatusNotification", evse={"id": 9, "connectorId": 1}) == REJECTED
    assert trigger(script, "SignCombinedCertificate") == {"status": "NotImplemented"}
