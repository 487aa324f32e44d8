"""What tests of storage may ask for."""

from __future__ import annotations

import pytest_twisted

from csms.storage.pool import Pool


@pytest_twisted.async_fixture
async def operators(pool: Pool) -> Pool:
    """A pool on a database that has operators 1 and 2."""
    await pool.execute("INSERT INTO operator (name) VALUES ('other')")
    return pool
