"""Log uploads and their files, in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from itertools import count
from typing import IO

import attrs
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.errors import NoRoom, NotFound
from csms.core.logs.vocabulary import CLOSED, LOG_UPLOADS, NOTHING, LogFile, LogUpload, RequestLog
from csms.core.operations import without_userinfo
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports import IStations
from csms.core.ports.logs import Expected, IIncoming, ILogsBook, IVault
from csms.core.values import Station

_Place = tuple[int, int]


@implementer(ILogsBook)
@attrs.define
class MemoryLogsBook:
    """`ILogsBook` over a dictionary; `seed` is what the intake would do."""

    stations: IStations
    uploads: dict[_Place, LogUpload] = attrs.field(factory=dict, init=False)
    secrets: dict[bytes, _Place] = attrs.field(factory=dict, init=False)

    def seed(self, station_id: int, upload: LogUpload) -> LogUpload:
        """Put an upload, which replaces the one of the same number."""
        self.uploads[station_id, upload.number] = upload
        return upload

    async def record(
        self,
        station: Station,
        command: RequestLog,
        secret_hash: bytes | None,
        expires_at: datetime | None,
        at: datetime,
    ) -> None:
        """See `ILogsBook`."""
        assert command.ref is not None
        own = secret_hash is not None
        self.uploads[station.id, command.ref] = LogUpload(
            number=command.ref,
            identity=station.identity,
            operator_id=station.operator_id,
            kind=command.kind,
            status="Requested",
            own=own,
            location=None if own else without_userinfo(command.location),
            oldest_at=command.oldest_at,
            latest_at=command.latest_at,
            expires_at=expires_at,
            created_at=at,
            updated_at=at,
        )
        if secret_hash is not None:
            self.secrets[secret_hash] = station.id, command.ref

    async def close(
        self, station_id: int, number: int, status: str, detail: str | None, at: datetime
    ) -> None:
        """See `ILogsBook`."""
        upload = self.uploads.get((station_id, number))
        if upload is not None and upload.status == "Requested":
            self.uploads[station_id, number] = replace(
                upload, status=status, detail=detail, updated_at=at, ended_at=at
            )

    async def discard(self, station_id: int, number: int) -> None:
        """See `ILogsBook`."""
        upload = self.uploads.get((station_id, number))
        if upload is not None and upload.status == "Requested":
            del self.uploads[station_id, number]

    async def find(self, secret_hash: bytes) -> Expected | None:
        """See `ILogsBook`."""
        upload = self.uploads.get(self.secrets.get(secret_hash, (0, 0)))
        if upload is None or upload.expires_at is None:
            return None
        if upload.file is None and upload.status in CLOSED:
            return None
        return Expected(
            station_id=self.secrets[secret_hash][0],
            identity=upload.identity,
            number=upload.number,
            expires_at=upload.expires_at,
            received=upload.file is not None,
        )

    async def store(self, station_id: int, number: int, file: LogFile) -> bool:
        """See `ILogsBook`."""
        upload = self.uploads.get((station_id, number))
        if (
            upload is None
            or upload.file is not None
            or upload.status in CLOSED
            or upload.expires_at is None
            or upload.expires_at <= file.stored_at
        ):
            return False
        self.uploads[station_id, number] = replace(
            upload,
            file=file,
            status="Uploaded"
            if upload.ended_at is None or upload.status == NOTHING
            else upload.status,
            ended_at=upload.ended_at or file.stored_at,
            updated_at=file.stored_at,
        )
        return True

    async def remark(self, station_id: int, number: int, detail: str, at: datetime) -> None:
        """See `ILogsBook`."""
        upload = self.uploads[station_id, number]
        self.uploads[station_id, number] = replace(upload, detail=detail, updated_at=at)

    async def list(self, query: Query, identity: str, operator_id: int) -> Page[LogUpload]:
        """See `ILogsBook`."""
        station = await self.stations.get(identity, operator_id)
        own = [upload for (of, _), upload in self.uploads.items() if of == station.id]
        return page(LOG_UPLOADS, query, own, key=lambda upload: (upload.number,))

    async def get(self, identity: str, operator_id: int, number: int) -> LogUpload:
        """See `ILogsBook`."""
        station = await self.stations.get(identity, operator_id)
        if (station.id, number) not in self.uploads:
            raise NotFound("there is no such log")
        return self.uploads[station.id, number]

    async def delete(self, identity: str, operator_id: int, number: int) -> str | None:
        """See `ILogsBook`."""
        upload = await self.get(identity, operator_id, number)
        station = await self.stations.get(identity, operator_id)
        del self.uploads[station.id, number]
        return None if upload.file is None else upload.file.key

    async def prune(self, older_than: datetime, limit: int) -> Sequence[str | None]:
        """See `ILogsBook`."""
        old = [place for place, each in self.uploads.items() if each.created_at < older_than]
        gone = [self.uploads.pop(place) for place in old[:limit]]
        return [None if upload.file is None else upload.file.key for upload in gone]

    async def known(self, keys: Sequence[str]) -> frozenset[str]:
        """See `ILogsBook`."""
        kept = {upload.file.key for upload in self.uploads.values() if upload.file is not None}
        return frozenset(kept & set(keys))


@implementer(IIncoming)
@attrs.define(eq=False)
class MemoryIncoming:
    """`IIncoming` of a `MemoryVault`."""

    vault: MemoryVault
    key: str
    content: bytearray = attrs.field(factory=bytearray, init=False)

    def write(self, data: bytes) -> None:
        """See `IIncoming`."""
        if len(self.content) + len(data) > self.vault.room:
            raise NoRoom("there is no room for the file")
        self.content += data

    def abandon(self) -> None:
        """See `IIncoming`."""
        self.vault.parts.discard(self.key)

    async def close(self) -> tuple[str, int, str]:
        """See `IIncoming`."""
        self.vault.parts.discard(self.key)
        self.vault.files[self.key] = bytes(self.content)
        return self.key, len(self.content), hashlib.sha256(self.content).hexdigest()


@implementer(IVault)
@attrs.define(eq=False)
class MemoryVault:
    """`IVault` in memory; ``room`` is what a file may have, ``parts`` are those not complete."""

    room: int = 2**20
    files: dict[str, bytes] = attrs.field(factory=dict, init=False)
    parts: set[str] = attrs.field(factory=set, init=False)
    _numbers: count[int] = attrs.field(factory=lambda: count(1), init=False)

    def begin(self) -> MemoryIncoming:
        """See `IVault`."""
        if not self.room:
            raise NoRoom("there is no room for the file")
        key = f"{next(self._numbers):032x}"
        self.parts.add(key)
        return MemoryIncoming(self, key)

    def open(self, key: str) -> IO[bytes]:
        """See `IVault`."""
        if key not in self.files:
            raise NotFound("the file is not there any more")
        return BytesIO(self.files[key])

    def delete(self, key: str) -> None:
        """See `IVault`."""
        self.files.pop(key, None)

    def keys(self, older_than: datetime) -> Sequence[str]:
        """See `IVault`; every file is old."""
        del older_than
        return sorted(self.files)
