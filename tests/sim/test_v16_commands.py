"""Answers to commands of OCPP 1.6.  See also test_remote, test_charger and test_v16_keys."""

from __future__ import annotations

from typing import Any

import pytest

from csms.sim.settings import Settings

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}


def trigger(script: Any, message: str, connector: int | None = None) -> Any:
    chosen = {} if connector is None else {"connectorId": connector}
    return script.ask("TriggerMessage", {"requestedMessage": message, **chosen})


def test_known_but_not_supported(online: Any, script: Any, findings: Any) -> None:
    """A message that a charger only sends is NotSupported."""
    online()
    assert script.ask("Heartbeat", {}) == "NotSupported"
    assert not findings.total


def test_clear_cache(online: Any, script: Any) -> None:
    """The cache can be cleared while it is in use."""
    charger = online()
    assert script.ask("ClearCache", {}) == ACCEPTED
    charger.settings.cache = False
    assert script.ask("ClearCache", {}) == REJECTED


def test_data_transfer(online: Any, script: Any) -> None:
    """Only the simulator's own vendor data is understood."""
    online()
    ask = script.ask
    assert ask("DataTransfer", {"vendorId": "other"}) == {"status": "UnknownVendorId"}
    mine = {"vendorId": "csms.simulator"}
    assert ask("DataTransfer", mine | {"messageId": "X"}) == {"status": "UnknownMessageId"}
    echo = mine | {"messageId": "Echo"}
    assert ask("DataTransfer", echo | {"data": "hi"}) == {"status": "Accepted", "data": "hi"}
    assert ask("DataTransfer", echo) == ACCEPTED


def test_unlock_idle(online: Any, script: Any) -> None:
    """An idle connector unlocks; one that does not exist cannot."""
    online()
    assert script.ask("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}
    assert script.ask("UnlockConnector", {"connectorId": 2}) == {"status": "NotSupported"}
    assert script.ask("UnlockConnector", {"connectorId": 0}) == {"status": "NotSupported"}
    assert "StopTransaction" not in script.actions()


def test_unlock_ends_the_session(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """A session is ended with UnlockCommand when its connector is unlocked (1.6 §5.18)."""
    charger = online()
    finish(charger.start("TAG"))
    script.ask("UnlockConnector", {"connectorId": 1})
    passes(3)
    assert script.payloads("StopTransaction")[0]["reason"] == "UnlockCommand"
    assert charger.connectors[1].free


@pytest.mark.parametrize("message", ["BootNotification", "Heartbeat"])
def test_trigger(online: Any, script: Any, message: str) -> None:
    """A message that is asked for is sent."""
    online()
    script.calls.clear()
    assert trigger(script, message) == ACCEPTED
    assert script.actions() == [message]


@pytest.mark.parametrize("message", ["DiagnosticsStatusNotification", "FirmwareStatusNotification"])
def test_trigger_idle(online: Any, script: Any, message: str) -> None:
    """Nothing is under way, so the status is Idle."""
    online()
    assert trigger(script, message) == ACCEPTED
    assert script.payloads(message) == [{"status": "Idle"}]


def test_trigger_states(online: Any, script: Any) -> None:
    """The states of one connector or of all are told, also when they are known."""
    online(connectors=2)
    script.calls.clear()
    trigger(script, "StatusNotification", 2)
    trigger(script, "StatusNotification")
    told = [each["connectorId"] for each in script.payloads("StatusNotification")]
    assert told == [2, 0, 1, 2]
    assert trigger(script, "StatusNotification", 3) == REJECTED


def test_trigger_meter_values(online: Any, script: Any, finish: Any, v16: Any) -> None:
    """Meter values that are asked for name the running transaction, if one runs."""
    charger = online(connectors=2, settings=Settings(sample_s=0))
    finish(charger.start("TAG", 2))
    assert trigger(script, "MeterValues") == ACCEPTED
    idle, busy = script.payloads("MeterValues")
    assert "transactionId" not in idle
    assert busy["transactionId"] == 1
    assert busy["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"
    for payload in (idle, busy):
        assert v16.schemas.request_problem("MeterValues", payload) is None
    assert trigger(script, "MeterValues", 0) == REJECTED


def test_every_answer_is_legal(
    online: Any, script: Any, v16: Any, finish: Any, passes: Any, findings: Any
) -> None:
    """Whatever a charger answers keeps to the schema."""
    charger = online()
    finish(charger.start("TAG"))
    for action, payload in {
        "ChangeAvailability": {"connectorId": 0, "type": "Operative"},
        "ChangeConfiguration": {"key": "HeartbeatInterval", "value": "60"},
        "ClearCache": {},
        "DataTransfer": {"vendorId": "csms.simulator", "messageId": "Echo", "data": "x"},
        "GetConfiguration": {"key": ["HeartbeatInterval", "X"]},
        "TriggerMessage": {"requestedMessage": "MeterValues"},
        "RemoteStartTransaction": {"idTag": "TAG", "connectorId": 1},
        "RemoteStopTransaction": {"transactionId": 1},
        "UnlockConnector": {"connectorId": 1},
        "Reset": {"type": "Soft"},
    }.items():
        answer = script.ask(action, payload)
        assert v16.schemas.answer_problem(action, answer) is None, (action, answer)
    assert not findings.total


def test_commands_are_noted(online: Any, script: Any) -> None:
    """Each command and what was answered is in the event log."""
    charger = online()
    script.ask("ClearCache", {})
    script.ask("Heartbeat", {})
    noted = [event.data for event in charger.events if event.kind == "command"]
    assert noted == [
        {"action": "ClearCache", "status": "Accepted"},
        {"action": "Heartbeat", "status": "NotSupported"},
    ]


def test_answer_comes_first(online: Any, script: Any) -> None:
    """A charger answers before it acts."""
    online()
    script.calls.clear()
    seen: list[int] = []
    script.answers["Heartbeat"] = lambda id_, payload: seen.append(len(script.replies))
    trigger(script, "Heartbeat")
    assert seen == [1]
