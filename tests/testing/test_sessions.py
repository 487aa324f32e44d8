"""`MemorySessions` keeps the contract of sessions."""

from __future__ import annotations

import attrs
import pytest

from csms.core.values import Session, StoredReading
from csms.testing.contracts.sessions import AT, SessionsContract
from csms.testing.sessions import MemorySessions


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.sessions.SessionsBench`."""

    sessions: MemorySessions = attrs.field(factory=lambda: MemorySessions(lambda: AT))

    async def station(self, identity: str, operator_id: int) -> int:
        """The id of a station."""
        number = int(identity.removeprefix("cp-"))
        self.sessions.seed_station(identity, number, operator_id)
        return number

    async def session(self, session: Session) -> None:
        """Keep a session."""
        self.sessions.seed(session)

    async def reading(self, reading: StoredReading) -> None:
        """Keep a reading."""
        self.sessions.seed_reading(reading)


class TestMemorySessions(SessionsContract):
    """The contract, in memory."""

    @pytest.fixture
    def bench(self) -> Bench:
        """No sessions."""
        return Bench()
