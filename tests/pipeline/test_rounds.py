"""Work in rounds: at intervals, when woken, again after failures."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from csms.core.errors import Unavailable
from csms.pipeline.rounds import FIRST_RETRY_S, STOP_PATIENCE_S, Rounds
from csms.testing.logs import logged


@attrs.define
class Work:
    """Counts rounds; does what the test says."""

    times: int = 0
    do: Callable[[], Deferred[bool] | bool] = lambda: False

    async def __call__(self) -> bool:
        """A round."""
        self.times += 1
        result = self.do()
        return await result if isinstance(result, Deferred) else result


def raising(error: Exception) -> Callable[[], bool]:
    """What fails."""

    def do() -> bool:
        raise error

    return do


@pytest.fixture
def clock() -> Clock:
    """Time."""
    return Clock()


@pytest.fixture
def work() -> Work:
    """Work without end."""
    return Work()


@pytest.fixture
def rounds(clock: Clock, work: Work) -> Rounds:
    """Rounds every 10 s, not more often than each second."""
    return Rounds(what="working", work=work, clock=clock, interval_s=10, gather_s=1, worst_s=4)


def test_interval(rounds: Rounds, clock: Clock, work: Work) -> None:
    """A round comes at the start and after each interval."""
    rounds.start()
    assert work.times == 1
    clock.pump([1, 8.9])
    assert work.times == 1
    clock.pump([0.1, 1, 9])
    assert work.times == 3


def test_woken(rounds: Rounds, clock: Clock, work: Work) -> None:
    """Waking brings the next round forward; a reason that comes right after has another."""
    rounds.start()
    clock.advance(5)
    rounds.wake()
    rounds.wake()
    assert work.times == 2
    clock.advance(1)
    assert work.times == 3
    clock.advance(8.9)
    assert work.times == 3


def test_gathers(rounds: Rounds, clock: Clock, work: Work) -> None:
    """Rounds keep their distance however often they are asked for."""
    rounds.start()
    rounds.wake()
    rounds.wake()
    clock.advance(0.9)
    assert work.times == 1
    clock.advance(0.1)
    assert work.times == 2


def test_more(rounds: Rounds, clock: Clock, work: Work) -> None:
    """Work that says there is more goes on."""
    work.do = lambda: work.times < 3
    rounds.start()
    clock.pump([1, 1, 1])
    assert work.times == 3


def test_one_at_a_time(rounds: Rounds, clock: Clock, work: Work) -> None:
    """No round begins while one is under way."""
    end: Deferred[bool] = Deferred()
    work.do = lambda: end
    rounds.start()
    rounds.wake()
    clock.advance(100)
    assert work.times == 1
    end.callback(False)
    clock.advance(1)
    assert work.times == 2


def test_failure(rounds: Rounds, clock: Clock, work: Work) -> None:
    """A failing round is logged and tried again, with growing pauses, waking or not."""
    work.do = raising(ZeroDivisionError())
    with logged() as events:
        rounds.start()
        for pause in (FIRST_RETRY_S, FIRST_RETRY_S * 2, 2, 4, 4):
            before = work.times
            rounds.wake()
            clock.advance(pause - 0.01)
            assert work.times == before
            clock.advance(0.01)
            assert work.times == before + 1
    assert all(event["log_failure"].check(ZeroDivisionError) for event in events)
    assert len(events) == work.times


def test_database_gone(rounds: Rounds, clock: Clock, work: Work) -> None:
    """A database that is gone is told of once, and once more when it is back."""
    work.do = raising(Unavailable("gone"))
    with logged() as events:
        rounds.start()
        clock.pump([0.5, 1, 2])
        work.do = lambda: False
        clock.advance(4)
    assert [event["log_format"] for event in events] == [
        "{what} waits: {detail}",
        "{what} goes on",
    ]


def test_stop(rounds: Rounds, clock: Clock, work: Work) -> None:
    """Stopping waits for the round under way and begins no other."""
    end: Deferred[bool] = Deferred()
    work.do = lambda: end
    rounds.start()
    stopped = Deferred.fromCoroutine(rounds.stop())
    assert not stopped.called
    end.callback(True)
    assert stopped.called
    clock.advance(100)
    assert work.times == 1
    assert not clock.getDelayedCalls()


def test_stop_between_rounds(rounds: Rounds, clock: Clock) -> None:
    """Stopping between rounds is at once, also twice and before the start."""
    assert Deferred.fromCoroutine(rounds.stop()).called
    rounds.start()
    assert Deferred.fromCoroutine(rounds.stop()).called
    assert Deferred.fromCoroutine(rounds.stop()).called
    assert not clock.getDelayedCalls()


def test_stop_is_bounded(rounds: Rounds, clock: Clock, work: Work) -> None:
    """A round that does not end is cancelled after a while."""
    work.do = Deferred
    rounds.start()
    stopped = Deferred.fromCoroutine(rounds.stop())
    with logged() as events:
        clock.advance(STOP_PATIENCE_S)
    assert stopped.called
    assert [event["what"] for event in events] == ["working"]


def test_again(rounds: Rounds, clock: Clock, work: Work) -> None:
    """What was stopped can be started anew."""
    rounds.start()
    assert Deferred.fromCoroutine(rounds.stop()).called
    rounds.start()
    assert work.times == 2
