"""OCPP 2.1: what it has beyond OCPP 2.0.1."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from csms.sim.findings import Kind
from csms.sim.settings import Settings
from csms.sim.v21_commands import pull_dynamic

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}
TOKEN = {"idToken": "APP", "type": "Central"}
TEMPERATURE = {"component": {"name": "Controller"}, "variable": {"name": "Temperature"}}


def test_a_session(online21: Any, script: Any, finish: Any, passes: Any, findings: Any) -> None:
    """Sessions go as in OCPP 2.0.1."""
    charger = online21(settings=Settings(sample_s=5))
    finish(charger.start("TAG"))
    passes(12)
    finish(charger.stop())
    kinds = [each["eventType"] for each in script.payloads("TransactionEvent")]
    assert kinds == ["Started", "Updated", "Updated", "Updated", "Ended"]
    assert not findings.total


def test_certificate_request_is_numbered(online21: Any, script: Any, v21: Any) -> None:
    """A request for a certificate has a number."""
    online21()
    script.ask("TriggerMessage", {"requestedMessage": "SignV2G20Certificate"})
    assert script.payloads("SignCertificate")[0]["requestId"] == 1
    assert "requestId" not in v21.sign_certificate("CSR", "V2GCertificate", None).payload


def test_custom_trigger(online21: Any, script: Any) -> None:
    """A vendor's own trigger is known or is not."""
    online21()
    wanted = {"requestedMessage": "CustomTrigger", "customTrigger": "Status"}
    assert script.ask("TriggerMessage", wanted) == ACCEPTED
    assert script.ask("TriggerMessage", wanted | {"customTrigger": "Other"}) == {
        "status": "NotImplemented"
    }


def test_reset_with_sessions_that_go_on(
    online21: Any, script: Any, finish: Any, passes: Any
) -> None:
    """ImmediateAndResume restarts the charger; the transaction is resumed (E17)."""
    charger = online21(settings=Settings(sample_s=0))
    session = finish(charger.start("TAG"))
    assert script.ask("Reset", {"type": "ImmediateAndResume"}) == ACCEPTED
    passes(20)
    assert charger.connectors[1].session is session
    assert script.payloads("TransactionEvent")[-1]["triggerReason"] == "TxResumed"
    assert len(script.payloads("BootNotification")) == 2


# Tariffs


def tariff(number: str = "T1", currency: str = "EUR") -> dict[str, Any]:
    return {"tariffId": number, "currency": currency, "energy": {"prices": [{"priceKwh": 0.3}]}}


def test_default_tariffs(online21: Any, script: Any) -> None:
    """Tariffs are set, told and removed (I07 to I09)."""
    online21(connectors=2)
    ask = script.ask
    assert ask("GetTariffs", {"evseId": 0}) == {"status": "NoTariff"}
    assert ask("SetDefaultTariff", {"evseId": 9, "tariff": tariff()}) == REJECTED
    assert ask("GetTariffs", {"evseId": 9}) == REJECTED
    assert ask("SetDefaultTariff", {"evseId": 0, "tariff": tariff()}) == ACCEPTED
    assert ask("SetDefaultTariff", {"evseId": 1, "tariff": tariff()}) == {
        "status": "DuplicateTariffId"
    }
    assert ask("SetDefaultTariff", {"evseId": 1, "tariff": tariff("T2")}) == ACCEPTED
    assignments = ask("GetTariffs", {"evseId": 1})["tariffAssignments"]
    assert [each["tariffId"] for each in assignments] == ["T1", "T2"]
    results = ask("ClearTariffs", {"tariffIds": ["T2", "T9"]})["clearTariffsResult"]
    assert [each["status"] for each in results] == ["Accepted", "NoTariff"]
    ask("ClearTariffs", {})
    assert ask("ClearTariffs", {}) == {"clearTariffsResult": [{"status": "NoTariff"}]}


def test_tariff_of_a_transaction(online21: Any, script: Any, finish: Any) -> None:
    """The tariff of a transaction changes, not its currency (I11)."""
    charger = online21()

    def change(number: str, currency: str = "EUR") -> Any:
        payload = {"transactionId": number, "tariff": tariff(currency=currency)}
        return script.ask("ChangeTransactionTariff", payload)

    assert change("other") == {"status": "TxNotFound"}
    session = finish(charger.start("TAG"))
    assert change(session.id) == ACCEPTED
    assert script.payloads("TransactionEvent")[-1]["triggerReason"] == "TariffChanged"
    assert change(session.id, "USD") == {"status": "NoCurrencyChange"}


