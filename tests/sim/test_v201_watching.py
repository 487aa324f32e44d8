"""Monitors of OCPP 2.0.1: set, reported, and heard of."""

from __future__ import annotations

from typing import Any

import pytest

from csms.sim.settings import Settings

ACCEPTED = {"status": "Accepted"}
POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}


def monitor(kind: str, value: float, severity: int = 5, **more: Any) -> dict[str, Any]:
    return {**POWER, "type": kind, "value": value, "severity": severity, **more}


def put(script: Any, *items: dict[str, Any]) -> list[Any]:
    answer = script.ask("SetVariableMonitoring", {"setMonitoringData": list(items)})
    return answer["setMonitoringResult"]


def told(script: Any) -> list[dict[str, Any]]:
    return [each for part in script.payloads("NotifyEvent") for each in part["eventData"]]


def test_threshold(online201: Any, script: Any, finish: Any, passes: Any) -> None:
    """A crossed threshold is told, and told again when it is no longer crossed (N07)."""
    charger = online201(settings=Settings(sample_s=0))
    [result] = put(script, monitor("UpperThreshold", 10_000, transaction=True))
    assert result["status"] == "Accepted"
    session = finish(charger.start("TAG"))
    passes(30)
    [event] = told(script)
    assert (event["trigger"], event["variableMonitoringId"]) == ("Alerting", result["id"])
    assert float(event["actualValue"]) > 10_000
    assert event["transactionId"] == session.id
    finish(charger.stop())
    passes(3)
    assert told(script)[1]["cleared"]


def test_lower_threshold(online201: Any, script: Any, passes: Any) -> None:
    """What is beyond from the beginning is told at once."""
    online201()
    put(script, monitor("LowerThreshold", 5))
    passes(3)
    assert len(told(script)) == 1


def test_delta(online201: Any, script: Any, finish: Any, passes: Any) -> None:
    """A change by so much is told; of a text any change."""
    charger = online201(settings=Settings(sample_s=0))
    state = {"component": {"name": "EVSE", "evse": {"id": 1}},
             "variable": {"name": "AvailabilityState"}}  # fmt: skip
    put(script, monitor("Delta", 5000), {**monitor("Delta", 1), **state})
    finish(charger.start("TAG"))
    passes(40)
    events = told(script)
    assert {each["trigger"] for each in events} == {"Delta"}
    assert "Occupied" in {each["actualValue"] for each in events}
    assert len(events) == 5


def test_periodic(online201: Any, script: Any, passes: Any) -> None:
    """A value may be told again and again, also by the clock."""
    online201()
    put(script, monitor("Periodic", 10), monitor("PeriodicClockAligned", 30))
    passes(61)
    events = told(script)
    assert {each["trigger"] for each in events} == {"Periodic"}
    assert len(events) == 8


def test_level(online201: Any, script: Any, passes: Any) -> None:
    """Severities beyond the level are not told (N06)."""
    online201()
    assert script.ask("SetMonitoringLevel", {"severity": 4}) == ACCEPTED
    assert script.ask("SetMonitoringLevel", {"severity": 11}) == {"status": "Rejected"}
    put(script, monitor("Periodic", 1))
    passes(5)
    assert not told(script)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"component": {"name": "Nowhere"}}, "UnknownComponent"),
        ({"variable": {"name": "X"}}, "UnknownVariable"),
        ({"variable": {"name": "EvseId"}}, "UnsupportedMonitorType"),
        ({"variable": {"name": "AvailabilityState"}}, "UnsupportedMonitorType"),
        ({"severity": 11}, "Rejected"),
        ({"type": "Delta", "value": -1}, "Rejected"),
        ({"id": 999}, "Rejected"),
        ({"id": 1}, "Rejected"),
    ],
)
def test_impossible(online201: Any, script: Any, change: Any, status: str) -> None:
    """A monitor must make sense."""
    online201()
    [result] = put(script, {**monitor("UpperThreshold", 1), **change})
    assert result["status"] == status
    assert "id" not in result


def test_duplicate(online201: Any, script: Any) -> None:
    """There is one monitor of a kind and severity; it can be replaced by its id (N04.FR.11)."""
    online201()
    [first] = put(script, monitor("UpperThreshold", 1))
    [second] = put(script, monitor("UpperThreshold", 2))
    assert second["status"] == "Duplicate"
    [third] = put(script, monitor("UpperThreshold", 3, id=first["id"]))
    assert (third["status"], third["id"]) == ("Accepted", first["id"])


def test_clear(online201: Any, script: Any) -> None:
    """Only what the server set can be cleared."""
    online201()
    [made] = put(script, monitor("UpperThreshold", 1))
    answer = script.ask("ClearVariableMonitoring", {"id": [made["id"], 1, 999]})
    assert [each["status"] for each in answer["clearMonitoringResult"]] == [
        "Accepted",
        "Rejected",
        "NotFound",
    ]


def test_report(online201: Any, script: Any) -> None:
    """Monitors are reported, all or those of a kind or a variable."""
    online201()
    put(script, monitor("UpperThreshold", 1), monitor("Periodic", 5))
    assert script.ask("GetMonitoringReport", {"requestId": 1}) == ACCEPTED
    [part] = script.payloads("NotifyMonitoringReport")
    assert sum(len(each["variableMonitoring"]) for each in part["monitor"]) == 3
    script.calls.clear()
    wanted = {"requestId": 2, "monitoringCriteria": ["PeriodicMonitoring"]}
    assert script.ask("GetMonitoringReport", wanted) == ACCEPTED
    [part] = script.payloads("NotifyMonitoringReport")
    assert part["monitor"][0]["variableMonitoring"][0]["type"] == "Periodic"
    wanted = {"requestId": 3, "componentVariable": [{"component": {"name": "ClockCtrlr"}}]}
    assert script.ask("GetMonitoringReport", wanted) == {"status": "EmptyResultSet"}


def test_base(online201: Any, script: Any) -> None:
    """The base says which monitors there are without the server's (N05)."""
    charger = online201()
    put(script, monitor("UpperThreshold", 1))
    for base, count in (("All", 2), ("FactoryDefault", 1), ("HardWiredOnly", 0)):
        assert script.ask("SetMonitoringBase", {"monitoringBase": base}) == ACCEPTED
        assert len(charger.equipment.monitors.monitors) == count


def test_monitors_outlive_a_restart(online201: Any, script: Any, passes: Any) -> None:
    """Monitors watch again after a restart."""
    online201()
    put(script, monitor("Periodic", 5))
    script.ask("Reset", {"type": "Immediate"})
    passes(10)
    script.calls.clear()
    passes(20)
    assert told(script)
