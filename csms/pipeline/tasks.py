"""The one place where a coroutine is started that nobody awaits."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from csms.core.errors import Refusal
from csms.core.ports import ITasks
from csms.pipeline.waiting import within


@implementer(ITasks)
@attrs.define(eq=False)
class Tasks:
    """Runs coroutines in the background, logs those that fail, and waits for them at shutdown."""

    _clock: IReactorTime
    _running: dict[Deferred[object], str] = attrs.field(factory=dict, init=False)
    _idle: Deferred[None] | None = attrs.field(default=None, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    def __len__(self) -> int:
        """How many are running."""
        return len(self._running)

    def spawn(self, work: Coroutine[Any, Any, object], /, what: str, **fields: object) -> None:
        """Start a coroutine.

        ``what`` names it in the log, with the fields (``station=``, ``session=`` ...): a bug as
        an error with its traceback, a `Refusal` as a warning.
        """
        running = Deferred.fromCoroutine(work)
        self._running[running] = what
        running.addBoth(self._ended, running, what, fields)

    async def drain(self, timeout_s: float) -> None:
        """Wait until nothing runs any more, also of what is started meanwhile; what takes
        longer is cancelled."""
        if not self._running:
            return
        self._idle = Deferred()
        try:
            await within(self._clock, timeout_s, self._idle)
        except TimeoutError:
            self._log.warn("gave up waiting for {left}", left=sorted(self._running.values()))
            for running in tuple(self._running):
                running.cancel()

    def _ended(
        self, result: object, running: Deferred[object], what: str, fields: dict[str, Any]
    ) -> None:
        del self._running[running]
        if isinstance(result, Failure):
            error = result.value
            if isinstance(error, Refusal):
                self._log.warn("{what}: {detail}", what=what, detail=error.detail, **fields)
            elif not isinstance(error, CancelledError):
                self._log.failure("{what} failed", result, what=what, **fields)
        if self._idle is not None and not self._running and not self._idle.called:
            self._idle.callback(None)
