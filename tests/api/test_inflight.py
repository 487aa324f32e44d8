"""Requests under way."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.task import Clock

from csms.api.inflight import InFlight


async def _echo(gate: Deferred[Any]) -> Any:
    return await gate


def test_result_is_handed_on() -> None:
    """What the work results in is the result."""
    gate: Deferred[int] = Deferred()
    results: list[int] = []
    InFlight().carry(_echo(gate)).addCallback(results.append)
    gate.callback(5)
    assert results == [5]


def test_failure_is_handed_on() -> None:
    """A failure of the work is the failure of its result."""
    gate: Deferred[int] = Deferred()
    carried = InFlight().carry(_echo(gate))
    gate.errback(ValueError("x"))
    failures: list[Any] = []
    carried.addErrback(failures.append)
    assert failures[0].check(ValueError)


@pytest.mark.parametrize("end", ["callback", "errback"])
def test_cancelling_does_not_stop_the_work(end: str) -> None:
    """Who waits may stop waiting; the work goes on to its end."""
    gate: Deferred[int] = Deferred()
    in_flight = InFlight()
    carried = in_flight.carry(_echo(gate))
    carried.addErrback(lambda failure: failure.trap(CancelledError))
    carried.cancel()
    assert len(in_flight) == 1
    assert not gate.called
    getattr(gate, end)(5 if end == "callback" else ValueError("nobody asks"))
    assert len(in_flight) == 0


def test_landed_waits_for_all() -> None:
    """Shutdown waits for everything under way, also for what fails."""
    in_flight = InFlight()
    gates: list[Deferred[int]] = [Deferred(), Deferred()]
    for gate in gates:
        in_flight.carry(_echo(gate)).addErrback(lambda _: None)
    landed = in_flight.landed()
    gates[0].callback(1)
    assert not landed.called
    gates[1].errback(ValueError())
    assert landed.called


def test_landed_of_nothing() -> None:
    """With nothing under way there is nothing to wait for."""
    assert InFlight().landed().called


def test_giving_up_the_wait_leaves_the_work() -> None:
    """A wait that times out does not cancel what it waited for."""
    clock, gate = Clock(), Deferred()
    in_flight = InFlight()
    results: list[Any] = []
    in_flight.carry(_echo(gate)).addCallback(results.append)
    landed = in_flight.landed().addTimeout(1, clock)
    landed.addErrback(lambda failure: failure.trap(DeferredTimeout))
    clock.advance(2)
    gate.callback(7)
    assert results == [7]
