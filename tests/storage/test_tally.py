"""Things gathered in memory: one per key, and not too many."""

from __future__ import annotations

from csms.storage.tally import Tally


def tally(limit: int = 9) -> Tally[tuple[str, int]]:
    """Counts by name."""
    return Tally(lambda item: item[0], lambda older, newer: (newer[0], older[1] + newer[1]), limit)


def test_merges() -> None:
    """Two things of one key become one."""
    counts = tally()
    for item in [("a", 1), ("b", 2), ("a", 3)]:
        counts.add(item)
    assert len(counts) == 2
    assert sorted(counts.take()) == [("a", 4), ("b", 2)]
    assert counts.take() == []


def test_bounded() -> None:
    """The key that was not heard of for longest goes first, and is counted."""
    counts = tally(2)
    for item in [("a", 1), ("b", 1), ("a", 1), ("c", 1)]:
        counts.add(item)
    assert counts.take() == [("a", 2), ("c", 1)]
    assert counts.dropped == 1


def test_put_back() -> None:
    """What is put back counts as older than what came meanwhile, for merging and for bounds."""
    counts = tally(2)
    counts.add(("a", 1))
    counts.add(("b", 1))
    taken = counts.take()
    counts.add(("c", 5))
    counts.add(("b", 7))
    counts.put_back(taken)
    assert counts.take() == [("c", 5), ("b", 8)]
    assert counts.dropped == 1
