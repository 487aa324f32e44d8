"""Payloads brought back into shape."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csms.adapter.faults import PayloadError
from csms.adapter.notes import Notes
from csms.adapter.schema import Schemas
from csms.adapter.shapes import Lenience, compiled
from csms.core.values import Strictness
from csms.testing.payloads import any_json, mutated

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SCHEMAS = Schemas("v16")


def without_words(schema: Any) -> Any:
    """The schema with free text for choices and no least length of lists."""
    if isinstance(schema, dict):
        return {
            key: without_words(value)
            for key, value in schema.items()
            if key not in ("enum", "minItems")
        }
    return [without_words(item) for item in schema] if isinstance(schema, list) else schema


def mend(shape: Any, payload: object) -> tuple[Any, tuple[str, ...]]:
    notes = Notes(NOW, Strictness.TOLERANT)
    return shape.mend(payload, notes), tuple(name for name, _ in notes.taken())


@settings(max_examples=250, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    name=st.sampled_from(
        [
            "Authorize",
            "BootNotification",
            "MeterValues",
            "SignedFirmwareStatusNotification",
            "StartTransaction",
            "StatusNotification",
            "StopTransaction",
        ]
    ),
    data=st.data(),
)
def test_what_is_mended_is_valid(name: str, data: st.DataObject) -> None:
    """Without any lenience the schema accepts what comes out, words aside; nothing is noted
    unless something was changed."""
    schema = SCHEMAS.documents[name]
    payload = data.draw(mutated(schema) | any_json)
    try:
        whole, rules = mend(compiled(schema, {}), payload)
    except PayloadError:
        return
    if "unstorable_text" not in rules:
        assert jsonschema_rs.is_valid(without_words(schema), whole, validate_formats=False)
    if not rules:
        assert whole == payload


def text(**lenience: Any) -> Any:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "maxLength": 3}, "b": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    return compiled(schema, {"a": Lenience(**lenience)})


def test_private_values_are_not_shown() -> None:
    """An example of a token is the name of its field."""
    notes = Notes(NOW, Strictness.TOLERANT)
    assert text(private=True).mend({"a": "12345"}, notes) == {"a": "123"}
    assert notes.taken() == (("too_long", "a"),)


def test_identifying_text_is_never_cut() -> None:
    """Kept whole to its ceiling, refused beyond."""
    assert mend(text(ceiling=4), {"a": "1234"}) == ({"a": "1234"}, ("too_long",))
    with pytest.raises(PayloadError, match="a: is longer than 3 characters"):
        mend(text(ceiling=4), {"a": "12345"})


def test_a_required_field_with_a_default() -> None:
    """Stands in for what is absent, null or cannot be mended."""
    assert mend(text(default="-"), {}) == ({"a": "-"}, ("missing_field",))
    assert mend(text(default="-"), {"a": None}) == ({"a": "-"}, ("null_field", "missing_field"))
    assert mend(text(default="-"), {"a": {}}) == ({"a": "-"}, ("unreadable_field",))


def test_empty_text_is_text() -> None:
    """It is absent only where one of some words belongs."""
    assert mend(text(), {"a": "", "b": ""}) == ({"a": "", "b": ""}, ())


@pytest.mark.parametrize(
    ("value", "mended"),
    [(5, "5"), (1.5, "1.5"), (2.0, "2.0"), (2**64, "1.8446744073709552e+19")],
)
def test_numbers_for_text(value: object, mended: str) -> None:
    """Written out."""
    assert mend(text(), {"a": "", "b": value}) == (
        {"a": "", "b": mended},
        ("number_for_text",),
    )


def test_opaque_places_take_anything() -> None:
    """As it is."""
    value = {"deep": [json.loads("1e3")]}
    assert mend(text(opaque=True), {"a": value}) == ({"a": value}, ())


def test_non_finite_figures() -> None:
    """A register may be fractional and nothing worse."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    shape = compiled(schema, {"a": Lenience(fraction=True, default=None)})
    assert mend(shape, {"a": 1.5}) == ({"a": 1.5}, ("fractional_number",))
    assert mend(shape, {"a": []}) == ({"a": None}, ("bad_number",))
    assert mend(shape, {"a": True}) == ({"a": None}, ("bad_number",))
