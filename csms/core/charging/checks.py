"""What a charging profile must keep to before it is sent (OCPP 1.6 §3.13, 2.x K01, 2.1 Q)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NoReturn

from msgspec import Struct

from csms.core.charging.profiles import (
    ChargingProfile,
    Kind,
    Mode,
    Period,
    Purpose,
    Schedule,
    Unit,
)
from csms.core.errors import Invalid

_ALWAYS = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)

_DISCHARGING = ("discharge_limit", "discharge_limit_l2", "discharge_limit_l3")
_LIMITS = ("limit", "limit_l2", "limit_l3")
_SETPOINTS = ("setpoint", "setpoint_l2", "setpoint_l3")
_WITHOUT: Mapping[Mode, tuple[str, ...]] = {
    Mode.CHARGING_ONLY: (*_DISCHARGING, *_SETPOINTS),
    Mode.CENTRAL_SETPOINT: (*_LIMITS, *_DISCHARGING),
}
"""What periods of a mode of operation must not have (2.1 Q02.FR.02, Q03.FR.02)."""
_MODES: Mapping[Purpose, frozenset[Mode]] = {
    Purpose.STATION_MAX: frozenset({Mode.CHARGING_ONLY}),
    Purpose.PRIORITY: frozenset({Mode.CHARGING_ONLY}),
    Purpose.LOCAL_GENERATION: frozenset({Mode.CHARGING_ONLY, Mode.EXTERNAL_LIMITS}),
}
"""The modes of operation of those purposes that do not have all (2.1 K01.FR.71, Q)."""
_DELAYED = (Purpose.TX, Purpose.TX_DEFAULT)
"""Purposes whose periods may begin a little later at random (2.1 K01.FR.95)."""


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a station can take, as far as it is known."""

    max_stack_level: int | None = None
    max_periods: int | None = None
    max_external_id: int | None = None
    """The highest id that the station gives to profiles of its own (K01.FR.81)."""
    units: frozenset[Unit] | None = None


class InstalledProfile(Struct, frozen=True, kw_only=True):
    """A profile that a station holds, and on which EVSE."""

    evse_id: int
    profile: ChargingProfile


def check(evse_id: int, profile: ChargingProfile, known: Capabilities | None = None) -> None:
    """Raises `Invalid`, naming the field, for the first rule that is broken.

    Whether the session of a TxProfile is open, and what else the station holds, is not looked at.
    """
    known = known or Capabilities()
    _check_place(evse_id, profile)
    _check_content(profile, known)


def check_start(profile: ChargingProfile) -> None:
    """The same for a profile that comes with a remote start: it is for the session that follows,
    so that there is no transaction yet (1.6 §5.11, 2.x F01).  Fields are those of
    ``charging_profile``."""
    try:
        if profile.purpose is not Purpose.TX:
            _refuse("purpose", "must be TxProfile in a remote start")
        if profile.transaction_ref is not None:
            _refuse("transaction_ref", "is not allowed in a remote start")
        _check_content(profile, Capabilities())
    except Invalid as refusal:
        raise Invalid(f"charging_{refusal.detail}", field=f"charging_{refusal.field}") from None


def _check_content(profile: ChargingProfile, known: Capabilities) -> None:
    _check_kind(profile)
    _check_times(profile)
    least = known.max_external_id
    if least is not None and profile.id is not None and profile.id <= least:
        _refuse("id", f"must be above {least} at this station")
    if known.max_stack_level is not None and profile.stack_level > known.max_stack_level:
        _refuse("stack_level", f"must be at most {known.max_stack_level} at this station")
    if None not in (profile.valid_from, profile.valid_to) and not _from(profile) < _to(profile):
        _refuse("valid_to", "must be after valid_from")
    if len(profile.schedules) > 1 and profile.purpose is not Purpose.TX:
        _refuse("schedules", "may be several in a TxProfile only")
    for number, schedule in enumerate(profile.schedules):
        place = f"schedules[{number}]"
        _check_schedule(place, schedule, known)
        _check_purpose(place, schedule, profile.purpose)


def conflicting(
    evse_id: int, profile: ChargingProfile, held: Iterable[InstalledProfile]
) -> int | None:
    """The id of another profile that the station holds for the same place, purpose, level and
    time (K01.FR.06), or for the same transaction and level (K01.FR.39)."""
    for other in held:
        if other.profile.id != profile.id and _collide(evse_id, profile, other):
            return other.profile.id
    return None


def _collide(evse_id: int, profile: ChargingProfile, other: InstalledProfile) -> bool:
    held = other.profile
    if (held.purpose, held.stack_level) != (profile.purpose, profile.stack_level):
        return False
    if profile.purpose is Purpose.TX:
        return held.transaction_ref == profile.transaction_ref
    return other.evse_id == evse_id and _from(profile) < _to(held) and _from(held) < _to(profile)


def _from(profile: ChargingProfile) -> datetime:
    return profile.valid_from or _ALWAYS


def _to(profile: ChargingProfile) -> datetime:
    return profile.valid_to or _NEVER


