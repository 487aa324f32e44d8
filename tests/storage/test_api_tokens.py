"""`PostgresApiTokens` keeps the contract of API tokens, and seldom asks the database."""

from __future__ import annotations

import pytest
import pytest_twisted

from csms.core.errors import Invalid
from csms.storage.api_tokens import PostgresApiTokens
from csms.storage.pool import Pool
from csms.testing.contracts.api_tokens import ApiTokensContract, Watch


@pytest.fixture
def watch() -> Watch:
    """The time."""
    return Watch()


@pytest.fixture
def api_tokens(operators: Pool, watch: Watch) -> PostgresApiTokens:
    """No tokens."""
    return PostgresApiTokens(operators, watch)


class TestPostgresApiTokens(ApiTokensContract):
    """The contract, in PostgreSQL."""


@pytest_twisted.ensureDeferred
async def test_believed(api_tokens: PostgresApiTokens, operators: Pool, watch: Watch) -> None:
    """A token that was just verified is believed for half a minute, and not longer."""
    _, secret = await api_tokens.create("x", "admin", 1)
    await api_tokens.verify(secret)
    await operators.execute("DELETE FROM api_token")
    watch.advance(29)
    assert await api_tokens.verify(secret) is not None
    watch.advance(1)
    assert await api_tokens.verify(secret) is None
    watch.advance(-20)
    assert await api_tokens.verify(secret) is None


@pytest_twisted.ensureDeferred
async def test_secret_is_hashed(api_tokens: PostgresApiTokens, operators: Pool) -> None:
    """The database never has the secret."""
    _, secret = await api_tokens.create("x", "admin", 1)
    kept = await operators.one("SELECT api_token::text FROM api_token", (), str)
    assert secret not in kept
    assert secret.encode().hex() not in kept


@pytest_twisted.ensureDeferred
async def test_bad_name(api_tokens: PostgresApiTokens) -> None:
    """A name that cannot be kept is refused."""
    with pytest.raises(Invalid) as caught:
        await api_tokens.create("\0", "admin", 1)
    assert caught.value.field == "name"


@pytest_twisted.ensureDeferred
async def test_bounded(operators: Pool, watch: Watch) -> None:
    """Not more tokens are remembered than a limit; all of them go on working."""
    api_tokens = PostgresApiTokens(operators, watch, max_believed=2)
    made = [await api_tokens.create("x", "admin", 1) for _ in range(5)]
    for token, secret in [*made, *made]:
        verified = await api_tokens.verify(secret)
        assert verified is not None
        assert verified.id == token.id
        assert len(api_tokens._believed) <= 2
