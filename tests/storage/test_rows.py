"""What goes into columns."""

from __future__ import annotations

import msgspec
import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st

from csms.core.values import Sample
from csms.storage.pool import Pool
from csms.storage.rows import as_json, as_text, storable, uuid
from csms.testing.waiting import drawn

# A float that is whole beyond 2**53 comes back as an integer of other digits, the same number.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(-1e15, 1e15) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "expected"), [("", True), ("é\n", True), ("a\0", False), ("\ud800", False)]
)
def test_storable(text: str, expected: bool) -> None:
    """A text with NUL or half a surrogate pair can be in no column."""
    assert storable(text) is expected


@pytest.mark.parametrize("text", ["", "x", "\0", "é" * 32, "0" * 31])
def test_no_uuid(text: str) -> None:
    """What is no UUID has no row."""
    assert uuid(text) is None


def test_uuid() -> None:
    """A UUID is spelled in one way."""
    assert uuid("00000000-0000-7000-8000-00000000000A") == "00000000-0000-7000-8000-00000000000a"


def test_as_text() -> None:
    """What cannot be held is replaced."""
    assert as_text("a\0é") == "a�é"


def test_as_json() -> None:
    """Structs are objects; an escaped backslash before u0000 is no NUL."""
    assert msgspec.json.decode(as_json([Sample(value=1.0)])) == [{"value": 1.0}]
    assert msgspec.json.decode(as_json({"a": "\\u0000", "b": ("\0", 1)})) == {
        "a": "\\u0000",
        "b": ["�", 1],
    }


@given(value=JSON)
@drawn
@pytest_twisted.ensureDeferred
async def test_jsonb(pool: Pool, value: object) -> None:
    """Any JSON goes into a column, and comes back as it was but for what no text can hold."""
    text = await pool.one("SELECT %s::jsonb", (as_json(value),), str)
    assert msgspec.json.decode(text) == msgspec.json.decode(as_json(value))