# Smart charging


def profile(number: int, purpose: str, kind: str, unit: str = "W", **limits: Any) -> dict[str, Any]:
    schedule = {
        "id": 1,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [{"startPeriod": 0, **limits}],
    }
    return {
        "id": number,
        "stackLevel": number,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": [schedule],
    }


def put(script: Any, wanted: dict[str, Any], evse: int = 1) -> Any:
    return script.ask("SetChargingProfile", {"evseId": evse, "chargingProfile": wanted})


def test_dynamic_schedule(online21: Any, script: Any, finish: Any) -> None:
    """The limit of a dynamic profile is changed by either side (K28, K29)."""
    charger = online21(settings=Settings(sample_s=0))
    finish(charger.start("TAG"))
    put(script, profile(1, "TxDefaultProfile", "Dynamic", limit=9000))
    put(script, profile(2, "TxDefaultProfile", "Relative"), evse=0)

    def update(number: int) -> Any:
        payload = {"chargingProfileId": number, "scheduleUpdate": {"limit": 4000}}
        return script.ask("UpdateDynamicSchedule", payload)

    assert update(2) == REJECTED
    charger.equipment.smart.remove(charger.equipment.smart.find(ids=[2]))
    assert charger.connectors[1].offered_w == 9000
    assert update(1) == ACCEPTED
    assert charger.connectors[1].offered_w == 4000
    script.answers["PullDynamicScheduleUpdate"] = {
        "status": "Accepted",
        "scheduleUpdate": {"setpoint": 3000},
    }
    assert finish(pull_dynamic(charger, 1)) == "Accepted"
    assert charger.connectors[1].offered_w == 3000
    script.answers["PullDynamicScheduleUpdate"] = {"status": "Rejected"}
    assert finish(pull_dynamic(charger, 1)) == "Rejected"


def test_priority_charging(online21: Any, script: Any, finish: Any) -> None:
    """With priority another profile counts, as long as it is wanted (K21, K22)."""
    charger = online21(settings=Settings(sample_s=0))

    def use(number: str, *, activate: bool) -> Any:
        payload = {"transactionId": number, "activate": activate}
        return script.ask("UsePriorityCharging", payload)

    assert use("other", activate=True) == REJECTED
    session = finish(charger.start("TAG"))
    assert use(session.id, activate=True) == {"status": "NoProfile"}
    put(script, profile(1, "TxDefaultProfile", "Relative", limit=3000))
    put(script, profile(2, "PriorityCharging", "Relative", limit=15_000))
    assert charger.connectors[1].offered_w == 3000
    assert use(session.id, activate=True) == ACCEPTED
    assert charger.connectors[1].offered_w == 15_000
    assert use(session.id, activate=False) == ACCEPTED
    assert charger.connectors[1].offered_w == 3000


def test_energy_transfer(online21: Any, script: Any, finish: Any) -> None:
    """What a transaction may transfer is noted."""
    charger = online21()
    payload = {"transactionId": "other", "allowedEnergyTransfer": ["DC"]}
    assert script.ask("NotifyAllowedEnergyTransfer", payload) == REJECTED
    session = finish(charger.start("TAG"))
    payload["transactionId"] = session.id
    assert script.ask("NotifyAllowedEnergyTransfer", payload) == ACCEPTED


# Batteries, payment, grid


def test_battery_swap(online21: Any, script: Any, passes: Any) -> None:
    """A battery goes in and another one comes out (S01)."""
    online21()
    payload = {"idToken": TOKEN, "requestId": 3}
    assert script.ask("RequestBatterySwap", payload) == ACCEPTED
    passes(10)
    told = script.payloads("BatterySwap")
    assert [each["eventType"] for each in told] == ["BatteryIn", "BatteryOut"]
    assert {each["requestId"] for each in told} == {3}


def test_signals(online21: Any, script: Any) -> None:
    """A payment that has begun and a signal of the grid are noted."""
    charger = online21()
    assert script.ask("NotifyWebPaymentStarted", {"evseId": 1, "timeout": 60}) == {}
    assert script.ask("AFRRSignal", {"timestamp": script.time(), "signal": 5}) == ACCEPTED
    assert {"payment", "signal"} <= {event.kind for event in charger.events}


