"""What a vehicle is offered, and whether it keeps to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.core.charging.checks import InstalledProfile, check
from csms.core.charging.needs import capacity_w, exceeds, offered
from csms.core.charging.profiles import (
    ChargingProfile,
    Kind,
    Period,
    Purpose,
    Schedule,
    Unit,
)
from csms.core.charging.scene import OutsideLimit, Scene

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AC: dict[str, Any] = {
    "requested_energy_transfer": "AC_three_phase",
    "ac_charging_parameters": {"ev_max_current": 16, "ev_max_voltage": 400},
}
DC: dict[str, Any] = {
    "requested_energy_transfer": "DC",
    "dc_charging_parameters": {
        "ev_max_current": 200,
        "ev_max_voltage": 500,
        "ev_max_power": 90_000,
    },
}


def stepped(*limits: float, unit: Unit = Unit.A, **more: Any) -> Schedule:
    periods = tuple(
        Period(start_period=index * 600, limit=limit) for index, limit in enumerate(limits)
    )
    return Schedule(unit=unit, periods=periods, **more)


def outside(*limits: float) -> Scene:
    return Scene(limits=(OutsideLimit(evse_id=1, schedule=stepped(*limits), since=NOW),))


def offer(needs: dict[str, Any], scene: Scene | None = None, **more: Any) -> list[Any]:
    profile = offered(needs, scene or Scene(), 1, "T1", NOW, **more)
    if profile is None:
        return []
    check(1, profile)
    (schedule,) = profile.schedules
    return [(schedule.unit, each.start_period, each.limit) for each in schedule.periods]


@pytest.mark.parametrize(
    ("needs", "watts"),
    [
        (AC, 11_040),
        ({**AC, "requested_energy_transfer": "AC_single_phase"}, 3680),
        ({**AC, "requested_energy_transfer": "AC_two_phase"}, 7360),
        (DC, 90_000),
        ({"dc_charging_parameters": {"ev_max_current": 10, "ev_max_voltage": 400}}, 4000),
        ({"v2x_charging_parameters": {"max_charge_power": 5000.5}}, 5000.5),
        ({"dc_charging_parameters": {"ev_max_power": 0, "ev_max_current": True}}, None),
        ({"dc_charging_parameters": "x"}, None),
        ({"dc_charging_parameters": {"ev_max_power": 1e300}}, None),
        ({}, None),
    ],
)
def test_capacity(needs: dict[str, Any], watts: float | None) -> None:
    """What the vehicle can take, by whatever it tells."""
    assert capacity_w(needs) == watts


def test_the_least_of_vehicle_evse_and_limits() -> None:
    """In A for AC and in W for DC."""
    assert offer(AC) == [(Unit.A, 0, 16.0)]
    assert offer(AC, evse_max_w=7360.0) == [(Unit.A, 0, 10.6)]
    assert offer(AC, outside(8.0, 32.0)) == [(Unit.A, 0, 8.0), (Unit.A, 600, 16.0)]
    assert offer(DC, evse_max_w=50_000.0) == [(Unit.W, 0, 50_000.0)]


def test_nothing_bounds_it() -> None:
    """Then there is no offer, or it ends where nothing bounds it any more."""
    assert offer({}) == []
    ending = Schedule(unit=Unit.A, periods=(Period(start_period=0, limit=8.0),), duration=60)
    scene = Scene(limits=(OutsideLimit(evse_id=1, schedule=ending, since=NOW),))
    assert offer({}, scene) == [(Unit.A, 0, 8.0)]


def test_no_more_periods_than_it_takes() -> None:
    """The last one lasts as long as what it stands for, at the least of that."""
    scene = outside(10.0, 8.0, 12.0, 6.0, 16.0)
    assert offer(AC, scene, max_tuples=2) == [(Unit.A, 0, 10.0), (Unit.A, 600, 6.0)]
    assert offer(AC, scene, max_tuples=1) == [(Unit.A, 0, 6.0)]
    assert len(offer(AC, scene, max_tuples=9)) == 5


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(1, 8))
def test_merged_periods_never_allow_more(limits: list[int], room: int) -> None:
    """However few periods there are."""
    scene = outside(*map(float, limits))
    whole = offer(AC, scene)
    fewer = offer(AC, scene, max_tuples=room)
    assert len(fewer) <= room
    for start in range(0, 600 * len(limits), 600):
        allowed = [limit for _, begin, limit in whole if begin <= start][-1]
        given_ = [limit for _, begin, limit in fewer if begin <= start][-1]
        assert given_ <= allowed


@pytest.mark.parametrize(
    ("leaves", "periods"),
    [
        ((NOW + timedelta(minutes=15)).isoformat(), 2),
        ((NOW - timedelta(minutes=15)).isoformat(), 3),
        ("2026-03-01T12:15:00", 3),
        ("soon", 3),
        (7, 3),
    ],
)
def test_until_it_leaves(leaves: object, periods: int) -> None:
    """Limits after its departure do not matter; a departure that cannot be read does not count."""
    assert len(offer({**AC, "departure_time": leaves}, outside(8.0, 6.0, 7.0))) == periods


def held(profile: ChargingProfile, evse_id: int = 1) -> InstalledProfile:
    return InstalledProfile(evse_id=evse_id, profile=profile)


OWN = ChargingProfile(
    id=9,
    stack_level=0,
    purpose=Purpose.TX,
    kind=Kind.RELATIVE,
    transaction_ref="T1",
    schedules=(stepped(10.0, 6.0, id=1), stepped(20.0, id=2)),
)


@pytest.mark.parametrize(
    ("profile", "number"),
    [
        (held(OWN), 9),
        (held(OWN, 2), None),
        (held(replace(OWN, transaction_ref="T2")), None),
        (held(replace(OWN, stack_level=1)), None),
        (held(replace(OWN, purpose=Purpose.TX_DEFAULT)), None),
    ],
)
def test_the_profile_of_the_transaction_is_replaced(
    profile: InstalledProfile, number: int | None
) -> None:
    """So that the station never holds two for the same (K01.FR.39)."""
    found = offered(AC, Scene(profiles=(profile,)), 1, "T1", NOW)
    assert found is not None
    assert found.id == number


@pytest.mark.parametrize(
    ("wants", "selected", "too_much"),
    [
        (stepped(10.0, 6.0), None, False),
        (stepped(10.04, 6.0), None, False),
        (stepped(10.0, 8.0), None, True),
        (stepped(11.0), None, True),
        (stepped(11.0, start_at=NOW + timedelta(hours=1)), None, True),
        (stepped(15.0), 2, False),
        (stepped(15.0), 7, True),
        (stepped(3000.0, unit=Unit.W), None, False),
        (stepped(8000.0, unit=Unit.W), None, True),
        (stepped(10.0, 8.0, duration=300), None, False),
        (Schedule(unit=Unit.A, periods=(Period(start_period=0, setpoint=90.0),)), None, False),
        (Schedule(unit=Unit.A, periods=(Period(start_period=60, limit=90.0),)), None, True),
    ],
)
def test_what_exceeds(wants: Schedule, selected: int | None, too_much: bool) -> None:
    """At any instant, by more than what rounding makes of it."""
    assert exceeds(wants, NOW, held(OWN), selected_id=selected) is too_much


def test_exceeding_an_absolute_profile() -> None:
    """Its times are those of the clock."""
    timed = replace(
        OWN,
        kind=Kind.ABSOLUTE,
        schedules=(stepped(10.0, 6.0, start_at=NOW - timedelta(minutes=10)),),
    )
    assert exceeds(stepped(8.0), NOW, held(timed))
    assert not exceeds(stepped(6.0), NOW, held(timed))


def phased(unit: Unit, *limits: float | None) -> Schedule:
    names = ("limit", "limit_l2", "limit_l3")
    fields = dict(zip(names, limits, strict=False))
    return Schedule(unit=unit, periods=(Period(start_period=0, **fields),))


@pytest.mark.parametrize(
    ("allowed", "wanted", "too_much"),
    [
        (phased(Unit.W, 9000.0), phased(Unit.W, 5000.0, 2000.0, 2000.0), False),
        (phased(Unit.W, 9000.0), phased(Unit.W, 5000.0, 2000.0, 3000.0), True),
        (phased(Unit.W, 4000.0, 3000.0, 3000.0), phased(Unit.W, 9000.0), False),
        (phased(Unit.W, 6000.0, 2000.0, 2000.0), phased(Unit.W, 9000.0), True),
        (phased(Unit.A, 10.0), phased(Unit.A, 10.0, 12.0), True),
        (phased(Unit.A, 12.0, 8.0), phased(Unit.A, 12.0, 8.0, 99.0), False),
    ],
)
def test_what_exceeds_on_a_phase(allowed: Schedule, wanted: Schedule, too_much: bool) -> None:
    """Phases are told apart where the profile does so; else it is about all of them."""
    assert exceeds(wanted, NOW, held(replace(OWN, schedules=(allowed,)))) is too_much


def test_the_clock_of_the_station() -> None:
    """A profile that goes by it cannot be compared."""
    local = replace(stepped(1.0), start_at=NOW, use_local_time=True)
    profile = replace(OWN, kind=Kind.ABSOLUTE, schedules=(local,))
    assert not exceeds(stepped(9.0), NOW, held(profile))


@pytest.mark.parametrize(
    ("needs", "unit", "limit"), [(AC, Unit.A, 8.0), (DC, Unit.W, 6000.0), ({}, Unit.A, 8.0)]
)
def test_limits_of_single_phases(needs: dict[str, Any], unit: Unit, limit: float) -> None:
    """Are offered as what all phases may have."""
    bound = phased(unit, 12.0, 10.0, 8.0) if unit is Unit.A else phased(unit, 4e3, 3e3, 2e3)
    scene = Scene(limits=(OutsideLimit(evse_id=1, schedule=bound, since=NOW),))
    assert offer(needs, scene) == [(unit, 0, limit)]
