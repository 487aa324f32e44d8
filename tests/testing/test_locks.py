"""`MemoryLocks` keeps the contract of locks."""

from __future__ import annotations

import pytest

from csms.testing.contracts.locks import LocksContract
from csms.testing.locks import MemoryLocks


class TestMemoryLocks(LocksContract):
    """The contract, in memory."""

    @pytest.fixture
    def processes(self) -> tuple[MemoryLocks, MemoryLocks]:
        """Two processes."""
        ours = MemoryLocks()
        return ours, MemoryLocks(ours.holders)
