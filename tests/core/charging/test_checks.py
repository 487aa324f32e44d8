"""What a charging profile must keep to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.charging.checks import (
    Capabilities,
    InstalledProfile,
    check,
    check_start,
    conflicting,
)
from csms.core.charging.profiles import (
    ChargingProfile,
    Kind,
    Mode,
    Period,
    Purpose,
    Recurrency,
    Schedule,
    Unit,
)
from csms.core.errors import Invalid

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST = Period(start_period=0, limit=16.0)
PLAIN = Schedule(unit=Unit.A, periods=(FIRST,))
DEFAULT = ChargingProfile(
    id=1, stack_level=0, purpose=Purpose.TX_DEFAULT, kind=Kind.RELATIVE, schedules=(PLAIN,)
)
OWN = replace(DEFAULT, purpose=Purpose.TX, transaction_ref="T1")
TIMED = replace(DEFAULT, kind=Kind.ABSOLUTE, schedules=(replace(PLAIN, start_at=NOON),))
MOST = replace(TIMED, purpose=Purpose.STATION_MAX)
DAILY = replace(TIMED, kind=Kind.RECURRING, recurrency=Recurrency.DAILY)
DYNAMIC = replace(DEFAULT, kind=Kind.DYNAMIC)


def of(*periods: Period, **more: Any) -> ChargingProfile:
    return replace(DEFAULT, schedules=(Schedule(unit=Unit.A, periods=periods, **more),))


@pytest.mark.parametrize(
    ("evse_id", "profile"),
    [
        (0, DEFAULT),
        (1, DEFAULT),
        (1, OWN),
        (0, MOST),
        (1, DAILY),
        (1, DYNAMIC),
        (1, replace(OWN, schedules=(PLAIN, PLAIN, PLAIN))),
        (1, replace(DEFAULT, valid_from=NOON, valid_to=NOON + timedelta(days=1))),
        (1, of(Period(start_period=0, limit=1.0, number_phases=1, phase_to_use=2))),
        (1, of(Period(start_period=0, setpoint=-1.0, operation_mode=Mode.CENTRAL_SETPOINT))),
        (0, replace(DEFAULT, purpose=Purpose.LOCAL_GENERATION)),
        (
            0,
            replace(
                of(Period(start_period=0, operation_mode=Mode.EXTERNAL_LIMITS)),
                purpose=Purpose.LOCAL_GENERATION,
            ),
        ),
        (1, replace(DEFAULT, purpose=Purpose.PRIORITY)),
        (1, of(FIRST, randomized_delay=60)),
        (0, replace(MOST, schedules=(replace(PLAIN, start_at=NOON, randomized_delay=0),))),
        (1, replace(DYNAMIC, dyn_update_interval=60, dyn_update_time=NOON)),
        (
            1,
            replace(
                DEFAULT,
                schedules=(
                    Schedule(
                        unit=Unit.W,
                        periods=(Period(start_period=0, operation_mode=Mode.LOCAL_FREQUENCY),),
                    ),
                ),
            ),
        ),
    ],
)
def test_what_is_right(evse_id: int, profile: ChargingProfile) -> None:
    """Every purpose and kind in its place."""
    check(evse_id, profile)


@pytest.mark.parametrize(
    ("evse_id", "profile", "field"),
    [
        (0, replace(DEFAULT, purpose=Purpose.EXTERNAL), "profile.purpose"),
        (1, replace(DEFAULT, valid_to=NOON.replace(year=1999)), "profile.valid_to"),
        (
            1,
            replace(TIMED, schedules=(replace(PLAIN, start_at=NOON.replace(year=9999)),)),
            "profile.schedules[0].start_at",
        ),
        (1, MOST, "evse_id"),
        (0, replace(DEFAULT, purpose=Purpose.STATION_MAX), "profile.kind"),
        (0, OWN, "evse_id"),
        (1, replace(OWN, transaction_ref=None), "profile.transaction_ref"),
        (1, replace(DEFAULT, transaction_ref="T1"), "profile.transaction_ref"),
        (1, replace(DAILY, recurrency=None), "profile.recurrency"),
        (1, replace(TIMED, recurrency=Recurrency.WEEKLY), "profile.recurrency"),
        (1, replace(TIMED, kind=Kind.RELATIVE), "profile.schedules[0].start_at"),
        (1, replace(DEFAULT, kind=Kind.ABSOLUTE), "profile.schedules[0].start_at"),
        (
            1,
            replace(of(FIRST, Period(start_period=1, limit=1.0)), kind=Kind.DYNAMIC),
            "profile.schedules[0].periods",
        ),
        (1, replace(OWN, kind=Kind.DYNAMIC, schedules=(PLAIN, PLAIN)), "profile.schedules"),
        (1, replace(DEFAULT, valid_from=NOON, valid_to=NOON), "profile.valid_to"),
        (1, replace(DEFAULT, schedules=(PLAIN, PLAIN)), "profile.schedules"),
        (1, of(Period(start_period=1, limit=1.0)), "profile.schedules[0].periods[0].start_period"),
        (1, of(FIRST, FIRST), "profile.schedules[0].periods[1].start_period"),
        (1, of(FIRST, duration=0), "profile.schedules[0].duration"),
        (
            1,
            of(Period(start_period=0, limit=1.0, phase_to_use=1)),
            "profile.schedules[0].periods[0].phase_to_use",
        ),
        (
            1,
            of(Period(start_period=0, limit=1.0, discharge_limit=-1.0)),
            "profile.schedules[0].periods[0].discharge_limit",
        ),
        (
            1,
            of(
                Period(
                    start_period=0, limit=1.0, setpoint=1.0, operation_mode=Mode.CENTRAL_SETPOINT
                )
            ),
            "profile.schedules[0].periods[0].limit",
        ),
        (1, replace(DEFAULT, dyn_update_interval=60), "profile.dyn_update_interval"),
        (1, replace(DEFAULT, dyn_update_time=NOON), "profile.dyn_update_time"),
        (
            1,
            replace(of(FIRST, duration=60), purpose=Purpose.PRIORITY),
            "profile.schedules[0].duration",
        ),
        (
            1,
            replace(of(FIRST, randomized_delay=60), purpose=Purpose.PRIORITY),
            "profile.schedules[0].randomized_delay",
        ),
        (
            1,
            replace(of(Period(start_period=0, operation_mode=Mode.IDLE)), purpose=Purpose.PRIORITY),
            "profile.schedules[0].periods[0].operation_mode",
        ),
        (
            1,
            of(FIRST, Period(start_period=60, operation_mode=Mode.LOCAL_FREQUENCY)),
            "profile.schedules[0].periods[1].operation_mode",
        ),
    ],
)
def test_what_is_wrong(evse_id: int, profile: ChargingProfile, field: str) -> None:
    """The field that breaks a rule is named."""
    with pytest.raises(Invalid) as refusal:
        check(evse_id, profile)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("known", "field"),
    [
        (Capabilities(max_stack_level=1), "profile.stack_level"),
        (Capabilities(max_external_id=1), "profile.id"),
        (Capabilities(max_periods=1), "profile.schedules[0].periods"),
        (Capabilities(units=frozenset({Unit.W})), "profile.schedules[0].unit"),
        (Capabilities(max_stack_level=2, max_periods=2, units=frozenset({Unit.A})), None),
    ],
)
def test_what_a_station_can_take(known: Capabilities, field: str | None) -> None:
    """Is held against the profile as far as it is known."""
    profile = replace(of(FIRST, Period(start_period=60, limit=8.0)), stack_level=2)
    if field is None:
        check(1, profile, known)
        return
    with pytest.raises(Invalid) as refusal:
        check(1, profile, known)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        (replace(OWN, transaction_ref=None), None),
        (DEFAULT, "charging_profile.purpose"),
        (OWN, "charging_profile.transaction_ref"),
        (replace(OWN, transaction_ref=None, kind=Kind.ABSOLUTE), "charging_profile.schedules[0]"),
    ],
)
def test_profiles_of_remote_starts(profile: ChargingProfile, field: str | None) -> None:
    """They are for the session that follows, and otherwise like any."""
    if field is None:
        check_start(profile)
        return
    with pytest.raises(Invalid) as refusal:
        check_start(profile)
    assert str(refusal.value.field).startswith(field)
    assert refusal.value.detail.startswith("charging_profile.")


def held(evse_id: int, profile: ChargingProfile) -> InstalledProfile:
    return InstalledProfile(evse_id=evse_id, profile=profile)


@pytest.mark.parametrize(
    ("profile", "other", "conflict"),
    [
        (DEFAULT, held(1, DEFAULT), None),
        (replace(DEFAULT, id=2), held(1, DEFAULT), 1),
        (replace(DEFAULT, id=None), held(1, DEFAULT), 1),
        (replace(DEFAULT, id=2), held(2, DEFAULT), None),
        (replace(DEFAULT, id=2, stack_level=1), held(1, DEFAULT), None),
        (replace(OWN, id=2), held(1, DEFAULT), None),
        (replace(OWN, id=2), held(1, OWN), 1),
        (replace(OWN, id=2, transaction_ref="T2"), held(1, OWN), None),
        (replace(DEFAULT, id=2, valid_to=NOON), held(1, replace(DEFAULT, valid_from=NOON)), None),
        (replace(DEFAULT, id=2, valid_from=NOON), held(1, replace(DEFAULT, valid_from=NOON)), 1),
    ],
)
def test_conflicts(profile: ChargingProfile, other: InstalledProfile, conflict: int | None) -> None:
    """K01.FR.06, K01.FR.39: one for the same place, purpose, level and time, or transaction."""
    assert conflicting(1, profile, [other]) == conflict
