"""Charging in the words of 2.x."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from csms.adapter.dialect import DIALECTS, Fault, Request, Understood, Unsupported
from csms.adapter.tables import Version
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.core.charging import vocabulary as v
from csms.core.charging.profiles import (
    ChargingProfile,
    CompositeSchedule,
    Kind,
    Period,
    Purpose,
    Recurrency,
    Schedule,
    ScheduleUpdate,
    Unit,
    plain,
)
from csms.core.commands import Command, Raw, RemoteStart
from csms.core.energy.vocabulary import UsePriority
from csms.core.replies import Acknowledged
from csms.core.values import Strictness

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WIRE_NOW = "2026-01-02T03:04:05.000Z"
modern = pytest.mark.parametrize("version", [V201, V21], ids=["2.0.1", "2.1"])
OLD = DIALECTS["ocpp2.0.1"]
PROFILE = ChargingProfile(
    id=7,
    stack_level=1,
    purpose=Purpose.TX,
    kind=Kind.RECURRING,
    recurrency=Recurrency.DAILY,
    transaction_ref="T1",
    valid_from=NOW,
    schedules=(
        Schedule(
            id=4,
            unit=Unit.W,
            start_at=NOW,
            periods=(Period(start_period=0, limit=16.0, number_phases=1, phase_to_use=2),),
            sales_tariff={
                "id": 1,
                "sales_tariff_entry": [
                    {"relative_time_interval": {"start": 0}, "e_price_level": 1}
                ],
            },
            custom_data={"vendorId": "v"},
        ),
    ),
)
WIRE: dict[str, Any] = {
    "id": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "transactionId": "T1",
    "validFrom": WIRE_NOW,
    "chargingSchedule": [
        {
            "id": 4,
            "chargingRateUnit": "W",
            "startSchedule": WIRE_NOW,
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 16.0, "numberPhases": 1, "phaseToUse": 2}
            ],
            "salesTariff": {
                "id": 1,
                "salesTariffEntry": [{"relativeTimeInterval": {"start": 0}, "ePriceLevel": 1}],
            },
            "customData": {"vendorId": "v"},
        }
    ],
}
CASES = [
    (
        v.SetProfile(evse_id=1, profile=PROFILE),
        "SetChargingProfile",
        {"evseId": 1, "chargingProfile": WIRE},
    ),
    (v.ClearProfiles(profile_id=7), "ClearChargingProfile", {"chargingProfileId": 7}),
    (
        v.ClearProfiles(evse_id=0, purpose=Purpose.STATION_MAX, stack_level=0),
        "ClearChargingProfile",
        {
            "chargingProfileCriteria": {
                "evseId": 0,
                "chargingProfilePurpose": "ChargingStationMaxProfile",
                "stackLevel": 0,
            }
        },
    ),
    (
        v.ReportProfiles(
            ref=4, evse_id=0, purpose=Purpose.EXTERNAL, stack_level=2, sources=("EMS", "SO")
        ),
        "GetChargingProfiles",
        {
            "requestId": 4,
            "evseId": 0,
            "chargingProfile": {
                "chargingProfilePurpose": "ChargingStationExternalConstraints",
                "stackLevel": 2,
                "chargingLimitSource": ["EMS", "SO"],
            },
        },
    ),
    (
        v.ReportProfiles(ref=4, profile_ids=(1, 2)),
        "GetChargingProfiles",
        {"requestId": 4, "chargingProfile": {"chargingProfileId": [1, 2]}},
    ),
    (
        v.AskSchedule(evse_id=1, duration_s=60),
        "GetCompositeSchedule",
        {"evseId": 1, "duration": 60},
    ),
    (
        v.AskSchedule(evse_id=1, duration_s=60, unit=Unit.A),
        "GetCompositeSchedule",
        {"evseId": 1, "duration": 60, "chargingRateUnit": "A"},
    ),
]


def dialect(version: Version) -> Any:
    return DIALECTS[version.subprotocol]


@modern
@pytest.mark.parametrize(("command", "action", "payload"), CASES)
def test_commands(version: Version, command: Command, action: str, payload: dict[str, Any]) -> None:
    """Each is the message it says, and that message is the command again."""
    assert dialect(version).request(command) == Request(action, payload)
    assert dialect(version).interpret(Raw(action=action, payload=payload)) == command


@modern
def test_ids(version: Version) -> None:
    """A profile without an id has the number of the command; schedules are counted."""
    schedules = tuple(replace(each, id=None) for each in PROFILE.schedules * 2)
    profile = replace(PROFILE, id=None, schedules=schedules)
    request = dialect(version).request(v.SetProfile(evse_id=1, profile=profile, ref=40))
    sent = request.payload["chargingProfile"]
    assert (sent["id"], [each["id"] for each in sent["chargingSchedule"]]) == (40, [1, 2])
    everything = dialect(version).request(v.ClearProfiles())
    assert everything == Request("ClearChargingProfile", {})


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (v.SetProfile(evse_id=1, profile=replace(PROFILE, kind=Kind.DYNAMIC)), "no kind Dynamic"),
        (
            v.SetProfile(evse_id=1, profile=replace(PROFILE, dyn_update_interval=1)),
            "no dyn_update_interval in a charging profile",
        ),
        (
            RemoteStart(id_token="T", charging_profile=replace(PROFILE, dyn_update_interval=1)),
            "no dyn_update_interval in a charging profile",
        ),
        (v.ClearProfiles(purpose=Purpose.PRIORITY), "no purpose PriorityCharging"),
        (v.ReportProfiles(ref=1, purpose=Purpose.PRIORITY), "no purpose PriorityCharging"),
        (v.UpdateSchedule(profile_id=1, update=ScheduleUpdate(limit=1.0)), "no dynamic"),
        (UsePriority(transaction_ref="1", activate=True), "no such message"),
    ],
)
def test_what_2_0_1_cannot_say(command: Command, reason: str) -> None:
    """Is told with the reason, and nothing of it is left out to make it fit."""
    answer = OLD.request(command)
    assert isinstance(answer, Unsupported)
    assert reason in answer.reason


VENDOR = {"vendorId": "v"}


@modern
@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("SetChargingProfile", {"evseId": 1, "chargingProfile": WIRE, "customData": VENDOR}),
        ("SetChargingProfile", {"evseId": 1, "chargingProfile": {**WIRE, "transactionId": ""}}),
        (
            "SetChargingProfile",
            {"evseId": 1, "chargingProfile": {**WIRE, "validTo": "1999-01-01T00:00:00Z"}},
        ),
        (
            "ClearChargingProfile",
            {"chargingProfileId": 1, "chargingProfileCriteria": {"stackLevel": 1}},
        ),
        ("ClearChargingProfile", {"chargingProfileCriteria": {"customData": VENDOR}}),
        ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {"customData": VENDOR}}),
        ("GetCompositeSchedule", {"evseId": 1, "duration": 1, "customData": VENDOR}),
    ],
)
def test_what_stays_raw(version: Version, action: str, payload: dict[str, Any]) -> None:
    """What says more than the core's command could is sent as it is."""
    raw = Raw(action=action, payload=payload)
    assert dialect(version).interpret(raw) is raw


