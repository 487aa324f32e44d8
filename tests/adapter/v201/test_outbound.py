"""The core's commands in the words of 2.x."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.adapter.dialect import DIALECTS, Request, Unsupported
from csms.adapter.tables import Version
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
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

modern = pytest.mark.parametrize("version", [V201, V21], ids=["2.0.1", "2.1"])
REQUESTS = [(version, action) for version in (V201, V21) for action in sorted(version.outbound)]
PROFILE: dict[str, Any] = {
    "id": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": [
        {
            "id": 1,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}],
        }
    ],
}
STARTED_WITH = ChargingProfile(
    id=1,
    stack_level=0,
    purpose=Purpose.TX,
    kind=Kind.RELATIVE,
    schedules=(Schedule(id=1, unit=Unit.A, periods=(Period(start_period=0, limit=16.1),)),),
)
TOKEN = {"idToken": "TAG", "type": "Central"}


def request(version: Version, command: Command) -> Any:
    return DIALECTS[version.subprotocol].request(command)


def variable(component: Any, variable: Any, **more: Any) -> dict[str, Any]:
    return {"component": component, "variable": variable, **more}


@modern
@pytest.mark.parametrize(
    ("command", "action", "payload"),
    [
        (
            RemoteStart(id_token="TAG", ref=7),
            "RequestStartTransaction",
            {"idToken": TOKEN, "remoteStartId": 7},
        ),
        (
            RemoteStart(
                id_token="TAG", kind="Central", evse_id=2, charging_profile=STARTED_WITH, ref=7
            ),
            "RequestStartTransaction",
            {"idToken": TOKEN, "remoteStartId": 7, "evseId": 2, "chargingProfile": PROFILE},
        ),
        (RemoteStop(transaction_ref="T1"), "RequestStopTransaction", {"transactionId": "T1"}),
        (Reset(), "Reset", {"type": "OnIdle"}),
        (Reset(kind=ResetKind.HARD), "Reset", {"type": "Immediate"}),
        (Reset(evse_id=2), "Reset", {"type": "OnIdle", "evseId": 2}),
        (
            ChangeAvailability(evse_id=1, connector_id=2, operative=True),
            "ChangeAvailability",
            {"operationalStatus": "Operative", "evse": {"id": 1, "connectorId": 2}},
        ),
        (
            Trigger(message="StatusNotification", evse_id=1, connector_id=2),
            "TriggerMessage",
            {
                "requestedMessage": "StatusNotification",
                "evse": {"id": 1, "connectorId": 2},
            },
        ),
        (
            RemoteStart(id_token="TAG", kind="ISO14443", group_id="FAMILY", ref=7),
            "RequestStartTransaction",
            {
                "idToken": {"idToken": "TAG", "type": "ISO14443"},
                "groupIdToken": {"idToken": "FAMILY", "type": "Central"},
                "remoteStartId": 7,
            },
        ),
        (
            Unlock(evse_id=2, connector_id=3),
            "UnlockConnector",
            {"evseId": 2, "connectorId": 3},
        ),
        (
            ChangeAvailability(operative=False),
            "ChangeAvailability",
            {"operationalStatus": "Inoperative"},
        ),
        (
            ChangeAvailability(evse_id=1, operative=True),
            "ChangeAvailability",
            {"operationalStatus": "Operative", "evse": {"id": 1}},
        ),
        (ClearCache(), "ClearCache", {}),
        (
            SendData(vendor_id="v", message_id="m", data={"a": 1}),
            "DataTransfer",
            {"vendorId": "v", "messageId": "m", "data": {"a": 1}},
        ),
        (Trigger(message="Heartbeat"), "TriggerMessage", {"requestedMessage": "Heartbeat"}),
        (
            Trigger(message="DiagnosticsStatusNotification"),
            "TriggerMessage",
            {"requestedMessage": "LogStatusNotification"},
        ),
        (
            Trigger(message="SignChargePointCertificate"),
            "TriggerMessage",
            {"requestedMessage": "SignChargingStationCertificate"},
        ),
        (
            Trigger(message="MeterValues", evse_id=1),
            "TriggerMessage",
            {"requestedMessage": "MeterValues", "evse": {"id": 1}},
        ),
        (
            Trigger(message="StatusNotification", evse_id=1),
            "TriggerMessage",
            {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}},
        ),
        (Raw(action="GetLocalListVersion"), "GetLocalListVersion", {}),
    ],
)
def test_requests(
    version: Version, command: Command, action: str, payload: dict[str, object]
) -> None:
    """Each command as the standard has it."""
    assert request(version, command) == Request(action, payload)
    assert version.schemas.outbound_flaw(f"{action}Request", payload) is None


@pytest.mark.parametrize(
    ("command", "action", "payload"),
    [
        (Reset(kind=ResetKind.RESUME), "Reset", {"type": "ImmediateAndResume"}),
        (
            Trigger(message="CustomTrigger", custom="com.example.hello"),
            "TriggerMessage",
            {"requestedMessage": "CustomTrigger", "customTrigger": "com.example.hello"},
        ),
    ],
)
def test_what_came_with_2_1(command: Command, action: str, payload: dict[str, Any]) -> None:
    """2.0.1 has no words for it."""
    assert request(V21, command) == Request(action, payload)
    assert isinstance(request(V201, command), Unsupported)


@modern
def test_a_start_without_a_number_is_given_one(version: Version) -> None:
    """Positive, the same for the same start, another for another."""
    first, again, other = (
        request(version, RemoteStart(id_token=token)).payload["remoteStartId"]
        for token in ("TAG", "TAG", "TAG2")
    )
    assert first == again != other
    assert 0 < first < 2**31


@modern
@pytest.mark.parametrize(
    ("command", "field"),
    [
        (RemoteStart(id_token="x" * 256), "id_token"),
        (RemoteStart(id_token=""), "id_token"),
        (RemoteStart(id_token="a\0"), "id_token"),
        (RemoteStart(id_token="TAG", evse_id=0), "evse_id"),
        (RemoteStart(id_token="TAG", evse_id=2**31), "evse_id"),
        (RemoteStart(id_token="TAG", ref=0), "ref"),
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
        (RemoteStop(transaction_ref=""), "transaction_ref"),
        (RemoteStop(transaction_ref="x" * 37), "transaction_ref"),
        (Unlock(evse_id=0), "evse_id"),
        (Unlock(evse_id=1, connector_id=0), "connector_id"),
        (ChangeAvailability(evse_id=-1, operative=True), "evse_id"),
        (SendData(vendor_id="v" * 256), "vendor_id"),
        (SendData(vendor_id="v", message_id="m" * 51), "message_id"),
        (Trigger(message="Nothing"), "message"),
        (Trigger(message="Heartbeat", evse_id=0), "evse_id"),
        (Raw(action="Nonsense"), "action"),
        (Raw(action="Heartbeat"), "action"),
        (Raw(action="Reset"), "payload.type"),
        (Raw(action="Reset", payload={"type": "OnIdle", "evseId": 0}), "payload.evseId"),
        (Raw(action="Reset", payload={"type": "OnIdle", "evil": 1}), "payload.evil"),
        (Raw(action="SetMonitoringLevel", payload={"severity": "1"}), "payload.severity"),
        (
            Raw(action="GetCompositeSchedule", payload={"duration": 1, "evseId": -1}),
            "payload.evseId",
        ),
    ],
)
def test_rules_name_the_field_of_the_command(
    version: Version, command: Command, field: str
) -> None:
    """Who gave the command reads of the input, not of the wire."""
    with pytest.raises(Invalid) as caught:
        request(version, command)
    assert caught.value.field == field
    assert caught.value.detail


@settings(max_examples=250, suppress_health_check=list(HealthCheck), deadline=None)
@given(message=st.sampled_from(REQUESTS), data=st.data())
def test_every_request_can_be_sent_raw(message: tuple[Version, str], data: st.DataObject) -> None:
    """Any of the 40 or 55, as it is, or refused by name."""
    version, action = message
    payload = data.draw(payloads(version.schemas.documents[f"{action}Request"]))
    result: object
    try:
        result = request(version, Raw(action=action, payload=payload))
    except Invalid as invalid:
        result = str(invalid.field).partition(".")[0].partition("[")[0]
    assert result in (Request(action, payload), "payload")


@settings(max_examples=250, suppress_health_check=list(HealthCheck), deadline=None)
@given(message=st.sampled_from(REQUESTS), data=st.data())
def test_invalid_requests_are_never_sent(message: tuple[Version, str], data: st.DataObject) -> None:
    """Whatever is sent is valid; nothing but `Invalid` is raised."""
    version, action = message
    schema = version.schemas.documents[f"{action}Request"]
    drawn: Any = data.draw(mutated(schema) | any_json)
    try:
        sent = request(version, Raw(action=action, payload=drawn))
    except Invalid:
        return
    assert isinstance(sent, Request)
    assert version.schemas.outbound_flaw(f"{action}Request", sent.payload) is None


START = {"idToken": TOKEN, "remoteStartId": 7}


@modern
@pytest.mark.parametrize(
    ("raw", "command"),
    [
        (
            Raw(action="RequestStartTransaction", payload=START),
            RemoteStart(id_token="TAG", kind="Central", ref=7),
        ),
        (
            Raw(
                action="RequestStartTransaction",
                payload={**START, "groupIdToken": TOKEN},
            ),
            RemoteStart(id_token="TAG", kind="Central", group_id="TAG", ref=7),
        ),
        (
            Raw(
                action="RequestStartTransaction",
                payload={**START, "evseId": 2, "chargingProfile": PROFILE},
            ),
            RemoteStart(
                id_token="TAG", kind="Central", evse_id=2, charging_profile=STARTED_WITH, ref=7
            ),
        ),
        (
            Raw(action="RequestStopTransaction", payload={"transactionId": "T1"}),
            RemoteStop(transaction_ref="T1"),
        ),
    ],
)
def test_raw_starts_and_stops_are_interpreted(version: Version, raw: Raw, command: Command) -> None:
    """So that they are linked to their sessions like others; they say the same on the wire."""
    dialect = DIALECTS[version.subprotocol]
    assert dialect.interpret(raw) == command
    assert dialect.request(command) == dialect.request(raw)


@modern
@pytest.mark.parametrize(
    "command",
    [
        Reset(),
        Raw(action="Reset", payload={"type": "OnIdle"}),
        Raw(
            action="RequestStartTransaction",
            payload={**START, "groupIdToken": {"idToken": "TAG", "type": "eMAID"}},
        ),
        Raw(
            action="RequestStopTransaction",
            payload={"transactionId": "T1", "customData": {"vendorId": "v"}},
        ),
        Raw(action="RequestStopTransaction", payload={"transactionId": 7}),
    ],
)
def test_other_commands_stay_as_they_are(version: Version, command: Command) -> None:
    """Unreadable ones, and those that say more than the core's command can."""
    assert DIALECTS[version.subprotocol].interpret(command) is command


@modern
@pytest.mark.parametrize(
    ("command", "messages"),
    [
        (Reset(), set()),
        (Trigger(message="Heartbeat"), {"Heartbeat"}),
        (Trigger(message="SignV2GCertificate"), {"SignCertificate"}),
        (
            Raw(
                action="GetBaseReport",
                payload={"requestId": 1, "reportBase": "FullInventory"},
            ),
            {"NotifyReport"},
        ),
        (
            Raw(action="GetDisplayMessages", payload={"requestId": 1}),
            {"NotifyDisplayMessages"},
        ),
    ],
)
def test_what_a_request_asks_for(version: Version, command: Command, messages: set[str]) -> None:
    """May come before the station is accepted; it is a message that stations send."""
    dialect = DIALECTS[version.subprotocol]
    assert dialect.provokes(request(version, command)) == messages
    assert all(dialect.recognise(message) is None for message in messages)
