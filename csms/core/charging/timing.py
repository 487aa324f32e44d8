"""When profiles and limits say something, and which of their periods does.

An absolute schedule counts from its start, a relative one from the beginning of the session, and a
recurring one begins anew every day or week, by the station's clock where it goes by that.  A
dynamic one lasts as long as it is kept up to date.  Periods are taken to be in their order.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from heapq import merge

from msgspec import Struct

from csms.core.charging.profiles import ChargingProfile, Kind, Period, Recurrency, Schedule
from csms.core.charging.scene import OutsideLimit, Scene

SECOND = timedelta(seconds=1)
_SPANS: Mapping[Recurrency | None, timedelta] = {
    Recurrency.DAILY: timedelta(days=1),
    Recurrency.WEEKLY: timedelta(weeks=1),
    None: timedelta(days=1),
}


class Turns(Struct, frozen=True):
    """When a schedule begins: once, or each time anew."""

    first: datetime
    span: timedelta | None = None
    zone: tzinfo | None = None
    """Of the clock that shows ``first``; None: it is as it says."""

    def begin(self, turn: int) -> datetime:
        """The beginning of a turn, counted from 0."""
        at = self.first if self.span is None else self.first + turn * self.span
        try:
            return at if self.zone is None else at.replace(tzinfo=self.zone).astimezone(UTC)
        except OverflowError:
            return at  # at an end of the calendar, where an hour makes no difference

    def last(self, instant: datetime) -> int:
        """The turn that began last; the first when none did yet."""
        if self.span is None:
            return 0
        # A clock may meanwhile have been put back or forward, so that one more is looked at.
        turn = max(0, (instant - self.begin(0)) // self.span + 1)
        while turn and self.begin(turn) > instant:
            turn -= 1
        return turn

    def within(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The beginnings of all turns that matter for the time, and the first one after it."""
        turn = self.last(start)
        yield (begin := self.begin(turn))
        while self.span is not None and begin < end:
            turn += 1
            begin = self.begin(turn)
            yield begin


def period_then(
    scene: Scene, profile: ChargingProfile, instant: datetime, anchor: datetime
) -> Period | None:
    """What a profile says at an instant; ``anchor`` is what a relative one counts from."""
    if not _valid(scene, profile, instant):
        return None
    schedule = profile.schedules[0]
    if profile.kind is Kind.DYNAMIC:
        begin, end = _lasting(scene, profile)
        begun, over = begin is None or begin <= instant, end is not None and end <= instant
        return schedule.periods[0] if begun and not over else None
    when = turns(scene, profile, anchor)
    return _period(schedule, (instant - when.begin(when.last(instant))) / SECOND)


def limit_then(scene: Scene, limit: OutsideLimit, instant: datetime) -> Period | None:
    """What a limit from outside says at an instant."""
    begin = _turns(scene, limit.schedule, limit.since).begin(0)
    return _period(limit.schedule, (instant - begin) / SECOND)


def changes(
    scene: Scene, places: Collection[int], start: datetime, end: datetime
) -> Iterator[datetime]:
    """The instants within the time at which something may change at one of the places (EVSEs, 0:
    the station), in their order; some come more than once.

    They are found one by one, so that who stops asking is spared the work.
    """
    edges = []
    for each in scene.profiles:
        if each.evse_id in places:
            edges.append(_validity(scene, each.profile, start, end))
            offsets = _offsets(each.profile.schedules[0])
            edges += [
                _edges(offsets, turns(scene, each.profile, anchor), start, end)
                for anchor in _anchors(scene, each.profile, each.evse_id, places, start)
            ]
    for limit in scene.limits:
        if limit.evse_id in places:
            when = _turns(scene, limit.schedule, limit.since)
            edges.append(_edges(_offsets(limit.schedule), when, start, end))
    return merge(*edges)


def anchor_of(scene: Scene, evse_id: int, start: datetime) -> datetime:
    """What relative schedules count from on an EVSE: its session, else ``start``."""
    running = scene.sessions.get(evse_id)
    return start if running is None else running.started_at


