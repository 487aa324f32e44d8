"""Sampled values of 2.x (SampledValueType and its defaults) as samples in canonical units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import orjson

from csms.adapter.figures import LARGEST, UNITS, Unit
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.times import told_moment
from csms.core.values import Reading, Sample

_REGISTER: Final = "Energy.Active.Import.Register"
_MAX_MULTIPLIER = 18

_AS_THEY_ARE = (
    *("ASU", "B", "Deg", "N", "Ohm", "Pa", "RH", "RPM"),
    *("dB", "dBm", "kPa", "lx", "m", "ms2", "s"),
)
_UNITS: Mapping[str, Unit] = {
    **UNITS,
    **{unit: (unit, None) for unit in _AS_THEY_ARE},
    "VAh": ("VAh", None),
    "kVAh": ("VAh", lambda value: round(value * 1000.0, 6)),
}
"""The standardized units (appendix 2) and those that stations use beside them."""

_RESPELT: Mapping[str, str] = {
    name.casefold(): name
    for name in _UNITS
    if name not in ("C", "Celcius", "F", "K", "MW", "MWh", "ms2", "s", "N", "B", "m")
}
"""Units that cannot be taken for another when their case is wrong, as mW can."""

_NATURAL: Mapping[str, str] = {
    "Current.Import": "A",
    "Current.Offered": "A",
    "Display.BatteryEnergyCapacity": "Wh",
    "Display.ChargingComplete": "",
    "Display.InletHot": "",
    "Energy.Active.Import.Register": "Wh",
    "Frequency": "Hertz",
    "Power.Active.Import": "W",
    "Power.Factor": "",
    "Power.Offered": "W",
    "SoC": "Percent",
    "Temperature": "Celsius",
    "Voltage": "V",
}
"""Those that most readings have, and those that are unlike the others of their kind."""
_NATURAL_OF_KIND: tuple[tuple[str, str], ...] = (
    ("Current.", "A"),
    ("Display.Remaining", "s"),
    ("Display.", "Percent"),
    ("Energy.Apparent.", "VAh"),
    ("Energy.Reactive.", "varh"),
    ("Energy.", "Wh"),
    ("EnergyRequest.", "Wh"),
    ("Power.Reactive.", "var"),
    ("Power.", "W"),
    ("Voltage", "V"),
)
"""Unit of a measurand that comes without one; the standard's Wh is that of energy alone."""


def readings(
    values: list[Json], path: str, notes: Notes, otherwise: datetime | None = None
) -> tuple[Reading, ...]:
    """The readings in a list of MeterValueType; those without a sample are left out.

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
    of = get("unitOfMeasure")
    if of is None:
        value = _value(sampled["value"], 0, path, notes)
        unit = _NATURAL.get(measurand) or _natural(measurand)
    else:
        value = _value(sampled["value"], of.get("multiplier", 0), path, notes)
        name = of.get("unit")
        if name is None:
            unit = _natural(measurand)
        else:
            unit, convert = _UNITS.get(name) or _odd_unit(name, path, notes)
            if convert is not None and value is not None:
                value = convert(value)
    signed = get("signedMeterValue")
    return Sample(
        measurand,
        value,
        unit,
        get("phase"),
        get("context", "Sample.Periodic"),
        get("location", "Outlet"),
        None,
        None if signed is None else _signed(signed, path, notes),
    )


def _value(figure: float | None, multiplier: int, path: str, notes: Notes) -> float | None:
    """``figure`` times ten to the ``multiplier``; None is what was noted to be no number."""
    if figure is None:
        return None
    if not -LARGEST < figure < LARGEST:
        notes.note(Rule.BAD_NUMBER, f"{path}.sampledValue.value")
        return None
    if not multiplier:
        return float(figure)
    if not -_MAX_MULTIPLIER <= multiplier <= _MAX_MULTIPLIER:
        notes.note(Rule.OUT_OF_RANGE, f"{path}.sampledValue.unitOfMeasure.multiplier", multiplier)
        return None
    return figure * 10.0**multiplier if multiplier > 0 else figure / 10.0**-multiplier


def _natural(measurand: str) -> str:
    unit = _NATURAL.get(measurand)
    if unit is not None:
        return unit
    return next((unit for kind, unit in _NATURAL_OF_KIND if measurand.startswith(kind)), "")


def _odd_unit(name: str, path: str, notes: Notes) -> Unit:
    place = f"{path}.sampledValue.unitOfMeasure.unit"
    meant = _RESPELT.get(name.strip("\"' \t\r\n").casefold())
    if meant is not None:
        notes.note(Rule.SPELLING, place, name)
        return _UNITS[meant]
    notes.note(Rule.UNKNOWN_UNIT, place, name)
    return notes.text(name, place), None


def _signed(signed: Json, path: str, notes: Notes) -> str:
    """The whole of it as JSON: without its key and methods nobody could verify the data."""
    return orjson.dumps(notes.kept(signed, f"{path}.sampledValue.signedMeterValue")).decode()
