"""`PostgresConnections` keeps the contract of connections."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
import pytest_twisted

from csms.core.errors import NotFound
from csms.core.pages import Query
from csms.core.values import Connection, RefusedAttempt
from csms.storage.connections import PostgresConnections
from csms.storage.pool import Pool
from csms.testing.contracts.connections import AT, ConnectionsContract


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.connections.ConnectionsBench`."""

    pool: Pool
    connections: PostgresConnections

    async def connect(
        self, identity: str, operator_id: int, *, node: str = "n1", minutes: int = 0
    ) -> Connection:
        """Open a connection."""
        station_id = await self.pool.one(
            "INSERT INTO station (identity, operator_id, registration)"
            " VALUES (%s, %s, 'accepted') RETURNING id",
            (identity, operator_id),
            int,
        )
        made = Connection(
            station_id=station_id,
            operator_id=operator_id,
            identity=identity,
            epoch=1,
            node=node,
            peer="192.0.2.1",
            ocpp_version="1.6",
            connected_at=AT + timedelta(minutes=minutes),
            last_seen_at=AT + timedelta(minutes=minutes),
        )
        await self.pool.execute(
            "INSERT INTO connection (station_id, operator_id, epoch, node, peer, ocpp_version,"
            " connected_at, last_seen_at) VALUES (%s, %s, 1, %s, %s, '1.6', %s, %s)",
            (station_id, operator_id, node, made.peer, made.connected_at, made.last_seen_at),
        )
        return made

    async def disconnect(self, identity: str) -> None:
        """Close the connection of a station."""
        await self.pool.execute(
            "UPDATE connection SET disconnected_at = %s, close_reason = 'x'"
            " WHERE station_id = (SELECT id FROM station WHERE identity = %s)",
            (AT, identity),
        )

    async def refuse(self, attempt: RefusedAttempt) -> None:
        """Turn somebody away."""
        await self.pool.execute(
            "INSERT INTO refused_attempt (identity, reason, peer, attempts, first_at, last_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                attempt.identity,
                attempt.reason,
                attempt.peer,
                attempt.attempts,
                attempt.first_at,
                attempt.last_at,
            ),
        )


@pytest.fixture
def bench(operators: Pool) -> Bench:
    """No connections."""
    return Bench(operators, PostgresConnections(operators))


class TestPostgresConnections(ConnectionsContract):
    """The contract, in PostgreSQL."""


@pytest_twisted.ensureDeferred
async def test_of_deleted_station(bench: Bench) -> None:
    """A station that was deleted is not connected, even before its socket is closed."""
    await bench.connect("cp-1", 1)
    await bench.pool.execute("UPDATE station SET deleted_at = now()")
    assert (await bench.connections.list(Query())).items == ()
    with pytest.raises(NotFound):
        await bench.connections.get("cp-1")
