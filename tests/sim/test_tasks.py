"""Coroutines on their own."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from csms.sim.tasks import Signal, Tasks, at_most, pause, together


def test_named_task_replaces_its_predecessor(clock: Clock) -> None:
    """A task started under a name cancels the one that runs under it."""
    tasks, seen = Tasks(), []

    async def work(name: str) -> None:
        await pause(clock, 5)
        seen.append(name)

    tasks.start(work("old"), "work")
    tasks.start(work("new"), "work")
    assert len(tasks) == 1
    clock.advance(5)
    assert seen == ["new"]
    assert len(tasks) == 0


def test_cancel_all(clock: Clock) -> None:
    """Cancelled tasks go no further and leave no timers."""
    tasks = Tasks()
    tasks.start(pause(clock, 5))
    tasks.start(pause(clock, 6), "named")
    tasks.cancel_all()
    assert not clock.getDelayedCalls()
    assert len(tasks) == 0


@pytest.mark.parametrize("delay", [0, 5])
def test_failure_is_logged(clock: Clock, delay: float, bugs: list[Any]) -> None:
    """An exception in a task is logged, at once or later."""
    tasks = Tasks()

    async def broken() -> None:
        if delay:
            await pause(clock, delay)
        raise RuntimeError

    tasks.start(broken())
    clock.advance(5)
    assert bugs.pop().type is RuntimeError
    assert len(tasks) == 0


def test_signal(clock: Clock) -> None:
    """Waiting ends when it happens; afterwards nobody waits at all."""
    signal = Signal()
    first = Deferred.fromCoroutine(signal.wait())
    assert not first.called
    signal.happen()
    assert first.called
    assert Deferred.fromCoroutine(signal.wait()).called


def test_release(clock: Clock) -> None:
    """A release lets those go who wait now, not those who come later."""
    signal = Signal()
    first = Deferred.fromCoroutine(signal.wait())
    signal.release()
    second = Deferred.fromCoroutine(signal.wait())
    assert (first.called, second.called, signal.happened) == (True, False, False)


def test_at_most(clock: Clock) -> None:
    """Waiting ends with the time, and tells whether it was in vain."""
    signal = Signal()
    outcome: list[bool] = []
    Deferred.fromCoroutine(at_most(clock, 5, signal.wait())).addCallback(outcome.append)
    Deferred.fromCoroutine(at_most(clock, 9, signal.wait())).addCallback(outcome.append)
    clock.advance(5)
    assert outcome == [False]
    signal.happen()
    assert outcome == [False, True]
    assert not clock.getDelayedCalls()


def test_together(clock: Clock) -> None:
    """Side by side, and done when all are done."""
    done = Deferred.fromCoroutine(together(pause(clock, seconds) for seconds in (1, 3, 2)))
    clock.advance(2)
    assert not done.called
    clock.advance(1)
    assert done.called


def test_together_fails(clock: Clock) -> None:
    """What one of them raises is raised."""

    async def broken() -> None:
        await pause(clock, 1)
        raise RuntimeError

    done = Deferred.fromCoroutine(together([broken(), broken()]))
    clock.advance(1)
    failures: list[Any] = []
    done.addErrback(failures.append)
    assert failures[0].type is RuntimeError


def test_together_is_cancelled(clock: Clock) -> None:
    """Cancelled, all of them end, and it is no failure of the task."""
    tasks = Tasks()
    tasks.start(together(pause(clock, seconds) for seconds in (1, 2)))
    tasks.cancel_all()
    assert not clock.getDelayedCalls()
