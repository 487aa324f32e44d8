"""The core's commands in the words of 2.x."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import orjson

from csms.adapter.tables import Outbound, Request, Unsupported
from csms.adapter.texts import mended_json
from csms.core.commands import (
    ChangeAvailability,
    ChangeConfiguration,
    ClearCache,
    Command,
    Raw,
    ReadConfiguration,
    RemoteStart,
    RemoteStop,
    Reset,
    ResetKind,
    SendData,
    Trigger,
    Unlock,
)
from csms.core.errors import Invalid

_NAME = r"([^.\[\]\0\ud800-\udfff]{1,50})(?:\[([^\[\]\0\ud800-\udfff]{1,50})\])?"
_KEY = re.compile(rf"{_NAME}\.{_NAME}").fullmatch

_PROVOKED: Mapping[str, str] = {
    "CustomerInformation": "NotifyCustomerInformation",
    "GetBaseReport": "NotifyReport",
    "GetChargingProfiles": "ReportChargingProfiles",
    "GetDERControl": "ReportDERControl",
    "GetDisplayMessages": "NotifyDisplayMessages",
    "GetLog": "LogStatusNotification",
    "GetMonitoringReport": "NotifyMonitoringReport",
    "GetReport": "NotifyReport",
    "PublishFirmware": "PublishFirmwareStatusNotification",
    "UpdateFirmware": "FirmwareStatusNotification",
}
_SENT_AS: Mapping[str, str] = {
    "SignChargingStationCertificate": "SignCertificate",
    "SignCombinedCertificate": "SignCertificate",
    "SignV2G20Certificate": "SignCertificate",
    "SignV2GCertificate": "SignCertificate",
}
"""Messages that a trigger calls by another name."""


def _remote_start(command: RemoteStart) -> Request:
    payload = _present(
        idToken={"idToken": command.id_token, "type": "Central"},
        remoteStartId=_start_id(command) if command.ref is None else command.ref,
        evseId=command.evse_id,
        chargingProfile=command.charging_profile,
    )
    return Request("RequestStartTransaction", payload)


def _start_id(command: RemoteStart) -> int:
    """The id of a start that was given none: the same for the same start, and positive."""
    told = (command.id_token, command.evse_id, mended_json(command.charging_profile))
    return crc32(orjson.dumps(mended_json(list(told)))) % (2**31 - 1) + 1


def _remote_stop(command: RemoteStop) -> Request:
    return Request("RequestStopTransaction", {"transactionId": command.transaction_ref})


def _reset(command: Reset) -> Request:
    kind = "Immediate" if command.kind is ResetKind.HARD else "OnIdle"
    return Request("Reset", {"type": kind})


def _unlock(command: Unlock) -> Request:
    payload: dict[str, object] = {"evseId": command.evse_id, "connectorId": command.connector_id}
    return Request("UnlockConnector", payload)


def _change_availability(command: ChangeAvailability) -> Request:
    """Without an EVSE it is the whole station's."""
    payload = _present(
        operationalStatus="Operative" if command.operative else "Inoperative",
        evse={"id": command.evse_id} if command.evse_id else None,
    )
    return Request("ChangeAvailability", payload)


def _read_configuration(command: ReadConfiguration) -> Request | Unsupported:
    if not command.keys:
        return Unsupported(
            "OCPP 2.x reads settings by name; all of them come as a report, see GetBaseReport."
        )
    asked = [_variable(key, f"keys[{place}]") for place, key in enumerate(command.keys)]
    return Request("GetVariables", {"getVariableData": asked})


def _change_configuration(command: ChangeConfiguration) -> Request:
    wanted = {**_variable(command.key, "key"), "attributeValue": command.value}
    return Request("SetVariables", {"setVariableData": [wanted]})


def _variable(key: str, field: str) -> dict[str, object]:
    """``Component.Variable``, each with its instance in brackets when it has one."""
    found = _KEY(key)
    if found is None:
        raise Invalid(
            "A setting of OCPP 2.x is named Component.Variable, each of at most 50 characters"
            " and with its instance in brackets when it has one.",
            field=field,
        )
    component, component_instance, variable, variable_instance = found.groups()
    return {
        "component": _present(name=component, instance=component_instance),
        "variable": _present(name=variable, instance=variable_instance),
    }


def _clear_cache(command: ClearCache) -> Request:  # noqa: ARG001 - one of a table
    return Request("ClearCache", {})


def _send_data(command: SendData) -> Request:
    payload = _present(vendorId=command.vendor_id, messageId=command.message_id, data=command.data)
    return Request("DataTransfer", payload)


def _trigger(command: Trigger) -> Request:
    """The state that a station can be asked for is a connector's (F06.FR.12)."""
    evse: dict[str, object] | None = None
    if command.evse_id is not None:
        evse = {"id": command.evse_id}
        if command.message == "StatusNotification":
            evse["connectorId"] = 1
    return Request("TriggerMessage", _present(requestedMessage=command.message, evse=evse))


def _raw(command: Raw) -> Request:
    return Request(command.action, command.payload)


def _present(**fields: Any) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def interpret(request: Request) -> Command | None:
    """A (valid) request as the command of the core that says the same, where that matters.

    A start whose token is of another kind than Central, or brings more, stays as it is: the
    core's command would not say it all.
    """
    payload: Any = request.payload
    match request.action:
        case "RequestStartTransaction":
            start = RemoteStart(
                id_token=payload["idToken"]["idToken"],
                evse_id=payload.get("evseId"),
                charging_profile=payload.get("chargingProfile"),
                ref=payload["remoteStartId"],
            )
            return start if _remote_start(start) == request else None
        case "RequestStopTransaction" if len(payload) == 1:
            return RemoteStop(transaction_ref=payload["transactionId"])
        case _:
            return None


def provokes(request: Request) -> frozenset[str]:
    """Reports and states that are sent because they were asked for (B02.FR.02, F06)."""
    if request.action == "TriggerMessage":
        message = str(request.payload.get("requestedMessage"))
        return frozenset({_SENT_AS.get(message, message)})
    message = _PROVOKED.get(request.action, "")
    return frozenset({message}) if message else frozenset()


COMMANDS: Mapping[type[Command], Outbound] = {
    RemoteStart: Outbound(
        _remote_start,
        {
            "chargingProfile": "charging_profile",
            "evseId": "evse_id",
            "idToken.idToken": "id_token",
            "remoteStartId": "ref",
        },
    ),
    RemoteStop: Outbound(_remote_stop, {"transactionId": "transaction_ref"}),
    Reset: Outbound(_reset, {"type": "kind"}),
    Unlock: Outbound(_unlock, {"evseId": "evse_id", "connectorId": "connector_id"}),
    ChangeAvailability: Outbound(
        _change_availability, {"evse.id": "evse_id", "operationalStatus": "operative"}
    ),
    ReadConfiguration: Outbound(_read_configuration, {"getVariableData": "keys"}),
    ChangeConfiguration: Outbound(
        _change_configuration, {"setVariableData.attributeValue": "value"}
    ),
    ClearCache: Outbound(_clear_cache, {}),
    SendData: Outbound(_send_data, {"vendorId": "vendor_id", "messageId": "message_id"}),
    Trigger: Outbound(_trigger, {"requestedMessage": "message", "evse.id": "evse_id"}),
    Raw: Outbound(_raw, None),
}
