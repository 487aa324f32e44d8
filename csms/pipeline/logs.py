"""Logs of stations: asked for under a secret of their own, and read back."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import IO

import attrs
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.errors import Invalid, NotFound, Refusal
from csms.core.firmware.locations import check_location
from csms.core.logs.vocabulary import LogFile, LogUpload, RequestLog
from csms.core.pages import Page, Query
from csms.core.ports import IOperations, IOperationsBook, IStations
from csms.core.ports.logs import ILogs, ILogsBook, IVault
from csms.core.values import Operation, OperationStatus

SECRET_BYTES = 32
NOT_ASKED = frozenset({OperationStatus.UNREACHABLE, OperationStatus.UNSUPPORTED})
"""How operations settle that no station has heard of."""
ORPHANED_AFTER = timedelta(days=1)
"""Age of a file that nothing refers to, at which it is removed: one that is on its way is
younger."""


def secret_hash(secret: str) -> bytes:
    """What is kept of a secret: it has 256 random bits, so nothing slower is needed.

    Who compares hashes learns nothing of a secret from the time that it takes.
    """
    return hashlib.sha256(secret.encode()).digest()


@implementer(ILogs)
@attrs.frozen(eq=False, kw_only=True)
class Logs:
    """`ILogs` over its book, the vault and the operations.

    ``base_url`` is what our own locations begin with, as stations reach us; ``ttl_s`` how long
    one is good; one that waits with its command for a station to return has ``queue_ttl_s`` more.
    """

    stations: IStations
    book: ILogsBook
    vault: IVault
    numbers: IOperationsBook
    operations: IOperations
    now: Callable[[], datetime]
    base_url: Callable[[], str]
    ttl_s: float
    queue_ttl_s: float = 0.0

    async def request(
        self,
        identity: str,
        operator_id: int,
        command: RequestLog,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Operation:
        """See `ILogs`."""
        if command.latest_at is not None and (command.oldest_at or command.latest_at) > (
            command.latest_at
        ):
            raise Invalid("is after latest_at", field="oldest_at")
        station = await self.stations.get(identity, operator_id)
        now = self.now()
        kept: tuple[bytes | None, datetime | None] = (None, None)
        if command.location:
            check_location(command.location)
        else:
            secret = secrets.token_urlsafe(SECRET_BYTES)
            seconds = self.ttl_s + (self.queue_ttl_s if queue else 0.0)
            kept = secret_hash(secret), now + timedelta(seconds=seconds)
            url = f"{self.base_url().rstrip('/')}/uploads/{secret}"
            command = replace(command, location=url)
        number = await self.numbers.number()
        command = replace(command, ref=number)
        await self.book.record(station, command, *kept, now)
        try:
            operation = await self.operations.submit(
                identity, operator_id, command, requested_by=requested_by, queue=queue
            )
        except Refusal:
            await self.book.discard(station.id, number)
            raise
        if operation.status in NOT_ASKED:
            status, detail = operation.status.value.capitalize(), operation.detail
            await self.book.close(station.id, number, status, detail, self.now())
        return operation

    async def list(self, query: Query, identity: str, operator_id: int) -> Page[LogUpload]:
        """See `ILogs`."""
        return await self.book.list(query, identity, operator_id)

    async def get(self, identity: str, operator_id: int, number: int) -> LogUpload:
        """See `ILogs`."""
        return await self.book.get(identity, operator_id, number)

    async def open(self, identity: str, operator_id: int, number: int) -> tuple[LogFile, IO[bytes]]:
        """See `ILogs`."""
        upload = await self.book.get(identity, operator_id, number)
        if upload.file is None:
            raise NotFound("no file was uploaded", code="no_file")
        return upload.file, self.vault.open(upload.file.key)

    async def delete(self, identity: str, operator_id: int, number: int) -> None:
        """See `ILogs`."""
        key = await self.book.delete(identity, operator_id, number)
        if key is not None:
            self.vault.delete(key)

    async def prune(self, older_than: datetime, limit: int) -> int:
        """Forget up to so many uploads that were asked for before, with their files; how many."""
        keys: Sequence[str | None] = await self.book.prune(older_than, limit)
        for key in keys:
            if key is not None:
                self.vault.delete(key)
        return len(keys)

    async def sweep(self) -> int:
        """Remove files that nothing refers to: what was cut off with the process; how many."""
        old = self.vault.keys(self.now() - ORPHANED_AFTER)
        known = await self.book.known(old) if old else frozenset()
        orphans = [key for key in old if key not in known]
        for key in orphans:
            self.vault.delete(key)
        return len(orphans)
