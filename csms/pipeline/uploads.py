"""Takes the files that stations send with the secrets that they were given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from csms.core.errors import Conflict, NoRoom, NotFound, Refusal
from csms.core.logs.vocabulary import LogFile
from csms.core.ports import ITasks
from csms.core.ports.logs import Expected, IIncoming, ILogsBook, IReceived, IUploads, IVault
from csms.pipeline.logs import secret_hash

MAX_NAME = 255
MAX_SECRET = 256


@implementer(IReceived)
@attrs.define(eq=False)
class Received:
    """`IReceived`: a file on its way into the vault.

    When another takes its place, or the time for it is over, ``gone`` says why.
    """

    _uploads: Uploads
    _expected: Expected
    _file: IIncoming
    _timer: IDelayedCall | None = attrs.field(default=None, init=False)
    _gone: Refusal | None = attrs.field(default=None, init=False)
    _open: bool = attrs.field(default=True, init=False)

    def limit(self, clock: IReactorTime, seconds: float) -> None:
        """It has so long."""
        self._timer = clock.callLater(max(seconds, 0.0), self.give_up, _over())

    def give_up(self, why: Refusal) -> None:
        """Take nothing more."""
        self._gone = why
        self.abandon()

    def write(self, data: bytes) -> None:
        """See `IReceived`."""
        if self._gone is not None:
            raise self._gone
        try:
            self._file.write(data)
        except NoRoom as refusal:
            self._uploads.failed(self._expected, refusal)
            raise

    def abandon(self) -> None:
        """See `IReceived`."""
        if self._open:
            self._leave()
            self._file.abandon()

    async def keep(self, name: str | None, content_type: str | None) -> None:
        """See `IReceived`."""
        if self._gone is not None:
            raise self._gone
        self._leave()
        await self._uploads.stored(self._expected, self._file, name, content_type)

    def _leave(self) -> None:
        self._open = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._uploads.ended(self._expected, self)


def _over() -> Refusal:
    return NotFound("the time for this upload is over")


def _here() -> Refusal:
    return Conflict("the file is here already", code="already_uploaded")


@implementer(IUploads)
@attrs.define(eq=False, kw_only=True)
class Uploads:
    """`IUploads` into the vault; of one request the newest attempt counts, and the first that is
    complete stays."""

    book: ILogsBook
    vault: IVault
    clock: IReactorTime
    now: Callable[[], datetime]
    tasks: ITasks
    published: Callable[[], None] = lambda: None
    _under_way: dict[int, Received] = attrs.field(factory=dict, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    async def expected(self, secret: str) -> Expected:
        """See `IUploads`."""
        found = None
        if len(secret) <= MAX_SECRET and secret.isascii():
            found = await self.book.find(secret_hash(secret))
        if found is None or found.expires_at <= self.now():
            raise NotFound("nothing is expected here")
        if found.received:
            raise _here()
        return found

    def receive(self, expected: Expected) -> Received:
        """See `IUploads`."""
        before = self._under_way.get(expected.number)
        if before is not None:
            again = "the file is sent again by another request"
            before.give_up(Conflict(again, code="superseded"))
        try:
            file = self.vault.begin()
        except NoRoom as refusal:
            self.failed(expected, refusal)
            raise
        received = Received(self, expected, file)
        received.limit(self.clock, (expected.expires_at - self.now()).total_seconds())
        self._under_way[expected.number] = received
        return received

    def ended(self, expected: Expected, received: Received) -> None:
        """That one is not under way any more."""
        if self._under_way.get(expected.number) is received:
            del self._under_way[expected.number]

    def failed(self, expected: Expected, refusal: Refusal) -> None:
        """A file could not be kept: that is told of the upload."""
        self._log.error(
            "the log of {station} cannot be kept: {detail}",
            station=expected.identity,
            ref=expected.number,
            detail=refusal.detail,
        )
        self.tasks.spawn(
            self._remark(expected, refusal.detail),
            "noting that a log cannot be kept",
            station=expected.identity,
        )

    async def _remark(self, expected: Expected, detail: str) -> None:
        await self.book.remark(expected.station_id, expected.number, detail, self.now())

    async def stored(
        self, expected: Expected, file: IIncoming, name: str | None, content_type: str | None
    ) -> None:
        """A file is complete: make it durable, then known."""
        try:
            key, size, sha256 = await file.close()
        except NoRoom as refusal:
            self.failed(expected, refusal)
            raise
        kept = LogFile(
            name=None if name is None else name[:MAX_NAME],
            size=size,
            content_type=None if content_type is None else content_type[:MAX_NAME],
            sha256=sha256,
            stored_at=self.now(),
            key=key,
        )
        try:
            stored = await self.book.store(expected.station_id, expected.number, kept)
        except BaseException:
            # Whether it is known is not sure; if not, the file is swept away later.
            self._log.warn(
                "whether the log of {station} is known is not sure",
                station=expected.identity,
                ref=expected.number,
            )
            raise
        if not stored:
            self.vault.delete(key)
            raise Conflict(
                "the file is here already, or not wanted any more", code="already_uploaded"
            )
        self._log.info(
            "the log {ref} of {station} is here",
            station=expected.identity,
            ref=expected.number,
            size=size,
        )
        self.published()
