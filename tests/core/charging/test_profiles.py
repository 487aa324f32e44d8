"""Profiles from JSON that was kept."""

from __future__ import annotations

from datetime import UTC, datetime

from csms.core.charging.profiles import (
    ChargingProfile,
    Kind,
    Period,
    Purpose,
    Schedule,
    Unit,
    as_profile,
    as_schedule,
    plain,
    profile_of,
)

SCHEDULE = Schedule(
    unit=Unit.A,
    start_at=datetime(2026, 1, 1, tzinfo=UTC),
    periods=(Period(start_period=0, limit=16.0, limit_l2=8.0),),
)
PROFILE = ChargingProfile(
    id=1, stack_level=0, purpose=Purpose.TX, kind=Kind.ABSOLUTE, schedules=(SCHEDULE,)
)


def test_there_and_back() -> None:
    """What is kept reads as what it was, and says nothing that was not said."""
    assert as_profile(plain(PROFILE)) == PROFILE
    assert as_schedule(plain(SCHEDULE)) == SCHEDULE
    assert "recurrency" not in plain(PROFILE)


def test_what_nobody_can_read() -> None:
    """Is no profile; it does no harm."""
    assert as_profile({"id": "x"}) is None
    assert as_schedule([]) is None
    assert profile_of({}) is None
    assert profile_of({"profile": plain(PROFILE)}) == PROFILE
