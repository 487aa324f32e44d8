"""Bodies too large for memory: taken in as they come, sent as they go."""

from __future__ import annotations

from typing import IO, Any, Protocol

import attrs
from twisted.internet.interfaces import IPushProducer
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

PIECE = 64 * 1024
"""Bytes that are read at a time."""


class IReception(Protocol):
    """The body of a request, on its way to somewhere."""

    def begin(self) -> None:
        """The head is read."""

    def take(self, data: bytes) -> None:
        """A part of the body."""

    def abandon(self) -> None:
        """The client has gone."""

    async def complete(self, name: str | None) -> None:
        """All of it has come; raises what it is refused with.  ``name`` is the file's, as the
        URL has it."""


class FileBody(Resource):
    """A file as the body of an answer: sent as fast as the client takes it, then closed."""

    isLeaf = True  # noqa: N815  # Twisted's

    def __init__(self, file: IO[bytes], size: int) -> None:
        super().__init__()
        self.file = file
        self.size = size

    def render(self, request: Any) -> int:
        """Begin to send."""
        request.setHeader(b"Content-Length", str(self.size).encode())
        if request.method == b"HEAD":
            self.file.close()
            request.finish()
        else:
            request.notifyFinish().addBoth(lambda _: self.file.close())
            _Sender(request, self.file).start()
        return NOT_DONE_YET


@implementer(IPushProducer)
@attrs.define(eq=False)
class _Sender:
    """Sends a file piece by piece, until it is told to wait."""

    _request: Any
    _file: IO[bytes]
    _waits: bool = attrs.field(default=False, init=False)

    def start(self) -> None:
        """Begin."""
        self._request.registerProducer(self, True)
        self.resumeProducing()

    def pauseProducing(self) -> None:
        """The client is slower than we are."""
        self._waits = True

    def resumeProducing(self) -> None:
        """The client has room for more."""
        self._waits = False
        while not (self._waits or self._file.closed):
            data = self._file.read(PIECE)
            if not data:
                self._request.unregisterProducer()
                self._request.finish()
                return
            self._request.write(data)

    def stopProducing(self) -> None:
        """The client has gone."""
        self._waits = True
