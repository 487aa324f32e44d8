"""Charging profiles on the wire of OCPP 2.x (2.0.1 block K)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from csms.sim.charging import nothing_to_do
from csms.sim.connector import MAINS_V, Session
from csms.sim.messages import Answer, Fault, Payload, Request
from csms.sim.profiles import Period, Profile, Purpose, Schedule
from csms.sim.replies import Handler, answer
from csms.sim.station_time import read_time, wire_time

if TYPE_CHECKING:
    from csms.sim.charger import Charger

NO_LIMIT = 1e9
"""Limit of a period that names none, as 2.1 allows."""


def read_profile(wire: Payload, connector: int, now: datetime) -> Profile:
    """ChargingProfileType."""
    return Profile(
        id=wire["id"],
        connector=connector,
        stack=wire["stackLevel"],
        purpose=Purpose(wire["chargingProfilePurpose"]),
        kind=wire["chargingProfileKind"],
        schedules=tuple(_schedule(each) for each in wire["chargingSchedule"]),
        set_at=now,
        recurrence=wire.get("recurrencyKind"),
        valid_from=_time(wire, "validFrom"),
        valid_to=_time(wire, "validTo"),
        transaction=wire.get("transactionId"),
        wire=wire,
    )


def _schedule(wire: Payload) -> Schedule:
    periods = tuple(
        read_period(each, each["startPeriod"], each.get("numberPhases"))
        for each in wire["chargingSchedulePeriod"]
    )
    return Schedule(
        wire["chargingRateUnit"], periods, _time(wire, "startSchedule"), wire.get("duration")
    )


def read_period(wire: Payload, start_s: float, phases: int | None) -> Period:
    """What limits a period (2.1: also of single phases), or the update of one.

    A setpoint is a limit for who only draws power; of what may be given back nothing ever is.
    """
    found = [_figures(wire, "limit"), _figures(wire, "setpoint")]
    figures = tuple(each for each in found if each is not None)
    if not figures:
        return Period(start_s, NO_LIMIT, phases)
    if len(figures) == 1 and len(figures[0]) == 1 and figures[0][0] >= 0:
        return Period(start_s, figures[0][0], phases)
    return Period(start_s, NO_LIMIT, phases, figures)


def _figures(wire: Payload, name: str) -> tuple[float, ...] | None:
    """One figure for all phases, or one for each; a phase without has the least of the others."""
    told = [wire.get(key) for key in (name, f"{name}_L2", f"{name}_L3")]
    known = [float(each) for each in told if each is not None]
    if not known:
        return None
    if told[1:] == [None, None]:
        return tuple(known)
    return tuple(min(known) if each is None else float(each) for each in told)


def _time(wire: Payload, name: str) -> datetime | None:
    return read_time(wire[name]) if name in wire else None


def start_profile(
    charger: Charger, wire: Payload | None
) -> tuple[Callable[[Session], None], str | None]:
    """What installs the profile of a remote start, and what is wrong with it (F01.FR.09)."""
    if wire is None:
        return nothing_to_do, None
    if wire["chargingProfilePurpose"] != Purpose.TRANSACTION.value or "transactionId" in wire:
        return nothing_to_do, "InvalidProfile"

    def install(session: Session) -> None:
        now = charger.presence.time.now()
        own = {**wire, "transactionId": session.id}
        charger.equipment.smart.put(read_profile(own, session.connector_id, now))

    return install, None


def _set(charger: Charger, payload: Payload) -> Answer | Fault:
    now = charger.presence.time.now()
    profile = read_profile(payload["chargingProfile"], payload["evseId"], now)
    problem = charger.equipment.smart.problem(profile)
    if problem is not None:
        return answer("Rejected", statusInfo={"reasonCode": problem})
    return answer("Accepted", lambda: charger.equipment.smart.put(profile))


def _clear(charger: Charger, payload: Payload) -> Answer | Fault:
    criteria = payload.get("chargingProfileCriteria", {})
    number, purpose = payload.get("chargingProfileId"), criteria.get("chargingProfilePurpose")
    smart = charger.equipment.smart
    found = smart.find(
        ids=None if number is None else [number],
        connector=criteria.get("evseId"),
        purpose=None if purpose is None else Purpose(purpose),
        stack=criteria.get("stackLevel"),
    )
    return answer("Accepted" if smart.remove(found) else "Unknown")


def _get(charger: Charger, payload: Payload) -> Answer | Fault:
    wanted = payload["chargingProfile"]
    purpose = wanted.get("chargingProfilePurpose")
    found = charger.equipment.smart.find(
        ids=wanted.get("chargingProfileId"),
        connector=payload.get("evseId"),
        purpose=None if purpose is None else Purpose(purpose),
        stack=wanted.get("stackLevel"),
        sources=wanted.get("chargingLimitSource"),
    )
    if not found:
        return answer("NoProfiles")
    places = sorted({(each.connector, each.source) for each in found})
    requests = []
    for position, (connector, source) in enumerate(places):
        payload_out: dict[str, Any] = {
            "requestId": payload["requestId"],
            "chargingLimitSource": source,
            "evseId": connector,
            "chargingProfile": [
                each.wire for each in found if (each.connector, each.source) == (connector, source)
            ],
            "tbc": position < len(places) - 1,
        }
        requests.append(Request("ReportChargingProfiles", payload_out))
    return answer("Accepted", lambda: charger.send_soon(*requests))


def _composite(charger: Charger, payload: Payload) -> Answer | Fault:
    evse = payload["evseId"]
    if not 0 <= evse < len(charger.connectors):
        return answer("Rejected", statusInfo={"reasonCode": "UnknownEvse"})
    unit = payload.get("chargingRateUnit", "W")
    phases = max(1, charger.connectors[evse or 1].phases)
    steps = charger.equipment.smart.schedule(evse, payload["duration"])
    divisor = 1.0 if unit == "W" else MAINS_V * phases
    schedule = {
        "evseId": evse,
        "duration": payload["duration"],
        "scheduleStart": wire_time(charger.presence.time.now()),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [
            {"startPeriod": round(offset), "limit": round(limit / divisor, 1)}
            for offset, limit in steps
        ],
    }
    return answer("Accepted", schedule=schedule)


PROFILE_HANDLERS: Mapping[str, Handler] = {
    "ClearChargingProfile": _clear,
    "GetChargingProfiles": _get,
    "GetCompositeSchedule": _composite,
    "SetChargingProfile": _set,
}
