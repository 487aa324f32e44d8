"""`MemoryReservations` keeps the contract of the book of reservations."""

from __future__ import annotations

import attrs
import pytest

from csms.core.events import Event
from csms.testing.contracts.reservations import AT, ReservationsContract
from csms.testing.operations import MemoryOperationsBook
from csms.testing.reservations import MemoryReservations


@attrs.define
class Bench:
    """See `csms.testing.contracts.reservations.ReservationsBench`."""

    operations: MemoryOperationsBook = attrs.field(factory=lambda: MemoryOperationsBook(lambda: AT))
    book: MemoryReservations = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.book = MemoryReservations(self.operations)

    async def station(self, identity: str, operator_id: int) -> int:
        """The id of a station."""
        return int(identity.removeprefix("cp-"))

    async def events(self) -> list[Event]:
        """Everything published."""
        return self.book.published


class TestMemoryReservations(ReservationsContract):
    """The contract, in memory."""

    @pytest.fixture
    def bench(self) -> Bench:
        """An empty book."""
        return Bench()
