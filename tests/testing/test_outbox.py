"""`MemoryOutbox` keeps the contract of the outbox."""

from __future__ import annotations

from datetime import datetime

import attrs
import pytest

from csms.core.events import Event
from csms.testing.contracts.outbox import OLD, OutboxContract
from csms.testing.outbox import MemoryOutbox


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.outbox.OutboxBench`."""

    outbox: MemoryOutbox = attrs.field(factory=MemoryOutbox)

    async def append(self, *events: Event, at: datetime = OLD) -> None:
        """Commit events."""
        self.outbox.append(events, at)


class TestMemoryOutbox(OutboxContract):
    """The contract, in memory."""

    @pytest.fixture
    def bench(self) -> Bench:
        """An empty outbox."""
        return Bench()
