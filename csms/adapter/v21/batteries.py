"""Swapped batteries in the words of 2.1 (S)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request
from csms.adapter.v201.fields import spare_number, token
from csms.adapter.v201.replies import write_nothing
from csms.adapter.wording import wording
from csms.core.authorization import CENTRAL
from csms.core.batteries.vocabulary import BatteriesSwapped, RequestSwap
from csms.core.commands import Command
from csms.core.replies import Acknowledged

_SPARE = Lenience(spare=True)
_BATTERY = wording("v21", "BatterySwapRequest", "batteryData", names={"soC": "soc", "soH": "soh"})


def _read(payload: Json, notes: Notes) -> BatteriesSwapped:
    name, kind = token(payload["idToken"], notes) if payload.get("idToken") else (None, None)
    return BatteriesSwapped(
        event=notes.text(payload["eventType"], "eventType"),
        ref=spare_number(payload, "requestId", notes),
        id_token=name,
        id_token_kind=kind,
        batteries=tuple(_battery(each, notes) for each in payload.get("batteryData", ())),
    )


def _battery(told: Json, notes: Notes) -> Json:
    """A battery whose place is beyond all numbers of EVSEs is at none."""
    battery: Json = _BATTERY.to_core(told, notes, "batteryData")
    if "evse_id" in battery and spare_number(told, "evseId", notes, least=0) is None:
        del battery["evse_id"]
    return battery


INBOUND: Mapping[str, Inbound] = {
    "BatterySwap": Inbound(
        _read,
        Acknowledged,
        write_nothing,
        money=True,
        proof=("batteryData",),
        lenience={
            "batteryData": Lenience(spare=True, loose=True),
            "batteryData.evseId": _SPARE,
            "batteryData.productionDate": _SPARE,
            "batteryData.serialNumber": Lenience(ceiling=255, spare=True),
            "batteryData.soC": _SPARE,
            "batteryData.soH": _SPARE,
            "batteryData.vendorInfo": _SPARE,
            "eventType": Lenience(default="", unknown=Rule.UNKNOWN_VALUE),
            "idToken": _SPARE,
            "idToken.additionalInfo": _SPARE,
            "idToken.idToken": Lenience(ceiling=255, private=True),
            "idToken.type": Lenience(default=""),
            "requestId": _SPARE,
        },
    ),
}


def _spell(command: RequestSwap) -> Request:
    who = {"idToken": command.id_token, "type": command.kind or CENTRAL}
    return Request("RequestBatterySwap", {"requestId": command.ref or 0, "idToken": who})


def _interpret(payload: Json) -> Command:
    who = payload["idToken"]
    return RequestSwap(ref=payload["requestId"], id_token=who["idToken"], kind=who["type"])


COMMANDS: Mapping[type[Command], Outbound] = {
    RequestSwap: Outbound(
        _spell,
        {"idToken.idToken": "id_token", "idToken.type": "kind", "requestId": "ref"},
    )
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {"RequestBatterySwap": _interpret}
