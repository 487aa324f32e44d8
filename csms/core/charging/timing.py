"""When profiles and limits say something, and which of their periods does.

An absolute schedule counts from its start, a relative one from the beginning of the session, and a
recurring one begins anew every day or week, by the station's clock where it goes by that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

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
        return at if self.zone is None else at.replace(tzinfo=self.zone).astimezone(UTC)

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
        """The beginnings of all turns that matter for the time."""
        turn = self.last(start)
        yield self.begin(turn)
        while self.span is not None and (begin := self.begin(turn := turn + 1)) < end:
            yield begin


def period_then(
    scene: Scene, profile: ChargingProfile, instant: datetime, anchor: datetime
) -> Period | None:
    """What a profile says at an instant; ``anchor`` is what a relative one counts from."""
    if not _valid(scene, profile, instant):
        return None
    schedule = profile.schedules[0]
    if profile.kind is Kind.DYNAMIC and schedule.start_at is None:
        return schedule.periods[0]
    when = turns(scene, profile, anchor)
    return _period(schedule, (instant - when.begin(when.last(instant))) / SECOND)


def limit_then(scene: Scene, limit: OutsideLimit, instant: datetime) -> Period | None:
    """What a limit from outside says at an instant."""
    begin = _turns(scene, limit.schedule, limit.since).begin(0)
    return _period(limit.schedule, (instant - begin) / SECOND)


def changes(scene: Scene, start: datetime, end: datetime) -> Iterator[datetime]:
    """The instants within the time at which something may change."""
    anchors = {start, *(running.started_at for running in scene.sessions.values())}
    for each in scene.profiles:
        profile, schedule = each.profile, each.profile.schedules[0]
        for edge in (profile.valid_from, profile.valid_to, _given_up(scene, profile)):
            if edge is not None and start < edge < end:
                yield edge
        for anchor in anchors if schedule.start_at is None else (schedule.start_at,):
            for begin in turns(scene, profile, anchor).within(start, end):
                yield from _edges(schedule, begin, start, end)
    for limit in scene.limits:
        begin = _turns(scene, limit.schedule, limit.since).begin(0)
        yield from _edges(limit.schedule, begin, start, end)


def _period(schedule: Schedule, passed: float) -> Period | None:
    """Of a schedule that began so many seconds ago."""
    if passed < 0 or (schedule.duration is not None and passed >= schedule.duration):
        return None
    place = bisect_right(schedule.periods, passed, key=lambda period: period.start_period)
    return schedule.periods[place - 1] if place else None


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


def turns(scene: Scene, profile: ChargingProfile, anchor: datetime) -> Turns:
    """When the schedule of a profile begins; ``anchor`` is what a relative one counts from."""
    span = _SPANS[profile.recurrency] if profile.kind is Kind.RECURRING else None
    return _turns(scene, profile.schedules[0], anchor, span)


def _turns(
    scene: Scene, schedule: Schedule, anchor: datetime, span: timedelta | None = None
) -> Turns:
    if schedule.start_at is None:
        return Turns(anchor, span)
    return Turns(schedule.start_at, span, scene.zone if schedule.use_local_time else None)


def _edges(
    schedule: Schedule, begin: datetime, start: datetime, end: datetime
) -> Iterator[datetime]:
    offsets = [period.start_period for period in schedule.periods]
    if schedule.duration is not None:
        offsets.append(schedule.duration)
    least, most = (start - begin) / SECOND, (end - begin) / SECOND
    for offset in offsets:
        if least < offset < most:
            yield begin + offset * SECOND
