"""Locks in the database."""

from __future__ import annotations

import pytest_twisted

from csms.core.errors import Unavailable
from csms.storage.locks import PostgresLocks
from csms.storage.pool import Pool
from csms.testing.contracts.locks import LocksContract
from csms.testing.waiting import together, waits

KILL = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database
                                            WHERE datname = current_database())
"""


async def locks_of(pool: Pool) -> PostgresLocks:
    """The locks of one process."""
    lane = pool.lane()
    await lane.wait_ready()
    return PostgresLocks(lane)


@pytest_twisted.async_fixture
async def processes(pool: Pool) -> tuple[PostgresLocks, PostgresLocks]:
    """Two processes."""
    return await locks_of(pool), await locks_of(pool)


class TestPostgresLocks(LocksContract):
    """The contract, in PostgreSQL."""


async def _retried(locks: PostgresLocks, name: str) -> bool:
    """Hold a lock through the moment in which the connection is seen to be gone."""
    try:
        return await locks.hold(name)
    except Unavailable:
        await locks._lane.wait_ready()
        return await locks.hold(name)


@waits
async def test_connection_lost(pool: Pool, processes: tuple[PostgresLocks, PostgresLocks]) -> None:
    """Who loses the connection loses the lock; another process gets it, and keeps it."""
    ours, theirs = processes
    assert await ours.hold("a")
    await pool.execute(KILL)
    assert await theirs.hold("a")
    assert not await _retried(ours, "a")
    await theirs.release("a")
    assert await ours.hold("a")


@waits
async def test_connection_replaced(
    pool: Pool, processes: tuple[PostgresLocks, PostgresLocks]
) -> None:
    """A lock that was lost with its connection is taken anew on the next one."""
    ours, theirs = processes
    assert await ours.hold("a")
    await pool.execute(KILL)
    assert await _retried(ours, "a")
    assert not await theirs.hold("a")


@waits
async def test_release_after_loss(
    pool: Pool, processes: tuple[PostgresLocks, PostgresLocks]
) -> None:
    """Releasing what was lost with the connection is no error."""
    ours, theirs = processes
    assert await ours.hold("a")
    await pool.execute(KILL)
    await ours.release("a")
    await ours._lane.wait_ready()
    assert await theirs.hold("a")


@waits
async def test_at_the_same_time(processes: tuple[PostgresLocks, PostgresLocks]) -> None:
    """Several locks can be asked for at once."""
    ours, _ = processes
    assert list(await together(*(ours.hold(name) for name in "abc"))) == [True, True, True]
