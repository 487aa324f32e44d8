"""`MemoryTokens` keeps the contract of drivers' tokens."""

from __future__ import annotations

import pytest

from csms.testing.contracts.tokens import AT, TokensContract
from csms.testing.tokens import MemoryTokens


class TestMemoryTokens(TokensContract):
    """The contract, in memory."""

    @pytest.fixture
    def tokens(self) -> MemoryTokens:
        """No tokens."""
        return MemoryTokens(lambda: AT)


def test_seed() -> None:
    """A test may put a token as it likes."""
    token = MemoryTokens(lambda: AT).seed("tag", 2, blocked=True)
    assert (token.id_token, token.operator_id, token.blocked) == ("tag", 2, True)
