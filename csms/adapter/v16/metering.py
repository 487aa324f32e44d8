"""Sampled values of 1.6 (§7.43, defaults of its fields) as samples in canonical units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from csms.adapter.figures import UNITS, figure, plain
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.times import told_moment
from csms.core.values import Reading, Sample

_REGISTER: Final = "Energy.Active.Import.Register"

_NATURAL: Mapping[str, str] = {
    "Current.Export": "A",
    "Current.Import": "A",
    "Current.Offered": "A",
    "Energy.Active.Export.Interval": "Wh",
    "Energy.Active.Export.Register": "Wh",
    "Energy.Active.Import.Interval": "Wh",
    "Energy.Active.Import.Register": "Wh",
    "Energy.Reactive.Export.Interval": "varh",
    "Energy.Reactive.Export.Register": "varh",
    "Energy.Reactive.Import.Interval": "varh",
    "Energy.Reactive.Import.Register": "varh",
    "Frequency": "Hertz",
    "Power.Active.Export": "W",
    "Power.Active.Import": "W",
    "Power.Factor": "",
    "Power.Offered": "W",
    "Power.Reactive.Export": "var",
    "Power.Reactive.Import": "var",
    "RPM": "",
    "SoC": "Percent",
    "Temperature": "Celsius",
    "Voltage": "V",
}
"""Unit of a measurand that comes without one; a measurand we do not know has none."""


def readings(
    values: list[Json], path: str, notes: Notes, otherwise: datetime | None = None
) -> tuple[Reading, ...]:
    """The readings in a list of MeterValue; those without a sample are left out.

    One whose time cannot be read is of the time ``otherwise``; None: that of receipt.
    Raises `csms.adapter.faults.PayloadError` when strict and a time is not RFC 3339.
    """
    return tuple(
        [
            Reading(
                told_moment(value["timestamp"], f"{path}.timestamp", notes)
                or otherwise
                or notes.now,
                tuple([_sample(sampled, path, notes) for sampled in value["sampledValue"]]),
            )
            for value in values
            if value["sampledValue"]
        ]
    )


def _sample(sampled: Json, path: str, notes: Notes) -> Sample:
    get = sampled.get
    measurand = get("measurand", _REGISTER)
    name = get("unit")
    if name is None:
        unit, convert = _NATURAL.get(measurand, ""), None
    else:
        unit, convert = UNITS.get(name) or (name, None)
    text = sampled["value"]
    value = raw = signed = None
    if get("format") == "SignedData":
        signed = notes.text(text, f"{path}.sampledValue.value")
    elif plain(text) is not None:
        value = float(text)
    else:
        value, raw = _odd(text, f"{path}.sampledValue.value", notes)
    if convert is not None and value is not None:
        value = convert(value)
    return Sample(
        measurand,
        value,
        unit,
        get("phase"),
        get("context", "Sample.Periodic"),
        get("location", "Outlet"),
        raw,
        signed,
    )


def _odd(text: str, path: str, notes: Notes) -> tuple[float | None, str | None]:
    """The value of a text that is not plainly a number, and what to keep of the text."""
    value, rule = figure(text)
    if rule is None:
        return value, None
    notes.note(rule, path, text)
    keep = rule in (Rule.BAD_NUMBER, Rule.DECIMAL_COMMA)
    return value, notes.text(text, path) if keep else None
