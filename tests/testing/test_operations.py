"""`MemoryOperationsBook` keeps the contract of the book of operations."""

from __future__ import annotations

import attrs
import pytest

from csms.core.events import Event
from csms.testing.contracts.operations import AT, OperationsContract
from csms.testing.operations import MemoryOperationsBook


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.operations.OperationsBench`."""

    book: MemoryOperationsBook = attrs.field(factory=lambda: MemoryOperationsBook(lambda: AT))

    async def station(self, identity: str, operator_id: int) -> int:
        """The id of a station."""
        return int(identity.removeprefix("cp-"))

    async def events(self) -> list[Event]:
        """Everything published."""
        return self.book.published


class TestMemoryOperationsBook(OperationsContract):
    """The contract, in memory."""

    @pytest.fixture
    def bench(self) -> Bench:
        """An empty book."""
        return Bench()
