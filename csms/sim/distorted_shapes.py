"""Payloads whose shape is wrong: fields too many or too few, lists that are none."""

from __future__ import annotations

import random
from typing import Any

from csms.sim.messages import Payload
from csms.sim.places import (
    NEWER,
    OLDER,
    Apply,
    Distortion,
    adding,
    either,
    lists,
    meter_values,
    samples,
)

FORGOTTEN = {
    "BootNotification": ("chargePointModel", "reason"),
    "StatusNotification": ("errorCode", "timestamp"),
    "TransactionEvent": ("triggerReason",),
}
"""Required fields without which nothing is lost."""
NULLS: dict[str, dict[str, Any]] = {
    "BootNotification": {"iccid": None, "imsi": None},
    "StartTransaction": {"reservationId": None},
    "StatusNotification": {"info": None, "vendorId": None},
}
"""Fields of 1.6 that a message can do without."""


def _missing(names: tuple[str, ...]) -> Apply:
    def apply(action: str, payload: Payload, rng: random.Random) -> bool:
        found = [name for name in FORGOTTEN.get(action, ()) if name in payload and name in names]
        if not found:
            return False
        del payload[rng.choice(found)]
        return True

    return apply


def _unreadable_sample(action: str, payload: Payload, rng: random.Random) -> bool:
    del action
    found = samples(payload)
    if not found:
        return False
    rng.choice(found)["context"] = {"vendor": "simulator"}
    return True


def _unreadable_number(action: str, payload: Payload, rng: random.Random) -> bool:
    del action, rng
    plate = payload.get("chargingStation", payload)
    for name in ("chargePointSerialNumber", "serialNumber"):
        if name in plate:
            plate[name] = {"vendor": "simulator"}
            return True
    return False


def _text_among(found: list[list[Any]], rng: random.Random) -> bool:
    if not found:
        return False
    rng.choice(found).append("230.0")
    return True


def _text_for_sample(action: str, payload: Payload, rng: random.Random) -> bool:
    # Beside the others, not instead of one: nothing is lost.
    del action
    return _text_among(lists(payload), rng)


def _not_a_list(action: str, payload: Payload, rng: random.Random) -> bool:
    del action
    holders: list[tuple[Payload, str]] = [(each, "sampledValue") for each in meter_values(payload)]
    holders += [(payload, "meterValue")]
    found = [
        (holder, key)
        for holder, key in holders
        if isinstance(holder.get(key), list) and len(holder[key]) == 1
    ]
    if not found:
        return False
    holder, key = rng.choice(found)
    [holder[key]] = holder[key]
    return True


def _empty_list(action: str, payload: Payload, rng: random.Random) -> bool:
    """One more meter value, which has no sample."""
    del action, rng
    values = payload.get("meterValue")
    if not isinstance(values, list) or not values:
        return False
    values.append({"timestamp": values[-1]["timestamp"], "sampledValue": []})
    return True


def _connector_zero(action: str, payload: Payload, rng: random.Random) -> bool:
    del rng
    for name in ("connectorId", "evseId"):
        if action == "MeterValues" and payload.get(name, 0) > 0:
            payload[name] = 0
            return True
    return False


def _no_transaction(action: str, payload: Payload, rng: random.Random) -> bool:
    del rng
    return action == "MeterValues" and payload.pop("transactionId", None) is not None


SHAPES = (
    Distortion("missing_field", _missing(("chargePointModel", "errorCode")), versions=OLDER),
    Distortion("missing_field", _missing(("reason", "timestamp", "triggerReason")), versions=NEWER),
    Distortion("null_field", adding(NULLS), versions=OLDER),
    Distortion("null_field", adding({"": {"customData": None}}), versions=NEWER),
    Distortion("extra_field", adding({"": {"vendorSpecific": 1, "sessionCounter": "7"}})),
    Distortion("unreadable_field", either(_unreadable_sample, _unreadable_number)),
    Distortion("text_for_object", _text_for_sample, versions=OLDER),
    Distortion(
        "text_for_object",
        either(_text_for_sample, adding({"": {"customData": "simulator"}})),
        versions=NEWER,
    ),
    Distortion("not_a_list", _not_a_list),
    Distortion("empty_list", _empty_list),
    Distortion("connector_zero", _connector_zero, excused=False),
    Distortion("no_transaction", _no_transaction, excused=False, versions=OLDER),
)
"""What can be done to the shape of a payload, and what the schemas allow and is odd."""
