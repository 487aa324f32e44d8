"""Waiting: with a limit, for a while, and for a bell."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from csms.pipeline.waiting import Bell, pause, within


@pytest.fixture
def clock() -> Clock:
    """Time."""
    return Clock()


def waiting_for(clock: Clock, work: Deferred[str]) -> Deferred[str]:
    """Somebody who waits for at most 5 s."""
    return Deferred.fromCoroutine(within(clock, 5, work))


def failure_of(deferred: Deferred[str]) -> BaseException:
    """What the Deferred failed with."""
    failures: list[BaseException] = []
    deferred.addErrback(lambda failure: failures.append(failure.value))
    return failures[0]


def result_of(deferred: Deferred[str]) -> object:
    """What the Deferred has as its result; None if nothing yet."""
    results: list[object] = []
    deferred.addCallback(results.append)
    return results[0] if results else None


def test_in_time(clock: Clock) -> None:
    """What comes in time is the result, and no timer is left."""
    work: Deferred[str] = Deferred()
    waiting = waiting_for(clock, work)
    work.callback("done")
    assert result_of(waiting) == "done"
    assert not clock.getDelayedCalls()


def test_failure_in_time(clock: Clock) -> None:
    """A failure that comes in time is raised."""
    work: Deferred[str] = Deferred()
    waiting = waiting_for(clock, work)
    work.errback(ZeroDivisionError())
    assert isinstance(failure_of(waiting), ZeroDivisionError)


def test_too_late(clock: Clock) -> None:
    """Who waits is told when time is up; the work itself goes on, and how it ends is dropped."""
    work: Deferred[str] = Deferred()
    waiting = waiting_for(clock, work)
    clock.advance(5)
    assert isinstance(failure_of(waiting), TimeoutError)
    work.errback(ZeroDivisionError())
    assert not isinstance(work.result, Failure)  # which would be logged as unhandled


def test_cancelled(clock: Clock) -> None:
    """Who stops waiting does not stop the work, and leaves no timer."""
    work: Deferred[str] = Deferred()
    waiting = waiting_for(clock, work)
    waiting.cancel()
    assert isinstance(failure_of(waiting), CancelledError)
    work.callback("done")
    assert not clock.getDelayedCalls()


def test_pause(clock: Clock) -> None:
    """A pause is as long as asked for; cancelling it leaves no timer."""
    paused = Deferred.fromCoroutine(pause(clock, 2))
    clock.advance(1.9)
    assert not paused.called
    clock.advance(0.1)
    assert paused.called
    cut = Deferred.fromCoroutine(pause(clock, 2))
    cut.addErrback(lambda failure: failure.trap(CancelledError))
    cut.cancel()
    assert not clock.getDelayedCalls()


def rung(bell: Bell) -> Deferred[bool]:
    """Somebody who waits for the bell, at most 5 s."""
    return Deferred.fromCoroutine(bell.wait(5))


def test_bell_wakes(clock: Clock) -> None:
    """A ring wakes who waits."""
    bell = Bell(clock)
    waiting = rung(bell)
    assert not waiting.called
    bell.ring()
    assert waiting.result is True
    assert not clock.getDelayedCalls()


def test_bell_in_vain(clock: Clock) -> None:
    """Without a ring, the wait ends when its time is up."""
    waiting = rung(Bell(clock))
    clock.advance(5)
    assert waiting.result is False


def test_bell_remembers(clock: Clock) -> None:
    """Rings that nobody waited for are remembered as one."""
    bell = Bell(clock)
    bell.ring()
    bell.ring()
    assert rung(bell).result is True
    assert not rung(bell).called
