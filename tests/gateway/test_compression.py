"""permessage-deflate: what is agreed on, what goes over the wire, and what it may cost."""

from __future__ import annotations

import tracemalloc
import zlib
from typing import Any

import attrs
import pytest
from autobahn.exception import PayloadCorruptError, PayloadExceededError
from autobahn.websocket.compress import PerMessageDeflateOffer
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from csms.gateway.compression import WORTH, Deflate, accept, acceptable
from csms.gateway.factory import SocketFactory
from csms.gateway.settings import GatewaySettings
from csms.gateway.throttle import Crowd
from csms.gateway.visits import Knock, Welcome, Wire
from csms.gateway.wheel import Wheel
from csms.testing.gateway import MemoryCharger, client_frame, server_frames

END = b"\x00\x00\xff\xff"
LIMIT = 100_000


@attrs.define
class Ear:
    """Records what a socket receives."""

    wire: Wire
    takes_binary: bool = False
    heard: list[bytes] = attrs.field(factory=list)

    def text(self, payload: bytes, now: float) -> None:
        self.heard.append(payload)

    def binary(self, payload: bytes) -> None:
        raise AssertionError

    def lost(self, reason: str) -> None:
        pass


class Compressed:
    """A connection that a client offered to compress."""

    def __init__(self, offer: str = "permessage-deflate", **settings: Any) -> None:
        self.ears: list[Ear] = []
        clock = Clock()
        self.factory = SocketFactory(
            clock,
            Wheel(clock),
            GatewaySettings(node="test", **{"max_frame_bytes": LIMIT, **settings}),
            self._admit,
            Crowd(),
            "",
        )
        self.client = MemoryCharger(self.factory)
        head = self.client.knock(headers={"Sec-WebSocket-Extensions": offer})
        assert head.startswith("HTTP/1.1 101"), head
        lines = [line for line in head.split("\r\n") if "Extensions" in line]
        self.agreed = lines[0].partition(": ")[2] if lines else None

    async def _admit(self, knock: Knock) -> Welcome:
        return Welcome(knock.protocols[0], knock.host, self._opened)

    def _opened(self, wire: Wire) -> Ear:
        self.ears.append(Ear(wire))
        return self.ears[-1]

    @property
    def ear(self) -> Ear:
        return self.ears[-1]

    def raw(self) -> bytes:
        """What the server sent."""
        data = self.client.transport.value()
        self.client.transport.clear()
        return data


@pytest.fixture
def wire() -> Compressed:
    return Compressed()


def deflated(payload: bytes, bits: int = 15) -> bytes:
    deflater = zlib.compressobj(wbits=-bits)
    return (deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)).removesuffix(END)


def inflated(data: bytes, bits: int = 15) -> bytes:
    return zlib.decompressobj(-bits).decompress(data + END)


# --- what is agreed on ----------------------------------------------------------------------

BOTH = "server_no_context_takeover"


@pytest.mark.parametrize(
    ("offer", "agreed"),
    [
        ("permessage-deflate", {"server_no_context_takeover", "client_no_context_takeover"}),
        (
            "permessage-deflate; client_max_window_bits",
            {BOTH, "client_no_context_takeover", "client_max_window_bits=12"},
        ),
        (
            "permessage-deflate; client_max_window_bits=15",
            {BOTH, "client_no_context_takeover", "client_max_window_bits=12"},
        ),
        (
            "permessage-deflate; client_max_window_bits=10",
            {BOTH, "client_no_context_takeover"},
        ),
        ("permessage-deflate; client_max_window_bits=8", {BOTH, "client_no_context_takeover"}),
        (
            "permessage-deflate; server_max_window_bits=15",
            {BOTH, "client_no_context_takeover", "server_max_window_bits=12"},
        ),
        (
            'permessage-deflate; server_max_window_bits="9"',
            {BOTH, "client_no_context_takeover", "server_max_window_bits=9"},
        ),
        (
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            {BOTH, "client_no_context_takeover"},
        ),
        (
            "permessage-deflate; server_max_window_bits=8, permessage-deflate",
            {BOTH, "client_no_context_takeover"},
        ),
        ("x-webkit-deflate-frame, permessage-deflate", {BOTH, "client_no_context_takeover"}),
    ],
)
def test_agreed(offer: str, agreed: set[str]) -> None:
    """Nothing is kept between messages; the window is small where it may be asked for, and no
    larger than the client wants."""
    answer = Compressed(offer).agreed
    assert answer is not None
    name, *parameters = answer.split("; ")
    assert name == "permessage-deflate"
    assert set(parameters) == agreed
    assert len(parameters) == len(agreed)


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=012",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; client_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; unknown",
        "permessage-bzip2",
        "permessage-brotli",
        "mux",
        ",;=",
    ],
)
def test_declined(offer: str) -> None:
    """§5.1: an offer that is no good is passed over, the connection is made all the same."""
    wire = Compressed(offer)
    assert wire.agreed is None
    wire.client.send_text("plain")
    assert wire.ear.heard == [b"plain"]


