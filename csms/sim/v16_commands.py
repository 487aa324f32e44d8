"""How a simulated OCPP 1.6 charger answers commands (§5): truthfully, and then it acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from csms.sim.connector import Connector
from csms.sim.findings import Kind
from csms.sim.messages import Answer, Fault, Payload
from csms.sim.remote import Order
from csms.sim.replies import Handler, answer
from csms.sim.v16_keys import MAX_KEYS, change_key, read_keys
from csms.sim.v16_optional import OPTIONAL_HANDLERS
from csms.sim.v16_profiles import PROFILE_HANDLERS, start_profile

if TYPE_CHECKING:
    from csms.sim.charger import Charger

VENDOR = "csms.simulator"
"""Vendor id whose DataTransfer is understood: message ``Echo`` returns its data."""


def serve(charger: Charger, action: str, payload: Payload) -> Answer | Fault:
    """Answer a command, which is legal by its schema."""
    handler = _HANDLERS.get(action)
    if handler is None:
        return Fault("NotSupported", f"this charger does not support {action}")
    return handler(charger, payload)


def _remote_start(charger: Charger, payload: Payload) -> Answer | Fault:
    if not charger.presence.accepted:
        charger.findings.report(
            Kind.BAD_COMMAND,
            charger.identity,
            "RemoteStartTransaction before the boot was accepted",
        )
        return answer("Rejected")
    if charger.restarting:
        return answer("Rejected")
    tag = payload["idTag"]
    install, problem = start_profile(charger, payload.get("chargingProfile"))
    connector = None if problem else charger.remote.set_aside(tag, payload.get("connectorId"))
    if connector is None:
        return answer("Rejected")
    order = Order(tag=tag, begun=install)
    return answer("Accepted", lambda: charger.tasks.start(charger.remote.start(connector, order)))


def _remote_stop(charger: Charger, payload: Payload) -> Answer | Fault:
    connector = charger.charging.running(payload["transactionId"])
    if connector is None:
        return answer("Rejected")
    return answer("Accepted", lambda: _end(charger, connector, "Remote"))


def _end(charger: Charger, connector: Connector, reason: str) -> None:
    charger.tasks.start(charger.charging.end_unattended(connector, reason))


def _reset(charger: Charger, payload: Payload) -> Answer | Fault:
    if charger.restarting:
        return answer("Rejected")
    hard = payload["type"] == "Hard"
    return answer("Accepted", lambda: charger.start_restart(hard=hard))


def _unlock(charger: Charger, payload: Payload) -> Answer | Fault:
    connector = charger.connectors.get(payload["connectorId"])
    if connector is None or connector.id == 0:
        return answer("NotSupported")
    # A session that runs is ended first (§5.18).
    return answer("Unlocked", lambda: _end(charger, connector, "UnlockCommand"))


def _availability(charger: Charger, payload: Payload) -> Answer | Fault:
    number, operative = payload["connectorId"], payload["type"] == "Operative"
    verdict = charger.availability.verdict(number, operative=operative)
    if verdict == "Rejected":
        return answer(verdict)
    return answer(verdict, lambda: charger.availability.change(number, operative=operative))


def _get_configuration(charger: Charger, payload: Payload) -> Answer | Fault:
    wanted = payload.get("key", [])
    if len(wanted) > MAX_KEYS:
        return Fault("OccurenceConstraintViolation", f"more than {MAX_KEYS} keys")
    entries, unknown = read_keys(charger, wanted)
    reply: Payload = {"configurationKey": entries} if entries else {}
    if unknown:
        reply["unknownKey"] = unknown
    return Answer(reply)


def _change_configuration(charger: Charger, payload: Payload) -> Answer | Fault:
    status, changed = change_key(charger, payload["key"], payload["value"])
    if changed is None:
        return answer(status)
    return answer(status, lambda: charger.settings_changed(changed))


def _clear_cache(charger: Charger, payload: Payload) -> Answer | Fault:
    del payload
    return answer("Accepted" if charger.authorization.clear_cache() else "Rejected")


def _data_transfer(charger: Charger, payload: Payload) -> Answer | Fault:
    del charger
    if payload["vendorId"] != VENDOR:
        return answer("UnknownVendorId")
    if payload.get("messageId") != "Echo":
        return answer("UnknownMessageId")
    echo = {"data": payload["data"]} if "data" in payload else {}
    return Answer({"status": "Accepted", **echo})


def _trigger(charger: Charger, payload: Payload) -> Answer | Fault:
    return _triggered(charger, payload, signed=False)


def _extended_trigger(charger: Charger, payload: Payload) -> Answer | Fault:
    return _triggered(charger, payload, signed=True)


def _triggered(charger: Charger, payload: Payload, *, signed: bool) -> Answer:
    number = payload.get("connectorId")
    message = payload["requestedMessage"]
    # There is no main meter, which would be connector 0.
    known = number is None or number in charger.connectors
    if not known or (number == 0 and message == "MeterValues"):
        return answer("Rejected")
    chosen = [each for each in charger.connectors.values() if number in (None, each.id)]
    return answer("Accepted", _work(charger, message, chosen, signed=signed))


def _work(
    charger: Charger, message: str, chosen: list[Connector], *, signed: bool
) -> Callable[[], None]:
    start, equipment = charger.tasks.start, charger.equipment
    match message:
        case "BootNotification":
            return lambda: start(charger.presence.knock_again())
        case "StatusNotification":
            return lambda: _tell_states(charger, chosen)
        case "MeterValues":
            return lambda: _tell_values(charger, chosen)
        case "Heartbeat":
            return lambda: charger.send_soon(charger.language.heartbeat())
        case "FirmwareStatusNotification":
            return lambda: start(equipment.firmware.tell(signed=signed))
        case "DiagnosticsStatusNotification":
            return lambda: start(equipment.uploads.tell(diagnostics=True))
        case "LogStatusNotification":
            return lambda: start(equipment.uploads.tell())
        case _:
            return lambda: start(equipment.security.ask())


def _tell_states(charger: Charger, chosen: list[Connector]) -> None:
    for connector in chosen:
        charger.tasks.start(charger.presence.tell(connector))


def _tell_values(charger: Charger, chosen: list[Connector]) -> None:
    for connector in chosen:
        if connector.id > 0:
            sample = charger.charging.flow.read(connector, "Trigger")
            charger.send_soon(
                charger.language.values(
                    connector.id, connector.session, sample, charger.settings.sampled
                )
            )


_HANDLERS: Mapping[str, Handler] = {
    "ChangeAvailability": _availability,
    "ChangeConfiguration": _change_configuration,
    "ClearCache": _clear_cache,
    "DataTransfer": _data_transfer,
    "ExtendedTriggerMessage": _extended_trigger,
    "GetConfiguration": _get_configuration,
    "RemoteStartTransaction": _remote_start,
    "RemoteStopTransaction": _remote_stop,
    "Reset": _reset,
    "TriggerMessage": _trigger,
    "UnlockConnector": _unlock,
    **OPTIONAL_HANDLERS,
    **PROFILE_HANDLERS,
}
