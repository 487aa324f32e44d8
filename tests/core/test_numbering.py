"""Which events of a transaction have come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.core.numbering import (
    RUNS_LIMIT,
    Place,
    counted,
    is_after_end,
    is_newer,
    missing,
    place_of,
    told,
)
from csms.core.reports import Stage, TransactionTold
from csms.core.values import Numbering

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(number: int, stage: Stage = Stage.UPDATED, minutes: float = 0) -> TransactionTold:
    at = T0 + timedelta(minutes=minutes)
    return TransactionTold(stage=stage, transaction_ref="T", sequence_number=number, at=at)


def numbered(*events: TransactionTold) -> Numbering:
    numbering = Numbering(newest_at=events[0].at)
    for each in events:
        numbering = counted(numbering, each, place_of(numbering, each))
    return numbering


FIRST, LAST = event(3, Stage.STARTED), event(9, Stage.ENDED, 9)


@given(st.lists(st.integers(0, 40), unique=True, min_size=1), st.randoms(use_true_random=False))
def test_runs_are_those_of_the_numbers_in_whatever_order(
    numbers: list[int], random: object
) -> None:
    """No number is lost, none invented."""
    seen = numbered(*map(event, numbers)).seen
    assert [n for low, high in seen for n in range(low, high + 1)] == sorted(numbers)
    assert all(high + 1 < low for (_, high), (low, _) in pairwise(seen))


def test_what_is_missing_lies_between_the_start_and_the_end() -> None:
    """Or the lowest and highest that came, while these are not known."""
    assert missing(None) is None
    assert missing(numbered(event(5))) == 0
    assert missing(numbered(event(5), event(8))) == 2
    assert missing(numbered(event(5), event(8), FIRST)) == 3
    assert missing(numbered(event(5), FIRST, LAST)) == 4
    assert missing(numbered(event(5), FIRST, LAST, event(20, minutes=20))) == 4
    assert missing(numbered(event(1), event(1, Stage.ENDED, 2))) is None
    assert missing(numbered(event(9, Stage.STARTED), event(3, Stage.ENDED))) == 0


def test_the_first_start_and_the_first_end_count() -> None:
    """Of several with numbers of their own."""
    numbering = numbered(FIRST, LAST, event(4, Stage.STARTED), event(12, Stage.ENDED))
    assert (numbering.first, numbering.last) == (3, 9)


def test_the_numbers_of_a_transaction_that_loses_most_of_them_stay_few() -> None:
    """Stations may drop every other update when they run out of memory (E04.FR.08)."""
    events = [event(2 * n) for n in range(3 * RUNS_LIMIT)]
    numbering = numbered(*events)
    assert len(numbering.seen) == RUNS_LIMIT
    assert missing(numbering) == 3 * RUNS_LIMIT - 1
    assert place_of(numbering, event(0)) is Place.AGAIN
    assert place_of(numbering, event(6 * RUNS_LIMIT - 3)) is Place.NEW


def test_an_event_is_known_by_number_and_stage() -> None:
    """A start or an end again, and an update that is not newer than everything else."""
    numbering = numbered(FIRST, event(4, minutes=1), LAST)
    assert place_of(numbering, replace(FIRST, at=LAST.at)) is Place.AGAIN
    assert place_of(numbering, replace(LAST, readings=())) is Place.AGAIN
    assert place_of(numbering, event(4, minutes=9)) is Place.AGAIN
    assert place_of(numbering, event(5, minutes=99)) is Place.NEW


def test_a_number_that_another_event_has_is_odd() -> None:
    """Then numbers mean nothing for this transaction any more."""
    numbering = numbered(FIRST, event(4, minutes=1), LAST)
    odd = [
        event(4, minutes=10),
        event(3),
        event(9),
        event(4, Stage.STARTED),
        event(3, Stage.ENDED),
    ]
    for each in odd:
        assert place_of(numbering, each) is Place.ODD
        untrusted = counted(numbering, each, Place.ODD)
        assert not untrusted.trusted
        assert place_of(untrusted, each) is Place.NEW
        assert counted(untrusted, each, Place.NEW) == untrusted
        assert missing(untrusted) is None
        assert not is_after_end(untrusted, event(99))


def test_a_station_without_a_clock_repeats_a_number() -> None:
    """Its times are ours, and later every time."""
    numbering = numbered(FIRST, event(4, minutes=1))
    assert place_of(numbering, replace(event(4, minutes=2), told_at="?")) is Place.AGAIN


def test_what_has_a_number_above_the_end_comes_after_it() -> None:
    """What has one below is late."""
    numbering = numbered(FIRST, LAST)
    assert is_after_end(numbering, event(10))
    assert not is_after_end(numbering, event(8))
    assert not is_after_end(numbered(FIRST), event(10))


def test_the_newest_event_tells_a_detail() -> None:
    """By number where numbers are trusted, else by time."""
    numbering = told(numbered(FIRST), event(5, minutes=5), "a")
    assert is_newer(numbering, "b", event(1))
    assert is_newer(numbering, "a", event(6, minutes=1))
    assert not is_newer(numbering, "a", event(4, minutes=9))
    untrusted = replace(numbering, trusted=False)
    assert not is_newer(untrusted, "a", event(6, minutes=1))
    assert is_newer(untrusted, "a", event(4, minutes=5))
