"""The event log."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.task import Clock

from csms.sim.events import Event, EventLog


def test_watch_and_keep(clock: Clock) -> None:
    """Events are told to the watcher and the newest are kept."""
    seen: list[Event] = []
    log = EventLog(clock, "CP1", seen.append, keep=2)
    for number in range(3):
        log.note("metered", f"sample {number}", number=number)
    assert [event.data["number"] for event in seen] == [0, 1, 2]
    assert [event.data["number"] for event in log] == [1, 2]


def test_until_waits(clock: Clock, finish: Any) -> None:
    """Waiting ends with the first event that has the kind and the data wanted."""
    log = EventLog(clock, "CP1")
    clock.callLater(1, log.note, "status", "", status="Preparing")
    clock.callLater(2, log.note, "status", "", status="Charging")
    assert finish(log.until("status", status="Charging")).data == {"status": "Charging"}


def test_until_goes_on_where_it_was(clock: Clock, finish: Any) -> None:
    """What happened before the call counts, but each event only once."""
    log = EventLog(clock, "CP1")
    for number in range(3):
        log.note("stopped", "", number=number)
    assert [finish(log.until("stopped")).data["number"] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(DeferredTimeout):
        finish(log.until("stopped", timeout_s=1))


def test_until_after_waiting(clock: Clock, finish: Any) -> None:
    """An event that ended one wait does not end the next."""
    log = EventLog(clock, "CP1", keep=0)
    clock.callLater(1, log.note, "stopped", "")
    finish(log.until("stopped"))
    with pytest.raises(DeferredTimeout):
        finish(log.until("stopped", timeout_s=1))
