"""Figures of limits and setpoints, of all phases together or of each, and how they are combined.

What holds for all phases becomes what holds for each where it meets figures of single phases:
amperes are of each phase anyway, watts are shared equally by the phases in use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import starmap

from msgspec import Struct

from csms.core.charging.profiles import ScheduleUpdate, Unit

PHASES = 3
_DIGITS = 3


class Rate(Struct, frozen=True):
    """A figure of all phases; or, with one for L2 or L3, of L1 alone.  None: not said."""

    l1: float | None = None
    l2: float | None = None
    l3: float | None = None

    @property
    def split(self) -> bool:
        """Whether it has figures of single phases."""
        return self.l2 is not None or self.l3 is not None

    @property
    def phases(self) -> tuple[float | None, float | None, float | None]:
        """The three figures."""
        return self.l1, self.l2, self.l3

    def each(self, change: Callable[[float], float]) -> Rate:
        """The same with every figure changed."""
        return Rate(*(None if figure is None else change(figure) for figure in self.phases))


Choice = Callable[[float, float], float]


def rate_of(figures: ScheduleUpdate, name: str) -> Rate | None:
    """What the fields ``name``, ``name_l2`` and ``name_l3`` say; None: nothing."""
    rate = Rate(*(getattr(figures, f"{name}{phase}") for phase in ("", "_l2", "_l3")))
    return None if rate == Rate() else rate


def fields_of(rate: Rate | None, name: str) -> dict[str, float]:
    """The same the other way, rounded to thousandths."""
    said = () if rate is None else zip(("", "_l2", "_l3"), rate.phases, strict=True)
    return {
        f"{name}{phase}": round(figure, _DIGITS) for phase, figure in said if figure is not None
    }


def converted(limit: float, unit: Unit, into: Unit, phases: int | None, voltage: float) -> float:
    """A figure of all phases in another unit."""
    if unit is into:
        return limit
    factor = voltage * (phases or PHASES)
    return limit * factor if into is Unit.W else limit / factor


def converted_rate(rate: Rate, unit: Unit, into: Unit, phases: int | None, voltage: float) -> Rate:
    """The same in another unit; ``phases``: how many are in use, three unless said."""
    of = 1 if rate.split else phases
    return rate.each(lambda figure: converted(figure, unit, into, of, voltage))


def spread(rate: Rate, unit: Unit, phases: int | None) -> Rate:
    """The same as figures of each phase."""
    if rate.split or rate.l1 is None:
        return rate
    share = rate.l1 if unit is Unit.A else rate.l1 / (phases or PHASES)
    return Rate(share, share, share)


def combined(
    rates: Iterable[Rate | None], choose: Choice, unit: Unit, phases: int | None
) -> Rate | None:
    """What ``choose`` (`min`, `max`) makes of all rates that say something, phase by phase where
    one of them does so; None: none says anything."""
    known = [rate for rate in rates if rate is not None]
    if any(rate.split for rate in known):
        known = [spread(rate, unit, phases) for rate in known]
    whole: Rate | None = None
    for rate in known:
        whole = rate if whole is None else _either(whole, rate, choose)
    return whole


def adjusted(rate: Rate, by: Rate | None, change: Choice, unit: Unit, phases: int | None) -> Rate:
    """Every figure of a rate changed by that of the same phase, where there is one."""
    if by is None:
        return rate
    if rate.split or by.split:
        rate, by = spread(rate, unit, phases), spread(by, unit, phases)
    return Rate(
        *(
            own if own is None or other is None else change(own, other)
            for own, other in zip(rate.phases, by.phases, strict=True)
        )
    )


def summed(rates: Sequence[Rate]) -> Rate:
    """All together, which are all split or none is; a phase of which one says nothing has no
    sum."""
    columns = zip(*(rate.phases for rate in rates), strict=True)
    return Rate(*(None if None in column else sum(filter(None, column)) for column in columns))


def used(rate: Rate, phase: int | None) -> Rate:
    """The one figure that counts where a single phase is used: that of ``phase``, or when it is
    not known which one, or nothing is said of it, the one nearest to 0."""
    if not rate.split:
        return rate
    figure = rate.phases[phase - 1] if phase else None
    if figure is None:
        figure = min((each for each in rate.phases if each is not None), key=abs)
    return Rate(figure)


def even(rate: Rate, unit: Unit) -> float | None:
    """One figure for all phases that allows no phase more than it has."""
    known = [figure for figure in rate.phases if figure is not None]
    if not rate.split or not known:
        return rate.l1
    return min(known) * (1 if unit is Unit.A else PHASES)


def _either(one: Rate, other: Rate, choose: Choice) -> Rate:
    def of_phase(left: float | None, right: float | None) -> float | None:
        if left is None or right is None:
            return right if left is None else left
        return choose(left, right)

    return Rate(*starmap(of_phase, zip(one.phases, other.phases, strict=True)))