@modern
def test_a_raw_start_with_a_profile(version: Version) -> None:
    """Is the core's own when the profile can be said, and stays raw when it cannot."""
    profile = {name: value for name, value in WIRE.items() if name != "transactionId"}
    payload = {
        "idToken": {"idToken": "T", "type": "Central"},
        "remoteStartId": 3,
        "chargingProfile": profile,
    }
    raw = Raw(action="RequestStartTransaction", payload=payload)
    start = dialect(version).interpret(raw)
    assert start.charging_profile == replace(PROFILE, transaction_ref=None)
    odd = {**payload, "chargingProfile": {**profile, "validTo": "1999-01-01T00:00:00Z"}}
    raw = Raw(action="RequestStartTransaction", payload=odd)
    assert dialect(version).interpret(raw) is raw


def said(version: Version, action: str, payload: dict[str, Any], quirks: int = 0) -> Any:
    understood = dialect(version).read(action, payload, Strictness.TOLERANT, NOW)
    assert isinstance(understood, Understood), understood
    assert len(understood.quirks) == quirks
    return understood.report


@modern
def test_reported_profiles(version: Version) -> None:
    """In the words of the core, with what could be read of odd ones."""
    report = said(
        version,
        "ReportChargingProfiles",
        {
            "requestId": 4,
            "chargingLimitSource": "CSO",
            "evseId": 1,
            "chargingProfile": [WIRE],
            "tbc": True,
        },
    )
    assert (report.ref, report.evse_id, report.source, report.last) == (4, 1, "CSO", False)
    (profile,) = report.profiles
    assert profile["schedules"][0]["periods"][0] == {
        "start_period": 0,
        "limit": 16.0,
        "number_phases": 1,
        "phase_to_use": 2,
    }
    assert profile["valid_from"] == WIRE_NOW
    odd = {**WIRE, "chargingProfilePurpose": "Odd", "stackLevel": None, "validFrom": 7}
    report = said(
        version,
        "ReportChargingProfiles",
        {"chargingLimitSource": "CSO", "evseId": 1, "chargingProfile": [odd]},
        quirks=5,
    )
    assert (report.ref, report.last) == (None, True)
    assert report.profiles[0]["purpose"] == "Odd"


