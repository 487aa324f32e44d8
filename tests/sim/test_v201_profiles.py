"""Charging profiles of OCPP 2.0.1, and the power that they leave."""

from __future__ import annotations

from typing import Any

import pytest

from csms.sim.settings import Settings

ACCEPTED = {"status": "Accepted"}


def profile(limit: float = 7000, **more: Any) -> dict[str, Any]:
    """A profile for all transactions; ``unit``, ``periods`` and ``schedule`` are its schedule's."""
    unit, periods = more.pop("unit", "W"), more.pop("periods", None)
    schedule = {
        "id": 1,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods or [{"startPeriod": 0, "limit": limit}],
        **more.pop("schedule", {}),
    }
    return {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
        **more,
    }


def put(script: Any, evse: int, **more: Any) -> str:
    payload = {"evseId": evse, "chargingProfile": profile(**more)}
    return script.ask("SetChargingProfile", payload)["status"]


@pytest.fixture
def charging(online201: Any, finish: Any) -> Any:
    """A charger of 22 kW that charges."""
    charger = online201(settings=Settings(sample_s=0))
    finish(charger.start("TAG"))
    return charger


def test_limit_changes_the_power(charging: Any, script: Any, passes: Any, finish: Any) -> None:
    """A profile that is set limits the power at once, which is told (K05)."""
    passes(30)
    assert put(script, 1) == "Accepted"
    last = script.payloads("TransactionEvent")[-1]
    assert last["triggerReason"] == "ChargingRateChanged"
    finish(charging.meter())
    values = script.payloads("TransactionEvent")[-1]["meterValue"][0]["sampledValue"]
    [power] = [each["value"] for each in values if each["measurand"] == "Power.Active.Import"]
    assert power == pytest.approx(7000, rel=0.02)
    assert script.ask("ClearChargingProfile", {"chargingProfileId": 1}) == ACCEPTED
    assert charging.connectors[1].offered_w == 22_000


def test_a_session_that_began_in_another_version(
    online: Any, opener: Any, script: Any, v16: Any, v201: Any, finish: Any
) -> None:
    """Its profiles name it by the number that the server gave, as a text."""
    charger = online(language=[v16, v201], settings=Settings(sample_s=0))
    session = finish(charger.start("TAG"))
    finish(charger.cut())
    opener.subprotocol, script.schemas = v201.subprotocol, v201.schemas
    finish(charger.reconnect())
    own = {"chargingProfilePurpose": "TxProfile", "transactionId": str(session.transaction_id)}
    assert put(script, 1, **own) == "Accepted"
    assert charger.connectors[1].offered_w == 7_000
    assert put(script, 1, **{**own, "transactionId": session.id}) == "Rejected"


def test_zero_suspends(charging: Any, script: Any, passes: Any) -> None:
    """No power is SuspendedEVSE."""
    put(script, 0, limit=0)
    last = script.payloads("TransactionEvent")[-1]
    assert last["transactionInfo"]["chargingState"] == "SuspendedEVSE"
    before = charging.connectors[1].register_wh
    passes(30)
    charging.connectors[1].advance(charging.clock.seconds())
    assert charging.connectors[1].register_wh == before


def test_amperes(charging: Any, script: Any) -> None:
    """Amperes are worth the phases that they flow in."""
    put(script, 1, limit=10, unit="A")
    assert charging.connectors[1].offered_w == 6900
    put(script, 1, unit="A", periods=[{"startPeriod": 0, "limit": 10, "numberPhases": 1}])
    assert charging.connectors[1].offered_w == 2300


def test_periods(charging: Any, script: Any, passes: Any) -> None:
    """The limit changes with the periods, and is gone after the duration."""
    periods = [{"startPeriod": 0, "limit": 5000}, {"startPeriod": 60, "limit": 9000}]
    put(script, 1, periods=periods, schedule={"duration": 120})
    offered = []
    for _ in range(3):
        offered.append(charging.connectors[1].offered_w)
        passes(60)
    assert offered == [5000, 9000, 22_000]


def test_levels_and_purposes(charging: Any, script: Any) -> None:
    """The highest level counts, a TxProfile goes before the default, the station's limit caps."""
    put(script, 0, limit=9000)
    put(script, 1, id=2, stackLevel=3, limit=8000)
    assert charging.connectors[1].offered_w == 8000
    own = {
        "chargingProfilePurpose": "TxProfile",
        "transactionId": charging.connectors[1].session.id,
    }
    assert put(script, 1, id=3, limit=12_000, **own) == "Accepted"
    assert charging.connectors[1].offered_w == 12_000
    station = {"chargingProfilePurpose": "ChargingStationMaxProfile"}
    schedule = {"startSchedule": "2020-01-01T00:00:00Z"}
    kind = {"chargingProfileKind": "Absolute"}
    assert put(script, 0, id=4, limit=6000, schedule=schedule, **station, **kind) == "Accepted"
    assert charging.connectors[1].offered_w == 6000


def test_profile_ends_with_its_transaction(charging: Any, script: Any, finish: Any) -> None:
    """A TxProfile goes with its transaction (K01.FR.31)."""
    own = {
        "chargingProfilePurpose": "TxProfile",
        "transactionId": charging.connectors[1].session.id,
    }
    put(script, 1, **own)
    finish(charging.stop())
    assert not charging.equipment.smart.profiles