def turns(scene: Scene, profile: ChargingProfile, anchor: datetime) -> Turns:
    """When the schedule of a profile begins; ``anchor`` is what a relative one counts from."""
    span = _SPANS[profile.recurrency] if profile.kind is Kind.RECURRING else None
    return _turns(scene, profile.schedules[0], anchor, span)


def _anchors(
    scene: Scene,
    profile: ChargingProfile,
    evse_id: int,
    places: Collection[int],
    start: datetime,
) -> Collection[datetime]:
    """Of the sessions that a profile may be about; a dynamic one counts from none."""
    if profile.kind is Kind.DYNAMIC:
        return ()
    if profile.schedules[0].start_at is not None:
        return (start,)  # which it does not look at
    return {anchor_of(scene, each, start) for each in (places if evse_id == 0 else (evse_id,))}


def _period(schedule: Schedule, passed: float) -> Period | None:
    """Of a schedule that began so many seconds ago."""
    if passed < 0 or (schedule.duration is not None and passed >= schedule.duration):
        return None
    place = bisect_right(schedule.periods, passed, key=_start)
    return schedule.periods[place - 1] if place else None


def _start(period: Period) -> int:
    return period.start_period


def _valid(scene: Scene, profile: ChargingProfile, instant: datetime) -> bool:
    if profile.valid_from is not None and instant < profile.valid_from:
        return False
    ends = [each for each in (profile.valid_to, _given_up(scene, profile)) if each is not None]
    return not ends or instant < min(ends)


def _given_up(scene: Scene, profile: ChargingProfile) -> datetime | None:
    """When a station that stays away no longer keeps to a profile (2.1 K01.FR.102, K01.FR.103);
    whether it takes it up again when it is back makes no difference until then."""
    if scene.offline_since is None or profile.max_offline_duration is None:
        return None
    return scene.offline_since + profile.max_offline_duration * SECOND


def _lasting(scene: Scene, profile: ChargingProfile) -> tuple[datetime | None, datetime | None]:
    """From when a dynamic profile is, and until when unless it is updated: ``duration`` counts
    from the last update, or where none is known from its start (2.1 K28.FR.13, K29.FR.07)."""
    schedule = profile.schedules[0]
    begin = None
    if schedule.start_at is not None:
        begin = _turns(scene, schedule, schedule.start_at).begin(0)
    since = profile.dyn_update_time or begin
    if schedule.duration is None or since is None:
        return begin, None
    try:
        return begin, since + schedule.duration * SECOND
    except OverflowError:
        return begin, None  # the calendar ends before it does


def _validity(
    scene: Scene, profile: ChargingProfile, start: datetime, end: datetime
) -> Iterator[datetime]:
    edges = [profile.valid_from, profile.valid_to, _given_up(scene, profile)]
    if profile.kind is Kind.DYNAMIC:
        edges += _lasting(scene, profile)
    yield from sorted(edge for edge in edges if edge is not None and start < edge < end)


def _turns(
    scene: Scene, schedule: Schedule, anchor: datetime, span: timedelta | None = None
) -> Turns:
    if schedule.start_at is None:
        return Turns(anchor, span)
    return Turns(schedule.start_at, span, scene.zone if schedule.use_local_time else None)


def _offsets(schedule: Schedule) -> Sequence[int]:
    """How many seconds after its beginning something changes, the beginning included."""
    offsets = {0, *(period.start_period for period in schedule.periods)}
    if schedule.duration is not None:
        offsets.add(schedule.duration)
    return sorted(offsets)


def _edges(
    offsets: Sequence[int], when: Turns, start: datetime, end: datetime
) -> Iterator[datetime]:
    """When a period begins, a turn among them; each turn cuts off the one before."""
    begins = when.within(start, end)
    begin: datetime | None = next(begins)
    while begin is not None:
        following = next(begins, None)
        until = min(end, following or end)
        first = bisect_right(offsets, (start - begin) / SECOND)
        for place in range(first, bisect_left(offsets, (until - begin) / SECOND)):
            yield begin + offsets[place] * SECOND
        begin = following
