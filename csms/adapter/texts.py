"""Text that PostgreSQL can keep: no NUL and no lone surrogates, in columns and in JSON."""

from __future__ import annotations

import math
import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
MAX_DEPTH = 32
"""Nesting of opaque JSON beyond which it is cut off."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> bool:
    """Whether a database column or JSON document can hold ``text``."""
    if text.isascii():
        return "\0" not in text
    return _UNSTORABLE.search(text) is None


def mended(text: str) -> str:
    """``text`` with U+FFFD in place of every character that cannot be stored."""
    return text if storable(text) else _UNSTORABLE.sub(REPLACEMENT, text)


def mended_json(value: object, depth: int = MAX_DEPTH) -> object:
    """``value`` as JSON that can be stored and encoded whatever it was.

    Text is mended, keys too; numbers that no encoder takes (not finite, integers beyond 64
    bits) become the nearest float or None; what is nested deeper than ``depth`` becomes None.
    """
    match value:
        case str():
            return mended(value)
        case bool():
            return value
        case int() | float():
            return _number(value)
        case dict() if depth:
            return {
                mended(key): mended_json(item, depth - 1)
                for key, item in value.items()
                if isinstance(key, str)
            }
        case list() if depth:
            return [mended_json(item, depth - 1) for item in value]
        case _:
            return None


def _number(value: float) -> float | None:
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return value
    try:
        near = float(value)
    except OverflowError:
        return None
    return near if math.isfinite(near) else None
