"""What the sockets of one port share: limits, timers, counters, and who decides on admission."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from sys import maxsize

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.protocol import TrafficStats
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IReactorTime

from csms.gateway.compression import accept
from csms.gateway.handshake import SERVER
from csms.gateway.protocol import Socket
from csms.gateway.settings import GatewaySettings
from csms.gateway.sources import Sources
from csms.gateway.throttle import Crowd
from csms.gateway.visits import Knock, Welcome
from csms.gateway.wheel import Wheel

Admit = Callable[[Knock], Awaitable[Welcome]]
"""Lets a client in, or raises `csms.gateway.visits.RefusedError`."""

_CLOSING_HANDSHAKE_S = 3
_SPARE = 64


class SocketFactory(WebSocketServerFactory):
    """Makes the sockets of one listening port.

    ``crowd`` counts them by the address they come from; ``greeting`` is what a browser reads that
    comes to the port without asking for a WebSocket.
    """

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        wheel: Wheel,
        settings: GatewaySettings,
        admit: Admit,
        crowd: Crowd[str],
        greeting: str,
    ) -> None:
        super().__init__(server=SERVER, reactor=clock)
        self.clock = clock
        self.wheel = wheel
        self.admit = admit
        self.greeting = greeting
        self.compression = settings.compression
        self.header_limit = settings.header_limit
        self.max_frame_bytes = settings.max_frame_bytes or maxsize
        self.ping_interval_s = settings.ping_interval_s
        self.ping_timeout_s = settings.ping_timeout_s
        self._max_sockets = settings.max_connections
        self._max_per_source = settings.max_connections_per_ip
        self._sources = Sources(settings.trusted_proxies)
        self.sockets: set[Socket] = set()
        self._crowd = crowd
        self._when_empty: list[Deferred[None]] = []
        self.traffic = TrafficStats()
        self.accepted = 0
        self.frames_in = 0
        self.frames_out = 0
        self.refusals: Counter[int] = Counter()
        """HTTP answers other than 101, by status."""
        # Autobahn's timers run on the global reactor.
        self._batched_timer = wheel
        self.setProtocolOptions(
            webStatus=False,
            maxFramePayloadSize=settings.max_frame_bytes,
            maxMessagePayloadSize=settings.max_frame_bytes,
            failByDrop=False,
            openHandshakeTimeout=settings.handshake_timeout_s,
            closeHandshakeTimeout=_CLOSING_HANDSHAKE_S,
            allowNullOrigin=True,
            perMessageCompressionAccept=accept,
        )
        # A function on a class would become its method.
        options = {
            name: staticmethod(value) if callable(value := getattr(self, name)) else value
            for name in WebSocketServerProtocol.CONFIG_ATTRS
        }
        self._socket: type[Socket] = type("Socket", (Socket,), {"__slots__": (), **options})

    def buildProtocol(  # type: ignore[override]  # any protocol with a factory
        self, addr: IAddress | None
    ) -> Socket | None:
        """Twisted: a connection was accepted.  Far beyond the limits it is dropped unheard."""
        here = self._crowd[getattr(addr, "host", "")]
        if (self._max_sockets and self._crowd.total >= self._max_sockets + _SPARE) or (
            self._max_per_source and here >= self._max_per_source + _SPARE
        ):
            self.refused(503)
            return None
        socket = self._socket()
        socket.factory = self
        return socket

    def joined(self, socket: Socket) -> None:
        """A socket begins."""
        self.accepted += 1
        self.sockets.add(socket)
        if not self._sources.trusts(socket.host):
            socket.source = socket.host
        self._crowd.enter(socket.source)

    def placed(self, socket: Socket, source: str) -> None:
        """It is known where a socket really comes from."""
        if source != socket.source:
            self._crowd.leave(socket.source)
            self._crowd.enter(source)
            socket.source = source

    def left(self, socket: Socket) -> None:
        """A socket is gone."""
        self.sockets.discard(socket)
        self._crowd.leave(socket.source)
        if not self.sockets:
            waiting, self._when_empty = self._when_empty, []
            for done in waiting:
                done.callback(None)

    def when_empty(self) -> Deferred[None]:
        """Fires when there is no socket."""
        done: Deferred[None] = Deferred()
        if self.sockets:
            self._when_empty.append(done)
        else:
            done.callback(None)
        return done

    def refused(self, status: int) -> None:
        """A client got an HTTP answer instead of a WebSocket."""
        self.refusals[status] += 1
