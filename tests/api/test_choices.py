"""What may stand at a place of a shape."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from csms.api.choices import fields_at, words_at


class Colour(StrEnum):
    """An enumeration."""

    RED = "red"
    BLUE = "blue"


class Part(Struct, rename="camel"):
    """A part."""

    main_colour: Colour | None = None
    size: Literal[1, 2] | UnsetType = UNSET
    shape: Annotated[str, Meta(pattern="^(a|b)$", extra_json_schema={"enum": ["a", "b"]})] = "a"
    text: str = ""


class Whole(Struct):
    """A whole."""

    parts: tuple[Part, ...] = ()
    named: dict[str, list[Part]] | None = None


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (".parts[0].mainColour", ["red", "blue"]),
        (".named[...][3].size", [1, 2]),
        (".parts[0].shape", ["a", "b"]),
        (".parts[0].text", []),
        (".parts[0].text.more", []),
        (".nonsense", []),
        ("", []),
    ],
)
def test_words(place: str, words: list[object]) -> None:
    """Those of the enumeration that stands there, if one does."""
    assert words_at(Whole, place) == words


def test_words_of_a_value_that_is_no_field() -> None:
    """A shape may be an enumeration itself."""
    assert words_at(Colour, "") == ["red", "blue"]


def test_fields() -> None:
    """By the names that they are sent under."""
    assert fields_at(Whole, "") == ["parts", "named"]
    assert fields_at(Whole, ".parts[1]") == ["mainColour", "size", "shape", "text"]
    assert fields_at(Whole, ".parts") == []