def control(number: str, priority: int, *, default: bool = False) -> dict[str, Any]:
    return {
        "isDefault": default,
        "controlId": number,
        "controlType": "FixedVar",
        "fixedVar": {"priority": priority, "setpoint": 10, "unit": "PctMaxVar"},
    }


def curve(number: str) -> dict[str, Any]:
    points = [{"x": 1, "y": 1}, {"x": 2, "y": 2}]
    return {
        "isDefault": True,
        "controlId": number,
        "controlType": "VoltVar",
        "curve": {"curveData": points, "priority": 1, "yUnit": "PctMaxVar"},
    }


def test_controls(online21: Any, script: Any) -> None:
    """Controls are set, superseded, told and removed (R04)."""
    online21()
    ask = script.ask
    assert ask("SetDERControl", {**control("A", 5), "controlType": "Gradients"}) == REJECTED
    assert ask("GetDERControl", {"requestId": 1}) == {"status": "NotFound"}
    assert ask("SetDERControl", control("A", 5)) == ACCEPTED
    assert ask("SetDERControl", control("B", 2)) == {"status": "Accepted", "supersededIds": ["A"]}
    assert ask("SetDERControl", curve("C")) == ACCEPTED
    enter = {"priority": 1, "highVoltage": 1, "lowVoltage": 1, "highFreq": 1, "lowFreq": 1}
    service = {"isDefault": True, "controlId": "D", "controlType": "EnterService"}
    assert ask("SetDERControl", {**service, "enterService": enter}) == ACCEPTED
    assert script.payloads("NotifyDERStartStop")[-1]["supersededIds"] == ["A"]
    assert ask("GetDERControl", {"requestId": 1}) == ACCEPTED
    told = script.payloads("ReportDERControl")
    assert [each["tbc"] for each in told] == [True, True, False]
    assert ask("ClearDERControl", {"isDefault": False}) == ACCEPTED
    assert script.payloads("NotifyDERStartStop")[-1]["started"] is False
    assert ask("ClearDERControl", {"isDefault": True, "controlId": "C"}) == ACCEPTED
    assert ask("ClearDERControl", {"isDefault": True, "controlId": "C"}) == {"status": "NotFound"}


# Streams


def watch(script: Any, **more: Any) -> Any:
    item = {**TEMPERATURE, "type": "Periodic", "value": 2, "severity": 5, **more}
    answer = script.ask("SetVariableMonitoring", {"setMonitoringData": [item]})
    return answer["setMonitoringResult"][0]["id"]


def test_stream(online21: Any, script: Any, passes: Any, v21: Any) -> None:
    """The values of a monitor flow without answers, as agreed (N11 to N15)."""
    online21()
    number = watch(script, periodicEventStream={"interval": 10, "values": 100})
    [opened] = script.payloads("OpenPeriodicEventStream")
    assert opened["constantStreamData"]["variableMonitoringId"] == number
    passes(21)
    assert [frame[2] for frame in script.sends] == ["NotifyPeriodicEventStream"] * 2
    payload = script.sends[0][3]
    schema = (v21.schemas.folder / "NotifyPeriodicEventStream.json").read_text()
    assert jsonschema_rs.is_valid(json.loads(schema), payload)
    assert len(payload["data"]) == 4
    assert payload["data"][0]["t"] == 0
    assert not script.payloads("NotifyEvent")
    [stream] = script.ask("GetPeriodicEventStream", {})["constantStreamData"]
    wanted = {"id": stream["id"], "params": {"interval": 0, "values": 2}}
    assert script.ask("AdjustPeriodicEventStream", wanted) == ACCEPTED
    assert script.ask("AdjustPeriodicEventStream", wanted | {"id": 99}) == REJECTED
    script.sends.clear()
    passes(9)
    assert len(script.sends[-1][3]["data"]) == 2
    script.ask("ClearVariableMonitoring", {"id": [number]})
    assert script.payloads("ClosePeriodicEventStream") == [{"id": stream["id"]}]
    assert script.ask("GetPeriodicEventStream", {}) == {}


