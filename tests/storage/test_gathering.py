"""Many questions of one kind are asked as few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from csms.core.errors import NotFound, Refusal
from csms.storage.gathering import Gathering


@attrs.define
class Oracle:
    """Answers when it is told to: a number with its double, a negative one with a refusal."""

    asked: list[Sequence[int]] = attrs.field(factory=list)
    waiting: list[Deferred[None]] = attrs.field(factory=list)

    async def answer(self, keys: Sequence[int]) -> Mapping[int, int | Refusal]:
        """Wait, then answer."""
        self.asked.append(keys)
        waiting: Deferred[None] = Deferred()
        self.waiting.append(waiting)
        await waiting
        return {key: key * 2 if key >= 0 else NotFound("negative") for key in keys}

    def go(self) -> None:
        """Give the answers that are waited for."""
        self.waiting.pop(0).callback(None)


@pytest_twisted.ensureDeferred
async def test_alone() -> None:
    """Who comes alone is asked for at once."""
    oracle = Oracle()
    asked = Gathering(oracle.answer).ask(1)
    assert oracle.asked == [(1,)]
    oracle.go()
    assert await asked == 2


def test_together() -> None:
    """Who comes meanwhile is asked for together, each question once; everybody is answered
    in a way that was true after they asked."""
    oracle = Oracle()
    gathering = Gathering(oracle.answer)
    asked = [gathering.ask(key) for key in (1, 2, 3, 2, 1)]
    oracle.go()
    assert oracle.asked == [(1,), (2, 3, 1)]
    oracle.go()
    assert [one.result for one in asked] == [2, 4, 6, 4, 2]
    again = gathering.ask(1)
    assert oracle.asked[2:] == [(1,)]
    oracle.go()
    assert again.result == 2


def test_limit() -> None:
    """Not more is asked at once than a limit; the others come next."""
    oracle = Oracle()
    gathering = Gathering(oracle.answer, limit=2)
    asked = [gathering.ask(key) for key in range(5)]
    for _ in range(3):
        oracle.go()
    assert oracle.asked == [(0,), (1, 2), (3, 4)]
    assert [one.result for one in asked] == [0, 2, 4, 6, 8]


@pytest_twisted.ensureDeferred
async def test_refusal() -> None:
    """A refusal is raised for those whom it concerns."""
    oracle = Oracle()
    gathering = Gathering(oracle.answer)
    asked = [gathering.ask(key) for key in (0, 1, -1)]
    oracle.go()
    oracle.go()
    assert await asked[1] == 2
    with pytest.raises(NotFound):
        await asked[2]


@pytest_twisted.ensureDeferred
async def test_failure() -> None:
    """When asking fails everybody who asked hears it, and who comes later is not harmed."""
    oracle = Oracle()
    gathering = Gathering(oracle.answer)
    asked = [gathering.ask(key) for key in (0, 1, 2)]
    oracle.go()
    oracle.waiting.pop(0).errback(RuntimeError("gone"))
    for one in asked[1:]:
        with pytest.raises(RuntimeError):
            await one
    later = gathering.ask(3)
    oracle.go()
    assert await later == 6


@pytest_twisted.ensureDeferred
async def test_gave_up() -> None:
    """Who gives up waiting harms nobody."""
    oracle = Oracle()
    gathering = Gathering(oracle.answer)
    asked = [gathering.ask(key) for key in (0, 1, 1)]
    asked[1].addErrback(lambda _: "gave up")
    asked[1].cancel()
    oracle.go()
    oracle.go()
    assert await asked[1] == "gave up"
    assert await asked[2] == 2
