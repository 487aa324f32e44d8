"""Sessions, states and messages of OCPP 2.0.1; every message is held against its schema."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.sim.connector import Session
from csms.sim.findings import Kind
from csms.sim.language import Language, Plate
from csms.sim.settings import MEASURANDS, Settings
from csms.sim.steps import Stage, Step
from csms.sim.v201 import V201

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def events(script: Any) -> list[dict[str, Any]]:
    return script.payloads("TransactionEvent")


def states(script: Any) -> list[str]:
    return [each["connectorStatus"] for each in script.payloads("StatusNotification")]


def test_is_a_language(v201: V201) -> None:
    """OCPP 2.0.1 offers what a charger needs of a version."""
    language: Language = v201
    assert (language.version, language.subprotocol) == ("2.0.1", "ocpp2.0.1")


def test_boot(online201: Any, script: Any) -> None:
    """The boot tells what the charger is and why it started (B01.FR.01)."""
    online201()
    [boot] = script.payloads("BootNotification")
    assert boot["reason"] == "PowerUp"
    assert boot["chargingStation"]["serialNumber"] == "CP1"


def test_a_session(online201: Any, script: Any, finish: Any, passes: Any, findings: Any) -> None:
    """Started, Updated, Ended: with numbers from 0, states, triggers and meter values."""
    charger = online201(speed=60, settings=Settings(sample_s=5))
    finish(charger.plug_in())
    finish(charger.authorize("TAG"))
    session = finish(charger.start("TAG"))
    passes(12)
    finish(charger.stop())
    told = events(script)
    assert [each["seqNo"] for each in told] == list(range(len(told)))
    assert [each["eventType"] for each in told] == [
        "Started", "Updated", "Updated", "Updated", "Ended",
    ]  # fmt: skip
    assert [each["triggerReason"] for each in told] == [
        "Authorized",
        "ChargingStateChanged",
        "MeterValuePeriodic",
        "MeterValuePeriodic",
        "StopAuthorized",
    ]
    assert {each["transactionInfo"]["transactionId"] for each in told} == {session.id}
    assert told[0]["evse"] == {"id": 1, "connectorId": 1}
    assert told[0]["idToken"] == {"idToken": "TAG", "type": "ISO14443"}
    assert told[1]["transactionInfo"]["chargingState"] == "Charging"
    assert told[-1]["transactionInfo"]["stoppedReason"] == "Local"
    contexts = [
        each["meterValue"][0]["sampledValue"][0]["context"] for each in told if "meterValue" in each
    ]
    assert contexts == [
        "Transaction.Begin", "Sample.Periodic", "Sample.Periodic", "Transaction.End",
    ]  # fmt: skip
    assert told[-1]["transactionInfo"]["timeSpentCharging"] == 12
    assert states(script) == ["Available", "Occupied", "Available"]
    assert "offline" not in told[0]
    assert not findings.total


def test_offline_session(online201: Any, script: Any, finish: Any, passes: Any) -> None:
    """What happens offline is told afterwards, marked as such, under the id that it had."""
    charger = online201(settings=Settings(sample_s=10))
    finish(charger.cut())
    session = finish(charger.start("TAG"))
    passes(25)
    finish(charger.stop())
    assert not events(script)
    finish(charger.reconnect())
    told = events(script)
    assert [each["seqNo"] for each in told] == list(range(5))
    assert all(each["offline"] for each in told)
    assert {each["transactionInfo"]["transactionId"] for each in told} == {session.id}
    assert told[0]["timestamp"] < told[-1]["timestamp"]


def test_message_repeated(
    online201: Any, script: Any, finish: Any, passes: Any, entries: Any, findings: Any
) -> None:
    """A message that the server fails to process comes again with the same content."""
    charger = online201(settings=Settings(sample_s=0, retry_s=1))
    script.answers["TransactionEvent"] = [entries.error("InternalError")]
    finish(charger.start("TAG"))
    passes(3)
    assert events(script)[0] == events(script)[1]
    assert findings.counts == {Kind.CALL_ERROR: 1}


def test_refused_tag(online201: Any, script: Any, finish: Any, passes: Any) -> None:
    """A tag that is refused in an answer ends the session with Deauthorized (E05)."""
    charger = online201()
    script.answers["TransactionEvent"] = [{"idTokenInfo": {"status": "Blocked"}}]
    session = finish(charger.start("TAG"))
    passes(5)
    last = events(script)[-1]
    assert (last["triggerReason"], last["transactionInfo"]["stoppedReason"]) == (
        "Deauthorized",
        "DeAuthorized",
    )
    assert session.verdict == "Blocked"


def test_answer_without_verdict(online201: Any, script: Any, finish: Any) -> None:
    """An answer need not say anything about the tag."""
    charger = online201()
    script.answers["TransactionEvent"] = {}
    session = finish(charger.start("TAG"))
    assert session.verdict is None
    assert charger.connectors[1].session is session


@pytest.mark.parametrize(
    ("reason", "trigger", "stopped"),
    [
        ("EVDisconnected", "EVDeparted", "EVDisconnected"),
        ("UnlockCommand", "UnlockCommand", "Other"),
        ("HardReset", "ResetCommand", "ImmediateReset"),
        ("PowerLoss", "AbnormalCondition", "PowerLoss"),
    ],
)
def test_reasons(
    online201: Any, script: Any, finish: Any, reason: str, trigger: str, stopped: str
) -> None:
    """Triggers and reasons have the words of this version."""
    charger = online201()
    finish(charger.start("TAG"))
    finish(charger.stop(1, reason))
    last = events(script)[-1]
    assert last["triggerReason"] == trigger
    assert last["transactionInfo"]["stoppedReason"] == stopped
    assert "idToken" not in last


def test_every_other_request_is_legal(v201: V201, online201: Any) -> None:
    """Whatever the charger sends keeps to the schema."""
    sample = online201(power_w=100_000).connectors[1].sample(AT)
    session = Session(connector_id=1, tag="T", started_at=AT, meter_start=1, id="X", remote_id=4)
    session.reservation_id = 9
    start = Step(Stage.START, session, AT, "RemoteStart", sample=sample, sampled=MEASURANDS)
    for request in (
        v201.boot(Plate(serial_number="S" * 25), "FirmwareUpdate"),
        v201.tell(start),
        v201.values(1, None, sample, MEASURANDS),
        v201.values(1, None, sample, ()),
        v201.reservation_ended(3, "Expired"),
        v201.firmware_status("InstallRebooting", 7, signed=True),
        v201.firmware_status("Idle", None, signed=True),
        v201.log_status("AcceptedCanceled", 7, diagnostics=False),
        v201.security_event("StartupOfTheDevice", AT, "info"),
        v201.sign_certificate("CSR", "ChargingStationCertificate", 1),
    ):
        assert request is not None
        problem = v201.schemas.request_problem(request.action, request.payload)
        assert problem is None, (request, problem)


def test_clock_aligned(online201: Any, script: Any, finish: Any, passes: Any) -> None:
    """Clock-aligned values come at multiples of the interval: in the transaction, or alone."""
    charger = online201(connectors=2, settings=Settings(sample_s=0, aligned_s=60))
    charger.aligned.restart()
    finish(charger.start("TAG"))
    passes(61)
    [alone] = script.payloads("MeterValues")
    assert alone["evseId"] == 2
    assert alone["meterValue"][0]["timestamp"].endswith(":00.000Z")
    assert events(script)[-1]["triggerReason"] == "MeterValueClock"
    charger.settings.aligned_s = 0
    charger.settings_changed("aligned_s")
    passes(61)
    assert len(script.payloads("MeterValues")) == 1


def test_a_session_goes_on_in_another_version(
    online: Any, opener: Any, script: Any, v201: V201, v16: Any, finish: Any, findings: Any
) -> None:
    """Under the id that the server gave it, as a text, and with its EVSE."""
    charger = online(language=[v16, v201])
    session = finish(charger.start("TAG"))
    finish(charger.cut())
    opener.subprotocol, script.schemas = "ocpp2.0.1", v201.schemas
    finish(charger.reconnect())
    number = str(session.transaction_id)
    told = script.ask("GetTransactionStatus", {"transactionId": number})
    assert told["ongoingIndicator"] is True
    finish(charger.stop())
    last = events(script)[-1]
    assert last["eventType"] == "Ended"
    assert last["evse"] == {"id": 1, "connectorId": 1}
    assert {each["transactionInfo"]["transactionId"] for each in events(script)} == {number}
    assert not findings.total


def test_version_of_the_server(
    online: Any, opener: Any, script: Any, v201: V201, v16: Any, finish: Any
) -> None:
    """Of several versions the charger speaks the one that the server chose."""
    opener.subprotocol, script.schemas = "ocpp2.0.1", v201.schemas
    charger = online(language=[v16, v201])
    assert charger.language is v201
    opener.subprotocol, script.schemas = "ocpp1.6", None
    finish(charger.cut())
    finish(charger.reconnect())
    assert charger.language is v16
    assert "chargePointVendor" in script.payloads("BootNotification")[-1]
