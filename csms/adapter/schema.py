"""The JSON schemas of the standard, compiled, and what they say is wrong with a payload.

The schema files are those of the ``ocpp`` package.  Time and URI formats are held against what
we send only: stations write times in too many ways.

Note: integers
--------------
To the drafts of JSON schema that 2.x and parts of 1.6 are written in, 1.0 is an integer; to draft
4, and to a database, it is not.  So what stations send is accepted as it is only when draft 4 has
nothing to say against it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from typing import Any

import attrs
import jsonschema_rs
from msgspec import Struct

from csms.adapter.faults import MAX_TEXT, Fault, FaultKind, PayloadError
from csms.adapter.texts import MAX_DEPTH, storable
from csms.core.errors import among

Json = dict[str, Any]

_KINDS: Mapping[str, FaultKind] = {
    "additionalProperties": FaultKind.FORMAT,
    "falseSchema": FaultKind.FORMAT,
    "maxItems": FaultKind.OCCURRENCE,
    "minItems": FaultKind.OCCURRENCE,
    "required": FaultKind.OCCURRENCE,
    "type": FaultKind.TYPE,
}
"""Keyword of a schema to the fault of breaking it; every other one constrains a value."""

_NO_SUCH_FIELD = "has a field that the message does not have"
_MAX_NAME = 100
_WORDS: Mapping[str, str] = {
    "additionalProperties": _NO_SUCH_FIELD,
    "enum": "is not one of the allowed values",
    "falseSchema": _NO_SUCH_FIELD,
    "format": "is no {}",
    "maxItems": "has more than {} items",
    "maxLength": "is longer than {} characters",
    "maximum": "is more than {}",
    "minItems": "has fewer than {} items",
    "minimum": "is less than {}",
    "multipleOf": "is no multiple of {}",
    "required": "is required",
    "type": "is not of type {}",
}
"""The same as a rule; ``{}`` is the schema's own value, never the station's."""


class Flaw(Struct, frozen=True):
    """The first thing that is wrong with a payload, and where."""

    kind: FaultKind
    path: tuple[str | int, ...]
    rule: str

    @property
    def field(self) -> str:
        """The place, written ``meterValue[0].timestamp``."""
        return dotted(self.path)

    @property
    def fault(self) -> Fault:
        """What to tell the station."""
        return Fault(self.kind, f"{self.field or 'payload'}: {self.rule}"[:MAX_TEXT])


def dotted(path: Sequence[str | int]) -> str:
    """A path into JSON as people write it."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


@attrs.define(slots=False, eq=False)
class Schemas:
    """The schemas of one version; compiled when first asked for one, all at once."""

    folder: str
    """Package of the version inside ``ocpp``, for example ``v16``."""

    @cached_property
    def documents(self) -> Mapping[str, Json]:
        """The schemas as written, by file name without ``.json``."""
        folder = files("ocpp").joinpath(self.folder, "schemas")
        return {
            file.name.removesuffix(".json"): json.loads(file.read_text("utf-8-sig"))
            for file in folder.iterdir()
            if file.name.endswith(".json")
        }

    @cached_property
    def _exact(self) -> Mapping[str, jsonschema_rs.Validator]:
        return {
            name: jsonschema_rs.Draft4Validator(document, validate_formats=False)
            for name, document in self.documents.items()
        }

    @cached_property
    def _inbound(self) -> Mapping[str, jsonschema_rs.Validator]:
        return self._compiled(validate_formats=False)

    @cached_property
    def _outbound(self) -> Mapping[str, jsonschema_rs.Validator]:
        return self._compiled(validate_formats=True)

    def _compiled(self, *, validate_formats: bool) -> Mapping[str, jsonschema_rs.Validator]:
        return {
            name: jsonschema_rs.validator_for(document, validate_formats=validate_formats)
            for name, document in self.documents.items()
        }

    def accepts(self, name: str, payload: object) -> bool:
        """Whether a payload of a station can be read as it is: its schema has nothing to say
        against it, and integers are written as integers."""
        try:
            return self._exact[name].is_valid(payload)
        except ValueError:  # no JSON (a lone surrogate for a key) or nested too deeply
            return False

    def flaw(self, name: str, payload: object) -> Flaw | None:
        """What is wrong with a payload of a station."""
        return _flaw(self._inbound[name], payload)

    def check(self, name: str, payload: object) -> None:
        """Raise `PayloadError` for a payload that breaks its schema."""
        flaw = self.flaw(name, payload)
        if flaw is not None:
            raise PayloadError(flaw.fault)

    def outbound_flaw(self, name: str, payload: object) -> Flaw | None:
        """What is wrong with a payload of ours; names the field that is too many, and the words
        that there are."""
        return _flaw(self._outbound[name], payload, telling=True)


def outlandish(value: object, path: tuple[str | int, ...] = ()) -> Flaw | None:
    """What no version can carry in a request of ours, be it valid by an open schema: integers
    beyond 32 bits, text that cannot be stored, nesting without end."""
    match value:
        case str() if not storable(value):
            return Flaw(FaultKind.PROPERTY, path, "has characters that cannot be kept")
        case int() if not -(2**31) <= value < 2**31:
            return Flaw(FaultKind.PROPERTY, path, "is no integer of 32 bits")
        case dict() | list() if len(path) == MAX_DEPTH:
            return Flaw(FaultKind.FORMAT, (), "is nested too deeply")
        case dict():
            flaws = (outlandish(item, (*path, key)) for key, item in value.items())
        case list():
            flaws = (outlandish(item, (*path, place)) for place, item in enumerate(value))
        case _:
            return None
    return next((flaw for flaw in flaws if flaw is not None), None)


def _flaw(
    validator: jsonschema_rs.Validator, payload: object, *, telling: bool = False
) -> Flaw | None:
    try:
        error = next(validator.iter_errors(payload), None)
    except ValueError:
        return Flaw(FaultKind.FORMAT, (), "is not plain JSON, or is nested too deeply")
    if error is None:
        return None
    keyword, wanted = error.kind.name, error.kind.value
    path = tuple(error.instance_path)
    if keyword == "required":
        path += (wanted,)
    if telling and keyword == "additionalProperties":
        return Flaw(_KINDS[keyword], (*path, wanted[0][:_MAX_NAME]), "is no field of the message")
    if telling and keyword == "enum":
        return Flaw(FaultKind.PROPERTY, path, f"is not one of {among(wanted)}")
    if isinstance(wanted, list):
        wanted = " or ".join(map(str, wanted))
    rule = _WORDS.get(keyword, "breaks the schema's " + keyword).format(wanted)
    return Flaw(_KINDS.get(keyword, FaultKind.PROPERTY), path, rule)
