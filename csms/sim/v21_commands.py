"""Commands that came with OCPP 2.1: tariffs, the grid, batteries, streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from csms.sim.connector import Connector
from csms.sim.messages import Answer, Fault, Payload, Request
from csms.sim.profiles import Purpose
from csms.sim.replies import Handler, answer
from csms.sim.v201_commands import HANDLERS as OLDER
from csms.sim.v201_profiles import read_period

if TYPE_CHECKING:
    from csms.sim.charger import Charger


def _running(charger: Charger, payload: Payload) -> Connector | None:
    return charger.charging.running(payload["transactionId"])


def _set_default(charger: Charger, payload: Payload) -> Answer | Fault:
    evse = payload["evseId"]
    if not 0 <= evse < len(charger.connectors):
        return answer("Rejected")
    return answer(charger.equipment.tariffs.set_default(evse, payload["tariff"]))


def _get_tariffs(charger: Charger, payload: Payload) -> Answer | Fault:
    if not 0 <= payload["evseId"] < len(charger.connectors):
        return answer("Rejected")
    found = charger.equipment.tariffs.assignments(payload["evseId"])
    return answer("Accepted", tariffAssignments=found) if found else answer("NoTariff")


def _clear_tariffs(charger: Charger, payload: Payload) -> Answer | Fault:
    results = charger.equipment.tariffs.clear(payload.get("tariffIds"), payload.get("evseId"))
    return Answer({"clearTariffsResult": results})


def _change_tariff(charger: Charger, payload: Payload) -> Answer | Fault:
    connector = _running(charger, payload)
    if connector is None or connector.session is None:
        return answer("TxNotFound")
    own, tariff = charger.equipment.tariffs.of_transactions, payload["tariff"]
    before = own.get(connector.session.id)
    if before is not None and before["currency"] != tariff["currency"]:
        return answer("NoCurrencyChange")
    own[connector.session.id] = tariff
    return answer("Accepted", lambda: charger.charging.flow.note(connector, "TariffChanged"))


def _update_dynamic(charger: Charger, payload: Payload) -> Answer | Fault:
    update = payload["scheduleUpdate"]
    newest = read_period(update, 0, None)
    changed = charger.equipment.smart.update(payload["chargingProfileId"], newest)
    return answer("Accepted" if changed else "Rejected")


async def pull_dynamic(charger: Charger, profile_id: int) -> str:
    """Ask for the newest limit of a dynamic profile (2.1 K29); returns the status."""
    request = Request("PullDynamicScheduleUpdate", {"chargingProfileId": profile_id})
    reply = await charger.presence.call(request)
    if reply["status"] == "Accepted" and "scheduleUpdate" in reply:
        _update_dynamic(charger, {"chargingProfileId": profile_id, **reply})
    return str(reply["status"])


def _priority(charger: Charger, payload: Payload) -> Answer | Fault:
    connector = _running(charger, payload)
    if connector is None or connector.session is None:
        return answer("Rejected")
    smart = charger.equipment.smart
    if payload["activate"] and not smart.find(purpose=Purpose.PRIORITY):
        return answer("NoProfile")
    number, activate = connector.session.ref, payload["activate"]

    def then() -> None:
        if activate:
            smart.priority.add(number)
        else:
            smart.priority.discard(number)
        smart.apply()

    return answer("Accepted", then)


def _energy_transfer(charger: Charger, payload: Payload) -> Answer | Fault:
    return answer("Rejected" if _running(charger, payload) is None else "Accepted")


def _swap(charger: Charger, payload: Payload) -> Answer | Fault:
    work = charger.equipment.swapping.swap
    return answer(
        "Accepted", lambda: charger.tasks.start(work(payload["idToken"], payload["requestId"]))
    )


def _web_payment(charger: Charger, payload: Payload) -> Answer | Fault:
    charger.events.note("payment", f"EVSE {payload['evseId']}: payment has begun", data=payload)
    return Answer({})


def _signal(charger: Charger, payload: Payload) -> Answer | Fault:
    charger.events.note("signal", f"aFRR signal {payload['signal']}", signal=payload["signal"])
    return answer("Accepted")


def _set_der(charger: Charger, payload: Payload) -> Answer | Fault:
    return Answer(charger.equipment.grid.set(payload))


def _get_der(charger: Charger, payload: Payload) -> Answer | Fault:
    grid = charger.equipment.grid
    found = grid.find(
        payload.get("isDefault"), payload.get("controlType"), payload.get("controlId")
    )
    if not found:
        return answer("NotFound")
    return answer("Accepted", lambda: charger.send_soon(*grid.report(payload["requestId"], found)))


def _clear_der(charger: Charger, payload: Payload) -> Answer | Fault:
    return answer(
        charger.equipment.grid.clear(
            payload["isDefault"], payload.get("controlType"), payload.get("controlId")
        )
    )


def _adjust(charger: Charger, payload: Payload) -> Answer | Fault:
    done = charger.equipment.streams.adjust(payload["id"], payload["params"])
    return answer("Accepted" if done else "Rejected")


def _streams(charger: Charger, payload: Payload) -> Answer | Fault:
    del payload
    found = [each.wire for each in charger.equipment.streams.streams.values()]
    return Answer({"constantStreamData": found} if found else {})


HANDLERS: Mapping[str, Handler] = {
    **OLDER,
    "AFRRSignal": _signal,
    "AdjustPeriodicEventStream": _adjust,
    "ChangeTransactionTariff": _change_tariff,
    "ClearDERControl": _clear_der,
    "ClearTariffs": _clear_tariffs,
    "GetDERControl": _get_der,
    "GetPeriodicEventStream": _streams,
    "GetTariffs": _get_tariffs,
    "NotifyAllowedEnergyTransfer": _energy_transfer,
    "NotifyWebPaymentStarted": _web_payment,
    "RequestBatterySwap": _swap,
    "SetDERControl": _set_der,
    "SetDefaultTariff": _set_default,
    "UpdateDynamicSchedule": _update_dynamic,
    "UsePriorityCharging": _priority,
}
