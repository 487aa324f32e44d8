"""The schedule that follows from everything a station holds, computed as the station should.

At each instant, of each purpose the profile with the highest stack level counts that says
something then; a TxProfile takes the place of a TxDefaultProfile, one for the EVSE that of one for
all; and of what is left the least counts, limits from outside included (OCPP 1.6 §3.13.6, 2.x
K01, K08).  Local generation (2.1) adds to what may come from the grid.

What stands in A is turned into W, and back, at ``voltage`` and with the phases of its period, three
unless it says.  Of several schedules in a profile the first is computed with.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from csms.core.charging.checks import InstalledProfile
from csms.core.charging.profiles import (
    ChargingProfile,
    CompositeSchedule,
    Kind,
    Period,
    Purpose,
    Recurrency,
    Schedule,
    Unit,
)

PHASES = 3
_SPANS: Mapping[Recurrency | None, timedelta] = {
    Recurrency.DAILY: timedelta(days=1),
    Recurrency.WEEKLY: timedelta(weeks=1),
    None: timedelta(days=1),
}
_SECOND = timedelta(seconds=1)
EFFORT = 100_000
"""How many profiles are looked at for one schedule, each as often as something changes."""


class OutsideLimit(Struct, frozen=True, kw_only=True):
    """A limit that somebody else set; ``since`` is when it was told."""

    evse_id: int
    schedule: Schedule
    since: datetime


class Running(Struct, frozen=True, kw_only=True):
    """The session on an EVSE; ``priority``: it may draw what its priority profile says."""

    transaction_ref: str | None
    started_at: datetime
    priority: bool = False


class Scene(Struct, frozen=True, kw_only=True):
    """All that a station's limits depend on."""

    profiles: tuple[InstalledProfile, ...] = ()
    limits: tuple[OutsideLimit, ...] = ()
    sessions: Mapping[int, Running] = {}
    evses: tuple[int, ...] = ()
    """Those that draw from the grid together."""
    voltage: float = 230.0


class Bound(Struct, frozen=True):
    """A limit at an instant; ``phases`` None: not said."""

    limit: float
    phases: int | None = None


