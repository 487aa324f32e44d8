"""Messages that a server asks an OCPP 2.x charger for (2.0.1 F06)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from csms.sim.connector import Connector
from csms.sim.messages import Answer, Fault, NoAnswer, Payload
from csms.sim.replies import answer

if TYPE_CHECKING:
    from csms.sim.charger import Charger

SIGNING = {
    "SignChargingStationCertificate": "ChargingStationCertificate",
    "SignV2GCertificate": "V2GCertificate",
    "SignV2G20Certificate": "V2G20Certificate",
}
"""Kinds of certificates by what asks for them."""
CUSTOM = "Status"
"""The one custom trigger: every connector's state (2.1 F06.FR.19 leaves them to the vendor)."""


def trigger(charger: Charger, payload: Payload) -> Answer | Fault:
    """TriggerMessage."""
    message, evse = payload["requestedMessage"], payload.get("evse")
    chosen = [each for each in charger.connectors.values() if each.id > 0]
    if evse is not None:
        chosen = [each for each in chosen if each.id == evse["id"]]
        if not chosen or evse.get("connectorId", 1) != 1:
            return answer("Rejected")
    if message == "CustomTrigger":
        if payload.get("customTrigger") != CUSTOM:
            return answer("NotImplemented")
        message = "StatusNotification"
    if message == "TransactionEvent":
        chosen = [each for each in chosen if each.session is not None]
        if not chosen:
            return answer("Rejected")
    work = _work(charger, message, chosen)
    return answer("NotImplemented") if work is None else answer("Accepted", work)


def _work(charger: Charger, message: str, chosen: list[Connector]) -> Callable[[], None] | None:
    start = charger.tasks.start
    equipment = charger.equipment
    match message:
        case "BootNotification":
            return lambda: start(charger.presence.knock_again())
        case "Heartbeat":
            return lambda: charger.send_soon(charger.language.heartbeat())
        case "StatusNotification":
            return lambda: _each(charger, chosen, _tell_status)
        case "MeterValues":
            return lambda: _each(charger, chosen, _tell_values)
        case "TransactionEvent":
            return lambda: _each(charger, chosen, _tell_transaction)
        case "LogStatusNotification":
            return lambda: start(equipment.uploads.tell())
        case "FirmwareStatusNotification":
            return lambda: start(equipment.firmware.tell())
        case "PublishFirmwareStatusNotification":
            return lambda: start(equipment.publisher.tell())
        case _ if message in SIGNING:
            return lambda: start(equipment.security.ask(SIGNING[message]))
    return None


def _each(
    charger: Charger, chosen: list[Connector], tell: Callable[[Charger, Connector], None]
) -> None:
    for connector in chosen:
        tell(charger, connector)


def _tell_status(charger: Charger, connector: Connector) -> None:
    """Also before the boot is accepted: the server asked."""
    charger.tasks.start(charger.presence.tell(connector))


def _tell_values(charger: Charger, connector: Connector) -> None:
    sample = charger.charging.flow.read(connector, "Trigger")
    charger.send_soon(charger.language.values(connector.id, None, sample, charger.settings.aligned))


def _tell_transaction(charger: Charger, connector: Connector) -> None:
    async def tell() -> None:
        try:
            await charger.charging.meter(connector.id, "Trigger")
        except NoAnswer:
            return

    charger.tasks.start(tell())
