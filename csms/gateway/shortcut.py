"""A short way through Autobahn for what stations send all day.

Note: the short way
-------------------
A complete, unfragmented, masked text frame that lies in one piece in what was received is taken
apart here, and small unfragmented text frames are written here.  It is the same to the byte as
what Autobahn does, at half the CPU time: no formatting of debug messages, no state machine per
frame, no validator and masker objects.  Everything else (fragments, control and compressed frames,
frames cut by TCP, anything malformed) is handed to Autobahn untouched, from that frame on until it
has nothing buffered.  This rests on private attributes of Autobahn (``data``, ``current_frame``,
``inside_message``), so its version is bounded in the package metadata and a test compares both
byte by byte.

Note: writing at once
---------------------
Twisted never writes before the reactor says that the socket is writable: two more system calls and
another turn of the reactor for each answer.  On a plain TCP transport with nothing buffered we ask
the socket first.  A TLS transport is a wrapper that passes unknown attributes through to the TCP
transport below it, so "has a ``writeSomeData``" would write plaintext into the stream: the type
must be exactly Twisted's TCP server transport.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autobahn.twisted.websocket import WebSocketServerProtocol
from autobahn.websocket.xormasker import (  # type: ignore[attr-defined]  # there are two of them
    create_xor_masker,
)
from twisted.internet.tcp import Server
from twisted.logger import Logger

from csms.gateway.compression import WORTH, Deflate
from csms.gateway.visits import Receiver

if TYPE_CHECKING:
    from csms.gateway.factory import SocketFactory

_TEXT = 0x81
_SHORT_HEADS = tuple(bytes((_TEXT, length)) for length in range(126))
_COMPRESSED = 4
_INT_XOR_LIMIT = 1200
"""Below it a big integer is the faster way to unmask."""

_log = Logger()


class QuickSocket(WebSocketServerProtocol):
    """Autobahn's server protocol, taking the short way where there is one."""

    __slots__ = ("_plain", "heard_at", "receiver")

    factory: SocketFactory
    transport: Any
    """Some stream transport of Twisted."""
    data: bytes
    current_frame: Any
    inside_message: bool
    _perMessageCompress: Any  # noqa: N815  # Autobahn's name

    receiver: Receiver | None
    heard_at: float
    """When something was received last, in seconds of the factory's clock."""

    def connectionMade(self) -> None:
        """Twisted: the TCP connection is there."""
        self._plain = type(self.transport) is Server
        self._connectionMade()

    # --- receiving --------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        """Twisted: bytes have come."""
        if self.state != self.STATE_OPEN:
            self.not_open(data)
            return
        self.heard_at = now = self.factory.clock.seconds()
        if not (self.data or self.inside_message or self.current_frame is not None):
            taken = self._take_frames(data, now)
            if taken == len(data):
                return
            if taken:
                data = data[taken:]
        self.data += data
        self.consumeData()

    def not_open(self, data: bytes) -> None:
        """Bytes have come before the WebSocket is open, or after it began to close."""
        self._dataReceived(data)

    def _take_frames(self, data: bytes, now: float) -> int:
        """Deliver the plain text frames at the beginning; how many bytes that was."""
        receiver = self.receiver
        size = len(data)
        start = 0
        while size - start >= 6 and data[start] == _TEXT and receiver is not None:
            length = data[start + 1] - 0x80
            if 0 <= length < 126:
                body = start + 6
            elif length == 126 and size - start >= 8:
                body = start + 8
                length = data[start + 2] << 8 | data[start + 3]
                if length < 126 or length > self.factory.max_frame_bytes:
                    break
            else:
                break
            end = body + length
            if end > size:
                break
            payload = _unmasked(data[body:end], data[body - 4 : body])
            if not payload.isascii() and not _is_utf8(payload):
                break
            start = end
            self.factory.frames_in += 1
            self._deliver(receiver, payload, now)
            if self.state != self.STATE_OPEN:
                break
        return start

    def onMessage(self, payload: bytes, is_binary: bool) -> None:
        """Autobahn: a message that did not come the short way is complete."""
        receiver = self.receiver
        if receiver is None:
            return
        self.factory.frames_in += 1
        if is_binary:
            receiver.binary(payload)
        else:
            self._deliver(receiver, payload, self.heard_at)

    def _deliver(self, receiver: Receiver, payload: bytes, now: float) -> None:
        try:
            receiver.text(payload, now)
        except Exception:  # noqa: BLE001  # one message's bug is not the connection's
            _log.failure("A message could not be handled", peer=self.peer)

    # --- sending ----------------------------------------------------------------------------

    def send(self, payload: bytes) -> None:
        """Send a text message (UTF-8), unless the socket is closing or closed."""
        if self.state != self.STATE_OPEN:
            return
        self.factory.frames_out += 1
        size = len(payload)
        deflate: Deflate | None = self._perMessageCompress
        if deflate is not None and size >= WORTH:
            self.sendFrame(opcode=1, payload=deflate.deflated(payload), rsv=_COMPRESSED)
        elif size < 126:
            self._write(_SHORT_HEADS[size] + payload)
        elif size < 65536:
            self._write(b"\x81\x7e" + size.to_bytes(2, "big") + payload)
        else:
            self.sendFrame(opcode=1, payload=payload)

    def send_binary(self, payload: bytes) -> None:
        """Send a binary message, unless the socket is closing or closed."""
        if self.state == self.STATE_OPEN:
            self.factory.frames_out += 1
            self.sendFrame(opcode=2, payload=payload)

    def _write(self, frame: bytes) -> None:
        transport = self.transport
        if (
            self._plain
            and not transport.dataBuffer
            and not transport._tempDataBuffer  # noqa: SLF001  # see "writing at once"
            and transport.connected
            and not transport.TLS
        ):
            written = transport.writeSomeData(frame)
            if written == len(frame):
                return
            if type(written) is int:
                frame = frame[written:]
        transport.write(frame)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    if size < _INT_XOR_LIMIT:
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "little")
        return (int.from_bytes(payload, "little") ^ key).to_bytes(size, "little")
    unmasked: bytes = create_xor_masker(mask, size).process(payload)
    return unmasked


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
