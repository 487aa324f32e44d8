"""Payloads that break their schema, brought back into shape.

A `Shape` is compiled from a schema and mends a value: types are converted, nulls and unknown
fields dropped, text cut, each departure noted.  What comes out can be read like a valid
payload, with these exceptions: an unknown word stays as it is where a schema lists choices (a
reader maps words, it never relies on knowing all), so does a number beyond its bounds, a list
may be too short or too long, a figure of a register may be fractional, and a field that is absent
though required is None, or stays absent, when the lenience for it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs
from msgspec import UNSET

from csms.adapter.faults import FaultKind, PayloadError, refuse
from csms.adapter.leaves import Boolean, Lenience, Number, Opaque, Shape, Text
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json


@attrs.frozen
class Items:
    """A list."""

    path: str
    item: Shape
    minimum: int
    maximum: int | None
    loose: bool = False
    """Whether an item that cannot be mended is left out."""
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
        items = [item for item in value if item is not None]
        if self.loose:
            return self._readable(items, notes)
        return [self.item.mend(item, notes) for item in items]

    def _readable(self, items: list[object], notes: Notes) -> list[object]:
        """Those that can be mended; a list of which none can is no better than they."""
        readable: list[object] = []
        for item in items:
            try:
                readable.append(self.item.mend(item, notes))
            except PayloadError as error:
                notes.leave_out(self.path)
                last = error
        if items and not readable:
            raise last
        return readable


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
    bare: str | None = None
    """See `Lenience.bare`."""
    wordy: ClassVar[bool] = False

    def mend(self, value: object, notes: Notes) -> Json:
        """See `Shape.mend`."""
        if self.bare is not None and isinstance(value, str | int) and not isinstance(value, bool):
            notes.note(Rule.NOT_AN_OBJECT, self.path)
            value = {self.bare: value}
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
            notes.leave_out(_under(self.path, name))
            if self.spares[name] is not UNSET:
                whole[name] = self.spares[name]


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
            bounds = schema.get("minItems", 0), schema.get("maxItems")
            return Items(path, item, *bounds, own.loose)
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
        lenience.get(path, Lenience()).bare,
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
