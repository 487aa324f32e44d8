"""How times are told in JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from msgspec import Struct

from csms.core.times import plain, utc_text

EAST = timezone(timedelta(hours=1))
AT = datetime(2026, 1, 1, 2, 3, 4, 987654, tzinfo=EAST)


class Thing(Struct):
    """Something with times."""

    at: datetime
    steps: tuple[tuple[datetime, str], ...] = ()
    more: dict[str, datetime] | None = None


def test_utc_to_the_millisecond() -> None:
    """Whatever the offset."""
    assert utc_text(AT) == "2026-01-01T01:03:04.987Z"
    assert utc_text(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"


def test_times_within_structs() -> None:
    """However deep."""
    text = "2026-01-01T01:03:04.987Z"
    assert plain(Thing(AT, ((AT, "x"),), {"a": AT})) == {
        "at": text,
        "steps": ((text, "x"),),
        "more": {"a": text},
    }
    assert plain([Thing(AT)]) == [{"at": text, "steps": (), "more": None}]
