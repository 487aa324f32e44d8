"""`PostgresTokens` keeps the contract of drivers' tokens."""

from __future__ import annotations

import pytest

from csms.storage.pool import Pool
from csms.storage.tokens import PostgresTokens
from csms.testing.contracts.tokens import TokensContract


@pytest.fixture
def tokens(operators: Pool) -> PostgresTokens:
    """No tokens."""
    return PostgresTokens(operators)


class TestPostgresTokens(TokensContract):
    """The contract, in PostgreSQL."""
