"""Rules of statuses nobody took back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from csms.core.ports import StaleStatus
from csms.core.staleness import DOUBLINGS, Asked, question

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STALE = StaleStatus(
    station_id=7,
    operator_id=1,
    identity="CS7",
    evse_id=1,
    status_at=NOW - timedelta(hours=1),
    session_id="a",
)
FIRST = Asked(status_at=STALE.status_at, session_id="a", at=NOW, times=1)


def at(seconds: float) -> datetime:
    """A later moment."""
    return NOW + timedelta(seconds=seconds)


def test_asks() -> None:
    """A station that was never asked is asked."""
    assert question(STALE, None, NOW, 60) == FIRST


def test_once_per_status() -> None:
    """A station that did not answer, or could not, is not asked again, whatever happens to the
    sessions of the EVSE."""
    for stale in (STALE, replace(STALE, session_id="b"), replace(STALE, session_id=None)):
        assert question(stale, FIRST, NOW + timedelta(days=1), 60) is None


def test_believes_what_is_confirmed() -> None:
    """A station that says the same anew is asked again after twice the time."""
    again = replace(STALE, status_at=at(1))
    assert question(again, FIRST, at(119.9), 60) is None
    second = Asked(status_at=at(1), session_id="a", at=at(120), times=2)
    assert question(again, FIRST, at(120), 60) == second
    third = replace(STALE, status_at=at(121))
    assert question(third, second, at(120 + 239.9), 60) is None
    assert question(third, second, at(120 + 240), 60) == Asked(
        status_at=at(121), session_id="a", at=at(360), times=3
    )


def test_does_not_give_up() -> None:
    """However often it was confirmed, after an hour or so the status may have changed."""
    often = replace(FIRST, times=5000)
    again = replace(STALE, status_at=at(1))
    assert question(again, often, at(60 * 2**DOUBLINGS - 1), 60) is None
    assert question(again, often, at(60 * 2**DOUBLINGS), 60) is not None


def test_new_session() -> None:
    """After another session on the EVSE the station is asked as if for the first time."""
    again = replace(STALE, status_at=at(30), session_id="b")
    asked = question(again, replace(FIRST, times=7), at(40), 60)
    assert asked == Asked(status_at=at(30), session_id="b", at=at(40), times=1)
