"""The schedule that follows from everything a station holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.core.charging.bounds import period_of
from csms.core.charging.checks import InstalledProfile
from csms.core.charging.composite import EFFORT, bound_at, composite
from csms.core.charging.profiles import (
    ChargingProfile,
    Kind,
    Mode,
    Period,
    Purpose,
    Recurrency,
    Schedule,
    Unit,
)
from csms.core.charging.rates import spread
from csms.core.charging.scene import OutsideLimit, Running, Scene

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return NOON + hours * HOUR


def profile(
    purpose: Purpose, *periods: tuple[int, float], level: int = 0, **more: Any
) -> ChargingProfile:
    """Limits in A from noon on, unless something else is said."""
    inside = {
        name: more.pop(name) for name in ("unit", "start_at", "duration", "phases") if name in more
    }
    phases = inside.pop("phases", None)
    schedule = Schedule(
        **{"unit": Unit.A, "start_at": NOON, **inside},
        periods=tuple(
            Period(start_period=start, limit=limit, number_phases=phases)
            for start, limit in periods or ((0, 16.0),)
        ),
    )
    return ChargingProfile(
        **{
            "id": 1,
            "kind": Kind.ABSOLUTE,
            "purpose": purpose,
            "stack_level": level,
            "schedules": (schedule,),
            **more,
        }
    )


def scene(*held: tuple[int, ChargingProfile], **more: Any) -> Scene:
    profiles = tuple(InstalledProfile(evse_id=evse_id, profile=each) for evse_id, each in held)
    return Scene(profiles=profiles, **more)


def limits(found: Scene, evse_id: int = 1, duration: int = 7200, **more: Any) -> list[Any]:
    whole = composite(found, evse_id, more.pop("start", NOON), duration, Unit.A)
    return [(period.start_period, period.limit) for period in whole.periods]


def test_nothing_known() -> None:
    """Is no limit, and not a limit of nothing."""
    found = composite(Scene(), 1, NOON, 60)
    assert (found.unit, found.periods) == (Unit.W, (Period(start_period=0),))


def test_the_least_of_the_purposes() -> None:
    """The station's limit, one from outside and the session's: the least counts."""
    held = (
        (0, profile(Purpose.STATION_MAX, (0, 20.0))),
        (0, profile(Purpose.EXTERNAL, (0, 30.0), (3600, 5.0))),
        (1, profile(Purpose.TX_DEFAULT, (0, 25.0), (1800, 10.0))),
    )
    assert limits(scene(*held)) == [(0, 20.0), (1800, 10.0), (3600, 5.0)]


def test_the_highest_level_that_says_something() -> None:
    """When its schedule is over, the one below counts."""
    held = (
        (1, profile(Purpose.TX_DEFAULT, (0, 6.0), level=2, duration=600)),
        (1, profile(Purpose.TX_DEFAULT, (0, 12.0), level=1)),
        (1, profile(Purpose.TX_DEFAULT, (0, 8.0), level=0)),
    )
    assert limits(scene(*held)) == [(0, 6.0), (600, 12.0)]


def test_validity() -> None:
    """From its beginning until before its end; a schedule has not begun before its start."""
    held = profile(Purpose.TX_DEFAULT, valid_from=at(0.5), valid_to=at(1))
    assert limits(scene((1, held))) == [(0, None), (1800, 16.0), (3600, None)]
    held = profile(Purpose.TX_DEFAULT, start_at=at(1))
    assert limits(scene((1, held))) == [(0, None), (3600, 16.0)]


def test_the_own_profile_takes_the_place_of_the_default() -> None:
    """That of the session's transaction only; and one for the EVSE that of one for all."""
    own = profile(Purpose.TX, (0, 32.0), transaction_ref="T1")
    held = (
        (1, own),
        (1, profile(Purpose.TX_DEFAULT, (0, 10.0))),
        (0, profile(Purpose.TX_DEFAULT, (0, 6.0), level=5)),
    )
    runs = {1: Running(transaction_ref="T1", started_at=NOON)}
    assert limits(scene(*held, sessions=runs)) == [(0, 32.0)]
    runs = {1: Running(transaction_ref="T2", started_at=NOON)}
    assert limits(scene(*held, sessions=runs)) == [(0, 10.0)]
    assert limits(scene(*held)) == [(0, 10.0)]
    assert limits(scene(*held), evse_id=2) == [(0, 6.0)]


