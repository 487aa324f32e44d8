"""When profiles say something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.charging.checks import InstalledProfile
from csms.core.charging.profiles import (
    ChargingProfile,
    Kind,
    Period,
    Purpose,
    Recurrency,
    Schedule,
    Unit,
)
from csms.core.charging.scene import OutsideLimit, Running, Scene
from csms.core.charging.timing import Turns, changes, limit_then, period_then, turns

DAY = timedelta(days=1)
EIGHT = datetime(2026, 3, 1, 8, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 12, tzinfo=UTC)
FIRST, SECOND = Period(start_period=0, limit=10.0), Period(start_period=3600, limit=6.0)
SCHEDULE = Schedule(unit=Unit.A, start_at=EIGHT, use_local_time=True, periods=(FIRST, SECOND))
DAILY = ChargingProfile(
    id=1,
    stack_level=0,
    purpose=Purpose.TX_DEFAULT,
    kind=Kind.RECURRING,
    recurrency=Recurrency.DAILY,
    schedules=(SCHEDULE,),
)
ONCE = replace(DAILY, kind=Kind.ABSOLUTE, recurrency=None)


class Summer(tzinfo):
    """An hour ahead until the end of March 28th 2026, two from then on."""

    def utcoffset(self, dt: datetime | None) -> timedelta:
        """See `tzinfo`."""
        assert dt is not None
        late = dt.replace(tzinfo=None) >= datetime(2026, 3, 29)
        return timedelta(hours=2 if late else 1)

    def dst(self, dt: datetime | None) -> timedelta:
        """See `tzinfo`."""
        return self.utcoffset(dt) - timedelta(hours=1)


HERE = Scene(zone=Summer())


@pytest.mark.parametrize(("day", "hour"), [(0, 7), (27, 7), (28, 6), (300, 6)])
def test_the_clock_of_the_station(day: int, hour: int) -> None:
    """K01.FR.90: eight o'clock is when it shows that, in winter and in summer."""
    begin = EIGHT.replace(hour=hour) + day * DAY
    when = turns(HERE, DAILY, EIGHT)
    assert (when.last(begin), when.begin(day)) == (day, begin)
    assert when.last(begin - timedelta(seconds=1)) == max(day - 1, 0)
    assert period_then(HERE, DAILY, begin, EIGHT) == FIRST
    before = period_then(HERE, DAILY, begin - timedelta(seconds=1), EIGHT)
    assert before == (SECOND if day else None)


def test_a_clock_that_nobody_knows() -> None:
    """Is taken to show UTC; a schedule that has a zone is of that."""
    assert period_then(Scene(), ONCE, EIGHT, EIGHT) == FIRST
    zoned = replace(ONCE, schedules=(replace(SCHEDULE, use_local_time=False),))
    assert period_then(HERE, zoned, EIGHT - timedelta(hours=1), EIGHT) is None
    assert period_then(HERE, zoned, EIGHT, EIGHT) == FIRST


def test_turns_that_matter() -> None:
    """The one that runs, all that begin until the end, and the next; what comes once begins
    once."""
    when = Turns(EIGHT, DAY)
    days = [EIGHT, EIGHT + DAY, EIGHT + 2 * DAY]
    assert list(when.within(EIGHT + DAY / 2, EIGHT + 2 * DAY)) == days
    assert list(Turns(EIGHT).within(EIGHT + DAY, EIGHT + 2 * DAY)) == [EIGHT]
    assert list(when.within(EIGHT - 2 * DAY, EIGHT - DAY)) == [EIGHT]


def test_changes() -> None:
    """When a period begins by the station's clock, and when a station that is away gives up."""
    held = InstalledProfile(evse_id=1, profile=replace(DAILY, max_offline_duration=60))
    scene = replace(HERE, profiles=(held,), offline_since=EIGHT)
    seven = EIGHT + timedelta(hours=23)
    found = list(changes(scene, {0, 1}, EIGHT, EIGHT + DAY))
    assert found == [EIGHT + timedelta(seconds=60), seven]
    assert not list(changes(scene, {0, 2}, EIGHT, EIGHT + DAY))


def test_a_turn_cuts_off_the_one_before() -> None:
    """Also where its own first period begins later, and what is left of the one before is not
    heard of."""
    odd = replace(SCHEDULE, use_local_time=None, periods=(replace(FIRST, start_period=60),))
    long = replace(odd, periods=(*odd.periods, replace(SECOND, start_period=90_000)))
    scene = Scene(
        profiles=(InstalledProfile(evse_id=0, profile=replace(DAILY, schedules=(long,))),)
    )
    second = timedelta(seconds=1)
    found = list(changes(scene, {0}, EIGHT, EIGHT + DAY + 120 * second))
    assert found == [EIGHT + 60 * second, EIGHT + DAY, EIGHT + DAY + 60 * second]


