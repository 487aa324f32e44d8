"""`MemoryStations` keeps the contract of the register."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest

from csms.core.ports import Quirk
from csms.core.values import Connector
from csms.testing.contracts.stations import StationsContract
from csms.testing.stations import MemoryStations


def now() -> datetime:
    """The time, which is not what these tests are about."""
    return datetime(2026, 3, 1, tzinfo=UTC)


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.stations.StationsBench`."""

    stations: MemoryStations = attrs.field(factory=lambda: MemoryStations(now))

    async def report(self, identity: str, **fields: object) -> None:
        """Set fields."""
        self.stations.report(identity, **fields)

    async def connect(self, identity: str) -> None:
        """Open a connection."""
        self.stations.report(identity, connected=True)

    async def plug(self, identity: str, connector: Connector) -> None:
        """Report a connector."""
        self.stations.plug(identity, connector)

    async def quirk(self, identity: str, quirk: Quirk) -> None:
        """Count a quirk."""
        self.stations.seed_quirk(identity, quirk)


class TestMemoryStations(StationsContract):
    """The contract, in memory."""

    @pytest.fixture
    def bench(self) -> Bench:
        """An empty register."""
        return Bench()
