"""The values of a payload and where they are, for those who distort them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from csms.sim.messages import Payload

Apply = Callable[[str, Payload, random.Random], bool]
"""Distorts the payload of an action in place; False: there is nothing in it to distort so."""
BOTH = ("1.6", "2.0.1", "2.1")
NEWER = ("2.0.1", "2.1")
OLDER = ("1.6",)


class Distortion(Struct, frozen=True):
    """Something that chargers do to payloads; ``versions`` are those of OCPP that have it."""

    name: str
    apply: Apply
    excused: bool = True
    """Whether the standard lets a server answer it with a CALLERROR."""
    versions: tuple[str, ...] = BOTH


class Place(Struct, frozen=True):
    """A value, what holds it, and whether it is part of a sample of energy."""

    holder: Any
    key: Any
    value: Any
    energy: bool = False

    def put(self, value: object) -> None:
        """Put something else there."""
        self.holder[self.key] = value

    @property
    def text(self) -> bool:
        """Whether it is text."""
        return isinstance(self.value, str)

    @property
    def number(self) -> bool:
        """Whether it is a number."""
        return isinstance(self.value, int | float) and not isinstance(self.value, bool)


def is_energy(sample: object) -> bool:
    """Whether an object is a sampled value that counts for money."""
    return isinstance(sample, dict) and "Energy" in str(sample.get("measurand", ""))


def places(holder: Any, *, energy: bool = False) -> Iterator[Place]:
    """All values that are neither objects nor lists."""
    energy = energy or is_energy(holder)
    items = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in list(items):
        if isinstance(value, dict | list):
            yield from places(value, energy=energy)
        else:
            yield Place(holder, key, value, energy)


def samples(payload: Payload) -> list[Payload]:
    """The sampled values that are no energy: whatever becomes of them, no money is lost."""
    return [each for values in lists(payload) for each in values if _spare(each)]


def lists(payload: Payload) -> list[list[Any]]:
    """The lists of sampled values."""
    return [each["sampledValue"] for each in meter_values(payload) if each.get("sampledValue")]


def meter_values(payload: Payload) -> list[Payload]:
    """The meter values."""
    found = payload.get("meterValue") or payload.get("transactionData") or []
    return [each for each in found if isinstance(each, dict)]


def changing(
    wanted: Callable[[Place], bool], change: Callable[[Any, random.Random], object]
) -> Apply:
    """Changes one of the values that are wanted."""

    def apply(action: str, payload: Payload, rng: random.Random) -> bool:
        del action
        found = [place for place in places(payload) if wanted(place)]
        if not found:
            return False
        place = rng.choice(found)
        place.put(change(place.value, rng))
        return True

    return apply


def adding(values: dict[str, dict[str, Any]]) -> Apply:
    """Sets a field that is absent, of those named for the action ("": for all others)."""

    def apply(action: str, payload: Payload, rng: random.Random) -> bool:
        fields = values.get(action, values.get("", {}))
        absent = sorted(fields.keys() - payload.keys())
        if not absent or not payload:
            return False
        name = rng.choice(absent)
        payload[name] = fields[name]
        return True

    return apply


def either(*ways: Apply) -> Apply:
    """The first of some ways, in any order, that there is something for."""

    def apply(action: str, payload: Payload, rng: random.Random) -> bool:
        return any(way(action, payload, rng) for way in rng.sample(ways, len(ways)))

    return apply


def _spare(sample: object) -> bool:
    return isinstance(sample, dict) and "measurand" in sample and not is_energy(sample)
