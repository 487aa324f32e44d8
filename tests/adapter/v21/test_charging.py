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
