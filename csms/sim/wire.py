"""The WebSocket of a charger: Autobahn's client behind two small interfaces."""

from __future__ import annotations

from base64 import b64encode
from ipaddress import AddressValueError, IPv4Address
from typing import Any
from urllib.parse import quote, urlsplit

import attrs
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.types import ConnectingRequest, ConnectionResponse
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.ssl import optionsForClientTLS

from csms.sim.sockets import (
    DialError,
    OpenSocket,
    RefusedError,
    SocketListener,
    Twist,
    UnreachableError,
)

FRAME_LIMIT = 4 * 1024 * 1024
PONG_WAIT_S = 30
CLOSE_WAIT_S = 2.0
NO_CODE, ABNORMAL = 1005, 1006


def station_url(template: str, identity: str) -> str:
    """The URL of a station.

    ``{id}`` in the template is replaced by the percent-encoded identity; without it the
    identity is appended, to ``/ocpp`` if there is no path at all.
    """
    if "{id}" not in template:
        template = template.rstrip("/")
        template += "/{id}" if urlsplit(template).path else "/ocpp/{id}"
    return template.replace("{id}", quote(identity, safe=""))


class Socket(WebSocketClientProtocol):
    """One connection of one station."""

    def __init__(
        self,
        resource: str,
        headers: dict[str, str],
        subprotocols: tuple[str, ...],
        ping_s: int,
        listener: SocketListener,
        clock: IReactorTime,
    ) -> None:
        super().__init__()
        self.autoPingInterval = ping_s
        self.autoPingTimeout = PONG_WAIT_S
        self.opened: Deferred[Socket] = Deferred()
        self.subprotocol = ""
        self._subprotocols = subprotocols
        self._resource = resource
        self._headers = headers
        self._listener = listener
        self._clock = clock
        self._open = False
        self._status = 0
        self._closing: IDelayedCall | None = None
        self._problem = "the connection broke during the handshake"

    def send(self, data: bytes) -> None:
        """See `OpenSocket`."""
        self.sendMessage(data)

    def close(self) -> None:
        """See `OpenSocket`."""
        self.sendClose(1000)
        if self._closing is None:
            self._closing = self._clock.callLater(CLOSE_WAIT_S, self.abort)

    def abort(self) -> None:
        """See `OpenSocket`."""
        self._closeConnection(abort=True)

    def onConnecting(self, transport_details: object) -> ConnectingRequest:
        """Tell Autobahn what to ask for."""
        del transport_details
        return ConnectingRequest(
            host=self.factory.host,
            port=self.factory.port,
            resource=self._resource,
            headers=self._headers,
            useragent=self.factory.useragent,
            protocols=list(self._subprotocols),
        )

    def failHandshake(self, reason: str) -> None:
        """Note why the server did not upgrade."""
        words = getattr(self, "http_status_line", "").split(None, 2)
        if len(words) > 1 and words[1].isdigit():
            self._status = int(words[1])
        plain = self._status not in (0, 101) and len(words) > 2
        self._problem = words[2].strip() if plain else reason
        super().failHandshake(reason)

    def onConnect(self, response: ConnectionResponse) -> None:
        """Insist on a subprotocol (1.6-J §3.2)."""
        self.subprotocol = response.protocol or ""
        if response.protocol is None and self._subprotocols:
            self._status, self._problem = 101, "without Sec-WebSocket-Protocol"
            self.abort()

    def onOpen(self) -> None:
        """Hand the socket over."""
        if not self.opened.called and not self._status:
            self._open = True
            self.opened.callback(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N803 - Autobahn's name
        """Pass a frame on."""
        if isBinary:
            self._listener.binary()
        else:
            self._listener.received(payload)

    def onAutoPingTimeout(self) -> None:
        """Tell the listener before Autobahn drops the connection."""
        self._listener.unanswered_ping()
        super().onAutoPingTimeout()

    def onClose(
        self,
        wasClean: bool,  # noqa: N803 - Autobahn's name
        code: int | None,
        reason: str | None,
    ) -> None:
        """Tell whoever waits: the dialling one or the listener."""
        if self._closing is not None and self._closing.active():
            self._closing.cancel()
        if self._open:
            self._listener.lost((code or NO_CODE) if wasClean else ABNORMAL, reason or "")
        elif not self.opened.called:
            self.opened.errback(self._refusal())

    def _refusal(self) -> DialError:
        if not self._status:
            return UnreachableError(self._problem)
        wait = getattr(self, "http_headers", {}).get("retry-after", "")
        return RefusedError(self._status, self._problem, float(wait) if wait.isdigit() else None)


def _twisted_path(path: str, identity: str, twist: Twist) -> str:
    if twist.encoded:
        plain = "".join(f"%{byte:02X}" for byte in identity.encode())
        path = path.replace(quote(identity, safe=""), plain)
    if twist.double_slash:
        head, _, tail = path.rpartition("/")
        path = f"{head}//{tail}"
    return path + "/" if twist.trailing_slash else path


class _OneSocket(Factory):
    """Builds the one protocol that it was made for."""

    noisy = False

    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    def buildProtocol(self, addr: object) -> TwistedProtocol:
        """See `IProtocolFactory`."""
        del addr
        return self._socket


@attrs.define(eq=False)
class Dialer:
    """Dials one server for all stations; ``url`` as `station_url` takes it."""

    reactor: Any
    url: str
    subprotocols: tuple[str, ...]
    handshake_timeout_s: float = 30.0
    _factory: WebSocketClientFactory = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        parts = urlsplit(self.url)
        self._factory = factory = WebSocketClientFactory(
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/",
            protocols=list(self.subprotocols),
            useragent="csms-simulator",
            reactor=self.reactor,
        )
        # The handshake is timed by `dial`, the closing by `Socket.close`.
        factory.setProtocolOptions(
            openHandshakeTimeout=0,
            closeHandshakeTimeout=0,
            maxMessagePayloadSize=FRAME_LIMIT,
            maxFramePayloadSize=FRAME_LIMIT,
        )

    async def dial(
        self,
        identity: str,
        password: bytes | None,
        ping_s: int,
        listener: SocketListener,
        *,
        twist: Twist | None = None,
    ) -> OpenSocket:
        """See `Opener`."""
        parts = urlsplit(station_url(self.url, identity))
        path, headers = parts.path, {}
        subprotocols = self.subprotocols
        if twist is not None:
            path = _twisted_path(path, identity, twist)
            if twist.no_subprotocol:
                subprotocols = ()
            if twist.origin is not None:
                headers["Origin"] = twist.origin
            if twist.hex_password and password is not None:
                password = password.hex().encode()
            elif twist.bytes_password and password is not None:
                password = bytes.fromhex(password.decode())
        if password is not None:
            word = b64encode(identity.encode() + b":" + password).decode()
            headers["Authorization"] = f"Basic {word}"
        resource = path + (f"?{parts.query}" if parts.query else "")
        socket = Socket(resource, headers, subprotocols, ping_s, listener, self.reactor)
        socket.factory = self._factory
        try:
            await self._endpoint().connect(_OneSocket(socket))
        except ConnectError as error:
            raise UnreachableError(str(error)) from error
        try:
            return await socket.opened.addTimeout(self.handshake_timeout_s, self.reactor)
        except DeferredTimeout as error:
            socket.abort()
            text = f"no answer to the handshake for {self.handshake_timeout_s:g} s"
            raise UnreachableError(text) from error
        except CancelledError:
            socket.abort()
            raise

    def _endpoint(self) -> IStreamClientEndpoint:
        host, port = self._factory.host, self._factory.port
        if self._factory.isSecure:
            return wrapClientTLS(
                optionsForClientTLS(host), HostnameEndpoint(self.reactor, host, port)
            )
        try:
            # No resolver, no second address family to try: thousands of stations dial.
            return TCP4ClientEndpoint(self.reactor, str(IPv4Address(host)), port)
        except AddressValueError:
            return HostnameEndpoint(self.reactor, host, port)
