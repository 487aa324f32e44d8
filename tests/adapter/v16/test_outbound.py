"""The core's commands in the words of 1.6."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.adapter.dialect import DIALECTS, Request, Unsupported
from csms.adapter.schema import Schemas
from csms.adapter.v16.version import V16
from csms.core.charging.profiles import ChargingProfile, Kind, Period, Purpose, Schedule, Unit
from csms.core.commands import (
    ChangeAvailability,
    ClearCache,
    Command,
    Raw,
    RemoteStart,
    RemoteStop,
    Reset,
    ResetKind,
    SendData,
    Trigger,
    Unlock,
)
from csms.core.errors import Invalid
from csms.testing.payloads import any_json, mutated, payloads

DIALECT = DIALECTS["ocpp1.6"]
SCHEMAS = Schemas("v16")
PROFILE: dict[str, Any] = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}],
    },
}
STARTED_WITH = ChargingProfile(
    id=1,
    stack_level=0,
    purpose=Purpose.TX,
    kind=Kind.RELATIVE,
    schedules=(Schedule(unit=Unit.A, periods=(Period(start_period=0, limit=16.1),)),),
)


@pytest.mark.parametrize(
    ("command", "action", "payload"),
    [
        (RemoteStart(id_token="TAG"), "RemoteStartTransaction", {"idTag": "TAG"}),
        (
            RemoteStart(id_token="TAG", evse_id=2, charging_profile=STARTED_WITH),
            "RemoteStartTransaction",
            {"idTag": "TAG", "connectorId": 2, "chargingProfile": PROFILE},
        ),
        (RemoteStop(transaction_ref="7"), "RemoteStopTransaction", {"transactionId": 7}),
        (RemoteStop(transaction_ref="-1"), "RemoteStopTransaction", {"transactionId": -1}),
        (Reset(), "Reset", {"type": "Soft"}),
        (Reset(kind=ResetKind.HARD), "Reset", {"type": "Hard"}),
        (Unlock(evse_id=2), "UnlockConnector", {"connectorId": 2}),
        (
            ChangeAvailability(operative=False),
            "ChangeAvailability",
            {"connectorId": 0, "type": "Inoperative"},
        ),
        (
            ChangeAvailability(evse_id=1, operative=True),
            "ChangeAvailability",
            {"connectorId": 1, "type": "Operative"},
        ),
        (ClearCache(), "ClearCache", {}),
        (SendData(vendor_id="v"), "DataTransfer", {"vendorId": "v"}),
        (
            SendData(vendor_id="v", message_id="m", data="d"),
            "DataTransfer",
            {"vendorId": "v", "messageId": "m", "data": "d"},
        ),
        (
            SendData(vendor_id="v", data={"a": 1}),
            "DataTransfer",
            {"vendorId": "v", "data": '{"a":1}'},
        ),
        (
            Trigger(message="MeterValues", evse_id=1),
            "TriggerMessage",
            {"requestedMessage": "MeterValues", "connectorId": 1},
        ),
        (Trigger(message="Heartbeat"), "TriggerMessage", {"requestedMessage": "Heartbeat"}),
        (
            Trigger(message="SignChargingStationCertificate"),
            "ExtendedTriggerMessage",
            {"requestedMessage": "SignChargePointCertificate"},
        ),
        (
            Trigger(message="SignChargePointCertificate"),
            "ExtendedTriggerMessage",
            {"requestedMessage": "SignChargePointCertificate"},
        ),
        (
            Raw(action="GetLocalListVersion", payload={}),
            "GetLocalListVersion",
            {},
        ),
    ],
)
def test_requests(command: Command, action: str, payload: dict[str, object]) -> None:
    """Each command as the standard has it."""
    assert DIALECT.request(command) == Request(action, payload)
    assert SCHEMAS.outbound_flaw(action, payload) is None


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (RemoteStart(id_token="x" * 256), "id_token"),
        (RemoteStart(id_token=""), "id_token"),
        (RemoteStart(id_token="a\0"), "id_token"),
        (RemoteStart(id_token="TAG", evse_id=0), "evse_id"),
        (RemoteStart(id_token="TAG", evse_id=2**31), "evse_id"),
        (
            RemoteStart(
                id_token="TAG",
                charging_profile=replace(STARTED_WITH, purpose=Purpose.TX_DEFAULT),
            ),
            "charging_profile.purpose",
        ),
        (
            RemoteStart(
                id_token="TAG", charging_profile=replace(STARTED_WITH, transaction_ref="7")
            ),
            "charging_profile.transaction_ref",
        ),
        (Unlock(evse_id=0), "evse_id"),
        (ChangeAvailability(evse_id=-1, operative=True), "evse_id"),
        (SendData(vendor_id="v" * 256), "vendor_id"),
        (SendData(vendor_id="v", message_id="m" * 51), "message_id"),
        (Trigger(message="Nothing"), "message"),
        (Trigger(message="Heartbeat", evse_id=0), "evse_id"),
        (Raw(action="Nonsense"), "action"),
        (Raw(action="Heartbeat"), "action"),
        (Raw(action="Reset"), "payload.type"),
        (Raw(action="Reset", payload={"type": "Hard", "evil": 1}), "payload.evil"),
        (Raw(action="ClearChargingProfile", payload={"id": 2**31}), "payload.id"),
        (
            Raw(
                action="UpdateFirmware",
                payload={"location": "https://a/b", "retrieveDate": "tomorrow"},
            ),
            "payload.retrieveDate",
        ),
        (
            Raw(action="RemoteStartTransaction", payload={"idTag": "TAG", "connectorId": 0}),
            "payload.connectorId",
        ),
    ],
)
def test_rules_name_the_field_of_the_command(command: Command, field: str) -> None:
    """Who gave the command reads of the input, not of the wire."""
    with pytest.raises(Invalid) as caught:
        DIALECT.request(command)
    assert caught.value.field == field
    assert caught.value.detail


@pytest.mark.parametrize("ref", ["abc", "", "9" * 5000, "0c1b7d3e-0000-4000-8000-000000000000"])
def test_a_transaction_that_is_no_number(ref: str) -> None:
    """Of a session that began in 2.x: it is not the input that is wrong."""
    request = DIALECT.request(RemoteStop(transaction_ref=ref))
    assert request == Unsupported("OCPP 1.6 knows transactions by a number only.")


@pytest.mark.parametrize(
    "command",
    [
        Unlock(evse_id=1, connector_id=2),
        ChangeAvailability(evse_id=1, connector_id=2, operative=True),
        Trigger(message="StatusNotification", evse_id=1, connector_id=2),
        Trigger(message="CustomTrigger", custom="com.example.hello"),
        Reset(evse_id=1),
        Reset(kind=ResetKind.RESUME),
    ],
)
def test_what_1_6_has_no_words_for(command: Command) -> None:
    """A 1.6 station counts connectors, not EVSEs, and restarts as a whole."""
    assert isinstance(DIALECT.request(command), Unsupported)


@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(action=st.sampled_from(sorted(V16.outbound)), data=st.data())
def test_every_request_can_be_sent_raw(action: str, data: st.DataObject) -> None:
    """Any of the 26, as it is, or refused by name."""
    payload = data.draw(payloads(SCHEMAS.documents[action]))
    result: object
    try:
        result = DIALECT.request(Raw(action=action, payload=payload))
    except Invalid as invalid:
        result = str(invalid.field).partition(".")[0].partition("[")[0]
    assert result in (Request(action, payload), "payload")


@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(action=st.sampled_from(sorted(V16.outbound)), data=st.data())
def test_invalid_requests_are_never_sent(action: str, data: st.DataObject) -> None:
    """Whatever is sent is valid; nothing but `Invalid` is raised."""
    drawn: Any = data.draw(mutated(SCHEMAS.documents[action]) | any_json)
    try:
        request = DIALECT.request(Raw(action=action, payload=drawn))
    except Invalid:
        return
    assert isinstance(request, Request)
    assert SCHEMAS.outbound_flaw(action, request.payload) is None


@pytest.mark.parametrize(
    ("raw", "command"),
    [
        (
            Raw(action="RemoteStartTransaction", payload={"idTag": "TAG"}),
            RemoteStart(id_token="TAG"),
        ),
        (
            Raw(
                action="RemoteStartTransaction",
                payload={"idTag": "TAG", "connectorId": 2, "chargingProfile": PROFILE},
            ),
            RemoteStart(id_token="TAG", evse_id=2, charging_profile=STARTED_WITH),
        ),
        (
            Raw(action="RemoteStopTransaction", payload={"transactionId": 7}),
            RemoteStop(transaction_ref="7"),
        ),
    ],
)
def test_raw_starts_and_stops_are_interpreted(raw: Raw, command: Command) -> None:
    """So that they are linked to their sessions like others; they say the same on the wire."""
    assert DIALECT.interpret(raw) == command
    assert DIALECT.request(command) == DIALECT.request(raw)


@pytest.mark.parametrize(
    "command",
    [
        Reset(),
        Raw(action="Reset", payload={"type": "Hard"}),
        Raw(action="RemoteStartTransaction", payload={"idTag": 5}),
        Raw(action="RemoteStopTransaction", payload={"transactionId": "7"}),
        Raw(action="Nonsense"),
    ],
)
def test_other_commands_stay_as_they_are(command: Command) -> None:
    """Unreadable ones too."""
    assert DIALECT.interpret(command) is command


@pytest.mark.parametrize(
    ("command", "messages"),
    [
        (Reset(), set()),
        (Trigger(message="Heartbeat"), {"Heartbeat"}),
        (Trigger(message="SignChargePointCertificate"), {"SignCertificate"}),
        (Raw(action="Reset", payload={"type": "Hard"}), set()),
    ],
)
def test_what_a_request_asks_for(command: Command, messages: set[str]) -> None:
    """May come before the station is accepted."""
    request = DIALECT.request(command)
    assert isinstance(request, Request)
    assert DIALECT.provokes(request) == messages


def test_a_misspelt_action_is_told_its_like() -> None:
    """There are too many requests to name them all."""
    with pytest.raises(Invalid) as caught:
        DIALECT.request(Raw(action="GetDiagnostic" + "s" * 300))
    assert caught.value.detail.endswith("no such request to a station.")
    with pytest.raises(Invalid) as caught:
        DIALECT.request(Raw(action="GetDiagnostic"))
    assert " Is it GetDiagnostics or " in caught.value.detail
