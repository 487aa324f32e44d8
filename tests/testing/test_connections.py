"""`MemoryConnections` keeps the contract of connections."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import attrs
import msgspec
import pytest

from csms.core.values import Connection, RefusedAttempt
from csms.testing.connections import MemoryConnections
from csms.testing.contracts.connections import AT, ConnectionsContract


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.connections.ConnectionsBench`."""

    connections: MemoryConnections = attrs.field(factory=lambda: MemoryConnections(lambda: AT))
    numbers: count[int] = attrs.field(factory=count)

    async def connect(
        self, identity: str, operator_id: int, *, node: str = "n1", minutes: int = 0
    ) -> Connection:
        """Open a connection."""
        at = AT + timedelta(minutes=minutes)
        return self.connections.seed(
            Connection(
                station_id=next(self.numbers),
                operator_id=operator_id,
                identity=identity,
                epoch=1,
                node=node,
                peer="192.0.2.1",
                ocpp_version="1.6",
                connected_at=at,
                last_seen_at=at,
            )
        )

    async def disconnect(self, identity: str) -> None:
        """Close the connection of a station."""
        connection = await self.connections.get(identity)
        self.connections.seed(msgspec.structs.replace(connection, disconnected_at=AT))

    async def refuse(self, attempt: RefusedAttempt) -> None:
        """Turn somebody away."""
        self.connections.seed_refused(attempt)


class TestMemoryConnections(ConnectionsContract):
    """The contract, in memory."""

    @pytest.fixture
    def bench(self) -> Bench:
        """No connections."""
        return Bench()
