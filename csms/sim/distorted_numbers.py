"""Numbers as chargers of the field write them.

Each has the same value by every reading, except where a sample is told that no money hangs on.
"""

from __future__ import annotations

import random
from typing import Any

from csms.sim.messages import Payload
from csms.sim.places import (
    NEWER,
    OLDER,
    Apply,
    Distortion,
    Place,
    changing,
    either,
    samples,
)

TOO_MANY_PHASES = 7
BEYOND_32_BITS = 2**40


def _number(place: Place) -> bool:
    return place.number


def _as_text(form: str) -> Apply:
    return changing(_number, lambda value, _: form.format(value))


def _named(*keys: str) -> Apply:
    """Numbers of those names, as text."""
    return changing(lambda place: place.key in keys and place.number, lambda value, _: str(value))


def _text_value(place: Place) -> bool:
    if place.key != "value" or not place.text:
        return False
    try:
        float(place.value)
    except ValueError:
        return False
    return True


def _digits(place: Place) -> bool:
    """A tag that a number can stand for."""
    return (
        place.key in {"idTag", "idToken"}
        and place.text
        and place.value.isdecimal()
        and len(place.value) <= 15
        and str(int(place.value)) == place.value
    )


def _evse_as_string(action: str, payload: Payload, rng: random.Random) -> bool:
    del action, rng
    evse = payload.get("evse")
    holder, key = (evse, "id") if isinstance(evse, dict) else (payload, "evseId")
    if key not in holder:
        return False
    holder[key] = str(holder[key])
    return True


def _register(place: Place) -> bool:
    return place.key in {"meterStart", "meterStop"}


def _whole(place: Place) -> bool:
    return place.number and isinstance(place.value, int) and not _register(place)


def _sampled(change: Any) -> Apply:
    """Changes the value of a sample that is no energy."""

    def apply(action: str, payload: Payload, rng: random.Random) -> bool:
        del action
        found = [each for each in samples(payload) if _numeric(each.get("value"))]
        if not found:
            return False
        sample = rng.choice(found)
        sample["value"] = change(str(sample["value"]), rng)
        return True

    return apply


def _numeric(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True


def _with_comma(text: str, rng: random.Random) -> str:
    del rng
    return text.replace(".", ",") if "." in text else f"{text},0"


def _no_number(text: str, rng: random.Random) -> str:
    return rng.choice(("NaN", "inf", "", f"{text} units"))


def _big_reservation(action: str, payload: Payload, rng: random.Random) -> bool:
    del rng
    begins = action == "StartTransaction" or payload.get("eventType") == "Started"
    if not begins or "reservationId" in payload:
        return False
    payload["reservationId"] = BEYOND_32_BITS
    return True


def _many_phases(action: str, payload: Payload, rng: random.Random) -> bool:
    del action, rng
    if "numberOfPhasesUsed" not in payload:
        return False
    payload["numberOfPhasesUsed"] = TOO_MANY_PHASES
    return True


def _as_word(value: object, rng: random.Random) -> object:
    return rng.choice((str(value).lower(), int(bool(value))))


NUMBERS = (
    Distortion("number_as_string", _as_text("{}")),
    Distortion("padded_number", _as_text(" {}")),
    Distortion("quoted_number", _as_text('"{}"')),
    Distortion(
        "string_as_number", changing(_text_value, lambda value, _: float(value)), versions=OLDER
    ),
    Distortion(
        "value_as_string",
        changing(
            lambda place: place.key == "value" and place.number and "measurand" in place.holder,
            lambda value, _: str(value),
        ),
        versions=NEWER,
    ),
    Distortion("sequence_as_string", _named("seqNo"), versions=NEWER),
    Distortion("evse_as_string", _evse_as_string, versions=NEWER),
    Distortion("token_as_number", changing(_digits, lambda value, _: int(value))),
    Distortion(
        "fractional_register", changing(_register, lambda value, _: float(value)), versions=OLDER
    ),
    Distortion("fractional_number", changing(_whole, lambda value, _: float(value))),
    Distortion("decimal_comma", _sampled(_with_comma)),
    Distortion("bad_number", _sampled(_no_number)),
    Distortion("out_of_range", _big_reservation, versions=("1.6", "2.0.1")),
    Distortion("out_of_range", either(_big_reservation, _many_phases), versions=("2.1",)),
    Distortion(
        "boolean_as_text",
        changing(lambda place: isinstance(place.value, bool), _as_word),
        versions=NEWER,
    ),
)
"""What can be done to numbers."""
