"""Monitors of 2.x: what we ask of stations (N02 to N06)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csms.adapter.schema import Json
from csms.adapter.tables import Outbound, Request, Unsupported
from csms.adapter.v201.monitoring_reports import kind_of, number_of
from csms.adapter.v201.names import (
    LOOSE,
    SPARE,
    STATUSES,
    detail_of,
    item_fields,
    named,
    readable,
    reason_of_no_component,
    spelled,
    within_reach,
)
from csms.core.commands import Command
from csms.core.monitoring.vocabulary import (
    AdjustStream,
    ClearMonitors,
    ClearResult,
    Monitor,
    MonitoringBase,
    MonitoringCriterion,
    MonitorKind,
    MonitorResult,
    Pace,
    ReadStreams,
    RequestMonitoringReport,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
)
from csms.core.variables.vocabulary import Chosen, ItemStatus

_BASES: Mapping[MonitoringBase, str] = {
    MonitoringBase.ALL: "All",
    MonitoringBase.FACTORY_DEFAULT: "FactoryDefault",
    MonitoringBase.HARD_WIRED_ONLY: "HardWiredOnly",
}
_NEWER = (MonitorKind.TARGET_DELTA, MonitorKind.TARGET_DELTA_RELATIVE)


def set_monitors(command: SetMonitors) -> Request | Unsupported:
    """N04; a stream is of 2.1."""
    no_component = reason_of_no_component(command.items)
    items = [_spelled(item) for item in command.items]
    return no_component or Request("SetVariableMonitoring", {"setMonitoringData": items})


def _set_older_monitors(command: SetMonitors) -> Request | Unsupported:
    if any(item.pace is not None for item in command.items):
        return Unsupported("OCPP 2.0.1 has no event streams.")
    if any(item.kind in _NEWER for item in command.items):
        return Unsupported("OCPP 2.0.1 has no monitors of that kind.")
    return set_monitors(command)


def _spelled(monitor: Monitor) -> dict[str, object]:
    payload: dict[str, object] = {
        **spelled(monitor),
        "type": monitor.kind.value,
        "value": monitor.value,
        "severity": monitor.severity,
    }
    if monitor.monitor_id is not None:
        payload["id"] = monitor.monitor_id
    if monitor.transaction:
        payload["transaction"] = True
    if monitor.pace is not None:
        payload["periodicEventStream"] = spelled_pace(monitor.pace)
    return payload


def spelled_pace(pace: Pace) -> dict[str, object]:
    """PeriodicEventStreamParams."""
    told = {"interval": pace.interval_s, "values": pace.values}
    return {name: value for name, value in told.items() if value is not None}


def _learn_set(_command: SetMonitors, payload: Any) -> tuple[MonitorResult, ...]:
    return tuple(readable(_set_result, payload.get("setMonitoringResult", ())))


def _set_result(item: Json) -> MonitorResult:
    number = item.get("id")
    return MonitorResult(
        **named(item),
        monitor_id=None if number is None else number_of(number),
        kind=kind_of(item["type"]),
        severity=number_of(item["severity"]),
        status=STATUSES.get(item["status"], ItemStatus.REJECTED),
        detail=detail_of(item["status"], item.get("statusInfo")),
    )


def _clear_monitors(command: ClearMonitors) -> Request:
    return Request("ClearVariableMonitoring", {"id": list(command.items)})


def _learn_clear(_command: ClearMonitors, payload: Any) -> tuple[ClearResult, ...]:
    return tuple(readable(_clear_result, payload.get("clearMonitoringResult", ())))


def _clear_result(item: Json) -> ClearResult:
    return ClearResult(
        monitor_id=number_of(item["id"]),
        status=STATUSES.get(item["status"], ItemStatus.REJECTED),
        detail=detail_of(item["status"], item.get("statusInfo")),
    )


def _set_base(command: SetMonitoringBase) -> Request:
    return Request("SetMonitoringBase", {"monitoringBase": _BASES[command.base]})


def _set_level(command: SetMonitoringLevel) -> Request:
    return Request("SetMonitoringLevel", {"severity": command.severity})


def _request_report(command: RequestMonitoringReport) -> Request:
    payload: dict[str, object] = {"requestId": command.ref or 0}
    if command.criteria:
        payload["monitoringCriteria"] = [criterion.value for criterion in command.criteria]
    if command.items:
        payload["componentVariable"] = [spelled(item) for item in command.items]
    return Request("GetMonitoringReport", payload)


def _no_streams(_command: AdjustStream | ReadStreams) -> Unsupported:
    return Unsupported("OCPP 2.0.1 has no event streams.")


COMMANDS: Mapping[type[Command], Outbound] = {
    SetMonitors: Outbound(
        _set_older_monitors,
        item_fields(
            "setMonitoringData",
            id="monitor_id",
            type="kind",
            periodicEventStream="pace",
        ),
        _learn_set,
        lenience={
            "setMonitoringResult": LOOSE,
            "setMonitoringResult.component.evse": SPARE,
            "setMonitoringResult.id": SPARE,
            "setMonitoringResult.statusInfo": SPARE,
        },
    ),
    ClearMonitors: Outbound(
        _clear_monitors,
        {"id": "items"},
        _learn_clear,
        lenience={
            "clearMonitoringResult": LOOSE,
            "clearMonitoringResult.statusInfo": SPARE,
        },
    ),
    SetMonitoringBase: Outbound(_set_base, {"monitoringBase": "base"}),
    SetMonitoringLevel: Outbound(_set_level, {}),
    RequestMonitoringReport: Outbound(
        _request_report,
        {
            **item_fields("componentVariable"),
            "monitoringCriteria": "criteria",
            "requestId": "ref",
        },
    ),
    AdjustStream: Outbound(_no_streams, {}),
    ReadStreams: Outbound(_no_streams, {}),
}

# --- raw requests ---------------------------------------------------------------------------


def _setting(payload: Json) -> SetMonitors:
    return SetMonitors(items=tuple(map(_wanted, payload["setMonitoringData"])))


def _wanted(item: Json) -> Monitor:
    pace = item.get("periodicEventStream")
    return Monitor(
        **named(item),
        monitor_id=item.get("id"),
        kind=kind_of(item["type"]),
        value=float(item["value"]),
        severity=number_of(item["severity"]),
        transaction=item.get("transaction", False),
        pace=None if pace is None else read_pace(pace),
    )


def read_pace(params: Json) -> Pace:
    """PeriodicEventStreamParams; raises `csms.adapter.faults.PayloadError`."""
    interval, values = params.get("interval"), params.get("values")
    return Pace(
        interval_s=None if interval is None else number_of(interval),
        values=None if values is None else number_of(values),
    )


def _clearing(payload: Json) -> ClearMonitors:
    return ClearMonitors(items=tuple(map(number_of, payload["id"])))


def _base(payload: Json) -> SetMonitoringBase:
    known = {wire: base for base, wire in _BASES.items()}
    return SetMonitoringBase(base=known[payload["monitoringBase"]])


def _level(payload: Json) -> SetMonitoringLevel:
    return SetMonitoringLevel(severity=number_of(payload["severity"]))


def _report(payload: Json) -> RequestMonitoringReport:
    return RequestMonitoringReport(
        criteria=tuple(map(MonitoringCriterion, payload.get("monitoringCriteria", ()))),
        items=tuple(Chosen(**named(item)) for item in payload.get("componentVariable", ())),
        ref=payload["requestId"],
    )


INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "ClearVariableMonitoring": within_reach(_clearing),
    "GetMonitoringReport": within_reach(_report),
    "SetMonitoringBase": within_reach(_base),
    "SetMonitoringLevel": within_reach(_level),
    "SetVariableMonitoring": within_reach(_setting),
}
