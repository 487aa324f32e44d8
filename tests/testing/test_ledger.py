"""The book in memory refuses what the database would refuse."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from csms.core.values import Session
from csms.testing.ledger import MemoryBook

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_station_has_one_session_of_a_start() -> None:
    """Another of the same is refused; one of another station, or without one, is not."""
    book = MemoryBook()
    session = Session(
        id="a",
        operator_id=1,
        station_id=1,
        identity="CP1",
        evse_id=1,
        started_at=T0,
        created_at=T0,
        updated_at=T0,
    )
    for number in (1, 2):
        book.keep(replace(session, id=f"{number}"))
    book.keep(replace(session, start_key="7"))
    book.keep(replace(session, start_key="7", energy_wh=1.0))
    book.keep(replace(session, start_key="7", id="b", station_id=2))
    with pytest.raises(ValueError, match="there is a session"):
        book.keep(replace(session, start_key="7", id="c"))
