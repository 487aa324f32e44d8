"""What tests of every package may ask for."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import hypothesis
import pytest
import pytest_twisted
from twisted.internet import reactor

from csms.storage.pool import Pool
from csms.testing.postgres import PostgresServer

# The gate says the same of the same code; HYPOTHESIS_PROFILE=explore looks for what is new.
hypothesis.settings.register_profile("gate", derandomize=True)
hypothesis.settings.register_profile("explore", max_examples=500)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


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
