"""Frames: what is read, what is too much, what is written."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.adapter.dialect import DIALECTS, FaultKind
from csms.gateway.frames import (
    MAX_DEPTH,
    UnreadableError,
    call_frame,
    echo,
    error_frame,
    excess,
    head_of,
    legible,
    parse,
    result_frame,
    suspicious,
)
from csms.gateway.settings import GatewaySettings


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * depth + closing * depth


@pytest.mark.parametrize(
    "text",
    [b"", b"   ", b"{", b"[1,]", b"[NaN]", b"[Infinity]", b"[1e999]", b"'a'", b"[\"\\ud800\"",
     b"\xff\xfe", b"[\"\xff\"]", b"[1] [2]", "[1]".encode("utf-16"), nested(2000),
     b"[" + b"9" * 5000 + b"]", b'["\\ud800",' + b"9" * 5000 + b"]", b'["\\ud800",NaN]',
     b'["\\ud800",' + nested(2000) + b"]", b'["\\ud800\xff"]',
     b"\xef\xbb\xbf{", b"[\"a\nb\"]", b"\x00"],
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
        assert (excess(frame, text) is None) is fine


def test_many_containers_are_not_deep() -> None:
    """What only looks deep passes the closer look."""
    text = b"[" + b",".join([b"{}"] * 100) + b"]"
    assert suspicious(text)
    assert excess(orjson.loads(text), text) is None


def test_many_items_are_too_much() -> None:
    """A hundred thousand items are no message."""
    text = b"[" + b",".join([b"0"] * 100_002) + b"]"
    assert suspicious(text)
    assert excess(orjson.loads(text), text) == "more than 100000 values"


ITEMS = [
    b'{"component":{"name":"Q"},"variable":{"name":"V"},"variableAttribute":[{"value":"1"}]}',
    b'{"value":1}',
    b'{"value":"1"}',
    b'{"t":0,"v":""}',
]


@pytest.mark.parametrize("item", ITEMS)
def test_the_longest_lists_of_all_pass(item: bytes) -> None:
    """Reports of variables, meter values and streams of events, as full as a frame can be."""
    size = GatewaySettings(node="n").max_frame_bytes
    text = b"[" + b",".join([item] * (size // (len(item) + 1))) + b"]"
    assert len(text) > size * 0.99
    assert excess(orjson.loads(text), text) is None


def test_the_head_is_found_in_linear_time() -> None:
    """Whatever comes, only so much of it is looked at."""
    for text in (
        b"[2," + b" " * 400_000,
        b'[2,"' + b"\\" * 400_001,
        b"\0" * 400_000,
        b'[2,"' * 100_000,
    ):
        assert head_of(text) is None


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
        assert excess(frame, text) is None
        assert legible(frame) == frame


def test_nul_is_replaced() -> None:
    """Everywhere, in names too, and taken off the end; nothing else changes."""
    text = b'[3,"a\\u0000b",{"k\\u0000":["\\u0000",1,null,{"x":"y"}]}]'
    assert suspicious(text)
    assert legible(orjson.loads(text)) == [3, "a\ufffdb", {"k": ["", 1, None, {"x": "y"}]}]
    assert legible(["a\0"]) == ["a"]


@pytest.mark.parametrize("text", [rb'[2,"1",{"\ud800":"\uDC00x"},7]', rb'[2,"1","\ud83d\ude00",1]'])
def test_half_a_surrogate_pair_is_replaced(text: bytes) -> None:
    """By the character for what has none; whole pairs are text like any other."""
    assert suspicious(text)
    frame = parse(text)
    assert isinstance(frame, list)
    assert legible(frame)[2] in ({"\ufffd": "\ufffdx"}, "\N{GRINNING FACE}")


def test_large_numbers_beside_half_a_pair() -> None:
    """They become what they are elsewhere."""
    assert parse(rb'["\ud800",9223372036854775808,-12]') == ["\ud800", 2.0**63, -12]


def test_the_id_of_a_call_stays() -> None:
    """An answer under another would be none; one that cannot be sent back is replaced."""
    assert legible([2, "a\0b", "x\0"]) == [2, "a\0b", "x"]
    assert legible([2, "\ud800", "x\0"]) == [2, "\ufffd", "x"]


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
        envelope = dialect.manners.envelope
        kinds = {envelope.unreadable, envelope.malformed, envelope.bad_id, envelope.twin}
        kinds |= {envelope.unknown_type, FaultKind.SECURITY, FaultKind.INTERNAL}
        assert all(kind is None or dialect.codes[kind] for kind in kinds)
