"""What a charger needs of a WebSocket, and what can go wrong with one."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

FINAL = frozenset({400, 401, 403, 404, 405, 410, 426})
"""HTTP statuses that will not be better when the charger comes again."""
BUSY = frozenset({429, 503})
"""HTTP statuses of a server that has too much to do just now."""


class DialError(Exception):
    """No connection came about."""


class UnreachableError(DialError):
    """Nobody listens there, or the connection broke before the handshake was answered."""


class RefusedError(DialError):
    """The server answered, but not with an upgrade to OCPP."""

    def __init__(self, status: int, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"HTTP {status} {reason}".strip())
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def final(self) -> bool:
        """Whether there is no point in trying again."""
        return self.status in FINAL or self.status == 101

    @property
    def busy(self) -> bool:
        """Whether the server only asks for patience."""
        return self.status in BUSY or self.retry_after_s is not None


class SocketListener(Protocol):
    """Who owns a socket."""

    def received(self, data: bytes) -> None:
        """A text frame."""

    def binary(self) -> None:
        """A binary frame, which OCPP does not know."""

    def lost(self, code: int, reason: str) -> None:
        """The open socket is gone; 1006 when it was not closed properly."""

    def unanswered_ping(self) -> None:
        """The server did not answer a ping; `lost` follows."""


class Twist(Struct, frozen=True, kw_only=True):
    """How a handshake differs from what it should be."""

    name: str
    no_subprotocol: bool = False
    origin: str | None = None
    double_slash: bool = False
    trailing_slash: bool = False
    encoded: bool = False
    """Every character of the identity is percent-encoded."""
    hex_password: bool = False
    """The password is sent as its hexadecimal digits."""
    bytes_password: bool = False
    """What the hexadecimal digits of the password mean is sent."""


class OpenSocket(Protocol):
    """An open WebSocket."""

    subprotocol: str
    """The one that the server chose; empty if none was offered."""

    def send(self, data: bytes) -> None:
        """Send a text frame."""

    def close(self) -> None:
        """Close properly; `SocketListener.lost` follows within two seconds."""

    def abort(self) -> None:
        """Break the connection without a word, as a cut cable does."""


class Opener(Protocol):
    """Opens sockets; `Dialer` is the real one."""

    async def dial(
        self,
        identity: str,
        password: bytes | None,
        ping_s: int,
        listener: SocketListener,
        *,
        twist: Twist | None = None,
    ) -> OpenSocket:
        """Connect and shake hands; raises `DialError`."""
