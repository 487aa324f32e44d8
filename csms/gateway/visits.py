"""What passes between a socket and those behind it: who knocks, who is let in, who listens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

GOING_AWAY = 1001
UNSUPPORTED_DATA = 1003
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013
"""Codes of a closing WebSocket (RFC 6455 §7.4.1)."""

THROTTLED = 1
"""Not reading because the station talks too much."""


class RefusedError(Exception):
    """The client gets an HTTP answer and no WebSocket."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers


class Knock(Struct, frozen=True):
    """A request for a WebSocket."""

    resource: str
    """Path and query as received, ASCII."""
    protocols: tuple[str, ...]
    """Subprotocols in the order of the offer."""
    headers: dict[str, str]
    """By lower-case name."""
    host: str
    """Address of the peer; empty when the transport has none."""
    port: int


class Welcome(Struct, frozen=True):
    """The client may have its WebSocket."""

    subprotocol: str | None
    """One of those offered; None: none was."""
    source: str
    """Address that it comes from."""
    opened: Callable[[Wire], Receiver]
    """Called when it is open; who is to receive."""


class Receiver(Protocol):
    """Who gets what a socket receives."""

    takes_binary: bool

    def text(self, payload: bytes, now: float) -> None:
        """A text message, valid UTF-8, at ``now`` (seconds of the factory's clock)."""

    def binary(self, payload: bytes) -> None:
        """A binary message, where `takes_binary`."""

    def lost(self, reason: str) -> None:
        """The socket is gone; said once."""


class Wire(Protocol):
    """A socket, as those see it who listen to it."""

    peer: str
    """Address and port of the other end."""

    def send(self, payload: bytes) -> None:
        """Send a text message (UTF-8), unless the socket is closing or closed."""

    def send_binary(self, payload: bytes) -> None:
        """Send a binary message, unless the socket is closing or closed."""

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake; nothing more is received."""

    def pause(self, why: int) -> None:
        """Stop reading; ``why`` is a bit, and reading goes on when all are taken back."""

    def resume(self, why: int) -> None:
        """Take back `pause`."""

    def paused_by(self, why: int) -> bool:
        """Whether reading is stopped because of ``why``."""
