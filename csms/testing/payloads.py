"""Hypothesis strategies for payloads: valid ones out of an OCPP JSON schema, and broken ones.

What the schemas of the standard use of JSON schema is understood, not more.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from hypothesis import strategies as st

Json = dict[str, Any]

_MAX_TEXT = 30
_MAX_ITEMS = 3


def _digits(count: int) -> int:
    """An integer of so many digits that Python refuses to print it."""
    return int(10**count)


any_text: st.SearchStrategy[str] = st.one_of(
    st.text(max_size=_MAX_TEXT),
    st.text(alphabet="\x00\ud800a ", max_size=4),
    st.sampled_from(["", " ", "NaN", "1,5", '"7"', "1e999", "x" * 600, "1970-01-01T00:00:00Z"]),
)
"""Text, with what nobody can store and what looks like something else."""

any_json: st.SearchStrategy[object] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([2**31, -(2**63) - 1, 10**400]),
        st.just(5000).map(_digits),
        st.floats(),
        any_text,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=_MAX_ITEMS), st.dictionaries(any_text, inner, max_size=_MAX_ITEMS)
    ),
    max_leaves=6,
)
"""Any JSON value and some that only a lax parser gives (NaN, lone surrogates)."""

plain_json: st.SearchStrategy[object] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=_MAX_TEXT)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=_MAX_ITEMS),
        st.dictionaries(st.text(max_size=_MAX_TEXT), inner, max_size=_MAX_ITEMS),
    ),
    max_leaves=4,
)
"""What JSON can hold, and nothing odd."""


def payloads(schema: Json, root: Json | None = None) -> st.SearchStrategy[Any]:
    """Payloads that are valid by ``schema``."""
    root = schema if root is None else root
    if "$ref" in schema:
        return payloads(root["definitions"][schema["$ref"].rpartition("/")[2]], root)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "type" not in schema:
        return plain_json
    match schema["type"]:
        case "object":
            return _objects(schema, root)
        case "array":
            least = schema.get("minItems", 0)
            most = min(schema.get("maxItems", _MAX_ITEMS), max(_MAX_ITEMS, least))
            return st.lists(payloads(schema["items"], root), min_size=least, max_size=most)
        case "string":
            return _texts(schema)
        case "integer":
            least, most = schema.get("minimum", -(2**31)), schema.get("maximum", 2**31 - 1)
            return st.integers(int(least), int(most))
        case "number":
            tenths = st.integers(
                int(10 * schema.get("minimum", -(10**6))), int(10 * schema.get("maximum", 10**6))
            )
            return tenths.map(lambda number: number / 10)
        case _:
            return st.booleans()


def _objects(schema: Json, root: Json) -> st.SearchStrategy[Any]:
    fields = {name: payloads(field, root) for name, field in schema.get("properties", {}).items()}
    required = set(schema.get("required", ()))
    known = st.fixed_dictionaries(
        {name: field for name, field in fields.items() if name in required},
        optional={name: field for name, field in fields.items() if name not in required},
    )
    if schema.get("additionalProperties") is False:
        return known
    more = st.dictionaries(st.text(max_size=_MAX_TEXT), plain_json, max_size=2)
    return st.builds(lambda fields, extra: {**extra, **fields}, known, more)


def _texts(schema: Json) -> st.SearchStrategy[Any]:
    match schema.get("format"):
        case "date-time":
            return times()
        case "uri":
            return st.sampled_from(["ftp://files.example/in", "https://files.example/a?b=c"])
        case _:
            return st.text(max_size=min(schema.get("maxLength", _MAX_TEXT), _MAX_TEXT))


@st.composite
def times(draw: st.DrawFn) -> str:
    """RFC 3339 times, of the usual kind and of any offset."""
    offset = draw(st.sampled_from([0, 0, 180, -330, 840]))
    zone = timezone(timedelta(minutes=offset))
    at = draw(st.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 31), timezones=st.just(zone)))
    return at.isoformat().replace("+00:00", "Z")


@st.composite
def mutated(draw: st.DrawFn, schema: Json) -> object:
    """Payloads of ``schema`` with one to three things done to them that stations do."""
    payload = deepcopy(draw(payloads(schema)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(payload))
        if not places:
            return draw(any_json)
        _mutate(draw, *draw(st.sampled_from(places)))
    return payload


def _places(value: object) -> list[tuple[Any, Any]]:
    """Every place in a JSON value, as its container and its key there."""
    keys: Iterable[Any]
    match value:
        case dict():
            keys = list(value)
        case list():
            keys = range(len(value))
        case _:
            return []
    return [place for key in keys for place in ((value, key), *_places(cast("Any", value)[key]))]


def _mutate(draw: st.DrawFn, holder: Any, key: Any) -> None:
    value = holder[key]
    match draw(st.sampled_from(["replace", "remove", "void", "add", "respell", "wrap", "unwrap"])):
        case "replace":
            holder[key] = draw(any_json)
        case "remove":
            del holder[key]
        case "void":
            holder[key] = None
        case "add" if isinstance(holder, dict):
            holder[draw(any_text)] = draw(any_json)
        case "add":
            holder.append(draw(any_json))
        case "respell" if isinstance(value, str):
            forms = (f" {value} ", f'"{value}"', value.upper(), value * 40, f"{value}\0")
            holder[key] = draw(st.sampled_from(forms))
        case "respell" if isinstance(value, int) and abs(value) < 2**63:
            holder[key] = draw(st.sampled_from((float(value), str(value), value + 0.5)))
        case "unwrap" if isinstance(value, list) and value:
            holder[key] = value[0]
        case _:
            holder[key] = [value]
