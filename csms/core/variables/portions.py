"""How much fits into one message to a station: as much as it said itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

import msgspec

from csms.core.variables.vocabulary import VariableName, Wanted

T = TypeVar("T")

UNKNOWN_LIMIT = 20
"""Items in a message to a station that did not say how many it takes."""
FEW = 5
"""Items that any station takes in one message."""
ITEM_OVERHEAD = 120
"""Bytes that an item may have on the wire beyond those of its JSON here."""


class Portioned(StrEnum):
    """What is sent in portions."""

    READ = "GetVariables"
    WRITE = "SetVariables"
    SET_MONITORS = "SetVariableMonitoring"
    CLEAR_MONITORS = "ClearVariableMonitoring"


_OWNER: Mapping[Portioned, str] = {
    Portioned.READ: "DeviceDataCtrlr",
    Portioned.WRITE: "DeviceDataCtrlr",
    Portioned.SET_MONITORS: "MonitoringCtrlr",
    Portioned.CLEAR_MONITORS: "MonitoringCtrlr",
}
_MOST_KEYS = VariableName(variable="GetConfigurationMaxKeys")


def limits(of: Portioned) -> tuple[tuple[VariableName, ...], VariableName]:
    """The variables that limit how many items a message has, and the one for its bytes.

    OCPP 2.x: ItemsPerMessage and BytesPerMessage; 1.6: GetConfigurationMaxKeys.
    """
    owner = _OWNER[of]
    items = VariableName(component=owner, variable="ItemsPerMessage", variable_instance=of.value)
    bytes_ = VariableName(component=owner, variable="BytesPerMessage", variable_instance=of.value)
    return ((items, _MOST_KEYS) if of is Portioned.READ else (items,)), bytes_


def first_limit(of: Portioned, *, keys: bool) -> Wanted:
    """What to ask a station for before it is sent more than `FEW` items: how many it takes;
    ``keys``: of configuration keys."""
    (items, *_), _ = limits(of)
    return Wanted(**msgspec.structs.asdict(_MOST_KEYS if keys else items))


def limit(values: Mapping[str, str], names: Sequence[VariableName]) -> int | None:
    """The least of the limits that are known and make sense, out of ``values`` by key."""
    known = [values[name.key].strip() for name in names if name.key in values]
    numbers = [int(text) for text in known if text.isascii() and text.isdecimal() and len(text) < 9]
    return min((number for number in numbers if number > 0), default=None)


def portions(items: Sequence[T], most: int, most_bytes: int | None) -> list[tuple[T, ...]]:
    """The items in their order, in portions of at most so many and (about) so many bytes.

    A configuration key that is to be changed (1.6) is a portion of its own, see `alone`.
    """
    result: list[tuple[T, ...]] = []
    portion: list[T] = []
    size = 0
    for item in items:
        more = len(msgspec.json.encode(item)) + ITEM_OVERHEAD
        full = len(portion) >= most or (most_bytes is not None and size + more > most_bytes)
        if portion and full:
            result.append(tuple(portion))
            portion, size = [], 0
        portion.append(item)
        size += more
    if portion:
        result.append(tuple(portion))
    return result


def alone(items: Sequence[VariableName]) -> bool:
    """Whether each must be changed by a message of its own, as configuration keys are."""
    return any(item.component is None for item in items)
