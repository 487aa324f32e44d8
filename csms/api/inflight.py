"""Requests under way: each is carried to its end, and shutdown waits for them."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from csms.api.crowd import Crowd

T = TypeVar("T")


@attrs.define
class InFlight:
    """The requests being answered, whether or not their clients still wait.

    Once ``closing``, new ones are refused.
    """

    closing: bool = False
    _open: Crowd[Deferred[Any]] = attrs.field(factory=Crowd, init=False)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._open)

    def carry(self, work: Coroutine[Any, Any, T]) -> Deferred[T]:
        """Carry work to its end; cancelling the result only means not to wait for it."""
        inner = Deferred.fromCoroutine(work)
        outer: Deferred[T] = Deferred()
        self._open.add(inner)

        def ended(result: T | Failure) -> None:
            if not outer.called:  # nobody waits any longer if it was cancelled
                outer.callback(result)
            self._open.discard(inner)

        inner.addBoth(ended)
        return outer

    def landed(self) -> Deferred[None]:
        """Fires when nothing is under way; cancelling ends only the wait."""
        return self._open.gone()
