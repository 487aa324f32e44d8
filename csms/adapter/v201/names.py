"""What variables and monitors of 2.x have in common: names, and what became of items."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from csms.adapter.faults import FaultKind, PayloadError, refuse
from csms.adapter.leaves import Lenience
from csms.adapter.schema import Json
from csms.adapter.tables import Unsupported
from csms.adapter.texts import mended
from csms.adapter.v201.fields import MAX_INT32
from csms.core.commands import Command
from csms.core.variables.vocabulary import Chosen, ItemStatus, VariableName

T = TypeVar("T")

STATUSES: Mapping[str, ItemStatus] = {
    "Accepted": ItemStatus.ACCEPTED,
    "Duplicate": ItemStatus.DUPLICATE,
    "NotFound": ItemStatus.UNKNOWN,
    "NotSupportedAttributeType": ItemStatus.UNSUPPORTED,
    "RebootRequired": ItemStatus.REBOOT_REQUIRED,
    "UnknownComponent": ItemStatus.UNKNOWN,
    "UnknownVariable": ItemStatus.UNKNOWN,
    "UnsupportedMonitorType": ItemStatus.UNSUPPORTED,
}
"""What became of an item; every other word says no."""

SPARE = Lenience(spare=True)
LOOSE = Lenience(loose=True, spare=True)


def spelled(name: VariableName | Chosen) -> dict[str, object]:
    """``component`` and (if one is meant) ``variable``."""
    component: dict[str, object] = {"name": name.component}
    if name.component_instance is not None:
        component["instance"] = name.component_instance
    if name.evse_id is not None:
        component["evse"] = {"id": name.evse_id}
        if name.connector_id is not None:
            component["evse"] = {"id": name.evse_id, "connectorId": name.connector_id}
    if name.variable is None:
        return {"component": component}
    variable = {"name": name.variable}
    if name.variable_instance is not None:
        variable["instance"] = name.variable_instance
    return {"component": component, "variable": variable}


def named(item: Json) -> dict[str, Any]:
    """The fields of a name; raises `csms.adapter.faults.PayloadError` when it cannot be one."""
    component, variable = item["component"], item.get("variable") or {}
    evse = component.get("evse") or {}
    fields = {
        "component": text_of(component["name"]),
        "component_instance": text_of(component.get("instance")),
        "evse_id": _number(evse.get("id")),
        "connector_id": _number(evse.get("connectorId")),
        "variable": text_of(variable.get("name")),
        "variable_instance": text_of(variable.get("instance")),
    }
    return {name: value for name, value in fields.items() if value is not None}


def text_of(text: str | None) -> str | None:
    """The text, storable."""
    return None if text is None else mended(text)


def _number(number: int | None) -> int | None:
    if number is not None and not 0 <= number <= MAX_INT32:
        refuse(FaultKind.PROPERTY, "component.evse", "is no number of an EVSE or connector")
    return number


def readable(read: Callable[[Json], T], items: Iterable[Json]) -> Iterator[T]:
    """What is read of the items that can be."""
    for item in items:
        try:
            yield read(item)
        except PayloadError:
            continue


def detail_of(status: object, info: Json | None) -> str | None:
    """What a station said beside its status."""
    told = [] if status in STATUSES or status == "Rejected" else [str(status)]
    if info:
        told += [info.get("reasonCode") or "", info.get("additionalInfo") or ""]
    return mended(": ".join(text for text in told if text)) or None


def reason_of_no_component(items: Iterable[VariableName]) -> Unsupported | None:
    """Why items are no variables of 2.x, if they are not."""
    if any(item.component is None for item in items):
        return Unsupported("A variable of OCPP 2.x belongs to a component, which is missing.")
    return None


def finite(number: float | None) -> float | None:
    """The number, unless it is none that can be kept."""
    try:
        near = math.nan if number is None else float(number)
    except OverflowError:
        return None
    return near if math.isfinite(near) else None


_ITEM_FIELDS = {
    "component.name": "component",
    "component.instance": "component_instance",
    "component.evse.id": "evse_id",
    "component.evse.connectorId": "connector_id",
    "variable.name": "variable",
    "variable.instance": "variable_instance",
}


def item_fields(wire: str, **more: str) -> Mapping[str, str]:
    """Where the fields of items come from, for a list called ``wire``."""
    under = {f"{wire}.{path}": f"items.{field}" for path, field in {**_ITEM_FIELDS, **more}.items()}
    return {**under, wire: "items"}


def within_reach(
    interpreter: Callable[[Json], Command | None],
) -> Callable[[Json], Command | None]:
    """An interpreter that leaves alone what cannot be one of our commands."""

    def interpret(payload: Json) -> Command | None:
        try:
            command = interpreter(payload)
        except PayloadError:
            return None
        ref = getattr(command, "ref", None)
        return command if ref is None or abs(ref) <= MAX_INT32 else None

    return interpret
