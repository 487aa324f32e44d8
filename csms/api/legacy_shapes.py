"""Shapes of the older systems' routes: camelCase objects, lists as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from csms.api.shapes import EvseId, Identity, IdToken, Name, Text, Time, given, told, told_if
from csms.api.station_shapes import (
    ConnectorDeclaration,
    DeclaredEvse,
    Kind,
    Password,
    Power,
    StationDeclaration,
)
from csms.core.values import Connection, Connector, ConnectorStatus, Operation, Session, Station


class OldShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """What older clients send; what they send besides is ignored."""


class OldView(Struct, frozen=True, kw_only=True, rename="camel"):
    """What older clients read."""


class OldQuery(OldShape, frozen=True, kw_only=True):
    """Paging; the `Link` header leads to the next page."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    cursor: Annotated[str, Meta(max_length=4096)] | UnsetType = UNSET


class OldTransactionsQuery(OldQuery, frozen=True, kw_only=True):
    """Which transactions."""

    charge_point_id: Identity | UnsetType = UNSET
    id_tag: IdToken | UnsetType = UNSET
    status: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET


class OldConnectorIn(OldShape, frozen=True, kw_only=True):
    """A connector of a charge point."""

    connector_id: DeclaredEvse
    type: Kind | None = None
    max_power_w: Power | None = None


class ChargePointFields(OldShape, frozen=True, kw_only=True):
    """What may be said of a charge point."""

    name: Name | UnsetType | None = UNSET
    vendor: Name | UnsetType | None = UNSET
    model: Name | UnsetType | None = UNSET
    serial_number: Name | UnsetType | None = UNSET
    address: Text | UnsetType | None = UNSET
    city: Name | UnsetType | None = UNSET
    country: Name | UnsetType | None = UNSET
    latitude: Annotated[float, Meta(ge=-90, le=90)] | UnsetType | None = UNSET
    longitude: Annotated[float, Meta(ge=-180, le=180)] | UnsetType | None = UNSET
    password: Password | UnsetType | None = UNSET
    connectors: Annotated[tuple[OldConnectorIn, ...], Meta(max_length=1000)] | UnsetType = UNSET


class NewChargePoint(ChargePointFields, frozen=True, kw_only=True):
    """A charge point to create; `chargePointId` or `id` is its identity."""

    charge_point_id: Identity | None = None
    id: Identity | None = None


class OldStart(OldShape, frozen=True, kw_only=True):
    """Begin a transaction."""

    charge_point_id: Identity
    id_tag: IdToken
    connector_id: EvseId | None = None


class OldStop(OldShape, frozen=True, kw_only=True):
    """End a transaction: by `transactionId`, or whatever runs on `connectorId`."""

    charge_point_id: Identity | None = None
    transaction_id: (
        Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
        | Annotated[str, Meta(min_length=1, max_length=64)]
        | None
    ) = None
    connector_id: EvseId | None = None


class OldOutcome(OldView, frozen=True, kw_only=True):
    """What became of a command."""

    success: bool
    status: Annotated[
        str,
        Meta(
            description="`Accepted`, `Rejected`, `Unsupported`, `Unreachable`, `Expired`, or "
            "`Pending`."
        ),
    ]
    message: str
    operation_id: str


class Deleted(OldView, frozen=True, kw_only=True):
    """It is gone."""

    success: bool = True


class OldConnector(OldView, frozen=True, kw_only=True):
    """A connector of a charge point."""

    connector_id: int
    status: ConnectorStatus
    error_code: str
    type: str | None
    max_power_w: int | None


class ChargePoint(OldView, frozen=True, kw_only=True):
    """A charge point."""

    id: str
    charge_point_id: str
    name: str | None
    vendor: str | None
    model: str | None
    serial_number: str | None
    firmware_version: str | None
    ocpp_version: str | None
    status: Annotated[
        str,
        Meta(
            description="`Offline` when not connected; else the state of the station itself when "
            "it is `Faulted` or `Unavailable`; else `Available` if any connector is, else the "
            "state of the first one."
        ),
    ]
    connected: bool
    registration_status: str
    last_heartbeat: Time | None
    address: str | None
    city: str | None
    country: str | None
    latitude: float | None
    longitude: float | None
    connectors: tuple[OldConnector, ...]
    created_at: Time
    updated_at: Time


