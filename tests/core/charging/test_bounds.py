"""What holds at an instant."""

from __future__ import annotations

from typing import Any

import pytest

from csms.core.charging.bounds import (
    Bound,
    bound_of,
    least,
    of_one_level,
    period_of,
    raised,
    together,
)
from csms.core.charging.profiles import FrequencyPoint, Mode, Period, Unit
from csms.core.charging.rates import Rate


def says(**fields: Any) -> Bound:
    bound = bound_of(Period(start_period=0, **fields), Unit.W, Unit.W, 230.0)
    assert bound is not None
    return bound


def test_periods_that_say_nothing() -> None:
    """Are no bound; a mode that leaves the limit to others is one."""
    assert bound_of(Period(start_period=0), Unit.A, Unit.W, 230.0) is None
    charging = Period(start_period=0, operation_mode=Mode.CHARGING_ONLY)
    assert bound_of(charging, Unit.A, Unit.W, 230.0) is None
    assert says(operation_mode=Mode.LOCAL_LOAD_BALANCING).limit is None


def test_figures_in_another_unit() -> None:
    """All of them, each with its phases."""
    period = Period(
        start_period=0,
        number_phases=2,
        limit=10.0,
        discharge_limit=-10.0,
        discharge_limit_l2=-5.0,
        setpoint=4.0,
        setpoint_reactive=1.0,
    )
    bound = bound_of(period, Unit.A, Unit.W, 200.0)
    assert bound == Bound(
        limit=Rate(4000.0),
        discharge=Rate(-2000.0, -1000.0),
        setpoint=Rate(1600.0),
        reactive=Rate(400.0),
        phases=2,
        period=period,
    )


@pytest.mark.parametrize("mode", [None, Mode.CHARGING_ONLY, Mode.IDLE])
def test_modes_that_give_nothing_back(mode: Mode | None) -> None:
    """Q02.FR.02: whatever else is said of discharging and setpoints does not count."""
    session = says(limit=5.0, setpoint=4.0, discharge_limit=-3.0, operation_mode=mode)
    found = least([says(discharge_limit=-9.0)], session, Unit.W)
    assert (found.discharge, found.setpoint, found.reactive) == (None, None, None)
    assert found.limit == Rate(0.0 if mode is Mode.IDLE else 5.0)


@pytest.mark.parametrize(
    ("mode", "own", "others", "followed"),
    [
        (Mode.CENTRAL_SETPOINT, 4.0, [], 4.0),
        (Mode.CENTRAL_SETPOINT, 4.0, [9.0], 4.0),
        (Mode.CENTRAL_SETPOINT, 4.0, [-3.0], -3.0),
        (Mode.EXTERNAL_LIMITS, None, [9.0], None),
        (Mode.EXTERNAL_SETPOINT, None, [9.0], 9.0),
        (Mode.EXTERNAL_SETPOINT, None, [9.0, -2.0], -2.0),
        (Mode.EXTERNAL_SETPOINT, 4.0, [], 4.0),
        (Mode.EXTERNAL_SETPOINT, None, [], None),
    ],
)
def test_whose_setpoint_is_followed(
    mode: Mode, own: float | None, others: list[float], followed: float | None
) -> None:
    """That of the external system if it is to be; else the session's, or one that moves less."""
    grid = [says(setpoint=other) for other in others]
    found = least(grid, says(setpoint=own, operation_mode=mode), Unit.W)
    assert found.setpoint == (None if followed is None else Rate(followed))


def test_without_a_session() -> None:
    """What bounds the place is all there is to say."""
    found = least([says(limit=5.0, discharge_limit=-1.0, setpoint=3.0)], None, Unit.W)
    assert found == Bound(limit=Rate(5.0), discharge=Rate(-1.0), setpoint=Rate(3.0))
    assert least([], None, Unit.W) == Bound()


def test_all_evses() -> None:
    """Together what each may draw, if each is bounded."""
    assert together([], Unit.W) == Bound()
    assert together([says(limit=1.0), Bound()], Unit.W) == Bound()
    both = together([says(limit=1.0), says(limit=2.0, setpoint=1.0)], Unit.W)
    assert both == Bound(limit=Rate(3.0))


