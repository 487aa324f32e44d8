"""Shapes of firmware updates and publications."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from csms.api.command_shapes import Queued
from csms.api.shapes import INT32, Json, Moment, Shape, Time, View, list_query, told, told_if
from csms.core.firmware.vocabulary import FIRMWARE_UPDATES, FirmwareUpdate
from csms.core.holdings import Holding

Location = Annotated[
    str,
    Meta(min_length=1, max_length=2000, description="URL that the station downloads it from."),
]
Tries = Annotated[int, Meta(ge=0, le=1000, description="How often it may try again.")]
Seconds = Annotated[int, Meta(ge=0, le=INT32, description="Seconds between two attempts.")]
Checksum = Annotated[
    str, Meta(pattern="^[0-9a-fA-F]{32}$", description="MD5 of the file, in hexadecimal.")
]

UpdatesQuery = list_query(FIRMWARE_UPDATES, status="Where the update stands.")


class UpdateRequest(Queued, frozen=True, kw_only=True):
    """Update the firmware; signed when it has a `signing_certificate` and a `signature`."""

    location: Location
    retrieve_at: Annotated[Moment, Meta(description="Not before; now unless given.")] | None = None
    install_at: Annotated[Moment, Meta(description="Not before; at once unless given.")] | None = (
        None
    )
    signing_certificate: (
        Annotated[str, Meta(max_length=5500, description="Of the manufacturer, in PEM.")] | None
    ) = None
    signature: (
        Annotated[str, Meta(max_length=800, description="Of the file, in base64.")] | None
    ) = None
    retries: Tries | None = None
    retry_interval_s: Seconds | None = None
    expected_version: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=50,
                description="What the station boots with when it has worked; another than before, "
                "unless given.",
            ),
        ]
        | None
    ) = None


class FirmwareStepView(View, frozen=True, kw_only=True):
    """What was told of it."""

    status: str
    at: Time
    detail: str | None


class FirmwareUpdateView(View, frozen=True, kw_only=True):
    """A firmware update, from the wish to the version that the station boots with."""

    ref: Annotated[int, Meta(description="Its number; `ref` in its operation.")]
    station: str
    status: Annotated[
        str,
        Meta(
            description="`Requested`; `Accepted`, or why not; then what the station told, in "
            "OCPP's words; `Canceled` for another."
        ),
    ]
    detail: str | None
    done: Annotated[bool, Meta(description="Whether the station booted with the new version.")]
    operation_id: str | None
    location: str
    retrieve_at: Time
    install_at: Time | None
    signed: bool
    signing_certificate: str | None
    signature: str | None
    retries: int | None
    retry_interval_s: int | None
    expected_version: str | None
    version_before: str | None
    version_after: str | None
    history: tuple[FirmwareStepView, ...]
    created_at: Time
    updated_at: Time
    ended_at: Time | None
    confirmed_at: Time | None


class PublicationRequest(Queued, frozen=True, kw_only=True):
    """Have a local controller publish firmware."""

    location: Location
    checksum: Checksum
    retries: Tries | None = None
    retry_interval_s: Seconds | None = None


class UnpublishQuery(Shape, frozen=True, kw_only=True):
    """How to ask for it."""

    queue: Annotated[bool, Meta(description="Keep the command until the station connects.")] = False


class PublicationView(View, frozen=True, kw_only=True):
    """Firmware that a local controller publishes, or is about to."""

    checksum: str
    status: Json
    detail: Json
    ref: Json
    location: Annotated[Json, Meta(description="Where the controller has it from.")]
    locations: Annotated[Json, Meta(description="Where stations may download it.")]
    operation_id: str | None
    created_at: Time
    updated_at: Time


_SAME = (
    "status",
    "detail",
    "operation_id",
    "location",
    "signing_certificate",
    "signature",
    "retries",
    "retry_interval_s",
    "expected_version",
    "version_before",
    "version_after",
)


def update_view(update: FirmwareUpdate) -> FirmwareUpdateView:
    """An update as the API tells it."""
    return FirmwareUpdateView(
        **{name: getattr(update, name) for name in _SAME},
        ref=update.number,
        station=update.identity,
        done=update.confirmed_at is not None,
        signed=update.signature is not None,
        retrieve_at=told(update.retrieve_at),
        install_at=told_if(update.install_at),
        history=tuple(
            FirmwareStepView(status=step.status, at=told(step.at), detail=step.detail)
            for step in update.history
        ),
        created_at=told(update.created_at),
        updated_at=told(update.updated_at),
        ended_at=told_if(update.ended_at),
        confirmed_at=told_if(update.confirmed_at),
    )


def publication_view(holding: Holding) -> PublicationView:
    """A publication as the API tells it."""
    content = holding.content
    return PublicationView(
        checksum=holding.key,
        status=content.get("status"),
        detail=content.get("detail"),
        ref=content.get("ref"),
        location=content.get("location"),
        locations=content.get("locations"),
        operation_id=holding.operation_id,
        created_at=told(holding.created_at),
        updated_at=told(holding.updated_at),
    )
