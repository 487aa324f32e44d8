"""The profiles of a scene, sorted by what they are for, where, and how high they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby, pairwise

from msgspec.structs import replace

from csms.core.charging.profiles import ChargingProfile, Period, Purpose, Schedule
from csms.core.charging.scene import Scene

Stacks = Mapping[tuple[Purpose, int], tuple[tuple[ChargingProfile, ...], ...]]
"""By purpose and EVSE the levels, the highest first, each with the profiles on it: one, unless a
station tells of several that it must not have (2.x K01.FR.06)."""


def stacked(scene: Scene) -> Stacks:
    """All profiles of a scene."""
    places: dict[tuple[Purpose, int], list[ChargingProfile]] = {}
    for each in scene.profiles:
        places.setdefault((each.profile.purpose, each.evse_id), []).append(each.profile)
    return {place: tuple(_levels(held)) for place, held in places.items()}


def ordered(scene: Scene) -> Scene:
    """The same with all periods in their order: a station may tell them in any."""
    return replace(
        scene,
        profiles=tuple(
            replace(each, profile=_ordered_profile(each.profile)) for each in scene.profiles
        ),
        limits=tuple(
            replace(each, schedule=ordered_schedule(each.schedule)) for each in scene.limits
        ),
    )


def ordered_schedule(schedule: Schedule) -> Schedule:
    """The same with its periods in their order."""
    if all(_start(one) <= _start(other) for one, other in pairwise(schedule.periods)):
        return schedule
    return replace(schedule, periods=tuple(sorted(schedule.periods, key=_start)))


def _ordered_profile(profile: ChargingProfile) -> ChargingProfile:
    schedules = tuple(map(ordered_schedule, profile.schedules))
    return profile if schedules == profile.schedules else replace(profile, schedules=schedules)


def _levels(held: Iterable[ChargingProfile]) -> Iterable[tuple[ChargingProfile, ...]]:
    falling = sorted(held, key=_level, reverse=True)
    return (tuple(same) for _, same in groupby(falling, key=_level))


def _level(profile: ChargingProfile) -> int:
    return profile.stack_level


def _start(period: Period) -> int:
    return period.start_period
