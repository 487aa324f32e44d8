"""From bytes to shapes: what callers send, read strictly, refused by name.

A request that cannot be read (broken JSON, wrong encoding) is `Malformed`; one that can, but
breaks a rule, is `Invalid` and names every part at fault.  Texts that no database keeps (NUL,
half a surrogate pair) and numbers that no 64-bit integer holds are refused here, once, for all
routes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

from csms.api.choices import fields_at, words_at
from csms.api.problems import FieldError, Malformed, ShapeInvalid, UnsupportedMedia
from csms.core.errors import Invalid, among

MAX_DEPTH = 64
MAX_PARAMETERS = 64
_MAX_ERRORS = 20
_MAX_TEXT = 200
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_JSON = re.compile(
    r"application/(?:json|[\w.+-]+\+json)\s*+(?:;\s*+(?:charset=\"?utf-8\"?\s*+(?:;\s*+)?)?)?"
)
_NAMED = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)
_NO_CHOICE = re.compile(r"Invalid enum value |Expected `str` matching regex ")
_SPACE_FOR_PLUS = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+) (\d\d:?\d\d)")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_SNAKE = re.compile(r"_([a-z0-9])")


def read_path(variables: Mapping[str, str], kinds: Mapping[str, Any]) -> dict[str, str]:
    """Decode the variables of a path, which come percent-encoded, and hold each against its
    kind."""
    decoded = {}
    for name, value in variables.items():
        try:
            text = unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            raise Malformed("the path is not UTF-8", field=name) from None
        check_storable(text, name)
        shaped(text, kinds[name], strict=False, path=name)
        decoded[name] = text
    return decoded


def read_parameters(raw: bytes) -> dict[str, str]:
    """The parameters of a query string, each at most once."""
    try:
        pairs = parse_qsl(
            raw.decode(),
            keep_blank_values=True,
            max_num_fields=MAX_PARAMETERS,
            errors="strict",
        )
    except UnicodeDecodeError:
        raise Malformed("the query string is not UTF-8") from None
    except ValueError:
        raise Malformed("the query string has too many parameters") from None
    parameters: dict[str, str] = {}
    for name, value in pairs:
        check_storable(name, "query")
        check_storable(value, name)
        if name in parameters:
            raise Invalid("given more than once", field=name[:_MAX_TEXT])
        # An unescaped + of a time's offset arrives as a space.
        parameters[name] = _SPACE_FOR_PLUS.sub(r"\1+\2", value)
    return parameters


def read_query(parameters: Mapping[str, str], shape: Any, *, lenient: bool) -> Any:
    """The parameters as the route's query shape; unknown ones are refused unless ``lenient``."""
    given = camel(dict(parameters)) if lenient else dict(parameters)
    return shaped(given, shape, strict=False)


def read_body(
    content: bytes,
    content_types: Sequence[str],
    encodings: Sequence[str],
    shape: Any,
    *,
    optional: bool,
    lenient: bool,
) -> Any:
    """The body as the route's shape."""
    if not content:
        if optional:
            return shaped({}, shape)
        raise Malformed("a JSON body is needed", code="body_missing")
    if len(content_types) != 1 or not _JSON.fullmatch(content_types[0].lower()):
        raise UnsupportedMedia("send the body as application/json in UTF-8")
    if any(encoding.lower() != "identity" for encoding in encodings):
        raise UnsupportedMedia("send the body without a content encoding")
    value = decoded_json(content)
    check_storable(value, "")
    return shaped(camel(value) if lenient else value, shape)


def decoded_json(content: bytes) -> Any:
    """The JSON value in ``content``; a byte order mark before it is ignored."""
    try:
        return msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.DecodeError as error:
        raise Malformed(f"the body is not JSON: {error}") from None
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None


def shaped(value: object, shape: Any, *, strict: bool = True, path: str = "") -> Any:
    """The value as ``shape``; raises `ShapeInvalid` naming every part at fault."""
    try:
        return msgspec.convert(value, shape, strict=strict)
    except msgspec.ValidationError as error:
        errors = _field_errors(value, shape, strict=strict, path=path)
        raise ShapeInvalid(
            (errors or [_field_error(str(error), path, shape)])[:_MAX_ERRORS]
        ) from None


def check_storable(value: object, path: str, depth: int = 0) -> None:
    """Refuse what cannot be kept: NUL, lone surrogates, huge integers, bottomless nesting."""
    if depth > MAX_DEPTH:
        raise Invalid("nested too deeply", field=_bounded(path))
    match value:
        case str():
            if _UNSTORABLE.search(value):
                raise Invalid("holds characters that cannot be kept", field=_bounded(path))
        case int():
            if not -(2**63) <= value < 2**63:
                raise Invalid("the number is too large", field=_bounded(path))
        case dict():
            for name, item in value.items():
                check_storable(name, path, depth + 1)
                check_storable(item, _joined(path, name), depth + 1)
        case list():
            for index, item in enumerate(value):
                check_storable(item, f"{path}[{index}]", depth + 1)
        case _:
            pass


def moment(value: datetime, field: str) -> datetime:
    """A time somebody sent, in UTC and within what every part can keep."""
    if not _EARLIEST <= value < _LATEST:
        raise Invalid("expected a time between the years 1970 and 9998", field=field)
    return value.astimezone(UTC)


def camel(value: Any) -> Any:
    """The value with every field name in camelCase (``charge_point_id`` -> ``chargePointId``)."""
    match value:
        case dict():
            return {
                _SNAKE.sub(lambda found: found[1].upper(), name): camel(item)
                for name, item in value.items()
            }
        case list():
            return [camel(item) for item in value]
        case _:
            return value


def _field_errors(value: object, shape: Any, *, strict: bool, path: str) -> list[FieldError]:
    """What is wrong with each field; msgspec alone stops at the first."""
    if not isinstance(value, dict) or not isinstance(shape, type(msgspec.Struct)):
        return []
    errors = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for name, field in fields.items():
        try:
            if name in value:
                msgspec.convert(value[name], field.type, strict=strict)
            elif field.required:
                errors.append(FieldError(_bounded(_joined(path, name)), "required"))
        except msgspec.ValidationError as error:
            errors.append(_field_error(str(error), _joined(path, name), field.type))
    if shape.__struct_config__.forbid_unknown_fields:
        strangers = [name for name in value if name not in fields]
        errors += [
            # One telling what there is will do.
            FieldError(_bounded(_joined(path, name)), "unknown" if number else _unknown(fields))
            for number, name in enumerate(strangers)
        ]
    return errors


def _field_error(text: str, path: str, shape: Any) -> FieldError:
    """msgspec's complaint about a value of that shape, which ends in a path such as
    ``$.connectors[0]``."""
    detail, _, at = text.rpartition(" - at ")
    detail, at = (detail, at) if detail else (at, "")
    found = re.search(r"\$([^`]*)", at)
    place = found[1] if found else ""
    path += place if path else place.removeprefix(".")
    named = _NAMED.search(detail)
    if named:
        path = _joined(path, named[2])
        unknown = named[1] == "contains unknown"
        detail = _unknown(fields_at(shape, place)) if unknown else "required"
    elif _NO_CHOICE.match(detail) and (words := words_at(shape, place)):
        detail = f"expected one of {among(words)}"
    return FieldError(_bounded(path) or None, _bounded(detail.replace("`", "")))


def _unknown(fields: Iterable[str]) -> str:
    return f"unknown; there are {among(fields) or 'none'}"


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _bounded(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "\N{HORIZONTAL ELLIPSIS}"
