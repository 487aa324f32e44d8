"""How times are told in JSON: UTC, to the millisecond, ending in ``Z``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec


def utc_text(at: datetime) -> str:
    """An aware time as everything that is kept or told as JSON has it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def plain(value: object) -> Any:
    """A struct, or what is made of them, as JSON; times as `utc_text` has them."""
    return _told(msgspec.to_builtins(value, builtin_types=(datetime,)))


def _told(value: object) -> object:
    match value:
        case datetime():
            return utc_text(value)
        case dict():
            return {name: _told(item) for name, item in value.items()}
        case list():
            return [_told(item) for item in value]
        case tuple():
            return tuple(_told(item) for item in value)
        case _:
            return value
