"""Charging profiles in the words of 1.6 (§3.13, §5.3, §5.7, §5.16)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from csms.adapter.faults import PayloadError
from csms.adapter.notes import Notes
from csms.adapter.schema import Json
from csms.adapter.tables import Outbound, Request, Unsupported
from csms.adapter.wording import Unspeakable, lenient, strict, wording
from csms.core.charging import vocabulary as v
from csms.core.charging.profiles import (
    ChargingProfile,
    CompositeSchedule,
    Period,
    Purpose,
    Unit,
    plain,
)
from csms.core.commands import Command

_INTEGER = re.compile(r"-?\d{1,10}", re.ASCII).fullmatch

NAMES: Mapping[str, str] = {
    "chargingProfileId": "id",
    "chargingProfileKind": "kind",
    "chargingProfilePurpose": "purpose",
    "chargingRateUnit": "unit",
    "chargingSchedule": "schedules",
    "chargingSchedulePeriod": "periods",
    "recurrencyKind": "recurrency",
    "startSchedule": "start_at",
    "transactionId": "transaction_ref",
}
_WORDS: Mapping[str, str] = {"ChargePointMaxProfile": "ChargingStationMaxProfile"}
_PURPOSES: Mapping[str, str] = {
    "ChargingStationMaxProfile": "ChargePointMaxProfile",
    "TxDefaultProfile": "TxDefaultProfile",
    "TxProfile": "TxProfile",
}

PROFILE = wording("v16", "SetChargingProfile", "csChargingProfiles", names=NAMES, words=_WORDS)


def spell_profile(profile: ChargingProfile, ref: int | None = None) -> Json:
    """A profile as 1.6 writes it; ``ref`` is its id if it has none.

    Raises `Unspeakable`.
    """
    content = {**plain(profile), "id": v.id_of(profile, ref)}
    if len(profile.schedules) != 1:
        raise Unspeakable("one schedule in a charging profile, no more")
    schedule = plain(profile.schedules[0])
    schedule.pop("id", None)  # there is nothing it could be told from
    content["schedules"] = schedule
    if profile.transaction_ref is not None:
        if _INTEGER(profile.transaction_ref) is None:
            raise Unspeakable("transactions by a number only")
        content["transaction_ref"] = int(profile.transaction_ref)
    whole: Json = PROFILE.to_wire(content, "a charging profile")
    return whole


def read_profile(payload: Json, notes: Notes) -> ChargingProfile | None:
    """A profile that 1.6 wrote; None when it is none of ours."""
    content = PROFILE.to_core(payload, notes)
    content["schedules"] = [content["schedules"]]
    if "transaction_ref" in content:
        content["transaction_ref"] = str(content["transaction_ref"])
    try:
        return msgspec.convert(content, ChargingProfile)
    except msgspec.ValidationError:
        return None


def known_profile(payload: Json | None) -> ChargingProfile | None:
    """A profile of a request of ours; None also for one that the core cannot say."""
    if payload is None:
        return None
    try:
        return read_profile(payload, strict())
    except PayloadError:
        return None


def unspeakable(error: Unspeakable) -> Unsupported:
    """Why 1.6 does not say it."""
    return Unsupported(f"OCPP 1.6 knows {error}.")


def _set_profile(command: v.SetProfile) -> Request | Unsupported:
    try:
        profile = spell_profile(command.profile, command.ref)
    except Unspeakable as error:
        return unspeakable(error)
    payload = {"connectorId": command.evse_id, "csChargingProfiles": profile}
    return Request("SetChargingProfile", payload)


def _replaced(command: v.SetProfile, payload: Json) -> v.Replaced:  # noqa: ARG001 - a learner
    """§3.13.2: one of the same level and purpose at the same connector makes room."""
    return v.Replaced()


def _clear_profiles(command: v.ClearProfiles) -> Request | Unsupported:
    purpose = None
    if command.purpose is not None:
        purpose = _PURPOSES.get(command.purpose)
        if purpose is None:
            return Unsupported(f"OCPP 1.6 knows no purpose {command.purpose.value}.")
    payload = {
        "id": command.profile_id,
        "connectorId": command.evse_id,
        "chargingProfilePurpose": purpose,
        "stackLevel": command.stack_level,
    }
    return Request(
        "ClearChargingProfile",
        {name: value for name, value in payload.items() if value is not None},
    )


def _cleared(command: v.ClearProfiles, payload: Json) -> v.NoProfiles | None:  # noqa: ARG001 - a learner
    return v.NoProfiles() if payload.get("status") == "Unknown" else None


def _ask_schedule(command: v.AskSchedule) -> Request:
    payload: Json = {"connectorId": command.evse_id, "duration": command.duration_s}
    if command.unit is not None:
        payload["chargingRateUnit"] = command.unit.value
    return Request("GetCompositeSchedule", payload)


_SCHEDULE = wording("v16", "GetCompositeScheduleResponse", names=NAMES)


class _Answer(Struct, frozen=True):
    """As much of an answer as makes a schedule."""

    unit: Unit
    periods: tuple[Period, ...]
    start_at: Any = None
    duration: int | None = None
    min_charging_rate: float | None = None


def learn_schedule(command: v.AskSchedule, payload: Json) -> v.ScheduleFound | None:
    """A composite schedule; None where there is none, or none that can be read."""
    whole = _SCHEDULE.to_core(payload, lenient())
    try:
        answer = msgspec.convert(whole.get("schedules"), _Answer)
        start = whole.get("schedule_start") or answer.start_at
        schedule = CompositeSchedule(
            evse_id=command.evse_id,
            start_at=msgspec.convert(start, datetime | None),
            duration=command.duration_s if answer.duration is None else answer.duration,
            unit=answer.unit,
            periods=answer.periods,
        )
    except msgspec.ValidationError:
        return None
    return v.ScheduleFound(schedule)


COMMANDS: Mapping[type[Command], Outbound] = {
    v.AskSchedule: Outbound(
        _ask_schedule,
        {"connectorId": "evse_id", "chargingRateUnit": "unit", "duration": "duration_s"},
        learn_schedule,
    ),
    v.ClearProfiles: Outbound(
        _clear_profiles,
        {
            "id": "profile_id",
            "connectorId": "evse_id",
            "chargingProfilePurpose": "purpose",
            "stackLevel": "stack_level",
        },
        _cleared,
    ),
    v.ReportProfiles: Outbound(
        lambda _command: Unsupported("OCPP 1.6 has no report of charging profiles."), {}
    ),
    v.SetProfile: Outbound(
        _set_profile,
        {
            "connectorId": "evse_id",
            "csChargingProfiles": "profile",
            "csChargingProfiles.chargingSchedule": "profile.schedules[0]",
        },
        _replaced,
        names=NAMES,
    ),
    v.UpdateSchedule: Outbound(
        lambda _command: Unsupported("OCPP 1.6 has no dynamic charging profiles."), {}
    ),
}


def _interpret_set(payload: Json) -> Command | None:
    profile = known_profile(payload["csChargingProfiles"])
    return (
        None if profile is None else v.SetProfile(evse_id=payload["connectorId"], profile=profile)
    )


def _interpret_clear(payload: Json) -> Command:
    purpose = payload.get("chargingProfilePurpose")
    return v.ClearProfiles(
        profile_id=payload.get("id"),
        evse_id=payload.get("connectorId"),
        purpose=None if purpose is None else Purpose(_WORDS.get(purpose, purpose)),
        stack_level=payload.get("stackLevel"),
    )


def _interpret_ask(payload: Json) -> Command:
    unit = payload.get("chargingRateUnit")
    return v.AskSchedule(
        evse_id=payload["connectorId"],
        duration_s=payload["duration"],
        unit=None if unit is None else Unit(unit),
    )


INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "ClearChargingProfile": _interpret_clear,
    "GetCompositeSchedule": _interpret_ask,
    "SetChargingProfile": _interpret_set,
}
