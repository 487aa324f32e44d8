"""Sampled values of 1.6 in canonical units."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Fault, Understood
from csms.adapter.schema import Schemas
from csms.core.reports import Metered
from csms.core.values import Reading, Sample, Strictness

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
REGISTER = "Energy.Active.Import.Register"


def read(
    sampled: object, strictness: Strictness = Strictness.TOLERANT
) -> tuple[Any, tuple[str, ...]]:
    """The samples of one MeterValue and the rules that applied."""
    value = {"timestamp": "2025-06-01T12:00:00Z", "sampledValue": sampled}
    payload = {"connectorId": 1, "transactionId": 7, "meterValue": [value]}
    result = DIALECTS["ocpp1.6"].read("MeterValues", payload, strictness, NOW)
    assert isinstance(result, Understood), result
    assert isinstance(result.report, Metered)
    (reading,) = result.report.readings
    assert reading.taken_at == NOON
    return reading.samples, tuple(name for name, _ in result.quirks)


def sample(**fields: object) -> tuple[Sample, tuple[str, ...]]:
    (only,), rules = read([fields])
    return only, rules


def test_defaults() -> None:
    """A bare value is the energy register of the outlet in Wh, sampled periodically."""
    assert sample(value="1500") == (
        Sample(
            measurand=REGISTER,
            value=1500.0,
            unit="Wh",
            phase=None,
            context="Sample.Periodic",
            location="Outlet",
        ),
        (),
    )


def test_every_field_is_read() -> None:
    """Phase, context, location and unit as told."""
    assert sample(
        value="16.1",
        measurand="Current.Import",
        unit="A",
        phase="L1-N",
        context="Transaction.Begin",
        location="Cable",
        format="Raw",
    ) == (
        Sample(
            measurand="Current.Import",
            value=16.1,
            unit="A",
            phase="L1-N",
            context="Transaction.Begin",
            location="Cable",
        ),
        (),
    )


@pytest.mark.parametrize(
    "measurand",
    Schemas("v16").documents["MeterValues"]["properties"]["meterValue"]["items"]["properties"][
        "sampledValue"
    ]["items"]["properties"]["measurand"]["enum"],
)
def test_each_measurand_has_a_natural_unit(measurand: str) -> None:
    """Wh is the default of energy alone; without a unit others are in theirs."""
    natural = {
        "Energy.Active": "Wh",
        "Energy.Reactive": "varh",
        "Power.Active": "W",
        "Power.Offered": "W",
        "Power.Reactive": "var",
        "Power.Factor": "",
        "Current": "A",
        "Voltage": "V",
        "Frequency": "Hertz",
        "Temperature": "Celsius",
        "SoC": "Percent",
        "RPM": "",
    }
    (unit,) = (unit for name, unit in natural.items() if measurand.startswith(name))
    assert sample(value="1", measurand=measurand)[0].unit == unit


def test_units_are_converted() -> None:
    """kWh become Wh; the raw text is not kept, for it says nothing more."""
    assert sample(value="1.2345", unit="kWh") == (Sample(value=1234.5), ())


def test_celcius_is_celsius() -> None:
    """Both spellings of the standard."""
    for unit in ("Celcius", "Celsius"):
        read_sample, rules = sample(value="20", measurand="Temperature", unit=unit)
        assert (read_sample.unit, read_sample.value, rules) == ("Celsius", 20.0, ())


@pytest.mark.parametrize("text", ["", "NaN", "inf", "12 kWh"])
def test_no_number_keeps_the_text(text: str) -> None:
    """No value, the raw text, a quirk; even strict takes it, since the schema does."""
    assert sample(value=text, unit="kWh") == (Sample(value=None, raw=text), ("bad_number",))
    assert read([{"value": text}], Strictness.STRICT)[0] == (Sample(value=None, raw=text),)


@pytest.mark.parametrize(
    ("text", "value", "raw", "rules"),
    [
        ("12,5", 12.5, "12,5", ("decimal_comma",)),
        (" 12.5 ", 12.5, None, ("padded_text",)),
        ('"12.5"', 12.5, None, ("quoted_text",)),
        ("1.25e1", 12.5, None, ()),
    ],
)
def test_odd_numbers(text: str, value: float, raw: str | None, rules: tuple[str, ...]) -> None:
    """Read, with the text beside where it might be read otherwise."""
    assert sample(value=text) == (Sample(value=value, raw=raw), rules)


def test_a_number_is_as_good_as_its_text() -> None:
    """The most frequent departure of all."""
    assert sample(value=12.5) == (Sample(value=12.5), ("number_for_text",))


def test_signed_data_is_kept_byte_exact() -> None:
    """Nothing of it is read as a number, however it looks."""
    for signed in ('OCMF|{"FV":"1.0"}|{"SA":"x"} ', "42", " 42 "):
        assert sample(value=signed, format="SignedData", unit="kWh") == (Sample(signed=signed), ())


def test_unstorable_text_is_mended() -> None:
    """NUL in signed data or in what is no number."""
    assert sample(value="a\0", format="SignedData") == (
        Sample(signed="a\ufffd"),
        ("unstorable_text",),
    )
    assert sample(value="a\0") == (Sample(raw="a\ufffd"), ("bad_number", "unstorable_text"))


@pytest.mark.parametrize("form", ["Raw", "SignedData"])
def test_strict_refuses_unstorable_text(form: str) -> None:
    """As a property fault."""
    value = {"timestamp": "2025-06-01T12:00:00Z", "sampledValue": [{"value": "\0", "format": form}]}
    payload = {"connectorId": 1, "transactionId": 7, "meterValue": [value]}
    result = DIALECTS["ocpp1.6"].read("MeterValues", payload, Strictness.STRICT, NOW)
    assert isinstance(result, Fault)
    assert result.kind == "property"
    assert result.text.startswith("meterValue.sampledValue.value: ")


def test_unknown_words_are_kept() -> None:
    """Measurand, unit, context, phase and location of makers; no default stands in for them."""
    assert sample(
        value="3", measurand="Fan", unit="rpm", context="Now", phase="L9", location="Roof"
    ) == (
        Sample(measurand="Fan", value=3.0, unit="rpm", phase="L9", context="Now", location="Roof"),
        ("unknown_measurand", "unknown_unit", "unknown_value"),
    )


def test_an_unknown_measurand_has_no_natural_unit() -> None:
    """It is not energy."""
    assert sample(value="3", measurand="Fan")[0].unit == ""


@pytest.mark.parametrize(
    ("unit", "canonical", "value", "rules"),
    [
        ("MWh", "Wh", 1e6, ("unknown_unit",)),
        ("%", "Percent", 1.0, ("unknown_unit",)),
        ("kwh", "Wh", 1000.0, ("spelling",)),
        (" Wh", "Wh", 1.0, ("spelling",)),
        ("kwatt", "kwatt", 1.0, ("unknown_unit",)),
    ],
)
def test_other_units(unit: str, canonical: str, value: float, rules: tuple[str, ...]) -> None:
    """Understood where there is one meaning only."""
    read_sample, applied = sample(value="1", unit=unit)
    assert (read_sample.unit, read_sample.value, applied) == (canonical, value, rules)


def test_unknown_words_are_cut_and_storable() -> None:
    """They end up in the database."""
    read_sample, rules = sample(value="1", measurand="\0" + "x" * 99)
    assert read_sample.measurand == "\ufffd" + "x" * 63
    assert rules == ("unknown_measurand", "unstorable_text")


def test_empty_and_null_words_are_absent() -> None:
    """Else an empty phase would look like one phase of three."""
    assert sample(value="1", phase="", unit=None) == (Sample(value=1.0), ("null_field",))


def test_a_sample_without_a_value() -> None:
    """Is kept as one that says nothing."""
    assert sample(measurand="SoC") == (
        Sample(measurand="SoC", unit="Percent", raw=""),
        ("missing_field", "bad_number"),
    )


def test_a_sample_outside_its_list() -> None:
    """Is a list of one."""
    assert read({"value": "1"}) == ((Sample(value=1.0),), ("not_a_list",))


def test_nulls_among_samples() -> None:
    """Are left out."""
    assert read([None, {"value": "1"}]) == ((Sample(value=1.0),), ("null_field",))


@pytest.mark.parametrize("field", ["measurand", "unit", "phase", "location"])
def test_a_sample_that_cannot_be_told_apart_is_refused(field: str) -> None:
    """Dropping an unreadable measurand or phase would make energy of anything."""
    value = {"timestamp": "2025-06-01T12:00:00Z", "sampledValue": [{"value": "1", field: {}}]}
    payload = {"connectorId": 1, "transactionId": 7, "meterValue": [value]}
    result = DIALECTS["ocpp1.6"].read("MeterValues", payload, Strictness.TOLERANT, NOW)
    assert isinstance(result, Fault)
    assert result.kind == "type"


def test_readings_keep_their_order_and_empty_ones_are_left_out() -> None:
    """Of several moments in one message."""
    payload = {
        "connectorId": 1,
        "transactionId": 7,
        "meterValue": [
            {"timestamp": "2025-06-01T12:00:01Z", "sampledValue": [{"value": "2"}]},
            {"timestamp": "2025-06-01T12:00:02Z", "sampledValue": []},
            {"timestamp": "2025-06-01T12:00:00Z", "sampledValue": [{"value": "1"}]},
        ],
    }
    result = DIALECTS["ocpp1.6"].read("MeterValues", payload, Strictness.TOLERANT, NOW)
    assert result == Understood(
        Metered(
            evse_id=1,
            transaction_ref="7",
            readings=(
                Reading(NOON.replace(second=1), (Sample(value=2.0),)),
                Reading(NOON, (Sample(value=1.0),)),
            ),
        ),
        (("empty_list", "meterValue.sampledValue"),),
    )
