"""Charging profiles on the wire of OCPP 1.6 (§5.4, §5.7, §5.16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from csms.sim.charging import nothing_to_do
from csms.sim.connector import MAINS_V, Session
from csms.sim.messages import Answer, Fault, Payload
from csms.sim.profiles import Period, Profile, Purpose, Schedule
from csms.sim.replies import Handler, answer
from csms.sim.station_time import read_time, wire_time

if TYPE_CHECKING:
    from csms.sim.charger import Charger

PURPOSES = {
    "ChargePointMaxProfile": Purpose.STATION,
    "TxDefaultProfile": Purpose.DEFAULT,
    "TxProfile": Purpose.TRANSACTION,
}


def read_profile(
    wire: Payload, connector: int, now: datetime, transaction: int | str | None
) -> Profile:
    """ChargingProfile (§7.8); one that names no transaction is for the one that runs."""
    schedule = wire["chargingSchedule"]
    purpose = PURPOSES[wire["chargingProfilePurpose"]]
    own = wire.get("transactionId", transaction) if purpose is Purpose.TRANSACTION else None
    return Profile(
        id=wire["chargingProfileId"],
        connector=connector,
        stack=wire["stackLevel"],
        purpose=purpose,
        kind=wire["chargingProfileKind"],
        schedules=(
            Schedule(
                schedule["chargingRateUnit"],
                tuple(
                    Period(each["startPeriod"], float(each["limit"]), each.get("numberPhases"))
                    for each in schedule["chargingSchedulePeriod"]
                ),
                _time(schedule, "startSchedule"),
                schedule.get("duration"),
            ),
        ),
        set_at=now,
        recurrence=wire.get("recurrencyKind"),
        valid_from=_time(wire, "validFrom"),
        valid_to=_time(wire, "validTo"),
        transaction=own,
        wire=wire,
    )


def _time(wire: Payload, name: str) -> datetime | None:
    return read_time(wire[name]) if name in wire else None


def start_profile(
    charger: Charger, wire: Payload | None
) -> tuple[Callable[[Session], None], str | None]:
    """What installs the profile of a remote start, and what is wrong with it (§5.11)."""
    if wire is None:
        return nothing_to_do, None
    if wire["chargingProfilePurpose"] != "TxProfile" or "transactionId" in wire:
        return nothing_to_do, "no TxProfile"

    def install(session: Session) -> None:
        # Its transaction has no id yet; until then it is that of whatever runs here.
        now = charger.presence.time.now()
        profile = read_profile(wire, session.connector_id, now, None)
        charger.equipment.smart.put(profile)

    return install, None


def _set(charger: Charger, payload: Payload) -> Answer | Fault:
    connector = charger.connectors.get(payload["connectorId"])
    session = None if connector is None else connector.session
    profile = read_profile(
        payload["csChargingProfiles"],
        payload["connectorId"],
        charger.presence.time.now(),
        None if session is None else session.transaction_id,
    )
    if charger.equipment.smart.problem(profile) is not None:
        return answer("Rejected")
    return answer("Accepted", lambda: charger.equipment.smart.put(profile))


def _clear(charger: Charger, payload: Payload) -> Answer | Fault:
    number, purpose = payload.get("id"), payload.get("chargingProfilePurpose")
    smart = charger.equipment.smart
    found = smart.find(
        ids=None if number is None else [number],
        connector=payload.get("connectorId"),
        purpose=None if purpose is None else PURPOSES[purpose],
        stack=payload.get("stackLevel"),
    )
    return answer("Accepted" if smart.remove(found) else "Unknown")


def _composite(charger: Charger, payload: Payload) -> Answer | Fault:
    number = payload["connectorId"]
    if not 0 <= number < len(charger.connectors):
        return answer("Rejected")
    unit = payload.get("chargingRateUnit", "W")
    divisor = 1.0 if unit == "W" else MAINS_V * max(1, charger.connectors[number or 1].phases)
    now = wire_time(charger.presence.time.now())
    schedule = {
        "duration": payload["duration"],
        "startSchedule": now,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [
            {"startPeriod": round(offset), "limit": round(limit / divisor, 1)}
            for offset, limit in charger.equipment.smart.schedule(number, payload["duration"])
        ],
    }
    return answer("Accepted", connectorId=number, scheduleStart=now, chargingSchedule=schedule)


PROFILE_HANDLERS: Mapping[str, Handler] = {
    "ClearChargingProfile": _clear,
    "GetCompositeSchedule": _composite,
    "SetChargingProfile": _set,
}
