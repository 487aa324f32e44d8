"""Payloads brought back into shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csms.adapter.faults import PayloadError
from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes
from csms.adapter.schema import Schemas
from csms.adapter.shapes import compiled
from csms.core.values import Strictness
from csms.testing.payloads import any_json, mutated

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def loosened(schema: Any) -> Any:
    """The schema with free text for choices, no bounds of numbers and of lists, and nothing
    required of what is the vendor's own."""
    if isinstance(schema, list):
        return [loosened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    drop = {"enum", "minItems", "maxItems", "minimum", "maximum"}
    if schema.get("additionalProperties") is not False:
        drop.add("required")
    return {
        key: {name: loosened(item) for name, item in value.items()}
        if key in ("properties", "definitions")
        else loosened(value)
        for key, value in schema.items()
        if key not in drop
    }


def mend(shape: Any, payload: object) -> tuple[Any, tuple[str, ...]]:
    notes = Notes(NOW, Strictness.TOLERANT)
    return shape.mend(payload, notes), tuple(name for name, _ in notes.taken())


@settings(max_examples=250, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    schema=st.sampled_from(
        [
            *(
                Schemas("v16").documents[name]
                for name in (
                    "Authorize",
                    "BootNotification",
                    "MeterValues",
                    "SignedFirmwareStatusNotification",
                    "StartTransaction",
                    "StatusNotification",
                    "StopTransaction",
                )
            ),
            *(
                Schemas(folder).documents[name]
                for folder in ("v201", "v21")
                for name in (
                    "DataTransferRequest",
                    "NotifyEVChargingNeedsRequest",
                    "NotifyEventRequest",
                    "TransactionEventRequest",
                )
            ),
        ]
    ),
    data=st.data(),
)
def test_what_is_mended_is_valid(schema: Any, data: st.DataObject) -> None:
    """Without any lenience the schema accepts what comes out, words and bounds aside; nothing is
    noted unless something was changed."""
    payload = data.draw(mutated(schema) | any_json)
    try:
        whole, rules = mend(compiled(schema, {}), payload)
    except PayloadError:
        return
    if "unstorable_text" not in rules:
        assert jsonschema_rs.is_valid(loosened(schema), whole, validate_formats=False)
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


def test_a_required_field_with_a_default() -> None:
    """Stands in for what is absent, null or cannot be mended."""
    assert mend(text(default="-"), {}) == ({"a": "-"}, ("missing_field",))
    assert mend(text(default="-"), {"a": None}) == ({"a": "-"}, ("null_field", "missing_field"))
    assert mend(text(default="-"), {"a": {}}) == ({"a": "-"}, ("unreadable_field",))


def test_empty_text_is_text() -> None:
    """It is absent only where one of some words belongs."""
    assert mend(text(), {"a": "", "b": ""}) == ({"a": "", "b": ""}, ())


def of(kind: str, **bounds: Any) -> Any:
    """The shape of an object whose field ``a`` is of a JSON type."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": kind, **bounds}},
        "required": ["a"],
        "additionalProperties": False,
    }
    return compiled(schema, {})


def test_lists_that_are_too_long() -> None:
    """Read whole."""
    shape = of("array", items={"type": "integer"}, maxItems=2)
    assert mend(shape, {"a": [1, 2]}) == ({"a": [1, 2]}, ())
    assert mend(shape, {"a": [1, 2, 3]}) == ({"a": [1, 2, 3]}, ("long_list",))


def test_required_fields_that_are_not_missed() -> None:
    """Noted, and left out."""
    assert mend(text(spare=True), {}) == ({}, ("missing_field",))
    assert mend(text(spare=True), {"a": {}}) == ({}, ("unreadable_field", "missing_field"))


@pytest.mark.parametrize(
    ("custom", "mended", "rules"),
    [
        ({"vendorId": "v", "more": [1]}, {"vendorId": "v", "more": [1]}, ()),
        ({"more": [1]}, {"more": [1]}, ("missing_field",)),
        ({"vendorId": {}}, {}, ("unreadable_field", "missing_field")),
    ],
)
def test_what_is_the_vendors_own(custom: Any, mended: Any, rules: tuple[str, ...]) -> None:
    """Kept as it is, with or without its one field; it never costs a message."""
    shape = compiled(Schemas("v201").documents["HeartbeatRequest"], {})
    assert mend(shape, {"customData": custom}) == ({"customData": mended}, rules)
    assert mend(shape, {"customData": "text"}) == ({}, ("unreadable_field",))
