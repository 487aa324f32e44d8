"""The single values of a payload, each brought back into its shape; see `csms.adapter.shapes`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Protocol

import attrs
from msgspec import UNSET, Struct

from csms.adapter.faults import FaultKind, refuse
from csms.adapter.figures import figure
from csms.adapter.notes import Notes, Rule
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
    ``bare`` names the field of an object that a text or number in its place stands for.
    ``loose`` marks a list whose items stand for themselves: one that cannot be mended is left out.
    """

    default: object = UNSET
    instead: str | None = None
    unknown: Rule = Rule.UNKNOWN_VALUE
    ceiling: int | None = None
    fraction: bool = False
    opaque: bool = False
    spare: bool = False
    private: bool = False
    loose: bool = False
    bare: str | None = None


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
class Opaque:
    """Anything."""

    wordy: ClassVar[bool] = False

    def mend(self, value: object, notes: Notes) -> object:  # noqa: ARG002 - a Shape
        """See `Shape.mend`."""
        return value
