"""Charging profiles in the words of 1.6."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from csms.adapter.dialect import DIALECTS, Request, Unsupported
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
)
from csms.core.commands import Command, Raw, RemoteStart
from csms.core.energy.rules import COMMANDS
from csms.core.energy.vocabulary import UsePriority
from csms.core.errors import Invalid

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WIRE_NOW = "2026-01-02T03:04:05.000Z"
DIALECT = DIALECTS["ocpp1.6"]
PROFILE = ChargingProfile(
    id=7,
    stack_level=1,
    purpose=Purpose.STATION_MAX,
    kind=Kind.RECURRING,
    recurrency=Recurrency.WEEKLY,
    valid_from=NOW,
    valid_to=NOW,
    schedules=(
        Schedule(
            unit=Unit.W,
            start_at=NOW,
            duration=60,
            min_charging_rate=0.5,
            periods=(Period(start_period=0, limit=16.1, number_phases=1),),
        ),
    ),
)
WIRE: dict[str, Any] = {
    "chargingProfileId": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "ChargePointMaxProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Weekly",
    "validFrom": WIRE_NOW,
    "validTo": WIRE_NOW,
    "chargingSchedule": {
        "chargingRateUnit": "W",
        "startSchedule": WIRE_NOW,
        "duration": 60,
        "minChargingRate": 0.5,
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1, "numberPhases": 1}],
    },
}
OWN = replace(PROFILE, purpose=Purpose.TX, transaction_ref="-5")


CASES = [
    (
        v.SetProfile(evse_id=0, profile=PROFILE),
        "SetChargingProfile",
        {"connectorId": 0, "csChargingProfiles": WIRE},
    ),
    (
        v.SetProfile(evse_id=2, profile=OWN),
        "SetChargingProfile",
        {
            "connectorId": 2,
            "csChargingProfiles": {
                **WIRE,
                "chargingProfilePurpose": "TxProfile",
                "transactionId": -5,
            },
        },
    ),
    (v.ClearProfiles(profile_id=7), "ClearChargingProfile", {"id": 7}),
    (v.ClearProfiles(), "ClearChargingProfile", {}),
    (
        v.ClearProfiles(evse_id=0, purpose=Purpose.STATION_MAX, stack_level=0),
        "ClearChargingProfile",
        {"connectorId": 0, "chargingProfilePurpose": "ChargePointMaxProfile", "stackLevel": 0},
    ),
    (
        v.AskSchedule(evse_id=1, duration_s=60),
        "GetCompositeSchedule",
        {"connectorId": 1, "duration": 60},
    ),
    (
        v.AskSchedule(evse_id=1, duration_s=60, unit=Unit.A),
        "GetCompositeSchedule",
        {"connectorId": 1, "duration": 60, "chargingRateUnit": "A"},
    ),
]


@pytest.mark.parametrize(("command", "action", "payload"), CASES)
def test_commands(command: Command, action: str, payload: dict[str, Any]) -> None:
    """Each is the message it says, and that message is the command again."""
    assert DIALECT.request(command) == Request(action, payload)
    assert DIALECT.interpret(Raw(action=action, payload=payload)) == command


def test_the_id_that_a_profile_is_given() -> None:
    """One without an id has the number of the command; a schedule's id is left out."""
    plain = replace(PROFILE, id=None, schedules=(replace(PROFILE.schedules[0], id=3),))
    request = DIALECT.request(v.SetProfile(evse_id=0, profile=plain, ref=40))
    assert isinstance(request, Request)
    assert request.payload["csChargingProfiles"] == {**WIRE, "chargingProfileId": 40}


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (v.SetProfile(evse_id=1, profile=replace(PROFILE, schedules=PROFILE.schedules * 2)), "one"),
        (
            v.SetProfile(evse_id=1, profile=replace(PROFILE, purpose=Purpose.PRIORITY)),
            "no purpose PriorityCharging",
        ),
        (v.SetProfile(evse_id=1, profile=replace(PROFILE, kind=Kind.DYNAMIC)), "no kind Dynamic"),
        (
            v.SetProfile(evse_id=1, profile=replace(PROFILE, max_offline_duration=1)),
            "no max_offline_duration",
        ),
        (
            RemoteStart(id_token="T", charging_profile=replace(PROFILE, dyn_update_interval=1)),
            "no dyn_update_interval",
        ),
        (v.ClearProfiles(purpose=Purpose.LOCAL_GENERATION), "no purpose LocalGeneration"),
        (v.ReportProfiles(ref=1), "no report"),
        (v.UpdateSchedule(profile_id=1, update=ScheduleUpdate(limit=1.0)), "no dynamic"),
        (UsePriority(transaction_ref="1", activate=True), "no such message"),
    ],
)
def test_what_1_6_cannot_say(command: Command, reason: str) -> None:
    """Is told with the reason, and nothing of it is left out to make it fit."""
    answer = DIALECT.request(command)
    assert isinstance(answer, Unsupported)
    assert reason in answer.reason