class OldConnection(OldView, frozen=True, kw_only=True):
    """A live connection."""

    id: str
    charge_point_id: str
    connected: bool
    ocpp_version: str
    remote_address: str
    connected_at: Time
    last_seen: Time


class Transaction(OldView, frozen=True, kw_only=True):
    """A transaction; meter values and energy in Wh."""

    id: str
    transaction_id: int | str | None
    session_id: str
    charge_point_id: str
    connector_id: int
    id_tag: str | None
    status: str
    start_time: Time
    stop_time: Time | None
    meter_start: float | None
    meter_stop: float | None
    energy: float
    stop_reason: str | None


def charge_point(station: Station) -> ChargePoint:
    """A station as older clients read it."""
    return ChargePoint(
        id=station.identity,
        charge_point_id=station.identity,
        name=station.name,
        vendor=station.vendor,
        model=station.model,
        serial_number=station.serial_number,
        firmware_version=station.firmware_version,
        ocpp_version=station.ocpp_version,
        status=_status(station.connected, station.connectors),
        connected=station.connected,
        registration_status=station.registration.value.capitalize(),
        last_heartbeat=told_if(station.last_seen_at),
        address=station.address,
        city=station.city,
        country=station.country,
        latitude=station.latitude,
        longitude=station.longitude,
        connectors=tuple(_connector(plug) for plug in station.connectors if plug.evse_id > 0),
        created_at=told(station.created_at),
        updated_at=told(station.updated_at),
    )


def old_connection(connection: Connection) -> OldConnection:
    """A connection as older clients read it."""
    return OldConnection(
        id=connection.identity,
        charge_point_id=connection.identity,
        connected=True,
        ocpp_version=connection.ocpp_version,
        remote_address=connection.peer,
        connected_at=told(connection.connected_at),
        last_seen=told(connection.last_seen_at),
    )


def transaction(session: Session) -> Transaction:
    """A session as older clients read it."""
    return Transaction(
        id=session.id,
        transaction_id=_number(session.transaction_ref),
        session_id=session.id,
        charge_point_id=session.identity,
        connector_id=session.evse_id,
        id_tag=session.id_token,
        status=session.status.value,
        start_time=told(session.started_at),
        stop_time=told_if(session.ended_at),
        meter_start=session.meter_start_wh,
        meter_stop=session.meter_stop_wh,
        energy=session.energy_wh,
        stop_reason=session.stop_reason,
    )


def old_outcome(operation: Operation) -> OldOutcome:
    """An operation as older clients read it."""
    status = operation.status.value.capitalize() if operation.status.settled else "Pending"
    return OldOutcome(
        success=status in ("Accepted", "Pending"),
        status=status,
        message=operation.detail or f"{operation.action}: {status}",
        operation_id=operation.id,
    )


def declaration(fields: ChargePointFields) -> StationDeclaration:
    """What an older client says of a charge point, as the register takes it."""
    said: dict[str, Any] = given(fields)
    for name in ("id", "charge_point_id"):
        said.pop(name, None)
    connectors: Sequence[OldConnectorIn] | None = said.pop("connectors", None)
    if connectors is not None:
        said["connectors"] = tuple(
            ConnectorDeclaration(
                evse_id=plug.connector_id, kind=plug.type, max_power_w=plug.max_power_w
            )
            for plug in connectors
        )
    return StationDeclaration(**said)


def _connector(connector: Connector) -> OldConnector:
    return OldConnector(
        connector_id=connector.evse_id,
        status=connector.status,
        error_code=connector.error_code or "NoError",
        type=connector.kind,
        max_power_w=connector.max_power_w,
    )


def _status(connected: bool, connectors: Sequence[Connector]) -> str:
    if not connected:
        return "Offline"
    own = [plug.status for plug in connectors if plug.evse_id == 0]
    plugs = [plug.status for plug in connectors if plug.evse_id > 0]
    if own and own[0] in (ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE):
        return own[0].value
    if ConnectorStatus.AVAILABLE in plugs:
        return ConnectorStatus.AVAILABLE.value
    return (plugs or own or [ConnectorStatus.UNKNOWN])[0].value


def _number(reference: str | None) -> int | str | None:
    if reference is not None and reference.isascii() and reference.isdigit():
        return int(reference)
    return reference
