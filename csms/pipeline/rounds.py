"""Work that is done again and again: at intervals, and at once when there is reason to."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from csms.core.errors import Unavailable
from csms.pipeline.waiting import Bell, within

FIRST_RETRY_S = 0.5
STOP_PATIENCE_S = 3.0


@attrs.define(eq=False, kw_only=True)
class Rounds:
    """Does ``work`` in rounds, one at a time, until it is stopped.

    A round comes ``interval_s`` after the one before, or when `wake` was called, or at once
    when the work says (True) that there is more; yet never sooner than ``gather_s`` after the
    one before, so that many reasons share a round.  A round that fails is logged and tried
    again with growing pauses, up to ``worst_s``; a database that is gone is told of once.
    """

    what: str
    work: Callable[[], Coroutine[Any, Any, bool]]
    clock: IReactorTime
    interval_s: float
    gather_s: float = 0.0
    worst_s: float = 30.0
    _bell: Bell = attrs.field(init=False)
    _loop: Deferred[None] | None = attrs.field(default=None, init=False)
    _stopping: bool = attrs.field(default=False, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    @_bell.default
    def _make_bell(self) -> Bell:
        return Bell(self.clock)

    def start(self) -> None:
        """Begin; the first round starts now."""
        assert self._loop is None  # started once
        self._stopping = False
        self._loop = Deferred.fromCoroutine(self._run())

    def wake(self) -> None:
        """Have a round as soon as may be."""
        self._bell.ring()

    async def stop(self) -> None:
        """Begin no further round; wait for the one under way, which is cancelled after a while."""
        loop, self._loop = self._loop, None
        if loop is not None:
            self._stopping = True
            self._bell.ring()
            try:
                await within(self.clock, STOP_PATIENCE_S, loop)
            except TimeoutError:
                self._log.warn("{what} does not end", what=self.what)
                loop.cancel()

    async def _run(self) -> None:
        failures = 0
        while not self._stopping:
            more = False
            try:
                more = await self.work()
            except CancelledError:
                return
            except Unavailable as gone:
                if not failures:
                    self._log.warn("{what} waits: {detail}", what=self.what, detail=gone.detail)
                failures += 1
            except Exception:  # noqa: BLE001 - logged; the next round may fare better
                self._log.failure("{what} failed", what=self.what)
                failures += 1
            else:
                if failures:
                    self._log.info("{what} goes on", what=self.what)
                failures = 0
            if failures:
                pause = FIRST_RETRY_S * 2 ** min(failures - 1, 16)
                await self._nap(min(pause, self.worst_s), wakeable=False)
                continue
            woken = await self._nap(self.gather_s, wakeable=False)
            if not (more or woken):
                await self._nap(self.interval_s - self.gather_s, wakeable=True)

    async def _nap(self, seconds: float, *, wakeable: bool) -> bool:
        """Wait so long, less when stopping or (if ``wakeable``) woken; whether it was woken."""
        woken = False
        until = self.clock.seconds() + seconds
        while not self._stopping and (left := until - self.clock.seconds()) > 0:
            if await self._bell.wait(left):
                woken = True
                if wakeable:
                    break
        return woken
