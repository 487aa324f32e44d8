"""Structures as a version spells them and as the core does, each turned into the other.

A `Wording` is compiled from a schema: every wire name has a core name (``stackLevel`` is
``stack_level``), unless it is called something else there.  What the schema does not know cannot be
said, which is told apart from what it knows and forbids.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Protocol

import attrs

from csms.adapter.notes import Notes
from csms.adapter.schema import Json
from csms.adapter.texts import mended_json
from csms.adapter.times import moment, wire_time
from csms.core.values import Strictness

_MAX_WORD = 100
_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Unspeakable(Exception):  # noqa: N818 - an answer, not a failure
    """The version has no word for something; the text says what, as a sentence's end.

    ``place`` leads there in the words of the core.
    """

    def __init__(self, what: str, *place: str | int) -> None:
        super().__init__(what)
        self.place = place

    def within(self, step: str | int) -> Unspeakable:
        """The same, of something around it."""
        return Unspeakable(str(self), step, *self.place)


class Node(Protocol):
    """A place in a structure."""

    def to_core(self, value: object, notes: Notes, path: str) -> object:
        """What a station said, storable, in the words of the core."""

    def to_wire(self, value: object, path: str) -> object:
        """What the core says, on the wire; raises `Unspeakable`."""


@attrs.frozen
class _Plain:
    """Numbers, texts, and whatever only vendors know."""

    def to_core(self, value: object, notes: Notes, path: str) -> object:
        return notes.kept(value, path)

    def to_wire(self, value: object, path: str) -> object:  # noqa: ARG002 - a Node
        return value


@attrs.frozen
class _Time:
    """A time; in the core RFC 3339 in UTC."""

    def to_core(self, value: object, notes: Notes, path: str) -> object:
        at = moment(value if isinstance(value, str) else None, path, notes)
        return wire_time(at)

    def to_wire(self, value: object, path: str) -> object:  # noqa: ARG002 - a Node
        try:
            at = datetime.fromisoformat(str(value))
            return wire_time(at if at.tzinfo else at.replace(tzinfo=UTC))
        except (OverflowError, ValueError):
            return value  # for the schema to refuse, or as it is


@attrs.frozen
class _Word:
    """One of some words."""

    core: Mapping[str, str]
    wire: Mapping[str, str]

    def to_core(self, value: object, notes: Notes, path: str) -> object:  # noqa: ARG002 - a Node
        return self.core.get(value, value) if isinstance(value, str) else mended_json(value)

    def to_wire(self, value: object, path: str) -> object:
        if not isinstance(value, str):
            return value
        if value not in self.wire:
            raise Unspeakable(f"no {path} {value[:_MAX_WORD]}")
        return self.wire[value]


@attrs.frozen
class _Items:
    """A list."""

    item: Node

    def to_core(self, value: object, notes: Notes, path: str) -> object:
        if not isinstance(value, list):
            return mended_json(value)
        return [self.item.to_core(item, notes, path) for item in value]

    def to_wire(self, value: object, path: str) -> object:
        if not isinstance(value, list | tuple):
            return value
        whole = []
        for number, item in enumerate(value):
            try:
                whole.append(self.item.to_wire(item, path))
            except Unspeakable as error:
                raise error.within(number) from None
        return whole


@attrs.frozen
class Wording:
    """An object: its fields by their name on the wire and by that in the core."""

    wire: Mapping[str, tuple[str, Node]]
    core: Mapping[str, tuple[str, Node]]

    def to_core(self, value: object, notes: Notes, path: str = "") -> Any:
        """See `Node`.  Fields of other names are left out."""
        if not isinstance(value, dict):
            return mended_json(value)
        whole: dict[str, object] = {}
        for name, field in value.items():
            row = self.wire.get(name)
            if row is not None and field is not None:
                whole[row[0]] = row[1].to_core(field, notes, f"{path}.{name}" if path else name)
        return whole

    def to_wire(self, value: object, path: str = "") -> Any:
        """See `Node`."""
        if not isinstance(value, dict):
            return value
        whole: dict[str, object] = {}
        for name, field in value.items():
            if field is None:
                continue
            row = self.core.get(name)
            if row is None:
                known = name[:_MAX_WORD]
                raise Unspeakable(f"no {known}" + (f" in {path}" if path else ""), known)
            try:
                whole[row[0]] = row[1].to_wire(field, name)
            except Unspeakable as error:
                raise error.within(name) from None
        return whole


def wording(
    folder: str,
    document: str,
    *path: str,
    names: Mapping[str, str] | None = None,
    words: Mapping[str, str] | None = None,
) -> Wording:
    """The wording of a place in a schema file of the ``ocpp`` package.

    ``names`` are wire names that the core calls by another name than theirs in snake case,
    ``words`` such words of enumerations.
    """
    file = files("ocpp").joinpath(folder, "schemas", f"{document}.json")
    root = json.loads(file.read_text("utf-8-sig"))
    schema = root
    for step in path:
        schema = _resolved(schema["properties"][step], root)
        if schema.get("type") == "array":
            schema = _resolved(schema["items"], root)
    found = _node(schema, root, names or {}, words or {})
    assert isinstance(found, Wording), "a wording is of an object"
    return found


def strict() -> Notes:
    """For reading what we wrote ourselves: what is odd is refused."""
    return Notes(datetime.now(UTC), Strictness.STRICT)


def lenient() -> Notes:
    """For reading answers, of whose oddities nothing is noted."""
    return Notes(datetime.now(UTC), Strictness.OFF)


def snake(name: str) -> str:
    """A wire name in snake case: ``limit_L2`` is ``limit_l2``, ``v2xFreqWattCurve``
    ``v2x_freq_watt_curve``, ``fixedPFAbsorb`` ``fixed_pf_absorb``, ``limitAtSoC``
    ``limit_at_soc``."""
    name = name.replace("SoC", "Soc").replace("V2X", "V2x")
    return _BORDER.sub("_", name).lower()


def _node(schema: Json, root: Json, names: Mapping[str, str], words: Mapping[str, str]) -> Node:
    schema = _resolved(schema, root)
    match schema.get("type"):
        case "object" if schema.get("additionalProperties") is False:
            fields = {
                name: (names.get(name, snake(name)), _node(field, root, names, words))
                for name, field in schema["properties"].items()
            }
            return Wording(fields, {core: (name, node) for name, (core, node) in fields.items()})
        case "array":
            return _Items(_node(schema["items"], root, names, words))
        case "string" if schema.get("format") == "date-time":
            return _Time()
        case "string" if "enum" in schema:
            core = {word: words.get(word, word) for word in schema["enum"]}
            return _Word(core, {mine: word for word, mine in core.items()})
        case _:
            return _Plain()


def _resolved(schema: Json, root: Json) -> Json:
    if "$ref" not in schema:
        return schema
    found: Json = root["definitions"][schema["$ref"].rpartition("/")[2]]
    return found
