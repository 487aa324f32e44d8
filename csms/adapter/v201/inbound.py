"""Messages from 2.x stations, read into core reports."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.faults import FaultKind, refuse
from csms.adapter.notes import Notes
from csms.adapter.schema import Json
from csms.adapter.texts import mended
from csms.adapter.times import moment, told_moment
from csms.adapter.v201.certificates import read_presented
from csms.adapter.v201.fields import (
    MAX_INT64,
    NO_AUTHORIZATION,
    place,
    spare_number,
    spare_text,
    token,
)
from csms.adapter.v201.metering import readings
from csms.core.reports import (
    AuthorizationAsked,
    Beat,
    Booted,
    ConnectorChanged,
    DataTransferred,
    Metered,
    Stage,
    TransactionTold,
)
from csms.core.values import ConnectorStatus

_STATUSES: Mapping[str, ConnectorStatus] = {status.value: status for status in ConnectorStatus}
MAX_ADDITIONS = 16
"""Additional texts that are kept of a token."""
_ADDITIONS = "idToken.additionalInfo"

_STAGES: Mapping[str, Stage] = {stage.value.capitalize(): stage for stage in Stage}


def read_authorize(payload: Json, notes: Notes) -> AuthorizationAsked:
    """C01; an empty token is one of the kind NoAuthorization (C02)."""
    id_token, kind = token(payload["idToken"], notes)
    return AuthorizationAsked(
        id_token=id_token, kind=kind, presented=read_presented(payload, notes)
    )


def read_boot(payload: Json, notes: Notes) -> Booted:
    """B01."""
    station = payload["chargingStation"]
    modem = station.get("modem", {})
    return Booted(
        vendor=notes.text(station["vendorName"], "chargingStation.vendorName"),
        model=notes.text(station["model"], "chargingStation.model"),
        serial_number=spare_text(station, "serialNumber", notes),
        firmware_version=spare_text(station, "firmwareVersion", notes),
        iccid=spare_text(modem, "iccid", notes),
        imsi=spare_text(modem, "imsi", notes),
        reason=spare_text(payload, "reason", notes),
    )


def read_data_transfer(payload: Json, notes: Notes) -> DataTransferred:
    """P02; the data is any JSON, for whoever knows the vendor."""
    return DataTransferred(
        vendor_id=notes.text(payload["vendorId"], "vendorId"),
        message_id=spare_text(payload, "messageId", notes),
        data=notes.kept(payload.get("data"), "data"),
    )


def read_heartbeat(payload: Json, notes: Notes) -> Beat:  # noqa: ARG001 - a reader
    """G02."""
    return Beat()


def read_meter_values(payload: Json, notes: Notes) -> Metered:
    """J01: readings of no transaction."""
    return Metered(
        evse_id=place(payload["evseId"], "evseId"),
        readings=readings(payload["meterValue"], "meterValue", notes),
    )


def read_status(payload: Json, notes: Notes) -> ConnectorChanged:
    """G01."""
    return ConnectorChanged(
        evse_id=place(payload["evseId"], "evseId"),
        connector_id=place(payload["connectorId"], "connectorId"),
        status=_STATUSES.get(payload["connectorStatus"], ConnectorStatus.UNKNOWN),
        at=told_moment(payload["timestamp"], "timestamp", notes),
    )


def read_transaction(payload: Json, notes: Notes) -> TransactionTold:
    """E01 ff.  What a transaction can do without never stands in the way of the rest of it."""
    stage = _STAGES.get(payload["eventType"])
    if stage is None:
        refuse(FaultKind.PROPERTY, "eventType", "is not one of the allowed values")
    get = payload.get
    transaction = payload["transactionInfo"]
    evse = get("evse")
    evse_id = connector_id = None
    if evse is not None:
        evse_id = spare_number(evse, "id", notes, least=0)
        connector_id = spare_number(evse, "connectorId", notes, least=0)
    presented = get("idToken")
    id_token, kind = _presented(presented, notes)
    meter = get("meterValue")
    at = moment(payload["timestamp"], "timestamp", notes)
    return TransactionTold(
        stage=stage,
        transaction_ref=_reference(transaction["transactionId"], notes),
        sequence_number=_sequence(payload["seqNo"]),
        at=at,
        told_at=mended(payload["timestamp"] or "") if at is notes.now else None,
        offline=get("offline", False),
        trigger=payload["triggerReason"],
        charging_state=transaction.get("chargingState"),
        evse_id=evse_id,
        connector_id=connector_id,
        id_token=id_token,
        id_token_kind=kind,
        id_token_unreadable=notes.lacks(("idToken",)),
        additional_info=_additional_info(presented, notes) if presented and id_token else (),
        details=_details(payload, transaction, notes),
        readings=() if meter is None else readings(meter, "meterValue", notes, at),
        reason=transaction.get("stoppedReason"),
        remote_start_ref=spare_number(transaction, "remoteStartId", notes),
        reservation_ref=spare_number(payload, "reservationId", notes),
    )


def _presented(of: Json | None, notes: Notes) -> tuple[str | None, str | None]:
    """An empty token is nobody's, unless it says that none is needed (C02)."""
    if of is None:
        return None, None
    id_token, kind = token(of, notes)
    return (id_token, kind) if id_token or kind == NO_AUTHORIZATION else (None, None)


def _additional_info(of: Json, notes: Notes) -> tuple[tuple[str, str], ...]:
    return tuple(
        (notes.text(each["additionalIdToken"], _ADDITIONS), notes.text(each["type"], _ADDITIONS))
        for each in of.get("additionalInfo", ())[:MAX_ADDITIONS]
    )


def _details(payload: Json, transaction: Json, notes: Notes) -> dict[str, object]:
    details: dict[str, object] = {}
    for name, of, field in (
        ("time_spent_charging_s", transaction, "timeSpentCharging"),
        ("phases_used", payload, "numberOfPhasesUsed"),
        ("cable_max_current_a", payload, "cableMaxCurrent"),
    ):
        if field in of and (number := spare_number(of, field, notes)) is not None:
            details[name] = number
    return details


def _reference(text: str, notes: Notes) -> str:
    if not text:
        refuse(FaultKind.PROPERTY, "transactionInfo.transactionId", "is empty")
    return notes.text(text, "transactionInfo.transactionId")


def _sequence(number: int) -> int:
    if not -MAX_INT64 <= number <= MAX_INT64:
        refuse(FaultKind.PROPERTY, "seqNo", "is no integer of 64 bits")
    return number
