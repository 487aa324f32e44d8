"""The words of firmware updates and publications."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from csms.core.commands import Command
from csms.core.decisions import Ask, Write
from csms.core.listings import Filter, Kind, Listing, Sort
from csms.core.reports import Report

PUBLISHED = "published_firmware"
"""Kind of the holdings of a local controller: firmware that it offers, by checksum."""


class UpdateFirmware(Command, frozen=True, kw_only=True, tag="update_firmware"):
    """Download firmware and install it (OCPP 1.6 §5.19 and security extension §5.1, 2.x L01, L02).

    With ``signing_certificate`` (PEM) and ``signature`` (base64) the station checks that it is the
    vendor's.  ``ref`` is the number of the job (requestId).
    """

    location: str
    retrieve_at: datetime
    install_at: datetime | None = None
    signing_certificate: str | None = None
    signature: str | None = None
    retries: int | None = None
    retry_interval_s: int | None = None
    ref: int | None = None


class PublishFirmware(Command, frozen=True, kw_only=True, tag="publish_firmware"):
    """Have a local controller download firmware and offer it to its stations (2.x L03)."""

    location: str
    checksum: str
    """MD5 of the file, 32 hexadecimal digits."""
    retries: int | None = None
    retry_interval_s: int | None = None
    ref: int | None = None


class UnpublishFirmware(Command, frozen=True, kw_only=True, tag="unpublish_firmware"):
    """Have a local controller offer it no longer (2.x L04)."""

    checksum: str


COMMANDS: tuple[type[Command], ...] = (PublishFirmware, UnpublishFirmware, UpdateFirmware)


class FirmwareProgressed(Report, frozen=True, kw_only=True):
    """FirmwareStatusNotification (1.6 §4.5, 2.x L01), also the signed one of 1.6."""

    status: str
    request_id: int | None = None
    detail: str | None = None


class PublicationProgressed(Report, frozen=True, kw_only=True):
    """PublishFirmwareStatusNotification (2.x L03)."""

    status: str
    request_id: int | None = None
    locations: tuple[str, ...] = ()
    """Where stations may fetch it, once it is published."""
    detail: str | None = None


class Step(Struct, frozen=True, kw_only=True):
    """What was told of a job, and when."""

    status: str
    at: datetime
    detail: str | None = None


class FirmwareJob(Struct, frozen=True, kw_only=True):
    """A job as its rules see it."""

    number: int
    status: str
    expected_version: str | None = None
    version_before: str | None = None
    confirmed_at: datetime | None = None


class FirmwareUpdate(Struct, frozen=True, kw_only=True):
    """A firmware update of a station, from the wish to the version it boots with."""

    number: int
    """requestId, unique over all stations."""
    identity: str
    operator_id: int
    status: str
    """``Requested``; what the station answered (``Accepted``, ``Rejected``,
    ``InvalidCertificate``, ``RevokedCertificate``), or that it did not (``Unreachable``,
    ``Expired``, ``Unsupported``); what it told since, in OCPP's words; ``Canceled`` for another."""
    detail: str | None = None
    operation_id: str | None = None
    location: str
    """Without user name and password."""
    retrieve_at: datetime
    install_at: datetime | None = None
    signing_certificate: str | None = None
    signature: str | None = None
    retries: int | None = None
    retry_interval_s: int | None = None
    expected_version: str | None = None
    """What the station should boot with; None: anything else than before."""
    version_before: str | None = None
    version_after: str | None = None
    history: tuple[Step, ...] = ()
    """What was told, in the order in which it came."""
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    """When the station was through with it."""
    confirmed_at: datetime | None = None
    """When it booted with the new version."""


class FirmwareJobAsked(Ask, frozen=True, kw_only=True):
    """The job of that number, or without one the newest that has not ended; a `FirmwareJob`."""

    ref: int | None


class FirmwareKnown(Struct, frozen=True, kw_only=True):
    """The version that a station last booted with, and the job that it may boot from."""

    version: str | None = None
    job: FirmwareJob | None = None


class FirmwareKnownAsked(Ask, frozen=True, kw_only=True):
    """What a boot is held against; a `FirmwareKnown`."""


class Publication(Struct, frozen=True, kw_only=True):
    """Firmware that a local controller offers, as its rules see it."""

    checksum: str
    content: dict[str, object]


class PublicationAsked(Ask, frozen=True, kw_only=True):
    """The publication asked for under that number, or without one the newest; a `Publication`."""

    ref: int | None


class OpenFirmwareJob(Write, frozen=True, kw_only=True):
    """A job as a command makes it, unless it is there already."""

    station_id: int
    operator_id: int
    number: int
    location: str
    retrieve_at: datetime
    install_at: datetime | None
    signing_certificate: str | None
    signature: str | None
    retries: int | None
    retry_interval_s: int | None
    at: datetime


class StepFirmwareJob(Write, frozen=True, kw_only=True):
    """Something was told of a job: ``told`` goes to its history, ``status`` is where it stands."""

    station_id: int
    number: int
    status: str
    told: str
    detail: str | None = None
    ended: bool = False
    version: str | None = None
    """The version it booted with, which confirms the job."""
    at: datetime


class CancelFirmwareJobs(Write, frozen=True, kw_only=True):
    """The station gave up every other job for that one (AcceptedCanceled)."""

    station_id: int
    number: int
    at: datetime


FIRMWARE_UPDATES = Listing(
    name="firmware_updates",
    filters={"status": Filter(Kind.TEXT)},
    sorts={"created_at": Sort(Kind.TIME), "updated_at": Sort(Kind.TIME)},
    default="-created_at",
)

ORDER: Mapping[str, int] = {
    "Requested": 0,
    "Unreachable": 1,
    "Expired": 1,
    "Accepted": 2,
    "DownloadScheduled": 3,
    "Downloading": 4,
    "DownloadPaused": 4,
    "Downloaded": 5,
    "SignatureVerified": 6,
    "InstallScheduled": 7,
    "Installing": 8,
    "InstallRebooting": 8,
}
"""How far a job is; it goes no step back."""

ENDS = frozenset(
    {
        "Canceled",
        "DownloadFailed",
        "InstallVerificationFailed",
        "InstallationFailed",
        "Installed",
        "InvalidCertificate",
        "InvalidSignature",
        "Rejected",
        "RevokedCertificate",
        "Unsupported",
    }
)
"""Statuses that are final."""