def test_nothing_left_to_accept() -> None:
    """What is no offer of ours is not accepted."""
    assert acceptable([]) == []
    assert accept([]) is None
    assert accept([object(), PerMessageDeflateOffer()]) is not None


# --- what stations send ---------------------------------------------------------------------


def test_received(wire: Compressed) -> None:
    """A compressed message arrives inflated; and so does the next, each for itself."""
    for text in (b"a" * 1000, "gr\u00fcn".encode() * 50, b""):
        wire.client.send_raw(client_frame(deflated(text), rsv=4))
        assert wire.ear.heard[-1] == text
    assert len(wire.ear.heard) == 3


def test_received_beside_plain_ones(wire: Compressed) -> None:
    """§6: any message may be sent as it is; in one piece of TCP, in order."""
    plain, short = client_frame(b"plain"), client_frame(deflated(b"short" * 50), rsv=4)
    wire.client.send_raw(plain + short + plain + short + plain)
    assert wire.ear.heard == [b"plain", b"short" * 50, b"plain", b"short" * 50, b"plain"]


def test_received_in_pieces(wire: Compressed) -> None:
    """Fragments, a ping between them, and bytes one by one."""
    data = deflated(bytes(range(32, 127)) * 20)
    stream = (
        client_frame(data[:20], rsv=4, fin=False)
        + client_frame(b"", opcode=9)
        + client_frame(data[20:30], opcode=0, fin=False)
        + client_frame(data[30:], opcode=0)
        + client_frame(b"plain")
    )
    for index in range(len(stream)):
        wire.client.send_raw(stream[index : index + 1])
    assert wire.ear.heard == [bytes(range(32, 127)) * 20, b"plain"]


def test_final_block(wire: Compressed) -> None:
    """§7.2.3.4: a message may end with a block that says it is the last."""
    deflater = zlib.compressobj(wbits=-15)
    data = deflater.compress(b"text" * 9) + deflater.flush(zlib.Z_FINISH) + b"\x00"
    wire.client.send_raw(client_frame(data, rsv=4))
    wire.client.send_raw(client_frame(deflated(b"next"), rsv=4))
    assert wire.ear.heard == [b"text" * 9, b"next"]


@pytest.mark.parametrize(("size", "heard"), [(LIMIT, 1), (LIMIT + 1, 0), (LIMIT * 1000, 0)])
def test_bomb(wire: Compressed, size: int, heard: int) -> None:
    """What inflates beyond the limit is cut off there, 1009."""
    wire.client.send_raw(client_frame(deflated(b"x" * size), rsv=4))
    assert len(wire.ear.heard) == heard
    assert wire.client.close_code() == (None if heard else 1009)


def test_bomb_takes_no_memory(wire: Compressed) -> None:
    """Not even while it is looked at."""
    frame = client_frame(deflated(b"x" * LIMIT * 500), rsv=4)
    tracemalloc.start()
    try:
        wire.client.send_raw(frame)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * LIMIT


def test_bomb_in_fragments(wire: Compressed) -> None:
    """The limit is the whole message's."""
    deflater = zlib.compressobj(wbits=-15)
    for number in range(3):
        data = deflater.compress(b"x" * 40_000) + deflater.flush(zlib.Z_SYNC_FLUSH)
        assert wire.client.close_code() is None
        first = number == 0
        frame = client_frame(data, opcode=int(first), rsv=4 * first, fin=False)
        wire.client.send_raw(frame)
    assert wire.client.close_code() == 1009
    assert wire.ear.heard == []


