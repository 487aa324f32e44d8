"""`MemoryLocalLists` keeps the contract of the book of local lists."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from csms.core.decisions import Write
from csms.core.values import Registration
from csms.testing.contracts.locallists import AT, OURS, LocalListsContract
from csms.testing.locallists import MemoryLocalLists
from csms.testing.operations import MemoryOperationsBook
from csms.testing.stations import MemoryStations
from csms.testing.tokens import MemoryTokens


class Bench:
    """See `csms.testing.contracts.locallists.ListsBench`."""

    def __init__(self) -> None:
        self.time = AT
        self.stations = MemoryStations(self.now)
        self.tokens = MemoryTokens(self.now)
        self.operations = MemoryOperationsBook(self.now)
        self.book = MemoryLocalLists(self.stations, self.tokens, self.operations)

    def now(self) -> datetime:
        """Each time is later than the one before."""
        self.time += timedelta(seconds=1)
        return self.time

    async def station(self, identity: str, operator_id: int = OURS, **fields: object) -> int:
        """A new station."""
        registration = Registration(str(fields.pop("registration", "accepted")))
        fields = {"connected": True, **fields, "registration": registration}
        return self.stations.seed(identity, operator_id, **fields).id

    async def write(self, write: Write) -> None:
        """What the answer of a station leads to."""
        self.book.write(write)


class TestMemoryLocalLists(LocalListsContract):
    """The contract, in memory."""

    @pytest.fixture
    def bench(self) -> Bench:
        """An empty book."""
        return Bench()


def test_other_writes() -> None:
    """It keeps nothing else."""
    with pytest.raises(AssertionError):
        Bench().book.write(Write())
