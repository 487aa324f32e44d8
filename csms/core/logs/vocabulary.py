"""The words of log uploads."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from csms.core.commands import Command
from csms.core.decisions import Ask, Write
from csms.core.listings import Filter, Kind, Listing, Sort
from csms.core.reports import Report


class LogKind(StrEnum):
    """What kind of log."""

    DIAGNOSTICS = "diagnostics"
    SECURITY = "security"
    DATA_COLLECTOR = "data_collector"


class RequestLog(Command, frozen=True, kw_only=True, tag="request_log"):
    """Upload a log (OCPP 1.6 §5.8, GetLog of the security extension, 2.x N01).

    ``location`` is where to; one of ours holds a secret.  ``extended``: use GetLog of 1.6 for
    diagnostics too.  ``ref`` is the number of the upload (requestId).
    """

    kind: LogKind = LogKind.DIAGNOSTICS
    location: str
    oldest_at: datetime | None = None
    latest_at: datetime | None = None
    retries: int | None = None
    retry_interval_s: int | None = None
    extended: bool = False
    ref: int | None = None


COMMANDS: tuple[type[Command], ...] = (RequestLog,)


class LogUploadProgressed(Report, frozen=True, kw_only=True):
    """DiagnosticsStatusNotification (1.6 §4.4), LogStatusNotification (2.x N01)."""

    status: str
    request_id: int | None = None
    detail: str | None = None


class LogPromised(Struct, frozen=True, kw_only=True):
    """What the answer to `RequestLog` tells: the name of the file, if there is one to upload."""

    file_name: str | None = None


class LogJob(Struct, frozen=True, kw_only=True):
    """An upload as its rules see it."""

    number: int
    status: str


class LogFile(Struct, frozen=True, kw_only=True):
    """The file that came."""

    name: str | None
    """As the station named it: shown, never used."""
    size: int
    content_type: str | None
    sha256: str
    stored_at: datetime
    key: str
    """Under which it is kept."""


class LogUpload(Struct, frozen=True, kw_only=True):
    """A log that a station was asked to upload."""

    number: int
    """requestId, unique over all stations."""
    identity: str
    operator_id: int
    kind: LogKind
    status: str
    """``Requested``; what the station answered (``Accepted``, ``Rejected``, ``NothingToUpload``),
    or that it did not (``Unreachable``, ``Expired``, ``Unsupported``); what it told since, in
    OCPP's words; ``Uploaded`` also when the file has come."""
    detail: str | None = None
    operation_id: str | None = None
    own: bool
    """Whether it is to be uploaded to us."""
    location: str | None = None
    """Where else, without user name and password."""
    file_name: str | None = None
    """As the station answered."""
    oldest_at: datetime | None = None
    latest_at: datetime | None = None
    expires_at: datetime | None = None
    """Until when we take the file."""
    file: LogFile | None = None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None


class LogJobAsked(Ask, frozen=True, kw_only=True):
    """The upload of that number, or without one the newest that has not ended; a `LogJob`."""

    ref: int | None


class OpenLogJob(Write, frozen=True, kw_only=True):
    """An upload as a command makes it, unless it is there already."""

    station_id: int
    operator_id: int
    number: int
    kind: str
    location: str
    oldest_at: datetime | None
    latest_at: datetime | None
    at: datetime


class StepLogJob(Write, frozen=True, kw_only=True):
    """Where an upload stands."""

    station_id: int
    number: int
    status: str
    detail: str | None = None
    file_name: str | None = None
    ended: bool = False
    at: datetime


class CancelLogJobs(Write, frozen=True, kw_only=True):
    """The station gave up every other upload for that one (AcceptedCanceled)."""

    station_id: int
    number: int
    at: datetime


LOG_UPLOADS = Listing(
    name="log_uploads",
    filters={"status": Filter(Kind.TEXT), "kind": Filter(Kind.TEXT, tuple(LogKind))},
    sorts={"created_at": Sort(Kind.TIME), "updated_at": Sort(Kind.TIME)},
    default="-created_at",
)

NOTHING = "NothingToUpload"

OPEN = frozenset({"Accepted", "Expired", "Requested", "Unreachable", "Uploading"})
"""Statuses after which more can come."""

CLOSED = frozenset({"AcceptedCanceled", "Rejected", "Unsupported"})
"""Statuses by which the station said that it uploads nothing: no file is taken any more.  After a
failure it may try again, and one that promised no file may have one after all."""
