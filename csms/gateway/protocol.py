"""One WebSocket from the TCP connection to its end: admission, liveness, flow, closing.

Like `csms.gateway.shortcut` this knows private parts of Autobahn (``failedByMe``, ``send_queue``,
``trafficStats``, ``CONFIG_ATTRS``): what it makes for each connection and nobody uses is left out,
which halves the memory that an idle connection takes.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import txaio
from autobahn.util import encode_truncate
from autobahn.websocket.types import ConnectionDeny, ConnectionRequest
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from csms.gateway.compression import Deflate, acceptable
from csms.gateway.handshake import HEADER_END, refusal, tidy
from csms.gateway.shortcut import QuickSocket
from csms.gateway.visits import (
    INTERNAL_ERROR,
    THROTTLED,
    UNSUPPORTED_DATA,
    Knock,
    RefusedError,
    Welcome,
)
from csms.gateway.wheel import Timer

_EARLY_LIMIT = 1_048_576
"""Bytes that a client may get in before its handshake is answered; nothing is read meanwhile."""
_REASON_BYTES = 123

_CONGESTED = 2
"""Not reading because the station does not read."""
_ADMITTING = 4
"""Not reading because it is not decided yet whether the station may come in."""
_HANDSHAKE_ONLY = (
    "http_headers",
    "http_request_data",
    "http_request_host",
    "http_request_params",
    "http_request_path",
    "http_request_uri",
    "http_response_data",
    "http_status_line",
    "websocket_extensions",
    "websocket_extensions_in_use",
    "websocket_origin",
    "websocket_protocols",
    "_wskey",
)

_log = Logger()


class IgnoredFuture:
    """Takes the place of futures that nobody waits for."""

    def callback(self, result: object) -> None:
        """Forget ``result``."""


class Socket(QuickSocket):
    """A server's end of one connection (a `csms.gateway.visits.Wire`)."""

    __slots__ = (
        "_admitting",
        "_paused",
        "_ping",
        "_welcome",
        "_why",
        "host",
        "port",
        "source",
    )

    CONFIG_ATTRS = []  # noqa: RUF012  # Autobahn only reads it
    """Options are attributes of the class that the factory makes, not copies in each instance."""
    log = txaio.make_logger(level="error")  # type: ignore[attr-defined]  # made at run time
    is_closed = is_open = IgnoredFuture()
    send_queue: Any
    peer: str = ""

    def __init__(self) -> None:
        # Autobahn's own would make futures, events and transport details, all unused here.
        self.receiver = None
        self.heard_at = 0.0
        self.host = ""
        self.port = 0
        self.source = ""
        self._admitting = False
        self._paused = 0
        self._ping: Timer | None = None
        self._welcome: Welcome | None = None
        self._why: str | None = None

    # --- life -------------------------------------------------------------------------------

    def connectionMade(self) -> None:
        """Twisted: the TCP connection is there."""
        peer = self.transport.getPeer()
        self.host = str(getattr(peer, "host", ""))
        self.port = int(getattr(peer, "port", 0))
        self.peer = f"{self.host}:{self.port}"
        with suppress(AttributeError, OSError):  # there are transports that are no TCP
            self.transport.setTcpNoDelay(True)
        super().connectionMade()
        self.trafficStats = self.factory.traffic
        self.send_queue = ()
        self.transport.registerProducer(self, True)
        self.factory.joined(self)

    def onConnect(  # type: ignore[override]  # Autobahn waits for it
        self, request: ConnectionRequest
    ) -> Deferred[str | None]:
        """Autobahn: the request is a sound WebSocket handshake."""
        self._admitting = True
        knock = Knock(
            resource=self.http_request_uri,
            protocols=tuple(request.protocols),
            headers=request.headers,
            host=self.host,
            port=self.port,
        )
        admission = Deferred.fromCoroutine(self._admit(knock))
        if not admission.called:
            self.pause(_ADMITTING)
        return admission

    async def _admit(self, knock: Knock) -> str | None:
        try:
            self._welcome = await self.factory.admit(knock)
        except RefusedError as refused:
            self._refuse(refused.status, refused.text, refused.headers)
        except Exception:  # noqa: BLE001  # the client gets a 500 whatever it was
            _log.failure("Admission failed", peer=self.peer)
            self._refuse(500, "Internal error.")
        else:
            self.factory.placed(self, self._welcome.source)
            return self._welcome.subprotocol
        # Nothing is sent for a connection that is closed; Autobahn only wants to be told.
        raise ConnectionDeny(500)

    def succeedHandshake(self, res: str | None) -> None:
        """Autobahn: `onConnect` is done; by now the client may be gone."""
        self._admitting = False
        if self.state != self.STATE_CONNECTING:
            return
        self.resume(_ADMITTING)
        offered = self.websocket_extensions
        self.websocket_extensions = acceptable(offered) if self.factory.compression else []
        try:
            super().succeedHandshake(res)
        except Exception:  # noqa: BLE001  # Autobahn would lose it
            _log.failure("A handshake could not be completed", peer=self.peer)
            self.abort("internal error")

    def failHandshake(
        self, _reason: str, code: int = 400, responseHeaders: list[tuple[str, str]] | None = None
    ) -> None:
        """Autobahn: the request is no handshake; the reason may quote it, so it is not sent."""
        headers = dict(responseHeaders or ())
        if code == 405:
            headers["Allow"] = "GET"
        if code == 426:
            headers["Upgrade"] = "websocket"
            self._refuse(426, self.factory.greeting, headers)
        elif code == 503:
            self._refuse(503, "Too many connections.", {"Retry-After": "30"})
        else:
            self._refuse(code, "This is no WebSocket handshake.", headers)

    def _refuse(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        if self.state == self.STATE_CONNECTING:
            self.factory.refused(status)
            self.transport.write(refusal(status, text, headers))
            self.wasNotCleanReason = text
            self.dropConnection(abort=False)

    def _onOpen(self) -> None:
        """Autobahn: the WebSocket is open; what fails here would be lost in its callbacks."""
        for name in _HANDSHAKE_ONLY:
            self.__dict__.pop(name, None)
        agreed = self._perMessageCompress
        if agreed is not None:
            self._perMessageCompress = Deflate(
                agreed.server_max_window_bits, agreed.client_max_window_bits
            )
        self.heard_at = self.factory.clock.seconds()
        if self.factory.ping_interval_s:
            self._ping = self.factory.wheel.call_later(
                self.factory.ping_interval_s, self._look_for_life
            )
        welcome, self._welcome = self._welcome, None
        try:
            if welcome is not None:
                self.receiver = welcome.opened(self)
        except Exception:  # noqa: BLE001  # the station may try again
            _log.failure("A connection could not be opened", peer=self.peer)
            self.close(INTERNAL_ERROR, "internal error")

    def onClose(self, was_clean: bool, code: int | None, reason: str | None) -> None:
        """Autobahn: the connection is gone."""
        if self._ping is not None:
            self._ping.cancel()
        self.factory.left(self)
        if self._why is None:
            said = f": {reason[:_REASON_BYTES]}" if reason else ""
            self._why = f"closed by the station ({code}){said}" if was_clean else "connection lost"
        self._tell_lost(self._why)

    def _tell_lost(self, why: str) -> None:
        """Nothing more will be received: whoever waits for an answer need not."""
        receiver, self.receiver = self.receiver, None
        if receiver is None:
            return
        try:
            receiver.lost(why)
        except Exception:  # noqa: BLE001  # Autobahn would lose it
            _log.failure("A connection could not be closed properly", peer=self.peer)

    def sendCloseFrame(
        self, code: int | None = None, reasonUtf8: bytes | None = None, isReply: bool = False
    ) -> None:
        """Autobahn: a closing handshake, by `close` or because the client broke a rule; then its
        end, for which a client may take its time, is not waited for."""
        broken = not isReply and self._why is None
        if broken:
            said = (reasonUtf8 or b"").decode(errors="replace")
            self._why = f"closed by the server ({code}): {said}"
        super().sendCloseFrame(code, reasonUtf8, isReply)
        if broken and self._why is not None:
            self._tell_lost(self._why)

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake; nothing more is received."""
        if self.state == self.STATE_OPEN:
            self._why = self._why or reason
            self.failedByMe = True
            self.sendCloseFrame(code=code, reasonUtf8=encode_truncate(reason, _REASON_BYTES))
            self._paused = 0
            self.transport.resumeProducing()
        elif self.state == self.STATE_CONNECTING:
            self.abort(reason)

    def abort(self, reason: str) -> None:
        """Cut the connection without a word."""
        self._why = self._why or reason
        self.wasNotCleanReason = reason
        self.dropConnection(abort=True)

    # --- liveness ---------------------------------------------------------------------------

    def _look_for_life(self) -> None:
        """The interval since the last look is over: was there anything to hear?"""
        interval = self.factory.ping_interval_s
        deaf = self._paused & THROTTLED
        silent = 0.0 if deaf else self.factory.clock.seconds() - self.heard_at
        if silent < interval:
            self._ping = self.factory.wheel.call_later(interval - silent, self._look_for_life)
            return
        if self.state == self.STATE_OPEN:
            self.sendPing()
            heard = self.heard_at
            self._ping = self.factory.wheel.call_later(
                self.factory.ping_timeout_s, self._judge_silence, heard
            )

    def _judge_silence(self, heard_before: float) -> None:
        """The time for an answer to our ping is over."""
        if self.heard_at == heard_before and not self._paused & THROTTLED:
            self.abort("no answer to a ping")
        else:
            self._look_for_life()

    # --- flow -------------------------------------------------------------------------------

    def pauseProducing(self) -> None:
        """Twisted: the peer does not read its answers, so its questions can wait."""
        self.pause(_CONGESTED)

    def resumeProducing(self) -> None:
        """Twisted: it reads again."""
        self.resume(_CONGESTED)

    def stopProducing(self) -> None:
        """Twisted: the connection is gone."""

    def pause(self, why: int = THROTTLED) -> None:
        """Stop reading; ``why`` is a bit, and reading goes on when all are taken back."""
        if not self._paused:
            self.transport.pauseProducing()
        self._paused |= why

    def paused_by(self, why: int) -> bool:
        """Whether reading is stopped because of ``why``."""
        return bool(self._paused & why)

    def resume(self, why: int = THROTTLED) -> None:
        """Take back `pause`."""
        if self._paused:
            self._paused &= ~why
            if not self._paused:
                self.heard_at = self.factory.clock.seconds()
                self.transport.resumeProducing()

    # --- the handshake, and what may follow it ------------------------------------------------

    def not_open(self, data: bytes) -> None:
        """Before the WebSocket is open, or after it was closed."""
        if self.state != self.STATE_CONNECTING:
            super().not_open(data)
            return
        if len(self.data) + len(data) > _EARLY_LIMIT:
            self.abort("too much before the handshake was answered")
            return
        self.data += data
        if self._admitting:
            return
        end = self.data.find(HEADER_END)
        limit = self.factory.header_limit
        if end > limit or (end < 0 and len(self.data) > limit):
            self._refuse(431, "The header is too long.")
        elif end >= 0:
            end += len(HEADER_END)
            head = tidy(self.data[:end])
            if head is None:
                self._refuse(400, "The header holds characters that it may not hold.")
                return
            self.data = head + self.data[end:]
            self.processHandshake()

    def onMessageBegin(self, is_binary: bool) -> None:
        """Autobahn: a message that was not taken the short way begins."""
        super().onMessageBegin(is_binary)
        receiver = self.receiver
        if is_binary and receiver is not None and not receiver.takes_binary:
            self.close(UNSUPPORTED_DATA, "messages are text")
            self._tell_lost(self._why or "")
