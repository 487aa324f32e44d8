"""A set that somebody may wait for to become empty."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

import attrs
from twisted.internet.defer import Deferred

T = TypeVar("T", bound=Hashable)


@attrs.define(eq=False)
class Crowd(Generic[T]):
    """Members come and go; `gone` fires when the last has left."""

    _members: set[T] = attrs.field(factory=set, init=False)
    _waiting: list[Deferred[None]] = attrs.field(factory=list, init=False)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._members)

    def __iter__(self) -> Iterator[T]:
        """Those who are there now; more may come and go meanwhile."""
        return iter(tuple(self._members))

    def add(self, member: T) -> None:
        """One comes."""
        self._members.add(member)

    def discard(self, member: T) -> None:
        """One leaves, if it was there."""
        self._members.discard(member)
        while self._waiting and not self._members:
            waiting = self._waiting.pop()
            if not waiting.called:  # the wait was cancelled
                waiting.callback(None)

    def gone(self) -> Deferred[None]:
        """Fires when nobody is there; cancelling ends only the wait."""
        waiting: Deferred[None] = Deferred()
        if self._members:
            self._waiting.append(waiting)
        else:
            waiting.callback(None)
        return waiting
