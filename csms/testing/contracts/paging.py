"""What every list keeps to, whatever it lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import msgspec
import pytest

from csms.core.errors import Invalid
from csms.core.listings import Listing
from csms.core.pages import MAX_LIMIT, Page, Query

T = TypeVar("T")
MAX_PAGES = 50
"""More than any list has that is tested."""
Fetch = Callable[[Query], Awaitable[Page[T]]]


def queries(listing: Listing) -> Iterator[Query]:
    """Every sort of the list, read in small pages of several sizes."""
    orders = [sign + name for name in listing.sorts for sign in ("", "-")]
    for sort in (None, *orders):
        for limit in (1, 2, 3, 5):
            yield Query(sort=sort, limit=limit)


async def pages(fetch: Fetch[T], query: Query) -> list[Page[T]]:
    """Every page of a list, from the first to the last."""
    found = [await fetch(query)]
    while len(found) < MAX_PAGES and (cursor := found[-1].next_cursor) is not None:
        found.append(await fetch(msgspec.structs.replace(query, cursor=cursor)))
    return found


async def check_pages(fetch: Fetch[Any], listing: Listing, total: int) -> None:
    """However sorted, and whatever the size of a page, the pages together are the whole list,
    in order, each as long as asked but the last."""
    for query in queries(listing):
        whole = (await fetch(msgspec.structs.replace(query, limit=MAX_LIMIT))).items
        assert len(whole) == total
        found = await pages(fetch, query)
        assert [item for page in found for item in page.items] == list(whole)
        assert all(len(page.items) == query.limit for page in found[:-1])
        order = query.sort or listing.default
        values = [getattr(item, order.removeprefix("-")) for item in whole]
        known = [value for value in values if value is not None]
        assert values[: len(known)] == known, "what has no value comes last"
        assert known == sorted(known, reverse=order.startswith("-"))


async def check_refusals(fetch: Fetch[Any]) -> None:
    """A query that does not fit is refused, naming what is wrong.  The list holds two items or
    more."""
    for query, field in [
        (Query(filters={"nonsense": "x"}), "nonsense"),
        (Query(sort="nonsense"), "sort"),
        (Query(limit=0), "limit"),
        (Query(limit=MAX_LIMIT + 1), "limit"),
        (Query(cursor="nonsense"), "cursor"),
        (Query(cursor="ä\0"), "cursor"),
    ]:
        with pytest.raises(Invalid) as caught:
            await fetch(query)
        assert caught.value.field == field
    first = await fetch(Query(limit=1))
    assert first.next_cursor is not None


async def check_foreign_cursor(fetch: Fetch[Any], ours: Query, other: Query) -> None:
    """A cursor is good only with the filters and the sort it was made for."""
    first = await fetch(msgspec.structs.replace(ours, limit=1))
    assert first.next_cursor is not None
    with pytest.raises(Invalid) as caught:
        await fetch(msgspec.structs.replace(other, cursor=first.next_cursor))
    assert caught.value.field == "cursor"