def _check_place(evse_id: int, profile: ChargingProfile) -> None:
    match profile.purpose:
        case Purpose.EXTERNAL:
            _refuse("purpose", "is the station's own to make")
        case Purpose.STATION_MAX if evse_id != 0:
            raise Invalid(
                "A ChargingStationMaxProfile is for the whole station: evse_id 0.", field="evse_id"
            )
        case Purpose.STATION_MAX if profile.kind is Kind.RELATIVE:
            _refuse("kind", "cannot be Relative: a station has no beginning to count from")
        case Purpose.TX if evse_id == 0:
            raise Invalid("A TxProfile is for an EVSE: evse_id above 0.", field="evse_id")
        case Purpose.TX:
            if profile.transaction_ref is None:
                _refuse("transaction_ref", "is needed in a TxProfile")
        case _:
            pass
    if profile.transaction_ref is not None and profile.purpose is not Purpose.TX:
        _refuse("transaction_ref", "is allowed in a TxProfile only")


def _check_kind(profile: ChargingProfile) -> None:
    recurring = profile.kind is Kind.RECURRING
    if recurring and profile.recurrency is None:
        _refuse("recurrency", "is needed in a Recurring profile")
    if not recurring and profile.recurrency is not None:
        _refuse("recurrency", "is allowed in a Recurring profile only")
    for number, schedule in enumerate(profile.schedules):
        place = f"schedules[{number}]"
        if profile.kind is Kind.RELATIVE and schedule.start_at is not None:
            _refuse(f"{place}.start_at", "is not allowed in a Relative profile")
        if profile.kind in (Kind.ABSOLUTE, Kind.RECURRING) and schedule.start_at is None:
            _refuse(f"{place}.start_at", "is needed unless the profile is Relative")
        if profile.kind is Kind.DYNAMIC and len(schedule.periods) != 1:
            _refuse(f"{place}.periods", "must be one in a Dynamic profile")
    if profile.kind is Kind.DYNAMIC and len(profile.schedules) != 1:
        _refuse("schedules", "must be one in a Dynamic profile")
    for name in ("dyn_update_interval", "dyn_update_time"):
        if profile.kind is not Kind.DYNAMIC and getattr(profile, name) is not None:
            _refuse(name, "is allowed in a Dynamic profile only")  # K01.FR.122


def _check_times(profile: ChargingProfile) -> None:
    """Times that every part can tell and count with."""
    times = {
        "valid_from": profile.valid_from,
        "valid_to": profile.valid_to,
        "dyn_update_time": profile.dyn_update_time,
    }
    for number, schedule in enumerate(profile.schedules):
        times[f"schedules[{number}].start_at"] = schedule.start_at
    for field, at in times.items():
        if at is not None and not _FIRST <= at < _LAST:
            _refuse(field, "must be between the years 2000 and 2100")


def _check_schedule(place: str, schedule: Schedule, known: Capabilities) -> None:
    if known.units is not None and schedule.unit not in known.units:
        _refuse(f"{place}.unit", "is not known to this station")
    if known.max_periods is not None and len(schedule.periods) > known.max_periods:
        _refuse(f"{place}.periods", f"must be at most {known.max_periods} at this station")
    if schedule.duration == 0:
        _refuse(f"{place}.duration", "must be above 0")
    before = -1
    for number, period in enumerate(schedule.periods):
        inside = f"{place}.periods[{number}]"
        if number == 0 and period.start_period != 0:
            _refuse(f"{inside}.start_period", "must be 0 in the first period")
        if period.start_period <= before:
            _refuse(f"{inside}.start_period", "must be above that of the period before")
        before = period.start_period
        _check_period(inside, period)


def _check_purpose(place: str, schedule: Schedule, purpose: Purpose) -> None:
    """What 2.1 allows for some purposes only."""
    if purpose is Purpose.PRIORITY and schedule.duration is not None:  # K01.FR.70
        _refuse(f"{place}.duration", "is not allowed in a PriorityCharging profile")
    if schedule.randomized_delay and purpose not in _DELAYED:
        _refuse(f"{place}.randomized_delay", f"is not allowed in a {purpose} profile")
    for number, period in enumerate(schedule.periods):
        mode, where = _mode(period), f"{place}.periods[{number}].operation_mode"
        if mode not in _MODES.get(purpose, (mode,)):
            _refuse(where, f"cannot be {mode} in a {purpose} profile")
        if mode is Mode.LOCAL_FREQUENCY and schedule.unit is not Unit.W:  # Q08.FR.05
            _refuse(where, "can be LocalFrequency in a schedule in W only")


def _mode(period: Period) -> Mode:
    return period.operation_mode or Mode.CHARGING_ONLY


def _check_period(place: str, period: Period) -> None:
    if period.phase_to_use is not None and period.number_phases != 1:
        _refuse(f"{place}.phase_to_use", "is allowed with number_phases 1 only")
    mode = _mode(period)
    for name in _WITHOUT.get(mode, ()):
        if getattr(period, name) is not None:
            _refuse(f"{place}.{name}", f"is not allowed with operation_mode {mode}")


def _refuse(field: str, rule: str) -> NoReturn:
    raise Invalid(f"profile.{field} {rule}.", field=f"profile.{field}")
