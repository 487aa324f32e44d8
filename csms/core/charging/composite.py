"""The schedule that follows from everything a station holds, computed as the station should.

At each instant, of each purpose the profile with the highest stack level counts that says
something then; a TxProfile takes the place of a TxDefaultProfile, one for the EVSE that of one for
all, and the profile for priority charging that of both while the session has priority.  Of what is
left the least counts, limits from outside included (OCPP 1.6 §3.13.6, 2.x K01, K08, SC.01), phase
by phase where phases are told apart.  What is generated locally is added to that (2.1 K27).

What stands in A is turned into W, and back, at ``voltage`` and with the phases of its period, three
unless it says.  Of several schedules in a profile the first is computed with.  What nobody knows
here makes no difference: how full a battery is (``limit_at_soc``), and by how much a period is
delayed at random.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from csms.core.charging.bounds import (
    Bound,
    bound_of,
    least,
    of_one_level,
    period_of,
    raised,
    together,
)
from csms.core.charging.profiles import CompositeSchedule, Period, Purpose, Unit
from csms.core.charging.rates import Rate, combined
from csms.core.charging.scene import Running, Scene
from csms.core.charging.stacks import Stacks, ordered, stacked
from csms.core.charging.timing import SECOND, anchor_of, changes, limit_then, period_then

_OF_SESSIONS = frozenset({Purpose.TX, Purpose.TX_DEFAULT, Purpose.PRIORITY})
"""What they say of a mode counts, if there are no figures; others say nothing without."""

EFFORT = 100_000
"""How many profiles are looked at for one schedule, each as often as something changes."""


def composite(
    scene: Scene, evse_id: int, start: datetime, duration: int, unit: Unit | None = None
) -> CompositeSchedule:
    """The limits of an EVSE (0: of the station) for ``duration`` seconds from ``start`` on.

    Without ``unit`` it is that of everything the station holds, if it is one, else W.  Where the
    limits change more often than is good to look at, it is cut short; its ``duration`` tells.
    """
    unit = unit or _usual(scene)
    scene = ordered(scene)
    places = {0, evse_id} if evse_id else {0, *scene.evses}
    most = max(1, EFFORT // _effort(scene, len(places) - 1))
    instants = _instants(scene, places, start, start + duration * SECOND, most)
    if len(instants) > most:
        duration = max(1, int((instants.pop() - start) / SECOND))
        instants = [each for each in instants if each < start + duration * SECOND]
    stacks = stacked(scene)
    periods: list[Period] = []
    for instant in instants:
        bound = _Looks(scene, stacks, instant, unit, start).bound(evse_id)
        period = period_of(bound, int((instant - start) / SECOND))
        if periods and periods[-1].start_period == period.start_period:
            periods.pop()  # it would last less than a second
        if not periods or periods[-1] != replace(period, start_period=periods[-1].start_period):
            periods.append(period)
    return CompositeSchedule(
        evse_id=evse_id, start_at=start, duration=duration, unit=unit, periods=tuple(periods)
    )


def bound_at(scene: Scene, evse_id: int, instant: datetime, unit: Unit, start: datetime) -> Bound:
    """What holds at an instant.  What is relative to a session that is not there counts from
    ``start``."""
    scene = ordered(scene)
    return _Looks(scene, stacked(scene), instant, unit, start).bound(evse_id)


def _effort(scene: Scene, evses: int) -> int:
    """How many profiles are looked at each time: those of sessions anywhere for each EVSE."""
    everywhere = sum(
        each.evse_id == 0 and each.profile.purpose in _OF_SESSIONS for each in scene.profiles
    )
    others = len(scene.profiles) - everywhere
    return 1 + others + everywhere * max(1, evses) + len(scene.limits) + max(0, evses - 1)


def _instants(
    scene: Scene, places: Collection[int], start: datetime, end: datetime, most: int
) -> list[datetime]:
    """The start, and every instant at which something may change: ``most`` of them and the one
    that follows, if there is one."""
    found = [start]
    for instant in changes(scene, places, start, end):
        if instant > found[-1]:
            found.append(instant)
            if len(found) > most:
                break
    return found


class _Looks(Struct, frozen=True):
    """What profiles and limits say at one instant."""

    scene: Scene
    stacks: Stacks
    instant: datetime
    unit: Unit
    start: datetime

    def bound(self, evse_id: int) -> Bound:
        """What holds on an EVSE, or for the station (0)."""
        if evse_id:
            found = self.of_evse(evse_id, *self.of_grid(0))
            return raised(found, [self.generated_for(evse_id)], self.unit)
        grid = [*self.of_grid(0)]
        split = any(each.limit is not None and each.limit.split for each in grid)
        drawn = together(map(self.of_evse, self.scene.evses), self.unit, split=split)
        found = least([*grid, drawn], None, self.unit)
        generated = (self.generated_at(each) for each in (0, *self.scene.evses))
        return raised(found, generated, self.unit)

    def of_evse(self, evse_id: int, *more: Bound) -> Bound:
        """What holds on an EVSE, but for what is generated."""
        return least([*self.of_grid(evse_id), *more], self.of_session(evse_id), self.unit)

    def of_grid(self, evse_id: int) -> Iterator[Bound]:
        """What bounds everything on an EVSE, or the station (0)."""
        for purpose in (Purpose.STATION_MAX, Purpose.EXTERNAL):
            bound = self._top(purpose, evse_id, evse_id)
            if bound is not None:
                yield bound
        yield from self._outside(evse_id, adds=False)

    def of_session(self, evse_id: int) -> Bound | None:
        """What bounds the session on an EVSE."""
        running = self.scene.sessions.get(evse_id)
        bound = None
        if running is not None and running.priority:
            bound = self._on(Purpose.PRIORITY, evse_id)
        if running is not None and bound is None:
            bound = self._top(Purpose.TX, evse_id, evse_id)
        return bound or self._on(Purpose.TX_DEFAULT, evse_id)

    def generated_at(self, evse_id: int) -> Rate | None:
        """What is generated for an EVSE alone, or for the station (0).

        A station may tell the same as a profile and as a limit from outside, or twice: it is one.
        """
        bound = self._top(Purpose.LOCAL_GENERATION, evse_id, evse_id)
        if bound is not None:
            return bound.limit
        told = (each.limit for each in self._outside(evse_id, adds=True))
        return combined(told, min, self.unit, None)

    def generated_for(self, evse_id: int) -> Rate | None:
        """What an EVSE has of it: its own, else what there is for all."""
        return self.generated_at(evse_id) or self.generated_at(0)

    def _on(self, purpose: Purpose, evse_id: int) -> Bound | None:
        """Of the EVSE, else of all."""
        return self._top(purpose, evse_id, evse_id) or self._top(purpose, 0, evse_id)

    def _top(self, purpose: Purpose, evse_id: int, on: int) -> Bound | None:
        """The bound of the highest level that says something; ``on``: whose session it is about."""
        running: Running | None = self.scene.sessions.get(on)
        transactions = (None, None if running is None else running.transaction_ref)
        anchor = anchor_of(self.scene, on, self.start)
        for level in self.stacks.get((purpose, evse_id), ()):
            bounds = [
                bound
                for profile in level
                if profile.transaction_ref in transactions
                and (period := period_then(self.scene, profile, self.instant, anchor)) is not None
                and (bound := self._bound(period, profile.schedules[0].unit)) is not None
                and (purpose in _OF_SESSIONS or bound.figures)
            ]
            if bounds:
                return of_one_level(bounds, self.unit)
        return None

    def _outside(self, evse_id: int, *, adds: bool) -> Iterator[Bound]:
        for limit in self.scene.limits:
            if (limit.evse_id, limit.adds) == (evse_id, adds):
                period = limit_then(self.scene, limit, self.instant)
                bound = None if period is None else self._bound(period, limit.schedule.unit)
                if bound is not None:
                    yield bound

    def _bound(self, period: Period, unit: Unit) -> Bound | None:
        return bound_of(period, unit, self.unit, self.scene.voltage)


def _usual(scene: Scene) -> Unit:
    units = {each.profile.schedules[0].unit for each in scene.profiles}
    units |= {each.schedule.unit for each in scene.limits}
    return units.pop() if len(units) == 1 else Unit.W
