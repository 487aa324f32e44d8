"""A set that can be waited for to become empty."""

from __future__ import annotations

from twisted.internet.defer import CancelledError

from csms.api.crowd import Crowd


def test_gone_when_the_last_has_left() -> None:
    """Everybody who waits is told once the last member has left."""
    crowd: Crowd[int] = Crowd()
    crowd.add(1)
    crowd.add(2)
    waits = [crowd.gone(), crowd.gone()]
    crowd.discard(1)
    assert not any(wait.called for wait in waits)
    crowd.discard(2)
    assert all(wait.called for wait in waits)


def test_gone_at_once() -> None:
    """Nobody is waited for when nobody is there."""
    crowd: Crowd[int] = Crowd()
    crowd.discard(1)
    assert crowd.gone().called


def test_cancelled_wait() -> None:
    """Giving up the wait disturbs nobody."""
    crowd: Crowd[int] = Crowd()
    crowd.add(1)
    wait = crowd.gone()
    wait.addErrback(lambda failure: failure.trap(CancelledError))
    wait.cancel()
    assert list(crowd) == [1]
    crowd.discard(1)
    assert len(crowd) == 0


def test_members_may_leave_while_visited() -> None:
    """Going through the members survives their leaving."""
    crowd: Crowd[int] = Crowd()
    for number in range(3):
        crowd.add(number)
    for number in crowd:
        crowd.discard(number)
    assert len(crowd) == 0
