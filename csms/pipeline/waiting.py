"""Waiting for a while, for whichever comes first, and for being woken."""

from __future__ import annotations

from typing import TypeVar

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

T = TypeVar("T")


async def within(clock: IReactorTime, seconds: float, work: Deferred[T]) -> T:
    """The result of ``work``, if it comes in time; raises `TimeoutError` if not.

    ``work`` is not cancelled, whatever happens to whoever waits; a failure that comes too late
    is dropped.
    """
    first: Deferred[T] = Deferred()

    def pass_on(result: T | Failure) -> None:
        if not first.called:
            first.callback(result)

    timer = clock.callLater(max(seconds, 0.0), pass_on, Failure(TimeoutError(seconds)))
    work.addBoth(pass_on)
    try:
        return await first
    finally:
        if timer.active():
            timer.cancel()


async def pause(clock: IReactorTime, seconds: float) -> None:
    """Wait that long; 0 waits for the reactor's next turn."""
    later: Deferred[None] = Deferred()
    timer = clock.callLater(max(seconds, 0.0), later.callback, None)
    try:
        await later
    finally:
        if timer.active():
            timer.cancel()


@attrs.define(eq=False)
class Bell:
    """Wakes the one coroutine that waits; what rings while nobody does is remembered once."""

    _clock: IReactorTime
    _rung: bool = attrs.field(default=False, init=False)
    _waiting: Deferred[bool] | None = attrs.field(default=None, init=False)

    def ring(self) -> None:
        """Wake who waits, or who will wait next."""
        if self._waiting is None:
            self._rung = True
        else:
            self._end(rung=True)

    async def wait(self, seconds: float) -> bool:
        """Wait for a ring, at most so long; whether it rang."""
        if self._rung:
            self._rung = False
            return True
        assert self._waiting is None  # there is one who waits
        waiting = self._waiting = Deferred()
        timer = self._clock.callLater(max(seconds, 0.0), self._end, rung=False)
        try:
            return await waiting
        finally:
            self._waiting = None
            if timer.active():
                timer.cancel()

    def _end(self, *, rung: bool) -> None:
        waiting, self._waiting = self._waiting, None
        assert waiting is not None  # the timer ends with the wait
        waiting.callback(rung)
