"""Texts as chargers of the field write them: words of the standard, tags, and free ones."""

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
    adding,
    changing,
    samples,
)

WORDS = frozenset(
    {
        "chargingState",
        "connectorStatus",
        "context",
        "errorCode",
        "eventType",
        "location",
        "measurand",
        "phase",
        "reason",
        "status",
        "stoppedReason",
        "triggerReason",
    }
)
"""Fields that hold one of some words; what is free text may be padded by right."""
REASONS = frozenset({"reason", "stoppedReason", "triggerReason"})
LONG = "x" * 300
HALF_PAIR = "\ud83d"


def _unit(place: Place) -> bool:
    """The unit of a sample that is no energy."""
    of_sample = isinstance(place.holder, dict) and (
        "measurand" in place.holder or place.holder.keys() <= {"unit", "multiplier"}
    )
    return place.key == "unit" and of_sample and place.text


def _word(place: Place) -> bool:
    # Not those of energy: whoever cannot read them has lost money.
    return place.text and not place.energy and (place.key in WORDS or _unit(place))


def _token(place: Place) -> bool:
    return place.key in {"idTag", "idToken"} and place.text and bool(place.value)


def _padded(value: str, rng: random.Random) -> str:
    return rng.choice((" {}", "{} ", "\t{}")).format(value)


def _quoted(value: str, rng: random.Random) -> str:
    del rng
    return f'"{value}"'


def _other_case(value: str, rng: random.Random) -> str:
    changed = [each for each in (value.upper(), value.lower()) if each != value]
    return rng.choice(changed) if changed else f"{value} "


def _spelled(*keys: str, word: str) -> Apply:
    return changing(
        lambda place: place.key in keys and place.text and not place.energy, lambda _, __: word
    )


def _unknown_status(action: str, payload: Payload, rng: random.Random) -> bool:
    if action != "StatusNotification":
        return False
    return _spelled("status", "connectorStatus", word="Blocked")(action, payload, rng)


def _unknown_value(action: str, payload: Payload, rng: random.Random) -> bool:
    del action
    found = samples(payload)
    if not found:
        return False
    key, word = rng.choice((("context", "Sample.Odd"), ("phase", "L4"), ("location", "Roof")))
    rng.choice(found)[key] = word
    return True


def _unknown_measurand(action: str, payload: Payload, rng: random.Random) -> bool:
    del action
    found = samples(payload)
    if not found:
        return False
    rng.choice(found)["measurand"] = "Voltage.Phase.Imbalance"
    return True


def _free(name: str, text: str) -> tuple[Distortion, Distortion]:
    """A free text that is asked for nowhere; of 2.x what only vendors know."""
    older = {"StatusNotification": {"info": text}, "BootNotification": {"meterType": text}}
    return (
        Distortion(name, adding(older), versions=OLDER),
        Distortion(name, adding({"": {"customData": {"vendorId": text}}}), versions=NEWER),
    )


def _texts(*ways: tuple[str, Apply], **more: Any) -> tuple[Distortion, ...]:
    return tuple(Distortion(name, apply, **more) for name, apply in ways)


TEXTS = (
    *_free("half_surrogate", f"simulator {HALF_PAIR}"),
    *_free("nul_inside", "simu\0lator"),
    *_free("long_text", LONG),
    *_texts(
        ("padded_value", changing(_word, _padded)),
        ("quoted_value", changing(_word, _quoted)),
        ("other_case", changing(_word, _other_case)),
        ("padded_token", changing(_token, lambda value, _: f" {value}")),
        ("quoted_token", changing(_token, _quoted)),
        ("nul_at_end", changing(_word, lambda value, _: f"{value}\0")),
        ("unknown_status", _unknown_status),
        ("unknown_reason", _spelled(*REASONS, word="UserWentHome")),
        ("unknown_measurand", _unknown_measurand),
        ("unknown_value", _unknown_value),
        (
            "unknown_unit",
            changing(
                lambda place: (
                    _unit(place) and not place.energy and place.value not in {"Wh", "kWh"}
                ),
                lambda _, __: "Furlong",
            ),
        ),
    ),
    *_texts(
        ("unknown_error_code", _spelled("errorCode", word="Error")),
        versions=OLDER,
    ),
)
"""What can be done to texts."""
