"""The schedule that follows from everything a station holds, computed as the station should.

At each instant, of each purpose the profile with the highest stack level counts that says
something then; a TxProfile takes the place of a TxDefaultProfile, one for the EVSE that of one for
all, and the profile for priority charging that of both while the session has priority.  Of what is
left the least counts, limits from outside included (OCPP 1.6 §3.13.6, 2.x K01, K08), phase by
phase where phases are told apart.  What is generated locally is added to that (2.1 K27).

What stands in A is turned into W, and back, at ``voltage`` and with the phases of its period, three
unless it says.  Of several schedules in a profile the first is computed with.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from csms.core.charging.bounds import Bound, bound_of, least, period_of, raised, together
from csms.core.charging.profiles import CompositeSchedule, Period, Purpose, Unit
from csms.core.charging.rates import Rate
from csms.core.charging.scene import Running, Scene
from csms.core.charging.timing import SECOND, changes, limit_then, period_then

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
    end = start + duration * SECOND
    instants = sorted({start, *changes(scene, start, end)})
    most = max(1, EFFORT // (len(scene.profiles) + len(scene.limits) + 1))
    if len(instants) > most:
        duration = max(1, int((instants[most] - start) / SECOND))
        del instants[most:]
    periods: list[Period] = []
    for instant in instants:
        bound = bound_at(scene, evse_id, instant, unit, start)
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
    looks = _Looks(scene, instant, unit, start)
    if evse_id:
        return raised(
            looks.of_evse(evse_id, *looks.of_grid(0)), [looks.generated_for(evse_id)], unit
        )
    drawn = together((looks.of_evse(each) for each in scene.evses), unit)
    bound = least([*looks.of_grid(0), drawn], None, unit)
    return raised(bound, (looks.generated_at(each) for each in (0, *scene.evses)), unit)


class _Looks(Struct, frozen=True):
    """What profiles and limits say at one instant."""

    scene: Scene
    instant: datetime
    unit: Unit
    start: datetime

    def of_evse(self, evse_id: int, *more: Bound) -> Bound:
        """What holds on an EVSE, but for what is generated."""
        return least([*self.of_grid(evse_id), *more], self.of_session(evse_id), self.unit)

    def of_grid(self, evse_id: int) -> Iterator[Bound]:
        """What bounds everything on an EVSE, or the station (0)."""
        for purpose in (Purpose.STATION_MAX, Purpose.EXTERNAL):
            bound = self._top(purpose, evse_id, self.scene.sessions.get(evse_id))
            if bound is not None:
                yield bound
        yield from self._outside(evse_id, adds=False)

    def of_session(self, evse_id: int) -> Bound | None:
        """What bounds the session on an EVSE."""
        running = self.scene.sessions.get(evse_id)
        if running is not None and running.priority:
            bound = self._on(Purpose.PRIORITY, evse_id)
            if bound is not None:
                return bound
        own = None
        if running is not None:
            own = self._top(Purpose.TX, evse_id, running)
        return own or self._on(Purpose.TX_DEFAULT, evse_id)

    def generated_at(self, evse_id: int) -> Rate | None:
        """What is generated for an EVSE alone, or for the station (0).

        A station may tell the same as a profile and as a limit from outside: it is one.
        """
        running = self.scene.sessions.get(evse_id)
        bound = self._top(Purpose.LOCAL_GENERATION, evse_id, running)
        if bound is None:
            bound = next(self._outside(evse_id, adds=True), None)
        return None if bound is None else bound.limit

    def generated_for(self, evse_id: int) -> Rate | None:
        """What an EVSE has of it: its own, else what there is for all."""
        return self.generated_at(evse_id) or self.generated_at(0)

    def _on(self, purpose: Purpose, evse_id: int) -> Bound | None:
        """Of the EVSE, else of all."""
        running = self.scene.sessions.get(evse_id)
        return self._top(purpose, evse_id, running) or self._top(purpose, 0, running)

    def _top(self, purpose: Purpose, evse_id: int, running: Running | None) -> Bound | None:
        """The bound of the highest level that says something; ``running`` is whose it is."""
        transactions = (None, None if running is None else running.transaction_ref)
        fitting = [
            each.profile
            for each in self.scene.profiles
            if each.profile.purpose is purpose
            and each.evse_id == evse_id
            and each.profile.transaction_ref in transactions
        ]
        anchor = self.start if running is None else running.started_at
        for profile in sorted(fitting, key=lambda profile: -profile.stack_level):
            period = period_then(self.scene, profile, self.instant, anchor)
            bound = self._bound(period, profile.schedules[0].unit)
            if bound is not None:
                return bound
        return None

    def _outside(self, evse_id: int, *, adds: bool) -> Iterator[Bound]:
        for limit in self.scene.limits:
            if (limit.evse_id, limit.adds) == (evse_id, adds):
                period = limit_then(self.scene, limit, self.instant)
                bound = self._bound(period, limit.schedule.unit)
                if bound is not None:
                    yield bound

    def _bound(self, period: Period | None, unit: Unit) -> Bound | None:
        return None if period is None else bound_of(period, unit, self.unit, self.scene.voltage)


def _usual(scene: Scene) -> Unit:
    units = {each.profile.schedules[0].unit for each in scene.profiles}
    units |= {each.schedule.unit for each in scene.limits}
    return units.pop() if len(units) == 1 else Unit.W
