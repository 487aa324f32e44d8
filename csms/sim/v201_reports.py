"""The device model on the wire of OCPP 2.x: variables, reports (2.0.1 B05 to B08)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from csms.sim.device_model import DeviceModel, Spot
from csms.sim.messages import Answer, Fault, Payload
from csms.sim.monitoring import matches
from csms.sim.replies import Handler, answer
from csms.sim.standard_variables import ITEMS, PER_REPORT
from csms.sim.station_time import wire_time
from csms.sim.v201_values import parts

if TYPE_CHECKING:
    from csms.sim.charger import Charger

SUMMARY = frozenset({"availabilitystate", "problem", "available", "active", "fallback", "tripped"})
"""Variables that tell the condition of a charger (B07.FR.09)."""


def _too_many(charger: Charger, items: list[Payload]) -> Fault | None:
    if len(items) <= ITEMS:
        return None
    codes = charger.language.codes
    code = "OccurrenceConstraintViolation"
    return Fault(code if code in codes else "ProtocolError", f"more than {ITEMS} items")


def _get(charger: Charger, payload: Payload) -> Answer | Fault:
    items = payload["getVariableData"]
    fault = _too_many(charger, items)
    if fault is not None:
        return fault
    results = []
    for item in items:
        attribute = item.get("attributeType", "Actual")
        status, value = charger.equipment.model.get(attribute, item["component"], item["variable"])
        result = {
            "attributeStatus": status,
            "attributeType": attribute,
            "component": item["component"],
            "variable": item["variable"],
        }
        if value is not None:
            result["attributeValue"] = value[:2500]
        results.append(result)
    return Answer({"getVariableResult": results})


def _set(charger: Charger, payload: Payload) -> Answer | Fault:
    items = payload["setVariableData"]
    fault = _too_many(charger, items)
    if fault is not None:
        return fault
    results, changed = [], []
    for item in items:
        attribute = item.get("attributeType", "Actual")
        status, field = charger.equipment.model.set(
            attribute, item["component"], item["variable"], item["attributeValue"]
        )
        results.append(
            {
                "attributeStatus": status,
                "attributeType": attribute,
                "component": item["component"],
                "variable": item["variable"],
            }
        )
        if field is not None:
            changed.append(field)

    def then() -> None:
        for field in changed:
            charger.settings_changed(field)

    return Answer({"setVariableResult": results}, then)


def _base_report(charger: Charger, payload: Payload) -> Answer | Fault:
    model = charger.equipment.model
    base = payload["reportBase"]
    spots = [spot for spot in model.spots() if _in_base(spot, base)]
    return _report(charger, payload["requestId"], spots, characteristics=base != "SummaryInventory")


def _in_base(spot: Spot, base: str) -> bool:
    match base:
        case "ConfigurationInventory":
            return spot.variable.mutability != "ReadOnly"
        case "SummaryInventory":
            return spot.variable.name.lower() in SUMMARY
    return True


def _custom_report(charger: Charger, payload: Payload) -> Answer | Fault:
    wanted = payload.get("componentVariable")
    fault = _too_many(charger, wanted or [])
    if fault is not None:
        return fault
    model = charger.equipment.model
    criteria = payload.get("componentCriteria")
    spots = [
        spot
        for spot in model.spots()
        if wanted is None or any(matches(spot, entry) for entry in wanted)
    ]
    if criteria:
        meeting = _meeting(model, criteria)
        spots = [spot for spot in spots if _place(spot) in meeting]
    return _report(charger, payload["requestId"], spots)


def _place(spot: Spot) -> tuple[object, ...]:
    variable = spot.variable
    return variable.component, variable.component_instance, spot.evse, spot.connector


def _meeting(model: DeviceModel, criteria: list[str]) -> set[tuple[object, ...]]:
    """Components of which one of the criteria is true (B08.FR.07)."""
    return {
        _place(spot)
        for spot in model.spots()
        if spot.variable.name in criteria and model.read(spot) == "true"
    }


def _report(
    charger: Charger, request_id: int, spots: Iterable[Spot], *, characteristics: bool = True
) -> Answer:
    model = charger.equipment.model
    entries = [model.report(spot, characteristics=characteristics) for spot in spots]
    if not entries:
        return answer("EmptyResultSet")

    def then() -> None:
        head = {
            "requestId": request_id,
            "generatedAt": wire_time(charger.presence.time.now()),
        }
        charger.send_soon(*parts("NotifyReport", head, "reportData", entries, PER_REPORT))

    return answer("Accepted", then)


REPORT_HANDLERS: Mapping[str, Handler] = {
    "GetBaseReport": _base_report,
    "GetReport": _custom_report,
    "GetVariables": _get,
    "SetVariables": _set,
}