@pytest.mark.parametrize(
    "frame",
    [
        client_frame(b"\xff" * 20, rsv=4),
        client_frame(b"\x06", rsv=4),
        client_frame(deflated(b"\xff\xfe"), rsv=4),
    ],
)
def test_corrupt(wire: Compressed, frame: bytes) -> None:
    """1007 for what cannot be inflated, or is no UTF-8 then; whatever follows does not matter."""
    wire.client.send_raw(frame)
    assert wire.client.close_code() == 1007
    wire.client.send_raw(frame)
    wire.client.send_raw(client_frame(deflated(b"more"), rsv=4))
    assert wire.ear.heard == []


@pytest.mark.parametrize("rsv", [1, 2, 6])
def test_reserved_bits(wire: Compressed, rsv: int) -> None:
    """The others mean nothing."""
    wire.client.send_raw(client_frame(b"x", rsv=rsv))
    assert wire.client.close_code() == 1002


def test_bit_without_agreement() -> None:
    """Nor does RSV1 where compression was not agreed on."""
    wire = Compressed(compression=False)
    assert wire.agreed is None
    wire.client.send_raw(client_frame(deflated(b"x"), rsv=4))
    assert wire.client.close_code() == 1002
    assert wire.ear.heard == []


# --- what we send ---------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [9, 12, 15])
def test_sent(bits: int) -> None:
    """A long message is compressed, in a window that the client can follow."""
    wire = Compressed(f"permessage-deflate; server_max_window_bits={bits}")
    text = b"".join(b"%d," % number for number in range(4000))
    for _ in range(2):
        wire.ear.wire.send(text)
        data = wire.raw()
        assert data[0] == 0xC1
        ((_, payload),) = server_frames(data)
        assert len(payload) < len(text) / 2
        assert inflated(payload, min(bits, 12)) == text


def test_sent_as_it_is(wire: Compressed) -> None:
    """A short one is not worth it."""
    wire.ear.wire.send(b"x" * (WORTH - 1))
    assert wire.raw()[0] == 0x81
    wire.ear.wire.send(b"x" * WORTH)
    assert wire.raw()[0] == 0xC1


def test_sent_without_agreement() -> None:
    """Nothing is compressed for who did not offer it."""
    wire = Compressed("mux")
    wire.ear.wire.send(b"x" * 1000)
    assert wire.raw()[0] == 0x81


# --- cost, and anything ---------------------------------------------------------------------


def idle_bytes(offer: str) -> float:
    """Memory of a connection that heard and said something and is idle."""
    wires = []
    tracemalloc.start()
    try:
        for _ in range(50):
            wire = Compressed(offer)
            wire.client.send_raw(client_frame(b"plain"))
            if wire.agreed:
                wire.client.send_raw(client_frame(deflated(b"x" * 1000), rsv=4))
            wire.ear.heard.clear()
            wire.ear.wire.send(b"x" * 1000)
            wire.raw()
            wires.append(wire)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return size / len(wires)


def test_an_idle_connection_costs_no_more() -> None:
    """Nothing is kept between messages but what was agreed on."""
    idle_bytes("mux")
    assert idle_bytes("permessage-deflate") - idle_bytes("mux") < 2_000


@given(st.binary(max_size=3000), st.integers(9, 15), st.integers(9, 15))
def test_there_and_back(payload: bytes, theirs: int, ours: int) -> None:
    """Whatever is compressed comes out the same, for every window."""
    deflate = Deflate(ours, theirs)
    assert inflated(deflate.deflated(payload), ours) == payload
    deflate.start_decompress_message()
    assert deflate.decompress_message_data(deflated(payload, theirs), 3000) == payload
    deflate.end_decompress_message()


@given(st.binary(max_size=200), st.integers(-1, 50))
def test_anything_inflated(data: bytes, limit: int) -> None:
    """Garbage is corrupt or too much, or something within the limit."""
    deflate = Deflate(12, 12)
    deflate.start_decompress_message()
    try:
        assert len(deflate.decompress_message_data(data, limit)) <= max(limit, 0)
        deflate.end_decompress_message()
    except PayloadCorruptError:
        with pytest.raises(PayloadCorruptError):
            deflate.end_decompress_message()
    except PayloadExceededError:
        pass


def test_without_limit() -> None:
    """No limit is no limit."""
    deflate = Deflate(12, 12)
    deflate.start_decompress_message()
    assert len(deflate.decompress_message_data(deflated(b"x" * 200_000))) == 200_000
