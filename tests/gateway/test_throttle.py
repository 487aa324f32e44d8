"""How often is too often."""

from __future__ import annotations

from twisted.internet.task import Clock

from csms.gateway.throttle import Backoff, Crowd, Latest, Rarely, Throttle


def test_throttle_allows_a_burst_and_then_a_rate() -> None:
    """Ten a minute: ten at once, then one every six seconds."""
    clock = Clock()
    throttle: Throttle[str] = Throttle(clock, 10)
    for _ in range(10):
        assert throttle.wait_s("a") == 0
        throttle.take("a")
    assert throttle.wait_s("a") == 6
    clock.advance(5)
    assert 0 < throttle.wait_s("a") <= 1.001
    clock.advance(1.01)
    assert throttle.wait_s("a") == 0


def test_throttle_knows_its_keys() -> None:
    """One key's haste is not another's."""
    throttle: Throttle[str] = Throttle(Clock(), 1)
    throttle.take("a")
    assert throttle.wait_s("a") > 0
    assert throttle.wait_s("b") == 0


def test_throttle_without_limit() -> None:
    """0 allows everything and remembers nothing."""
    throttle: Throttle[str] = Throttle(Clock(), 0)
    for _ in range(1000):
        throttle.take("a")
    assert throttle.wait_s("a") == 0


def test_throttle_is_bounded() -> None:
    """A million keys do not fill the memory; the oldest are forgotten."""
    throttle: Throttle[int] = Throttle(Clock(), 1)
    for key in range(20_001):
        throttle.take(key)
    assert throttle.wait_s(0) == 0
    assert throttle.wait_s(20_000) > 0


def test_backoff_doubles() -> None:
    """Some failures are free, then each doubles the wait, up to a limit."""
    clock = Clock()
    backoff: Backoff[str] = Backoff(clock)
    waits = []
    for _ in range(12):
        waits.append(backoff.wait_s("a"))
        clock.advance(waits[-1])
        backoff.failed("a")
    assert waits == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_backoff_forgives() -> None:
    """Success ends it, and so does time."""
    clock = Clock()
    backoff: Backoff[str] = Backoff(clock)
    for _ in range(8):
        backoff.failed("a")
        backoff.failed("b")
    assert backoff.wait_s("a") > 0
    backoff.succeeded("a")
    backoff.succeeded("unknown")
    assert backoff.wait_s("a") == 0
    clock.advance(1000)
    backoff.failed("b")
    assert backoff.wait_s("b") == 0


def test_crowd() -> None:
    """Those who come and go are counted, by key and in all."""
    crowd: Crowd[str] = Crowd()
    crowd.enter("a")
    crowd.enter("a")
    crowd.enter("b")
    assert (crowd.total, crowd["a"], crowd["b"], crowd["c"]) == (3, 2, 1, 0)
    crowd.leave("a")
    crowd.leave("b")
    assert (crowd.total, crowd["a"], crowd["b"]) == (1, 1, 0)


def test_crowd_without_keys() -> None:
    """Where nobody asks for keys only the total is kept."""
    crowd: Crowd[str] = Crowd(by_key=False)
    crowd.enter("a")
    assert (crowd.total, crowd["a"]) == (1, 0)
    crowd.leave("a")
    assert crowd.total == 0


def test_rarely() -> None:
    """Once for each key, and again when the time is over, which grows to a limit."""
    clock = Clock()
    rarely: Rarely[int] = Rarely(clock, 600, 1000)
    assert rarely.take(1)
    assert rarely.take(2)
    for wait_s in (600, 1000, 1000):
        clock.advance(wait_s - 1)
        assert not rarely.take(1)
        clock.advance(1)
        assert rarely.take(1)


def test_rarely_forgets() -> None:
    """What is forgotten begins anew."""
    rarely: Rarely[int] = Rarely(Clock(), 600, 1000)
    rarely.forget(1)
    assert rarely.take(1)
    rarely.forget(1)
    assert rarely.take(1)


def test_latest() -> None:
    """What was there before is told."""
    latest: Latest[int, str] = Latest()
    assert latest.put(1, "a") is None
    assert latest.put(2, "b") is None
    assert latest.put(1, "c") == "a"
    assert latest.put(1, "c") == "c"
