"""Can this process do its work?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from csms.core.errors import Refusal
from csms.core.ports import IHealth, Readiness
from csms.pipeline.waiting import within

Check = Callable[[], Coroutine[Any, Any, str | None]]
"""Says what is wrong with a part, None when it is well; may raise a `Refusal` instead."""

PATIENCE_S: Final = 1.0
WELL = "ok"


def database(ping: Callable[[], Awaitable[None]]) -> Check:
    """Well when the database answers."""

    async def check() -> str | None:
        await ping()
        return None

    return check


def intake(queued: Callable[[], int], limit: int) -> Check:
    """Well while there is room for reports."""

    async def check() -> str | None:
        waiting = queued()
        return None if waiting < limit else f"{waiting} reports wait, which is the limit"

    return check


def migrations(pending: Callable[[], Awaitable[int]]) -> Check:
    """Well when the schema is what this software expects; ``pending`` counts what is missing."""

    async def check() -> str | None:
        missing = await pending()
        return f"{missing} migrations are to be applied" if missing else None

    return check


@implementer(IHealth)
@attrs.define(eq=False)
class Health:
    """`IHealth` over named checks, which all have the same second to answer in."""

    _clock: IReactorTime
    _checks: Mapping[str, Check]
    _log: Logger = attrs.field(factory=Logger, init=False)

    async def readiness(self) -> Readiness:
        """See `IHealth.readiness`."""
        running = {
            name: Deferred.fromCoroutine(self._verdict(name, check))
            for name, check in self._checks.items()
        }
        until = self._clock.seconds() + PATIENCE_S
        parts: dict[str, str] = {}
        for name, verdict in running.items():
            try:
                parts[name] = await within(self._clock, until - self._clock.seconds(), verdict)
            except TimeoutError:
                verdict.cancel()
                parts[name] = f"no answer within {PATIENCE_S:g} s"
        return Readiness(ready=all(each == WELL for each in parts.values()), parts=parts)

    async def _verdict(self, name: str, check: Check) -> str:
        try:
            return await check() or WELL
        except CancelledError:
            raise
        except Refusal as refusal:
            # Not its detail: whoever asks is a stranger, and that may name hosts.
            return refusal.code
        except Exception:  # noqa: BLE001 - whoever asks wants an answer
            self._log.failure("the check of {part} failed", part=name)
            return "the check failed"
