"""The profiles of a scene, sorted."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from csms.core.charging.checks import InstalledProfile
from csms.core.charging.profiles import ChargingProfile, Kind, Period, Purpose, Schedule, Unit
from csms.core.charging.scene import OutsideLimit, Scene
from csms.core.charging.stacks import ordered, ordered_schedule, stacked

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST, SECOND = Period(start_period=0, limit=6.0), Period(start_period=60, limit=9.0)


def schedule(*periods: Period) -> Schedule:
    return Schedule(unit=Unit.A, periods=periods)


def installed(number: int, level: int, purpose: Purpose, evse_id: int = 1) -> InstalledProfile:
    profile = ChargingProfile(
        id=number,
        stack_level=level,
        purpose=purpose,
        kind=Kind.RELATIVE,
        schedules=(schedule(SECOND, FIRST),),
    )
    return InstalledProfile(evse_id=evse_id, profile=profile)


def test_levels() -> None:
    """Of each purpose and place, the highest first; what is on one level is together."""
    held = (
        installed(1, 0, Purpose.TX),
        installed(2, 5, Purpose.TX),
        installed(3, 5, Purpose.TX),
        installed(4, 7, Purpose.TX, evse_id=2),
        installed(5, 9, Purpose.TX_DEFAULT),
    )
    found = {
        place: [[profile.id for profile in level] for level in levels]
        for place, levels in stacked(Scene(profiles=held)).items()
    }
    assert found == {
        (Purpose.TX, 1): [[2, 3], [1]],
        (Purpose.TX, 2): [[4]],
        (Purpose.TX_DEFAULT, 1): [[5]],
    }


def test_periods_in_their_order() -> None:
    """Those of profiles, and those of limits from outside."""
    limit = OutsideLimit(evse_id=1, schedule=schedule(SECOND, FIRST), since=NOW)
    found = ordered(Scene(profiles=(installed(1, 0, Purpose.TX),), limits=(limit,)))
    assert found.profiles[0].profile.schedules == (schedule(FIRST, SECOND),)
    assert found.limits[0].schedule == schedule(FIRST, SECOND)
    assert ordered(found) == found


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=20))
def test_order(starts: list[int]) -> None:
    """Whatever it was, nothing is lost."""
    found = ordered_schedule(schedule(*(Period(start_period=start) for start in starts)))
    assert [period.start_period for period in found.periods] == sorted(starts)
