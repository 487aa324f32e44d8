"""`MemoryApiTokens` keeps the contract of API tokens."""

from __future__ import annotations

import pytest
import pytest_twisted

from csms.testing.api_tokens import MemoryApiTokens
from csms.testing.contracts.api_tokens import ApiTokensContract, Watch


class TestMemoryApiTokens(ApiTokensContract):
    """The contract, in memory."""

    @pytest.fixture
    def watch(self) -> Watch:
        """The time."""
        return Watch()

    @pytest.fixture
    def api_tokens(self, watch: Watch) -> MemoryApiTokens:
        """No tokens."""
        return MemoryApiTokens(watch)


@pytest_twisted.ensureDeferred
async def test_seed() -> None:
    """A test gets a secret that works, of the role it wants."""
    tokens = MemoryApiTokens(Watch())
    token = await tokens.verify(tokens.seed("auditor"))
    assert token is not None
    assert token.role == "auditor"
