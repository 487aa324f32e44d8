"""How much one station may say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from csms.gateway.pace import Pace


def spend(pace: Pace, now: float, messages: int = 1) -> float:
    """As the owner does; seconds to wait."""
    pace.left -= messages
    return pace.wait_s(now) if pace.left < 0 else 0.0


def test_a_burst_is_free() -> None:
    """Hours of offline messages may come at once."""
    pace = Pace(10, 100, 0)
    assert all(spend(pace, 0) == 0 for _ in range(100))
    assert spend(pace, 0) == 0.1


def test_it_refills() -> None:
    """With time there is allowance again, never more than a burst."""
    pace = Pace(10, 100, 0)
    spend(pace, 0, 101)
    assert spend(pace, 1) == 0
    spend(pace, 1, 9)
    assert spend(pace, 1e6) == 0
    assert pace.left <= 100


def test_far_beyond_is_hopeless() -> None:
    """A whole burst more than allowed."""
    pace = Pace(10, 100, 0)
    spend(pace, 0, 200)
    assert not pace.hopeless
    spend(pace, 0, 1)
    assert pace.hopeless


def test_no_limit() -> None:
    """0 messages a second means any number."""
    pace = Pace(0, 0, 0)
    assert spend(pace, 0, 10**9) == 0
    assert not pace.hopeless


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 20))))
def test_the_rate_holds_in_the_long_run(steps: list[tuple[float, int]]) -> None:
    """Whoever waits as told never says more than two bursts and what time allows."""
    pace = Pace(10, 50, 0)
    now, said = 0.0, 0
    for pause, messages in steps:
        now += pause
        said += messages
        now += spend(pace, now, messages)
        assert said <= 2 * 50 + 10 * now + 20
