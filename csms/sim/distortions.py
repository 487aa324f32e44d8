"""What chargers of the field do to their messages, each as a function of its own.

A distortion takes a payload, which it may change, and returns False when there is nothing in it
that it could distort.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from csms.sim.messages import Payload

TIMES = frozenset({"timestamp", "expiryDate"})
TEXTS = frozenset(
    {
        "chargePointModel",
        "chargePointVendor",
        "errorCode",
        "firmwareVersion",
        "measurand",
        "model",
        "reason",
        "status",
        "unit",
        "vendorName",
    }
)
"""Texts that may be padded without becoming something else; tags are not among them."""
OF_1970 = "1970-01-01T00:00:07Z"


class Distortion(Struct, frozen=True):
    """``versions``: prefixes of the subprotocol's version that have it."""

    name: str
    apply: Callable[[str, Payload, random.Random], bool]
    excused: bool
    """Whether the standard lets a server answer it with a CALLERROR."""
    versions: tuple[str, ...] = ("1.6", "2.0.1", "2.1")


class _Place(Struct, frozen=True):
    """A value and where it is."""

    holder: Any
    key: Any
    value: Any

    def put(self, value: object) -> None:
        self.holder[self.key] = value


def _places(holder: Any) -> Iterator[_Place]:
    items = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in list(items):
        if isinstance(value, dict | list):
            yield from _places(value)
        else:
            yield _Place(holder, key, value)


def _one(payload: Payload, rng: random.Random, wanted: Callable[[_Place], bool]) -> _Place | None:
    found = [place for place in _places(payload) if wanted(place)]
    return rng.choice(found) if found else None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_as_string(action: str, payload: Payload, rng: random.Random) -> bool:
    """``"meterStart": "1200"``."""
    del action
    place = _one(payload, rng, lambda each: _number(each.value))
    if place is None:
        return False
    place.put(str(place.value))
    return True


def string_as_number(action: str, payload: Payload, rng: random.Random) -> bool:
    """``"value": 1200`` where OCPP 1.6 wants text."""
    del action
    place = _one(payload, rng, lambda each: each.key == "value" and isinstance(each.value, str))
    if place is None:
        return False
    try:
        place.put(float(place.value))
    except ValueError:
        return False
    return True


def fractional_register(action: str, payload: Payload, rng: random.Random) -> bool:
    """``"meterStop": 1234.5``."""
    del action
    place = _one(payload, rng, lambda each: each.key in {"meterStart", "meterStop"})
    if place is None:
        return False
    # Downwards it could fall below what was told before.
    place.put(place.value + rng.choice((0.1, 0.25, 0.5)))
    return True


def _text(each: _Place) -> bool:
    return each.key in TEXTS and isinstance(each.value, str)


def padded_value(action: str, payload: Payload, rng: random.Random) -> bool:
    """``"status": " Available"``."""
    del action
    place = _one(payload, rng, _text)
    if place is None:
        return False
    place.put(rng.choice((" {}", "{} ", "\t{}")).format(place.value))
    return True


def quoted_value(action: str, payload: Payload, rng: random.Random) -> bool:
    """The value between quotation marks of its own."""
    del action
    place = _one(payload, rng, _text)
    if place is None:
        return False
    place.put(f'"{place.value}"')
    return True


def _time(payload: Payload, rng: random.Random, change: Callable[[str], str]) -> bool:
    place = _one(payload, rng, lambda each: each.key in TIMES and isinstance(each.value, str))
    if place is None:
        return False
    place.put(change(place.value))
    return True


def time_without_zone(action: str, payload: Payload, rng: random.Random) -> bool:
    """``2026-03-01T12:00:00.000``."""
    del action
    return _time(payload, rng, lambda text: text.removesuffix("Z"))


def time_with_short_zone(action: str, payload: Payload, rng: random.Random) -> bool:
    """``2026-03-01T15:00:00.000+03``."""
    del action

    def change(text: str) -> str:
        hour = int(text[11:13])
        # The same moment three hours further east, as long as the day does not end.
        return f"{text[:11]}{hour + 3:02d}{text[13:-1]}+03" if hour < 21 else f"{text[:-1]}+00"

    return _time(payload, rng, change)


def time_with_space(action: str, payload: Payload, rng: random.Random) -> bool:
    """``2026-03-01 12:00:00.000Z``."""
    del action
    return _time(payload, rng, lambda text: text.replace("T", " "))


def time_of_1970(action: str, payload: Payload, rng: random.Random) -> bool:
    """A clock that was never set."""
    del action
    return _time(payload, rng, lambda _: OF_1970)


def unknown_measurand(action: str, payload: Payload, rng: random.Random) -> bool:
    """``"measurand": "Voltage.Phase.Imbalance"``."""
    del action
    place = _one(payload, rng, lambda each: each.key == "measurand" and "Energy" not in each.value)
    if place is None:
        return False
    place.put("Voltage.Phase.Imbalance")
    return True


def unknown_unit(action: str, payload: Payload, rng: random.Random) -> bool:
    """``"unit": "Furlong"`` on what is no energy."""
    del action
    place = _one(payload, rng, lambda each: each.key == "unit" and each.value not in {"Wh", "kWh"})
    if place is None:
        return False
    place.put("Furlong")
    return True


def connector_zero(action: str, payload: Payload, rng: random.Random) -> bool:
    """MeterValues of connector 0."""
    del rng
    for name in ("connectorId", "evseId"):
        if action == "MeterValues" and payload.get(name, 0) > 0:
            payload[name] = 0
            return True
    return False


def no_transaction(action: str, payload: Payload, rng: random.Random) -> bool:
    """MeterValues that do not say of which transaction they are."""
    del rng
    return action == "MeterValues" and payload.pop("transactionId", None) is not None


def bad_transaction_id(action: str, payload: Payload, rng: random.Random) -> bool:
    """MeterValues of transaction 0 or -1."""
    if action != "MeterValues" or "transactionId" not in payload:
        return False
    payload["transactionId"] = rng.choice((0, -1))
    return True


DISTORTIONS = (
    Distortion("number_as_string", number_as_string, excused=True),
    Distortion("string_as_number", string_as_number, excused=True, versions=("1.6",)),
    Distortion("fractional_register", fractional_register, excused=True, versions=("1.6",)),
    Distortion("padded_value", padded_value, excused=True),
    Distortion("quoted_value", quoted_value, excused=True),
    Distortion("time_without_zone", time_without_zone, excused=True),
    Distortion("time_with_short_zone", time_with_short_zone, excused=True),
    Distortion("time_with_space", time_with_space, excused=True),
    Distortion("time_of_1970", time_of_1970, excused=False),
    Distortion("unknown_measurand", unknown_measurand, excused=True),
    Distortion("unknown_unit", unknown_unit, excused=True),
    Distortion("connector_zero", connector_zero, excused=False),
    Distortion("no_transaction", no_transaction, excused=False, versions=("1.6",)),
    Distortion("bad_transaction_id", bad_transaction_id, excused=False, versions=("1.6",)),
)
"""What can be done to a payload."""
