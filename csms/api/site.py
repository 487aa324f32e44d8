"""The HTTP side of the API: bounds on what is read, and connections that can be closed.

Twisted reads a whole request before anybody sees it.  Here bodies are counted while they arrive
and the request is turned away as soon as they are too long, whether announced or chunked.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from io import BytesIO
from urllib.parse import quote, unquote_to_bytes

from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.http import Request as HTTPRequest
from twisted.web.http_headers import Headers
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from csms.api import problems
from csms.api.crowd import Crowd
from csms.api.headers import REQUEST_ID, SECURITY, request_id
from csms.api.inflight import InFlight
from csms.api.reception import IReception
from csms.core.errors import Refusal

Receptions = Callable[["ApiRequest", bytes, int | None], IReception | None]
"""Whoever takes the body of a request (its target, and the length that it announces) as it comes;
None: it is kept in memory for the handler."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

LINGER_S = 3.0
"""How long a connection stays open after a request was turned away, for the sender to notice
the answer: closing at once would reset the connection and could destroy it."""


class ApiChannel(HTTPChannel):
    """A connection of a client."""

    _turned_away: IDelayedCall | None = None
    site: ApiSite

    def dataReceived(self, data: bytes) -> None:
        """Hear nothing more from a client that was turned away."""
        if self._turned_away is None:
            super().dataReceived(data)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802, ARG002  # Twisted's
        """A request line or header that is longer than any we read."""
        limit = f"{self.MAX_LENGTH} bytes"
        if self.requests:
            self.turn_away(problems.HeadTooLarge(f"a header is longer than {limit}"))
        else:
            self.turn_away(problems.TargetTooLong(f"the request line is longer than {limit}"))

    def turn_away(self, refusal: Refusal) -> None:
        """Answer a request that has not been read to its end, and close."""
        problem = problems.problem_of(refusal, request_id(None))
        body = problems.encoded(problem)
        headers = Headers()
        for name, value in {
            **SECURITY,
            REQUEST_ID: problem.request_id,
            "Connection": "close",
            "Content-Type": problems.MEDIA_TYPE,
            "Content-Length": str(len(body)),
        }.items():
            headers.setRawHeaders(name, [value])
        status = problems.status_of(refusal)
        code, title = str(status.code).encode(), status.title.encode()
        self.writeHeaders(b"HTTP/1.1", code, title, headers)
        self.write(body)
        self._turned_away = self.callLater(LINGER_S, self.loseConnection)

    def connectionMade(self) -> None:
        """Be known to the site."""
        self.site.channels.add(self)
        super().connectionMade()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # has a default
        """Be forgotten by the site."""
        self.site.channels.discard(self)
        if self._turned_away is not None and self._turned_away.active():
            self._turned_away.cancel()
        super().connectionLost(reason)


