"""Text that PostgreSQL can keep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.adapter.texts import MAX_DEPTH, mended, mended_json, storable


@pytest.mark.parametrize("text", ["", "plain", "Ladesäule", "充电桩", "a\nb\t\x01"])
def test_ordinary_text_is_storable(text: str) -> None:
    """Everything but NUL and lone surrogates passes as it is."""
    assert storable(text)
    assert mended(text) is text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\0b", "a\ufffdb"),
        ("ä\0", "ä\ufffd"),
        ("\ud800", "\ufffd"),
        ("x\udfff\0", "x\ufffd\ufffd"),
    ],
)
def test_unstorable_text_is_mended(text: str, kept: str) -> None:
    """Each character that cannot be stored becomes U+FFFD."""
    assert not storable(text)
    assert mended(text) == kept


@given(st.text(alphabet=st.characters()))
def test_mended_text_is_storable(text: str) -> None:
    """Whatever comes in can be stored after mending."""
    assert storable(mended(text))


def test_json_is_mended_through_and_through() -> None:
    """Text, keys and numbers of any depth come out storable and encodable."""
    value = {
        "a\0": ["\ud800", None, True, 1, 1.5],
        "numbers": [2**64, -(2**63) - 1, float("nan"), float("-inf"), 10**400],
        3: "no key of JSON",
        "other": object(),
    }
    assert mended_json(value) == {
        "a\ufffd": ["\ufffd", None, True, 1, 1.5],
        "numbers": [float(2**64), float(-(2**63) - 1), None, None, None],
        "other": None,
    }


def test_json_is_cut_at_a_depth() -> None:
    """Nesting beyond what is kept becomes None."""
    value: list[object] = []
    for _ in range(5000):
        value = [value]
    levels = 0
    kept = mended_json(value)
    while isinstance(kept, list):
        levels += 1
        (kept,) = kept
    assert (levels, kept) == (MAX_DEPTH, None)
