"""Where stations send files: `/uploads/{secret}`, each URL good for one file.

Nothing of a body is kept in memory but what comes while the secret is looked up.  The secret is
all the authentication there is, since chargers can do no more; it is in no log.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import unquote_to_bytes

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from twisted.python.failure import Failure

from csms.api.multipart import FormFile, boundary_of
from csms.api.problems import Malformed, TooLarge
from csms.api.reception import IReception
from csms.api.routes import PUBLIC, Answer, Call, NoQuery, Route
from csms.api.site import ApiRequest
from csms.core.errors import Refusal, Unavailable
from csms.core.ports.logs import IReceived, IUploads

PATH = "/uploads"
_METHODS = (b"PUT", b"POST")


@attrs.define(eq=False)
class Reception:
    """The body of one upload.

    The transport is paused while the secret is looked up, so that no more than one read of it is
    held.
    """

    _request: Any
    _uploads: IUploads
    _secret: str
    _limit: int
    _length: int | None
    _form: FormFile | None
    _content_type: str | None
    _size: int = attrs.field(default=0, init=False)
    _held: list[bytes] = attrs.field(factory=list, init=False)
    _into: IReceived | None = attrs.field(default=None, init=False)
    _refusal: Refusal | None = attrs.field(default=None, init=False)
    _ready: Deferred[None] | None = attrs.field(default=None, init=False)
    _transport: IPushProducer | None = attrs.field(default=None, init=False)
    _whole: bool = attrs.field(default=False, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    def begin(self) -> None:
        """See `IReception`."""
        if self._length is not None and self._length > self._limit:
            self._refuse(TooLarge(f"a file has at most {self._limit} bytes"))
            return
        self._ready = Deferred()
        # The request forgets its channel when it is answered, which may be before the look-up ends.
        channel = self._request.channel
        self._transport = None if channel is None else IPushProducer(channel.transport, None)
        self._flow(going=False)
        asked = Deferred.fromCoroutine(self._look())
        asked.addErrback(self._failed)
        asked.addBoth(self._go_on)

    def take(self, data: bytes) -> None:
        """See `IReception`."""
        if self._refusal is not None:
            return
        self._size += len(data)
        if self._size > self._limit:
            self._refuse(TooLarge(f"a file has at most {self._limit} bytes"))
        elif self._into is None:
            self._held.append(data)
        else:
            self._put(self._into, data)

    def abandon(self) -> None:
        """See `IReception`."""
        if not self._whole:
            self._refusal = self._refusal or Malformed("the client has gone")
            self._drop()

    async def complete(self, name: str | None) -> None:
        """See `IReception`."""
        self._whole = True
        if self._ready is not None:
            await self._ready
        if self._refusal is not None:
            raise self._refusal
        assert self._into is not None, "what was not refused is received"
        try:
            if self._form is not None:
                self._form.end()
                name = self._form.name or name
            elif not self._size:
                raise Malformed("the file is empty")
        except Refusal:
            self._drop()
            raise
        content_type = self._content_type if self._form is None else self._form.content_type
        await self._into.keep(name, content_type)

    async def _look(self) -> None:
        expected = await self._uploads.expected(self._secret)
        if self._refusal is None:
            self._into = self._uploads.receive(expected)
            self._request.welcome()

    def _failed(self, failure: Failure) -> None:
        error = failure.value
        if not isinstance(error, Refusal):
            self._log.failure("an upload cannot be taken", failure)
            error = Unavailable("the file cannot be taken now")
        self._refuse(error)

    def _go_on(self, _: object) -> None:
        held, self._held = self._held, []
        for data in held:
            if self._into is not None and self._refusal is None:
                self._put(self._into, data)
        self._flow(going=True)
        ready, self._ready = self._ready, None
        assert ready is not None
        ready.callback(None)

    def _put(self, into: IReceived, data: bytes) -> None:
        try:
            for part in (data,) if self._form is None else self._form.feed(data):
                into.write(part)
        except Refusal as refusal:
            self._refuse(refusal)

    def _refuse(self, refusal: Refusal) -> None:
        """Take no more; a client that is still sending is told so at once."""
        if self._refusal is None:
            self._refusal = refusal
            self._drop()
            if not self._whole:
                self._request.turn_away(refusal)

    def _drop(self) -> None:
        self._held.clear()
        if self._into is not None:
            self._into.abandon()

    def _flow(self, *, going: bool) -> None:
        transport = self._transport
        if transport is not None:
            (transport.resumeProducing if going else transport.pauseProducing)()


def receptions(
    uploads: IUploads, limit: int, request: ApiRequest, target: bytes, length: int | None
) -> IReception | None:
    """Who takes the body of a request to that target (see `csms.api.site.Receptions`)."""
    segments = target.partition(b"?")[0].strip(b"/").split(b"/")
    if request.channel._command not in _METHODS:  # noqa: SLF001  # told only after the body
        return None
    if segments[0] != PATH.strip("/").encode() or len(segments) not in (2, 3):
        return None
    sent = request.requestHeaders.getRawHeaders(b"Content-Type", [])
    content_type = sent[0].decode("latin-1") if sent else None
    boundary = boundary_of(content_type) if request.channel._command == b"POST" else None  # noqa: SLF001
    return Reception(
        request,
        uploads,
        unquote_to_bytes(segments[1]).decode("latin-1"),
        limit,
        length,
        None if boundary is None else FormFile(boundary),
        content_type,
    )


@attrs.frozen
class UploadsOf:
    """Handlers of `/uploads`; the body was taken by the time that they are called."""

    async def take(self, call: Call[None, NoQuery]) -> Answer:
        """Keep a file."""
        if call.upload is None:
            raise Malformed("send the file as the body")
        await call.upload.complete(call.path.get("filename"))
        return Answer(201)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        route = partial(
            Route,
            tag="uploads",
            handler=self.take,
            answers={201: None},
            roles=PUBLIC,
            refuses=frozenset({409, 413, 507}),
            locates=False,
            description=(
                "For stations: the URL that they are given with a request for a log. The file is "
                "the body, or the first file of a form. Each URL is good for one file; one that "
                "was cut off may be sent again."
            ),
        )
        named = f"{PATH}/{{secret}}/{{filename}}"
        return tuple(
            route(
                method=method,
                path=path,
                name=f"upload{method.capitalize()}{suffix}",
                summary=f"Upload a file ({method})",
            )
            for method in ("PUT", "POST")
            for path, suffix in ((f"{PATH}/{{secret}}", ""), (named, "Named"))
        )
