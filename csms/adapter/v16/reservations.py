"""Reservations in 1.6 (§5.2, §5.13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request, Unsupported
from csms.adapter.times import asked_moment, wire_time
from csms.core.commands import Command
from csms.core.reservations.vocabulary import CancelReservation, ReserveNow

MAX_INT32 = 2**31 - 1


def _reserve(command: ReserveNow) -> Request | Unsupported:
    """Connector 0 is any of them, for stations with ReserveConnectorZeroSupported."""
    if command.connector_type is not None:
        return Unsupported("OCPP 1.6 reserves a connector, not a type of connector.")
    payload: dict[str, object] = {
        "connectorId": command.evse_id or 0,
        "expiryDate": wire_time(command.expires_at),
        "idTag": command.id_token,
        "reservationId": command.ref or 0,
    }
    if command.group_id is not None:
        payload["parentIdTag"] = command.group_id
    return Request("ReserveNow", payload)


def _cancel(command: CancelReservation) -> Request:
    return Request("CancelReservation", {"reservationId": command.ref})


def _status_of(_command: Command, payload: Any) -> str:
    return str(payload["status"])


def _read_reserve(payload: Json) -> ReserveNow | None:
    at = asked_moment(payload["expiryDate"])
    if at is None or abs(payload["reservationId"]) > MAX_INT32:
        return None
    return ReserveNow(
        id_token=payload["idTag"],
        group_id=payload.get("parentIdTag"),
        evse_id=payload["connectorId"] or None,
        expires_at=at,
        ref=payload["reservationId"],
    )


def _read_cancel(payload: Json) -> CancelReservation | None:
    ref = payload["reservationId"]
    return CancelReservation(ref=ref) if abs(ref) <= MAX_INT32 else None


INBOUND: Mapping[str, Inbound] = {}
COMMANDS: Mapping[type[Command], Outbound] = {
    ReserveNow: Outbound(
        _reserve,
        {
            "connectorId": "evse_id",
            "expiryDate": "expires_at",
            "idTag": "id_token",
            "parentIdTag": "group_id",
            "reservationId": "ref",
        },
        _status_of,
    ),
    CancelReservation: Outbound(_cancel, {"reservationId": "ref"}, _status_of),
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "CancelReservation": _read_cancel,
    "ReserveNow": _read_reserve,
}
