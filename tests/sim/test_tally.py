"""Counts of a run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csms.sim.connector import Session
from csms.sim.events import Event
from csms.sim.tally import Tally


def note(tally: Tally, kind: str, identity: str = "CP1", **data: object) -> None:
    tally.note(Event(0.0, identity, kind, "", data))


def test_connections() -> None:
    """Stations are counted as connected until their connection is lost, cut or restarted."""
    tally = Tally()
    for number in range(4):
        note(tally, "connected", f"CP{number}")
    assert tally.connected == 4
    note(tally, "lost", "CP0")
    note(tally, "cut", "CP1")
    note(tally, "reboot", "CP2")
    assert (tally.connected, tally.lost, tally.cuts) == (1, 1, 1)
    note(tally, "cut", "CP1")
    note(tally, "connected", "CP1")
    assert tally.connected == 2


def test_boots() -> None:
    """A station counts as accepted once, whatever happens later."""
    tally = Tally()
    note(tally, "boot", status="Pending")
    assert tally.accepted == 0
    note(tally, "boot", status="Accepted")
    note(tally, "boot", status="Accepted")
    assert tally.accepted == 1


def test_sessions() -> None:
    """Sessions are counted while they run and when they are over, with their energy."""
    tally = Tally()
    session = Session(
        connector_id=1, tag="T", started_at=datetime.now(UTC), meter_start=0, meter_stop=500
    )
    note(tally, "started", session=session)
    assert (tally.charging, tally.finished) == (1, 0)
    note(tally, "stopped", session=session)
    assert (tally.charging, tally.finished, tally.energy_wh) == (0, 1, 500)


def test_others() -> None:
    """Commands, verdicts and messages given up are counted."""
    tally = Tally()
    note(tally, "command", action="Reset")
    note(tally, "authorized", verdict="Blocked")
    note(tally, "dropped")
    note(tally, "heartbeat")
    assert (tally.commands["Reset"], tally.verdicts["Blocked"], tally.dropped) == (1, 1, 1)


def test_latency() -> None:
    """Quantiles of the last answers, in milliseconds."""
    tally = Tally()
    assert tally.latency_ms(0.5) == 0
    for milliseconds in range(1, 101):
        tally.answered(milliseconds / 1000)
    assert tally.latency_ms(0.5) == pytest.approx(50)
    assert tally.latency_ms(0.99) == pytest.approx(99)
    assert tally.latency_ms(1) == pytest.approx(100)
    assert tally.answers == 100


def test_line() -> None:
    """One line tells it all."""
    tally = Tally(charging=2, finished=3, energy_wh=4500)
    assert tally.line(10, 1) == (
        "connected 0/10  charging 2  sessions 3  4.5 kWh  "
        "answers 0 (p50 0 ms, p99 0 ms)  lost 0  findings 1"
    )