def composite(
    scene: Scene, evse_id: int, start: datetime, duration: int, unit: Unit | None = None
) -> CompositeSchedule:
    """The limits of an EVSE (0: of the station) for ``duration`` seconds from ``start`` on.

    Without ``unit`` it is that of everything the station holds, if it is one, else W.  Where the
    limits change more often than is good to look at, it is cut short; its ``duration`` tells.
    """
    unit = unit or _usual(scene)
    end = start + duration * _SECOND
    instants = sorted({start, *_changes(scene, start, end)})
    most = max(1, EFFORT // (len(scene.profiles) + len(scene.limits) + 1))
    if len(instants) > most:
        duration = max(1, int((instants[most] - start) / _SECOND))
        del instants[most:]
    periods: list[Period] = []
    for instant in instants:
        bound = bound_at(scene, evse_id, instant, unit, start)
        period = Period(
            start_period=int((instant - start) / _SECOND),
            limit=None if bound is None else round(bound.limit, 3),
            number_phases=None if bound is None else bound.phases,
        )
        if periods and periods[-1].start_period == period.start_period:
            periods.pop()  # it would last less than a second
        if not periods or not _same(periods[-1], period):
            periods.append(period)
    return CompositeSchedule(
        evse_id=evse_id, start_at=start, duration=duration, unit=unit, periods=tuple(periods)
    )


def bound_at(
    scene: Scene, evse_id: int, instant: datetime, unit: Unit, start: datetime
) -> Bound | None:
    """The limit at an instant; None: there is none.  What is relative to a session that is not
    there counts from ``start``."""
    looks = _Looks(scene, instant, unit, start)
    bounds = [*looks.of_grid(0)]
    if evse_id:
        bounds += [*looks.of_grid(evse_id), *looks.of_session(evse_id)]
    else:
        drawn = looks.together()
        bounds += [] if drawn is None else [drawn]
    return _least(bounds)


class _Looks(Struct, frozen=True):
    """The bounds at one instant."""

    scene: Scene
    instant: datetime
    unit: Unit
    start: datetime

    def of_grid(self, evse_id: int) -> Iterator[Bound]:
        """What bounds everything on an EVSE, or the station (0)."""
        more = self._top(Purpose.LOCAL_GENERATION, evse_id)
        bounds = [
            self._top(Purpose.STATION_MAX, evse_id),
            self._top(Purpose.EXTERNAL, evse_id),
            *(self._outside(limit) for limit in self.scene.limits if limit.evse_id == evse_id),
        ]
        for bound in bounds:
            if bound is not None:
                yield bound if more is None else Bound(bound.limit + more.limit, bound.phases)

    def of_session(self, evse_id: int) -> Iterator[Bound]:
        """What bounds the session on an EVSE."""
        running = self.scene.sessions.get(evse_id)
        if running is not None and running.priority:
            bound = self._top(Purpose.PRIORITY, evse_id) or self._top(Purpose.PRIORITY, 0)
            if bound is not None:
                yield bound
                return
        own = None
        if running is not None:
            own = self._top(Purpose.TX, evse_id, running.transaction_ref)
        bound = (
            own
            or self._top(Purpose.TX_DEFAULT, evse_id)
            or self._top(Purpose.TX_DEFAULT, 0, on=evse_id)
        )
        if bound is not None:
            yield bound

    def together(self) -> Bound | None:
        """What all EVSEs may draw together; None when one of them is not bounded."""
        total = 0.0
        for evse_id in self.scene.evses:
            bound = _least([*self.of_grid(evse_id), *self.of_session(evse_id)])
            if bound is None:
                return None
            total += bound.limit
        return Bound(total) if self.scene.evses else None

    def _top(
        self,
        purpose: Purpose,
        evse_id: int,
        transaction_ref: str | None = None,
        on: int | None = None,
    ) -> Bound | None:
        """The bound of the highest level that has one; ``on``: whose session counts."""
        fitting = [
            each.profile
            for each in self.scene.profiles
            if each.profile.purpose is purpose
            and each.evse_id == evse_id
            and each.profile.transaction_ref in (None, transaction_ref)
        ]
        running = self.scene.sessions.get(evse_id if on is None else on)
        anchor = self.start if running is None else running.started_at
        for profile in sorted(fitting, key=lambda profile: -profile.stack_level):
            bound = self._of(profile, anchor)
            if bound is not None:
                return bound
        return None

    def _of(self, profile: ChargingProfile, anchor: datetime) -> Bound | None:
        if not _valid(profile, self.instant):
            return None
        schedule = profile.schedules[0]
        return self._bound(schedule, _passed(profile, schedule, self.instant, anchor))

    def _outside(self, limit: OutsideLimit) -> Bound | None:
        begin = limit.schedule.start_at or limit.since
        return self._bound(limit.schedule, (self.instant - begin) / _SECOND)

    def _bound(self, schedule: Schedule, passed: float) -> Bound | None:
        if passed < 0 or (schedule.duration is not None and passed >= schedule.duration):
            return None
        place = bisect_right(schedule.periods, passed, key=lambda period: period.start_period)
        if place == 0:
            return None
        period = schedule.periods[place - 1]
        if period.limit is None:
            return None
        limit = converted(
            period.limit, schedule.unit, self.unit, period.number_phases, self.scene.voltage
        )
        return Bound(limit, period.number_phases)


def converted(limit: float, unit: Unit, into: Unit, phases: int | None, voltage: float) -> float:
    """A limit in another unit."""
    if unit is into:
        return limit
    factor = voltage * (phases or PHASES)
    return limit * factor if into is Unit.W else limit / factor


def _usual(scene: Scene) -> Unit:
    units = {each.profile.schedules[0].unit for each in scene.profiles}
    units |= {each.schedule.unit for each in scene.limits}
    return units.pop() if len(units) == 1 else Unit.W


def _least(bounds: Iterable[Bound]) -> Bound | None:
    known = list(bounds)
    if not known:
        return None
    phases = [bound.phases for bound in known if bound.phases is not None]
    return Bound(min(bound.limit for bound in known), min(phases, default=None))


def _same(one: Period, other: Period) -> bool:
    return (one.limit, one.number_phases) == (other.limit, other.number_phases)


def _valid(profile: ChargingProfile, instant: datetime) -> bool:
    if profile.valid_from is not None and instant < profile.valid_from:
        return False
    return profile.valid_to is None or instant < profile.valid_to


def _passed(
    profile: ChargingProfile, schedule: Schedule, instant: datetime, anchor: datetime
) -> float:
    """Seconds since the schedule began, negative before that."""
    begin = schedule.start_at or anchor
    match profile.kind:
        case Kind.RECURRING if instant >= begin:
            return ((instant - begin) % _SPANS[profile.recurrency]) / _SECOND
        case Kind.DYNAMIC if schedule.start_at is None:
            return 0.0
        case _:
            return (instant - begin) / _SECOND


def _changes(scene: Scene, start: datetime, end: datetime) -> Iterator[datetime]:
    """The instants within the time at which something may change."""
    anchors = {start, *(running.started_at for running in scene.sessions.values())}
    for each in scene.profiles:
        profile, schedule = each.profile, each.profile.schedules[0]
        for edge in (profile.valid_from, profile.valid_to):
            if edge is not None and start < edge < end:
                yield edge
        for anchor in anchors if schedule.start_at is None else (schedule.start_at,):
            for begin in _begins(profile, anchor, start, end):
                yield from _edges(schedule, begin, start, end)
    for limit in scene.limits:
        begin = limit.schedule.start_at or limit.since
        yield from _edges(limit.schedule, begin, start, end)


def _begins(
    profile: ChargingProfile, anchor: datetime, start: datetime, end: datetime
) -> Iterator[datetime]:
    """When the schedule begins, as often as it matters for the time."""
    if profile.kind is not Kind.RECURRING:
        yield anchor
        return
    span = _SPANS[profile.recurrency]
    begin = anchor + max(0, (start - anchor) // span) * span
    while begin < end:
        yield begin
        begin += span


def _edges(
    schedule: Schedule, begin: datetime, start: datetime, end: datetime
) -> Iterator[datetime]:
    offsets = [period.start_period for period in schedule.periods]
    if schedule.duration is not None:
        offsets.append(schedule.duration)
    least, most = (start - begin) / _SECOND, (end - begin) / _SECOND
    for offset in offsets:
        if least < offset < most:
            yield begin + offset * _SECOND
