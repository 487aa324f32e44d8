"""The core's commands in the words of 1.6."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from csms.adapter.tables import Outbound, Request, Unsupported
from csms.adapter.times import same
from csms.adapter.v16 import charging
from csms.adapter.v16.replies import as_text
from csms.adapter.wording import Unspeakable
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

_INTEGER = re.compile(r"-?\d{1,10}", re.ASCII).fullmatch

_EXTENDED_ONLY = frozenset({"LogStatusNotification", "SignChargePointCertificate"})
"""What only ExtendedTriggerMessage of the security extension can ask for (§4.2 there)."""

_TRIGGERED_AS: Mapping[str, str] = {"SignChargingStationCertificate": "SignChargePointCertificate"}
"""What 2.x calls otherwise."""

_SENT_AS: Mapping[str, str] = {"SignChargePointCertificate": "SignCertificate"}
"""Messages that a trigger calls by another name."""


def _remote_start(command: RemoteStart) -> Request | Unsupported:
    profile = None
    if command.charging_profile is not None:
        try:
            profile = charging.spell_profile(command.charging_profile, command.ref)
        except Unspeakable as error:
            return charging.unspeakable(error)
    payload = _present(idTag=command.id_token, connectorId=command.evse_id, chargingProfile=profile)
    return Request("RemoteStartTransaction", payload)


def _remote_stop(command: RemoteStop) -> Request | Unsupported:
    if _INTEGER(command.transaction_ref) is None:
        # As of a session that began while the station spoke 2.x.
        return Unsupported("OCPP 1.6 knows transactions by a number only.")
    return Request("RemoteStopTransaction", {"transactionId": int(command.transaction_ref)})


def _reset(command: Reset) -> Request | Unsupported:
    if command.evse_id is not None:
        return Unsupported("OCPP 1.6 restarts whole stations only.")
    if command.kind is ResetKind.RESUME:
        return Unsupported("OCPP 1.6 knows no restart after which sessions go on.")
    return Request("Reset", {"type": command.kind.value.capitalize()})


def _unlock(command: Unlock) -> Request | Unsupported:
    if command.connector_id != 1:
        return Unsupported("OCPP 1.6 knows one connector per EVSE.")
    return Request("UnlockConnector", {"connectorId": command.evse_id})


def _change_availability(command: ChangeAvailability) -> Request | Unsupported:
    if command.connector_id not in (None, 1):
        return Unsupported("OCPP 1.6 knows one connector per EVSE.")
    kind = "Operative" if command.operative else "Inoperative"
    return Request("ChangeAvailability", {"connectorId": command.evse_id, "type": kind})


def _clear_cache(command: ClearCache) -> Request:  # noqa: ARG001 - one of a table
    return Request("ClearCache", {})


def _send_data(command: SendData) -> Request:
    payload = _present(
        vendorId=command.vendor_id,
        messageId=command.message_id,
        data=None if command.data is None else as_text(command.data),
    )
    return Request("DataTransfer", payload)


def _trigger(command: Trigger) -> Request | Unsupported:
    if command.custom is not None:
        return Unsupported("OCPP 1.6 knows no triggers of vendors.")
    if command.connector_id not in (None, 1):
        return Unsupported("OCPP 1.6 knows one connector per EVSE.")
    message = _TRIGGERED_AS.get(command.message, command.message)
    extended = message in _EXTENDED_ONLY
    payload = _present(requestedMessage=message, connectorId=command.evse_id)
    return Request("ExtendedTriggerMessage" if extended else "TriggerMessage", payload)


def _raw(command: Raw) -> Request:
    return Request(command.action, command.payload)


def _present(**fields: Any) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def interpret(request: Request) -> Command | None:
    """A (valid) request as the command of the core that says the same, where that matters."""
    payload: Any = request.payload
    match request.action:
        case "RemoteStartTransaction":
            profile = payload.get("chargingProfile")
            start = RemoteStart(
                id_token=payload["idTag"],
                evse_id=payload.get("connectorId"),
                charging_profile=charging.known_profile(profile),
            )
            spelled = _remote_start(start)
            alike = isinstance(spelled, Request) and same(spelled.payload, payload)
            return start if alike else None
        case "RemoteStopTransaction":
            return RemoteStop(transaction_ref=str(payload["transactionId"]))
        case _:
            return None


def provokes(request: Request) -> frozenset[str]:
    """§5.17, and §5.1 of the security extension."""
    if request.action not in ("ExtendedTriggerMessage", "TriggerMessage"):
        return frozenset()
    message = str(request.payload.get("requestedMessage"))
    return frozenset({_SENT_AS.get(message, message)})


COMMANDS: Mapping[type[Command], Outbound] = {
    RemoteStart: Outbound(
        _remote_start,
        {
            "idTag": "id_token",
            "connectorId": "evse_id",
            "chargingProfile": "charging_profile",
            "chargingProfile.chargingSchedule": "charging_profile.schedules[0]",
        },
        names=charging.NAMES,
    ),
    RemoteStop: Outbound(_remote_stop, {"transactionId": "transaction_ref"}),
    Reset: Outbound(_reset, {"type": "kind"}),
    Unlock: Outbound(_unlock, {"connectorId": "evse_id"}),
    ChangeAvailability: Outbound(
        _change_availability, {"connectorId": "evse_id", "type": "operative"}
    ),
    ClearCache: Outbound(_clear_cache, {}),
    SendData: Outbound(_send_data, {"vendorId": "vendor_id", "messageId": "message_id"}),
    Trigger: Outbound(_trigger, {"requestedMessage": "message", "connectorId": "evse_id"}),
    Raw: Outbound(_raw, None),
}
