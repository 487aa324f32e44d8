"""Lists, by one convention: filtered, sorted by one column, read page by page from a cursor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from msgspec import Struct, field

T = TypeVar("T")

MAX_LIMIT = 500


class Query(Struct, frozen=True, kw_only=True):
    """What part of a list is wanted.

    ``filters`` maps a filter's name to its value (already parsed: str, int, bool, datetime);
    ``sort`` names a column, with a leading ``-`` for descending; ``cursor`` is the opaque
    `Page.next_cursor` of the page before.  Unknown filters or sorts are the asker's mistake
    (`csms.core.errors.Invalid` naming the field).
    """

    filters: Mapping[str, object] = field(default_factory=dict)
    sort: str | None = None
    limit: int = 50
    cursor: str | None = None


class Page(Struct, Generic[T], frozen=True):
    """Some items, and where to go on; ``next_cursor`` is None at the end."""

    items: tuple[T, ...]
    next_cursor: str | None = None
