"""OCPP-J frames: text to JSON arrays and back.

Pure and hot.  Sources: 1.6-J §4, 2.0.1 and 2.1 Part 4 §4.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import NoReturn

import orjson
from msgspec import Struct

from csms.adapter.faults import MAX_TEXT

CALL = 2
CALLRESULT = 3
CALLERROR = 4
CALLRESULTERROR = 5
SEND = 6

MAX_ID = 36
"""Characters of a message id (1.6-J §4.1.4, 2.x Part 4 §4.1.4)."""
NO_ID = "-1"
"""Stands where a message id belongs that could not be read (2.x Part 4 §4.2.3)."""
MAX_DEPTH = 64
"""Arrays and objects within each other."""
MAX_ITEMS = 100_000
"""Commas in a frame.  In 524,288 bytes a report of variables has 21,000, one of meter values
44,000, and a stream of events 70,000, each with the shortest items that its schema allows; what
has more is made to be slow.  At this bound the slowest payload of all takes 0.35 s and 40 MB to be
read, without it 0.6 s and 66 MB."""

_Container = dict[str, object] | list[object]

_ANSWERS = (CALLRESULT, CALLERROR, CALLRESULTERROR)

_LONGEST_ECHO = 255
_BEYOND = 2.0**63
_SHORT = 2 * MAX_DEPTH
"""Bytes that cannot nest too deeply."""
_BOM = b"\xef\xbb\xbf"
_BLANK = b"\0 \t\r\n"
_HEAD_BYTES = 512
"""Within which a CALL names its id and action, however they are escaped."""
_ESCAPES = (b"\\u0000", b"\\ud", b"\\uD")
"""Those of NUL and of half a surrogate pair begin like this."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_TEXT = rb'"(?:[^"\\\x00-\x1f]|\\.)*+"'
_HEAD = re.compile(
    rb"[ \t\r\n]*+\[[ \t\r\n]*+2[ \t\r\n]*+,[ \t\r\n]*+(" + _TEXT + rb")"
    rb"[ \t\r\n]*+,[ \t\r\n]*+(" + _TEXT + rb")[ \t\r\n]*+[,\]]"
)
"""What begins like a CALL; it never goes back over what it has read."""


class Head(Struct, frozen=True):
    """How a CALL begins."""

    id: str
    action: str


class UnreadableError(ValueError):
    """The text is no frame at all."""


def parse(data: bytes) -> object:
    """The JSON of a frame (UTF-8); raises `UnreadableError`.

    Strict (no NaN, integers beyond 64 bits become floats), except that what embedded stacks leave
    around a text is taken off: a byte order mark, NUL, white space.  Lone surrogates stay what they
    are, for `legible`.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        bare = data.removeprefix(_BOM).strip(_BLANK)
    try:
        return orjson.loads(bare)
    except orjson.JSONDecodeError:
        if b"\\ud" not in bare and b"\\uD" not in bare:
            raise UnreadableError from None
    try:
        return json.loads(bare.decode(), parse_int=_whole, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise UnreadableError from None


def head_of(data: bytes) -> Head | None:
    """How a text begins that is no JSON and was meant to be a CALL; None: nobody can tell.

    Only an id that an answer may bear counts: up to `MAX_ID` characters, readable themselves.
    """
    found = _HEAD.match(data[:_HEAD_BYTES].removeprefix(_BOM).lstrip(_BLANK))
    if found is None:
        return None
    try:
        message_id, action = (orjson.loads(text) for text in found.groups())
    except orjson.JSONDecodeError:
        return None
    return Head(message_id, action) if len(message_id) <= MAX_ID else None


def suspicious(data: bytes) -> bool:
    """Whether a frame needs the closer look of `excess` and `legible`; rarely true."""
    if len(data) > _SHORT and (
        data.count(b"{") + data.count(b"[") > MAX_DEPTH
        or (len(data) > MAX_ITEMS and data.count(b",") > MAX_ITEMS)
    ):
        return True
    return b"\\" in data and any(escape in data for escape in _ESCAPES)


def excess(frame: _Container, data: bytes) -> str | None:
    """Which bound of depth or size a parsed frame breaks."""
    if data.count(b",") > MAX_ITEMS:
        return f"more than {MAX_ITEMS} values"
    level = [frame]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return None
    return f"nested more than {MAX_DEPTH} deep"


def legible(frame: list[object]) -> list[object]:
    """The same frame with U+FFFD in place of what no database keeps: NUL and lone surrogates.  NUL
    at the end of a text is taken off: the rest of a buffer.

    NUL in the id of what is to be answered stays, or the answer would be to nothing.  Only for
    frames without `excess`.
    """
    clean = [_clean(item) for item in frame]
    if len(frame) > 1 and frame[0] not in _ANSWERS and _speakable(frame[1]):
        clean[1] = frame[1]
    return clean


def call_frame(message_id: str, action: str, payload: Mapping[str, object]) -> bytes:
    """``[2, id, action, payload]``."""
    return orjson.dumps((CALL, message_id, action, payload))


def result_frame(message_id: str, payload: Mapping[str, object]) -> bytes:
    """``[3, id, payload]``."""
    return orjson.dumps((CALLRESULT, message_id, payload))


def error_frame(message_id: str, code: str, text: str, kind: int = CALLERROR) -> bytes:
    """``[4, id, code, text, {}]``, or of another ``kind``."""
    return orjson.dumps((kind, message_id, code, text[:MAX_TEXT], {}))


def echo(message_id: object) -> str:
    """An id as an error may repeat it: a text of sane length, else `NO_ID`."""
    if isinstance(message_id, str) and len(message_id) <= _LONGEST_ECHO:
        return message_id
    return NO_ID


def _clean(value: object) -> object:
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean_text(name): _clean(item) for name, item in value.items()}
    return value


def _clean_text(text: str) -> str:
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text.rstrip("\0"))


def _speakable(message_id: object) -> bool:
    return not isinstance(message_id, str) or message_id.isascii()


def _whole(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits[:1])
    return int(digits) if abs(number) < _BEYOND else number


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _inside(value: _Container) -> list[_Container]:
    """The containers directly inside one."""
    items = value.values() if isinstance(value, dict) else value
    return [item for item in items if isinstance(item, dict | list)]
