"""What holds of every composite schedule, whatever a station holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.core.charging.checks import InstalledProfile
from csms.core.charging.composite import composite
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
from csms.core.charging.scene import OutsideLimit, Running, Scene

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
VOLTS = 200.0
EPSILON = 0.5
"""W, more than is lost in rounding A to thousandths and less than anything drawn here."""
SECOND = timedelta(seconds=1)

units = st.sampled_from(Unit)
figures = st.integers(0, 200).map(float)
optional = st.none() | figures


def limits_of(start: int) -> st.SearchStrategy[Period]:
    return st.builds(
        Period, start_period=st.just(start), limit=figures, limit_l2=optional, limit_l3=optional
    )


schedules = st.builds(
    lambda unit, minutes, duration, *periods: Schedule(
        unit=unit,
        start_at=NOON + minutes * timedelta(minutes=1),
        duration=duration,
        periods=periods,
    ),
    units,
    st.integers(-60, 30),
    st.none() | st.integers(1, 7200),
    limits_of(0),
    limits_of(900),
)
profiles = st.builds(
    lambda purpose, level, schedule: ChargingProfile(
        purpose=purpose,
        stack_level=level,
        kind=Kind.ABSOLUTE,
        schedules=(schedule,),
        transaction_ref="T" if purpose is Purpose.TX else None,
    ),
    st.sampled_from(Purpose),
    st.integers(0, 2),
    schedules,
)
installed = st.builds(InstalledProfile, evse_id=st.integers(0, 2), profile=profiles)
outside = st.builds(
    OutsideLimit,
    evse_id=st.integers(0, 2),
    schedule=schedules,
    since=st.just(NOON),
    adds=st.booleans(),
)
scenes = st.builds(
    lambda held, limits, priority: Scene(
        profiles=tuple(held),
        limits=tuple(limits),
        sessions={1: Running(transaction_ref="T", started_at=NOON, priority=priority)},
        evses=(1, 2),
        voltage=VOLTS,
    ),
    st.lists(installed, max_size=8),
    st.lists(outside, max_size=4),
    st.booleans(),
)


def said(schedule: Schedule, instant: datetime) -> Period | None:
    """What an absolute schedule says, found step by step."""
    assert schedule.start_at is not None
    passed = (instant - schedule.start_at).total_seconds()
    if passed < 0 or (schedule.duration is not None and passed >= schedule.duration):
        return None
    return [period for period in schedule.periods if period.start_period <= passed][-1]


def watts(period: Period, unit: Unit) -> tuple[float, tuple[float | None, ...] | None]:
    """Of all three phases together, and of each if they are told apart."""
    known = (period.limit, period.limit_l2, period.limit_l3)
    assert period.limit is not None
    if known[1:] == (None, None):
        return period.limit * (3 * VOLTS if unit is Unit.A else 1), None
    factor = VOLTS if unit is Unit.A else 1
    each = tuple(None if figure is None else figure * factor for figure in known)
    return (float("inf") if None in each else sum(figure or 0 for figure in each)), each


def top(
    found: Scene, purpose: Purpose, evse_id: int, instant: datetime
) -> list[tuple[Period, Unit]]:
    """What those of the highest level say that say anything."""
    fitting = [
        (each.profile.stack_level, period, each.profile.schedules[0].unit)
        for each in found.profiles
        if (each.profile.purpose, each.evse_id) == (purpose, evse_id)
        and (period := said(each.profile.schedules[0], instant)) is not None
    ]
    highest = max((level for level, _, _ in fitting), default=0)
    return [(period, unit) for level, period, unit in fitting if level == highest]


def told(
    found: Scene, evse_id: int, instant: datetime, *, adds: bool
) -> Iterator[tuple[Period, Unit]]:
    for limit in found.limits:
        if (limit.evse_id, limit.adds) == (evse_id, adds):
            period = said(limit.schedule, instant)
            if period is not None:
                yield period, limit.schedule.unit


def applicable(found: Scene, instant: datetime) -> Iterator[tuple[Period, Unit]]:
    """Everything that bounds EVSE 1."""
    for evse_id in (0, 1):
        for purpose in (Purpose.STATION_MAX, Purpose.EXTERNAL):
            yield from top(found, purpose, evse_id, instant)
        yield from told(found, evse_id, instant, adds=False)
    replacing = [(Purpose.TX, 1), (Purpose.TX_DEFAULT, 1), (Purpose.TX_DEFAULT, 0)]
    if found.sessions[1].priority:
        replacing = [(Purpose.PRIORITY, 1), (Purpose.PRIORITY, 0), *replacing]
    session = (top(found, purpose, evse_id, instant) for purpose, evse_id in replacing)
    yield from next((each for each in session if each), [])


def generated(found: Scene, instant: datetime) -> Iterable[tuple[Period, Unit]]:
    """All that may be there for EVSE 1, at most."""
    for evse_id in (1, 0):
        own = top(found, Purpose.LOCAL_GENERATION, evse_id, instant)
        for some in (own, list(told(found, evse_id, instant, adds=True))):
            if some:
                return some
    return ()


@given(scenes, st.integers(1, 7200), units)
def test_never_more_than_what_applies(found: Scene, duration: int, unit: Unit) -> None:
    """At no instant is any phase, or all of them together, allowed more than any single limit
    that applies and what is generated there; and where a limit applies there is one."""
    whole = composite(found, 1, NOON, duration, unit)
    for second in range(0, whole.duration, 613):
        instant = NOON + second * SECOND
        (*_, period) = (each for each in whole.periods if each.start_period <= second)
        bounds = list(applicable(found, instant))
        assert (period.limit is None) == (not bounds)
        more, more_each = 0.0, [0.0, 0.0, 0.0]
        for extra, extra_unit in generated(found, instant):
            total, each = watts(extra, extra_unit)
            more += total
            for phase in range(3):
                figure = total / 3 if each is None else each[phase]
                more_each[phase] += figure or 0
        for bound, bound_unit in bounds:
            allowed, by_phase = watts(bound, bound_unit)
            total, each = watts(period, unit)
            if by_phase is None:
                assert total <= allowed + more + EPSILON
                by_phase = (allowed / 3,) * 3
            if each is None:
                continue
            for has, may, extra_w in zip(each, by_phase, more_each, strict=True):
                assert may is None or (has is not None and has <= may + extra_w + EPSILON)


@given(scenes, st.integers(1, 7200), units, st.integers(0, 2), st.randoms(use_true_random=False))
def test_in_whatever_order(
    found: Scene, duration: int, unit: Unit, evse_id: int, chance: st.Random
) -> None:
    """What is held and told may come in any."""
    held, limits = list(found.profiles), list(found.limits)
    chance.shuffle(held)
    chance.shuffle(limits)
    other = replace(found, profiles=tuple(held), limits=tuple(limits))
    assert composite(other, evse_id, NOON, duration, unit) == composite(
        found, evse_id, NOON, duration, unit
    )


@given(scenes, st.integers(1, 7200), units)
def test_it_can_be_looked_at_from_anywhere(found: Scene, duration: int, unit: Unit) -> None:
    """What holds later does not depend on when it is asked for."""
    whole = composite(found, 1, NOON, 2 * duration, unit)
    later = composite(found, 1, NOON + duration * SECOND, duration, unit)
    for period in later.periods:
        (*_, same) = (
            each for each in whole.periods if each.start_period <= duration + period.start_period
        )
        assert replace(same, start_period=period.start_period) == period


moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14))]))
counts = st.sampled_from([0, 1, 60, 86_400, 86_401, 2**31 - 1])
wild_figures = st.none() | st.sampled_from([0.0, 1e-9, 0.1, 16.0, 1e9])
giving = wild_figures.map(lambda figure: None if figure is None else -figure)
wild_schedules = st.builds(
    Schedule,
    unit=units,
    start_at=st.none() | moments,
    duration=st.none() | counts,
    use_local_time=st.none() | st.booleans(),
    periods=st.lists(
        st.builds(
            Period,
            start_period=counts,
            number_phases=st.none() | st.integers(0, 3),
            phase_to_use=st.none() | st.integers(0, 3),
            operation_mode=st.none() | st.sampled_from(Mode),
            limit=wild_figures,
            limit_l2=wild_figures,
            limit_l3=wild_figures,
            discharge_limit=giving,
            discharge_limit_l3=giving,
            setpoint=wild_figures | giving,
            setpoint_l2=wild_figures | giving,
            setpoint_reactive=wild_figures | giving,
        ),
        min_size=1,
        max_size=5,
    ).map(tuple),
)
wild_profiles = st.builds(
    ChargingProfile,
    id=st.none(),
    stack_level=counts,
    purpose=st.sampled_from(Purpose),
    kind=st.sampled_from(Kind),
    recurrency=st.none() | st.sampled_from(Recurrency),
    schedules=st.tuples(wild_schedules),
    valid_from=st.none() | moments,
    valid_to=st.none() | moments,
    transaction_ref=st.sampled_from([None, "T"]),
    max_offline_duration=st.none() | counts,
    dyn_update_time=st.none() | moments,
)
wild_scenes = st.builds(
    Scene,
    profiles=st.lists(
        st.builds(InstalledProfile, evse_id=st.integers(0, 2), profile=wild_profiles), max_size=6
    ).map(tuple),
    limits=st.lists(
        st.builds(
            OutsideLimit,
            evse_id=st.integers(0, 2),
            schedule=wild_schedules,
            since=moments,
            adds=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    sessions=st.just(
        {
            1: Running(transaction_ref="T", started_at=NOON - 5000 * SECOND, priority=True),
            2: Running(transaction_ref=None, started_at=NOON - 5 * SECOND),
        }
    ),
    evses=st.just((1, 2)),
    offline_since=st.none() | st.just(NOON),
    zone=st.sampled_from([UTC, timezone(timedelta(hours=-12)), timezone(timedelta(hours=14))]),
)


@given(wild_scenes, st.integers(0, 3), st.sampled_from([1, 3600, 604_800]), st.none() | units)
def test_whatever_stations_tell(
    found: Scene, evse_id: int, duration: int, unit: Unit | None
) -> None:
    """It is a schedule: from 0 on, rising, no two periods in a row the same, within its duration;
    setpoints are within limits."""
    whole = composite(found, evse_id, NOON, duration, unit)
    starts = [period.start_period for period in whole.periods]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert starts[-1] < whole.duration <= duration
    same = [replace(period, start_period=0) for period in whole.periods]
    assert all(one != other for one, other in pairwise(same))
    for period in whole.periods:
        if period.number_phases == 1:
            assert (period.limit_l2, period.limit_l3, period.setpoint_l2) == (None, None, None)
        for phase in ("", "_l2", "_l3"):
            setpoint, limit = (getattr(period, f"{name}{phase}") for name in ("setpoint", "limit"))
            if setpoint is not None and limit is not None and setpoint > 0:
                assert setpoint <= limit
