"""Rules of the station itself: connecting, booting, the state of its connectors."""

from __future__ import annotations

from datetime import datetime, timedelta

from csms.core.decisions import (
    ACKNOWLEDGED,
    BootStation,
    ClaimConnection,
    Decision,
    Policy,
    ProgressStation,
    Quarantine,
    Question,
    ReleaseConnection,
    SetConnector,
    State,
)
from csms.core.events import Event
from csms.core.replies import BootAnswered, ConnectionClaimed, DataTransferAnswered
from csms.core.reports import (
    Booted,
    Connected,
    ConnectorChanged,
    DataTransferred,
    Disconnected,
    FirmwareProgressed,
    LogUploadProgressed,
    Quarantined,
)
from csms.core.values import Registration, StationKey

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours a station's clock may be before we stop believing it."""

STATION = Question(station=True)
CONNECTION = Question(connection=True)
CLAIM = Question(station=True, connection=True)


def fact(kind: str, key: StationKey, at: datetime, /, **data: object) -> Event:
    """An event about the station itself."""
    return Event(
        kind=kind,
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        at=at,
        data=data,
    )


def connected(
    report: Connected, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """The newest connection wins; its epoch fences off what an older one may still do."""
    epoch = state.epoch + 1
    claim = ClaimConnection(
        station_id=key.id,
        operator_id=key.operator_id,
        epoch=epoch,
        node=report.node,
        peer=report.peer,
        ocpp_version=report.ocpp_version,
        at=now,
    )
    event = fact(
        "station.connected",
        key,
        now,
        epoch=epoch,
        node=report.node,
        peer=report.peer,
        ocpp_version=report.ocpp_version,
    )
    return Decision(
        ConnectionClaimed(epoch, state.registration, state.booted),
        (claim,),
        (event,),
    )


def disconnected(
    report: Disconnected, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """An old socket's late close never touches a newer connection."""
    if report.epoch != state.epoch or not state.connected:
        return Decision(ACKNOWLEDGED)
    release = ReleaseConnection(station_id=key.id, epoch=report.epoch, reason=report.reason, at=now)
    event = fact("station.disconnected", key, now, epoch=report.epoch, reason=report.reason)
    return Decision(ACKNOWLEDGED, (release,), (event,))


def booted(
    report: Booted, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Answer BootNotification (OCPP 1.6 §4.2, 2.x B01-B03).

    The registration is a property of the station's record, not of the socket.  A boot ends no
    session: what was running is told by StopTransactions still in the station's queue.
    """
    interval = {
        Registration.ACCEPTED: state.heartbeat_interval_s or policy.heartbeat_interval_s,
        Registration.PENDING: policy.pending_interval_s,
        Registration.REJECTED: policy.rejected_interval_s,
    }[state.registration]
    write = BootStation(
        station_id=key.id,
        vendor=report.vendor,
        model=report.model,
        serial_number=report.serial_number,
        firmware_version=report.firmware_version,
        iccid=report.iccid,
        imsi=report.imsi,
        meter_type=report.meter_type,
        meter_serial_number=report.meter_serial_number,
        at=now,
    )
    event = fact(
        "station.booted",
        key,
        now,
        vendor=report.vendor,
        model=report.model,
        serial_number=report.serial_number,
        firmware_version=report.firmware_version,
        reason=report.reason,
        registration=state.registration,
    )
    reply = BootAnswered(at=now, interval_s=interval, registration=state.registration)
    return Decision(reply, (write,), (event,))


def connector_asked(report: ConnectorChanged) -> Question:
    """A status is held against the one before."""
    return Question(connector=(report.evse_id, report.connector_id))


def connector_changed(
    report: ConnectorChanged, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep a StatusNotification (OCPP 1.6 §4.9, 2.x G01), newest by the station's own time.

    A station whose clock is ahead is taken to mean now, or its next honest status would be
    thrown away as old.
    """
    at = now if report.at is None or report.at > now + CLOCK_TOLERANCE else report.at
    before = state.connector
    if before is not None and before.status_at is not None and at < before.status_at:
        return Decision(ACKNOWLEDGED)
    write = SetConnector(
        station_id=key.id,
        operator_id=key.operator_id,
        evse_id=report.evse_id,
        connector_id=report.connector_id,
        status=report.status,
        status_at=at,
        error_code=report.error_code,
        info=report.info,
        vendor_id=report.vendor_id,
        vendor_error_code=report.vendor_error_code,
    )
    if before is not None and (before.status, before.error_code, before.vendor_error_code) == (
        report.status,
        report.error_code,
        report.vendor_error_code,
    ):
        return Decision(ACKNOWLEDGED, (write,))
    event = fact(
        "connector.status",
        key,
        at,
        evse_id=report.evse_id,
        connector_id=report.connector_id,
        status=report.status,
        before=None if before is None else before.status,
        error_code=report.error_code,
        info=report.info,
        vendor_error_code=report.vendor_error_code,
    )
    return Decision(ACKNOWLEDGED, (write,), (event,))


def firmware_progressed(
    report: FirmwareProgressed, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep the state of a firmware update (OCPP 1.6 §4.5)."""
    write = ProgressStation(station_id=key.id, firmware_status=report.status, at=now)
    event = fact("station.firmware", key, now, status=report.status, request_id=report.request_id)
    return Decision(ACKNOWLEDGED, (write,), (event,))


def log_upload_progressed(
    report: LogUploadProgressed, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep the state of a diagnostics or log upload (OCPP 1.6 §4.4)."""
    write = ProgressStation(station_id=key.id, diagnostics_status=report.status, at=now)
    event = fact(
        "station.diagnostics", key, now, status=report.status, request_id=report.request_id
    )
    return Decision(ACKNOWLEDGED, (write,), (event,))


def data_transferred(
    _report: DataTransferred, _key: StationKey, _state: State, _now: datetime, _policy: Policy
) -> Decision:
    """No vendor is known here, which the standard has an answer for (OCPP 1.6 §4.3)."""
    return Decision(DataTransferAnswered(status="UnknownVendorId"))


def quarantined(
    report: Quarantined, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep what could not be read, for whoever settles the bill."""
    write = Quarantine(
        station_id=key.id,
        operator_id=key.operator_id,
        received_at=now,
        action=report.action,
        fault=report.fault,
        content=report.content,
    )
    return Decision(ACKNOWLEDGED, (write,))
