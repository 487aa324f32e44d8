"""The device model on the wire of OCPP 2.0.1."""

from __future__ import annotations

from typing import Any

import pytest

ACCEPTED = {"status": "Accepted"}
EVSE_1 = {"name": "EVSE", "evse": {"id": 1}}
CONNECTOR = {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}


def place(component: str | dict[str, Any], variable: str, instance: str | None = None) -> Any:
    named = {"name": component} if isinstance(component, str) else component
    return {
        "component": named,
        "variable": {"name": variable} | ({"instance": instance} if instance else {}),
    }


def get(script: Any, item: dict[str, Any], **more: Any) -> tuple[str, str | None]:
    answer = script.ask("GetVariables", {"getVariableData": [item | more]})
    [result] = answer["getVariableResult"]
    return result["attributeStatus"], result.get("attributeValue")


def change(script: Any, item: dict[str, Any], value: str, **more: Any) -> str:
    entry = item | {"attributeValue": value} | more
    [result] = script.ask("SetVariables", {"setVariableData": [entry]})["setVariableResult"]
    return result["attributeStatus"]


def entries(script: Any) -> list[dict[str, Any]]:
    return [each for part in script.payloads("NotifyReport") for each in part["reportData"]]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (place("OCPPCommCtrlr", "HeartbeatInterval"), ("Accepted", "300")),
        (place("ocppcommctrlr", "heartbeatinterval"), ("Accepted", "300")),
        (place("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"), ("Accepted", "50")),
        (place("DeviceDataCtrlr", "ItemsPerMessage", "Other"), ("UnknownVariable", None)),
        (place("Nowhere", "X"), ("UnknownComponent", None)),
        (place(EVSE_1, "AvailabilityState"), ("Accepted", "Available")),
        (place({"name": "EVSE", "evse": {"id": 9}}, "Power"), ("UnknownComponent", None)),
        (place(CONNECTOR, "ConnectorType"), ("Accepted", "cType2")),
        (place("SecurityCtrlr", "BasicAuthPassword"), ("Rejected", None)),
        (place("SecurityCtrlr", "Identity"), ("Accepted", "CP1")),
        (place("ChargingStation", "SerialNumber"), ("Accepted", "CP1")),
        (place("LocalAuthListCtrlr", "Entries"), ("Accepted", "0")),
        (place("Controller", "MessagesInQueue"), ("Accepted", "0")),
    ],
)
def test_get(online201: Any, script: Any, item: Any, expected: Any) -> None:
    """Variables are found by their names, without regard to case (B06)."""
    online201()
    assert get(script, item) == expected


def test_live_values(online201: Any, script: Any, finish: Any, passes: Any) -> None:
    """Variables show what the charger does."""
    charger = online201()
    assert get(script, place(EVSE_1, "Power")) == ("Accepted", "0")
    finish(charger.start("TAG"))
    passes(30)
    assert int(get(script, place(EVSE_1, "Power"))[1] or 0) > 20_000
    assert float(get(script, place(EVSE_1, "ACCurrent"))[1] or 0) > 25
    assert get(script, place(EVSE_1, "AvailabilityState")) == ("Accepted", "Occupied")
    assert get(script, place("ChargingStation", "AvailabilityState")) == ("Accepted", "Available")


@pytest.mark.parametrize("attribute", ["Target", "MinSet", "MaxSet"])
def test_attributes(online201: Any, script: Any, attribute: str) -> None:
    """Few variables have more than an actual value."""
    online201()
    plain = place("OCPPCommCtrlr", "HeartbeatInterval")
    assert get(script, plain, attributeType=attribute)[0] == "NotSupportedAttributeType"
    power = place(EVSE_1, "ChargingPower")
    assert get(script, power, attributeType=attribute)[0] == "Accepted"


