"""Coroutines that nobody awaits are logged when they fail, and waited for at the end."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel
from zope.interface.verify import verifyObject

from csms.core.errors import Unavailable
from csms.core.ports import ITasks
from csms.pipeline.tasks import Tasks
from csms.testing.logs import logged


@pytest.fixture
def clock() -> Clock:
    """Time."""
    return Clock()


@pytest.fixture
def tasks(clock: Clock) -> Tasks:
    """No tasks yet."""
    return Tasks(clock)


async def wait_for(deferred: Deferred[None]) -> None:
    """Work that ends when the test says so."""
    await deferred


async def fail(error: Exception) -> None:
    """Work that fails."""
    raise error


def test_provides(tasks: Tasks) -> None:
    """It provides the port."""
    assert verifyObject(ITasks, tasks)


def test_runs(tasks: Tasks) -> None:
    """What is spawned runs until it ends."""
    end: Deferred[None] = Deferred()
    tasks.spawn(wait_for(end), "waiting")
    assert len(tasks) == 1
    end.callback(None)
    assert len(tasks) == 0


def test_bug(tasks: Tasks) -> None:
    """A bug is logged with its traceback and what it was about."""
    with logged() as events:
        tasks.spawn(fail(ZeroDivisionError()), "dividing", station="CS1")
    (event,) = events
    assert event["log_failure"].check(ZeroDivisionError)
    assert (event["what"], event["station"]) == ("dividing", "CS1")
    assert event["log_level"] is LogLevel.critical


def test_refusal(tasks: Tasks) -> None:
    """A refusal is expected: a warning with its reason."""
    with logged() as events:
        tasks.spawn(fail(Unavailable("gone")), "asking", station="CS1")
    (event,) = events
    assert (event["log_level"], event["detail"]) == (LogLevel.warn, "gone")


def test_drain_nothing(tasks: Tasks, clock: Clock) -> None:
    """Where nothing runs there is nothing to wait for."""
    assert Deferred.fromCoroutine(tasks.drain(5)).called


def test_drain(tasks: Tasks, clock: Clock) -> None:
    """Draining waits for what runs, and for what that starts."""
    first: Deferred[None] = Deferred()
    second: Deferred[None] = Deferred()

    async def chain() -> None:
        await first
        tasks.spawn(wait_for(second), "second")

    tasks.spawn(chain(), "first")
    drained = Deferred.fromCoroutine(tasks.drain(5))
    first.callback(None)
    assert not drained.called
    second.callback(None)
    assert drained.called


def test_drain_is_bounded(tasks: Tasks, clock: Clock) -> None:
    """What takes too long is cancelled, which is no failure."""
    tasks.spawn(wait_for(Deferred()), "sleeping")
    drained = Deferred.fromCoroutine(tasks.drain(5))
    with logged() as events:
        clock.advance(5)
    assert drained.called
    assert len(tasks) == 0
    assert [event["left"] for event in events] == [["sleeping"]]
