"""Figures of all phases together or of each."""

from __future__ import annotations

from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.core.charging.profiles import Period, Unit
from csms.core.charging.rates import (
    Rate,
    adjusted,
    combined,
    converted,
    converted_rate,
    even,
    fields_of,
    rate_of,
    spread,
    summed,
    used,
)

WHOLE, SPLIT = Rate(9000.0), Rate(1000.0, 2000.0, 4000.0)


@pytest.mark.parametrize(
    ("fields", "rate"),
    [
        ({}, None),
        ({"limit": 1.0}, Rate(1.0)),
        ({"limit_l3": 3.0}, Rate(None, None, 3.0)),
        ({"limit": 1.0, "limit_l2": 2.0, "limit_l3": 3.0}, Rate(1.0, 2.0, 3.0)),
    ],
)
def test_there_and_back(fields: dict[str, float], rate: Rate | None) -> None:
    """What a period says, and again as its fields."""
    assert rate_of(Period(start_period=0, setpoint=5.0, **fields), "limit") == rate
    assert fields_of(rate, "limit") == fields


def test_rounding() -> None:
    """To thousandths."""
    assert fields_of(Rate(1 / 3), "setpoint") == {"setpoint": 0.333}


def test_units() -> None:
    """What is of all phases takes as many as there are, what is of one takes one."""
    assert converted(10.0, Unit.A, Unit.A, None, 1.0) == 10.0
    assert converted_rate(Rate(10.0), Unit.A, Unit.W, None, 200.0) == Rate(6000.0)
    assert converted_rate(Rate(6000.0), Unit.W, Unit.A, 1, 200.0) == Rate(30.0)
    assert converted_rate(Rate(1.0, 2.0), Unit.A, Unit.W, 2, 200.0) == Rate(200.0, 400.0)


def test_spreading() -> None:
    """A of all are of each; W of all are shared by the phases in use."""
    assert spread(Rate(16.0), Unit.A, 1) == Rate(16.0, 16.0, 16.0)
    assert spread(WHOLE, Unit.W, None) == Rate(3000.0, 3000.0, 3000.0)
    assert spread(WHOLE, Unit.W, 2) == Rate(4500.0, 4500.0, 4500.0)
    assert spread(SPLIT, Unit.W, None) == SPLIT
    assert spread(Rate(), Unit.W, None) == Rate()


def test_combining() -> None:
    """Of each phase what is chosen; what is not said there does not count."""
    assert combined([], min, Unit.W, None) is None
    assert combined([None, WHOLE, Rate(8000.0)], min, Unit.W, None) == Rate(8000.0)
    assert combined([WHOLE, SPLIT], min, Unit.W, None) == Rate(1000.0, 2000.0, 3000.0)
    assert combined([SPLIT, WHOLE], max, Unit.W, None) == Rate(3000.0, 3000.0, 4000.0)
    halves = [Rate(1.0, 5.0), Rate(None, 4.0, 3.0), Rate(None, None, 6.0)]
    assert combined(halves, min, Unit.A, None) == Rate(1.0, 4.0, 3.0)


def test_adjusting() -> None:
    """What is not said stays unsaid, and where nothing is said of the other it stays as it is."""
    assert adjusted(WHOLE, None, add, Unit.W, None) == WHOLE
    assert adjusted(WHOLE, Rate(1.0), add, Unit.W, None) == Rate(9001.0)
    assert adjusted(WHOLE, SPLIT, add, Unit.W, None) == Rate(4000.0, 5000.0, 7000.0)
    assert adjusted(Rate(1.0, 2.0), Rate(3.0), add, Unit.A, None) == Rate(4.0, 5.0)
    assert adjusted(Rate(1.0, 2.0), Rate(None, 4.0), add, Unit.A, None) == Rate(1.0, 6.0)


def test_sums() -> None:
    """A phase that is not bounded everywhere has none."""
    assert summed([WHOLE, Rate(500.0)]) == Rate(9500.0)
    assert summed([SPLIT, SPLIT]) == Rate(2000.0, 4000.0, 8000.0)
    assert summed([Rate(1.0, 2.0), SPLIT]) == Rate(1001.0, 2002.0)


def test_a_single_phase() -> None:
    """Has one figure: its own, or the one that moves least."""
    assert used(WHOLE, 2) == WHOLE
    assert used(SPLIT, 2) == Rate(2000.0)
    assert used(SPLIT, None) == Rate(1000.0)
    assert used(Rate(-5.0, -3.0), 3) == Rate(-3.0)


def test_one_figure_for_all() -> None:
    """Allows no phase more than it has."""
    assert even(WHOLE, Unit.W) == 9000.0
    assert even(Rate(16.0, 10.0), Unit.A) == 10.0
    assert even(SPLIT, Unit.W) == 3000.0


rates = st.builds(
    Rate, st.floats(0, 100), st.none() | st.floats(0, 100), st.none() | st.floats(0, 100)
)


@given(st.lists(rates, min_size=1, max_size=4), st.sampled_from(Unit))
def test_the_least_is_never_more_than_any(several: list[Rate], unit: Unit) -> None:
    """On every phase, whether or not it is told apart."""
    least = combined(several, min, unit, None)
    assert least is not None
    for rate in several:
        pairs = zip(spread(least, unit, None).phases, spread(rate, unit, None).phases, strict=True)
        for found, bound in pairs:
            assert bound is None or (found is not None and found <= bound)


@given(st.lists(rates, min_size=1, max_size=4), st.sampled_from(Unit))
def test_the_order_does_not_matter(several: list[Rate], unit: Unit) -> None:
    """Of those that are heard."""
    assert combined(several, min, unit, None) == combined(several[::-1], min, unit, None)