SCHEDULE = WIRE["chargingSchedule"][0]


@modern
def test_limits(version: Version) -> None:
    """K11 to K13; without an EVSE a limit is the station's, and its end is everywhere."""
    limit = {"chargingLimitSource": "EMS", "isGridCritical": True}
    report = said(
        version, "NotifyChargingLimit", {"chargingLimit": limit, "chargingSchedule": [SCHEDULE]}
    )
    assert (report.evse_id, report.source) == (0, "EMS")
    assert report.limit["is_grid_critical"] is True
    assert report.limit["schedules"][0]["unit"] == "W"
    bare = said(version, "NotifyChargingLimit", {"chargingLimit": limit, "evseId": 2})
    assert (bare.evse_id, bare.limit) == (2, {"is_grid_critical": True})
    cleared = said(version, "ClearedChargingLimit", {"chargingLimitSource": "EMS"})
    assert cleared == v.LimitCleared(source="EMS")
    cleared = said(version, "ClearedChargingLimit", {"chargingLimitSource": "EMS", "evseId": 1})
    assert cleared == v.LimitCleared(source="EMS", evse_id=1)
    nowhere = {"chargingLimitSource": "EMS", "evseId": 2**31}
    assert isinstance(
        dialect(version).read("ClearedChargingLimit", nowhere, Strictness.TOLERANT, NOW), Fault
    )


@modern
def test_needs(version: Version) -> None:
    """K15: what a vehicle needs, and how many periods it takes."""
    needs = {
        "requestedEnergyTransfer": "DC",
        "departureTime": WIRE_NOW,
        "dcChargingParameters": {"evMaxCurrent": 10, "evMaxVoltage": 400, "fullSoC": 80},
    }
    payload = {"evseId": 1, "maxScheduleTuples": 3, "chargingNeeds": needs}
    report = said(version, "NotifyEVChargingNeeds", payload)
    assert report.needs == {
        "requested_energy_transfer": "DC",
        "departure_time": WIRE_NOW,
        "dc_charging_parameters": {"ev_max_current": 10, "ev_max_voltage": 400, "full_soc": 80},
    }
    assert (report.max_tuples, report.at) == (3, None)
    none = said(version, "NotifyEVChargingNeeds", {**payload, "maxScheduleTuples": 0}, quirks=1)
    assert none.max_tuples is None


