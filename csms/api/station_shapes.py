"""Shapes of stations: what operators declare, what the API tells."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from csms.api.shapes import (
    INT32,
    EvseId,
    Json,
    Name,
    PlugId,
    Shape,
    Text,
    Time,
    View,
    given,
    told,
    told_if,
)
from csms.core.ports import Quirk
from csms.core.values import Connector, ConnectorStatus, Registration, Station, Strictness

Password = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=64,
        description="Basic auth password: text, or an OCPP 1.6 key as hexadecimal digits. Kept as "
        "a hash and never told; null takes it away.",
    ),
]
Version = Literal["1.6", "2.0.1", "2.1"]
DeclaredEvse = Annotated[
    int, Meta(ge=1, le=INT32, description="EVSE, `connectorId` in OCPP 1.6; from 1.")
]
Kind = Annotated[
    str, Meta(max_length=100, description="Plug type: `CCS2`, `Type2`, `CHAdeMO`, `GBT_DC` ...")
]
Power = Annotated[int, Meta(ge=1, le=INT32, description="Maximum power in W.")]


class ConnectorDeclaration(Shape, frozen=True, kw_only=True):
    """A plug as the operator declares it."""

    evse_id: DeclaredEvse
    connector_id: PlugId = 1
    kind: Kind | None = None
    max_power_w: Power | None = None


class ConnectorChange(Shape, frozen=True, kw_only=True):
    """What may change of a declared plug; null takes a value away."""

    kind: Kind | UnsetType | None = UNSET
    max_power_w: Power | UnsetType | None = UNSET


class StationFields(Shape, frozen=True, kw_only=True):
    """What an operator may say of a station; null takes a value away."""

    name: Name | UnsetType | None = UNSET
    latitude: Annotated[float, Meta(ge=-90, le=90)] | UnsetType | None = UNSET
    longitude: Annotated[float, Meta(ge=-180, le=180)] | UnsetType | None = UNSET
    address: Text | UnsetType | None = UNSET
    city: Name | UnsetType | None = UNSET
    country: Name | UnsetType | None = UNSET
    vendor: Name | UnsetType | None = UNSET
    model: Name | UnsetType | None = UNSET
    serial_number: Name | UnsetType | None = UNSET
    vendor_data: (
        Annotated[dict[str, Json], Meta(description="Whatever else should be kept.")] | UnsetType
    ) = UNSET
    password: Password | UnsetType | None = UNSET
    strictness: Strictness | UnsetType | None = UNSET
    ocpp_versions: (
        Annotated[
            tuple[Version, ...],
            Meta(min_length=1, description="Versions the station may use; null: every one."),
        ]
        | UnsetType
        | None
    ) = UNSET
    heartbeat_interval_s: (
        Annotated[int, Meta(ge=1, le=86_400, description="null: the server's setting.")]
        | UnsetType
        | None
    ) = UNSET
    connectors: Annotated[tuple[ConnectorDeclaration, ...], Meta(max_length=1000)] | UnsetType = (
        UNSET
    )


class StationDeclaration(StationFields, frozen=True, kw_only=True):
    """A station as the operator declares it; null takes a value away."""

    registration: Registration | UnsetType = UNSET


class ConnectorView(View, frozen=True, kw_only=True):
    """A plug: as declared, and as last reported."""

    evse_id: EvseId
    connector_id: int
    kind: str | None
    max_power_w: int | None
    status: ConnectorStatus
    status_at: Time | None
    error_code: str | None
    info: str | None
    vendor_id: str | None
    vendor_error_code: str | None


class StationView(View, frozen=True, kw_only=True):
    """A charging station."""

    identity: str
    registration: Registration
    connected: bool
    name: str | None
    latitude: float | None
    longitude: float | None
    address: str | None
    city: str | None
    country: str | None
    vendor: str | None
    model: str | None
    serial_number: str | None
    firmware_version: str | None
    iccid: str | None
    imsi: str | None
    meter_type: str | None
    meter_serial_number: str | None
    vendor_data: dict[str, Json]
    has_password: bool
    strictness: Strictness | None
    ocpp_versions: tuple[str, ...] | None
    ocpp_version: Annotated[str, Meta(description="Version of the last connection.")] | None
    heartbeat_interval_s: int | None
    booted_at: Time | None
    deaf_since: (
        Annotated[Time, Meta(description="The station answers no commands since; null: it does.")]
        | None
    )
    last_seen_at: Time | None
    firmware_status: str | None
    diagnostics_status: str | None
    created_at: Time
    updated_at: Time
    connectors: tuple[ConnectorView, ...]


class QuirkView(View, frozen=True, kw_only=True):
    """A departure of the station from the standard that was tolerated."""

    name: str
    count: int
    example: str
    first_at: Time
    last_at: Time


def connector_view(connector: Connector) -> ConnectorView:
    """A plug as the API tells it."""
    return ConnectorView(
        evse_id=connector.evse_id,
        connector_id=connector.connector_id,
        kind=connector.kind,
        max_power_w=connector.max_power_w,
        status=connector.status,
        status_at=told_if(connector.status_at),
        error_code=connector.error_code,
        info=connector.info,
        vendor_id=connector.vendor_id,
        vendor_error_code=connector.vendor_error_code,
    )


_SAME = (
    "identity",
    "registration",
    "connected",
    "name",
    "latitude",
    "longitude",
    "address",
    "city",
    "country",
    "vendor",
    "model",
    "serial_number",
    "firmware_version",
    "iccid",
    "imsi",
    "meter_type",
    "meter_serial_number",
    "vendor_data",
    "strictness",
    "ocpp_versions",
    "ocpp_version",
    "heartbeat_interval_s",
    "firmware_status",
    "diagnostics_status",
)


def station_view(station: Station) -> StationView:
    """A station as the API tells it: without its password, and times as text."""
    same: dict[str, Any] = {name: getattr(station, name) for name in _SAME}
    return StationView(
        **same,
        has_password=station.password_hash is not None,
        booted_at=told_if(station.booted_at),
        deaf_since=told_if(station.deaf_since),
        last_seen_at=told_if(station.last_seen_at),
        created_at=told(station.created_at),
        updated_at=told(station.updated_at),
        connectors=tuple(connector_view(connector) for connector in station.connectors),
    )


def quirk_view(quirk: Quirk) -> QuirkView:
    """A quirk as the API tells it."""
    return QuirkView(
        name=quirk.name,
        count=quirk.count,
        example=quirk.example,
        first_at=told(quirk.first_at),
        last_at=told(quirk.last_at),
    )


def declared(fields: StationFields) -> tuple[dict[str, Any], tuple[Connector, ...] | None]:
    """The declared fields (without the password, which is hashed first) and connectors."""
    said = given(fields)
    said.pop("password", None)
    connectors = said.pop("connectors", None)
    if connectors is None:
        return said, None
    return said, tuple(
        Connector(
            evse_id=connector.evse_id,
            connector_id=connector.connector_id,
            kind=connector.kind,
            max_power_w=connector.max_power_w,
        )
        for connector in connectors
    )
