"""The power curve of a vehicle."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from csms.sim.vehicle import LOSS, RAMP_S, Vehicle


def test_ramp() -> None:
    """A vehicle begins with nothing and reaches what it is offered within the ramp."""
    vehicle = Vehicle(soc=20)
    assert vehicle.power_w(22_000) == 0
    vehicle.charge(RAMP_S / 2, 22_000)
    assert 10_000 < vehicle.power_w(22_000) < 12_000
    vehicle.charge(RAMP_S, 22_000)
    assert vehicle.power_w(22_000) == 22_000


def test_constant_power() -> None:
    """Below the taper the power is what is offered, and the energy is power times time."""
    vehicle = Vehicle(soc=20, drawn_s=RAMP_S)
    assert abs(vehicle.charge(3600, 11_000) - 11_000) < 1e-6


def test_taper() -> None:
    """Towards full the power falls, the faster the fuller."""
    powers = [Vehicle(soc=soc, drawn_s=RAMP_S).power_w(22_000) for soc in (80, 85, 90, 95, 99)]
    assert powers == sorted(powers, reverse=True)
    assert powers[0] == 22_000
    assert powers[-1] < 3_000


def test_own_limit() -> None:
    """A vehicle takes no more than it can."""
    assert Vehicle(soc=20, max_power_w=7_000, drawn_s=RAMP_S).power_w(22_000) == 7_000


def test_full() -> None:
    """A full battery takes nothing, and the energy taken is what was missing plus the loss."""
    vehicle = Vehicle(capacity_wh=10_000, soc=50)
    taken = vehicle.charge(24 * 3600, 22_000)
    assert vehicle.full
    assert vehicle.soc == 100
    assert abs(taken - 5_000 / (1 - LOSS)) < 1
    assert vehicle.charge(3600, 22_000) == 0


@given(st.lists(st.floats(0, 5_000), max_size=20), st.floats(0, 100), st.floats(0, 350_000))
def test_any_pace(steps: list[float], soc: float, offered: float) -> None:
    """Energy is never negative, the state of charge never falls nor exceeds 100."""
    vehicle = Vehicle(soc=soc)
    before = vehicle.soc
    for seconds in steps:
        assert vehicle.charge(seconds, offered) >= 0
        assert before <= vehicle.soc <= 100
        before = vehicle.soc