def test_target(online201: Any, script: Any) -> None:
    """A target is kept beside the actual value."""
    online201()
    power = place(EVSE_1, "ChargingPower")
    assert change(script, power, "7000", attributeType="Target") == "Accepted"
    assert change(script, power, "-7000", attributeType="Target") == "Rejected"
    assert change(script, power, "7000", attributeType="MinSet") == "NotSupportedAttributeType"
    assert get(script, power, attributeType="Target") == ("Accepted", "7000")
    assert get(script, power) == ("Accepted", "11000")


@pytest.mark.parametrize(
    ("item", "value", "status"),
    [
        (place("OCPPCommCtrlr", "HeartbeatInterval"), "60", "Accepted"),
        (place("OCPPCommCtrlr", "HeartbeatInterval"), "0", "Rejected"),
        (place("OCPPCommCtrlr", "HeartbeatInterval"), "often", "Rejected"),
        (place("OCPPCommCtrlr", "WebSocketPingInterval"), "20", "RebootRequired"),
        (place("AuthCtrlr", "AuthorizeRemoteStart"), "true", "Accepted"),
        (place("AuthCtrlr", "AuthorizeRemoteStart"), "yes", "Rejected"),
        (place("SampledDataCtrlr", "TxUpdatedMeasurands"), "Voltage,SoC", "Accepted"),
        (place("SampledDataCtrlr", "TxUpdatedMeasurands"), "Colour", "Rejected"),
        (place("SecurityCtrlr", "BasicAuthPassword"), "short", "Rejected"),
        (place("ChargingStation", "Model"), "Other", "Rejected"),
        (place("MonitoringCtrlr", "MonitoringBase"), "FactoryDefault", "Accepted"),
        (place("MonitoringCtrlr", "MonitoringBase"), "None", "Rejected"),
        (place("ClockCtrlr", "TimeZone"), "x" * 65, "Rejected"),
        (place("SmartChargingCtrlr", "LimitChangeSignificance"), "2.5", "Accepted"),
        (place("SmartChargingCtrlr", "LimitChangeSignificance"), "much", "Rejected"),
        (place("Nowhere", "X"), "1", "UnknownComponent"),
        (place("OCPPCommCtrlr", "X"), "1", "UnknownVariable"),
    ],
)
def test_set(online201: Any, script: Any, item: Any, value: str, status: str) -> None:
    """A variable takes what it can be (B05)."""
    online201()
    assert change(script, item, value) == status


def test_settings_take_effect(online201: Any, script: Any, passes: Any) -> None:
    """What is set is read back, and the charger keeps to it."""
    charger = online201()
    interval = place("OCPPCommCtrlr", "HeartbeatInterval")
    assert change(script, interval, "7") == "Accepted"
    assert get(script, interval) == ("Accepted", "7")
    script.calls.clear()
    passes(15)
    assert script.actions() == ["Heartbeat"] * 2
    assert change(script, place("SampledDataCtrlr", "TxUpdatedMeasurands"), "SoC") == "Accepted"
    assert charger.settings.sampled == ("SoC",)


def test_password(online201: Any, script: Any, opener: Any, passes: Any) -> None:
    """A new password is used for the next connection."""
    online201()
    item = place("SecurityCtrlr", "BasicAuthPassword")
    assert change(script, item, "0123456789abcdef") == "Accepted"
    passes(5)
    assert opener.dials[-1][1] == b"0123456789abcdef"


def test_too_many_items(online201: Any, script: Any) -> None:
    """A message has no more items than the charger allows (B05.FR.11)."""
    online201()
    item = place("OCPPCommCtrlr", "HeartbeatInterval")
    too_many = "OccurrenceConstraintViolation"
    assert script.ask("GetVariables", {"getVariableData": [item] * 51}) == too_many
    assert (
        script.ask("SetVariables", {"setVariableData": [item | {"attributeValue": "5"}] * 51})
        == too_many
    )
    assert script.ask("GetReport", {"requestId": 1, "componentVariable": [item] * 51}) == too_many


