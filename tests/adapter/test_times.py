"""Times on the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given

from csms.adapter.faults import FaultKind, PayloadError
from csms.adapter.notes import Notes
from csms.adapter.times import moment, wire_time
from csms.core.values import Strictness
from csms.testing.payloads import times

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


def read(text: str | None) -> tuple[datetime, tuple[str, ...]]:
    taken = Notes(NOW, Strictness.TOLERANT)
    at = moment(text, "timestamp", taken)
    return at, tuple(name for name, _ in taken.taken())


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-06-01T12:00:00Z", NOON),
        ("2025-06-01t12:00:00z", NOON),
        ("2025-06-01T12:00:00.000Z", NOON),
        ("2025-06-01T12:00:00.5Z", NOON + timedelta(seconds=0.5)),
        ("2025-06-01T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
        ("2025-06-01T15:00:00+03:00", NOON),
        ("2025-06-01T06:30:00-05:30", NOON),
        ("2025-06-01T12:00:00-00:00", NOON),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_rfc_3339_is_read(text: str, at: datetime) -> None:
    """Any fraction, any offset, leap seconds; aware UTC comes out."""
    assert read(text) == (at, ())
    assert read(text)[0].tzinfo is UTC
    assert moment(text, "timestamp", Notes(NOW, Strictness.STRICT)) == at


@pytest.mark.parametrize(
    ("text", "at", "quirks"),
    [
        ("2025-06-01T15:00:00+03", NOON, ["timestamp_short_zone"]),
        ("2025-06-01T15:00:00+0300", NOON, ["timestamp_short_zone"]),
        ("2025-06-01 12:00:00Z", NOON, ["timestamp_with_space"]),
        ("2025-06-01 12:00:00 Z", NOON, ["timestamp_with_space"]),
        ("2025-06-01 15:00+03", NOON, ["timestamp_with_space", "timestamp_short_zone"]),
        (" 2025-06-01T12:00:00Z ", NOON, ["timestamp_form"]),
        ("2025-06-01T12:00Z", NOON, ["timestamp_form"]),
        ("2025-06-01T15:00+03:00", NOON, ["timestamp_form"]),
        ("2025-06-01T12:00:00,5Z", NOON + timedelta(seconds=0.5), ["timestamp_form"]),
    ],
)
def test_almost_rfc_3339_is_read_with_a_quirk(text: str, at: datetime, quirks: list[str]) -> None:
    """Short offsets, a space, a comma, no seconds, padding."""
    assert read(text) == (at, tuple(quirks))


@pytest.mark.parametrize("text", ["2025-06-01T12:00:00", "2025-06-01 12:00:00.000"])
def test_no_zone_is_utc_with_a_quirk(text: str) -> None:
    """A station that names no zone keeps the time that we tell it, which is UTC."""
    at, quirks = read(text)
    assert at == NOON
    assert "timestamp_without_zone" in quirks


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1700000000",
        "2025-13-01T00:00:00Z",
        "2025-13-01 00:00:00Z",
        "2025-06-01T25:00:00Z",
        "2025-02-30T12:00:00z",
        "2025-06-01T12:61:60Z",
        "2025-06-01T12:00:00+99:00",
    ],
)
def test_absurd_times_become_the_time_of_receipt(text: str) -> None:
    """What is no time at all is replaced, with a quirk."""
    assert read(text) == (NOW, ("bad_timestamp",))


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("1970-01-01T00:00:00Z", ()),
        ("1970-01-01T00:00:60Z", ()),
        ("1970-01-01 00:00:00", ("timestamp_with_space", "timestamp_without_zone")),
        ("1999-12-31T23:59:59Z", ()),
        ("2101-01-01T00:00:00Z", ()),
        ("0001-01-01T00:00:00+14:00", ()),
    ],
)
def test_a_clock_that_was_never_set(text: str, more: tuple[str, ...]) -> None:
    """What is no time between 2000 and 2100 is replaced, too."""
    assert read(text) == (NOW, (*more, "unset_clock"))


@pytest.mark.parametrize("text", ["", "2025-06-01T12:00:00", "1970-01-01T00:00:00Z"])
def test_strict_refuses_other_times(text: str) -> None:
    """Whatever is no RFC 3339 time of this century."""
    with pytest.raises(PayloadError) as caught:
        moment(text, "timestamp", Notes(NOW, Strictness.STRICT))
    assert caught.value.fault.kind is FaultKind.PROPERTY
    assert "timestamp" in caught.value.fault.text


def test_an_absent_time_is_the_time_of_receipt() -> None:
    """Without a quirk of its own: that a field is missing was noted already."""
    assert read(None) == (NOW, ())


@given(times())
def test_every_rfc_3339_time_is_the_same_instant(text: str) -> None:
    """Nothing is lost in whatever offset."""
    at, quirks = read(text)
    assert at == datetime.fromisoformat(text)
    assert quirks == ()


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOON, "2025-06-01T12:00:00.000Z"),
        (NOON + timedelta(microseconds=123999), "2025-06-01T12:00:00.123Z"),
        (NOON.astimezone(timezone(timedelta(hours=3))), "2025-06-01T12:00:00.000Z"),
    ],
)
def test_times_are_written_in_utc_with_milliseconds(at: datetime, text: str) -> None:
    """``YYYY-MM-DDTHH:MM:SS.mmmZ``, whatever zone they are in."""
    assert wire_time(at) == text