def test_sessions_that_matter() -> None:
    """What is for all counts from the session of each place, what is for one from its own."""
    relative = replace(
        ONCE, kind=Kind.RELATIVE, schedules=(Schedule(unit=Unit.A, periods=(FIRST, SECOND)),)
    )
    hour = timedelta(hours=1)
    runs = {
        number: Running(transaction_ref=None, started_at=EIGHT - hour * number / 4)
        for number in (1, 2, 3)
    }
    for evse_id, places, quarters in (
        (0, {0, 1}, [3, 4]),
        (2, {0, 2}, [2]),
        (0, {0, 1, 2}, [2, 3, 4]),
    ):
        held = InstalledProfile(evse_id=evse_id, profile=relative)
        scene = Scene(profiles=(held,), sessions=runs)
        found = list(changes(scene, places, EIGHT, EIGHT + DAY))
        assert found == [EIGHT + hour * quarter / 4 for quarter in quarters]


def dynamic(**more: Any) -> ChargingProfile:
    schedule = {name: more.pop(name) for name in ("start_at", "duration") if name in more}
    return replace(
        ONCE,
        kind=Kind.DYNAMIC,
        schedules=(Schedule(unit=Unit.A, periods=(FIRST,), **schedule),),
        **more,
    )


@pytest.mark.parametrize(
    ("profile", "begins", "ends"),
    [
        (dynamic(), None, None),
        (dynamic(duration=60), None, None),
        (dynamic(dyn_update_time=EIGHT), None, None),
        (dynamic(dyn_update_time=EIGHT, duration=60), None, 60),
        (dynamic(start_at=EIGHT), 0, None),
        (dynamic(start_at=EIGHT, duration=60), 0, 60),
        (dynamic(start_at=EIGHT, duration=60, dyn_update_time=EIGHT + DAY), 0, 86_460),
        (dynamic(duration=2**31 - 1, dyn_update_time=LAST), None, None),
    ],
)
def test_dynamic(profile: ChargingProfile, begins: int | None, ends: int | None) -> None:
    """K28.FR.13: it lasts its duration from when it was last updated, and no longer."""
    scene = Scene(profiles=(InstalledProfile(evse_id=1, profile=profile),))
    second = timedelta(seconds=1)
    edges = [EIGHT + edge * second for edge in (begins, ends) if edge is not None]
    assert list(changes(scene, {1}, EIGHT - DAY, EIGHT + 2 * DAY)) == edges
    for edge in edges:
        starts = begins is not None and edge == EIGHT
        before, then = (period_then(scene, profile, at, EIGHT) for at in (edge - second, edge))
        assert (before, then) == ((None, FIRST) if starts else (FIRST, None))
    if not edges:
        assert period_then(scene, profile, EIGHT, EIGHT) == FIRST


def test_the_ends_of_the_calendar() -> None:
    """A clock that shows a time beyond them is taken at its word."""
    ahead = timezone(timedelta(hours=14))
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert Turns(first, DAY, ahead).begin(0) == first
    assert Turns(LAST, DAY, timezone(-timedelta(hours=14))).begin(0) == LAST
    when = Turns(LAST, DAY)
    assert (when.last(EIGHT), list(when.within(EIGHT, EIGHT + DAY))) == (0, [LAST])


def test_offline() -> None:
    """K01.FR.102: as long as it may be away, and not at all when that is no time."""
    away = replace(HERE, zone=UTC, offline_since=EIGHT)
    minute = replace(ONCE, max_offline_duration=60)
    just = timedelta(seconds=1)
    assert period_then(away, minute, EIGHT + 59 * just, EIGHT) == FIRST
    assert period_then(away, minute, EIGHT + 60 * just, EIGHT) is None
    never = replace(ONCE, max_offline_duration=0, invalid_after_offline_duration=True)
    assert period_then(away, never, EIGHT, EIGHT) is None
    assert period_then(replace(away, offline_since=None), never, EIGHT, EIGHT) == FIRST
    assert period_then(away, ONCE, EIGHT + DAY, EIGHT) == SECOND


def test_whichever_ends_first() -> None:
    """The profile's validity, or the station's patience."""
    away = Scene(offline_since=EIGHT)
    brief = replace(ONCE, max_offline_duration=60, valid_to=EIGHT + timedelta(seconds=30))
    assert period_then(away, brief, EIGHT + timedelta(seconds=30), EIGHT) is None


def test_limits_from_outside() -> None:
    """By the station's clock, too, if they say so."""
    limit = OutsideLimit(evse_id=0, schedule=SCHEDULE, since=EIGHT)
    assert limit_then(HERE, limit, EIGHT - timedelta(hours=1)) == FIRST
    assert limit_then(HERE, limit, EIGHT - timedelta(hours=2)) is None
