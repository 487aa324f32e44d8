"""What goes into columns, and what may be asked of them."""

from __future__ import annotations

from uuid import UUID

import msgspec

_ODD = "�"


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, no half of a surrogate pair.

    What cannot be held is in no column, so a question for it need not be asked.
    """
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def uuid(text: str) -> str | None:
    """The UUID in its usual spelling, or None if it is none."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


def as_text(text: str) -> str:
    """The text with what PostgreSQL cannot hold replaced by U+FFFD."""
    return text.encode(errors="replace").decode().replace("\0", _ODD)


def as_json(value: object) -> str:
    """The value as JSON that a ``jsonb`` column takes, replacing as `as_text` does.

    Stations and operators may well send an escaped NUL, which is proper JSON.
    """
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        text = ""
    if not text or "\\u0000" in text:
        text = msgspec.json.encode(_cleaned(msgspec.to_builtins(value))).decode()
    return text


def _cleaned(value: object) -> object:
    match value:
        case str():
            return as_text(value)
        case dict():
            return {as_text(str(name)): _cleaned(item) for name, item in value.items()}
        case list() | tuple():
            return [_cleaned(item) for item in value]
        case _:
            return value
