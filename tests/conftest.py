"""What tests of every package may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_twisted
from twisted.internet import reactor

from csms.storage.pool import Pool
from csms.testing.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres(postgres_server: PostgresServer) -> str:
    """The URL of that server's database ``postgres``, which has no tables."""
    return postgres_server.url()


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh database with all tables."""
    name = postgres_server.migrated()
    yield postgres_server.url(name)
    postgres_server.retire(name)


@pytest_twisted.async_yield_fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """A pool that is connected to ``database``."""
    pool = Pool(url=database, reactor=reactor, size=3)
    pool.startService()
    await pool.wait_ready()
    yield pool
    await pool.stopService()
