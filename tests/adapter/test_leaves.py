"""Single values brought back into shape."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.faults import PayloadError
from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes
from csms.adapter.schema import Schemas
from csms.adapter.shapes import compiled
from csms.core.values import Strictness

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def mend(shape: Any, payload: object) -> tuple[Any, tuple[str, ...]]:
    notes = Notes(NOW, Strictness.TOLERANT)
    return shape.mend(payload, notes), tuple(name for name, _ in notes.taken())


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


def of(kind: str, **bounds: Any) -> Any:
    """The shape of an object whose field ``a`` is of a JSON type."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": kind, **bounds}},
        "required": ["a"],
        "additionalProperties": False,
    }
    return compiled(schema, {})


@pytest.mark.parametrize(
    ("value", "mended", "rules"),
    [
        (1, 1, ()),
        (1.5, 1.5, ()),
        ("1.5", 1.5, ("text_for_number",)),
        (" 1,5", 1.5, ("text_for_number", "decimal_comma")),
        (-1, -1, ("out_of_range",)),
        ("101", 101, ("text_for_number", "out_of_range")),
    ],
)
def test_numbers(value: object, mended: float, rules: tuple[str, ...]) -> None:
    """Of any kind, and beyond their bounds kept as they are."""
    assert mend(of("number", minimum=0, maximum=100), {"a": value}) == ({"a": mended}, rules)


@pytest.mark.parametrize("value", [True, [], {}, "12 kWh", float("nan"), float("inf")])
def test_what_is_no_number(value: object) -> None:
    """Refused where a number is needed."""
    with pytest.raises(PayloadError, match="a: is not of type number"):
        mend(of("number"), {"a": value})


def test_what_is_no_integer() -> None:
    """A fraction is refused where an integer is needed."""
    with pytest.raises(PayloadError, match="a: is not of type integer"):
        mend(of("integer"), {"a": 1.5})


@pytest.mark.parametrize(
    ("value", "mended"),
    [("true", True), (" False", False), ('"TRUE"', True), ("0", False), (1, True), (0, False)],
)
def test_what_means_a_boolean(value: object, mended: bool) -> None:
    """Words and the digits 0 and 1."""
    assert mend(of("boolean"), {"a": value}) == ({"a": mended}, ("not_a_boolean",))
    assert mend(of("boolean"), {"a": mended}) == ({"a": mended}, ())


@pytest.mark.parametrize("value", ["yes", 2, 1.0, [], {}])
def test_what_is_no_boolean(value: object) -> None:
    """Refused."""
    with pytest.raises(PayloadError, match="a: is not of type boolean"):
        mend(of("boolean"), {"a": value})


def test_places_without_a_type_take_anything() -> None:
    """Such as the data of a DataTransfer of 2.x."""
    shape = compiled(Schemas("v201").documents["DataTransferRequest"], {})
    payload = {"vendorId": "v", "data": [{"a": 1}, "b"]}
    assert mend(shape, payload) == (payload, ())
