"""What a vehicle is offered when it tells what it needs, and whether it keeps to it (2.x K15-K17).

The offer is simple: as much as EVSE and vehicle can, within the limits of the station and from
outside, in one schedule of no more periods than the vehicle takes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from csms.core.charging.checks import InstalledProfile
from csms.core.charging.composite import composite
from csms.core.charging.profiles import (
    ChargingProfile,
    CompositeSchedule,
    Kind,
    Period,
    Purpose,
    Schedule,
    Unit,
)
from csms.core.charging.rates import PHASES, Rate, converted, even, rate_of, spread
from csms.core.charging.scene import Scene

FRESH = timedelta(seconds=60)
"""How long a vehicle waits for its profile (K15.FR.08)."""
HORIZON_S = 86_400
"""How far ahead limits are looked at when the vehicle does not tell when it leaves."""
MAX_PERIODS = 1024
MOST = 1e9
"""A figure beyond is nonsense."""
TOLERANCE = 1.005
"""By how much a vehicle may seem to exceed a limit: figures are rounded on the way."""

_PHASES: Mapping[str, int] = {"AC_single_phase": 1, "AC_two_phase": 2}


def capacity_w(needs: Mapping[str, object], voltage: float = 230.0) -> float | None:
    """The most that a vehicle can take, W; None when it does not say."""
    direct, alternating = (
        _part(needs, "dc_charging_parameters"),
        _part(needs, "ac_charging_parameters"),
    )
    both = _part(needs, "v2x_charging_parameters")
    figures = []
    if (power := _figure(direct, "ev_max_power")) is not None:
        figures.append(power)
    amps, volts = _figure(direct, "ev_max_current"), _figure(direct, "ev_max_voltage")
    if amps is not None and volts is not None:
        figures.append(amps * volts)
    if (amps := _figure(alternating, "ev_max_current")) is not None:
        figures.append(amps * voltage * phases_of(needs))
    if (power := _figure(both, "max_charge_power")) is not None:
        figures.append(power)
    return min(figures, default=None)


def phases_of(needs: Mapping[str, object]) -> int:
    """How many phases it charges with."""
    return _PHASES.get(str(needs.get("requested_energy_transfer")), PHASES)


def offered(
    needs: Mapping[str, object],
    scene: Scene,
    evse_id: int,
    transaction_ref: str,
    now: datetime,
    *,
    evse_max_w: float | None = None,
    max_tuples: int | None = None,
) -> ChargingProfile | None:
    """The profile for a vehicle; None when nothing bounds what it may draw.

    ``evse_max_w`` is what the EVSE can give.  A profile that the station holds for the
    transaction is replaced.
    """
    direct = str(needs.get("requested_energy_transfer")).startswith("DC")
    unit = Unit.W if direct else Unit.A
    phases = None if direct else phases_of(needs)
    own = [
        figure for figure in (evse_max_w, capacity_w(needs, scene.voltage)) if figure is not None
    ]
    most = min(own, default=None)
    if most is not None:
        most = converted(most, Unit.W, unit, phases, scene.voltage)
    fixed = replace(
        scene,
        sessions={},
        profiles=tuple(
            each
            for each in scene.profiles
            if each.profile.purpose
            in (Purpose.STATION_MAX, Purpose.EXTERNAL, Purpose.LOCAL_GENERATION)
        ),
    )
    bounds = composite(fixed, evse_id, now, _horizon(needs, now), unit)
    periods = tuple(_merged(list(_within(bounds, most, phases)), max_tuples))
    if not periods:
        return None
    return ChargingProfile(
        id=_same_transaction(scene, evse_id, transaction_ref),
        stack_level=0,
        purpose=Purpose.TX,
        kind=Kind.ABSOLUTE,
        transaction_ref=transaction_ref,
        schedules=(Schedule(id=1, unit=unit, start_at=now, periods=periods),),
    )


def exceeds(
    schedule: Schedule,
    at: datetime,
    profile: InstalledProfile,
    voltage: float = 230.0,
    selected_id: int | None = None,
) -> bool:
    """Whether what a vehicle means to draw is more than its profile allows, at any instant.

    A profile that goes by the station's own clock is not compared with: it is not known here.
    """
    allowed = profile.profile
    chosen = next(
        (each for each in allowed.schedules if each.id == selected_id), allowed.schedules[0]
    )
    if chosen.use_local_time:
        return False
    start = schedule.start_at or at
    only = InstalledProfile(evse_id=profile.evse_id, profile=_plainly(allowed, chosen))
    last = max(period.start_period for period in (*schedule.periods, *chosen.periods)) + 1
    lasts = min(schedule.duration or last, HORIZON_S)
    scene = Scene(profiles=(only,), voltage=voltage)
    bounds = composite(scene, profile.evse_id or 1, start, lasts, schedule.unit)
    wanted = sorted(schedule.periods, key=_start)
    for instant in {period.start_period for period in (*wanted, *bounds.periods)}:
        if instant >= lasts:
            continue
        wants, may = _at(wanted, instant), _at(bounds.periods, instant)
        if wants is not None and may is not None and _more(wants, may, schedule.unit):
            return True
    return False


def _more(wants: Rate, may: Rate, unit: Unit) -> bool:
    """Of any phase, where they are told apart; else of all together."""
    if may.split:
        wants = spread(wants, unit, PHASES)
    elif unit is Unit.W:
        wants = Rate(sum(figure for figure in wants.phases if figure is not None))
    pairs = zip(wants.phases, spread(may, unit, 1).phases, strict=True)
    return any(
        wanted is not None and most is not None and wanted > most * TOLERANCE
        for wanted, most in pairs
    )


def _plainly(profile: ChargingProfile, schedule: Schedule) -> ChargingProfile:
    """The one schedule, as one that stands by itself."""
    return ChargingProfile(
        stack_level=0,
        purpose=Purpose.TX_DEFAULT,
        kind=Kind.RELATIVE if schedule.start_at is None else profile.kind,
        recurrency=profile.recurrency,
        schedules=(schedule,),
    )


def _start(period: Period) -> int:
    return period.start_period


def _at(periods: Sequence[Period], instant: int) -> Rate | None:
    """The limit then, of periods in their order."""
    place = bisect_right(periods, instant, key=_start)
    return rate_of(periods[place - 1], "limit") if place else None


def _horizon(needs: Mapping[str, object], now: datetime) -> int:
    told = needs.get("departure_time")
    if isinstance(told, str):
        try:
            leaves = datetime.fromisoformat(told)
        except ValueError:
            return HORIZON_S
        if leaves.tzinfo is not None and leaves > now:
            return min(int((leaves - now).total_seconds()) + 1, HORIZON_S)
    return HORIZON_S


def _within(bounds: CompositeSchedule, most: float | None, phases: int | None) -> Iterator[Period]:
    """The periods that are bounded: one that is not would be no offer."""
    for period in bounds.periods:
        rate = rate_of(period, "limit")
        bound = None if rate is None else even(rate, bounds.unit)
        limits = [limit for limit in (bound, most) if limit is not None]
        if not limits:
            return
        # To a tenth, and down: that is as fine as a limit may be.
        yield Period(
            start_period=period.start_period,
            limit=int(min(limits) * 10) / 10,
            number_phases=phases,
        )


def _merged(periods: list[Period], most: int | None) -> Iterator[Period]:
    """At most so many periods: the last one takes in what is too much, at its least."""
    room = min(most or MAX_PERIODS, MAX_PERIODS)
    kept, rest = periods[:room], periods[room - 1 :]
    for place, period in enumerate(kept):
        least = min((each.limit for each in rest if each.limit is not None), default=None)
        last = place == room - 1
        yield Period(
            start_period=period.start_period,
            limit=least if last else period.limit,
            number_phases=period.number_phases,
        )


def _same_transaction(scene: Scene, evse_id: int, transaction_ref: str) -> int | None:
    for each in scene.profiles:
        held = each.profile
        if (
            held.purpose is Purpose.TX
            and held.stack_level == 0
            and held.transaction_ref == transaction_ref
            and each.evse_id == evse_id
        ):
            return held.id
    return None


def _part(needs: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = needs.get(name)
    return part if isinstance(part, dict) else {}


def _figure(part: Mapping[str, object], name: str) -> float | None:
    """A figure above 0 and within reason; whatever else is there says nothing."""
    value = part.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST:
        return None
    return float(value)
