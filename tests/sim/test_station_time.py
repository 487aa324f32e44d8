"""The clock of a charger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from twisted.internet.task import Clock

from csms.sim.station_time import StationTime, read_time, wire_time


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


def test_read_time() -> None:
    """RFC 3339 is read with any offset and in small letters; what no calendar has is not."""
    noon = datetime(2026, 5, 5, 12, tzinfo=UTC)
    for text in ("2026-05-05T12:00:00Z", "2026-05-05t12:00:00.000z", "2026-05-05T14:00:00+02:00"):
        assert read_time(text) == noon
    assert read_time("2026-12-31T23:59:60Z") is None
    assert read_time("0000-01-01T00:00:00Z") is None