def test_priority() -> None:
    """A session that has it may draw what the profile for it says, of its EVSE or of all."""
    held = [(1, profile(Purpose.TX_DEFAULT, (0, 6.0))), (0, profile(Purpose.PRIORITY, (0, 30.0)))]
    runs = {1: Running(transaction_ref="T", started_at=NOON, priority=True)}
    assert limits(scene(*held, sessions=runs)) == [(0, 30.0)]
    assert limits(scene(*held, (1, profile(Purpose.PRIORITY, (0, 20.0))), sessions=runs)) == [
        (0, 20.0)
    ]
    assert limits(scene(held[0], sessions=runs)) == [(0, 6.0)]


def test_relative_to_the_session() -> None:
    """It counts from the session's start; without one, from the beginning of the schedule."""
    held = profile(Purpose.TX_DEFAULT, (0, 16.0), (3600, 8.0), kind=Kind.RELATIVE, start_at=None)
    runs = {1: Running(transaction_ref=None, started_at=at(-0.5))}
    assert limits(scene((1, held), sessions=runs)) == [(0, 16.0), (1800, 8.0)]
    assert limits(scene((0, held), sessions=runs)) == [(0, 16.0), (1800, 8.0)]
    assert limits(scene((1, held))) == [(0, 16.0), (3600, 8.0)]


@pytest.mark.parametrize(
    ("recurrency", "days"), [(Recurrency.DAILY, 3), (Recurrency.WEEKLY, 14), (None, 1)]
)
def test_recurring(recurrency: Recurrency | None, days: int) -> None:
    """Every day or week again, never before the first time, and cut by the next."""
    held = profile(
        Purpose.TX_DEFAULT,
        (0, 16.0),
        (1800, 8.0),
        (864_000, 1.0),
        kind=Kind.RECURRING,
        recurrency=recurrency,
        duration=3600,
    )
    day = timedelta(days=days)
    assert limits(scene((1, held)), start=NOON + day) == [(0, 16.0), (1800, 8.0), (3600, None)]
    assert limits(scene((1, held)), start=at(-1)) == [(0, None), (3600, 16.0), (5400, 8.0)]


def test_dynamic() -> None:
    """Its one limit counts as long as it is held, from its start if it has one."""
    held = profile(Purpose.TX_DEFAULT, kind=Kind.DYNAMIC, start_at=None)
    assert limits(scene((1, held))) == [(0, 16.0)]
    held = profile(Purpose.TX_DEFAULT, kind=Kind.DYNAMIC, start_at=at(1))
    assert limits(scene((1, held))) == [(0, None), (3600, 16.0)]


def test_limits_from_outside() -> None:
    """Of the station and of the EVSE; from when they were told unless they say so."""
    schedule = Schedule(unit=Unit.A, periods=(Period(start_period=0, limit=9.0),), duration=1800)
    outside = (
        OutsideLimit(evse_id=0, schedule=schedule, since=NOON),
        OutsideLimit(evse_id=1, schedule=replace(schedule, start_at=at(1)), since=NOON),
        OutsideLimit(evse_id=2, schedule=schedule, since=NOON),
    )
    assert limits(Scene(limits=outside)) == [(0, 9.0), (1800, None), (3600, 9.0), (5400, None)]


def test_local_generation_adds() -> None:
    """K27: to whatever is left when the least was found; to the highest level there is of it."""
    made = profile(Purpose.LOCAL_GENERATION, (0, 5.0), (1800, 2.0))
    most = (0, profile(Purpose.STATION_MAX, (0, 20.0)))
    own = (1, profile(Purpose.TX_DEFAULT, (0, 10.0)))
    assert limits(scene(most, (0, made))) == [(0, 25.0), (1800, 22.0)]
    assert limits(scene(most, own, (0, made))) == [(0, 15.0), (1800, 12.0)]
    more = profile(Purpose.LOCAL_GENERATION, (0, 1.0), level=1)
    assert limits(scene(own, (0, made), (0, more))) == [(0, 11.0)]


