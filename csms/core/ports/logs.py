"""Logs of stations: asked for, received, read."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import IO

from msgspec import Struct
from zope.interface import Interface

from csms.core.logs.vocabulary import LogFile, LogUpload, RequestLog
from csms.core.pages import Page, Query
from csms.core.values import Operation, Station


class Expected(Struct, frozen=True, kw_only=True):
    """A file that somebody who knows a secret may send."""

    station_id: int
    identity: str
    number: int
    expires_at: datetime
    received: bool
    """Whether it is here already."""


class ILogs(Interface):
    """Logs that stations upload."""

    def request(
        identity: str,
        operator_id: int,
        command: RequestLog,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[Operation]:
        """Have a station upload a log; the upload is known from now on by the operation's ``ref``.

        An empty location of the command stands for one of ours.  Raises as `IOperations.submit`,
        and `Invalid` for a location that is no URL.
        """

    def list(query: Query, identity: str, operator_id: int) -> Awaitable[Page[LogUpload]]:
        """Uploads of a station.  Filters: status, kind.  Raises `NotFound` without that
        station."""

    def get(identity: str, operator_id: int, number: int) -> Awaitable[LogUpload]:
        """Raises `NotFound`."""

    def open(identity: str, operator_id: int, number: int) -> Awaitable[tuple[LogFile, IO[bytes]]]:
        """The file of an upload, to be closed by the caller.  Raises `NotFound`."""

    def delete(identity: str, operator_id: int, number: int) -> Awaitable[None]:
        """Forget an upload, and its file.  Raises `NotFound`."""


class IReceived(Interface):
    """A file on its way in."""

    def write(data: bytes) -> None:
        """More of it; raises `Refusal` when there is no room."""

    def abandon() -> None:
        """It will not be completed; nothing of it stays.  Never raises."""

    def keep(name: str | None, content_type: str | None) -> Awaitable[None]:
        """It is complete.  Raises `Conflict` when another was sooner, `NotFound` when nobody waits
        for it any more, and `Refusal` when there is no room; nothing of it stays then."""


class IUploads(Interface):
    """Takes the files that stations send."""

    def expected(secret: str) -> Awaitable[Expected]:
        """What may be sent with that secret.  Raises `NotFound` when nobody gave such a secret or
        its time is over, and `Conflict` when the file is here."""

    def receive(expected: Expected) -> IReceived:
        """Begin to take it; one of the same request that is still on its way is abandoned.
        Raises `Refusal` when there is no room."""


class ILogsBook(Interface):
    """Where uploads are kept; what stations tell of them goes by the intake."""

    def record(
        station: Station,
        command: RequestLog,
        secret_hash: bytes | None,
        expires_at: datetime | None,
        at: datetime,
    ) -> Awaitable[None]:
        """Keep a wish, under the number that the command has; with a hash the file comes to us."""

    def close(
        station_id: int, number: int, status: str, detail: str | None, at: datetime
    ) -> Awaitable[None]:
        """It came to nothing; what the station has answered already stays."""

    def discard(station_id: int, number: int) -> Awaitable[None]:
        """It was refused before anybody was asked."""

    def find(secret_hash: bytes) -> Awaitable[Expected | None]:
        """What is expected with the secret of that hash."""

    def store(station_id: int, number: int, file: LogFile) -> Awaitable[bool]:
        """The file is here (event ``station.log``); False when there is one already, or nobody
        waits for it any more."""

    def remark(station_id: int, number: int, detail: str, at: datetime) -> Awaitable[None]:
        """Why the file is not here yet."""

    def list(query: Query, identity: str, operator_id: int) -> Awaitable[Page[LogUpload]]:
        """See `ILogs.list`."""

    def get(identity: str, operator_id: int, number: int) -> Awaitable[LogUpload]:
        """See `ILogs.get`."""

    def delete(identity: str, operator_id: int, number: int) -> Awaitable[str | None]:
        """Forget an upload; the key of its file, if there is one.  Raises `NotFound`."""

    def prune(older_than: datetime, limit: int) -> Awaitable[Sequence[str | None]]:
        """Forget up to so many that were made before; for each the key of its file, if any."""

    def known(keys: Sequence[str]) -> Awaitable[frozenset[str]]:
        """Which of these files belong to an upload."""


class IIncoming(Interface):
    """A file that is being written in the vault."""

    def write(data: bytes) -> None:
        """Append; raises `Refusal` (``no_room``) when the disk is full."""

    def abandon() -> None:
        """Remove what was written; never raises."""

    def close() -> Awaitable[tuple[str, int, str]]:
        """Make it durable: its key, its size in bytes, its SHA-256.  Raises `Refusal`."""


class IVault(Interface):
    """Files of ours, under names of ours."""

    def begin() -> IIncoming:
        """A new file; raises `Refusal` (``no_room``) when there is no room for one."""

    def open(key: str) -> IO[bytes]:
        """The file; raises `NotFound`."""

    def delete(key: str) -> None:
        """Remove the file, if it is there."""

    def keys(older_than: datetime) -> Sequence[str]:
        """Files (complete or not) that were last written to before."""
