"""How a simulated OCPP 2.x charger answers commands: truthfully, and then it acts.

The handlers of whole areas are in the ``v201_*`` modules beside this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from csms.sim.connector import Connector
from csms.sim.findings import Kind
from csms.sim.messages import Answer, Fault, Payload
from csms.sim.remote import Order
from csms.sim.replies import Handler, answer
from csms.sim.v201_files import FILE_HANDLERS
from csms.sim.v201_lists import LIST_HANDLERS
from csms.sim.v201_profiles import PROFILE_HANDLERS, start_profile
from csms.sim.v201_reports import REPORT_HANDLERS
from csms.sim.v201_triggers import trigger
from csms.sim.v201_watching import WATCH_HANDLERS

if TYPE_CHECKING:
    from csms.sim.charger import Charger

VENDOR = "csms.simulator"
"""Vendor id whose DataTransfer is understood: message ``Echo`` returns its data."""


def _start(charger: Charger, payload: Payload) -> Answer | Fault:
    if not charger.presence.accepted:
        charger.findings.report(
            Kind.BAD_COMMAND,
            charger.identity,
            "RequestStartTransaction before the boot was accepted",
        )
        return answer("Rejected")
    install, problem = start_profile(charger, payload.get("chargingProfile"))
    if charger.restarting or problem:
        return answer("Rejected")
    wanted = payload["idToken"]
    connector = charger.remote.set_aside(wanted["idToken"], payload.get("evseId"))
    if connector is None:
        return answer("Rejected")
    order = Order(
        tag=wanted["idToken"], kind=wanted["type"], number=payload["remoteStartId"], begun=install
    )
    return answer("Accepted", lambda: charger.tasks.start(charger.remote.start(connector, order)))


def _stop(charger: Charger, payload: Payload) -> Answer | Fault:
    connector = charger.charging.running(payload["transactionId"])
    if connector is None:
        return answer("Rejected")
    return answer("Accepted", lambda: _end(charger, connector, "Remote"))


def _end(charger: Charger, connector: Connector, reason: str) -> None:
    charger.tasks.start(charger.charging.end_unattended(connector, reason))


def _reset(charger: Charger, payload: Payload) -> Answer | Fault:
    evse = payload.get("evseId")
    if charger.restarting or (evse is not None and not 0 < evse < len(charger.connectors)):
        return answer("Rejected")
    resets = charger.equipment.resets
    busy = resets.busy(evse)
    if payload["type"] == "OnIdle" and busy:
        return answer("Scheduled", lambda: resets.when_idle(evse))
    resume = payload["type"] == "ImmediateAndResume"
    return answer("Accepted", lambda: resets.now(evse, resume=resume))


def _availability(charger: Charger, payload: Payload) -> Answer | Fault:
    evse, operative = payload.get("evse"), payload["operationalStatus"] == "Operative"
    number = 0
    if evse is not None:
        number = evse["id"]
        if number < 1 or evse.get("connectorId", 1) != 1:
            return answer("Rejected")
    verdict = charger.availability.verdict(number, operative=operative)
    if verdict == "Rejected":
        return answer(verdict)
    return answer(verdict, lambda: charger.availability.change(number, operative=operative))


def _unlock(charger: Charger, payload: Payload) -> Answer | Fault:
    connector = charger.connectors.get(payload["evseId"])
    if connector is None or connector.id == 0 or payload["connectorId"] != 1:
        return answer("UnknownConnector")
    if connector.session is not None:
        return answer("OngoingAuthorizedTransaction")
    return answer("Unlocked")


def _clear_cache(charger: Charger, payload: Payload) -> Answer | Fault:
    del payload
    return answer("Accepted" if charger.authorization.clear_cache() else "Rejected")


def _data_transfer(charger: Charger, payload: Payload) -> Answer | Fault:
    del charger
    if payload["vendorId"] != VENDOR:
        return answer("UnknownVendorId")
    if payload.get("messageId") != "Echo":
        return answer("UnknownMessageId")
    return answer("Accepted", **({"data": payload["data"]} if "data" in payload else {}))


def _transaction_status(charger: Charger, payload: Payload) -> Answer | Fault:
    outbox = charger.charging.outbox
    wanted = payload.get("transactionId")
    if wanted is None:
        return Answer({"messagesInQueue": len(outbox) > 0})
    ongoing = charger.charging.running(wanted) is not None
    return Answer({"ongoingIndicator": ongoing, "messagesInQueue": outbox.holds(wanted)})


def _cost_updated(charger: Charger, payload: Payload) -> Answer | Fault:
    charger.events.note("cost", f"cost so far: {payload['totalCost']}", cost=payload["totalCost"])
    return Answer({})


def _network_profile(charger: Charger, payload: Payload) -> Answer | Fault:
    data = payload["connectionData"]
    if not 1 <= payload["configurationSlot"] <= 3 or data["ocppTransport"] != "JSON":
        return answer("Rejected")
    secure = charger.equipment.network.security_profile
    if data["securityProfile"] < secure or not data["ocppCsmsUrl"].startswith(("ws://", "wss://")):
        # B09.FR.04: never down.
        return answer("Rejected")
    charger.equipment.network.slots[payload["configurationSlot"]] = data
    return answer("Accepted")


HANDLERS: Mapping[str, Handler] = {
    "ChangeAvailability": _availability,
    "ClearCache": _clear_cache,
    "CostUpdated": _cost_updated,
    "DataTransfer": _data_transfer,
    "GetTransactionStatus": _transaction_status,
    "RequestStartTransaction": _start,
    "RequestStopTransaction": _stop,
    "Reset": _reset,
    "SetNetworkProfile": _network_profile,
    "TriggerMessage": trigger,
    "UnlockConnector": _unlock,
    **FILE_HANDLERS,
    **LIST_HANDLERS,
    **PROFILE_HANDLERS,
    **REPORT_HANDLERS,
    **WATCH_HANDLERS,
}
