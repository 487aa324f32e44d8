"""What the limits of a station depend on, from what is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.charging.profiles import (
    PROFILE,
    ChargingProfile,
    Kind,
    Period,
    Purpose,
    Schedule,
    Unit,
    plain,
)
from csms.core.charging.scene import PRIORITY, OutsideLimit, Running, scene_of
from csms.core.charging.vocabulary import LIMIT, PULLED, Held
from csms.core.values import Session

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEDULE = Schedule(unit=Unit.A, periods=(Period(start_period=0, limit=16.0),))
SESSION = Session(
    id="00000000-0000-7000-8000-000000000001",
    operator_id=1,
    station_id=1,
    identity="cp-1",
    evse_id=1,
    transaction_ref="T1",
    started_at=NOW,
    created_at=NOW,
    updated_at=NOW,
)


def held(kind: str, content: dict[str, Any], evse_id: int | None = 1) -> Held:
    return Held(kind=kind, key="k", evse_id=evse_id, content=content, updated_at=NOW)


@pytest.mark.parametrize(("flag", "adds"), [(True, True), (False, False), (None, False)])
def test_generation(flag: bool | None, adds: bool) -> None:
    """A limit says of itself whether it is one, or capacity that is added."""
    limit = {"is_local_generation": flag, "schedules": [{"odd": 1}, plain(SCHEDULE)]}
    found = scene_of([held(LIMIT, limit)])
    assert found.limits == (OutsideLimit(evse_id=1, schedule=SCHEDULE, since=NOW, adds=adds),)


@pytest.mark.parametrize(
    ("updated", "pulled", "newest"),
    [(None, None, None), (None, 5, 5), (4, 5, 5), (5, 4, 5), (5, None, 5)],
)
def test_dynamic_profiles_that_are_pulled(
    updated: int | None, pulled: int | None, newest: int | None
) -> None:
    """Are as new as their figures."""

    def at(minutes: int | None) -> datetime | None:
        return None if minutes is None else NOW + timedelta(minutes=minutes)

    profile = ChargingProfile(
        id=1,
        stack_level=0,
        purpose=Purpose.TX_DEFAULT,
        kind=Kind.DYNAMIC,
        schedules=(SCHEDULE,),
        dyn_update_time=at(updated),
    )
    things = [held(PROFILE, {"profile": plain(profile)})]
    asked = at(pulled)
    if asked is not None:
        things.append(replace(held(PULLED, {}), updated_at=asked))
    (found,) = scene_of(things).profiles
    assert found.profile.dyn_update_time == at(newest)


@pytest.mark.parametrize(("favoured", "priority"), [("T1", True), ("T2", False)])
def test_priority(favoured: str, priority: bool) -> None:
    """Is the transaction's that has it."""
    found = scene_of([held(PRIORITY, {"transaction_ref": favoured})], [SESSION], [0, 2, 1, 1])
    runs = Running(transaction_ref="T1", started_at=NOW, priority=priority)
    assert (found.sessions, found.evses) == ({1: runs}, (1, 2))
