"""Messages from 1.6 stations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Fault, FaultKind, Understood
from csms.core.firmware.vocabulary import FirmwareProgressed
from csms.core.logs.vocabulary import LogUploadProgressed
from csms.core.reports import (
    AuthorizationAsked,
    Beat,
    Booted,
    ConnectorChanged,
    DataTransferred,
    Metered,
    Report,
    SessionStarted,
    SessionStopped,
)
from csms.core.values import ConnectorStatus, Reading, Sample, Strictness

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
TIME = "2025-06-01T12:00:00Z"

BOOT = {"chargePointVendor": "Acme", "chargePointModel": "One"}
START = {"connectorId": 2, "idTag": "TAG", "meterStart": 1000, "timestamp": TIME}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
STOP = {"transactionId": 7, "meterStop": 2000, "timestamp": TIME}
METER = {
    "connectorId": 1,
    "transactionId": 7,
    "meterValue": [{"timestamp": TIME, "sampledValue": [{"value": "1"}]}],
}
READINGS = (Reading(NOON, (Sample(value=1.0),)),)

STARTED = SessionStarted(evse_id=2, id_token="TAG", at=NOON, meter_wh=1000.0)
CHANGED = ConnectorChanged(evse_id=1, status=ConnectorStatus.AVAILABLE)
STOPPED = SessionStopped(transaction_ref="7", at=NOON, meter_wh=2000.0)


def read(action: str, payload: Any, strictness: Strictness = Strictness.TOLERANT) -> Any:
    return DIALECTS["ocpp1.6"].read(action, payload, strictness, NOW)


def changed(report: Any, **fields: Any) -> Any:
    old = {name: getattr(report, name) for name in report.__struct_fields__}
    return type(report)(**{**old, **fields})


@pytest.mark.parametrize("strictness", list(Strictness))
@pytest.mark.parametrize(
    ("action", "payload", "report"),
    [
        ("Authorize", {"idTag": "TAG"}, AuthorizationAsked(id_token="TAG")),
        ("BootNotification", BOOT, Booted(vendor="Acme", model="One")),
        (
            "BootNotification",
            {
                **BOOT,
                "chargePointSerialNumber": "S1",
                "chargeBoxSerialNumber": "S2",
                "firmwareVersion": "1.2",
                "iccid": "I1",
                "imsi": "I2",
                "meterType": "M1",
                "meterSerialNumber": "M2",
            },
            Booted(
                vendor="Acme",
                model="One",
                serial_number="S1",
                firmware_version="1.2",
                iccid="I1",
                imsi="I2",
                meter_type="M1",
                meter_serial_number="M2",
            ),
        ),
        (
            "BootNotification",
            {**BOOT, "chargeBoxSerialNumber": "S2", "iccid": ""},
            Booted(vendor="Acme", model="One", serial_number="S2"),
        ),
        ("DataTransfer", {"vendorId": "v"}, DataTransferred(vendor_id="v")),
        (
            "DataTransfer",
            {"vendorId": "v", "messageId": "m", "data": '{"a":1}'},
            DataTransferred(vendor_id="v", message_id="m", data='{"a":1}'),
        ),
        (
            "DiagnosticsStatusNotification",
            {"status": "Uploaded"},
            LogUploadProgressed(status="Uploaded"),
        ),
        (
            "FirmwareStatusNotification",
            {"status": "Installed"},
            FirmwareProgressed(status="Installed"),
        ),
        ("Heartbeat", {}, Beat()),
        ("LogStatusNotification", {"status": "Idle"}, LogUploadProgressed(status="Idle")),
        (
            "LogStatusNotification",
            {"status": "Uploading", "requestId": 3},
            LogUploadProgressed(status="Uploading", request_id=3),
        ),
        (
            "SignedFirmwareStatusNotification",
            {"status": "InvalidSignature", "requestId": 3},
            FirmwareProgressed(status="InvalidSignature", request_id=3),
        ),
        ("MeterValues", METER, Metered(evse_id=1, transaction_ref="7", readings=READINGS)),
        ("StartTransaction", START, STARTED),
        ("StartTransaction", {**START, "reservationId": 9}, changed(STARTED, reservation_ref=9)),
        (
            "StartTransaction",
            {**START, "connectorId": 0},
            changed(STARTED, evse_id=0, connector_id=0),
        ),
        ("StatusNotification", STATUS, CHANGED),
        (
            "StatusNotification",
            {**STATUS, "connectorId": 0, "timestamp": TIME},
            changed(CHANGED, evse_id=0, connector_id=0, at=NOON),
        ),
        (
            "StatusNotification",
            {
                **STATUS,
                "status": "Faulted",
                "errorCode": "GroundFailure",
                "info": "wet",
                "vendorId": "v",
                "vendorErrorCode": "E7",
            },
            ConnectorChanged(
                evse_id=1,
                status=ConnectorStatus.FAULTED,
                error_code="GroundFailure",
                info="wet",
                vendor_id="v",
                vendor_error_code="E7",
            ),
        ),
        ("StopTransaction", STOP, STOPPED),
        (
            "StopTransaction",
            {**STOP, "idTag": "TAG", "reason": "Remote", "transactionData": METER["meterValue"]},
            changed(STOPPED, id_token="TAG", reason="Remote", readings=READINGS),
        ),
        (
            "StopTransaction",
            {**STOP, "idTag": "", "transactionData": [{"timestamp": TIME, "sampledValue": []}]},
            STOPPED,
        ),
        (
            "StopTransaction",
            {**STOP, "transactionId": 2**40},
            changed(STOPPED, transaction_ref=str(2**40)),
        ),
    ],
)
def test_valid_messages(action: str, payload: Any, report: Report, strictness: Strictness) -> None:
    """Read alike in every strictness, without a quirk."""
    assert read(action, payload, strictness) == Understood(report)


@pytest.mark.parametrize("strictness", [Strictness.STRICT, Strictness.TOLERANT])
@pytest.mark.parametrize(
    ("action", "payload", "report", "quirk"),
    [
        (
            "MeterValues",
            {"connectorId": 0, "meterValue": METER["meterValue"]},
            Metered(evse_id=0, readings=READINGS),
            ("meter_of_station", "connectorId=0"),
        ),
        (
            "MeterValues",
            {"connectorId": 1, "meterValue": METER["meterValue"]},
            Metered(evse_id=1, readings=READINGS),
            ("meter_without_transaction", "transactionId"),
        ),
        (
            "MeterValues",
            {**METER, "transactionId": 0},
            Metered(evse_id=1, transaction_ref="0", readings=READINGS),
            ("no_transaction_number", "transactionId=0"),
        ),
        (
            "StopTransaction",
            {**STOP, "transactionId": 0},
            changed(STOPPED, transaction_ref="0"),
            ("no_transaction_number", "transactionId=0"),
        ),
        (
            "StopTransaction",
            {**STOP, "transactionId": -1},
            changed(STOPPED, transaction_ref="-1"),
            ("no_transaction_number", "transactionId=-1"),
        ),
    ],
)
def test_what_the_schema_allows_and_is_odd(
    action: str, payload: Any, report: Report, quirk: tuple[str, str], strictness: Strictness
) -> None:
    """Read alike in every strictness, and noted."""
    assert read(action, payload, strictness) == Understood(report, (quirk,))


@pytest.mark.parametrize("status", list(ConnectorStatus))
def test_statuses(status: ConnectorStatus) -> None:
    """The core's words for a connector's status are OCPP's."""
    assert read("StatusNotification", {**STATUS, "status": status.value}).report.status is status


