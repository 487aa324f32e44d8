"""Figures as stations write them: numbers in text, and units."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from csms.adapter.notes import Rule

LARGEST = 1e300
"""A figure beyond is nonsense, and would overflow when it is converted."""

plain = re.compile(r"-?\d{1,18}(?:\.\d{1,18})?", re.ASCII).fullmatch
"""Matches text that `float` can be trusted with."""

# Possessive, so that a long run of digits is looked at once.
_NUMBER = re.compile(r"[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?", re.ASCII).fullmatch


def figure(text: str) -> tuple[float | None, Rule | None]:
    """The number that ``text`` spells, and what is odd about the spelling.

    None when it is no number.  A comma counts as the decimal point when there is just
    the one and no point: firmware with a wrong locale is common, thousands separators in a
    meter's register are not.
    """
    if plain(text) is not None:
        return float(text), None
    inner = text.strip()
    rule = None if inner == text else Rule.PADDED_TEXT
    if inner[:1] in ('"', "'"):
        inner, rule = inner.strip("\"' "), Rule.QUOTED_TEXT
    if inner.count(",") == 1 and "." not in inner:
        inner, rule = inner.replace(",", "."), Rule.DECIMAL_COMMA
    if _NUMBER(inner) is None:
        return None, Rule.BAD_NUMBER
    value = float(inner)
    return (value, rule) if abs(value) < LARGEST else (None, Rule.BAD_NUMBER)


def _kilo(value: float) -> float:
    return round(value * 1000.0, 6)


def _mega(value: float) -> float:
    return round(value * 1e6, 6)


def _from_fahrenheit(value: float) -> float:
    return round((value - 32.0) / 1.8, 6)


def _from_kelvin(value: float) -> float:
    return round(value - 273.15, 6)


Unit = tuple[str, Callable[[float], float] | None]

UNITS: Mapping[str, Unit] = {
    "%": ("Percent", None),
    "A": ("A", None),
    "C": ("Celsius", None),
    "Celcius": ("Celsius", None),
    "Celsius": ("Celsius", None),
    "F": ("Celsius", _from_fahrenheit),
    "Fahrenheit": ("Celsius", _from_fahrenheit),
    "Hertz": ("Hertz", None),
    "Hz": ("Hertz", None),
    "K": ("Celsius", _from_kelvin),
    "MW": ("W", _mega),
    "MWh": ("Wh", _mega),
    "Percent": ("Percent", None),
    "V": ("V", None),
    "VA": ("VA", None),
    "W": ("W", None),
    "Wh": ("Wh", None),
    "kVA": ("VA", _kilo),
    "kW": ("W", _kilo),
    "kWh": ("Wh", _kilo),
    "kvar": ("var", _kilo),
    "kvarh": ("varh", _kilo),
    "var": ("var", None),
    "varh": ("varh", None),
    "°C": ("Celsius", None),
}
"""Unit on the wire to the canonical one and how to get there; Celcius is OCPP's own slip."""
