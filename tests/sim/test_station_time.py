"""The clock of a charger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from twisted.internet.task import Clock

from csms.sim.station_time import StationTime, wire_time


def test_adopts_the_server_s_time() -> None:
    """The clock is set to the server's and goes on from there."""
    clock = Clock()
    time = StationTime(clock)
    server = datetime(2026, 5, 5, 12, tzinfo=UTC)
    assert time.adopt(server)
    clock.advance(10)
    assert time.now() == server + timedelta(seconds=10)


def test_small_differences_are_ignored() -> None:
    """The delay of the network does not make the clock jump."""
    time = StationTime(Clock())
    assert not time.adopt(time.now() - timedelta(seconds=0.9))
    assert time.offset_s == 0


def test_wire_time() -> None:
    """Times are sent in UTC with milliseconds and Z."""
    at = datetime(2026, 5, 5, 12, 0, 0, 7999, tzinfo=timezone(timedelta(hours=3)))
    assert wire_time(at) == "2026-05-05T09:00:00.007Z"
