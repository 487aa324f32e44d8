"""Reservations in 2.x (H01 to H04)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request
from csms.adapter.times import asked_moment, wire_time
from csms.adapter.v201.fields import MAX_INT32
from csms.adapter.v201.replies import write_nothing
from csms.core.authorization import CENTRAL
from csms.core.commands import Command
from csms.core.replies import Acknowledged
from csms.core.reservations.vocabulary import (
    CancelReservation,
    EndKind,
    ReservationEnded,
    ReserveNow,
)

_ENDS: Mapping[str, EndKind] = {
    "Expired": EndKind.EXPIRED,
    "NoTransaction": EndKind.NO_TRANSACTION,
}


def _reserve(command: ReserveNow) -> Request:
    """Without an EVSE any is reserved, for stations with NonEvseSpecific (H01.FR.19)."""
    payload: dict[str, object] = {
        "id": command.ref or 0,
        "expiryDateTime": wire_time(command.expires_at),
        "idToken": {"idToken": command.id_token, "type": command.kind or CENTRAL},
    }
    if command.evse_id is not None:
        payload["evseId"] = command.evse_id
    if command.connector_type is not None:
        payload["connectorType"] = command.connector_type
    if command.group_id is not None:
        kind = command.group_kind or CENTRAL
        payload["groupIdToken"] = {"idToken": command.group_id, "type": kind}
    return Request("ReserveNow", payload)


def _cancel(command: CancelReservation) -> Request:
    return Request("CancelReservation", {"reservationId": command.ref})


def _status_of(_command: Command, payload: Any) -> str:
    return str(payload["status"])


def _read_reserve(payload: Json) -> ReserveNow | None:
    at = asked_moment(payload["expiryDateTime"])
    if at is None or abs(payload["id"]) > MAX_INT32:
        return None
    group = payload.get("groupIdToken", {})
    return ReserveNow(
        id_token=payload["idToken"]["idToken"],
        kind=payload["idToken"]["type"],
        group_id=group.get("idToken"),
        group_kind=group.get("type"),
        evse_id=payload.get("evseId"),
        connector_type=payload.get("connectorType"),
        expires_at=at,
        ref=payload["id"],
    )


def _read_cancel(payload: Json) -> CancelReservation | None:
    ref = payload["reservationId"]
    return CancelReservation(ref=ref) if abs(ref) <= MAX_INT32 else None


def read_ended(payload: Json, notes: Notes) -> ReservationEnded:
    """H04; whatever it says, the reservation is not there any more.  A number beyond 32 bits is
    none that anybody gave."""
    number = payload["reservationId"]
    if abs(number) > MAX_INT32:
        notes.note(Rule.OUT_OF_RANGE, "reservationId", number)
        number = 0
    kind = _ENDS.get(payload["reservationUpdateStatus"], EndKind.REMOVED)
    return ReservationEnded(number=number, kind=kind)


INBOUND: Mapping[str, Inbound] = {
    "ReservationStatusUpdate": Inbound(
        read_ended,
        Acknowledged,
        write_nothing,
        lenience={
            "reservationUpdateStatus": Lenience(default="Removed", unknown=Rule.UNKNOWN_STATUS)
        },
    ),
}
COMMANDS: Mapping[type[Command], Outbound] = {
    ReserveNow: Outbound(
        _reserve,
        {
            "connectorType": "connector_type",
            "evseId": "evse_id",
            "expiryDateTime": "expires_at",
            "groupIdToken.idToken": "group_id",
            "groupIdToken.type": "group_kind",
            "id": "ref",
            "idToken.idToken": "id_token",
            "idToken.type": "kind",
        },
        _status_of,
    ),
    CancelReservation: Outbound(_cancel, {"reservationId": "ref"}, _status_of),
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "CancelReservation": _read_cancel,
    "ReserveNow": _read_reserve,
}
