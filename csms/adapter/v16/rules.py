"""What 1.6 asks of our requests beside the schemas."""

from __future__ import annotations

from csms.adapter.faults import FaultKind
from csms.adapter.schema import Flaw, Json
from csms.adapter.tables import Request

_ONE_CONNECTOR = frozenset(
    {
        "ExtendedTriggerMessage",
        "RemoteStartTransaction",
        "TriggerMessage",
        "UnlockConnector",
    }
)
"""Requests whose connector, when given, cannot be 0, the station itself."""


def check(request: Request) -> Flaw | None:
    """The first rule that a request (valid by its schema) breaks."""
    payload: Json = request.payload
    if payload.get("idTag") == "":
        return _wrong("idTag", rule="is empty")
    least = 1 if request.action in _ONE_CONNECTOR else 0
    if payload.get("connectorId", least) < least:
        return _wrong("connectorId", rule=f"is less than {least}")
    if request.action == "RemoteStartTransaction" and "chargingProfile" in payload:
        return _start_profile(payload["chargingProfile"])
    return None


def _start_profile(profile: Json) -> Flaw | None:
    """§5.11: a remote start may bring a TxProfile, of no transaction since there is none yet."""
    if profile["chargingProfilePurpose"] != "TxProfile":
        return _wrong("chargingProfile", "chargingProfilePurpose", rule="is not TxProfile")
    if "transactionId" in profile:
        return _wrong("chargingProfile", "transactionId", rule="is not allowed in a remote start")
    return None


def _wrong(*path: str | int, rule: str) -> Flaw:
    return Flaw(FaultKind.PROPERTY, path, rule)