def test_all_evses_phase_by_phase() -> None:
    """Each phase may be the one that a single-phase EVSE draws all it may from."""
    single, triple = says(limit=3000.0, number_phases=1), says(limit=9000.0)
    found = together([single, triple], Unit.W, split=True)
    assert found == Bound(limit=Rate(6000.0, 6000.0, 6000.0))
    parted = says(limit=1.0, limit_l2=2.0)
    assert together([single, parted], Unit.W) == Bound(limit=Rate(3001.0, 3002.0))


def test_several_on_one_level() -> None:
    """Are as strict as all of them, and the same in any order."""
    one = says(limit=8.0, discharge_limit=-2.0, operation_mode=Mode.CENTRAL_FREQUENCY)
    other = says(limit=9.0, discharge_limit=-1.0, operation_mode=Mode.EXTERNAL_LIMITS)
    odd = says(setpoint=1.0, operation_mode=Mode.CENTRAL_SETPOINT)
    found = of_one_level([one, other, odd], Unit.W)
    assert found == Bound(limit=Rate(8.0), discharge=Rate(-1.0), period=one.period)
    assert of_one_level([odd, other, one], Unit.W) == found
    assert of_one_level([odd], Unit.W) is odd


def test_setpoints_that_move_the_same() -> None:
    """That which gives back is followed, in whatever order they come."""
    session = says(operation_mode=Mode.EXTERNAL_SETPOINT)
    outer = [says(setpoint=5.0), says(setpoint=-5.0)]
    for grid in (outer, outer[::-1]):
        assert least(grid, session, Unit.W).setpoint == Rate(-5.0)


def test_generation() -> None:
    """Is added, but to nothing and for nobody it is not."""
    made = [Rate(2.0), None, Rate(1.0)]
    assert raised(says(limit=5.0), made, Unit.W).limit == Rate(8.0)
    assert raised(Bound(), made, Unit.W).limit is None
    assert raised(says(operation_mode=Mode.IDLE), made, Unit.W).limit == Rate(0.0)


@pytest.mark.parametrize(("setpoint", "kept"), [(7.0, 5.0), (-7.0, -3.0), (4.0, 4.0), (-2.0, -2.0)])
def test_setpoints_stay_within_limits(setpoint: float, kept: float) -> None:
    """V2X.03, V2X.04: a setpoint beyond is followed as far as that."""
    bound = Bound(limit=Rate(4.0), discharge=Rate(-3.0), setpoint=Rate(setpoint))
    assert raised(bound, [Rate(1.0)], Unit.W).setpoint == Rate(kept)


@pytest.mark.parametrize(("phase", "limit"), [(2, 8.0), (None, 5.0)])
def test_a_single_phase(phase: int | None, limit: float) -> None:
    """Is told by one figure, and which phase it is if that is known."""
    bound = says(limit=5.0, limit_l2=8.0, limit_l3=6.0, number_phases=1, phase_to_use=phase)
    found = period_of(raised(bound, [], Unit.W), 60)
    assert found == Period(start_period=60, limit=limit, number_phases=1, phase_to_use=phase)


def test_what_is_passed_on() -> None:
    """What the session's profile says of modes and curves; not what is a station's own."""
    curve = (FrequencyPoint(frequency=49.9, power=-5000.0),)
    period = Period(
        start_period=0,
        operation_mode=Mode.LOCAL_FREQUENCY,
        v2x_baseline=1.0,
        v2x_freq_watt_curve=curve,
        evse_sleep=False,
        phase_to_use=1,
        custom_data={"vendorId": "v"},
    )
    bound = bound_of(period, Unit.W, Unit.W, 230.0)
    assert period_of(least([], bound, Unit.W), 9) == Period(
        start_period=9,
        operation_mode=Mode.LOCAL_FREQUENCY,
        v2x_baseline=1.0,
        v2x_freq_watt_curve=curve,
        evse_sleep=False,
    )
    assert period_of(Bound(), 9) == Period(start_period=9)
