"""Many timers on one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs

from csms.gateway.wheel import TICK_S, Wheel


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wheel(clock: Clock) -> Wheel:
    return Wheel(clock)


def test_called_in_time(clock: Clock, wheel: Wheel) -> None:
    """Not early, at most a tick late, with its arguments, once."""
    calls: list[str] = []
    wheel.call_later(10.1, calls.append, "x")
    clock.advance(10)
    assert calls == []
    clock.advance(0.25)
    assert calls == ["x"]
    clock.advance(100)
    assert calls == ["x"]


def test_cancelled(clock: Clock, wheel: Wheel) -> None:
    """A cancelled timer is not called; cancelling late is harmless."""
    calls: list[str] = []
    timer = wheel.call_later(1, calls.append, "no")
    other = wheel.call_later(1, calls.append, "yes")
    timer.cancel()
    timer.cancel()
    clock.advance(2)
    other.cancel()
    assert calls == ["yes"]


def test_one_alarm(clock: Clock, wheel: Wheel) -> None:
    """However many timers there are, the reactor knows of one."""
    for number in range(100):
        wheel.call_later(number, list)
    assert len(clock.getDelayedCalls()) == 1


def test_an_earlier_timer_moves_the_alarm(clock: Clock, wheel: Wheel) -> None:
    """A deadline that is nearer than all others is kept."""
    calls: list[int] = []
    for seconds in (30, 5, 10):
        wheel.call_later(seconds, calls.append, seconds)
    for _ in range(40):
        clock.advance(1)
    assert calls == [5, 10, 30]


def test_timers_may_set_timers(clock: Clock, wheel: Wheel) -> None:
    """Also for now: those have to wait for the next turn."""
    calls: list[float] = []

    def again() -> None:
        calls.append(clock.seconds())
        wheel.call_later(0, again)

    wheel.call_later(0, again)
    for _ in range(4):
        clock.advance(TICK_S)
    assert 1 < len(calls) <= 10


def test_the_past_is_now(clock: Clock, wheel: Wheel) -> None:
    """A deadline that is over is due at once."""
    calls: list[str] = []
    clock.advance(100)
    wheel.call_later(-5, calls.append, "x")
    clock.advance(TICK_S)
    assert calls == ["x"]


def test_the_reactor_gets_its_turn(clock: Clock, wheel: Wheel) -> None:
    """Thousands that are due together do not stop everything else."""
    calls: list[int] = []
    seen: list[int] = []

    def due(number: int) -> None:
        calls.append(number)
        if number == 0:
            clock.callLater(0, lambda: seen.append(len(calls)))

    for number in range(1200):
        wheel.call_later(1, due, number)
    clock.advance(1)
    assert calls == list(range(1200))
    assert 0 < seen[0] < 1200


def test_a_failing_timer_is_logged(clock: Clock, wheel: Wheel) -> None:
    """The others are called all the same."""
    calls: list[str] = []
    wheel.call_later(1, {}.pop, "nothing there")
    wheel.call_later(1, calls.append, "x")
    with capturedLogs() as logs:
        clock.advance(1)
    assert calls == ["x"]
    assert [event["log_level"] for event in logs] == [LogLevel.critical]


def test_stopped(clock: Clock, wheel: Wheel) -> None:
    """Nothing is left in the reactor; stopping twice is harmless."""
    wheel.call_later(1, list)
    wheel.stop()
    wheel.stop()
    assert clock.getDelayedCalls() == []


@given(st.lists(st.tuples(st.floats(0, 60), st.booleans()), max_size=40))
def test_all_that_are_not_cancelled_are_called(timers: list[tuple[float, bool]]) -> None:
    """In order of their ticks, each once."""
    clock = Clock()
    wheel = Wheel(clock)
    called: list[tuple[int, float]] = []

    def note(index: int) -> None:
        called.append((index, clock.seconds()))

    for index, (seconds, keep) in enumerate(timers):
        timer = wheel.call_later(seconds, note, index)
        if not keep:
            timer.cancel()
    for _ in range(int(61 / TICK_S)):
        clock.advance(TICK_S)
    assert sorted(index for index, _ in called) == [
        index for index, (_, keep) in enumerate(timers) if keep
    ]
    for index, at in called:
        assert 0 <= at - timers[index][0] <= TICK_S