def test_nothing_of_energy() -> None:
    """Every command of that area has its answer."""
    assert all(command in DIALECT._of.commands for command in COMMANDS)


def test_a_transaction_that_is_none() -> None:
    """1.6 numbers its transactions; one of 2.x can be one that still runs."""
    odd = replace(OWN, transaction_ref="T1")
    assert DIALECT.request(v.SetProfile(evse_id=1, profile=odd)) == Unsupported(
        "OCPP 1.6 knows transactions by a number only.", None
    )


@pytest.mark.parametrize(
    ("period", "field"),
    [
        ({"limit": 1.0, "number_phases": -(2**40)}, "number_phases"),
        ({"limit": 1.0, "number_phases": 2**40}, "number_phases"),
    ],
)
def test_fields_are_those_of_who_asks(period: dict[str, Any], field: str) -> None:
    """Not those of the wire, nor in another place."""
    one = Period(start_period=0, limit=16.0)
    odd = Period(start_period=60, **period)
    [day] = PROFILE.schedules
    profile = replace(OWN, schedules=(replace(day, periods=(one, odd)),))
    place = f"schedules[0].periods[1].{field}"
    with pytest.raises(Invalid) as caught:
        DIALECT.request(v.SetProfile(evse_id=1, profile=profile))
    assert caught.value.field == f"profile.{place}"
    with pytest.raises(Invalid) as caught:
        DIALECT.request(
            RemoteStart(id_token="A", charging_profile=replace(profile, transaction_ref=None))
        )
    assert caught.value.field == f"charging_profile.{place}"


def test_what_no_version_knows() -> None:
    """It was misspelt; what only 1.6 lacks is told so."""
    for mode, known in (("Odd", False), ("ChargingOnly", True)):
        [day] = PROFILE.schedules
        period = Period(start_period=0, limit=16.0, operation_mode=mode)
        command = v.SetProfile(
            evse_id=1, profile=replace(OWN, schedules=(replace(day, periods=(period,)),))
        )
        if known:
            assert isinstance(DIALECT.request(command), Unsupported)
            continue
        with pytest.raises(Invalid) as caught:
            DIALECT.request(command)
        assert caught.value.field == "profile.schedules[0].periods[0].operation_mode"


@pytest.mark.parametrize(
    "payload",
    [
        {"connectorId": 1, "csChargingProfiles": {**WIRE, "stackLevel": -1}},
        {"connectorId": 1, "csChargingProfiles": {**WIRE, "validFrom": "1999-01-01T00:00:00Z"}},
    ],
)
def test_raw_profiles_that_stay_raw(payload: dict[str, Any]) -> None:
    """Those that the core cannot say are sent as they are."""
    raw = Raw(action="SetChargingProfile", payload=payload)
    assert DIALECT.interpret(raw) is raw


def test_raw_starts_with_odd_profiles_stay_raw() -> None:
    """The profile would be lost otherwise."""
    profile = {**WIRE, "chargingProfilePurpose": "TxProfile", "stackLevel": -1}
    raw = Raw(action="RemoteStartTransaction", payload={"idTag": "T", "chargingProfile": profile})
    assert DIALECT.interpret(raw) is raw


ASK = v.AskSchedule(evse_id=1, duration_s=60)
ANSWER = {
    "status": "Accepted",
    "connectorId": 1,
    "scheduleStart": WIRE_NOW,
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}],
    },
}
FOUND = CompositeSchedule(
    evse_id=1,
    start_at=NOW,
    duration=60,
    unit=Unit.A,
    periods=(Period(start_period=0, limit=8.0),),
)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (ANSWER, FOUND),
        (
            {**ANSWER, "chargingSchedule": {**ANSWER["chargingSchedule"], "duration": 30}},
            replace(FOUND, duration=30),
        ),
        (
            {
                "status": "Accepted",
                "chargingSchedule": {**ANSWER["chargingSchedule"], "startSchedule": WIRE_NOW},
            },
            FOUND,
        ),
        (
            {"status": "Accepted", "chargingSchedule": ANSWER["chargingSchedule"]},
            replace(FOUND, start_at=None),
        ),
        ({"status": "Rejected"}, None),
    ],
)
def test_composite_schedules(answer: dict[str, Any], found: CompositeSchedule | None) -> None:
    """What is told, with what was asked for where the station left it out."""
    outcome = DIALECT.outcome(ASK, answer)
    assert outcome.found == (None if found is None else v.ScheduleFound(found))


def test_what_answers_tell() -> None:
    """An accepted profile replaces its like; what is unknown is not there."""
    clear = v.ClearProfiles(profile_id=1)
    assert DIALECT.outcome(clear, {"status": "Unknown"}).found == v.NoProfiles()
    assert DIALECT.outcome(clear, {"status": "Accepted"}).found is None
    put = v.SetProfile(evse_id=0, profile=PROFILE)
    assert DIALECT.outcome(put, {"status": "Accepted"}).found == v.Replaced()
