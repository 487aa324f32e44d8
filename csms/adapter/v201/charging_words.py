"""What 2.x can say of charging: 2.0.1 and 2.1 have the same messages with different structures."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs
import msgspec

from csms.adapter.faults import PayloadError
from csms.adapter.notes import Notes
from csms.adapter.schema import Json, dotted
from csms.adapter.tables import Unsupported
from csms.adapter.wording import Unspeakable, Wording, strict, wording
from csms.core.charging import vocabulary as v
from csms.core.charging.profiles import (
    ChargingProfile,
    plain,
)

NAMES: Mapping[str, str] = {
    "chargingProfileKind": "kind",
    "chargingProfilePurpose": "purpose",
    "chargingRateUnit": "unit",
    "chargingSchedule": "schedules",
    "chargingSchedulePeriod": "periods",
    "recurrencyKind": "recurrency",
    "scheduleStart": "start_at",
    "startSchedule": "start_at",
    "transactionId": "transaction_ref",
}


_OFFSET = re.compile(r"(?:[+-][0-9]{2}:?[0-9]{2}|[Zz])?$")


@attrs.frozen(eq=False)
class Words:
    """What one version of 2.x can say of charging."""

    version: str
    profile: Wording
    limit: Wording
    needs: Wording
    vehicle: Wording
    composite: Wording

    @classmethod
    def of(cls, version: str, folder: str) -> Words:
        """From the schemas of a version."""
        return cls(
            version,
            wording(folder, "SetChargingProfileRequest", "chargingProfile", names=NAMES),
            wording(folder, "NotifyChargingLimitRequest", names=NAMES),
            wording(folder, "NotifyEVChargingNeedsRequest", "chargingNeeds"),
            wording(folder, "NotifyEVChargingScheduleRequest", "chargingSchedule", names=NAMES),
            wording(folder, "GetCompositeScheduleResponse", "schedule", names=NAMES),
        )

    def unspeakable(self, error: Unspeakable, field: str) -> Unsupported:
        """Why it is not said; ``field`` has it."""
        place = dotted((field, *error.place))
        return Unsupported(f"OCPP {self.version} knows {error}.", place)

    def spell_profile(self, profile: ChargingProfile, ref: int | None = None) -> Json:
        """A profile; ``ref`` is its id if it has none.  Raises `Unspeakable`."""
        content = {**plain(profile), "id": v.id_of(profile, ref)}
        content["schedules"] = [
            {"id": number, **plain(schedule)}
            for number, schedule in enumerate(profile.schedules, 1)
        ]
        whole: Json = self.profile.to_wire(content, "a charging profile")
        return whole

    def tell_profile(self, payload: Json, notes: Notes, path: str) -> Json:
        """What a station says of a profile, storable, in the words of the core."""
        whole: Json = self.profile.to_core(unzoned(payload), notes, path)
        return whole

    def read_profile(self, payload: Json, notes: Notes) -> ChargingProfile | None:
        """A profile; None when it is none of ours."""
        try:
            return msgspec.convert(self.tell_profile(payload, notes, ""), ChargingProfile)
        except msgspec.ValidationError:
            return None

    def known_profile(self, payload: Json | None) -> ChargingProfile | None:
        """A profile of a request of ours; None also for one that the core cannot say."""
        if payload is None:
            return None
        try:
            return self.read_profile(payload, strict())
        except PayloadError:
            return None


def unzoned(payload: Json) -> Json:
    """The same, where schedules go by the station's own clock with their start as that shows it:
    whatever offset is written there counts for nothing (2.1 K01.FR.90)."""
    schedules = payload.get("chargingSchedule")
    if not isinstance(schedules, list) or not any(map(_local, schedules)):
        return payload
    return {
        **payload,
        "chargingSchedule": [
            {**each, "startSchedule": _OFFSET.sub("Z", each["startSchedule"], count=1)}
            if _local(each)
            else each
            for each in schedules
        ],
    }


def _local(schedule: Json) -> bool:
    return (
        isinstance(schedule, dict)
        and schedule.get("useLocalTime") is True
        and isinstance(schedule.get("startSchedule"), str)
    )


V201_WORDS = Words.of("2.0.1", "v201")