@pytest.mark.parametrize(
    ("action", "payload", "report", "quirks"),
    [
        ("Heartbeat", None, Beat(), [("null_payload", "payload")]),
        ("Heartbeat", {"a": 1}, Beat(), [("extra_field", "payload=a")]),
        (
            "Authorize",
            {"idTag": " TAG\n"},
            AuthorizationAsked(id_token="TAG"),
            [("padded_text", "idTag")],
        ),
        (
            "Authorize",
            {"idTag": 1234},
            AuthorizationAsked(id_token="1234"),
            [("number_for_text", "idTag")],
        ),
        (
            "Authorize",
            {"idTag": "x" * 30},
            AuthorizationAsked(id_token="x" * 30),
            [("too_long", "idTag")],
        ),
        (
            "Authorize",
            {"idTag": "a\0"},
            AuthorizationAsked(id_token="a\ufffd"),
            [("unstorable_text", "idTag")],
        ),
        (
            "BootNotification",
            {**BOOT, "firmwareVersion": "v" * 60},
            Booted(vendor="Acme", model="One", firmware_version="v" * 50),
            [("too_long", "firmwareVersion=" + "v" * 40)],
        ),
        (
            "BootNotification",
            {"chargePointVendor": "Acme", "iccid": None},
            Booted(vendor="Acme", model=""),
            [("null_field", "iccid"), ("missing_field", "chargePointModel")],
        ),
        (
            "BootNotification",
            {**BOOT, "chargePointVendor": {}, "imsi": []},
            Booted(vendor="", model="One"),
            [("unreadable_field", "chargePointVendor")],
        ),
        (
            "DataTransfer",
            {"vendorId": "v", "data": {"a": ["\0"]}},
            DataTransferred(vendor_id="v", data={"a": ["\ufffd"]}),
            [("data_not_text", "data")],
        ),
        (
            "DataTransfer",
            {"vendorId": "v", "data": "\0"},
            DataTransferred(vendor_id="v", data="\ufffd"),
            [("unstorable_text", "data")],
        ),
        (
            "FirmwareStatusNotification",
            {"status": "Rebooting"},
            FirmwareProgressed(status="Rebooting"),
            [("unknown_status", "status=Rebooting")],
        ),
        (
            "LogStatusNotification",
            {"status": "Idle", "requestId": 2**31},
            LogUploadProgressed(status="Idle"),
            [("out_of_range", "requestId=2147483648")],
        ),
        (
            "SignedFirmwareStatusNotification",
            {"status": "Idle", "requestId": "x"},
            FirmwareProgressed(status="Idle"),
            [
                ("text_for_number", "requestId=x"),
                ("bad_number", "requestId=x"),
                ("unreadable_field", "requestId"),
            ],
        ),
        (
            "MeterValues",
            {"connectorId": "1", "transactionId": 7.0, "meterValue": METER["meterValue"][0]},
            Metered(evse_id=1, transaction_ref="7", readings=READINGS),
            [
                ("text_for_number", "connectorId=1"),
                ("fractional_number", "transactionId=7.0"),
                ("not_a_list", "meterValue"),
            ],
        ),
        (
            "MeterValues",
            {"connectorId": 1, "transactionId": 7, "meterValue": []},
            Metered(evse_id=1, transaction_ref="7"),
            [("empty_list", "meterValue")],
        ),
        (
            "MeterValues",
            {
                "connectorId": 1,
                "transactionId": 7,
                "meterValue": [{"sampledValue": [{"value": "1"}]}],
            },
            Metered(evse_id=1, transaction_ref="7", readings=(Reading(NOW, (Sample(value=1.0),)),)),
            [("missing_field", "meterValue.timestamp")],
        ),
        (
            "StartTransaction",
            {**START, "meterStart": 1000.5},
            changed(STARTED, meter_wh=1000.5),
            [("fractional_number", "meterStart=1000.5")],
        ),
        (
            "StartTransaction",
            {**START, "meterStart": " 1000,5"},
            changed(STARTED, meter_wh=1000.5),
            [
                ("text_for_number", "meterStart= 1000,5"),
                ("decimal_comma", "meterStart= 1000,5"),
                ("fractional_number", "meterStart= 1000,5"),
            ],
        ),
        (
            "StartTransaction",
            {**START, "meterStart": "NaN"},
            changed(STARTED, meter_wh=None),
            [("text_for_number", "meterStart=NaN"), ("bad_number", "meterStart=NaN")],
        ),
        (
            "StartTransaction",
            {**START, "meterStart": 10**20},
            changed(STARTED, meter_wh=None),
            [("out_of_range", "meterStart=int")],
        ),
        (
            "StartTransaction",
            {"connectorId": 2, "idTag": "TAG"},
            changed(STARTED, meter_wh=None, at=NOW, told_at=""),
            [("missing_field", "meterStart")],
        ),
        (
            "StartTransaction",
            {**START, "timestamp": "1970-01-01T00:00:00Z"},
            changed(STARTED, at=NOW, told_at="1970-01-01T00:00:00Z"),
            [("unset_clock", "timestamp=1970-01-01T00:00:00Z")],
        ),
        (
            "StartTransaction",
            {**START, "timestamp": "never\x00"},
            changed(STARTED, at=NOW, told_at="never\N{REPLACEMENT CHARACTER}"),
            [("bad_timestamp", "timestamp=never\N{REPLACEMENT CHARACTER}")],
        ),
        (
            "StartTransaction",
            {**START, "timestamp": ["x"], "reservationId": "none"},
            changed(STARTED, at=NOW, told_at=""),
            [
                ("unreadable_field", "timestamp"),
                ("text_for_number", "reservationId=none"),
                ("bad_number", "reservationId=none"),
            ],
        ),
        (
            "StartTransaction",
            {**START, "reservationId": -(2**40)},
            STARTED,
            [("out_of_range", "reservationId=-1099511627776")],
        ),
        (
            "StatusNotification",
            {**STATUS, "errorCode": "Error", "status": "Broken"},
            changed(CHANGED, error_code="Error", status=ConnectorStatus.UNKNOWN),
            [("unknown_error_code", "errorCode=Error"), ("unknown_status", "status=Broken")],
        ),
        (
            "StatusNotification",
            {**STATUS, "status": "Occupied"},
            changed(CHANGED, status=ConnectorStatus.OCCUPIED),
            [("unknown_status", "status=Occupied")],
        ),
        (
            "StatusNotification",
            {**STATUS, "status": "suspendedev"},
            changed(CHANGED, status=ConnectorStatus.SUSPENDED_EV),
            [("spelling", "status=suspendedev")],
        ),
        (
            "StatusNotification",
            {"connectorId": 1, "status": "Available"},
            CHANGED,
            [("missing_field", "errorCode")],
        ),
        (
            "StatusNotification",
            {**STATUS, "errorCode": ""},
            CHANGED,
            [("null_field", "errorCode"), ("missing_field", "errorCode")],
        ),
        (
            "StatusNotification",
            {**STATUS, "timestamp": "2025-06-01T12:00:00"},
            changed(CHANGED, at=NOON),
            [("timestamp_without_zone", "timestamp=2025-06-01T12:00:00")],
        ),
        (
            "StatusNotification",
            {**STATUS, "timestamp": "2025-06-01 15:00:00+03"},
            changed(CHANGED, at=NOON),
            [
                ("timestamp_with_space", "timestamp=2025-06-01 15:00:00+03"),
                ("timestamp_short_zone", "timestamp=2025-06-01 15:00:00+03"),
            ],
        ),
        (
            "StatusNotification",
            {**STATUS, "timestamp": "never"},
            changed(CHANGED, at=None),
            [("bad_timestamp", "timestamp=never")],
        ),
        (
            "StopTransaction",
            {**STOP, "reason": "Tired"},
            changed(STOPPED, reason="Other"),
            [("unknown_reason", "reason=Tired")],
        ),
        (
            "StopTransaction",
            {**STOP, "reason": "", "idTag": None, "transactionData": "none"},
            STOPPED,
            [("null_field", "reason"), ("unreadable_field", "transactionData")],
        ),
        (
            "StopTransaction",
            {**STOP, "transactionData": [{**METER["meterValue"][0], "timestamp": "soon"}]},
            changed(STOPPED, readings=(Reading(NOON, READINGS[0].samples),)),
            [("bad_timestamp", "transactionData.timestamp=soon")],
        ),
        (
            "StopTransaction",
            {**STOP, "meterStop": 2000.0, "transactionId": "7"},
            STOPPED,
            [("text_for_number", "transactionId=7"), ("fractional_number", "meterStop=2000.0")],
        ),
    ],
)
def test_tolerant_mends_and_notes(
    action: str, payload: Any, report: Report, quirks: list[tuple[str, str]]
) -> None:
    """Each departure that can be mended is, and is noted; with strictness off it is not noted."""
    result = read(action, payload)
    maimed = ("unreadable_field", "transactionData") in quirks
    assert result == Understood(report, tuple(quirks), maimed=maimed)
    assert read(action, payload, Strictness.OFF).quirks == ()


