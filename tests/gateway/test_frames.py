"""Frames: what is read, what is too much, what is written."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.adapter.dialect import DIALECTS, FaultKind
from csms.gateway.frames import (
    ENVELOPES,
    MAX_DEPTH,
    UnreadableError,
    bounded,
    call_frame,
    echo,
    error_frame,
    parse,
    result_frame,
    suspicious,
    without_nul,
)


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * depth + closing * depth


@pytest.mark.parametrize(
    "text",
    [b"", b"   ", b"{", b"[1,]", b"[NaN]", b"[Infinity]", b"[1e999]", b"'a'", b"[\"\\ud800\"]",
     b"\xff\xfe", b"[\"\xff\"]", b"[1] [2]", "[1]".encode("utf-16"), nested(2000),
     b"[" + b"9" * 5000 + b"]", b"\xef\xbb\xbf{", b"[\"a\nb\"]", b"\x00"],
)  # fmt: skip
def test_no_json_is_unreadable(text: bytes) -> None:
    """Strict JSON, and one way to say no."""
    with pytest.raises(UnreadableError):
        parse(text)


@pytest.mark.parametrize(
    "text", [b"[1]\x00", b"\x00[1]", b"\xef\xbb\xbf[1]", b"\r\n [1]\r\n\x00\x00", b" [1] "]
)
def test_what_embedded_stacks_leave_around_is_taken_off(text: bytes) -> None:
    """A C string's end, a byte order mark and white space are no reason to lose a message."""
    assert parse(text) == [1]


def test_integers_are_bounded() -> None:
    """Beyond 64 bits they are floats, never integers of any length."""
    assert parse(b"[18446744073709551616]") == [1.8446744073709552e19]


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_depth(opening: bytes) -> None:
    """Nesting up to the limit passes; one more is too much."""
    closing, core = (b"]", b"[]") if opening == b"[" else (b"}", b"{}")
    for depth, fine in ((MAX_DEPTH, True), (MAX_DEPTH + 1, False)):
        text = opening * (depth - 1) + core + closing * (depth - 1)
        frame = orjson.loads(text)
        assert suspicious(text) or fine
        assert bounded(frame, text) is fine


def test_many_containers_are_not_deep() -> None:
    """What only looks deep passes the closer look."""
    text = b"[" + b",".join([b"{}"] * 100) + b"]"
    assert suspicious(text)
    assert bounded(orjson.loads(text), text)


def test_many_items_are_too_much() -> None:
    """Ten thousand items are no message."""
    text = b"[" + b",".join([b"0"] * 10_002) + b"]"
    assert suspicious(text)
    assert not bounded(orjson.loads(text), text)


def test_long_texts_are_not_suspicious() -> None:
    """Signed meter data is long."""
    assert not suspicious(b'["' + b"x" * 100_000 + b'"]')


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=200,
    )
)
def test_what_is_not_suspicious_is_bounded(value: object) -> None:
    """The quick look never misses what the closer one would find."""
    text = orjson.dumps([value])
    frame = orjson.loads(text)
    if not suspicious(text):
        assert bounded(frame, text)
        assert without_nul(frame) == frame


def test_nul_is_taken_out() -> None:
    """Everywhere, in names too; nothing else changes."""
    text = b'[2,"a\\u0000b",{"k\\u0000":["\\u0000",1,null,{"x":"y"}]}]'
    assert suspicious(text)
    assert without_nul(orjson.loads(text)) == [2, "ab", {"k": ["", 1, None, {"x": "y"}]}]


def test_a_backslash_is_no_nul() -> None:
    """Other escapes need no closer look."""
    assert not suspicious(b'["a\\nb \\u0001"]')


def test_written_frames() -> None:
    """CALL, CALLRESULT and CALLERROR as OCPP-J has them."""
    assert call_frame("1", "Reset", {"type": "Soft"}) == b'[2,"1","Reset",{"type":"Soft"}]'
    assert result_frame('a"b', {}) == b'[3,"a\\"b",{}]'
    assert error_frame("1", "GenericError", "no") == b'[4,"1","GenericError","no",{}]'


def test_description_is_bounded() -> None:
    """2.x Part 4 §4.2.3: at most 255 characters."""
    assert len(orjson.loads(error_frame("1", "GenericError", "x" * 999))[3]) == 255


def test_echo() -> None:
    """An error repeats an id that is a text of sane length, else says "-1"."""
    assert echo("x" * 40) == "x" * 40
    assert echo("x" * 5000) == "-1"
    assert echo(5) == "-1"
    assert echo(None) == "-1"


def test_every_dialect_has_an_envelope() -> None:
    """A version that is spoken has rules for frames, and can spell what they ask for."""
    for dialect in DIALECTS.values():
        envelope = ENVELOPES[dialect.version]
        kinds = {envelope.unreadable, envelope.malformed, envelope.bad_id, envelope.twin}
        kinds |= {envelope.unknown_type, FaultKind.SECURITY, FaultKind.INTERNAL}
        assert all(kind is None or dialect.codes[kind] for kind in kinds)
