"""Sampled values of 2.x in canonical units."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Understood
from csms.core.values import Reading, Sample, Strictness

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
TIME = "2025-06-01T12:00:00Z"
SIGNED = {
    "signedMeterData": "AAEC/w==",
    "signingMethod": "ECDSA",
    "encodingMethod": "OCMF",
    "publicKey": "KEY",
}


def read(sampled: Any, subprotocol: str = "ocpp2.0.1") -> tuple[Sample, tuple[str, ...]]:
    payload = {"evseId": 1, "meterValue": [{"timestamp": TIME, "sampledValue": [sampled]}]}
    dialect = DIALECTS[subprotocol]
    understood: Any = dialect.read("MeterValues", payload, Strictness.TOLERANT, NOW)
    assert isinstance(understood, Understood)
    report: Any = understood.report
    return report.readings[0].samples[0], tuple(name for name, _ in understood.quirks)


@pytest.mark.parametrize(
    ("sampled", "sample"),
    [
        ({"value": 5}, Sample(value=5.0)),
        ({"value": 1.5, "unitOfMeasure": {}}, Sample(value=1.5)),
        ({"value": 1.5, "unitOfMeasure": {"unit": "kWh"}}, Sample(value=1500.0)),
        ({"value": 1.5, "unitOfMeasure": {"multiplier": 3}}, Sample(value=1500.0)),
        ({"value": 1234, "unitOfMeasure": {"multiplier": -3}}, Sample(value=1.234)),
        (
            {"value": 15, "unitOfMeasure": {"unit": "kWh", "multiplier": -1}},
            Sample(value=1500.0),
        ),
        (
            {"value": 2, "measurand": "Energy.Apparent.Net", "unitOfMeasure": {"unit": "kVAh"}},
            Sample("Energy.Apparent.Net", 2000.0, "VAh"),
        ),
        (
            {
                "value": 11,
                "measurand": "Power.Active.Import",
                "unitOfMeasure": {"unit": "kW"},
                "phase": "L1",
                "context": "Trigger",
                "location": "Inlet",
            },
            Sample("Power.Active.Import", 11000.0, "W", "L1", "Trigger", "Inlet"),
        ),
        (
            {"value": 3, "measurand": "Voltage", "unitOfMeasure": {"unit": "Ohm"}},
            Sample("Voltage", 3.0, "Ohm"),
        ),
    ],
)
def test_values(sampled: Any, sample: Sample) -> None:
    """Times ten to the multiplier, in canonical units; nothing odd about it."""
    for subprotocol in ("ocpp2.0.1", "ocpp2.1"):
        assert read(sampled, subprotocol) == (sample, ())


@pytest.mark.parametrize(
    ("measurand", "unit"),
    [
        ("Current.Import", "A"),
        ("Display.RemainingTimeToTargetSOC", "s"),
        ("Display.TargetSOC", "Percent"),
        ("Display.BatteryEnergyCapacity", "Wh"),
        ("Energy.Active.Net", "Wh"),
        ("Energy.Apparent.Import", "VAh"),
        ("Energy.Reactive.Net", "varh"),
        ("EnergyRequest.Bulk", "Wh"),
        ("Frequency", "Hertz"),
        ("Power.Factor", ""),
        ("Power.Offered", "W"),
        ("Power.Reactive.Export", "var"),
        ("SoC", "Percent"),
        ("Voltage.Maximum", "V"),
    ],
)
def test_units_that_go_without_saying(measurand: str, unit: str) -> None:
    """The Wh that the standard assumes is meant for energy."""
    sample, quirks = read({"value": 1, "measurand": measurand}, "ocpp2.1")
    assert (sample.unit, quirks) == (unit, ())


def test_an_unknown_measurand_has_no_unit() -> None:
    """It is kept as told."""
    sample, quirks = read({"value": 1, "measurand": "Noise"})
    assert sample == Sample("Noise", 1.0, "")
    assert quirks == ("unknown_measurand",)


@pytest.mark.parametrize(
    ("sampled", "sample", "quirks"),
    [
        ({"value": "12.5"}, Sample(value=12.5), ("text_for_number",)),
        ({"value": "x"}, Sample(value=None), ("text_for_number", "bad_number")),
        ({}, Sample(value=None), ("missing_field",)),
        ({"value": 1e301}, Sample(value=None), ("bad_number",)),
        ({"value": 10**400}, Sample(value=None), ("bad_number",)),
        (
            {"value": 1, "unitOfMeasure": {"multiplier": 19}},
            Sample(value=None),
            ("out_of_range",),
        ),
        (
            {"value": 1, "unitOfMeasure": {"unit": "KWH"}},
            Sample(value=1000.0),
            ("spelling",),
        ),
        (
            {"value": 1, "unitOfMeasure": {"unit": ' "kWh"'}},
            Sample(value=1000.0),
            ("spelling",),
        ),
        ({"value": 1, "unitOfMeasure": "kWh"}, Sample(value=1000.0), ("not_an_object",)),
        ({"value": 1, "unitOfMeasure": {"unit": "mW"}}, Sample(value=1.0, unit="mW"), None),
        (
            {"value": 1, "unitOfMeasure": {"unit": "furlong"}},
            Sample(value=1.0, unit="furlong"),
            ("unknown_unit",),
        ),
    ],
)
def test_odd_values(sampled: Any, sample: Sample, quirks: tuple[str, ...] | None) -> None:
    """No value where there is none, and never a value in a unit it does not have."""
    found, noted = read(sampled)
    assert found == sample
    if quirks is not None:
        assert noted == quirks


def test_signed_values_are_kept_whole() -> None:
    """With the key and the methods, as JSON, every text byte for byte."""
    sample, quirks = read({"value": 1, "signedMeterValue": SIGNED})
    assert sample.signed is not None
    assert json.loads(sample.signed) == SIGNED
    assert quirks == ()


def test_readings_without_samples_are_left_out() -> None:
    """Nothing was measured."""
    payload = {
        "evseId": 1,
        "meterValue": [
            {"timestamp": TIME, "sampledValue": []},
            {"timestamp": TIME, "sampledValue": [{"value": 1}]},
        ],
    }
    understood: Any = DIALECTS["ocpp2.1"].read("MeterValues", payload, Strictness.TOLERANT, NOW)
    assert understood.report.readings == (Reading(NOON, (Sample(value=1.0),)),)
