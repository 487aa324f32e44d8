"""What may stand at a place of a shape: for telling whoever sent something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import inspect

_STEP = re.compile(r"\.([^.\[]+)|\[[^\]]*\]")


def words_at(shape: Any, place: str) -> list[object]:
    """The words of an enumeration at a place such as ``.connectors[0].kind``; empty when it has
    none."""
    found: dict[object, None] = {}
    for kind, words in _at(shape, place):
        match kind:
            case inspect.EnumType():
                found |= dict.fromkeys(member.value for member in kind.cls)
            case inspect.LiteralType():
                found |= dict.fromkeys(kind.values)
            case _:
                found |= dict.fromkeys(words)
    return list(found)


def fields_at(shape: Any, place: str) -> list[str]:
    """The names of the fields that an object at a place may have."""
    return [
        field.encode_name
        for kind, _ in _at(shape, place)
        if isinstance(kind, inspect.StructType)
        for field in kind.fields
    ]


_Allowed = tuple[inspect.Type, list[object]]
"""A type, and the words that its schema lists beside it."""


def _at(shape: Any, place: str) -> list[_Allowed]:
    found = [*_plain(inspect.type_info(shape), [])]
    for step in _STEP.finditer(place):
        found = [each for kind, _ in found for each in _within(kind, step[1])]
    return found


def _within(kind: inspect.Type, name: str | None) -> Iterator[_Allowed]:
    match kind:
        case inspect.StructType():
            for field in kind.fields:
                if field.encode_name == name:
                    yield from _plain(field.type, [])
        case inspect.DictType():
            yield from _plain(kind.value_type, [])
        case inspect.CollectionType():
            yield from _plain(kind.item_type, [])
        case _:
            pass


def _plain(kind: inspect.Type, words: list[object]) -> Iterator[_Allowed]:
    match kind:
        case inspect.Metadata():
            yield from _plain(kind.type, (kind.extra_json_schema or {}).get("enum", words))
        case inspect.UnionType():
            for each in kind.types:
                yield from _plain(each, words)
        case _:
            yield kind, words
