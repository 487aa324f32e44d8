"""Things gathered in memory until they can be written: one per key, and not too many."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

import attrs

V = TypeVar("V")


@attrs.define(eq=False)
class Tally(Generic[V]):
    """Keeps one thing per ``key``; ``merged(older, newer)`` is what two of one key become.

    Beyond ``limit`` keys, the one that was not heard of for longest is dropped and counted in
    ``dropped``.
    """

    key: Callable[[V], Hashable]
    merged: Callable[[V, V], V]
    limit: int
    dropped: int = attrs.field(default=0, init=False)
    _items: dict[Hashable, V] = attrs.field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: V) -> None:
        """Take a thing in."""
        key = self.key(item)
        known = self._items.pop(key, None)
        self._items[key] = item if known is None else self.merged(known, item)
        if len(self._items) > self.limit:
            del self._items[next(iter(self._items))]
            self.dropped += 1

    def take(self) -> list[V]:
        """Everything, which is gone from here then."""
        items, self._items = self._items, {}
        return [*items.values()]

    def put_back(self, items: Iterable[V]) -> None:
        """Take in what was taken out, as older than what came meanwhile."""
        newer = self.take()
        for item in (*items, *newer):
            self.add(item)
