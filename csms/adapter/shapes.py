"""Payloads that break their schema, brought back into shape.

A `Shape` is compiled from a schema and mends a value: types are converted, nulls and unknown
fields dropped, text cut, each departure noted.  What comes out can be read like a valid
payload, with these exceptions: an unknown word stays as it is where a schema lists choices (a
reader maps words, it never relies on knowing all), so does a number beyond its bounds, a list
may be too short or too long, a figure of a register may be fractional, and a field that is absent
though required is None, or stays absent, when the lenience for it says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Protocol

import attrs
from msgspec import UNSET, Struct

from csms.adapter.faults import FaultKind, PayloadError, refuse
from csms.adapter.figures import figure
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.texts import mended_json

MAX_WORD = 64
"""Length at which an unknown word is cut."""


class Lenience(Struct, frozen=True, kw_only=True):
    """How far one field may depart from the schema.

    ``default`` stands in for a required field that is absent or cannot be mended.  ``spare``
    marks a field that the message can do without: left out when it cannot be mended, and not
    missed when it is absent though required.
    ``instead`` replaces an unknown word, which is kept when None, and ``unknown`` is the rule
    it is noted by.  ``ceiling`` marks text that identifies something: never cut, refused beyond
    that length.  ``fraction`` marks a figure of a meter: may be fractional, and None when
    unreadable.  ``opaque`` lets any JSON through.  ``private`` keeps values out of examples.
    """

    default: object = UNSET
    instead: str | None = None
    unknown: Rule = Rule.UNKNOWN_VALUE
    ceiling: int | None = None
    fraction: bool = False
    opaque: bool = False
    spare: bool = False
    private: bool = False


class Shape(Protocol):
    """The shape of one place in a payload."""

    @property
    def wordy(self) -> bool:
        """Whether it is one of some words; empty text is then as good as none."""

    def mend(self, value: object, notes: Notes) -> object:
        """``value`` (not None) in shape; raises `csms.adapter.faults.PayloadError`."""


@attrs.frozen
class Text:
    """Text, of limited length or one of some words."""

    path: str
    lenience: Lenience
    limit: int | None
    words: Mapping[str, str] | None
    """By their lower case."""

    @property
    def wordy(self) -> bool:
        """See `Shape.wordy`."""
        return self.words is not None

    def mend(self, value: object, notes: Notes) -> str:
        """See `Shape.mend`."""
        text = self._text(value, notes)
        if self.words is not None:
            return self._word(text, self.words, notes)
        if self.limit is None or len(text) <= self.limit:
            return text
        ceiling = self.lenience.ceiling
        if ceiling is None and not notes.cuts:
            return text
        self._note(Rule.TOO_LONG, text, notes)
        if ceiling is None:
            return text[: self.limit]
        if len(text) > ceiling:
            refuse(FaultKind.PROPERTY, self.path, f"is longer than {self.limit} characters")
        return text

    def _text(self, value: object, notes: Notes) -> str:
        if isinstance(value, str):
            return value
        number = mended_json(value)
        if isinstance(number, bool) or not isinstance(number, int | float):
            refuse(FaultKind.TYPE, self.path, "is not of type string")
        self._note(Rule.NUMBER_FOR_TEXT, value, notes)
        return str(number)

    def _word(self, text: str, words: Mapping[str, str], notes: Notes) -> str:
        known = words.get(text.strip("\"' \t\r\n").casefold())
        if known is None:
            self._note(self.lenience.unknown, text, notes)
            instead = self.lenience.instead
            return notes.text(text[:MAX_WORD], self.path) if instead is None else instead
        if known != text:
            self._note(Rule.SPELLING, text, notes)
        return known

    def _note(self, rule: Rule, value: object, notes: Notes) -> None:
        notes.note(rule, self.path, None if self.lenience.private else value)


@attrs.frozen
class Number:
    """A number, whole or any; a register's figure may always be fractional."""

    path: str
    lenience: Lenience
    whole: bool
    least: float | None = None
    most: float | None = None
    wordy: ClassVar[bool] = False

    def mend(self, value: object, notes: Notes) -> int | float | None:
        """See `Shape.mend`."""
        number = value
        if isinstance(value, str):
            number, odd = figure(value)
            notes.note(Rule.TEXT_FOR_NUMBER, self.path, value)
            if odd is not None:
                notes.note(odd, self.path, value)
        if isinstance(number, float):
            number = self._fraction(number, value, notes)
        elif isinstance(number, bool) or not isinstance(number, int):
            number = None
        if number is not None:
            return self._within(number, notes)
        if not self.lenience.fraction:
            refuse(FaultKind.TYPE, self.path, f"is not of type {self._type}")
        notes.note(Rule.BAD_NUMBER, self.path, value)
        return None

    @property
    def _type(self) -> str:
        return "integer" if self.whole else "number"

    def _fraction(self, number: float, value: object, notes: Notes) -> float | None:
        if not math.isfinite(number):
            return None
        if not self.whole:
            return number
        if number.is_integer():
            if number is value:
                notes.note(Rule.FRACTIONAL_NUMBER, self.path, value)
            return int(number)
        if not self.lenience.fraction:
            return None
        notes.note(Rule.FRACTIONAL_NUMBER, self.path, value)
        return number

    def _within(self, number: float, notes: Notes) -> float:
        low = self.least is not None and number < self.least
        if low or (self.most is not None and number > self.most):
            notes.note(Rule.OUT_OF_RANGE, self.path, number)
        return number


_BOOLEANS: Mapping[object, bool] = {
    "0": False,
    "1": True,
    "false": False,
    "true": True,
    0: False,
    1: True,
}


