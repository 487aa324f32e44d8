"""The smallest payload that an OCPP JSON schema allows, the same each time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

TIME = "2026-03-01T12:00:00.000Z"

_NUMBERS: Mapping[str, int] = {
    "evseId": 1,
    "connectorId": 1,
    "interval": 60,
    "listVersion": 1,
    "versionNumber": 1,
    "stackLevel": 0,
    "startPeriod": 0,
    "seqNo": 0,
    "severity": 5,
}
"""Values that make sense under a name; others are the least there are, or 1."""


def example(schema: Json, *, fill: frozenset[str] = frozenset()) -> Any:
    """A payload with nothing but what is required, and the fields named in ``fill``."""
    return _value("", schema, schema, fill)


def _value(name: str, schema: Json, root: Json, fill: frozenset[str]) -> Any:
    if "$ref" in schema:
        return _value(name, root["definitions"][schema["$ref"].rpartition("/")[2]], root, fill)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            required = {*schema.get("required", ()), *fill}
            return {
                field: _value(field, inner, root, fill)
                for field, inner in schema.get("properties", {}).items()
                if field in required
            }
        case "array":
            least = max(schema.get("minItems", 1), 1)
            return [_value(name, schema["items"], root, fill) for _ in range(least)]
        case "string":
            return _text(name, schema)
        case "integer":
            return max(_NUMBERS.get(name, 1), int(schema.get("minimum", 0)))
        case "number":
            return max(float(_NUMBERS.get(name, 1)), float(schema.get("minimum", 0)))
        case "boolean":
            return False
        case _:
            return "x"


def _text(name: str, schema: Json) -> str:
    match schema.get("format"):
        case "date-time":
            return TIME
        case "uri":
            return "https://files.example/a"
        case _:
            return name[: schema.get("maxLength", 20)]
