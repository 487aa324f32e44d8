"""Identifiers sort by the moment they were made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from csms.core.ids import new_id

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC))


@given(MOMENTS)
def test_is_a_version_7_uuid(moment: datetime) -> None:
    """An id is a UUID of version 7 whose first 48 bits are the Unix time in milliseconds."""
    made = UUID(new_id(moment))
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        milliseconds=1
    )


@given(MOMENTS, st.integers(1, 10**9))
def test_sorts_by_time(moment: datetime, later_us: int) -> None:
    """The id of a later microsecond compares greater."""
    assert new_id(moment) < new_id(moment + timedelta(microseconds=later_us))


def test_is_never_the_same() -> None:
    """Ids of one moment differ."""
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    assert len({new_id(moment) for _ in range(1000)}) == 1000
