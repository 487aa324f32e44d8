"""Messages from 2.x stations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Dialect, Fault, FaultKind, Understood
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
    Stage,
    TransactionTold,
)
from csms.core.values import ConnectorStatus, Reading, Sample, Strictness

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
TIME = "2025-06-01T12:00:00Z"
MODERN = [DIALECTS["ocpp2.0.1"], DIALECTS["ocpp2.1"]]
modern = pytest.mark.parametrize("dialect", MODERN, ids=["2.0.1", "2.1"])

BOOT = {"chargingStation": {"vendorName": "Acme", "model": "One"}, "reason": "PowerUp"}
STATUS = {"timestamp": TIME, "connectorStatus": "Occupied", "evseId": 2, "connectorId": 1}
METER = [{"timestamp": TIME, "sampledValue": [{"value": 1}]}]
READINGS = (Reading(NOON, (Sample(value=1.0),)),)
EVENT = {
    "eventType": "Started",
    "timestamp": TIME,
    "triggerReason": "Authorized",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "T1"},
}
TOLD = TransactionTold(
    stage=Stage.STARTED, transaction_ref="T1", sequence_number=0, at=NOON, trigger="Authorized"
)


def read(
    dialect: Dialect, action: str, payload: Any, strictness: Strictness = Strictness.TOLERANT
) -> Any:
    return dialect.read(action, payload, strictness, NOW)


def changed(report: Any, **fields: Any) -> Any:
    old = {name: getattr(report, name) for name in report.__struct_fields__}
    return type(report)(**{**old, **fields})


@modern
@pytest.mark.parametrize("strictness", list(Strictness))
@pytest.mark.parametrize(
    ("action", "payload", "report"),
    [
        (
            "Authorize",
            {"idToken": {"idToken": "TAG", "type": "ISO14443"}},
            AuthorizationAsked(id_token="TAG", kind="ISO14443"),
        ),
        (
            "Authorize",
            {"idToken": {"idToken": "", "type": "NoAuthorization"}},
            AuthorizationAsked(id_token="", kind="NoAuthorization"),
        ),
        ("BootNotification", BOOT, Booted(vendor="Acme", model="One", reason="PowerUp")),
        (
            "BootNotification",
            {
                "chargingStation": {
                    "vendorName": "Acme",
                    "model": "One",
                    "serialNumber": "S1",
                    "firmwareVersion": "1.2",
                    "modem": {"iccid": "I1", "imsi": "I2"},
                },
                "reason": "Watchdog",
            },
            Booted(
                vendor="Acme",
                model="One",
                serial_number="S1",
                firmware_version="1.2",
                iccid="I1",
                imsi="I2",
                reason="Watchdog",
            ),
        ),
        ("DataTransfer", {"vendorId": "v"}, DataTransferred(vendor_id="v")),
        (
            "DataTransfer",
            {"vendorId": "v", "messageId": "m", "data": {"a": [1]}},
            DataTransferred(vendor_id="v", message_id="m", data={"a": [1]}),
        ),
        ("FirmwareStatusNotification", {"status": "Idle"}, FirmwareProgressed(status="Idle")),
        (
            "FirmwareStatusNotification",
            {"status": "Installed", "requestId": 3},
            FirmwareProgressed(status="Installed", request_id=3),
        ),
        ("Heartbeat", {}, Beat()),
        ("Heartbeat", {"customData": {"vendorId": "v", "x": [1]}}, Beat()),
        (
            "LogStatusNotification",
            {"status": "Uploading", "requestId": 3},
            LogUploadProgressed(status="Uploading", request_id=3),
        ),
        (
            "MeterValues",
            {"evseId": 1, "meterValue": METER},
            Metered(evse_id=1, readings=READINGS),
        ),
        (
            "StatusNotification",
            STATUS,
            ConnectorChanged(evse_id=2, connector_id=1, status=ConnectorStatus.OCCUPIED, at=NOON),
        ),
        ("TransactionEvent", EVENT, TOLD),
        (
            "TransactionEvent",
            {
                "eventType": "Ended",
                "timestamp": TIME,
                "triggerReason": "StopAuthorized",
                "seqNo": 7,
                "offline": True,
                "numberOfPhasesUsed": 3,
                "cableMaxCurrent": 32,
                "reservationId": 5,
                "transactionInfo": {
                    "transactionId": "T1",
                    "chargingState": "EVConnected",
                    "timeSpentCharging": 60,
                    "stoppedReason": "EVDisconnected",
                    "remoteStartId": 9,
                },
                "evse": {"id": 2, "connectorId": 1},
                "idToken": {
                    "idToken": "TAG",
                    "type": "ISO15693",
                    "additionalInfo": [{"additionalIdToken": "DE-1", "type": "EMAID"}],
                },
                "meterValue": METER,
            },
            TransactionTold(
                stage=Stage.ENDED,
                transaction_ref="T1",
                sequence_number=7,
                at=NOON,
                offline=True,
                trigger="StopAuthorized",
                charging_state="EVConnected",
                evse_id=2,
                connector_id=1,
                id_token="TAG",
                id_token_kind="ISO15693",
                additional_info=(("DE-1", "EMAID"),),
                readings=READINGS,
                details={
                    "time_spent_charging_s": 60,
                    "phases_used": 3,
                    "cable_max_current_a": 32,
                },
                reason="EVDisconnected",
                remote_start_ref=9,
                reservation_ref=5,
            ),
        ),
        (
            "TransactionEvent",
            {
                **EVENT,
                "eventType": "Updated",
                "idToken": {"idToken": "", "type": "NoAuthorization"},
            },
            changed(TOLD, stage=Stage.UPDATED, id_token="", id_token_kind="NoAuthorization"),
        ),
        (
            "TransactionEvent",
            {**EVENT, "idToken": {"idToken": "", "type": "Local"}, "evse": {"id": 1}},
            changed(TOLD, evse_id=1),
        ),
    ],
)
def test_valid_messages(
    dialect: Dialect, strictness: Strictness, action: str, payload: Any, report: Report
) -> None:
    """Every strictness reads what is valid alike, without a quirk."""
    assert read(dialect, action, payload, strictness) == Understood(report)


@modern
@pytest.mark.parametrize(
    ("fields", "changes", "quirks"),
    [
        ({"seqNo": "3"}, {"sequence_number": 3}, ["text_for_number"]),
        ({"seqNo": None}, {}, ["null_field", "missing_field"]),
        ({"timestamp": None}, {"at": NOW, "told_at": ""}, ["null_field", "missing_field"]),
        (
            {"timestamp": "1970-01-01T00:00:00Z"},
            {"at": NOW, "told_at": "1970-01-01T00:00:00Z"},
            ["unset_clock"],
        ),
        (
            {"timestamp": "2025-06-01 12:00"},
            {"at": NOON},
            ["timestamp_with_space", "timestamp_without_zone"],
        ),
        ({"offline": "true"}, {"offline": True}, ["not_a_boolean"]),
        ({"offline": "perhaps"}, {}, ["unreadable_field"]),
        ({"triggerReason": "Boredom"}, {"trigger": "Boredom"}, ["unknown_reason"]),
        ({"triggerReason": None}, {"trigger": ""}, ["null_field", "missing_field"]),
        ({"eventType": "STARTED"}, {}, ["spelling"]),
        ({"evse": 1}, {"evse_id": 1}, ["not_an_object"]),
        ({"evse": True}, {}, ["unreadable_field"]),
        ({"evse": {"id": -1}}, {}, ["out_of_range"]),
        ({"evse": {"id": 2**31, "connectorId": -5}}, {}, ["out_of_range"]),
        ({"idToken": "TAG"}, {"id_token": "TAG"}, ["not_an_object", "missing_field"]),
        ({"idToken": ["TAG"]}, {"id_token_unreadable": True}, ["unreadable_field"]),
        (
            {"idToken": {"idToken": "T" * 256, "type": "Local"}},
            {"id_token_unreadable": True},
            ["too_long", "unreadable_field"],
        ),
        (
            {"idToken": {"idToken": "TAG"}},
            {"id_token": "TAG", "id_token_kind": None},
            ["missing_field"],
        ),
        (
            {"idToken": {"idToken": " TAG ", "type": "Central"}},
            {"id_token": "TAG", "id_token_kind": "Central"},
            ["padded_text"],
        ),
        (
            {"idToken": {"idToken": "TAG", "type": "Central", "additionalInfo": {"a": 1}}},
            {"id_token": "TAG", "id_token_kind": "Central"},
            ["not_a_list", "extra_field", "unreadable_field"],
        ),
        ({"meterValue": []}, {}, ["empty_list"]),
        ({"meterValue": METER[0]}, {"readings": READINGS}, ["not_a_list"]),
        (
            {"meterValue": [{**METER[0], "timestamp": "soon"}]},
            {"readings": (Reading(NOON, READINGS[0].samples),)},
            ["bad_timestamp"],
        ),
        ({"reservationId": 2**31}, {}, ["out_of_range"]),
        ({"numberOfPhasesUsed": "three"}, {}, None),
        ({"cableMaxCurrent": 2**31}, {}, ["out_of_range"]),
        (
            {"transactionInfo": {"transactionId": 17}},
            {"transaction_ref": "17"},
            ["number_for_text"],
        ),
        (
            {"transactionInfo": {"transactionId": "x" * 40}},
            {"transaction_ref": "x" * 40},
            ["too_long"],
        ),
        (
            {"transactionInfo": {"transactionId": "T1", "stoppedReason": "Whim"}},
            {"reason": "Other"},
            ["unknown_reason"],
        ),
        (
            {"transactionInfo": {"transactionId": "T1", "chargingState": "Bored"}},
            {"charging_state": "Bored"},
            ["unknown_status"],
        ),
        ({"extra": 1}, {}, ["extra_field"]),
    ],
)
def test_transactions_are_mended(
    dialect: Dialect, fields: Any, changes: Any, quirks: list[str] | None
) -> None:
    """What a transaction can do without never costs the rest of it."""
    understood = read(dialect, "TransactionEvent", {**EVENT, **fields})
    assert isinstance(understood, Understood)
    assert understood.report == changed(TOLD, **changes)
    if quirks is not None:
        assert [name for name, _ in understood.quirks] == quirks


@modern
@pytest.mark.parametrize(
    ("fields", "kind", "text"),
    [
        (
            {"eventType": "Paused"},
            FaultKind.PROPERTY,
            "eventType: is not one of the allowed values",
        ),
        ({"eventType": None}, FaultKind.OCCURRENCE, "eventType: is required"),
        ({"transactionInfo": None}, FaultKind.OCCURRENCE, "transactionInfo: is required"),
        (
            {"transactionInfo": {}},
            FaultKind.OCCURRENCE,
            "transactionInfo.transactionId: is required",
        ),
        (
            {"transactionInfo": {"transactionId": ""}},
            FaultKind.PROPERTY,
            "transactionInfo.transactionId: is empty",
        ),
        ({"seqNo": 2**63}, FaultKind.PROPERTY, "seqNo: is no integer of 64 bits"),
    ],
)
def test_transactions_that_nobody_could_place(
    dialect: Dialect, fields: Any, kind: FaultKind, text: str
) -> None:
    """Without stage, transaction or number an event belongs nowhere."""
    assert read(dialect, "TransactionEvent", {**EVENT, **fields}) == Fault(kind, text)


@modern
def test_states_that_the_version_does_not_have(dialect: Dialect) -> None:
    """An unknown state of a connector is no other state, and its time may be missing."""
    understood = read(
        dialect,
        "StatusNotification",
        {**STATUS, "connectorStatus": "Preparing", "timestamp": None},
    )
    assert understood.report == ConnectorChanged(
        evse_id=2, connector_id=1, status=ConnectorStatus.PREPARING
    )
    unknown = read(dialect, "StatusNotification", {**STATUS, "connectorStatus": "Lost"})
    assert unknown.report.status is ConnectorStatus.UNKNOWN
    assert [name for name, _ in unknown.quirks] == ["unknown_status"]


@modern
@pytest.mark.parametrize("field", ["evseId", "connectorId"])
def test_connectors_have_numbers(dialect: Dialect, field: str) -> None:
    """Neither below zero nor beyond 32 bits."""
    for number in (-1, 2**31):
        fault = read(dialect, "StatusNotification", {**STATUS, field: number})
        assert fault == Fault(FaultKind.PROPERTY, f"{field}: is no number of an EVSE or connector")


@modern
def test_boots_are_mended(dialect: Dialect) -> None:
    """A station that does not know its model may boot."""
    understood = read(
        dialect,
        "BootNotification",
        {"chargingStation": {"vendorName": "Acme", "serialNumber": {}, "modem": "none"}},
    )
    assert understood.report == Booted(vendor="Acme", model="")
    assert [name for name, _ in understood.quirks] == ["unreadable_field", "missing_field"]


def test_longer_tokens_of_the_newer_version() -> None:
    """36 characters in 2.0.1, 255 in 2.1; kept whole in both."""
    payload = {"idToken": {"idToken": "x" * 100, "type": "eMAID"}}
    quirks = [read(dialect, "Authorize", payload).quirks for dialect in MODERN]
    assert quirks == [(("too_long", "idToken.idToken"),), ()]
    payload = {"idToken": {"idToken": "x" * 256, "type": "eMAID"}}
    assert all(isinstance(read(dialect, "Authorize", payload), Fault) for dialect in MODERN)