def test_local_generation_of_an_evse() -> None:
    """Is what it has; one without has what there is for all.  The station has all of it."""
    made = (
        (0, profile(Purpose.LOCAL_GENERATION, (0, 5.0))),
        (1, profile(Purpose.LOCAL_GENERATION, (0, 3.0))),
    )
    most = (0, profile(Purpose.STATION_MAX, (0, 30.0)))
    found = scene(most, *made, (0, profile(Purpose.TX_DEFAULT, (0, 10.0))), evses=(1, 2))
    assert limits(found, evse_id=1) == [(0, 13.0)]
    assert limits(found, evse_id=2) == [(0, 15.0)]
    assert limits(found, evse_id=0) == [(0, 28.0)]


def test_local_generation_alone_is_no_limit() -> None:
    """There is nothing that it could be added to."""
    assert limits(scene((1, profile(Purpose.LOCAL_GENERATION)))) == [(0, None)]


def test_local_generation_from_outside() -> None:
    """K27: adds like a profile, and once only where both tell of it."""
    schedule = Schedule(unit=Unit.A, periods=(Period(start_period=0, limit=4.0),))
    told = OutsideLimit(evse_id=0, schedule=schedule, since=NOON, adds=True)
    own = (1, profile(Purpose.TX_DEFAULT, (0, 10.0)))
    assert limits(scene(own, limits=(told,))) == [(0, 14.0)]
    same = (0, profile(Purpose.LOCAL_GENERATION, (0, 3.0)))
    assert limits(scene(own, same, limits=(told,))) == [(0, 13.0)]


def test_the_station_is_bounded_by_its_evses() -> None:
    """Together they draw no more than each may; one without a limit leaves it open."""
    held = ((0, profile(Purpose.STATION_MAX, (0, 40.0))), (0, profile(Purpose.TX_DEFAULT)))
    assert limits(scene(*held, evses=(1, 2)), evse_id=0) == [(0, 32.0)]
    assert limits(scene(*held), evse_id=0) == [(0, 40.0)]
    bare = Scene(evses=(1,))
    assert limits(bare, evse_id=0) == [(0, None)]


def test_units_and_phases() -> None:
    """A and W are compared at the voltage and phases of each; the fewest phases are told."""
    held = (
        (0, profile(Purpose.STATION_MAX, (0, 6900.0), unit=Unit.W)),
        (1, profile(Purpose.TX_DEFAULT, (0, 16.0), phases=1)),
    )
    whole = composite(scene(*held), 1, NOON, 60, Unit.W)
    assert [(each.limit, each.number_phases) for each in whole.periods] == [(3680.0, 1)]
    assert composite(scene(*held), 1, NOON, 60).unit is Unit.W
    assert composite(scene(held[1]), 1, NOON, 60).unit is Unit.A
    assert limits(scene(held[0])) == [(0, 10.0)]


def test_what_is_no_limit() -> None:
    """A period before its first one, or with a setpoint only, bounds nothing."""
    odd = profile(Purpose.TX_DEFAULT, (600, 5.0))
    assert limits(scene((1, odd)), duration=900) == [(0, None), (600, 5.0)]
    schedule = Schedule(unit=Unit.A, periods=(Period(start_period=0, setpoint=1.0),))
    odd = replace(odd, schedules=(schedule,))
    assert limits(scene((1, odd))) == [(0, None)]


def test_less_than_a_second() -> None:
    """What changes twice within a second counts as it is at its end."""
    half = timedelta(milliseconds=500)
    held = profile(Purpose.TX_DEFAULT, valid_from=at(1) + half / 2, valid_to=at(1) + half)
    first = profile(Purpose.TX_DEFAULT, (0, 3.0), level=-1)
    assert limits(scene((1, held), (1, first))) == [(0, 3.0)]


