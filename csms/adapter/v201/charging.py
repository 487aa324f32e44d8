"""Charging in the words of 2.x: profiles (K01-K10), limits from outside (K11-K13) and what
vehicles say (K15-K17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound
from csms.adapter.times import moment
from csms.adapter.v201.charging_commands import commands, interpreters
from csms.adapter.v201.charging_words import V201_WORDS, Words, unzoned
from csms.adapter.v201.fields import place, spare_number
from csms.adapter.v201.replies import Payload, write_nothing
from csms.core.charging import vocabulary as v
from csms.core.commands import Command
from csms.core.replies import Acknowledged

_SPARE = Lenience(spare=True)
_WORD = Lenience(unknown=Rule.UNKNOWN_VALUE)
_SCHEDULE_LENIENCE: Mapping[str, Lenience] = {
    "chargingSchedule.id": Lenience(default=0),
    "chargingSchedule.salesTariff": _SPARE,
}


def inbound(words: Words, needs: Callable[[v.NeedsAnswered], Payload]) -> Mapping[str, Inbound]:
    """The messages from stations; ``needs`` writes the answer to what a vehicle needs."""

    def read_profiles(payload: Json, notes: Notes) -> v.ProfilesTold:
        return v.ProfilesTold(
            ref=spare_number(payload, "requestId", notes),
            evse_id=place(payload["evseId"], "evseId"),
            source=notes.text(payload["chargingLimitSource"], "chargingLimitSource"),
            profiles=tuple(
                words.tell_profile(profile, notes, "chargingProfile")
                for profile in payload["chargingProfile"]
            ),
            last=not payload.get("tbc", False),
        )

    def read_limit(payload: Json, notes: Notes) -> v.LimitTold:
        whole = words.limit.to_core(unzoned(payload), notes)
        limit: dict[str, object] = {
            name: value
            for name, value in (whole.pop("charging_limit") | whole).items()
            if name in ("is_grid_critical", "is_local_generation", "schedules")
        }
        return v.LimitTold(
            evse_id=place(payload.get("evseId", 0), "evseId"),
            source=_source(payload["chargingLimit"], notes),
            limit=limit,
        )

    def read_needs(payload: Json, notes: Notes) -> v.NeedsTold:
        told = payload.get("timestamp")
        return v.NeedsTold(
            evse_id=place(payload["evseId"], "evseId"),
            needs=words.needs.to_core(payload["chargingNeeds"], notes, "chargingNeeds"),
            max_tuples=spare_number(payload, "maxScheduleTuples", notes, least=1),
            at=None if told is None else moment(told, "timestamp", notes),
        )

    def read_vehicle_schedule(payload: Json, notes: Notes) -> v.VehicleScheduleTold:
        schedule = words.vehicle.to_core(payload["chargingSchedule"], notes, "chargingSchedule")
        return v.VehicleScheduleTold(
            evse_id=place(payload["evseId"], "evseId"),
            at=moment(payload["timeBase"], "timeBase", notes),
            schedule=schedule,
            selected_id=spare_number(payload, "selectedChargingScheduleId", notes),
        )

    return {
        "ClearedChargingLimit": Inbound(
            _read_cleared,
            Acknowledged,
            write_nothing,
            lenience={"chargingLimitSource": Lenience(default="Other", ceiling=64)},
        ),
        "NotifyChargingLimit": Inbound(
            read_limit,
            Acknowledged,
            write_nothing,
            lenience={
                **_SCHEDULE_LENIENCE,
                "chargingLimit.chargingLimitSource": Lenience(default="Other", ceiling=64),
                "chargingLimit.isGridCritical": _SPARE,
                "chargingSchedule": _SPARE,
                "evseId": _SPARE,
            },
        ),
        "NotifyEVChargingNeeds": Inbound(
            read_needs,
            v.NeedsAnswered,
            needs,
            lenience={
                "chargingNeeds.acChargingParameters": _SPARE,
                "chargingNeeds.dcChargingParameters": _SPARE,
                "chargingNeeds.departureTime": _SPARE,
                "chargingNeeds.derChargingParameters": _SPARE,
                "chargingNeeds.evEnergyOffer": _SPARE,
                "chargingNeeds.requestedEnergyTransfer": _WORD,
                "chargingNeeds.v2xChargingParameters": _SPARE,
                "maxScheduleTuples": _SPARE,
                "timestamp": _SPARE,
            },
        ),
        "NotifyEVChargingSchedule": Inbound(
            read_vehicle_schedule,
            v.VehicleScheduleAnswered,
            _write_vehicle_schedule,
            lenience={**_SCHEDULE_LENIENCE, "timeBase": Lenience(default=None)},
        ),
        "ReportChargingProfiles": Inbound(
            read_profiles,
            Acknowledged,
            write_nothing,
            lenience={
                "chargingLimitSource": Lenience(default="Other", ceiling=64),
                "chargingProfile.chargingProfileKind": _WORD,
                "chargingProfile.chargingProfilePurpose": _WORD,
                "chargingProfile.chargingSchedule.id": Lenience(default=0),
                "chargingProfile.chargingSchedule.salesTariff": _SPARE,
                "chargingProfile.recurrencyKind": _SPARE,
                "chargingProfile.stackLevel": Lenience(default=0),
                "chargingProfile.transactionId": _SPARE,
                "chargingProfile.validFrom": _SPARE,
                "chargingProfile.validTo": _SPARE,
                "requestId": _SPARE,
                "tbc": _SPARE,
            },
        ),
    }


def _source(limit: Json, notes: Notes) -> str:
    return notes.text(limit["chargingLimitSource"], "chargingLimitSource")


def _read_cleared(payload: Json, notes: Notes) -> v.LimitCleared:
    evse_id = payload.get("evseId")
    return v.LimitCleared(
        source=_source(payload, notes),
        evse_id=None if evse_id is None else place(evse_id, "evseId"),
    )


def _write_vehicle_schedule(reply: v.VehicleScheduleAnswered) -> Payload:
    return {"status": "Accepted" if reply.accepted else "Rejected"}


def _write_needs(reply: v.NeedsAnswered) -> Payload:
    """2.0.1 cannot say that all is well and yet no profile will come."""
    return {"status": "Rejected" if reply.status == "NoChargingProfile" else reply.status}


INBOUND: Mapping[str, Inbound] = inbound(V201_WORDS, _write_needs)
COMMANDS: Mapping[type[Command], Outbound] = commands(V201_WORDS)
INTERPRETERS = interpreters(V201_WORDS)
