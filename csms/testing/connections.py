"""Connections in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.listings import CONNECTIONS, REFUSED
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports import IConnections
from csms.core.values import Connection, RefusedAttempt


def prefix(item: Connection | RefusedAttempt, value: object) -> bool:
    """Whether the item's identity begins so."""
    return item.identity.startswith(str(value))


@implementer(IConnections)
@attrs.define
class MemoryConnections:
    """`IConnections` over dictionaries; seeded by `seed` and `seed_refused`."""

    now: Callable[[], datetime]
    _newest: dict[int, Connection] = attrs.field(factory=dict, init=False)
    _refused: dict[tuple[str, str], RefusedAttempt] = attrs.field(factory=dict, init=False)

    def seed(self, connection: Connection) -> Connection:
        """Put a connection, which replaces the one of the same station."""
        self._newest[connection.station_id] = connection
        return connection

    def seed_refused(self, attempt: RefusedAttempt) -> RefusedAttempt:
        """Put a refused attempt, which replaces the one of the same identity and reason."""
        self._refused[attempt.identity, attempt.reason] = attempt
        return attempt

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Connection]:
        """See `IConnections`."""
        return page(
            CONNECTIONS,
            query,
            self._live(operator_id),
            key=lambda connection: (connection.station_id,),
            tests={"identity": prefix},
        )

    async def get(self, identity: str, operator_id: int | None = None) -> Connection:
        """See `IConnections`."""
        for connection in self._live(operator_id):
            if connection.identity == identity:
                return connection
        raise NotFound("the station is not connected")

    async def refused(self, query: Query) -> Page[RefusedAttempt]:
        """See `IConnections`."""
        return page(
            REFUSED,
            query,
            self._refused.values(),
            key=lambda attempt: (attempt.identity, attempt.reason),
            tests={"identity": prefix},
        )

    async def forget_refused(self, identity: str) -> None:
        """See `IConnections`."""
        for key in [key for key in self._refused if key[0] == identity]:
            del self._refused[key]

    def _live(self, operator_id: int | None) -> tuple[Connection, ...]:
        return tuple(
            connection
            for connection in self._newest.values()
            if connection.disconnected_at is None and operator_id in (None, connection.operator_id)
        )