@attrs.frozen
class Boolean:
    """True or false."""

    path: str
    wordy: ClassVar[bool] = True

    def mend(self, value: object, notes: Notes) -> bool:
        """See `Shape.mend`."""
        if isinstance(value, bool):
            return value
        word = value.strip("\"' \t\r\n").casefold() if isinstance(value, str) else value
        meant = _BOOLEANS.get(word) if isinstance(word, str | int) else None
        if meant is None:
            refuse(FaultKind.TYPE, self.path, "is not of type boolean")
        notes.note(Rule.NOT_A_BOOLEAN, self.path, value)
        return meant


@attrs.frozen
class Items:
    """A list."""

    path: str
    item: Shape
    minimum: int
    maximum: int | None
    wordy: ClassVar[bool] = False

    def mend(self, value: object, notes: Notes) -> list[object]:
        """See `Shape.mend`."""
        if isinstance(value, dict):
            notes.note(Rule.NOT_A_LIST, self.path)
            value = [value]
        if not isinstance(value, list):
            refuse(FaultKind.TYPE, self.path, "is not of type array")
        if len(value) < self.minimum:
            notes.note(Rule.EMPTY_LIST, self.path)
        if self.maximum is not None and len(value) > self.maximum:
            notes.note(Rule.LONG_LIST, self.path)
        if None in value:
            notes.note(Rule.NULL_FIELD, self.path)
        return [self.item.mend(item, notes) for item in value if item is not None]


@attrs.frozen
class Record:
    """An object."""

    path: str
    fields: Mapping[str, Shape]
    required: tuple[str, ...]
    spares: Mapping[str, object]
    """What stands in for a field that is absent or cannot be mended; `UNSET`: it is left out."""
    closed: bool = True
    """Whether fields of other names are not allowed."""
    wordy: ClassVar[bool] = False

    def mend(self, value: object, notes: Notes) -> Json:
        """See `Shape.mend`."""
        if not isinstance(value, dict):
            refuse(FaultKind.TYPE, self.path, "is not of type object")
        whole: Json = {}
        for name, field in value.items():
            shape = self.fields.get(name)
            if shape is None:
                if self.closed:
                    notes.note(Rule.EXTRA_FIELD, self.path or "payload", name)
                else:
                    whole[name] = field
            elif field is None or (field == "" and shape.wordy):
                notes.note(Rule.NULL_FIELD, _under(self.path, name))
            else:
                self._mend(name, shape, field, notes, whole)
        for name in self.required:
            if name not in whole:
                if name not in self.spares:
                    refuse(FaultKind.OCCURRENCE, _under(self.path, name), "is required")
                notes.note(Rule.MISSING_FIELD, _under(self.path, name))
                if self.spares[name] is not UNSET:
                    whole[name] = self.spares[name]
        return whole

    def _mend(self, name: str, shape: Shape, field: object, notes: Notes, whole: Json) -> None:
        try:
            whole[name] = shape.mend(field, notes)
        except PayloadError:
            if name not in self.spares:
                raise
            notes.note(Rule.UNREADABLE_FIELD, _under(self.path, name))
            if self.spares[name] is not UNSET:
                whole[name] = self.spares[name]


@attrs.frozen
class Opaque:
    """Anything."""

    wordy: ClassVar[bool] = False

    def mend(self, value: object, notes: Notes) -> object:  # noqa: ARG002 - a Shape
        """See `Shape.mend`."""
        return value


def compiled(
    schema: Json, lenience: Mapping[str, Lenience], path: str = "", root: Json | None = None
) -> Shape:
    """The shape that a schema describes; ``lenience`` is by path without indices."""
    root = schema if root is None else root
    schema = _resolved(schema, root)
    own = lenience.get(path, Lenience())
    if own.opaque or "type" not in schema:
        return Opaque()
    match schema["type"]:
        case "object":
            return _record(schema, lenience, path, root)
        case "array":
            item = compiled(schema["items"], lenience, path, root)
            return Items(path, item, schema.get("minItems", 0), schema.get("maxItems"))
        case "integer" | "number" as kind:
            bounds = schema.get("minimum"), schema.get("maximum")
            return Number(path, own, kind == "integer", *bounds)
        case "boolean":
            return Boolean(path)
        case _:
            words = {word.casefold(): word for word in schema.get("enum", ())}
            return Text(path, own, schema.get("maxLength"), words or None)


def _record(schema: Json, lenience: Mapping[str, Lenience], path: str, root: Json) -> Record:
    """Open objects hold what only vendors know (customData): whatever is wrong with one, the
    message can do without."""
    fields = schema.get("properties", {})
    paths = {name: _under(path, name) for name in fields}
    closed = _closed(schema)
    spares: dict[str, object] = {}
    for name, field in fields.items():
        own = lenience.get(paths[name], Lenience())
        if own.spare or own.default is not UNSET or not closed or not _closed(field, root):
            spares[name] = own.default
    return Record(
        path,
        {name: compiled(field, lenience, paths[name], root) for name, field in fields.items()},
        tuple(schema.get("required", ())),
        spares,
        closed,
    )


def _resolved(schema: Json, root: Json) -> Json:
    if "$ref" not in schema:
        return schema
    found: Json = root["definitions"][schema["$ref"].rpartition("/")[2]]
    return found


def _closed(schema: Json, root: Json | None = None) -> bool:
    schema = schema if root is None else _resolved(schema, root)
    return schema.get("type") != "object" or schema.get("additionalProperties") is False


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