def test_too_many_changes() -> None:
    """Are cut off, and the duration says where."""
    periods = tuple((index, float(index % 2)) for index in range(60_000))
    held = profile(Purpose.TX_DEFAULT, *periods)
    whole = composite(scene((1, held)), 1, NOON, 60_000)
    assert (len(whole.periods), whole.duration) == (EFFORT // 2, EFFORT // 2)


figures = st.floats(0, 100).map(lambda value: round(value, 1))
schedules = st.builds(
    lambda steps, start, duration: Schedule(
        unit=Unit.A,
        start_at=at(start),
        duration=duration,
        periods=tuple(
            Period(start_period=index * 700, limit=limit, limit_l2=second)
            for index, (limit, second) in enumerate(steps)
        ),
    ),
    st.lists(st.tuples(figures, st.none() | figures), min_size=1, max_size=4),
    st.integers(-3, 2),
    st.none() | st.integers(1, 9000),
)
any_profile = st.builds(
    lambda purpose, level, kind, schedule: ChargingProfile(
        id=1,
        purpose=purpose,
        stack_level=level,
        kind=kind,
        recurrency=Recurrency.DAILY if kind is Kind.RECURRING else None,
        schedules=(schedule,),
    ),
    st.sampled_from([Purpose.STATION_MAX, Purpose.EXTERNAL, Purpose.TX_DEFAULT]),
    st.integers(0, 3),
    st.sampled_from([Kind.ABSOLUTE, Kind.RECURRING]),
    schedules,
)
scenes = st.lists(st.tuples(st.integers(0, 1), any_profile), max_size=5).map(
    lambda held: scene(*held)
)


@given(scenes, st.integers(1, 20_000))
def test_the_schedule_says_what_counts_at_each_instant(found: Scene, duration: int) -> None:
    """Looked at anywhere, the schedule agrees with the bound there; periods rise from 0."""
    whole = composite(found, 1, NOON, duration, Unit.A)
    starts = [period.start_period for period in whole.periods]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert starts[-1] < duration
    for second in {*starts, *(start + 1 for start in starts), duration // 2}:
        if second >= duration:
            continue
        period = [each for each in whole.periods if each.start_period <= second][-1]
        bound = bound_at(found, 1, NOON + timedelta(seconds=second), Unit.A, NOON)
        assert period == period_of(bound, period.start_period)


@given(scenes, any_profile)
def test_another_purpose_never_allows_more(found: Scene, more: ChargingProfile) -> None:
    """A limit from outside can only lower what is allowed."""
    added = replace(more, purpose=Purpose.EXTERNAL, stack_level=9)
    clear = tuple(
        each
        for each in found.profiles
        if not (each.profile.purpose is Purpose.EXTERNAL and each.evse_id == 1)
    )
    tighter = (*clear, InstalledProfile(evse_id=1, profile=added))
    before = bound_at(replace(found, profiles=clear), 1, NOON, Unit.A, NOON).limit
    after = bound_at(replace(found, profiles=tighter), 1, NOON, Unit.A, NOON).limit
    if before is not None:
        assert after is not None
        pairs = zip(
            spread(before, Unit.A, None).phases, spread(after, Unit.A, None).phases, strict=True
        )
        for had, has in pairs:
            assert had is None or (has is not None and has <= had)


def periods(found: Scene, evse_id: int = 1, unit: Unit = Unit.W) -> tuple[Period, ...]:
    return composite(found, evse_id, NOON, 7200, unit).periods


def saying(purpose: Purpose, *said: Period, **more: Any) -> ChargingProfile:
    """A profile in W of these periods, from noon on."""
    schedule = Schedule(unit=Unit.W, start_at=NOON, periods=said)
    return replace(profile(purpose, **more), schedules=(schedule,))


def test_phase_by_phase() -> None:
    """The least of each phase; what is said of all is shared by them, W, or is of each, A."""
    own = saying(
        Purpose.TX_DEFAULT,
        Period(start_period=0, limit=3000.0, limit_l2=2000.0, limit_l3=1000.0),
    )
    most = saying(
        Purpose.STATION_MAX, Period(start_period=0, limit=1500.0, limit_l2=4000.0, limit_l3=900.0)
    )
    assert periods(scene((1, own), (0, most))) == (
        Period(start_period=0, limit=1500.0, limit_l2=2000.0, limit_l3=900.0),
    )
    whole = saying(Purpose.STATION_MAX, Period(start_period=0, limit=7500.0))
    assert periods(scene((1, own), (0, whole))) == (
        Period(start_period=0, limit=2500.0, limit_l2=2000.0, limit_l3=1000.0),
    )
    amps = (0, profile(Purpose.STATION_MAX, (0, 10.0)))
    assert periods(scene((1, own), amps)) == (
        Period(start_period=0, limit=2300.0, limit_l2=2000.0, limit_l3=1000.0),
    )
    assert periods(scene((1, own), amps), unit=Unit.A)[0].limit == 10.0


def test_giving_back() -> None:
    """The discharge limit nearest to 0; the setpoint of the session, within its limits."""
    own = saying(
        Purpose.TX_DEFAULT,
        Period(
            start_period=0,
            operation_mode=Mode.CENTRAL_FREQUENCY,
            setpoint=-6000.0,
            discharge_limit=-9000.0,
        ),
        Period(start_period=60, operation_mode=Mode.CENTRAL_SETPOINT, setpoint=9000.0),
    )
    outer = saying(Purpose.EXTERNAL, Period(start_period=0, limit=4000.0, discharge_limit=-5000.0))
    assert periods(scene((1, own), (0, outer))) == (
        Period(
            start_period=0,
            operation_mode=Mode.CENTRAL_FREQUENCY,
            limit=4000.0,
            discharge_limit=-5000.0,
            setpoint=-5000.0,
        ),
        Period(
            start_period=60,
            operation_mode=Mode.CENTRAL_SETPOINT,
            limit=4000.0,
            discharge_limit=-5000.0,
            setpoint=4000.0,
        ),
    )


def test_priority_gives_nothing_back() -> None:
    """K01.FR.71: its profile takes the place of one that does."""
    own = saying(
        Purpose.TX,
        Period(start_period=0, operation_mode=Mode.CENTRAL_SETPOINT, setpoint=-3000.0),
        transaction_ref="T",
    )
    favour = saying(Purpose.PRIORITY, Period(start_period=0, limit=7000.0))
    for priority, found in (
        (False, Period(start_period=0, operation_mode=Mode.CENTRAL_SETPOINT, setpoint=-3000.0)),
        (True, Period(start_period=0, limit=7000.0)),
    ):
        runs = {1: Running(transaction_ref="T", started_at=NOON, priority=priority)}
        assert periods(scene((1, own), (0, favour), sessions=runs)) == (found,)


def test_priority_is_relative_to_its_session() -> None:
    """Also where its profile is for all EVSEs."""
    held = profile(Purpose.PRIORITY, (0, 16.0), (3600, 8.0), kind=Kind.RELATIVE, start_at=None)
    runs = {1: Running(transaction_ref="T", started_at=at(-0.5), priority=True)}
    assert limits(scene((0, held), sessions=runs)) == [(0, 16.0), (1800, 8.0)]


def test_modes_without_figures_lead() -> None:
    """A profile that leaves the limit to others says something: the level below does not count."""
    held = saying(
        Purpose.TX_DEFAULT,
        Period(start_period=0, operation_mode=Mode.EXTERNAL_LIMITS, preconditioning_request=True),
        level=1,
    )
    below = (1, profile(Purpose.TX_DEFAULT, (0, 6.0)))
    assert periods(scene((1, held), below)) == (
        Period(start_period=0, operation_mode=Mode.EXTERNAL_LIMITS, preconditioning_request=True),
    )


def test_the_station_and_modes() -> None:
    """An idle vehicle draws nothing; one that is told a setpoint only leaves the station open."""
    idle = saying(Purpose.TX_DEFAULT, Period(start_period=0, operation_mode=Mode.IDLE))
    other = (2, saying(Purpose.TX_DEFAULT, Period(start_period=0, limit=4000.0)))
    assert periods(scene((1, idle), other, evses=(1, 2)), 0) == (
        Period(start_period=0, limit=4000.0),
    )
    follows = saying(
        Purpose.TX_DEFAULT,
        Period(start_period=0, operation_mode=Mode.CENTRAL_SETPOINT, setpoint=1000.0),
    )
    assert periods(scene((1, follows), other, evses=(1, 2)), 0) == (Period(start_period=0),)


def test_offline() -> None:
    """K01.FR.102: a station that stays away falls back on the level below."""
    held = (
        (1, profile(Purpose.TX_DEFAULT, level=1, max_offline_duration=3600)),
        (1, profile(Purpose.TX_DEFAULT, (0, 6.0))),
    )
    assert limits(scene(*held)) == [(0, 16.0)]
    assert limits(scene(*held, offline_since=at(-0.5))) == [(0, 16.0), (1800, 6.0)]
    assert limits(scene(*held, offline_since=at(-2))) == [(0, 6.0)]


def test_an_external_mode_without_figures_says_nothing() -> None:
    """What bounds a place does so with figures: the level below counts."""
    silent = saying(
        Purpose.EXTERNAL, Period(start_period=0, operation_mode=Mode.EXTERNAL_LIMITS), level=1
    )
    below = saying(Purpose.EXTERNAL, Period(start_period=0, limit=4000.0))
    assert periods(scene((0, silent), (0, below))) == (Period(start_period=0, limit=4000.0),)


def test_two_on_one_level() -> None:
    """Which no station should hold: the least of both, at each instant."""
    one = (1, profile(Purpose.TX_DEFAULT, (0, 8.0), (1800, 16.0)))
    other = (1, profile(Purpose.TX_DEFAULT, (0, 12.0)))
    for held in ((one, other), (other, one)):
        assert limits(scene(*held)) == [(0, 8.0), (1800, 12.0)]


def test_periods_in_any_order() -> None:
    """A station may tell them so."""
    assert limits(scene((1, profile(Purpose.TX_DEFAULT, (1800, 9.0), (0, 6.0))))) == [
        (0, 6.0),
        (1800, 9.0),
    ]


def test_generation_told_twice() -> None:
    """By two sources: it is there once, and no more of it than both agree on."""
    told = tuple(
        OutsideLimit(
            evse_id=0,
            schedule=Schedule(unit=Unit.A, periods=(Period(start_period=0, limit=limit),)),
            since=NOON,
            adds=True,
        )
        for limit in (6.0, 4.0)
    )
    assert limits(scene((1, profile(Purpose.TX_DEFAULT, (0, 10.0))), limits=told)) == [(0, 14.0)]


def test_the_station_phase_by_phase() -> None:
    """Where its own limits tell phases apart, each may be the one that a single-phase EVSE uses."""
    most = saying(
        Purpose.STATION_MAX, Period(start_period=0, limit=9000.0, limit_l2=5000.0, limit_l3=9000.0)
    )
    held = [
        (1, saying(Purpose.TX_DEFAULT, Period(start_period=0, limit=3000.0, number_phases=1))),
        (2, saying(Purpose.TX_DEFAULT, Period(start_period=0, limit=9000.0))),
    ]
    assert periods(scene((0, most), *held, evses=(1, 2)), 0) == (
        Period(start_period=0, limit=6000.0, limit_l2=5000.0, limit_l3=6000.0),
    )


def test_a_dynamic_profile_that_lapses() -> None:
    """K28.FR.13: without an update the next one counts."""
    held = profile(
        Purpose.TX_DEFAULT,
        kind=Kind.DYNAMIC,
        start_at=None,
        duration=600,
        level=1,
        dyn_update_time=NOON - timedelta(seconds=300),
    )
    below = profile(Purpose.TX_DEFAULT, (0, 6.0))
    assert limits(scene((1, held), (1, below))) == [(0, 16.0), (300, 6.0)]


def test_profiles_of_many_evses() -> None:
    """What is for the sessions of all is looked at for each: that many changes fewer are found."""
    steps = tuple((index * 10, float(index % 2)) for index in range(1024))
    held = [(0, profile(Purpose.TX_DEFAULT, *steps, level=level)) for level in range(100)]
    alone = composite(scene(*held), 1, NOON, 10_240)
    assert (len(alone.periods), alone.duration) == (990, 9900)
    many = composite(scene(*held, evses=tuple(range(1, 51))), 0, NOON, 10_240)
    assert (len(many.periods), many.duration) == (19, 190)


def test_cut_off_within_a_second() -> None:
    """No period begins where the schedule ends."""
    tenths = [
        profile(
            Purpose.TX_DEFAULT,
            (0, 1.0 + index),
            level=1,
            valid_to=at(1) + timedelta(milliseconds=100 * index),
        )
        for index in range(8)
    ]
    crowd = [(2, profile(Purpose.TX_DEFAULT))] * (EFFORT // 5)
    whole = composite(scene(*((1, each) for each in tenths), *crowd), 1, NOON, 7200, Unit.A)
    assert whole.duration == 3600
    assert [period.start_period for period in whole.periods] == [0]