def test_off_keeps_long_text_whole() -> None:
    """No limit of the schema applies."""
    result = read("BootNotification", {**BOOT, "firmwareVersion": "v" * 60}, Strictness.OFF)
    assert result == Understood(Booted(vendor="Acme", model="One", firmware_version="v" * 60))


@pytest.mark.parametrize("strictness", [Strictness.TOLERANT, Strictness.OFF])
@pytest.mark.parametrize(
    ("action", "payload", "kind", "text"),
    [
        ("Authorize", {}, FaultKind.OCCURRENCE, "idTag: is required"),
        ("Authorize", {"idTag": None}, FaultKind.OCCURRENCE, "idTag: is required"),
        ("Authorize", {"idTag": True}, FaultKind.TYPE, "idTag: is not of type string"),
        ("Authorize", {"idTag": 10**400}, FaultKind.TYPE, "idTag: is not of type string"),
        (
            "Authorize",
            {"idTag": "x" * 256},
            FaultKind.PROPERTY,
            "idTag: is longer than 20 characters",
        ),
        ("Authorize", ["TAG"], FaultKind.TYPE, "payload: is not of type object"),
        ("DataTransfer", {"data": "x"}, FaultKind.OCCURRENCE, "vendorId: is required"),
        ("FirmwareStatusNotification", {"status": ""}, FaultKind.OCCURRENCE, "status: is required"),
        ("MeterValues", {"connectorId": 1}, FaultKind.OCCURRENCE, "meterValue: is required"),
        (
            "MeterValues",
            {**METER, "connectorId": -1},
            FaultKind.PROPERTY,
            "connectorId: is no number of a connector",
        ),
        (
            "MeterValues",
            {**METER, "connectorId": 2**31},
            FaultKind.PROPERTY,
            "connectorId: is no number of a connector",
        ),
        (
            "MeterValues",
            {**METER, "connectorId": True},
            FaultKind.TYPE,
            "connectorId: is not of type integer",
        ),
        (
            "MeterValues",
            {**METER, "connectorId": 1.5},
            FaultKind.TYPE,
            "connectorId: is not of type integer",
        ),
        (
            "MeterValues",
            {**METER, "connectorId": "one"},
            FaultKind.TYPE,
            "connectorId: is not of type integer",
        ),
        (
            "MeterValues",
            {**METER, "meterValue": "1"},
            FaultKind.TYPE,
            "meterValue: is not of type array",
        ),
        (
            "MeterValues",
            {**METER, "meterValue": [{}]},
            FaultKind.OCCURRENCE,
            "meterValue.sampledValue: is required",
        ),
        ("StartTransaction", {**START, "idTag": None}, FaultKind.OCCURRENCE, "idTag: is required"),
        (
            "StopTransaction",
            {**STOP, "transactionId": None},
            FaultKind.OCCURRENCE,
            "transactionId: is required",
        ),
        (
            "StopTransaction",
            {**STOP, "transactionId": 2**63},
            FaultKind.PROPERTY,
            "transactionId: is no integer of 64 bits",
        ),
        (
            "StopTransaction",
            {**STOP, "transactionId": "abc"},
            FaultKind.TYPE,
            "transactionId: is not of type integer",
        ),
    ],
)
def test_what_cannot_be_mended_is_refused(
    action: str, payload: Any, kind: FaultKind, text: str, strictness: Strictness
) -> None:
    """By the kind of fault, in words that quote nothing."""
    assert read(action, payload, strictness) == Fault(kind, text)


