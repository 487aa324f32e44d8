"""What a station said it can take, among its variables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from csms.core.charging.checks import Capabilities
from csms.core.charging.profiles import Unit
from csms.core.variables.vocabulary import VariableName


def _names(key: str, variable: str) -> tuple[str, str]:
    """The configuration key of 1.6, and the variable of 2.x."""
    return (
        VariableName(variable=key).key,
        VariableName(component="SmartChargingCtrlr", variable=variable).key,
    )


_LEVEL = _names("ChargeProfileMaxStackLevel", "ProfileStackLevel")
_PERIODS = _names("ChargingScheduleMaxPeriods", "PeriodsPerSchedule")
_UNITS = _names("ChargingScheduleAllowedChargingRateUnit", "RateUnit")
_EXTERNAL = _names("MaxExternalConstraintsId", "MaxExternalConstraintsId")
KEYS: Sequence[str] = (*_LEVEL, *_PERIODS, *_UNITS, *_EXTERNAL)
"""The names under which stations tell it, see `VariableName.key`."""

_ZONE = VariableName(component="ClockCtrlr", variable="TimeZone").key
_OFFSET = VariableName(component="ClockCtrlr", variable="TimeOffset").key
CLOCK: Sequence[str] = (_ZONE, _OFFSET)
"""The names under which stations tell what their clock shows."""

_SHIFT = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)", re.ASCII)
_WORDS: Mapping[str, Unit] = {"a": Unit.A, "current": Unit.A, "w": Unit.W, "power": Unit.W}
_DIGITS = 9


def capabilities(values: Mapping[str, str]) -> Capabilities:
    """From the values of `KEYS`; what is absent or cannot be read is not known."""
    return Capabilities(
        max_stack_level=_figure(values, _LEVEL, 0),
        max_periods=_figure(values, _PERIODS, 1),
        max_external_id=_figure(values, _EXTERNAL, 0),
        units=_units(values),
    )


def clock_zone(values: Mapping[str, str]) -> tzinfo:
    """That of a station's clock, from the values of `CLOCK`; UTC unless it is known."""
    name = values.get(_ZONE, "").strip()
    if name:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, OSError, ValueError):
            pass  # of its own invention
    told = _SHIFT.fullmatch(values.get(_OFFSET, "").strip())
    if told is None:
        return UTC
    sign, hours, minutes = told.groups()
    shift = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-shift if sign == "-" else shift)


def _figure(values: Mapping[str, str], names: Sequence[str], least: int) -> int | None:
    for name in names:
        text = values.get(name, "").strip()
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) >= least:
            return int(text)
    return None


def _units(values: Mapping[str, str]) -> frozenset[Unit] | None:
    for name in _UNITS:
        words = (word.strip().casefold() for word in values.get(name, "").split(","))
        units = frozenset(_WORDS[word] for word in words if word in _WORDS)
        if units:
            return units
    return None
