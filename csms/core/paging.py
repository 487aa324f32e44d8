"""The lists of `csms.core.listings`, over what is in memory: few items, or a test's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from csms.core.listings import Listing, Place, cursor, plan
from csms.core.pages import Page, Query

T = TypeVar("T")


def page(
    listing: Listing,
    query: Query,
    items: Iterable[T],
    *,
    key: Callable[[T], tuple[object, ...]],
    tests: Mapping[str, Callable[[T, object], bool]] | None = None,
    values: Mapping[str, Callable[[T], object]] | None = None,
) -> Page[T]:
    """One page.  A filter without a test, and a sort without a value, is the item's attribute."""
    wanted = plan(listing, query)
    tests, values = tests or {}, values or {}

    def fits(item: T) -> bool:
        return all(
            tests[name](item, value) if name in tests else getattr(item, name) == value
            for name, value in wanted.filters.items()
        )

    def sorted_value(item: T) -> object:
        return values[wanted.sort](item) if wanted.sort in values else getattr(item, wanted.sort)

    def rank(place: Place) -> tuple[object, ...]:
        return place.keys if place.value is None else (place.value, *place.keys)

    places = [(Place(sorted_value(item), key(item)), item) for item in items if fits(item)]
    ordered = [
        entry
        for missing in (False, True)
        for entry in sorted(
            (entry for entry in places if (entry[0].value is None) is missing),
            key=lambda entry: rank(entry[0]),
            reverse=wanted.descending,
        )
    ]
    after = wanted.after
    if after is not None:
        ordered = [entry for entry in ordered if _beyond(entry[0], after, wanted.descending)]
    shown = ordered[: wanted.limit]
    more = cursor(wanted, shown[-1][0]) if len(ordered) > len(shown) else None
    return Page(tuple(item for _, item in shown), more)


def _beyond(place: Place, after: Place, descending: bool) -> bool:
    """Whether a place lies after another; a missing value lies after every value."""
    if (place.value is None) != (after.value is None):
        return place.value is None
    ranks: list[tuple[object, ...]] = [
        (place.value or 0, *place.keys),
        (after.value or 0, *after.keys),
    ]
    return ranks[0] < ranks[1] if descending else ranks[0] > ranks[1]
