"""Coroutines that run on their own: started, restarted, cancelled, and never lost silently."""

from __future__ import annotations

from collections.abc import Coroutine, Hashable, Iterable
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred, FirstError, gatherResults
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure


@attrs.define(eq=False)
class Tasks:
    """The running coroutines of one owner, some of them by name."""

    log = Logger()

    _running: dict[Hashable, Deferred[None]] = attrs.field(factory=dict, init=False)

    def start(self, work: Coroutine[Any, Any, None], name: Hashable = None) -> None:
        """Run a coroutine; one that runs under the same name is cancelled first."""
        key = object() if name is None else name
        self.cancel(key)
        running = Deferred.fromCoroutine(work)
        if running.called:
            running.addErrback(self._failed)
            return
        self._running[key] = running

        def finished(result: object) -> object:
            if self._running.get(key) is running:
                del self._running[key]
            return result

        running.addBoth(finished)
        running.addErrback(self._failed)

    def cancel(self, name: Hashable) -> None:
        """Cancel what runs under that name, if anything does."""
        running = self._running.pop(name, None)
        if running is not None:
            running.cancel()

    def cancel_all(self) -> None:
        """Cancel everything."""
        for name in list(self._running):
            self.cancel(name)

    def __len__(self) -> int:
        return len(self._running)

    def _failed(self, failure: Failure) -> None:
        if failure.check(CancelledError) is None:
            self.log.failure("bug in a task of the simulator", failure=failure)


@attrs.define(eq=False)
class Signal:
    """Something that happens once and that coroutines wait for."""

    happened: bool = False
    _waiters: list[Deferred[None]] = attrs.field(factory=list, init=False)

    def happen(self) -> None:
        """It happened; those who wait go on."""
        self.happened = True
        self.release()

    def release(self) -> None:
        """Let those who wait go on although it has not happened."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.callback(None)

    async def wait(self) -> None:
        """Wait until it happens or everybody is released."""
        if self.happened:
            return
        waiter: Deferred[None] = Deferred()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)


async def pause(clock: IReactorTime, seconds: float) -> None:
    """Wait."""
    await deferLater(clock, max(0.0, seconds))


async def together(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run coroutines side by side until all are done; raises what the first of them raises."""
    running = [Deferred.fromCoroutine(work) for work in works]
    try:
        await gatherResults(running, consumeErrors=True)
    except FirstError as error:
        error.subFailure.raiseException()


async def at_most(clock: IReactorTime, seconds: float, work: Coroutine[Any, Any, None]) -> bool:
    """Wait for something, but not longer than that; False when it was given up."""
    try:
        await Deferred.fromCoroutine(work).addTimeout(seconds, clock)
    except DeferredTimeout:
        return False
    return True
