"""What holds at an instant, and how what several say becomes one (2.1 K01, K27, Q)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from operator import add

from msgspec import Struct, json
from msgspec.structs import replace

from csms.core.charging.profiles import Mode, Period, Unit
from csms.core.charging.rates import (
    Rate,
    adjusted,
    combined,
    converted_rate,
    fields_of,
    rate_of,
    spread,
    summed,
    used,
)

_FIELDS: Mapping[str, str] = {
    "limit": "limit",
    "discharge": "discharge_limit",
    "setpoint": "setpoint",
    "reactive": "setpoint_reactive",
}
"""What a bound calls a figure, and what a period does."""
_ONE_WAY = (None, Mode.CHARGING_ONLY, Mode.IDLE)
"""Modes in which nothing is given back, and nothing followed (2.1 Q02.FR.02)."""
_PASSED_ON = (
    "operation_mode",
    "preconditioning_request",
    "evse_sleep",
    "v2x_baseline",
    "v2x_freq_watt_curve",
    "v2x_signal_watt_curve",
)
"""What a session's profile says that nothing else has a say in."""


class Bound(Struct, frozen=True, kw_only=True):
    """What holds, in a unit that is known; what is None is not said.

    ``period`` is what the session's profile says, ``phases`` how many may be used.
    """

    limit: Rate | None = None
    discharge: Rate | None = None
    setpoint: Rate | None = None
    reactive: Rate | None = None
    phases: int | None = None
    period: Period | None = None

    @property
    def figures(self) -> bool:
        """Whether there is any."""
        return any(getattr(self, name) is not None for name in _FIELDS)


def bound_of(period: Period, unit: Unit, into: Unit, voltage: float) -> Bound | None:
    """What a period says, in another unit; None: nothing.  Idle is a limit of 0."""
    phases = period.number_phases
    if period.operation_mode is Mode.IDLE:
        return Bound(limit=Rate(0.0), phases=phases, period=period)
    figures = {
        name: converted_rate(rate, unit, into, phases, voltage)
        for name, field in _FIELDS.items()
        if (rate := rate_of(period, field)) is not None
    }
    if not figures and period.operation_mode in _ONE_WAY:
        return None
    return Bound(**figures, phases=phases, period=period)


def of_one_level(bounds: Sequence[Bound], unit: Unit) -> Bound:
    """What several say that are on one level, where only one should be: the least of all, and
    else what the strictest says, in whatever order they come."""
    if len(bounds) == 1:
        return bounds[0]
    strictest = min(bounds, key=lambda bound: _strictness(bound, unit))
    return replace(
        strictest,
        limit=combined((bound.limit for bound in bounds), min, unit, strictest.phases),
        discharge=combined((bound.discharge for bound in bounds), max, unit, strictest.phases),
    )


def least(grid: Iterable[Bound], session: Bound | None, unit: Unit) -> Bound:
    """What is left when all that bound a place, and the session there, are heard.

    Limits are the least of all, both ways; so is the setpoint of a session that has one, and one
    that follows an external system has that system's, if there is one.
    """
    bounds = list(grid)
    everything = bounds if session is None else [*bounds, session]
    phases = min((each.phases for each in everything if each.phases is not None), default=None)
    limit = combined((each.limit for each in everything), min, unit, phases)
    discharge = combined((each.discharge for each in everything), max, unit, phases)
    setpoint = combined((each.setpoint for each in bounds), _nearest, unit, phases)
    if session is None or session.period is None:
        return Bound(limit=limit, discharge=discharge, setpoint=setpoint, phases=phases)
    found = Bound(limit=limit, phases=phases, period=session.period)
    if session.period.operation_mode in _ONE_WAY:
        return found
    followed = session.setpoint
    if session.period.operation_mode is Mode.EXTERNAL_SETPOINT:
        followed = setpoint or followed
    elif followed is not None:
        followed = combined((followed, setpoint), _nearest, unit, phases)
    return replace(found, discharge=discharge, setpoint=followed, reactive=session.reactive)


def together(bounds: Iterable[Bound], unit: Unit, *, split: bool = False) -> Bound:
    """What all EVSEs may draw together; nothing is said when one of them is not bounded.

    It is told phase by phase when one of them is, or with ``split``: each may draw all that it
    may from as many phases as it uses, and nobody knows from which.
    """
    heard = list(bounds)
    limits = [bound.limit for bound in heard if bound.limit is not None]
    if not limits or len(limits) < len(heard):
        return Bound()
    if split or any(limit.split for limit in limits):
        limits = [
            spread(bound.limit, unit, bound.phases) for bound in heard if bound.limit is not None
        ]
    return Bound(limit=summed(limits))


def raised(bound: Bound, generated: Iterable[Rate | None], unit: Unit) -> Bound:
    """The same with what is generated, which bounds nothing where nothing else does and is not
    for a vehicle that is idle (2.1 K27);
    and setpoints within their limits (2.1 V2X.03, V2X.04)."""
    limit = bound.limit
    idle = bound.period is not None and bound.period.operation_mode is Mode.IDLE
    for rate in () if idle else generated:
        limit = None if limit is None else adjusted(limit, rate, add, unit, bound.phases)
    setpoint = bound.setpoint
    if setpoint is not None:
        setpoint = adjusted(setpoint, limit, min, unit, bound.phases)
        setpoint = adjusted(setpoint, bound.discharge, max, unit, bound.phases)
    phase = None if bound.period is None else bound.period.phase_to_use
    rates = {
        "limit": limit,
        "discharge": bound.discharge,
        "setpoint": setpoint,
        "reactive": bound.reactive,
    }
    if bound.phases == 1:
        rates = {n: None if rate is None else used(rate, phase) for n, rate in rates.items()}
    return replace(bound, **rates)


def period_of(bound: Bound, start: int) -> Period:
    """The same as a period of a composite schedule, ``start`` seconds after its beginning."""
    more = {}
    if bound.period is not None:
        more = {name: getattr(bound.period, name) for name in _PASSED_ON}
        more["phase_to_use"] = bound.period.phase_to_use if bound.phases == 1 else None
    for name, field in _FIELDS.items():
        more |= fields_of(getattr(bound, name), field)
    return Period(start_period=start, number_phases=bound.phases, **more)


def _nearest(one: float, other: float) -> float:
    """The one that moves less power; of two that move the same, the one that gives it back."""
    return min((one, other), key=lambda figure: (abs(figure), figure))


def _strictness(bound: Bound, unit: Unit) -> tuple[float, bytes]:
    """Smaller for what allows less; the same for what is the same only."""
    figures = () if bound.limit is None else spread(bound.limit, unit, bound.phases).phases
    least_figure = min((figure for figure in figures if figure is not None), default=inf)
    return least_figure, json.encode(bound, order="deterministic")
