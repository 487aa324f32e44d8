"""Reports that come in parts."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from csms.core.assembly import MAX_PARTS, Assembly, part_taken
from csms.core.values import StationKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")


def take(
    before: Assembly | None, number: int | None, items: list[object], *, last: bool = False
) -> tuple[Assembly, bool]:
    """The report after a part, and whether the part completed it."""
    taken = part_taken(CP1, "variables", 7, number, items, NOW, before, last=last)
    after = before or Assembly()
    for write in taken.writes:
        after = after.after(write)
        assert write.complete == taken.completed == after.complete
    return after, taken.completed


def test_a_report_of_one_part_is_complete() -> None:
    """tbc absent: there is no more."""
    assert take(None, 0, ["a"], last=True)[1]


def test_a_report_is_complete_with_its_last_missing_part() -> None:
    """Whichever part that is."""
    report, done = take(None, 2, ["c"], last=True)
    assert not done
    report, done = take(report, 0, ["a"])
    assert not done
    report, done = take(report, 1, ["b"])
    assert done
    assert sorted(report.parts) == [0, 1, 2]


def test_without_its_first_part_a_report_is_not_complete() -> None:
    """Numbers begin at 0."""
    report, done = take(None, 1, ["b"], last=True)
    assert not done
    assert take(report, 0, ["a"])[1]


def test_a_repeated_part_changes_nothing() -> None:
    """It is the same part, sent again."""
    report, _ = take(None, 0, ["a"])
    taken = part_taken(CP1, "variables", 7, 0, ["a"], NOW, report, last=False)
    assert taken.known
    assert not taken.writes


def test_a_part_that_says_something_else_takes_the_place_of_the_one_before() -> None:
    """Of a report that is not complete, the newer counts."""
    report, _ = take(None, 0, ["a"])
    report, _ = take(report, 0, ["b"])
    assert report.parts == (0,)


def test_a_complete_report_is_begun_anew_by_another_part() -> None:
    """The station counts its requests from the start again."""
    report, done = take(None, 0, ["a"], last=True)
    assert done
    report, done = take(report, 0, ["b"])
    assert not done
    assert report.last is None
    assert take(report, 1, ["c"], last=True)[1]


def test_an_empty_report_proves_nothing() -> None:
    """However many empty parts it has; with anything in it, what it leaves out is gone."""

    def ends(*parts: list[object], counted: bool) -> bool:
        report = None
        for number, items in enumerate(parts):
            taken = part_taken(
                CP1,
                "variables",
                7,
                number if counted else None,
                items,
                NOW,
                report,
                last=number == len(parts) - 1,
            )
            [write] = taken.writes
            report = (report or Assembly()).after(write)
        assert taken.completed
        return taken.conclusive

    for counted in (True, False):
        assert not ends([], counted=counted)
        assert not ends([], [], counted=counted)
        assert ends(["a"], [], counted=counted)
        assert ends([], ["a"], counted=counted)


def test_parts_without_number_are_counted() -> None:
    """They get the next one; the same content is the same part."""
    report, _ = take(None, None, ["a"])
    report, _ = take(report, None, ["b"])
    report, done = take(report, None, ["b"])
    assert report.parts == (0, 1)
    report, done = take(report, None, ["c"], last=True)
    assert done
    report, done = take(report, None, ["d"], last=True)
    assert (report.parts, done) == ((0,), True)


def test_a_report_has_no_more_parts_than_anybody_needs() -> None:
    """What is beyond is left out."""
    full = Assembly(parts=tuple(range(MAX_PARTS)), digests=(0,) * MAX_PARTS)
    taken = part_taken(CP1, "variables", 7, MAX_PARTS, ["x"], NOW, full, last=True)
    assert not taken.writes
    assert not taken.known


@given(order=st.permutations(range(6)), again=st.lists(st.integers(0, 5), max_size=6))
def test_the_order_of_parts_does_not_matter(order: list[int], again: list[int]) -> None:
    """However they come, and however often: it is complete once, with the last missing one."""
    report: Assembly | None = None
    completed = 0
    for number in [*order[:5], *(part for part in again if part in order[:5]), order[5]]:
        report, done = take(report, number, [number], last=number == 5)
        completed += done
    assert completed == 1
    assert report is not None
    assert sorted(report.parts) == [0, 1, 2, 3, 4, 5]
