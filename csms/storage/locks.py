"""Locks of the cluster: PostgreSQL's advisory locks, held by a connection of our own."""

from __future__ import annotations

import attrs
import psycopg2
from twisted.internet.defer import DeferredLock
from zope.interface import implementer

from csms.core.errors import Unavailable
from csms.core.ports import ILocks
from csms.storage.lane import Lane

# A connection that was replaced unnoticed holds nothing, so holding is bound to the backend
# that took the lock; taking it twice would need two releases.
_HOLD = """
SELECT CASE WHEN pg_backend_pid() = %s THEN true
            ELSE pg_try_advisory_lock(hashtextextended(%s, 0)) END, pg_backend_pid()
"""

_RELEASE = """
SELECT CASE WHEN pg_backend_pid() = %s THEN pg_advisory_unlock(hashtextextended(%s, 0)) END
"""


@implementer(ILocks)
@attrs.define(eq=False)
class PostgresLocks:
    """`ILocks` over a lane that nobody else uses."""

    _lane: Lane
    _backends: dict[str, int] = attrs.field(factory=dict, init=False)
    """For each lock held, the database's process that holds it for us."""
    _turn: DeferredLock = attrs.field(factory=DeferredLock, init=False)

    async def hold(self, name: str) -> bool:
        """See `ILocks`."""
        await self._turn.acquire()
        try:
            backend = self._backends.pop(name, 0)
            ((held, backend_now),) = await self._lane.run(_HOLD, (backend, name))
            assert isinstance(backend_now, int)
            if held:
                self._backends[name] = backend_now
            return bool(held)
        finally:
            self._turn.release()

    async def release(self, name: str) -> None:
        """See `ILocks`."""
        await self._turn.acquire()
        try:
            backend = self._backends.pop(name, None)
            if backend is not None:
                await self._lane.run(_RELEASE, (backend, name))
        except (Unavailable, psycopg2.Error):
            pass  # the lock goes with the connection
        finally:
            self._turn.release()