def test_needs_tell_the_time() -> None:
    """Since 2.1."""
    needs = {"requestedEnergyTransfer": "DC"}
    payload = {"evseId": 1, "timestamp": WIRE_NOW, "chargingNeeds": needs}
    assert said(V21, "NotifyEVChargingNeeds", payload).at == NOW


@modern
def test_vehicle_schedules(version: Version) -> None:
    """K16: what the vehicle means to draw, and from when on."""
    payload = {"timeBase": WIRE_NOW, "evseId": 1, "chargingSchedule": SCHEDULE}
    report = said(version, "NotifyEVChargingSchedule", payload)
    assert (report.at, report.evse_id, report.selected_id) == (NOW, 1, None)
    assert report.schedule["periods"][0]["limit"] == 16.0


@modern
@pytest.mark.parametrize(
    ("action", "reply", "answer"),
    [
        ("ClearedChargingLimit", Acknowledged(), {}),
        ("NotifyChargingLimit", Acknowledged(), {}),
        ("NotifyEVChargingNeeds", v.NeedsAnswered(status="Accepted"), {"status": "Accepted"}),
        ("NotifyEVChargingNeeds", v.NeedsAnswered(status="Processing"), {"status": "Processing"}),
        ("NotifyEVChargingNeeds", v.NeedsAnswered(status="Rejected"), {"status": "Rejected"}),
        (
            "NotifyEVChargingSchedule",
            v.VehicleScheduleAnswered(accepted=True),
            {"status": "Accepted"},
        ),
        (
            "NotifyEVChargingSchedule",
            v.VehicleScheduleAnswered(accepted=False),
            {"status": "Rejected"},
        ),
        ("ReportChargingProfiles", Acknowledged(), {}),
    ],
)
def test_answers(version: Version, action: str, reply: Any, answer: dict[str, Any]) -> None:
    """As the schema has them."""
    written = dialect(version).write(action, reply)
    assert written == answer
    assert version.schemas.outbound_flaw(f"{action}Response", written) is None


def test_no_profile_will_come() -> None:
    """2.0.1 cannot say so and refuses."""
    reply = v.NeedsAnswered(status="NoChargingProfile")
    assert OLD.write("NotifyEVChargingNeeds", reply) == {"status": "Rejected"}
    written = dialect(V21).write("NotifyEVChargingNeeds", reply)
    assert written == {"status": "NoChargingProfile"}


ASK = v.AskSchedule(evse_id=1, duration_s=60)
ANSWER = {
    "evseId": 9,
    "duration": 30,
    "scheduleStart": WIRE_NOW,
    "chargingRateUnit": "A",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}],
}


@modern
def test_what_answers_tell(version: Version) -> None:
    """Composite schedules, of the EVSE that was asked about; and that nothing fits."""
    found = dialect(version).outcome(ASK, {"status": "Accepted", "schedule": ANSWER}).found
    assert found == v.ScheduleFound(
        CompositeSchedule(
            evse_id=1,
            start_at=NOW,
            duration=30,
            unit=Unit.A,
            periods=(Period(start_period=0, limit=8.0),),
        )
    )
    assert plain(found.schedule)["duration"] == 30
    assert dialect(version).outcome(ASK, {"status": "Rejected"}).found is None
    clear, report = v.ClearProfiles(profile_id=1), v.ReportProfiles(ref=1)
    assert dialect(version).outcome(clear, {"status": "Unknown"}).found == v.NoProfiles()
    assert dialect(version).outcome(clear, {"status": "Accepted"}).found is None
    assert dialect(version).outcome(report, {"status": "NoProfiles"}).found == v.NoProfiles()
    assert dialect(version).outcome(report, {"status": "Accepted"}).found is None