def test_recurring(charging: Any, script: Any, passes: Any) -> None:
    """A recurring profile comes back each day."""
    periods = [{"startPeriod": 0, "limit": 5000}, {"startPeriod": 3600, "limit": 9000}]
    schedule = {"startSchedule": "2020-01-01T14:00:00Z", "duration": 7200}
    kind = {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}
    assert put(script, 1, periods=periods, schedule=schedule, **kind) == "Accepted"
    # It is 14:13:20 now.
    assert charging.connectors[1].offered_w == 5000
    passes(3600, step=30)
    assert charging.connectors[1].offered_w == 9000
    passes(3600, step=30)
    assert charging.connectors[1].offered_w == 22_000
    passes(22 * 3600, step=600)
    assert charging.connectors[1].limit_w == 5000


def test_validity(charging: Any, script: Any, passes: Any) -> None:
    """A profile counts from and until its times."""
    put(script, 1, validFrom="2026-09-21T14:14:00Z", validTo="2026-09-21T14:15:00Z")
    offered = []
    for _ in range(3):
        offered.append(charging.connectors[1].offered_w)
        passes(60)
    assert offered == [22_000, 7000, 22_000]


def test_station_limit_is_shared(online201: Any, script: Any, finish: Any) -> None:
    """What the station may draw is shared by those who charge."""
    charger = online201(connectors=2, settings=Settings(sample_s=0))
    finish(charger.start("A", 1))
    put(script, 0, limit=10_000, chargingProfilePurpose="ChargingStationMaxProfile",
        chargingProfileKind="Absolute")  # fmt: skip
    assert charger.connectors[1].offered_w == 10_000
    finish(charger.start("B", 2))
    assert charger.connectors[1].offered_w == 5000


@pytest.mark.parametrize(
    ("evse", "change"),
    [
        (9, {}),
        (0, {"stackLevel": 21}),
        (1, {"chargingProfilePurpose": "ChargingStationMaxProfile"}),
        (0, {"chargingProfilePurpose": "ChargingStationExternalConstraints"}),
        (1, {"chargingProfilePurpose": "TxProfile", "transactionId": "other"}),
        (1, {"chargingProfileKind": "Recurring"}),
        (1, {"periods": [{"startPeriod": 5, "limit": 1}]}),
    ],
)
def test_impossible(charging: Any, script: Any, evse: int, change: Any) -> None:
    """A profile must make sense."""
    assert put(script, evse, **change) == "Rejected"


def test_room(online201: Any, script: Any) -> None:
    """There is room for so many profiles; one of the same level and place is replaced."""
    charger = online201(connectors=3)
    for number in range(21):
        for evse in (1, 2):
            put(script, evse, id=number * 10 + evse, stackLevel=number % 21)
    assert len(charger.equipment.smart.profiles) == 42
    put(script, 1, id=999, stackLevel=0)
    assert len(charger.equipment.smart.profiles) == 42
    for number in range(9):
        put(script, 3, id=2000 + number, stackLevel=number)
    assert len(charger.equipment.smart.profiles) == 50


def test_report(charging: Any, script: Any) -> None:
    """Profiles are told as they were set, by EVSE (K09)."""
    wanted = {"requestId": 6, "chargingProfile": {}}
    assert script.ask("GetChargingProfiles", wanted) == {"status": "NoProfiles"}
    put(script, 0)
    put(script, 1, id=2)
    assert script.ask("GetChargingProfiles", wanted) == ACCEPTED
    told = script.payloads("ReportChargingProfiles")
    assert [(each["evseId"], each["tbc"]) for each in told] == [(0, True), (1, False)]
    assert told[1]["chargingProfile"] == [profile(id=2)]
    script.calls.clear()
    for criterion in (
        {"chargingProfileId": [2]},
        {"chargingProfilePurpose": "TxDefaultProfile", "chargingLimitSource": ["CSO"]},
    ):
        payload = {"requestId": 7, "chargingProfile": criterion, "evseId": 1}
        assert script.ask("GetChargingProfiles", payload) == ACCEPTED
    assert len(script.payloads("ReportChargingProfiles")) == 2


def test_clear(charging: Any, script: Any) -> None:
    """Profiles are cleared by what they have in common."""
    put(script, 0)
    put(script, 1, id=2, stackLevel=4)
    criteria = {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 4}
    payload = {"chargingProfileCriteria": criteria}
    assert script.ask("ClearChargingProfile", payload) == ACCEPTED
    assert script.ask("ClearChargingProfile", payload) == {"status": "Unknown"}
    assert list(charging.equipment.smart.profiles) == [1]


def composite(script: Any, evse: int, **more: Any) -> Any:
    return script.ask("GetCompositeSchedule", {"evseId": evse, "duration": 300, **more})


def test_composite(charging: Any, script: Any) -> None:
    """What the profiles will allow, equal periods merged (K08)."""
    periods = [
        {"startPeriod": 0, "limit": 5000},
        {"startPeriod": 60, "limit": 5000},
        {"startPeriod": 120, "limit": 30_000},
    ]
    put(script, 1, periods=periods)
    schedule = composite(script, 1)["schedule"]
    assert schedule["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 5000.0},
        {"startPeriod": 120, "limit": 22_000.0},
    ]
    schedule = composite(script, 1, chargingRateUnit="A")["schedule"]
    assert schedule["chargingSchedulePeriod"][0]["limit"] == 7.2
    put(script, 0, limit=11_000, id=5, chargingProfilePurpose="ChargingStationMaxProfile",
        chargingProfileKind="Absolute")  # fmt: skip
    [period] = composite(script, 0)["schedule"]["chargingSchedulePeriod"]
    assert period["limit"] == 11_000
    assert composite(script, 9)["status"] == "Rejected"
