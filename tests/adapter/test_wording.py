"""Structures as a version spells them and as the core does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csms.adapter.notes import Notes
from csms.adapter.schema import Schemas
from csms.adapter.wording import Unspeakable, lenient, snake, strict, wording
from csms.core.values import Strictness
from csms.testing.payloads import payloads

NAMES = {"chargingProfilePurpose": "purpose", "chargingProfileKind": "kind"}
WORDS = wording("v21", "SetChargingProfileRequest", "chargingProfile", names=NAMES)
WHOLE = wording("v21", "SetDERControlRequest")
DOCUMENT = Schemas("v21").documents["SetDERControlRequest"]


@pytest.mark.parametrize(
    ("wire", "core"),
    [
        ("stackLevel", "stack_level"),
        ("limit_L2", "limit_l2"),
        ("dischargeLimit_L3", "discharge_limit_l3"),
        ("limitAtSoC", "limit_at_soc"),
        ("v2xFreqWattCurve", "v2x_freq_watt_curve"),
        ("fixedPFAbsorb", "fixed_pf_absorb"),
        ("fixedPF", "fixed_pf"),
        ("evSupportedDERControl", "ev_supported_der_control"),
        ("evMaximumLevel1DCInjection", "ev_maximum_level1_dc_injection"),
        ("evMinV2XEnergyRequest", "ev_min_v2x_energy_request"),
        ("ePriceLevel", "e_price_level"),
        ("numEPriceLevels", "num_e_price_levels"),
        ("priceScheduleID", "price_schedule_id"),
        ("yUnit", "y_unit"),
    ],
)
def test_snake_case(wire: str, core: str) -> None:
    """Also of the names that common conversions spoil."""
    assert snake(wire) == core


def test_names_and_words_of_the_core() -> None:
    """A name or a word that the core has another one for."""
    words = wording("v16", "ClearChargingProfile", names=NAMES, words={"TxProfile": "Own"})
    assert words.to_core({"chargingProfilePurpose": "TxProfile"}, lenient()) == {"purpose": "Own"}
    assert words.to_wire({"purpose": "Own"}) == {"chargingProfilePurpose": "TxProfile"}


def test_what_it_cannot_say() -> None:
    """A field or a word that the version does not have; None says nothing."""
    with pytest.raises(Unspeakable, match="no colour in a profile"):
        WORDS.to_wire({"colour": 1}, "a profile")
    with pytest.raises(Unspeakable, match=r"no colour$"):
        WORDS.to_wire({"colour": 1})
    with pytest.raises(Unspeakable, match="no kind Odd"):
        WORDS.to_wire({"kind": "Odd"})
    assert WORDS.to_wire({"colour": None, "id": 1}) == {"id": 1}


@pytest.mark.parametrize(
    ("odd", "place"),
    [
        ({"colour": 1}, ("colour",)),
        ({"charging_schedule": [{"id": 1}, {"colour": 1}]}, ("charging_schedule", 1, "colour")),
        (
            {"charging_schedule": [{"charging_rate_unit": "V"}]},
            ("charging_schedule", 0, "charging_rate_unit"),
        ),
    ],
)
def test_where_it_cannot_say_it(odd: Any, place: tuple[str | int, ...]) -> None:
    """In the words of the core."""
    with pytest.raises(Unspeakable) as caught:
        WORDS.to_wire(odd)
    assert caught.value.place == place


def test_times() -> None:
    """In UTC; one without a zone is UTC, and what is none is left for the schema."""
    assert WORDS.to_wire({"valid_from": "2026-01-01T01:00:00+01:00"}) == {
        "validFrom": "2026-01-01T00:00:00.000Z"
    }
    assert WORDS.to_wire({"valid_from": "2026-01-01T00:00:00"}) == {
        "validFrom": "2026-01-01T00:00:00.000Z"
    }
    last = "9999-12-31T23:59:59-14:00"
    assert WORDS.to_wire({"valid_from": last}) == {"validFrom": last}
    assert WORDS.to_wire({"valid_from": "soon"}) == {"validFrom": "soon"}
    now = datetime(2026, 5, 1, tzinfo=UTC)
    notes = Notes(now, Strictness.TOLERANT)
    assert WORDS.to_core({"validTo": 7}, notes) == {"valid_to": "2026-05-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    ("odd", "wire"),
    [
        ({"kind": 5}, {"chargingProfileKind": 5}),
        ({"charging_schedule": 5}, {"chargingSchedule": 5}),
        ({"charging_schedule": [5]}, {"chargingSchedule": [5]}),
        (5, 5),
    ],
)
def test_odd_values_pass(odd: Any, wire: Any) -> None:
    """What has not the shape of the schema is left as it is, for the schema to refuse."""
    assert WORDS.to_wire(odd) == wire


def test_a_place_in_a_list() -> None:
    """The items of a list are a place like any other."""
    words = wording("v201", "ReportChargingProfilesRequest", "chargingProfile")
    assert words.to_wire({"stack_level": 1}) == {"stackLevel": 1}


def test_odd_values_of_stations() -> None:
    """Become what can be stored; fields that nobody knows are left out."""
    odd = {
        "chargingProfileKind": 5,
        "chargingProfilePurpose": "Odd",
        "chargingSchedule": "x\0",
        "colour": 1,
        "id": None,
    }
    assert WORDS.to_core(odd, lenient()) == {
        "kind": 5,
        "purpose": "Odd",
        "charging_schedule": "x\N{REPLACEMENT CHARACTER}",
    }
    assert WORDS.to_core([1], lenient()) == [1]


@settings(max_examples=30)
@given(st.data())
def test_there_and_back(data: st.DataObject) -> None:
    """Whatever the schema allows can be said by the core, and comes back as it was (times in
    their usual spelling)."""
    drawn: Any = data.draw(payloads(DOCUMENT))
    core = WHOLE.to_core(drawn, lenient())
    wire = WHOLE.to_wire(core)
    assert WHOLE.to_core(wire, lenient()) == core


def test_notes() -> None:
    """What we wrote ourselves is read strictly."""
    assert strict().now.tzinfo is UTC
