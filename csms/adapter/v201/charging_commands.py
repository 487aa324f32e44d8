"""Commands of charging in the words of 2.x, and what raw requests amount to (K01-K10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from csms.adapter.schema import Json
from csms.adapter.tables import Outbound, Request, Unsupported
from csms.adapter.v201.charging_words import NAMES, Words
from csms.adapter.wording import Unspeakable, lenient
from csms.core.charging import vocabulary as v
from csms.core.charging.profiles import (
    CompositeSchedule,
    Purpose,
    Unit,
)
from csms.core.commands import Command


def commands(words: Words) -> Mapping[type[Command], Outbound]:
    """The commands to stations."""
    purposes = words.profile.core["purpose"][1]

    def set_profile(command: v.SetProfile) -> Request | Unsupported:
        try:
            profile = words.spell_profile(command.profile, command.ref)
        except Unspeakable as error:
            return words.unspeakable(error, "profile")
        payload: Json = {"evseId": command.evse_id, "chargingProfile": profile}
        return Request("SetChargingProfile", payload)

    def clear_profiles(command: v.ClearProfiles) -> Request | Unsupported:
        if command.profile_id is not None:
            return Request("ClearChargingProfile", {"chargingProfileId": command.profile_id})
        try:
            criteria = _present(
                evseId=command.evse_id,
                chargingProfilePurpose=_purpose(command.purpose),
                stackLevel=command.stack_level,
            )
        except Unspeakable as error:
            return words.unspeakable(error, "purpose")
        return Request(
            "ClearChargingProfile", {"chargingProfileCriteria": criteria} if criteria else {}
        )

    def report_profiles(command: v.ReportProfiles) -> Request | Unsupported:
        try:
            criterion = _present(
                chargingProfilePurpose=_purpose(command.purpose),
                stackLevel=command.stack_level,
                chargingProfileId=list(command.profile_ids) or None,
                chargingLimitSource=list(command.sources) or None,
            )
        except Unspeakable as error:
            return words.unspeakable(error, "purpose")
        payload = _present(
            requestId=command.ref or 0, evseId=command.evse_id, chargingProfile=criterion
        )
        return Request("GetChargingProfiles", payload)

    def learn_schedule(command: v.AskSchedule, payload: Json) -> v.ScheduleFound | None:
        content = words.composite.to_core(payload.get("schedule"), lenient())
        try:
            found = msgspec.convert(content, CompositeSchedule)
        except msgspec.ValidationError:
            return None
        return v.ScheduleFound(msgspec.structs.replace(found, evse_id=command.evse_id))

    def _purpose(purpose: Purpose | None) -> object:
        return None if purpose is None else purposes.to_wire(purpose.value, "purpose")

    return {
        v.AskSchedule: Outbound(
            _ask_schedule,
            {"evseId": "evse_id", "chargingRateUnit": "unit", "duration": "duration_s"},
            learn_schedule,
        ),
        v.ClearProfiles: Outbound(
            clear_profiles,
            {
                "chargingProfileCriteria.evseId": "evse_id",
                "chargingProfileCriteria.stackLevel": "stack_level",
                "chargingProfileId": "profile_id",
            },
            learn_cleared,
        ),
        v.ReportProfiles: Outbound(
            report_profiles,
            {
                "chargingProfile.chargingLimitSource": "sources",
                "chargingProfile.chargingProfileId": "profile_ids",
                "chargingProfile.stackLevel": "stack_level",
                "evseId": "evse_id",
                "requestId": "ref",
            },
            learn_reported,
        ),
        v.SetProfile: Outbound(
            set_profile, {"evseId": "evse_id", "chargingProfile": "profile"}, names=NAMES
        ),
        v.UpdateSchedule: Outbound(
            lambda _command: Unsupported(f"OCPP {words.version} has no dynamic charging profiles."),
            {},
        ),
    }


def _ask_schedule(command: v.AskSchedule) -> Request:
    payload = _present(
        evseId=command.evse_id,
        duration=command.duration_s,
        chargingRateUnit=None if command.unit is None else command.unit.value,
    )
    return Request("GetCompositeSchedule", payload)


def learn_cleared(command: v.ClearProfiles, payload: Json) -> v.NoProfiles | None:  # noqa: ARG001 - a learner
    """Unknown (K10.FR.01): there is none."""
    return v.NoProfiles() if payload.get("status") == "Unknown" else None


def learn_reported(command: v.ReportProfiles, payload: Json) -> v.NoProfiles | None:  # noqa: ARG001 - a learner
    """NoProfiles (K09.FR.02): no report follows."""
    return v.NoProfiles() if payload.get("status") == "NoProfiles" else None


def interpreters(words: Words) -> Mapping[str, Callable[[Json], Command | None]]:
    """What raw requests amount to."""

    def interpret_set(payload: Json) -> Command | None:
        profile = words.known_profile(payload["chargingProfile"])
        return None if profile is None else v.SetProfile(evse_id=payload["evseId"], profile=profile)

    return {
        "ClearChargingProfile": _interpret_clear,
        "GetChargingProfiles": _interpret_report,
        "GetCompositeSchedule": _interpret_ask,
        "SetChargingProfile": interpret_set,
    }


def _interpret_clear(payload: Json) -> Command | None:
    """Both an id and criteria, or words of a vendor, are left as they are."""
    match payload:
        case {"chargingProfileId": int(profile_id), **rest} if not rest:
            return v.ClearProfiles(profile_id=profile_id)
        case {"chargingProfileCriteria": dict(criteria), **rest} if not rest:
            if "customData" in criteria:
                return None
            return v.ClearProfiles(
                evse_id=criteria.get("evseId"),
                purpose=_purpose_in(criteria),
                stack_level=criteria.get("stackLevel"),
            )
        case _:
            return None


def _interpret_report(payload: Json) -> Command | None:
    criterion: Json = payload["chargingProfile"]
    if "customData" in payload or "customData" in criterion:
        return None
    return v.ReportProfiles(
        ref=payload["requestId"],
        profile_ids=tuple(criterion.get("chargingProfileId", ())),
        evse_id=payload.get("evseId"),
        purpose=_purpose_in(criterion),
        stack_level=criterion.get("stackLevel"),
        sources=tuple(criterion.get("chargingLimitSource", ())),
    )


def _interpret_ask(payload: Json) -> Command | None:
    if "customData" in payload:
        return None
    unit = payload.get("chargingRateUnit")
    return v.AskSchedule(
        evse_id=payload["evseId"],
        duration_s=payload["duration"],
        unit=None if unit is None else Unit(unit),
    )


def _purpose_in(criteria: Json) -> Purpose | None:
    purpose = criteria.get("chargingProfilePurpose")
    return None if purpose is None else Purpose(purpose)


def _present(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
