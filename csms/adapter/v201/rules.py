"""What 2.x asks of our requests beside the schemas."""

from __future__ import annotations

from csms.adapter.faults import FaultKind
from csms.adapter.schema import Flaw, Json
from csms.adapter.tables import Request


def check(request: Request) -> Flaw | None:
    """The first rule that a request (valid by its schema) breaks."""
    payload: Json = request.payload
    match request.action:
        case "RequestStartTransaction":
            return _start(payload)
        case "RequestStopTransaction" if not payload["transactionId"]:
            return _wrong("transactionId", rule="is empty")
        case "UnlockConnector":
            return _at_least(1, payload, "evseId", "connectorId")
        case "Reset":
            return _at_least(1, payload, "evseId")
        case "TriggerMessage":
            return _at_least(1, payload.get("evse", {}), "id", under="evse")
        case _:
            evse = payload.get("evse", {})
            return _at_least(0, payload, "evseId") or _at_least(0, evse, "id", under="evse")


def _start(payload: Json) -> Flaw | None:
    """F01: a profile that comes with a start is a TxProfile, of no transaction since there is
    none yet (F01.FR.08 to F01.FR.11)."""
    if payload["idToken"]["idToken"] == "" and payload["idToken"]["type"] != "NoAuthorization":
        return _wrong("idToken", "idToken", rule="is empty")
    profile = payload.get("chargingProfile")
    if profile is not None:
        if profile["chargingProfilePurpose"] != "TxProfile":
            return _wrong("chargingProfile", "chargingProfilePurpose", rule="is not TxProfile")
        if "transactionId" in profile:
            rule = "is not allowed in a remote start"
            return _wrong("chargingProfile", "transactionId", rule=rule)
    return _at_least(1, payload, "evseId", "remoteStartId")


def _at_least(least: int, holder: Json, *fields: str, under: str | None = None) -> Flaw | None:
    for field in fields:
        if holder.get(field, least) < least:
            path = (field,) if under is None else (under, field)
            return _wrong(*path, rule=f"is less than {least}")
    return None


def _wrong(*path: str | int, rule: str) -> Flaw:
    return Flaw(FaultKind.PROPERTY, path, rule)
