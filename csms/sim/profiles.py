"""Charging profiles as values, and what they allow at a moment (1.6 §3.13, 2.0.1 block K).

Limits are in W here; a profile in A is worth as much as its phases carry at mains voltage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import Enum
from math import inf

from msgspec import Struct

from csms.sim.connector import MAINS_V
from csms.sim.messages import Payload

RECURRENCES = {"Daily": timedelta(days=1), "Weekly": timedelta(weeks=1)}
THREE = 3
"""Phases of a period that names none."""


class Purpose(Enum):
    """What a profile is for, in the words of OCPP 2.1."""

    EXTERNAL = "ChargingStationExternalConstraints"
    STATION = "ChargingStationMaxProfile"
    DEFAULT = "TxDefaultProfile"
    TRANSACTION = "TxProfile"
    PRIORITY = "PriorityCharging"
    LOCAL = "LocalGeneration"


class Period(Struct, frozen=True):
    """A limit from so many seconds after the beginning of its schedule."""

    start_s: float
    limit: float
    phases: int | None = None
    figures: tuple[tuple[float, ...], ...] = ()
    """All that hold besides (2.1), each one figure for all phases or one for each of three."""

    @property
    def gives_back(self) -> bool:
        """Whether energy is to flow out of the vehicle."""
        return any(each < 0 for figure in self.figures for each in figure)


class Schedule(Struct, frozen=True):
    """``unit`` is A or W; without ``start`` it begins with the session, or when it was set."""

    unit: str
    periods: tuple[Period, ...]
    start: datetime | None = None
    duration_s: float | None = None


class Profile(Struct, frozen=True, kw_only=True):
    """A profile of a connector (0: of the charger or of all); ``wire`` as the server sent it."""

    id: int
    connector: int
    stack: int
    purpose: Purpose
    kind: str
    schedules: tuple[Schedule, ...]
    set_at: datetime
    recurrence: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction: int | str | None = None
    source: str = "CSO"
    wire: Payload

    def limit_w(self, at: datetime, phases: int, session_start: datetime | None) -> float | None:
        """What it allows an outlet of so many phases; None: it says nothing about that moment."""
        if self.valid_from is not None and at < self.valid_from:
            return None
        if self.valid_to is not None and at >= self.valid_to:
            return None
        for schedule in self.schedules:
            offset = self._offset_s(schedule, at, session_start)
            if offset is None or offset < 0:
                continue
            if schedule.duration_s is not None and offset >= schedule.duration_s:
                continue
            past = [each for each in schedule.periods if each.start_s <= offset]
            if past:
                return watts(past[-1], schedule.unit, phases)
        return None

    def turns(
        self, since: datetime, until: datetime, session_start: datetime | None
    ) -> Iterator[datetime]:
        """Moments in between when what it allows may change."""
        moments = [each for each in (self.valid_from, self.valid_to) if each is not None]
        for schedule in self.schedules:
            for beginning in self._beginnings(schedule, since, until, session_start):
                ends = [each.start_s for each in schedule.periods]
                if schedule.duration_s is not None:
                    ends.append(schedule.duration_s)
                moments += [beginning + timedelta(seconds=each) for each in ends]
        return (each for each in moments if since < each < until)

    def _offset_s(
        self, schedule: Schedule, at: datetime, session_start: datetime | None
    ) -> float | None:
        origin = self._origin(schedule, session_start)
        if origin is None:
            return None
        recurs = RECURRENCES.get(self.recurrence or "") if self.kind == "Recurring" else None
        elapsed = at - origin
        return (elapsed if recurs is None else elapsed % recurs).total_seconds()

    def _beginnings(
        self,
        schedule: Schedule,
        since: datetime,
        until: datetime,
        session_start: datetime | None,
    ) -> Iterator[datetime]:
        origin = self._origin(schedule, session_start)
        if origin is None:
            return
        recurs = RECURRENCES.get(self.recurrence or "") if self.kind == "Recurring" else None
        if recurs is None:
            yield origin
            return
        beginning = since - (since - origin) % recurs
        while beginning < until:
            yield beginning
            beginning += recurs

    def _origin(self, schedule: Schedule, session_start: datetime | None) -> datetime | None:
        if self.kind == "Relative":
            return session_start
        return schedule.start or self.set_at


def watts(period: Period, unit: str, phases: int) -> float:
    """The power of a limit, the sum of its phases; of direct current it is taken as that of three
    phases."""
    used = min(period.phases or THREE, phases or THREE)
    each_v = MAINS_V if unit == "A" else 1.0
    if not period.figures:
        return period.limit * (each_v * used if unit == "A" else 1.0)
    by_phase = zip(*(_spread(each, unit, used) for each in period.figures), strict=True)
    return sum((min(column) for column in by_phase), 0.0) * each_v


def _spread(figure: tuple[float, ...], unit: str, used: int) -> tuple[float, ...]:
    """A figure of each phase in use: amperes are of each anyway, watts are shared."""
    if len(figure) > 1:
        return figure[:used]
    return (figure[0] if unit == "A" else figure[0] / used,) * used


def _best(
    profiles: Iterable[Profile], at: datetime, phases: int, start: datetime | None
) -> float | None:
    """What the profile of the highest level allows that says anything (1.6 §3.13.2)."""
    ordered = sorted(profiles, key=lambda each: (each.stack, each.connector), reverse=True)
    for profile in ordered:
        limit = profile.limit_w(at, phases, start)
        if limit is not None:
            return limit
    return None


class Situation(Struct, frozen=True, kw_only=True):
    """Whom limits are asked for; ``sharing`` connectors have what the station may draw."""

    connector: int
    phases: int
    transaction: int | str | None = None
    """None also as long as the server has not given it an id."""
    session_start: datetime | None = None
    sharing: int = 1
    priority: bool = False
    """Priority charging is on (2.1 K22)."""


def allowed_w(profiles: Iterable[Profile], at: datetime, situation: Situation) -> float:
    """The least of what the purposes allow; infinite when none says anything."""
    by_purpose: dict[Purpose, list[Profile]] = {}
    for profile in profiles:
        if profile.connector not in (0, situation.connector):
            continue
        if profile.transaction not in (None, situation.transaction):
            continue
        by_purpose.setdefault(profile.purpose, []).append(profile)
    start = situation.session_start

    def best(purpose: Purpose) -> float | None:
        return _best(by_purpose.get(purpose, ()), at, situation.phases, start)

    limit = inf
    for purpose in (Purpose.EXTERNAL, Purpose.STATION):
        found = best(purpose)
        if found is not None:
            limit = min(limit, found / max(1, situation.sharing))
    own = best(Purpose.PRIORITY) if situation.priority else None
    if own is None and start is not None:
        own = best(Purpose.TRANSACTION)
    if own is None:
        own = best(Purpose.DEFAULT)
    local = best(Purpose.LOCAL) or 0.0
    return min(limit, inf if own is None else own) + local


def composite(
    profiles: Iterable[Profile],
    since: datetime,
    duration_s: float,
    situation: Situation,
    most_w: float,
) -> list[tuple[float, float]]:
    """Offsets in seconds and limits in W, equal neighbours merged (1.6 §5.7; 2.0.1 K08)."""
    known = list(profiles)
    until = since + timedelta(seconds=duration_s)
    moments = {since}
    for profile in known:
        moments.update(profile.turns(since, until, situation.session_start))
    steps: list[tuple[float, float]] = []
    for moment in sorted(moments):
        limit = min(most_w, allowed_w(known, moment, situation))
        if not steps or steps[-1][1] != limit:
            steps.append(((moment - since).total_seconds(), limit))
    return steps
