"""Tariffs in the words of 2.1 (I07 to I12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csms.adapter.schema import Json, dotted
from csms.adapter.tables import Outbound, Request, Unsupported
from csms.adapter.v201.fields import MAX_INT32
from csms.adapter.wording import Unspeakable, strict, wording
from csms.core.commands import Command
from csms.core.tariffs import vocabulary as v

_TARIFF = wording("v21", "SetDefaultTariffRequest", "tariff")
_GONE = ("Accepted", "NoTariff")


def spelled(tariff: dict[str, object]) -> Json | Unsupported:
    """A tariff on the wire."""
    try:
        whole: Json = _TARIFF.to_wire(tariff, "a tariff")
    except Unspeakable as error:
        return Unsupported(f"OCPP 2.1 knows {error}.", dotted(("tariff", *error.place)))
    return whole


def _set(command: v.SetTariff) -> Request | Unsupported:
    tariff = spelled(command.tariff)
    if isinstance(tariff, Unsupported):
        return tariff
    return Request("SetDefaultTariff", {"evseId": command.evse_id, "tariff": tariff})


def _change(command: v.ChangeTariff) -> Request | Unsupported:
    tariff = spelled(command.tariff)
    if isinstance(tariff, Unsupported):
        return tariff
    payload: Json = {"transactionId": command.transaction_ref, "tariff": tariff}
    return Request("ChangeTransactionTariff", payload)


def _read(command: v.ReadTariffs) -> Request:
    return Request("GetTariffs", {"evseId": command.evse_id})


def _clear(command: v.ClearTariffs) -> Request:
    payload: Json = {}
    if command.tariff_ids:
        payload["tariffIds"] = list(command.tariff_ids)
    if command.evse_id is not None:
        payload["evseId"] = command.evse_id
    return Request("ClearTariffs", payload)


def _learn_read(_command: Command, payload: Json) -> v.TariffsFound | None:
    status = payload.get("status")
    if status == "NoTariff":
        return v.TariffsFound()
    if status != "Accepted":
        return None
    return v.TariffsFound(
        tuple(
            v.Assignment(
                tariff_id=each["tariffId"],
                tariff_kind=each["tariffKind"],
                evse_ids=tuple(n for n in each.get("evseIds", ()) if 0 <= n <= MAX_INT32),
                id_tokens=tuple(each.get("idTokens", ())),
                valid_from=each.get("validFrom"),
            )
            for each in payload.get("tariffAssignments", ())
        )
    )


def _learn_clear(_command: Command, payload: Json) -> v.TariffsGone:
    """A result without an id is about all that was asked for."""
    results = payload["clearTariffsResult"]
    gone = [each for each in results if each["status"] in _GONE]
    return v.TariffsGone(
        tuple(each["tariffId"] for each in gone if "tariffId" in each),
        everything=bool(results) and len(gone) == len(results),
    )


COMMANDS: Mapping[type[Command], Outbound] = {
    v.ChangeTariff: Outbound(_change, {"transactionId": "transaction_ref"}),
    v.ClearTariffs: Outbound(
        _clear, {"tariffIds": "tariff_ids", "evseId": "evse_id"}, learn=_learn_clear
    ),
    v.ReadTariffs: Outbound(_read, {"evseId": "evse_id"}, learn=_learn_read),
    v.SetTariff: Outbound(_set, {"evseId": "evse_id"}),
}


def _interpret_set(payload: Json) -> Command:
    return v.SetTariff(
        evse_id=payload["evseId"], tariff=_TARIFF.to_core(payload["tariff"], strict())
    )


def _interpret_change(payload: Json) -> Command:
    return v.ChangeTariff(
        transaction_ref=payload["transactionId"],
        tariff=_TARIFF.to_core(payload["tariff"], strict()),
    )


def _interpret_read(payload: Json) -> Command:
    return v.ReadTariffs(evse_id=payload["evseId"])


def _interpret_clear(payload: Json) -> Command:
    return v.ClearTariffs(
        tariff_ids=tuple(payload.get("tariffIds", ())), evse_id=payload.get("evseId")
    )


INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "ChangeTransactionTariff": _interpret_change,
    "ClearTariffs": _interpret_clear,
    "GetTariffs": _interpret_read,
    "SetDefaultTariff": _interpret_set,
}
