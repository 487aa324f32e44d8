"""What a list can be asked, and the cursor that pages through it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.core import listings
from csms.core.errors import Invalid
from csms.core.listings import Filter, Kind, Listing, Place, Plan, Sort, cursor, plan
from csms.core.pages import MAX_LIMIT, Query

AT = datetime(2026, 3, 1, tzinfo=UTC)
SORTS = {kind.value: Sort(kind, nullable=kind is Kind.NUMBER) for kind in Kind}
FILTERS = {kind.value: Filter(kind) for kind in Kind} | {
    "colour": Filter(Kind.TEXT, ("red", "green"))
}
THINGS = Listing(
    name="things",
    filters=FILTERS,
    sorts=SORTS,
    default="-time",
    keys=(Kind.INTEGER, Kind.UUID),
)
VALUES = {
    Kind.TEXT: st.text(st.characters(exclude_characters="\0", codec="utf-8")),
    Kind.INTEGER: st.integers(-listings.MAX_INTEGER, listings.MAX_INTEGER),
    Kind.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    Kind.TIME: st.datetimes(timezones=st.just(UTC) | st.timezones()),
    Kind.FLAG: st.booleans(),
    Kind.UUID: st.uuids().map(str),
}
GOOD = {
    "text": "x",
    "integer": 1,
    "number": 1.5,
    "time": AT,
    "flag": False,
    "uuid": str(UUID(int=7)),
    "colour": "red",
}


def asked(**query: object) -> Plan:
    """A plan for the things."""
    return plan(THINGS, Query(**query))


def refused(**query: object) -> str | None:
    """The field that is complained of."""
    with pytest.raises(Invalid) as caught:
        asked(**query)
    return caught.value.field


def test_nothing_asked() -> None:
    """Who asks for nothing in particular gets the default sort from its begin."""
    wanted = asked()
    assert (wanted.sort, wanted.descending, wanted.limit, wanted.after) == ("time", True, 50, None)
    assert wanted.filters == {}


@pytest.mark.parametrize("limit", [0, -1, MAX_LIMIT + 1])
def test_limit(limit: int) -> None:
    """A page has from one item to a limit."""
    assert refused(limit=limit) == "limit"
    assert asked(limit=MAX_LIMIT).limit == MAX_LIMIT


@pytest.mark.parametrize("sort", ["", "-", "nonsense", "--time", "TIME"])
def test_unknown_sort(sort: str) -> None:
    """A list is sorted by the columns it declares."""
    if sort:
        assert refused(sort=sort) == "sort"
    else:
        assert asked(sort=sort).sort == "time"


def test_good_filters() -> None:
    """Values of the right kind are taken as they are."""
    assert asked(filters=GOOD).filters == GOOD


def test_spelled_values() -> None:
    """A whole number is a number, and a UUID has one spelling."""
    text = str(UUID(int=0xABC))
    wanted = asked(filters={"number": 2, "uuid": text.upper()})
    assert wanted.filters == {"number": 2.0, "uuid": text}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonsense", "x"),
        ("text", 1),
        ("text", None),
        ("text", "a\0"),
        ("text", "\ud800"),
        ("integer", "1"),
        ("integer", True),
        ("integer", 1.0),
        ("integer", 2**63),
        ("number", "1"),
        ("number", True),
        ("number", float("nan")),
        ("number", float("inf")),
        ("time", "2026-01-01T00:00:00Z"),
        ("time", AT.replace(tzinfo=None)),
        ("flag", 1),
        ("uuid", "x"),
        ("uuid", 7),
        ("colour", "blue"),
    ],
)
def test_bad_filter(name: str, value: object) -> None:
    """A filter that is unknown, or given a value that cannot be, is refused by name."""
    assert refused(filters={name: value}) == name


@given(data=st.data(), descending=st.booleans(), kind=st.sampled_from(Kind))
def test_round_trip(data: st.DataObject, descending: bool, kind: Kind) -> None:
    """A cursor leads back to exactly the place it was made for."""
    value = data.draw(VALUES[kind])
    keys = (data.draw(VALUES[Kind.INTEGER]), data.draw(VALUES[Kind.UUID]))
    sort = "-" * descending + kind.value
    text = cursor(asked(sort=sort), Place(value, keys))
    again = asked(sort=sort, cursor=text)
    assert again.after == Place(value, keys)
    assert again.descending is descending
    assert text.isascii()
    assert "=" not in text


def test_round_trip_none() -> None:
    """The place may be among the items that have no value, where there may be such."""
    place = Place(None, (1, str(UUID(int=1))))
    wanted = asked(sort="number")
    assert wanted.nullable
    assert asked(sort="number", cursor=cursor(wanted, place)).after == place
    assert refused(sort="text", cursor=cursor(asked(sort="text"), place)) == "cursor"


@pytest.mark.parametrize(
    "other",
    [
        {"sort": "time"},
        {"sort": "integer"},
        {"filters": {**GOOD, "text": "y"}},
        {"filters": {**GOOD, "time": AT + timedelta(microseconds=1)}},
        {"filters": {}},
    ],
)
def test_foreign_cursor(other: dict[str, object]) -> None:
    """A cursor is good only with the filters and the sort it was made for."""
    query: dict[str, object] = {"sort": "-time", "filters": GOOD}
    text = cursor(asked(**query), Place(AT, (1, str(UUID(int=1)))))
    assert asked(**query, cursor=text, limit=7).after is not None
    assert refused(**{**query, **other}, cursor=text) == "cursor"


def test_cursor_of_other_list() -> None:
    """Nor is it good for another list."""
    text = cursor(asked(), Place(AT, (1, str(UUID(int=1)))))
    others = msgspec.structs.replace(THINGS, name="others")
    with pytest.raises(Invalid):
        plan(others, Query(cursor=text))


@given(text=st.text() | st.binary().map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_arbitrary_cursor(text: str) -> None:
    """Whatever comes as a cursor is refused, never worse."""
    assert refused(cursor=text) == "cursor"


@pytest.mark.parametrize(
    "content",
    [
        [],
        [1, 2, 3],
        ["seal", AT.isoformat(), [1]],
        ["seal", AT.isoformat(), [1, 2]],
        ["seal", AT.isoformat(), ["1", str(UUID(int=1))]],
        ["seal", "yesterday", [1, str(UUID(int=1))]],
        ["seal", "2026-01-01T00:00:00", [1, str(UUID(int=1))]],
        ["seal", None, [1, str(UUID(int=1))]],
        ["seal", AT.isoformat(), [2**64, str(UUID(int=1))]],
        ["seal", [], [1, str(UUID(int=1))]],
    ],
)
def test_forged_cursor(content: list[object]) -> None:
    """A cursor with the right seal but a place that cannot be is refused too."""
    content = [asked().seal if item == "seal" else item for item in content]
    text = urlsafe_b64encode(msgspec.json.encode(content)).decode()
    assert refused(cursor=text) == "cursor"


def test_deep_cursor() -> None:
    """Nor does one do harm that is nested beyond reason, or too long."""
    deep = urlsafe_b64encode(b'["x",' + b"[" * 3000).decode()
    assert refused(cursor=deep) == "cursor"
    assert refused(cursor="A" * 100_000) == "cursor"


def test_time_zone() -> None:
    """The same moment told in another zone is the same place."""
    moved = AT.astimezone(timezone(timedelta(hours=7)))
    text = cursor(asked(), Place(moved, (1, str(UUID(int=1)))))
    after = asked(cursor=text).after
    assert after is not None
    assert after.value == AT


@pytest.mark.parametrize(
    "listing",
    [value for value in vars(listings).values() if isinstance(value, Listing)],
    ids=lambda listing: listing.name,
)
def test_declared(listing: Listing) -> None:
    """Every list there is has its default among its sorts."""
    assert plan(listing, Query()).sort in listing.sorts
