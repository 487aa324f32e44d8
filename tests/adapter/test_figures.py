"""Numbers in text, and units."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from csms.adapter.figures import UNITS, figure
from csms.testing.payloads import any_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("-12.5", -12.5),
        ("007", 7.0),
        ("230.4", 230.4),
        ("+5", 5.0),
        ("5.", 5.0),
        (".5", 0.5),
        ("1.2e3", 1200.0),
        ("1E-3", 0.001),
        ("1" * 30, float("1" * 30)),
    ],
)
def test_numbers_are_read(text: str, value: float) -> None:
    """Decimals and exponents are numbers and nothing odd."""
    assert figure(text) == (value, None)


def test_a_long_run_of_digits_is_looked_at_once() -> None:
    """A pattern that goes back over it would keep every station waiting for an hour."""
    assert figure("1" * 400_000 + "x") == (None, "bad_number")


@pytest.mark.parametrize(
    ("text", "value", "rule"),
    [
        (" 12.5\n", 12.5, "padded_text"),
        ('"12.5"', 12.5, "quoted_text"),
        (" '12.5 ' ", 12.5, "quoted_text"),
        ("12,5", 12.5, "decimal_comma"),
        (" 12,5", 12.5, "decimal_comma"),
    ],
)
def test_odd_numbers_are_read_with_a_rule(text: str, value: float, rule: str) -> None:
    """Padding, quotes and a decimal comma."""
    assert figure(text) == (value, rule)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "NaN",
        "inf",
        "-Infinity",
        "1e999",
        "1_000",
        "1,000.5",
        "1,2,3",
        "12 kWh",
        "0x10",
        "٣",
    ],
)
def test_no_number(text: str) -> None:
    """What Python would take for a number is not always one."""
    assert figure(text) == (None, "bad_number")


@given(any_text)
def test_figures_are_finite(text: str) -> None:
    """Whatever the text, and whatever unit it is converted from."""
    value, rule = figure(text)
    assert (value is None) == (rule == "bad_number")
    for _, convert in UNITS.values():
        if value is not None and convert is not None:
            assert math.isfinite(convert(value))


@pytest.mark.parametrize(
    ("unit", "value", "canonical", "converted"),
    [
        ("kWh", 0.1234, "Wh", 123.4),
        ("MWh", 1.5, "Wh", 1500000.0),
        ("kW", 11.04, "W", 11040.0),
        ("MW", 0.35, "W", 350000.0),
        ("kvar", 1.1, "var", 1100.0),
        ("kvarh", 1.1, "varh", 1100.0),
        ("kVA", 7.4, "VA", 7400.0),
        ("Fahrenheit", 212.0, "Celsius", 100.0),
        ("K", 293.15, "Celsius", 20.0),
    ],
)
def test_units_are_converted(unit: str, value: float, canonical: str, converted: float) -> None:
    """To Wh, W, var, varh, VA and Celsius, without a trace of binary fractions."""
    name, convert = UNITS[unit]
    assert name == canonical
    assert convert is not None
    assert convert(value) == converted


@pytest.mark.parametrize(
    ("unit", "canonical"), [("Celcius", "Celsius"), ("%", "Percent"), ("Hz", "Hertz"), ("Wh", "Wh")]
)
def test_other_names_of_units(unit: str, canonical: str) -> None:
    """Celcius is a slip of the standard itself."""
    assert UNITS[unit] == (canonical, None)