def test_full_report(online201: Any, script: Any) -> None:
    """Several hundred variables come in parts numbered from 0, the last one says so (B07)."""
    online201()
    answer = script.ask("GetBaseReport", {"requestId": 5, "reportBase": "FullInventory"})
    assert answer == ACCEPTED
    told = script.payloads("NotifyReport")
    assert [each["seqNo"] for each in told] == list(range(len(told)))
    assert [each["tbc"] for each in told] == [True] * (len(told) - 1) + [False]
    assert {each["requestId"] for each in told} == {5}
    found = entries(script)
    assert len(found) > 300
    names = {each["component"]["name"] for each in found}
    assert {"OCPPCommCtrlr", "TxCtrlr", "EVSE", "Connector", "SecurityCtrlr"} <= names
    password = [each for each in found if each["variable"]["name"] == "BasicAuthPassword"]
    assert "value" not in password[0]["variableAttribute"][0]


def test_report_of_settings(online201: Any, script: Any) -> None:
    """The configuration is what can be set."""
    online201()
    script.ask("GetBaseReport", {"requestId": 1, "reportBase": "ConfigurationInventory"})
    found = entries(script)
    mutable = {each["variableAttribute"][0]["mutability"] for each in found}
    assert mutable == {"ReadWrite", "WriteOnly"}


def test_summary(online201: Any, script: Any) -> None:
    """The summary tells the condition, without characteristics."""
    online201()
    script.ask("GetBaseReport", {"requestId": 1, "reportBase": "SummaryInventory"})
    found = entries(script)
    assert any(each["variable"]["name"] == "AvailabilityState" for each in found)
    assert all("variableCharacteristics" not in each for each in found)


def report(script: Any, **more: Any) -> Any:
    return script.ask("GetReport", {"requestId": 3, **more})


def test_custom_report(online201: Any, script: Any) -> None:
    """A report of components, of single variables, of one EVSE or all (B08)."""
    online201(connectors=2)
    wanted = [{"component": {"name": "EVSE"}, "variable": {"name": "Power"}}]
    assert report(script, componentVariable=wanted) == ACCEPTED
    assert [each["component"]["evse"]["id"] for each in entries(script)] == [1, 2]
    script.calls.clear()
    assert report(script, componentVariable=[{"component": {"name": "ClockCtrlr"}}]) == ACCEPTED
    assert len(entries(script)) > 5
    script.calls.clear()
    one = [{"component": {"name": "EVSE", "evse": {"id": 2}}, "variable": {"name": "Power"}}]
    assert report(script, componentVariable=one) == ACCEPTED
    assert len(entries(script)) == 1


def test_criteria(online201: Any, script: Any) -> None:
    """A report may ask for what is active or has a problem."""
    online201()
    assert report(script, componentCriteria=["Active"]) == ACCEPTED
    assert "Controller" in {each["component"]["name"] for each in entries(script)}
    assert report(script, componentCriteria=["Problem"]) == {"status": "EmptyResultSet"}


@pytest.mark.parametrize(
    "wanted",
    [
        {"component": {"name": "Nowhere"}},
        {"component": {"name": "EVSE", "instance": "X"}},
        {"component": {"name": "EVSE", "evse": {"id": 7}}},
        {"component": {"name": "DeviceDataCtrlr"}, "variable": {"name": "X"}},
        {
            "component": {"name": "DeviceDataCtrlr"},
            "variable": {"name": "ItemsPerMessage", "instance": "X"},
        },
    ],
)
def test_empty_report(online201: Any, script: Any, wanted: Any) -> None:
    """A report of nothing is refused as such (B08.FR.16)."""
    online201()
    assert report(script, componentVariable=[wanted]) == {"status": "EmptyResultSet"}
    assert not script.payloads("NotifyReport")


def test_number(online201: Any) -> None:
    """A whole number of the station can be asked for by itself."""
    model = online201().equipment.model
    assert model.number("HeartbeatInterval", "OCPPCommCtrlr") == 300
    assert model.number("X", "OCPPCommCtrlr") == 0
