"""`MemorySettlements` keeps the contract."""

from __future__ import annotations

import attrs
import pytest

from csms.core.payments.vocabulary import Settlement
from csms.testing.contracts.settlements import SettlementsContract
from csms.testing.payments import MemorySettlements


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.settlements.SettlementsBench`."""

    settlements: MemorySettlements = attrs.field(factory=MemorySettlements)

    async def keep(self, settlement: Settlement, operator_id: int) -> None:
        """See `SettlementsBench`."""
        self.settlements.seed(settlement, operator_id)


@pytest.fixture
def bench() -> Bench:
    """Nothing settled."""
    return Bench()


class TestMemorySettlements(SettlementsContract):
    """The contract, in memory."""
