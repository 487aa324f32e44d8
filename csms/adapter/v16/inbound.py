"""Messages from 1.6 stations, read into core reports."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.faults import FaultKind, refuse
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.texts import mended, mended_json
from csms.adapter.times import moment, told_moment
from csms.adapter.v16.fields import MAX_INT32, spare_number
from csms.adapter.v16.metering import readings
from csms.core.reports import (
    AuthorizationAsked,
    Beat,
    Booted,
    ConnectorChanged,
    DataTransferred,
    Metered,
    SessionStarted,
    SessionStopped,
)
from csms.core.values import ConnectorStatus

MAX_INT64 = 2**63 - 1
_LARGEST_REGISTER = 1e15
"""Wh; no meter has counted that far."""

_STATUSES: Mapping[str, ConnectorStatus] = {status.value: status for status in ConnectorStatus}


def read_authorize(payload: Json, notes: Notes) -> AuthorizationAsked:
    """§4.1."""
    return AuthorizationAsked(id_token=notes.token(payload["idTag"], "idTag"))


def read_boot(payload: Json, notes: Notes) -> Booted:
    """§4.2; the box's serial number is the deprecated place of the charge point's."""
    return Booted(
        vendor=notes.text(payload["chargePointVendor"], "chargePointVendor"),
        model=notes.text(payload["chargePointModel"], "chargePointModel"),
        serial_number=_text(payload, "chargePointSerialNumber", notes)
        or _text(payload, "chargeBoxSerialNumber", notes),
        firmware_version=_text(payload, "firmwareVersion", notes),
        iccid=_text(payload, "iccid", notes),
        imsi=_text(payload, "imsi", notes),
        meter_type=_text(payload, "meterType", notes),
        meter_serial_number=_text(payload, "meterSerialNumber", notes),
    )


def read_data_transfer(payload: Json, notes: Notes) -> DataTransferred:
    """§4.3; the data is for whoever knows the vendor, JSON beside text included."""
    data = payload.get("data")
    if isinstance(data, str):
        data = notes.text(data, "data")
    elif data is not None:
        notes.note(Rule.DATA_NOT_TEXT, "data")
        data = mended_json(data)
    return DataTransferred(
        vendor_id=notes.text(payload["vendorId"], "vendorId"),
        message_id=_text(payload, "messageId", notes),
        data=data,
    )


def read_heartbeat(payload: Json, notes: Notes) -> Beat:  # noqa: ARG001 - a reader
    """§4.6."""
    return Beat()


def read_meter_values(payload: Json, notes: Notes) -> Metered:
    """§4.7.  Values of connector 0 are those of the station's main meter."""
    evse_id = _connector(payload["connectorId"])
    if evse_id == 0:
        notes.note(Rule.METER_OF_STATION, "connectorId", evse_id)
    elif payload.get("transactionId") is None:
        notes.note(Rule.METER_WITHOUT_TRANSACTION, "transactionId")
    return Metered(
        evse_id=evse_id,
        transaction_ref=_transaction(payload.get("transactionId"), notes),
        readings=readings(payload["meterValue"], "meterValue", notes),
    )


def read_start(payload: Json, notes: Notes) -> SessionStarted:
    """§4.8."""
    evse_id = _connector(payload["connectorId"])
    at = moment(payload["timestamp"], "timestamp", notes)
    return SessionStarted(
        evse_id=evse_id,
        connector_id=min(evse_id, 1),
        id_token=notes.token(payload["idTag"], "idTag"),
        at=at,
        told_at=mended(payload["timestamp"] or "") if at is notes.now else None,
        meter_wh=_register(payload["meterStart"], "meterStart", notes),
        reservation_ref=spare_number(payload, "reservationId", notes),
    )


def read_status(payload: Json, notes: Notes) -> ConnectorChanged:
    """§4.9.  ``NoError`` is the absence of an error code."""
    evse_id = _connector(payload["connectorId"])
    error_code = payload["errorCode"]
    return ConnectorChanged(
        evse_id=evse_id,
        connector_id=min(evse_id, 1),
        status=_STATUSES.get(payload["status"], ConnectorStatus.UNKNOWN),
        at=told_moment(payload.get("timestamp"), "timestamp", notes),
        error_code=None if error_code == "NoError" else error_code,
        info=_text(payload, "info", notes),
        vendor_id=_text(payload, "vendorId", notes),
        vendor_error_code=_text(payload, "vendorErrorCode", notes),
    )


def read_stop(payload: Json, notes: Notes) -> SessionStopped:
    """§4.10; no idTag, or an empty one: nobody presented one.  Absent reason: Local."""
    tag = payload.get("idTag")
    at = moment(payload["timestamp"], "timestamp", notes)
    told = payload.get("transactionData", [])
    return SessionStopped(
        transaction_ref=_reference(payload["transactionId"], notes),
        at=at,
        meter_wh=_register(payload["meterStop"], "meterStop", notes),
        id_token=None if tag is None else notes.token(tag, "idTag") or None,
        reason=payload.get("reason", "Local"),
        readings=readings(told, "transactionData", notes, at),
    )


def _connector(number: int) -> int:
    if not 0 <= number <= MAX_INT32:
        refuse(FaultKind.PROPERTY, "connectorId", "is no number of a connector")
    return number


def _transaction(number: int | None, notes: Notes) -> str | None:
    return None if number is None else _reference(number, notes)


def _reference(number: int, notes: Notes) -> str:
    """0, -1 (errata 3.18) and ids that nobody gave pass: whose they are is for the core to find
    out."""
    if not -MAX_INT64 <= number <= MAX_INT64:
        refuse(FaultKind.PROPERTY, "transactionId", "is no integer of 64 bits")
    if number <= 0:
        notes.note(Rule.NO_TRANSACTION_NUMBER, "transactionId", number)
    return str(number)


def _register(figure: float | None, path: str, notes: Notes) -> float | None:
    if figure is None or -_LARGEST_REGISTER < figure < _LARGEST_REGISTER:
        return figure if figure is None else float(figure)
    notes.note(Rule.OUT_OF_RANGE, path, figure)
    return None


def _text(payload: Json, field: str, notes: Notes) -> str | None:
    text = payload.get(field)
    return notes.text(text, field) if text else None
