"""The core's commands in the words of 2.x."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import orjson

from csms.adapter.tables import Outbound, Request, Unsupported
from csms.adapter.texts import mended_json
from csms.adapter.times import same
from csms.adapter.v201.charging_words import NAMES, V201_WORDS, Words
from csms.adapter.wording import Unspeakable
from csms.core.authorization import CENTRAL
from csms.core.charging.profiles import ChargingProfile, plain
from csms.core.commands import (
    ChangeAvailability,
    ClearCache,
    Command,
    Raw,
    RemoteStart,
    RemoteStop,
    Reset,
    ResetKind,
    SendData,
    Trigger,
    Unlock,
)

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
_TRIGGERED_AS: Mapping[str, str] = {
    "DiagnosticsStatusNotification": "LogStatusNotification",
    "SignChargePointCertificate": "SignChargingStationCertificate",
}
"""What 1.6 calls otherwise."""


def remote_start(command: RemoteStart, words: Words = V201_WORDS) -> Request | Unsupported:
    """A start, with a profile in the words of the version."""
    profile = None
    if command.charging_profile is not None:
        try:
            profile = words.spell_profile(command.charging_profile, command.ref)
        except Unspeakable as error:
            return words.unspeakable(error, "charging_profile")
    payload = _present(
        idToken={"idToken": command.id_token, "type": command.kind or CENTRAL},
        remoteStartId=_start_id(command) if command.ref is None else command.ref,
        evseId=command.evse_id,
        chargingProfile=profile,
        groupIdToken=None
        if command.group_id is None
        else {"idToken": command.group_id, "type": CENTRAL},
    )
    return Request("RequestStartTransaction", payload)


def _start_id(command: RemoteStart) -> int:
    """The id of a start that was given none: the same for the same start, and positive."""
    told = (command.id_token, command.evse_id, _plain(command.charging_profile))
    return crc32(orjson.dumps(mended_json(list(told)))) % (2**31 - 1) + 1


def _plain(profile: ChargingProfile | None) -> object:
    return None if profile is None else mended_json(plain(profile))


def _remote_stop(command: RemoteStop) -> Request:
    return Request("RequestStopTransaction", {"transactionId": command.transaction_ref})


_RESETS: Mapping[ResetKind, str] = {
    ResetKind.HARD: "Immediate",
    ResetKind.SOFT: "OnIdle",
    ResetKind.RESUME: "ImmediateAndResume",
}


def _reset(command: Reset) -> Request | Unsupported:
    if command.kind is ResetKind.RESUME:
        return Unsupported("OCPP 2.0.1 knows no restart after which sessions go on.")
    return reset(command)


def reset(command: Reset) -> Request:
    """Of the station, or of an EVSE."""
    return Request("Reset", _present(type=_RESETS[command.kind], evseId=command.evse_id))


def _unlock(command: Unlock) -> Request:
    payload: dict[str, object] = {"evseId": command.evse_id, "connectorId": command.connector_id}
    return Request("UnlockConnector", payload)


def _change_availability(command: ChangeAvailability) -> Request:
    """Without an EVSE it is the whole station's."""
    evse = _present(id=command.evse_id, connectorId=command.connector_id)
    payload = _present(
        operationalStatus="Operative" if command.operative else "Inoperative",
        evse=evse if command.evse_id else None,
    )
    return Request("ChangeAvailability", payload)


def _clear_cache(command: ClearCache) -> Request:  # noqa: ARG001 - one of a table
    return Request("ClearCache", {})


def _send_data(command: SendData) -> Request:
    payload = _present(vendorId=command.vendor_id, messageId=command.message_id, data=command.data)
    return Request("DataTransfer", payload)


def _trigger(command: Trigger) -> Request | Unsupported:
    if command.custom is not None:
        return Unsupported("OCPP 2.0.1 knows no triggers of vendors.")
    return trigger(command)


def trigger(command: Trigger) -> Request:
    """The state that a station can be asked for is a connector's (F06.FR.12)."""
    evse: dict[str, object] | None = None
    if command.evse_id is not None:
        plug = command.connector_id
        if plug is None and command.message == "StatusNotification":
            plug = 1
        evse = _present(id=command.evse_id, connectorId=plug)
    message = _TRIGGERED_AS.get(command.message, command.message)
    payload = _present(requestedMessage=message, customTrigger=command.custom, evse=evse)
    return Request("TriggerMessage", payload)


def _raw(command: Raw) -> Request:
    return Request(command.action, command.payload)


def _present(**fields: Any) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def interpret(request: Request) -> Command | None:
    """A (valid) request as the command of the core that says the same, where that matters.

    A start that brings more than the core's command can say stays as it is.
    """
    payload: Any = request.payload
    match request.action:
        case "RequestStartTransaction":
            return interpret_start(payload)
        case "RequestStopTransaction" if len(payload) == 1:
            return RemoteStop(transaction_ref=payload["transactionId"])
        case _:
            return None


def interpret_start(payload: Any, words: Words = V201_WORDS) -> Command | None:
    """A start that says no more than the core's command can."""
    start = RemoteStart(
        id_token=payload["idToken"]["idToken"],
        kind=payload["idToken"]["type"],
        group_id=payload.get("groupIdToken", {}).get("idToken"),
        evse_id=payload.get("evseId"),
        charging_profile=words.known_profile(payload.get("chargingProfile")),
        ref=payload["remoteStartId"],
    )
    spelled = remote_start(start, words)
    alike = isinstance(spelled, Request) and same(spelled.payload, payload)
    return start if alike else None


def provokes(request: Request) -> frozenset[str]:
    """Reports and states that are sent because they were asked for (B02.FR.02, F06)."""
    if request.action == "TriggerMessage":
        message = str(request.payload.get("requestedMessage"))
        return frozenset({_SENT_AS.get(message, message)})
    message = _PROVOKED.get(request.action, "")
    return frozenset({message}) if message else frozenset()


START_FIELDS: Mapping[str, str] = {
    "chargingProfile": "charging_profile",
    "evseId": "evse_id",
    "groupIdToken.idToken": "group_id",
    "idToken.idToken": "id_token",
    "idToken.type": "kind",
    "remoteStartId": "ref",
}
RESET_FIELDS: Mapping[str, str] = {"type": "kind", "evseId": "evse_id"}
TRIGGER_FIELDS: Mapping[str, str] = {
    "customTrigger": "custom",
    "evse.connectorId": "connector_id",
    "evse.id": "evse_id",
    "requestedMessage": "message",
}

COMMANDS: Mapping[type[Command], Outbound] = {
    RemoteStart: Outbound(remote_start, START_FIELDS, names=NAMES),
    RemoteStop: Outbound(_remote_stop, {"transactionId": "transaction_ref"}),
    Reset: Outbound(_reset, RESET_FIELDS),
    Unlock: Outbound(_unlock, {"evseId": "evse_id", "connectorId": "connector_id"}),
    ChangeAvailability: Outbound(
        _change_availability,
        {
            "evse.connectorId": "connector_id",
            "evse.id": "evse_id",
            "operationalStatus": "operative",
        },
    ),
    ClearCache: Outbound(_clear_cache, {}),
    SendData: Outbound(_send_data, {"vendorId": "vendor_id", "messageId": "message_id"}),
    Trigger: Outbound(_trigger, TRIGGER_FIELDS),
    Raw: Outbound(_raw, None),
}
