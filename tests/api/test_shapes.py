"""What all shapes share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from csms.api.routes import Call, NoQuery
from csms.api.shapes import Listed, given, list_query, listed, next_link, query_of, told, told_if
from csms.core import listings
from csms.core.errors import Invalid
from csms.core.listings import Listing
from csms.core.pages import Page, Query


def call(**parameters: str) -> Call[None, NoQuery]:
    """A call of `/things`."""
    return Call(
        path={},
        query=NoQuery(),
        body=None,
        caller=None,
        request_id="r",
        target="/things",
        parameters=parameters,
    )


def test_times_end_in_z_with_milliseconds() -> None:
    """Times are told in UTC, to the millisecond, with a Z."""
    at = datetime(2026, 1, 1, 2, 3, 4, 987654, tzinfo=timezone(timedelta(hours=1)))
    assert told(at) == "2026-01-01T01:03:04.987Z"
    assert told(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
    assert told_if(None) is None


LISTINGS = [value for value in vars(listings).values() if isinstance(value, Listing)]


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.name)
def test_query_shape_has_what_the_list_declares(listing: Listing) -> None:
    """Filters and paging of a list are parameters, all of them optional."""
    shape = list_query(listing)
    assert {*shape.__struct_fields__} == {*listing.filters, "sort", "limit", "cursor"}
    assert given(shape()) == {}
    for sort in listing.sorts:
        for asked in (sort, f"-{sort}"):
            assert msgspec.convert({"sort": asked}, shape).sort == asked
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"sort": "secret"}, shape)


def test_query_of_nothing_is_the_default() -> None:
    """Without parameters the list's own defaults hold."""
    assert query_of(list_query(listings.STATIONS)()) == Query()


def test_query_of_everything() -> None:
    """Filters, sort, limit and cursor reach the port."""
    shape = list_query(listings.SESSIONS)
    at = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    asked = shape(station="A", started_from=at, sort="-started_at", limit=3, cursor="c")
    filters = {"station": "A", "started_from": datetime(2026, 1, 1, tzinfo=UTC)}
    assert query_of(asked) == Query(filters=filters, sort="-started_at", limit=3, cursor="c")


def test_query_times_must_be_possible() -> None:
    """A time no database compares is refused by its name."""
    shape = list_query(listings.SESSIONS)
    with pytest.raises(Invalid) as caught:
        query_of(shape(started_to=datetime(1, 1, 1, tzinfo=UTC)))
    assert caught.value.field == "started_to"


def test_listed_keeps_the_cursor() -> None:
    """A page is told with its items and where to go on."""
    answer = listed(Page((1, 2), "next"), lambda item: item, call())
    assert answer.body == Listed((1, 2), "next")


def test_link_to_the_next_page_repeats_the_query() -> None:
    """The link keeps filters and replaces the cursor."""
    link = next_link(Page((), "n=1"), call(status="active", cursor="old"))["Link"]
    assert link == '</things?status=active&cursor=n%3D1>; rel="next"'
    assert next_link(Page(()), call()) == {}


def test_paging_through_a_list(api: Any) -> None:
    """Following next_cursor visits each item once, in order."""
    for number in range(5):
        api.stations.seed(f"S{number}")
    seen: list[str] = []
    path = "/api/v1/stations?limit=2&sort=-identity"
    while True:
        reply = api.ask("GET", path)
        seen += [item["identity"] for item in reply.json["items"]]
        if reply.json["next_cursor"] is None:
            assert "Link" not in reply.headers
            break
        path = reply.headers["Link"].partition(">")[0].removeprefix("<")
    assert seen == ["S4", "S3", "S2", "S1", "S0"]


def test_foreign_cursor_is_refused(api: Any) -> None:
    """A cursor of another list or query is the caller's mistake."""
    reply = api.ask("GET", "/api/v1/stations?cursor=nonsense")
    assert (reply.status, reply.json["field"]) == (422, "cursor")


def test_given_leaves_out_what_was_not_sent() -> None:
    """null was sent, UNSET was not."""
    shape = list_query(listings.TOKENS)
    assert given(shape(blocked=False, group_id=UNSET)) == {"blocked": False}
