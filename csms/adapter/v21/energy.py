"""Energy in the words of 2.1: priority charging (K20, K21), V2X (Q) and DER controls (R)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csms.adapter.faults import PayloadError
from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json, dotted
from csms.adapter.tables import Inbound, Outbound, Request, Unsupported
from csms.adapter.times import moment, wire_time
from csms.adapter.v201.fields import spare_number, spare_text
from csms.adapter.v201.replies import write_nothing
from csms.adapter.wording import Unspeakable, strict, wording
from csms.core.commands import Command
from csms.core.energy import vocabulary as v
from csms.core.replies import Acknowledged

_SPARE = Lenience(spare=True)
_ID = Lenience(ceiling=64)
_CONTROL = wording("v21", "SetDERControlRequest")
_REPORT = wording("v21", "ReportDERControlRequest")

_LISTS: Mapping[str, tuple[str, str | None]] = {
    "curve": ("curve", None),
    "enter_service": ("enter_service", "EnterService"),
    "fixed_pf_absorb": ("fixed_pf", "FixedPFAbsorb"),
    "fixed_pf_inject": ("fixed_pf", "FixedPFInject"),
    "fixed_var": ("fixed_var", "FixedVar"),
    "freq_droop": ("freq_droop", "FreqDroop"),
    "gradient": ("gradient", "Gradients"),
    "limit_max_discharge": ("limit_max_discharge", "LimitMaxDischarge"),
}
"""The lists of a report: where an item has its settings, and of which type it is; a curve says
that itself."""


def _read_priority(payload: Json, notes: Notes) -> v.PriorityTold:
    return v.PriorityTold(
        transaction_ref=notes.text(payload["transactionId"], "transactionId"),
        activated=payload["activated"],
    )


def _read_controls(payload: Json, notes: Notes) -> v.ControlsTold:
    whole = _REPORT.to_core(payload, notes)
    controls: list[dict[str, object]] = [
        {
            "id": item["id"],
            "control_type": kind or item.get("curve_type"),
            # Gradients and EnterService are always defaults.
            "is_default": item.get("is_default", True),
            "is_superseded": item.get("is_superseded", False),
            "settings": item.get(place),
        }
        for name, (place, kind) in _LISTS.items()
        for item in whole.get(name) or ()
    ]
    return v.ControlsTold(
        ref=spare_number(payload, "requestId", notes),
        controls=tuple(controls),
        last=not payload.get("tbc", False),
    )


def _read_started(payload: Json, notes: Notes) -> v.ControlStarted:
    return v.ControlStarted(
        control_id=notes.text(payload["controlId"], "controlId"),
        started=payload["started"],
        at=moment(payload.get("timestamp"), "timestamp", notes),
        superseded=tuple(
            notes.text(each, "supersededIds") for each in payload.get("supersededIds", ())
        ),
    )


def _read_alarm(payload: Json, notes: Notes) -> v.GridAlarm:
    return v.GridAlarm(
        control_type=notes.text(payload["controlType"], "controlType"),
        at=moment(payload.get("timestamp"), "timestamp", notes),
        fault=spare_text(payload, "gridEventFault", notes),
        ended=payload.get("alarmEnded", False),
        info=spare_text(payload, "extraInfo", notes),
    )


_WORD = Lenience(unknown=Rule.UNKNOWN_VALUE)

INBOUND: Mapping[str, Inbound] = {
    "NotifyDERAlarm": Inbound(
        _read_alarm,
        Acknowledged,
        write_nothing,
        lenience={
            "alarmEnded": _SPARE,
            "controlType": _WORD,
            "extraInfo": _SPARE,
            "gridEventFault": Lenience(unknown=Rule.UNKNOWN_VALUE, spare=True),
            "timestamp": _SPARE,
        },
    ),
    "NotifyDERStartStop": Inbound(
        _read_started,
        Acknowledged,
        write_nothing,
        lenience={"controlId": _ID, "supersededIds": _SPARE, "timestamp": _SPARE},
    ),
    "NotifyPriorityCharging": Inbound(
        _read_priority, Acknowledged, write_nothing, lenience={"transactionId": _ID}
    ),
    "ReportDERControl": Inbound(
        _read_controls,
        Acknowledged,
        write_nothing,
        lenience={"requestId": _SPARE, "tbc": _SPARE},
    ),
}


def _use_priority(command: v.UsePriority) -> Request:
    return Request(
        "UsePriorityCharging",
        {"transactionId": command.transaction_ref, "activate": command.activate},
    )


def _allow_transfer(command: v.AllowTransfer) -> Request:
    return Request(
        "NotifyAllowedEnergyTransfer",
        {
            "transactionId": command.transaction_ref,
            "allowedEnergyTransfer": [mode.value for mode in command.modes],
        },
    )


def _send_signal(command: v.SendSignal) -> Request:
    return Request("AFRRSignal", {"timestamp": wire_time(command.at), "signal": command.signal})


def _set_control(command: v.SetControl) -> Request | Unsupported:
    content = {
        "control_id": command.control_id,
        "control_type": command.control_type.value,
        "is_default": command.is_default,
        v.structure_of(command.control_type): command.settings,
    }
    try:
        return Request("SetDERControl", _CONTROL.to_wire(content, "a DER control"))
    except Unspeakable as error:
        # Everything else has a fixed name: it is within the settings.
        place = dotted(("settings", *error.place[1:]))
        return Unsupported(f"OCPP 2.1 knows {error}.", place)


def _clear_controls(command: v.ClearControls) -> Request:
    kind = command.control_type
    payload = _present(
        isDefault=command.is_default,
        controlType=None if kind is None else kind.value,
        controlId=command.control_id,
    )
    return Request("ClearDERControl", payload)


def _report_controls(command: v.ReportControls) -> Request:
    kind = command.control_type
    payload = _present(
        requestId=command.ref or 0,
        isDefault=command.is_default,
        controlType=None if kind is None else kind.value,
        controlId=command.control_id,
    )
    return Request("GetDERControl", payload)


def _learn(command: Command, payload: Json) -> v.ControlAnswer:  # noqa: ARG001 - a learner
    superseded = payload.get("supersededIds") or ()
    return v.ControlAnswer(
        status=str(payload.get("status")), superseded=tuple(map(str, superseded))
    )


def _present(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


_FIELDS: Mapping[str, str] = {
    "controlId": "control_id",
    "controlType": "control_type",
    "isDefault": "is_default",
    "requestId": "ref",
}

COMMANDS: Mapping[type[Command], Outbound] = {
    v.AllowTransfer: Outbound(
        _allow_transfer, {"transactionId": "transaction_ref", "allowedEnergyTransfer": "modes"}
    ),
    v.ClearControls: Outbound(_clear_controls, _FIELDS, _learn),
    v.ReportControls: Outbound(_report_controls, _FIELDS, _learn),
    v.SendSignal: Outbound(_send_signal, {"timestamp": "at"}),
    v.SetControl: Outbound(
        _set_control,
        {
            **_FIELDS,
            "curve": "settings",
            "enterService": "settings",
            "fixedPFAbsorb": "settings",
            "fixedPFInject": "settings",
            "fixedVar": "settings",
            "freqDroop": "settings",
            "gradient": "settings",
            "limitMaxDischarge": "settings",
        },
        _learn,
    ),
    v.UsePriority: Outbound(_use_priority, {"transactionId": "transaction_ref"}),
}


def _interpret_priority(payload: Json) -> Command:
    return v.UsePriority(transaction_ref=payload["transactionId"], activate=payload["activate"])


def _interpret_transfer(payload: Json) -> Command:
    return v.AllowTransfer(
        transaction_ref=payload["transactionId"],
        modes=tuple(map(v.Transfer, payload["allowedEnergyTransfer"])),
    )


def _interpret_set(payload: Json) -> Command | None:
    """One with settings of another type as well says more than the core's command can."""
    try:
        content = _CONTROL.to_core(payload, strict())
    except PayloadError:
        return None
    settings = content.get(v.structure_of(v.ControlType(content["control_type"])))
    if not isinstance(settings, dict):
        return None
    return v.SetControl(
        control_id=content["control_id"],
        control_type=v.ControlType(content["control_type"]),
        is_default=content["is_default"],
        settings=settings,
    )


def _type_in(payload: Json) -> v.ControlType | None:
    kind = payload.get("controlType")
    return None if kind is None else v.ControlType(kind)


def _interpret_clear(payload: Json) -> Command:
    return v.ClearControls(
        is_default=payload["isDefault"],
        control_type=_type_in(payload),
        control_id=payload.get("controlId"),
    )


def _interpret_report(payload: Json) -> Command:
    return v.ReportControls(
        ref=payload["requestId"],
        is_default=payload.get("isDefault"),
        control_type=_type_in(payload),
        control_id=payload.get("controlId"),
    )


INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "ClearDERControl": _interpret_clear,
    "GetDERControl": _interpret_report,
    "NotifyAllowedEnergyTransfer": _interpret_transfer,
    "SetDERControl": _interpret_set,
    "UsePriorityCharging": _interpret_priority,
}
