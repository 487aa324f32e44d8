"""Charging in the words of 2.1 alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Request, Understood
from csms.adapter.v21.version import V21
from csms.core.charging import vocabulary as v
from csms.core.charging.profiles import ScheduleUpdate
from csms.core.commands import Raw
from csms.core.values import Strictness

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DIALECT = DIALECTS["ocpp2.1"]
UPDATE = ScheduleUpdate(
    limit=1.0, limit_l2=2.0, discharge_limit_l3=-3.0, setpoint=4.0, setpoint_reactive_l2=5.0
)
WIRE = {
    "limit": 1.0,
    "limit_L2": 2.0,
    "dischargeLimit_L3": -3.0,
    "setpoint": 4.0,
    "setpointReactive_L2": 5.0,
}


def test_updates() -> None:
    """K29: all figures by their own names, and back."""
    command = v.UpdateSchedule(profile_id=7, update=UPDATE)
    payload = {"chargingProfileId": 7, "scheduleUpdate": WIRE}
    assert DIALECT.request(command) == Request("UpdateDynamicSchedule", payload)
    raw = Raw(action="UpdateDynamicSchedule", payload=payload)
    assert DIALECT.interpret(raw) == command


@pytest.mark.parametrize(
    "payload",
    [
        {"chargingProfileId": 7, "scheduleUpdate": {"limit": -1}},
        {"chargingProfileId": 7, "scheduleUpdate": {"customData": {"vendorId": "v"}}},
        {"chargingProfileId": 7, "scheduleUpdate": {}, "customData": {"vendorId": "v"}},
    ],
)
def test_updates_that_stay_raw(payload: dict[str, Any]) -> None:
    """Those that the core cannot say."""
    raw = Raw(action="UpdateDynamicSchedule", payload=payload)
    assert DIALECT.interpret(raw) is raw


@pytest.mark.parametrize(
    ("update", "answer"),
    [
        (UPDATE, {"status": "Accepted", "scheduleUpdate": WIRE}),
        (ScheduleUpdate(), {"status": "Accepted"}),
        (None, {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidProfile"}}),
    ],
)
def test_pulls(update: ScheduleUpdate | None, answer: dict[str, Any]) -> None:
    """K28: the figures, or that there is no such profile."""
    told = DIALECT.read(
        "PullDynamicScheduleUpdate", {"chargingProfileId": 2**70}, Strictness.TOLERANT, NOW
    )
    assert isinstance(told, Understood)
    assert told.report == v.UpdatePulled(profile_id=2**63 - 1)
    written = DIALECT.write("PullDynamicScheduleUpdate", v.UpdateGiven(update=update))
    assert written == answer
    assert V21.schemas.outbound_flaw("PullDynamicScheduleUpdateResponse", written) is None


SCHEDULE = {
    "id": 1,
    "chargingRateUnit": "W",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1.0, "limit_L2": 2.0}],
}


@pytest.mark.parametrize(
    ("start", "local", "shown"),
    [
        ("2026-03-01T08:00:00+02:00", True, "2026-03-01T08:00:00.000Z"),
        ("2026-03-01T08:00:00.5-0330", True, "2026-03-01T08:00:00.500Z"),
        ("2026-03-01T08:00:00Z", True, "2026-03-01T08:00:00.000Z"),
        ("2026-03-01T08:00:00", True, "2026-03-01T08:00:00.000Z"),
        ("2026-03-01T08:00:00+02:00", False, "2026-03-01T06:00:00.000Z"),
    ],
)
def test_the_clock_of_the_station(start: str, local: bool, shown: str) -> None:
    """K01.FR.90: a schedule that goes by it starts when it shows what is written, whatever zone is
    written with it; other schedules of the same profile keep theirs."""
    plain = {**SCHEDULE, "startSchedule": "2026-03-01T08:00:00+01:00"}
    schedules = [{**SCHEDULE, "startSchedule": start, "useLocalTime": local}, plain, SCHEDULE]
    profile = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "transactionId": "T",
        "chargingSchedule": schedules,
    }
    payload = {"chargingLimitSource": "EMS", "evseId": 1, "chargingProfile": [profile]}
    told = read("ReportChargingProfiles", {**payload, "requestId": 1})
    limit = read(
        "NotifyChargingLimit",
        {"chargingLimit": {"chargingLimitSource": "EMS"}, "chargingSchedule": schedules},
    )
    for found in (told.profiles[0], limit.limit):
        starts = [schedule.get("start_at") for schedule in found["schedules"]]
        assert starts == [shown, "2026-03-01T07:00:00.000Z", None]


def test_generation() -> None:
    """K27.FR.03: a limit that is none."""
    limit = {"chargingLimitSource": "EMS", "isLocalGeneration": True}
    told = read("NotifyChargingLimit", {"chargingLimit": limit, "chargingSchedule": [SCHEDULE]})
    assert told.limit["is_local_generation"] is True
    assert told.limit["schedules"][0]["periods"] == [
        {"start_period": 0, "limit": 1.0, "limit_l2": 2.0}
    ]


def read(action: str, payload: dict[str, Any]) -> Any:
    understood = DIALECT.read(action, payload, Strictness.TOLERANT, NOW)
    assert isinstance(understood, Understood), understood
    return understood.report
