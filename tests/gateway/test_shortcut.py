"""The short way of `csms.gateway.protocol.Socket` is Autobahn's way, byte for byte."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import Clock

from csms.gateway.echo import echo_factory
from csms.gateway.settings import GatewaySettings
from csms.gateway.wheel import Wheel
from csms.testing.gateway import MemoryCharger, client_frame, upgrade

LIMIT = 100_000


class PlainEcho(WebSocketServerProtocol):
    """Autobahn as it comes."""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N803
        self.sendMessage(payload, isBinary)


def ours() -> ServerFactory:
    return echo_factory(
        clock := Clock(), Wheel(clock), GatewaySettings(node="test", max_frame_bytes=LIMIT)
    )


def autobahns() -> ServerFactory:
    clock = Clock()
    factory = WebSocketServerFactory(server="csms", reactor=clock)
    factory.protocol = PlainEcho
    factory.setProtocolOptions(
        failByDrop=False,
        maxFramePayloadSize=LIMIT,
        maxMessagePayloadSize=LIMIT,
        openHandshakeTimeout=0,
        closeHandshakeTimeout=0,
    )
    return factory


def answers(make: Callable[[], ServerFactory], pieces: list[bytes]) -> tuple[bytes, str | None]:
    """All that the server sends, and how it ended the connection."""
    charger = MemoryCharger(make())
    for piece in [upgrade(), *pieces]:
        charger.send_raw(piece)
    return charger.transport.value(), charger.transport.ended


def pieces_of(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


TEXT = client_frame(b'[2,"1","Heartbeat",{}]')
CASES = {
    "empty": client_frame(b""),
    "small": TEXT,
    "125 bytes": client_frame(b"x" * 125),
    "126 bytes": client_frame(b"x" * 126),
    "600 bytes": client_frame(b"x" * 600),
    "1200 bytes": client_frame(b"y" * 1200),
    "65535 bytes": client_frame(b"x" * 65535),
    "70 kB": client_frame(b"x" * 70_000),
    "at the limit": client_frame(b"x" * LIMIT),
    "over the limit": client_frame(b"x" * (LIMIT + 1)),
    "over the limit, then more": client_frame(b"x" * (LIMIT + 1)) + TEXT,
    "two in one piece": TEXT + client_frame(b"second"),
    "many in one piece": TEXT * 50,
    "letters beyond ASCII": client_frame("Жулдыз ⚡ 充电".encode()),
    "zero mask": client_frame(b"plain", mask=b"\0\0\0\0"),
    "binary": client_frame(b"\x00\xff", 2),
    "binary among text": TEXT + client_frame(b"\x00\xff", 2) + TEXT,
    "fragments": client_frame(b"ab", fin=False) + client_frame(b"cd", 0),
    "fragments, then text": client_frame(b"ab", fin=False) + client_frame(b"cd", 0) + TEXT,
    "empty fragments": client_frame(b"", fin=False)
    + client_frame(b"", 0, fin=False)
    + client_frame(b"", 0),
    "a letter over two fragments": client_frame(b"\xd0", fin=False) + client_frame(b"\x96", 0),
    "half a letter": client_frame(b"ab\xd0"),
    "ping inside fragments": client_frame(b"ab", fin=False)
    + client_frame(b"hello", 9)
    + client_frame(b"cd", 0),
    "text inside fragments": client_frame(b"ab", fin=False) + TEXT,
    "continuation of nothing": client_frame(b"cd", 0),
    "ping": client_frame(b"hello", 9),
    "ping without payload": client_frame(b"", 9),
    "ping of 126 bytes": client_frame(b"x" * 126, 9),
    "fragmented ping": client_frame(b"x", 9, fin=False),
    "pong nobody asked for": client_frame(b"x", 10) + TEXT,
    "ping between texts": TEXT + client_frame(b"p", 9) + TEXT,
    "bad UTF-8": client_frame(b"ab\xff\xfe"),
    "surrogate in UTF-8": client_frame(b"\xed\xa0\x80"),
    "overlong UTF-8": client_frame(b"\xc0\xaf"),
    "text, then bad UTF-8, then text": TEXT + client_frame(b"\xff") + TEXT,
    "RSV1": client_frame(b"x", rsv=4),
    "RSV2": client_frame(b"x", rsv=2) + TEXT,
    "reserved opcode 3": client_frame(b"x", 3),
    "reserved opcode 11": client_frame(b"x", 11),
    "unmasked": client_frame(b"x", mask=None),
    "unmasked, empty": client_frame(b"", mask=None),
    "text, then unmasked": TEXT + client_frame(b"x", mask=None),
    "length not minimal in 16 bits": client_frame(b"x", length_bytes=2),
    "length not minimal in 64 bits": client_frame(b"x" * 200, length_bytes=8),
    "length beyond 63 bits": b"\x81\xff" + b"\xff" * 8 + b"mask",
    "close": client_frame(b"", 8),
    "close with code": client_frame(b"\x03\xe8bye", 8),
    "close with a reserved code": client_frame(b"\x03\xed", 8),
    "close with one byte": client_frame(b"\x03", 8),
    "close with bad UTF-8": client_frame(b"\x03\xe8\xff", 8),
    "close, then text": client_frame(b"\x03\xe8", 8) + TEXT,
    "text, then close": TEXT + client_frame(b"\x03\xe8", 8),
    "half a frame": TEXT[:7],
    "half a header": b"\x81",
}
SMALL = 700
LARGE = 5_000


@pytest.mark.parametrize("name", CASES)
def test_in_one_piece(name: str) -> None:
    """Whatever comes in one piece is answered as Autobahn answers it."""
    assert answers(ours, [CASES[name]]) == answers(autobahns, [CASES[name]])


@pytest.mark.parametrize("name", CASES)
def test_with_the_handshake(name: str) -> None:
    """Frames that come together with the handshake are not lost."""

    def both(make: Callable[[], ServerFactory]) -> bytes:
        charger = MemoryCharger(make())
        charger.send_raw(upgrade() + CASES[name])
        return charger.transport.value()

    assert both(ours) == both(autobahns)


@pytest.mark.parametrize("name", [name for name, data in CASES.items() if len(data) < SMALL])
def test_split_at_every_byte(name: str) -> None:
    """TCP may cut anywhere."""
    data = CASES[name] + TEXT
    for cut in range(1, len(data)):
        pieces = [data[:cut], data[cut:]]
        assert answers(ours, pieces) == answers(autobahns, pieces)


@pytest.mark.parametrize("name", [name for name, data in CASES.items() if len(data) < LARGE])
def test_byte_by_byte(name: str) -> None:
    """... even everywhere."""
    pieces = pieces_of(CASES[name] + TEXT, 1)
    assert answers(ours, pieces) == answers(autobahns, pieces)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([data for data in CASES.values() if len(data) < LARGE]),
            st.binary(max_size=200).map(client_frame),
            st.text(max_size=200).map(lambda text: client_frame(text.encode())),
            st.binary(max_size=40),
        ),
        max_size=6,
    ),
    st.integers(1, 400),
)
def test_any_mixture(frames: list[bytes], size: int) -> None:
    """Any sequence of frames and rubbish, cut into pieces of any size."""
    pieces = pieces_of(b"".join(frames), size)
    assert answers(ours, pieces) == answers(autobahns, pieces)
