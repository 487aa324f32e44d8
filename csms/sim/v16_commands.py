"""How a simulated OCPP 1.6 charger answers commands (§5): truthfully, and then it acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from csms.sim.connector import Connector
from csms.sim.findings import Kind
from csms.sim.rpc import Answer, Fault, Payload, Request
from csms.sim.v16_keys import MAX_KEYS, change_key, read_keys
from csms.sim.v16_values import meter_value

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


def _status(status: str, then: Callable[[], None] | None = None) -> Answer:
    return Answer({"status": status}, then)


def _remote_start(charger: Charger, payload: Payload) -> Answer | Fault:
    if not charger.presence.accepted:
        charger.charging.report(
            Kind.BAD_COMMAND, "RemoteStartTransaction before the boot was accepted"
        )
        return _status("Rejected")
    if charger.restarting:
        return _status("Rejected")
    tag = payload["idTag"]
    connector = charger.remote.reserve(tag, payload.get("connectorId"))
    if connector is None:
        return _status("Rejected")
    return _status("Accepted", lambda: charger.tasks.start(charger.remote.start(connector, tag)))


def _remote_stop(charger: Charger, payload: Payload) -> Answer | Fault:
    connector = charger.charging.running(payload["transactionId"])
    if connector is None:
        return _status("Rejected")
    return _status("Accepted", lambda: _end(charger, connector, "Remote"))


def _end(charger: Charger, connector: Connector, reason: str) -> None:
    charger.tasks.start(charger.charging.end_unattended(connector, reason))


def _reset(charger: Charger, payload: Payload) -> Answer | Fault:
    if charger.restarting:
        return _status("Rejected")
    hard = payload["type"] == "Hard"
    return _status("Accepted", lambda: charger.start_restart(hard=hard))


def _unlock(charger: Charger, payload: Payload) -> Answer | Fault:
    connector = charger.connectors.get(payload["connectorId"])
    if connector is None or connector.id == 0:
        return _status("NotSupported")
    # A session that runs is ended first (§5.18).
    return _status("Unlocked", lambda: _end(charger, connector, "UnlockCommand"))


def _availability(charger: Charger, payload: Payload) -> Answer | Fault:
    number, operative = payload["connectorId"], payload["type"] == "Operative"
    verdict = charger.availability_verdict(number, operative=operative)
    if verdict == "Rejected":
        return _status(verdict)
    return _status(verdict, lambda: charger.change_availability(number, operative=operative))


def _get_configuration(charger: Charger, payload: Payload) -> Answer | Fault:
    wanted = payload.get("key", [])
    if len(wanted) > MAX_KEYS:
        return Fault("OccurenceConstraintViolation", f"more than {MAX_KEYS} keys")
    entries, unknown = read_keys(charger, wanted)
    answer: Payload = {"configurationKey": entries} if entries else {}
    if unknown:
        answer["unknownKey"] = unknown
    return Answer(answer)


def _change_configuration(charger: Charger, payload: Payload) -> Answer | Fault:
    status, changed = change_key(charger, payload["key"], payload["value"])
    if changed is None:
        return _status(status)
    return _status(status, lambda: charger.settings_changed(changed))


def _clear_cache(charger: Charger, payload: Payload) -> Answer | Fault:
    del payload
    return _status("Accepted" if charger.authorization.clear_cache() else "Rejected")


def _data_transfer(charger: Charger, payload: Payload) -> Answer | Fault:
    del charger
    if payload["vendorId"] != VENDOR:
        return _status("UnknownVendorId")
    if payload.get("messageId") != "Echo":
        return _status("UnknownMessageId")
    echo = {"data": payload["data"]} if "data" in payload else {}
    return Answer({"status": "Accepted", **echo})


def _trigger(charger: Charger, payload: Payload) -> Answer | Fault:
    number = payload.get("connectorId")
    message = payload["requestedMessage"]
    # There is no main meter, which would be connector 0.
    known = number is None or number in charger.connectors
    if not known or (number == 0 and message == "MeterValues"):
        return _status("Rejected")
    chosen = [each for each in charger.connectors.values() if number in (None, each.id)]
    then: Callable[[], None]
    match message:
        case "BootNotification":

            def then() -> None:
                charger.tasks.start(charger.presence.knock_again())

        case "StatusNotification":

            def then() -> None:
                for connector in chosen:
                    charger.tasks.start(charger.presence.tell(connector))

        case "MeterValues":

            def then() -> None:
                for connector in chosen:
                    if connector.id > 0:
                        charger.send_soon(_triggered_values(charger, connector))

        case "Heartbeat":

            def then() -> None:
                charger.send_soon(Request("Heartbeat", {}))

        case name:
            # Diagnostics and firmware: nothing is ever under way here.
            def then() -> None:
                charger.send_soon(Request(name, {"status": "Idle"}))

    return _status("Accepted", then)


def _triggered_values(charger: Charger, connector: Connector) -> Request:
    connector.advance(charger.clock.seconds())
    sample = connector.sample(charger.presence.time.now(), "Trigger")
    payload: Payload = {
        "connectorId": connector.id,
        "meterValue": [meter_value(sample, charger.settings.sampled)],
    }
    if connector.session is not None and connector.session.transaction_id is not None:
        payload["transactionId"] = connector.session.transaction_id
    return Request("MeterValues", payload)


_HANDLERS: dict[str, Callable[[Charger, Payload], Answer | Fault]] = {
    "ChangeAvailability": _availability,
    "ChangeConfiguration": _change_configuration,
    "ClearCache": _clear_cache,
    "DataTransfer": _data_transfer,
    "GetConfiguration": _get_configuration,
    "RemoteStartTransaction": _remote_start,
    "RemoteStopTransaction": _remote_stop,
    "Reset": _reset,
    "TriggerMessage": _trigger,
    "UnlockConnector": _unlock,
}
