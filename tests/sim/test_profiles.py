"""What charging profiles allow at a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from csms.sim.profiles import (
    Period,
    Profile,
    Purpose,
    Schedule,
    Situation,
    allowed_w,
    composite,
    watts,
)

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
CHARGING = Situation(connector=1, phases=3, transaction=5, session_start=AT)


def profile(**more: Any) -> Profile:
    periods = more.pop("periods", (Period(0, 5000.0),))
    schedule = Schedule("W", periods, more.pop("start", None), more.pop("duration_s", None))
    settings: dict[str, Any] = {
        "id": 1,
        "connector": 1,
        "stack": 0,
        "purpose": Purpose.DEFAULT,
        "kind": "Relative",
        "schedules": (schedule,),
        "set_at": AT,
        "wire": {},
    }
    return Profile(**{**settings, **more})


def test_nothing_said() -> None:
    """Without profiles there is no limit; those of others do not count."""
    assert allowed_w([], AT, CHARGING) == inf
    assert allowed_w([profile(connector=2)], AT, CHARGING) == inf
    other = profile(purpose=Purpose.TRANSACTION, transaction=6)
    assert allowed_w([other], AT, CHARGING) == inf


def test_before_the_session() -> None:
    """A relative profile says nothing before the session."""
    idle = Situation(connector=1, phases=3)
    assert allowed_w([profile()], AT, idle) == inf
    assert not list(profile().turns(AT, AT + timedelta(days=1), None))


def test_before_the_schedule() -> None:
    """A profile says nothing before its schedule begins."""
    later = profile(kind="Absolute", start=AT + timedelta(hours=1))
    assert allowed_w([later], AT, CHARGING) == inf


def test_next_level() -> None:
    """When the highest level is over the next one counts (1.6 §3.13.2)."""
    short = profile(stack=5, periods=(Period(0, 1000.0),), duration_s=60)
    both = [profile(), short]
    assert allowed_w(both, AT, CHARGING) == 1000
    assert allowed_w(both, AT + timedelta(seconds=60), CHARGING) == 5000


def test_connector_before_charger() -> None:
    """Of one level the profile of the connector counts."""
    everywhere = profile(connector=0, periods=(Period(0, 9000.0),))
    assert allowed_w([everywhere, profile(id=2)], AT, CHARGING) == 5000


def test_local_generation() -> None:
    """What is generated on the spot comes on top (2.1 K27)."""
    sun = profile(purpose=Purpose.LOCAL, periods=(Period(0, 2000.0),))
    assert allowed_w([profile(), sun], AT, CHARGING) == 7000


def test_watts() -> None:
    """Amperes are worth as much as the phases that carry them."""
    assert watts(Period(0, 10), "A", 3) == 6900
    assert watts(Period(0, 10), "A", 1) == 2300
    assert watts(Period(0, 10, 1), "A", 3) == 2300
    assert watts(Period(0, 10), "A", 0) == 6900
    assert watts(Period(0, 10), "W", 3) == 10


periods = st.lists(
    st.tuples(st.integers(1, 300), st.integers(0, 30_000)), min_size=0, max_size=4
).map(
    lambda each: (
        Period(0, 8000.0),
        *(Period(start, float(limit)) for start, limit in sorted(each)),
    )
)
profiles = st.builds(
    lambda number, stack, purpose, kind, periods, duration, shift: profile(
        id=number,
        stack=stack,
        purpose=purpose,
        kind=kind,
        recurrence="Daily" if kind == "Recurring" else None,
        periods=periods,
        duration_s=duration,
        start=AT + timedelta(seconds=shift),
        transaction=5 if purpose is Purpose.TRANSACTION else None,
        connector=0 if purpose is Purpose.STATION else 1,
    ),
    st.integers(1, 9),
    st.integers(0, 3),
    st.sampled_from([Purpose.DEFAULT, Purpose.STATION, Purpose.TRANSACTION]),
    st.sampled_from(["Absolute", "Relative", "Recurring"]),
    periods,
    st.none() | st.integers(1, 400),
    st.integers(-200_000, 300),
)


@given(st.lists(profiles, max_size=5))
def test_composite_tells_every_second(given_profiles: list[Profile]) -> None:
    """The composite schedule says for each second what the profiles allow then."""
    steps = composite(given_profiles, AT, 300, CHARGING, 22_000)
    assert steps[0][0] == 0
    assert all(before[1] != after[1] for before, after in pairwise(steps))
    for second in range(0, 300, 7):
        told = [limit for offset, limit in steps if offset <= second][-1]
        moment = AT + timedelta(seconds=second)
        assert told == min(22_000, allowed_w(given_profiles, moment, CHARGING))