class ApiRequest(Request):
    """A request whose body is bounded."""

    channel: ApiChannel
    content: BytesIO
    reception: IReception | None = None
    """Who takes the body as it comes, instead of its being kept for the handler."""
    _refused = False
    _asks = False
    """Whether the client waits to be told that it may send the body."""

    def gotLength(self, length: int | None) -> None:  # noqa: N802  # Twisted's
        """The head is read; ``length`` None means that the body comes in chunks."""
        self.content = BytesIO()
        # The head is read, yet Twisted tells the path only after the body.
        target = self.channel._path  # noqa: SLF001
        self.reception = self.channel.site.receptions(self, target, length)
        if self.reception is not None:
            # Twisted would say so now, whatever becomes of the request.
            self._asks = self._expects_continue()
            self.requestHeaders.removeHeader(b"Expect")
            self.reception.begin()
        elif length is not None and length > self.channel.site.max_body_bytes:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  # Twisted's
        """Keep a part of the body, within the limit."""
        if self._refused:
            return
        if self.reception is not None:
            self.reception.take(data)
        elif self.content.tell() + len(data) > self.channel.site.max_body_bytes:
            self._refuse()
        else:
            self.content.write(data)

    def connectionLost(self, reason: Failure) -> None:
        """What has come is no use without the rest."""
        if self.reception is not None:
            self.reception.abandon()
        super().connectionLost(reason)

    def finish(self) -> None:
        """The answer is given; a body that its handler did not take is kept by nobody."""
        if self.reception is not None:
            self.reception.abandon()
        super().finish()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The request is read; one that was turned away has its answer already."""
        if not self._refused:
            super().requestReceived(command, path, version)

    def setResponseCode(  # noqa: N802  # Twisted's
        self, code: int, message: bytes | None = None
    ) -> None:
        """Name statuses that Twisted has no name for."""
        super().setResponseCode(code, message or HTTPStatus(code).phrase.encode())

    def getRequestHostname(self) -> bytes:  # noqa: N802  # Twisted's
        """A constant: routing does not depend on the Host header, whose strangest forms the URL
        mapper cannot take."""
        return b"api"

    def _expects_continue(self) -> bool:
        expected = self.requestHeaders.getRawHeaders(b"Expect", [b""])[0]
        return expected.lower() == b"100-continue" and self.channel._version == b"HTTP/1.1"  # noqa: SLF001  # see gotLength

    def welcome(self) -> None:
        """The body may come, see `reception`."""
        if self._asks and not self._refused and self.channel is not None:
            self.channel.write(_CONTINUE)
        self._asks = False

    def turn_away(self, refusal: Refusal) -> None:
        """Answer before the body is read to its end, and read no more of it."""
        if self._refused or self.channel is None:
            return
        self._refused = True
        self.content = BytesIO()
        # Nobody should be encouraged to send the body now.
        self.requestHeaders.removeHeader(b"Expect")
        self.channel.turn_away(refusal)

    def _refuse(self) -> None:
        limit = self.channel.site.max_body_bytes
        self.turn_away(problems.TooLarge(f"a body has at most {limit} bytes"))


class ApiSite(Site):
    """The web site of the API."""

    protocol = ApiChannel  # type: ignore[assignment]  # Twisted's own also speaks HTTP/2
    requestFactory = ApiRequest  # noqa: N815  # Twisted's
    displayTracebacks = False  # noqa: N815  # Twisted's

    def __init__(
        self,
        resource: IResource,
        in_flight: InFlight,
        max_body_bytes: int,
        reactor: IReactorTime,
        receptions: Receptions = lambda _request, _target, _length: None,
    ) -> None:
        super().__init__(resource, parsePOSTFormSubmission=False, reactor=reactor)
        self.receptions = receptions
        self.in_flight = in_flight
        self.max_body_bytes = max_body_bytes
        self.channels: Crowd[ApiChannel] = Crowd()

    def buildProtocol(self, addr: IAddress | None) -> ApiChannel:  # type: ignore[override]  # see protocol
        """A channel that knows its site from the start."""
        channel: ApiChannel = super().buildProtocol(addr)
        return channel

    def log(self, request: HTTPRequest) -> None:
        """Nothing: requests are logged where their route is known, without the ids in paths."""

    def acceptableProtocols(self) -> list[bytes]:  # noqa: N802  # Twisted's
        """HTTP/1.1 only."""
        return [b"http/1.1"]

    def getResourceFor(self, request: Request) -> IResource:  # noqa: N802  # Twisted's
        """Always the router, with the path in one canonical percent-encoding.

        Routing works on encoded segments, so that an encoded ``/`` stays within its variable; a
        trailing slash makes no difference.
        """
        request.site = self
        segments = [
            quote(unquote_to_bytes(segment), safe="") for segment in request.path[1:].split(b"/")
        ]
        if len(segments) > 1 and not segments[-1]:
            segments.pop()
        request.postpath = [segment.encode() for segment in segments]
        router: IResource = self.resource
        return router