@pytest.mark.parametrize("refusal", [{"status": "Rejected"}, "error"])
def test_stream_refused(
    online21: Any, script: Any, passes: Any, entries: Any, refusal: Any
) -> None:
    """A server that wants no stream is told by NotifyEvent as ever."""
    online21()
    script.answers["OpenPeriodicEventStream"] = (
        entries.error("InternalError") if refusal == "error" else refusal
    )
    watch(script, periodicEventStream={})
    passes(5)
    assert not script.sends
    assert script.payloads("NotifyEvent")


def test_origin_of_monitors(online21: Any, script: Any) -> None:
    """A report of monitors tells who set them."""
    online21()
    script.ask("GetMonitoringReport", {"requestId": 1})
    [entry] = script.payloads("NotifyMonitoringReport")[0]["monitor"]
    assert entry["variableMonitoring"][0]["eventNotificationType"] == "PreconfiguredMonitor"


# Frames


def test_answer_refused(online21: Any, script: Any, findings: Any) -> None:
    """A CALLRESULTERROR accuses an answer of the charger."""
    online21()
    frame = [5, "1", "FormatViolation", "", {}]
    script.peers["CP1"].send(json.dumps(frame).encode())
    assert findings.counts == {Kind.RESULT_REFUSED: 1}


def test_bad_answer_is_refused(online21: Any, script: Any, finish: Any, findings: Any) -> None:
    """An answer that breaks its schema is answered by a CALLRESULTERROR."""
    charger = online21()
    script.answers["Heartbeat"] = {"now": 1}
    charger.send_soon(charger.language.heartbeat())
    assert findings.counts == {Kind.BAD_ANSWER: 1}
    assert script.replies[-1][0] == 5


def test_send_while_offline(make: Any, v21: Any) -> None:
    """What needs no answer is not kept."""
    charger = make(language=v21)
    charger.line.tell(charger.language.heartbeat())


def test_limits_of_single_phases(online21: Any, script: Any, finish: Any, findings: Any) -> None:
    """The power is the sum of what the phases may have (K01; limit_L2, limit_L3)."""
    charger = online21(settings=Settings(sample_s=0))
    finish(charger.start("TAG"))
    each = {"limit": 4000, "limit_L2": 2000, "limit_L3": 1000}
    assert put(script, profile(1, "TxDefaultProfile", "Relative", **each)) == ACCEPTED
    assert charger.connectors[1].offered_w == 7000
    ampere = {"limit": 16, "limit_L2": 10, "setpoint": 12, "unit": "A"}
    assert put(script, profile(1, "TxDefaultProfile", "Relative", **ampere)) == ACCEPTED
    # L3 has the least of what is told, and no phase more than the setpoint.
    assert charger.connectors[1].offered_w == pytest.approx((12 + 10 + 10) * 230)
    update = {"limit": 3000, "limit_L2": 2000, "limit_L3": 500, "setpoint": 3000}
    assert put(script, profile(1, "TxDefaultProfile", "Dynamic", limit=9000)) == ACCEPTED
    payload = {"chargingProfileId": 1, "scheduleUpdate": update}
    assert script.ask("UpdateDynamicSchedule", payload) == ACCEPTED
    assert charger.connectors[1].offered_w == 1000 + 1000 + 500
    assert not findings.total


def test_setpoints(online21: Any, script: Any, finish: Any) -> None:
    """A setpoint is followed by drawing no more; nothing is ever given back."""
    charger = online21(settings=Settings(sample_s=0))
    finish(charger.start("TAG"))
    assert put(script, profile(1, "TxDefaultProfile", "Relative", setpoint=5000)) == ACCEPTED
    assert charger.connectors[1].offered_w == 5000
    both = {"limit": 6000, "dischargeLimit": -3000}
    assert put(script, profile(1, "TxDefaultProfile", "Relative", **both)) == ACCEPTED
    assert charger.connectors[1].offered_w == 6000
    refused = put(script, profile(2, "TxDefaultProfile", "Relative", setpoint=-500))
    assert refused == {**REJECTED, "statusInfo": {"reasonCode": "UnsupportedParam"}}
    assert put(script, profile(1, "TxDefaultProfile", "Dynamic", limit=9000)) == ACCEPTED
    payload = {"chargingProfileId": 1, "scheduleUpdate": {"setpoint": -500}}
    assert script.ask("UpdateDynamicSchedule", payload) == REJECTED
    assert charger.connectors[1].offered_w == 9000
