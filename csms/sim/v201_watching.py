"""Monitors on the wire of OCPP 2.x (2.0.1 N02 to N06)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from csms.sim.messages import Answer, Fault, Payload
from csms.sim.monitoring import Monitor
from csms.sim.replies import Handler, answer
from csms.sim.standard_variables import PER_REPORT
from csms.sim.station_time import wire_time
from csms.sim.v201_values import parts

if TYPE_CHECKING:
    from csms.sim.charger import Charger


def _set(charger: Charger, payload: Payload) -> Answer | Fault:
    results, streams = [], []
    for item in payload["setMonitoringData"]:
        status, number = charger.equipment.monitors.set(item)
        result = {
            "status": status,
            "type": item["type"],
            "severity": item["severity"],
            "component": item["component"],
            "variable": item["variable"],
        }
        if number is not None:
            result["id"] = number
            if "periodicEventStream" in item:
                streams.append((number, item["periodicEventStream"]))
        results.append(result)

    def then() -> None:
        for number, params in streams:
            charger.equipment.streams.open(number, params)

    return Answer({"setMonitoringResult": results}, then)


def _clear(charger: Charger, payload: Payload) -> Answer | Fault:
    results = []
    for number in payload["id"]:
        status = charger.equipment.monitors.clear(number)
        results.append({"id": number, "status": status})
        if status == "Accepted":
            charger.equipment.streams.monitor_cleared(number)
    return Answer({"clearMonitoringResult": results})


def _report(charger: Charger, payload: Payload) -> Answer | Fault:
    found = charger.equipment.monitors.find(
        payload.get("monitoringCriteria"), payload.get("componentVariable")
    )
    entries = [
        {
            "component": spot.component,
            "variable": spot.name,
            "variableMonitoring": [_wire(charger, each) for each in monitors],
        }
        for spot, monitors in found
    ]
    if not entries:
        return answer("EmptyResultSet")

    def then() -> None:
        head = {
            "requestId": payload["requestId"],
            "generatedAt": wire_time(charger.presence.time.now()),
        }
        charger.send_soon(*parts("NotifyMonitoringReport", head, "monitor", entries, PER_REPORT))

    return answer("Accepted", then)


def _wire(charger: Charger, monitor: Monitor) -> Payload:
    """VariableMonitoringType, of which 2.1 tells the origin too."""
    wire: Payload = {
        "id": monitor.id,
        "transaction": monitor.transaction,
        "value": monitor.value,
        "type": monitor.kind,
        "severity": monitor.severity,
    }
    return wire | {"eventNotificationType": monitor.origin} if charger.language.extended else wire


def _base(charger: Charger, payload: Payload) -> Answer | Fault:
    charger.equipment.monitors.set_base(payload["monitoringBase"])
    return answer("Accepted")


def _level(charger: Charger, payload: Payload) -> Answer | Fault:
    if not 0 <= payload["severity"] <= 9:
        return answer("Rejected")
    charger.equipment.monitors.level = payload["severity"]
    return answer("Accepted")


WATCH_HANDLERS: Mapping[str, Handler] = {
    "ClearVariableMonitoring": _clear,
    "GetMonitoringReport": _report,
    "SetMonitoringBase": _base,
    "SetMonitoringLevel": _level,
    "SetVariableMonitoring": _set,
}