@pytest.mark.parametrize(
    ("action", "payload", "kind"),
    [
        ("Heartbeat", None, FaultKind.TYPE),
        ("Heartbeat", {"a": 1}, FaultKind.FORMAT),
        ("Authorize", {}, FaultKind.OCCURRENCE),
        ("Authorize", {"idTag": 5}, FaultKind.TYPE),
        ("Authorize", {"idTag": "x" * 21}, FaultKind.PROPERTY),
        ("Authorize", {"idTag": "a\0"}, FaultKind.PROPERTY),
        ("StatusNotification", {**STATUS, "errorCode": "Error"}, FaultKind.PROPERTY),
        ("StatusNotification", {**STATUS, "timestamp": "never"}, FaultKind.PROPERTY),
        ("StartTransaction", {**START, "timestamp": "2025-06-01T12:00:00"}, FaultKind.PROPERTY),
        ("StartTransaction", {**START, "meterStart": 1.5}, FaultKind.TYPE),
        ("MeterValues", {**METER, "meterValue": []}, FaultKind.OCCURRENCE),
        ("DataTransfer", {"vendorId": "v", "data": {}}, FaultKind.TYPE),
    ],
)
def test_strict_refuses(action: str, payload: Any, kind: FaultKind) -> None:
    """What the schema refuses, bad times and unstorable text."""
    result = read(action, payload, Strictness.STRICT)
    assert isinstance(result, Fault)
    assert result.kind is kind
