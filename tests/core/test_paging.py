"""Lists over what is in memory."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from csms.core.listings import Kind, Listing, Sort
from csms.core.pages import Query
from csms.core.paging import page


class Thing(msgspec.Struct, frozen=True):
    """Something to list."""

    id: int
    size: float | None


THINGS = Listing(
    name="things", filters={}, sorts={"size": Sort(Kind.NUMBER, nullable=True)}, default="size"
)


@given(
    sizes=st.lists(st.none() | st.integers(-2, 2).map(float), max_size=12),
    descending=st.booleans(),
    limit=st.integers(1, 5),
)
def test_any_population(sizes: list[float | None], descending: bool, limit: int) -> None:
    """Whatever is in a list, its pages together are the whole of it, sorted as asked, with what
    has no value at the end."""
    things = [Thing(number, size) for number, size in enumerate(sizes)]
    query = Query(sort="-" * descending + "size", limit=limit)
    found = []
    while True:
        got = page(THINGS, query, things, key=lambda thing: (thing.id,))
        found += got.items
        if got.next_cursor is None:
            break
        assert len(got.items) == limit
        query = msgspec.structs.replace(query, cursor=got.next_cursor)
    known = [thing for thing in things if thing.size is not None]
    known.sort(key=lambda thing: (thing.size, thing.id), reverse=descending)
    unknown = [thing for thing in things if thing.size is None]
    assert found == known + (unknown[::-1] if descending else unknown)
