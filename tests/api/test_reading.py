"""From bytes to shapes."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from csms.api import reading
from csms.api.problems import Malformed, ShapeInvalid, UnsupportedMedia
from csms.api.reading import (
    camel,
    check_storable,
    decoded_json,
    moment,
    read_body,
    read_parameters,
    read_path,
    read_query,
    shaped,
)
from csms.core.errors import Invalid, Refusal


class Plug(Struct, forbid_unknown_fields=True):
    """A part."""

    kind: Annotated[str, Meta(max_length=5)]
    power: int | None = None


class Thing(Struct, forbid_unknown_fields=True, kw_only=True):
    """A shape."""

    name: str
    plugs: tuple[Plug, ...] = ()
    extra: dict[Annotated[str, Meta(max_length=3)], int] | UnsetType = UNSET


class Asked(Struct, forbid_unknown_fields=True, rename="camel"):
    """A query."""

    limit: int = 5
    from_time: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET
    on: bool | UnsetType = UNSET


def body(content: bytes, media: str = "application/json", **options: Any) -> Any:
    """A body read as a `Thing`."""
    encodings = options.pop("encodings", [])
    options = {"optional": False, "lenient": False, **options}
    return read_body(content, [media], encodings, Thing, **options)


def errors(value: object) -> dict[str | None, str]:
    """What is wrong with a value as a `Thing`."""
    with pytest.raises(ShapeInvalid) as caught:
        shaped(value, Thing)
    return {error.field: error.detail for error in caught.value.errors}


def test_every_field_at_fault_is_named() -> None:
    """All parts at fault are told at once, each by its path."""
    found = errors({"plugs": [{"kind": "ok"}, {"kind": 5}], "odd": 1, "extra": {"abcd": 1}})
    assert set(found) == {"name", "plugs[1].kind", "odd", "extra"}
    assert found["name"] == "required"
    assert found["odd"].startswith("unknown; there are name, ")


def test_nested_missing_and_unknown_fields_are_named() -> None:
    """Fields within lists that are missing or unknown are named with their place."""
    assert errors({"name": "x", "plugs": [{}]}) == {"plugs[0].kind": "required"}
    assert errors({"name": "x", "plugs": [{"kind": "x", "y": 1}]}) == {
        "plugs[0].y": "unknown; there are kind, power"
    }


def test_what_is_allowed_is_told() -> None:
    """Not one of some words: which there are is told, and what was sent is not repeated."""

    class Choosing(Struct):
        word: Literal["one", "two"] = "one"
        many: Literal[tuple(range(100))] = 0  # type: ignore[valid-type]  # as list queries do

    with pytest.raises(ShapeInvalid) as caught:
        shaped({"word": "x" * 1000, "many": -1}, Choosing)
    first, second = caught.value.errors
    assert (first.field, first.detail) == ("word", "expected one of one, two")
    assert second.detail.endswith("38, 39 and 60 more")
    with pytest.raises(ShapeInvalid) as caught:
        shaped("three", Literal["one", "two"], path="place")
    assert caught.value.detail == "expected one of one, two"


def test_wrong_kind_of_whole_is_told_without_field() -> None:
    """A value that is no object at all is at fault as a whole."""
    assert errors([]) == {None: "Expected object, got array"}


def test_errors_are_bounded() -> None:
    """Neither many nor long mistakes make a long answer."""
    found = errors({"x" * 1000 + str(number): 1 for number in range(100)})
    assert len(found) <= 20
    assert max(len(field or "") for field in found) <= 200


def test_body_is_read() -> None:
    """A body becomes its shape."""
    assert body(b'{"name": "x"}') == Thing(name="x")


def test_byte_order_mark_is_ignored() -> None:
    """Some editors and shells put one before their JSON."""
    assert body(b'\xef\xbb\xbf{"name": "x"}').name == "x"


@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "APPLICATION/JSON; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/merge-patch+json",
        "application/json ; charset=utf-8 ; ",
        "application/json;",
        "application/json" + " " * 100_000,
    ],
)
def test_json_media_types(media: str) -> None:
    """JSON in UTF-8, by any of its names, is read."""
    assert body(b'{"name": "x"}', media).name == "x"


@pytest.mark.parametrize(
    "media",
    [
        "",
        "text/plain",
        "application/jsonx",
        "application/json; charset=utf-16",
        # These must not take more than one pass.
        "application/json" + " " * 100_000 + "x",
        "application/json;" + " " * 100_000 + "x",
        "application/" + "x+" * 50_000,
    ],
)
def test_other_media_types_are_refused(media: str) -> None:
    """What is not JSON in UTF-8 by its own account is refused."""
    with pytest.raises(UnsupportedMedia):
        body(b'{"name": "x"}', media)


def test_compressed_body_is_refused() -> None:
    """A content encoding is not undone."""
    with pytest.raises(UnsupportedMedia):
        body(b"x", encodings=["gzip"])
    assert body(b'{"name": "x"}', encodings=["identity"]).name == "x"


def test_missing_body() -> None:
    """A body may be left out only where that makes sense."""
    with pytest.raises(Malformed) as caught:
        body(b"")
    assert caught.value.code == "body_missing"
    assert read_body(b"", [], [], Asked, optional=True, lenient=False) == Asked()


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"{} x",
        b"NaN",
        b'{"name": NaN}',
        b'{"name": 1e999}',
        b'{"name": ' + b"1" * 5000 + b"}",
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\udc00x"}',
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": ' + b"[" * 200_000,
        b"[" * 5_000 + b"]" * 5_000,
    ],
)
def test_what_is_not_json_is_malformed(content: bytes) -> None:
    """Broken JSON, and what JSON libraries tolerate, is refused and nothing else happens."""
    with pytest.raises(Malformed):
        body(content)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"name": "a\\u0000b"}', "name"),
        (b'{"name": "x", "plugs": [{"kind": "\\u0000"}]}', "plugs[0].kind"),
        (b'{"\\u0000": 1}', None),
        (b'{"name": 99999999999999999999}', "name"),
        (b'{"name": ' + b"[" * 70 + b"]" * 70 + b"}", "name" + "[0]" * 64),
    ],
)
def test_what_cannot_be_kept_is_refused(content: bytes, field: str | None) -> None:
    """NUL, integers beyond 64 bits and bottomless nesting are refused by name."""
    with pytest.raises(Invalid) as caught:
        body(content)
    assert (caught.value.field or None) == field


@given(st.binary(max_size=50))
def test_no_bytes_surprise(content: bytes) -> None:
    """Whatever bytes come, they are JSON or `Malformed`."""
    with contextlib.suppress(Malformed):
        decoded_json(content)


@given(st.text(max_size=20))
def test_lone_surrogates_cannot_be_kept(text: str) -> None:
    """A half of a pair is refused wherever it stands."""
    with pytest.raises(Invalid):
        check_storable({"a": [text + "\ud800"]}, "")


def test_parameters() -> None:
    """A query string becomes names and values."""
    assert read_parameters(b"a=1&b=%C3%A9+x&c=") == {"a": "1", "b": "é x", "c": ""}


@pytest.mark.parametrize("raw", [b"a=%FF", b"\xff=1", b"&".join(b"x%d=1" % n for n in range(99))])
def test_unreadable_parameters(raw: bytes) -> None:
    """A query that is not UTF-8, or has no end, is malformed."""
    with pytest.raises(Malformed):
        read_parameters(raw)


@pytest.mark.parametrize("raw", [b"a=1&a=2", b"a=%00", b"%00=1"])
def test_refused_parameters(raw: bytes) -> None:
    """A parameter given twice, or one that cannot be kept, is invalid."""
    with pytest.raises(Invalid):
        read_parameters(raw)


def test_query_values_are_converted() -> None:
    """Numbers, flags and times are read from their texts."""
    parameters = {"limit": "7", "fromTime": "2026-01-01T00:00:00Z", "on": "true"}
    assert read_query(parameters, Asked, lenient=False) == Asked(
        7, datetime(2026, 1, 1, tzinfo=UTC), True
    )


def test_plus_of_an_offset_survives() -> None:
    """An offset whose + was not escaped is understood all the same."""
    parameters = read_parameters(b"fromTime=2026-01-01T01:00:00+01:00")
    query = read_query(parameters, Asked, lenient=False)
    assert query.from_time == datetime(2026, 1, 1, tzinfo=UTC)


def test_time_without_offset_is_refused() -> None:
    """A time must say where it is."""
    with pytest.raises(ShapeInvalid) as caught:
        read_query({"fromTime": "2026-01-01T00:00:00"}, Asked, lenient=False)
    assert caught.value.field == "fromTime"


def test_lenient_query_takes_snake_case() -> None:
    """Older clients may spell names either way."""
    query = read_query({"from_time": "2026-01-01T00:00:00Z"}, Asked, lenient=True)
    assert query.from_time is not UNSET


def test_path_is_decoded() -> None:
    """Variables of a path come percent-encoded."""
    assert read_path({"a": "x%2Fy%20%25"}, {"a": str}) == {"a": "x/y %"}


@pytest.mark.parametrize("value", ["%FF", "%00", "%ED%A0%80", "y" * 9])
def test_bad_path_variable_is_refused_by_name(value: str) -> None:
    """What is not UTF-8, cannot be kept or breaks the variable's shape is refused."""
    with pytest.raises(Refusal) as caught:
        read_path({"a": value}, {"a": Annotated[str, Meta(max_length=5)]})
    assert caught.value.field == "a"


def test_path_number() -> None:
    """A number in a path must be one."""
    assert read_path({"n": "7"}, {"n": int}) == {"n": "7"}
    with pytest.raises(Invalid):
        read_path({"n": "seven"}, {"n": int})


def test_moment_is_utc() -> None:
    """A time is taken over in UTC."""
    at = datetime(2026, 1, 1, 6, tzinfo=timezone(timedelta(hours=6)))
    assert moment(at, "x") == datetime(2026, 1, 1, tzinfo=UTC)
    assert moment(at, "x").tzinfo is UTC


@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14))),
    ],
)
def test_impossible_moments(at: datetime) -> None:
    """Times that some part of the system could not hold are refused."""
    with pytest.raises(Invalid) as caught:
        moment(at, "expires_at")
    assert caught.value.field == "expires_at"


def test_camel() -> None:
    """Names change, values do not."""
    assert camel({"charge_point_id": "a_b", "x": [{"id_tag": 1}]}) == {
        "chargePointId": "a_b",
        "x": [{"idTag": 1}],
    }


def test_depth_is_bounded() -> None:
    """The limit of nesting is far below that of the interpreter."""
    assert reading.MAX_DEPTH < 100
