"""One WebSocket: the handshake, what is refused, liveness, flow, and the end."""

from __future__ import annotations

import struct
from typing import Any

import attrs
import pytest
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from csms.gateway.factory import Admit, SocketFactory
from csms.gateway.settings import GatewaySettings
from csms.gateway.throttle import Crowd
from csms.gateway.visits import THROTTLED, Knock, RefusedError, Welcome, Wire
from csms.gateway.wheel import Wheel
from csms.testing.gateway import MemoryCharger, MemoryTransport, client_frame, upgrade


@attrs.define
class Ear:
    """Records what a socket receives."""

    wire: Wire
    takes_binary: bool = False
    heard: list[bytes] = attrs.field(factory=list)
    ended: list[str] = attrs.field(factory=list)
    on_text: Any = None
    fails: bool = False

    def text(self, payload: bytes, now: float) -> None:
        self.heard.append(payload)
        if self.on_text is not None:
            self.on_text(payload)

    def binary(self, payload: bytes) -> None:
        self.heard.append(payload)

    def lost(self, reason: str) -> None:
        self.ended.append(reason)
        if self.fails:
            raise RuntimeError("bug")


class Door:
    """A factory of sockets, and who decides on them."""

    def __init__(self, admit: Admit | None = None, **settings: Any) -> None:
        self.clock = Clock()
        self.ears: list[Ear] = []
        self.knocks: list[Knock] = []
        self.factory = SocketFactory(
            self.clock,
            Wheel(self.clock),
            GatewaySettings(node="test", **settings),
            admit or self.admit,
            Crowd(),
            "Come by WebSocket.",
        )

    async def admit(self, knock: Knock) -> Welcome:
        self.knocks.append(knock)
        return Welcome(knock.protocols[0] if knock.protocols else None, knock.host, self.opened)

    def opened(self, wire: Wire) -> Ear:
        self.ears.append(Ear(wire))
        return self.ears[-1]

    def visitor(self, host: str = "203.0.113.5") -> MemoryCharger:
        return MemoryCharger(self.factory, host)

    def guest(self) -> MemoryCharger:
        visitor = self.visitor()
        assert visitor.knock().startswith("HTTP/1.1 101")
        return visitor

    @property
    def ear(self) -> Ear:
        (ear,) = self.ears
        return ear

    def pass_s(self, seconds: float) -> None:
        for _ in range(int(seconds / 0.25)):
            self.clock.advance(0.25)


@pytest.fixture
def door() -> Door:
    return Door()


def status(head: str) -> int:
    return int(head.split()[1])


# --- handshake ------------------------------------------------------------------------------


def test_admitted(door: Door) -> None:
    """The chosen subprotocol is echoed, and the server does not tell its version."""
    visitor = door.visitor()
    head = visitor.knock("/ocpp/CP1?a=b", ["ocpp2.0.1", "ocpp1.6"], {"X-Y": "z"})
    assert status(head) == 101
    assert "Sec-WebSocket-Protocol: ocpp2.0.1" in head
    assert "Server: csms\r\n" in head
    assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    (knock,) = door.knocks
    assert (knock.resource, knock.protocols) == ("/ocpp/CP1?a=b", ("ocpp2.0.1", "ocpp1.6"))
    assert (knock.host, knock.port, knock.headers["x-y"]) == ("203.0.113.5", 50_000, "z")
    assert door.ear.wire.peer == "203.0.113.5:50000"


def test_no_compression() -> None:
    """Where it is turned off, an offer is passed over."""
    door = Door(compression=False)
    head = door.visitor().knock(headers={"Sec-WebSocket-Extensions": "permessage-deflate"})
    assert status(head) == 101
    assert "Extensions" not in head


@pytest.mark.parametrize("origin", ["null", "file://", "http://browser.example", "???"])
def test_origin_is_ignored(door: Door, origin: str) -> None:
    """Firmware sends all kinds."""
    assert status(door.visitor().knock(headers={"Origin": origin})) == 101


def test_resource_is_what_was_sent(door: Door) -> None:
    """Not what a URL parser made of it: doubled slashes and parameters are kept."""
    door.visitor().knock("//ocpp//CP1;x=1")
    assert door.knocks[0].resource == "//ocpp//CP1;x=1"


def test_refused() -> None:
    """The answer is complete HTTP, and the connection ends."""

    async def admit(knock: Knock) -> Welcome:
        raise RefusedError(401, "Who are you?", {"WWW-Authenticate": "Basic"})

    door = Door(admit)
    visitor = door.visitor()
    head = visitor.knock()
    assert status(head) == 401
    assert "WWW-Authenticate: Basic" in head
    assert visitor.transport.value() == b"Who are you?\n"
    assert visitor.transport.ended == "closed"
    assert door.factory.refusals == {401: 1}
    assert not door.factory.sockets


def test_a_bug_in_admission() -> None:
    """500 without details, and it is logged."""

    async def admit(knock: Knock) -> Welcome:
        raise ZeroDivisionError("secret detail")

    visitor = Door(admit).visitor()
    with capturedLogs() as logs:
        head = visitor.knock()
    assert status(head) == 500
    assert b"secret" not in visitor.transport.value()
    assert any(isinstance(e.get("log_failure", None) and e["log_failure"].value, ZeroDivisionError)
               for e in logs)  # fmt: skip


def test_a_bug_in_opening() -> None:
    """The WebSocket is closed with 1011, and it is logged."""

    def opened(wire: Wire) -> Ear:
        raise ZeroDivisionError

    async def admit(knock: Knock) -> Welcome:
        return Welcome("ocpp1.6", knock.host, opened)

    visitor = Door(admit).visitor()
    with capturedLogs() as logs:
        visitor.knock()
    assert visitor.close_code() == 1011
    assert logs


def test_a_subprotocol_nobody_offered() -> None:
    """A bug that Autobahn notices; the connection ends."""

    async def admit(knock: Knock) -> Welcome:
        return Welcome("ocpp9", knock.host, Ear)

    visitor = Door(admit).visitor()
    with capturedLogs() as logs:
        visitor.knock()
    assert visitor.transport.ended == "aborted"
    assert logs


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET / HTTP/1.1", 426),
        ("GET /ocpp/CP1 HTTP/1.1", 426),
        ("POST /ocpp/CP1 HTTP/1.1", 405),
        ("GET /ocpp/CP1 HTTP/1.0", 505),
        ("GET /ocpp/CP1#x HTTP/1.1", 400),
        ("GET", 400),
        ("nonsense", 400),
    ],
)
def test_no_websocket(door: Door, request_line: str, expected: int) -> None:
    """A browser gets a short text; nothing that was sent is echoed."""
    visitor = door.visitor()
    visitor.send_raw(f"{request_line}\r\nHost: x\r\nX: <script>\r\n\r\n".encode())
    head = visitor.answer_head()
    assert status(head) == expected
    assert b"script" not in visitor.transport.value()
    assert b"CP1" not in visitor.transport.value()
    assert visitor.transport.ended == "closed"


def test_greeting(door: Door) -> None:
    """... that says what this port is for, and how to come back."""
    visitor = door.visitor()
    visitor.send_raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert "Upgrade: websocket" in visitor.answer_head()
    assert visitor.transport.value() == b"Come by WebSocket.\n"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 12", 400),
        (b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b"", 400),
        (b"Connection: Upgrade\r\n", b"", 400),
        (b"Host:", b"Host: a\r\nHost:", 400),
        (b"Host: csms.example:9000", b"Host: csms\x0bexample", 400),
        (b"\r\nHost:", b"\nHost:", 400),
    ],
)
def test_no_sound_handshake(door: Door, old: bytes, new: bytes, expected: int) -> None:
    """RFC 6455 §4.2.1, and nothing that proxies may read in another way."""
    visitor = door.visitor()
    visitor.send_raw(upgrade().replace(old, new))
    assert status(visitor.answer_head()) == expected
    assert not door.knocks


def test_handshake_in_pieces(door: Door) -> None:
    """TCP may cut anywhere."""
    visitor = door.visitor()
    for byte in upgrade():
        visitor.send_raw(bytes((byte,)))
    assert status(visitor.answer_head()) == 101


@pytest.mark.parametrize("ended", [False, True])
def test_long_header(door: Door, ended: bool) -> None:
    """Beyond 8 KiB: 431."""
    visitor = door.visitor()
    visitor.send_raw(b"GET / HTTP/1.1\r\nX: " + b"x" * 8192 + b"\r\n\r\n" * ended)
    assert status(visitor.answer_head()) == 431


def test_handshake_takes_too_long(door: Door) -> None:
    """A client that says nothing, or too slowly, is cut off."""
    silent, slow = door.visitor(), door.visitor()
    slow.send_raw(b"GET /")
    door.pass_s(14)
    assert silent.transport.ended is None
    door.pass_s(2)
    assert silent.transport.ended == slow.transport.ended == "aborted"
    assert not door.factory.sockets


# --- while it is being decided --------------------------------------------------------------


@attrs.define
class Slow:
    """Decides when the test says so."""

    decision: Deferred[Welcome] = attrs.field(factory=Deferred)

    async def __call__(self, knock: Knock) -> Welcome:
        return await self.decision


def test_nothing_is_read_meanwhile() -> None:
    """What comes too early waits, and is not taken for another handshake."""
    slow = Slow()
    door = Door(slow)
    visitor = door.visitor()
    visitor.send_raw(upgrade() + client_frame(b"early"))
    assert visitor.transport.producerState == "paused"
    visitor.send_raw(client_frame(b"\r\n\r\n"))
    slow.decision.callback(Welcome("ocpp1.6", "203.0.113.5", door.opened))
    assert visitor.transport.producerState == "producing"
    assert door.ear.heard == [b"early", b"\r\n\r\n"]


def test_gone_before_it_was_decided() -> None:
    """Nothing is opened for a client that left."""
    slow = Slow()
    door = Door(slow)
    visitor = door.visitor()
    visitor.knock()
    visitor.vanish()
    slow.decision.callback(Welcome("ocpp1.6", "203.0.113.5", door.opened))
    assert door.ears == []
    assert not door.factory.sockets


def test_refused_after_it_was_gone() -> None:
    """... and nothing is answered."""
    slow = Slow()
    door = Door(slow)
    visitor = door.visitor()
    visitor.knock()
    visitor.vanish()
    slow.decision.errback(RefusedError(404, "No."))
    assert visitor.transport.value() == b""
    assert not door.factory.refusals


def test_too_slow_to_be_decided() -> None:
    """The handshake has its time, whoever takes it."""
    slow = Slow()
    door = Door(slow)
    visitor = door.visitor()
    visitor.knock()
    door.pass_s(16)
    assert visitor.transport.ended == "aborted"
    slow.decision.callback(Welcome("ocpp1.6", "203.0.113.5", door.opened))
    assert door.ears == []


def test_too_much_too_early() -> None:
    """Memory before admission is bounded even where reading cannot be stopped."""
    door = Door(Slow())
    visitor = door.visitor()
    visitor.send_raw(upgrade())
    for _ in range(20):
        visitor.send_raw(b"x" * 65536)
    assert visitor.transport.ended == "aborted"


# --- messages -------------------------------------------------------------------------------


def test_text_arrives(door: Door) -> None:
    """Whole messages, whatever way they took."""
    guest = door.guest()
    guest.send_text("one")
    guest.send_raw(client_frame(b"t", fin=False) + client_frame(b"wo", 0))
    guest.send_raw(client_frame(b"three")[:5])
    guest.send_raw(client_frame(b"three")[5:])
    assert door.ear.heard == [b"one", b"two", b"three"]
    assert door.factory.frames_in == 3


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 200_000])
def test_text_is_sent(door: Door, size: int) -> None:
    """Of any length."""
    guest = door.guest()
    door.ear.wire.send(b"x" * size)
    assert guest.frames() == [(1, b"x" * size)]
    assert door.factory.frames_out == 1


def test_binary_is_sent(door: Door) -> None:
    """Where somebody wants that."""
    guest = door.guest()
    door.ear.wire.send_binary(b"\x00\xff")
    assert guest.frames() == [(2, b"\x00\xff")]


def test_binary_is_refused(door: Door) -> None:
    """OCPP-J is text: 1003, already at the first fragment."""
    guest = door.guest()
    guest.send_raw(client_frame(b"\x00", 2, fin=False))
    assert guest.close_code() == 1003
    guest.send_raw(client_frame(b"\x00", 0) + client_frame(b"late"))
    assert door.ear.heard == []


def test_binary_is_taken_where_it_is_wanted(door: Door) -> None:
    """By those who say so."""
    guest = door.guest()
    door.ear.takes_binary = True
    guest.send_raw(client_frame(b"\x00\xff", 2))
    assert door.ear.heard == [b"\x00\xff"]


@pytest.mark.parametrize("size", [1025, 70_000])
def test_too_big(size: int) -> None:
    """1009, before the message has come whole."""
    door = Door(max_frame_bytes=1024)
    guest = door.guest()
    guest.send_raw(client_frame(b"x" * size)[:100])
    assert guest.close_code() == 1009


def test_too_big_in_fragments() -> None:
    """The limit is that of the message."""
    door = Door(max_frame_bytes=1024)
    guest = door.guest()
    guest.send_raw(client_frame(b"x" * 1000, fin=False) + client_frame(b"x" * 1000, 0))
    assert guest.close_code() == 1009
    assert door.ear.heard == []


def test_bad_utf8(door: Door) -> None:
    """RFC 6455 §8.1: 1007."""
    guest = door.guest()
    guest.send_text(b"\xff")
    assert guest.close_code() == 1007


def test_ping_is_answered(door: Door) -> None:
    """With the same payload."""
    guest = door.guest()
    guest.send_raw(client_frame(b"hello", 9))
    assert guest.frames() == [(10, b"hello")]


def test_a_bug_in_the_receiver(door: Door) -> None:
    """One message that cannot be handled does not end the connection."""

    def bug(payload: bytes) -> None:
        if payload == b"bad":
            raise ZeroDivisionError

    guest = door.guest()
    door.ear.on_text = bug
    with capturedLogs() as logs:
        guest.send_raw(client_frame(b"bad") + client_frame(b"good"))
    assert door.ear.heard == [b"bad", b"good"]
    assert guest.transport.ended is None
    assert len(logs) == 1


def test_nothing_is_delivered_after_closing(door: Door) -> None:
    """Also not what came in the same piece."""
    guest = door.guest()
    door.ear.on_text = lambda _: door.ear.wire.close(1008, "enough")
    guest.send_raw(client_frame(b"one") + client_frame(b"two"))
    guest.send_text("three")
    assert door.ear.heard == [b"one"]


# --- the end --------------------------------------------------------------------------------


def test_station_closes(door: Door) -> None:
    """The closing handshake is answered, and the reason is told."""
    guest = door.guest()
    guest.send_raw(client_frame(struct.pack("!H", 1000) + b"bye", 8))
    assert guest.close_code() == 1000
    assert guest.transport.ended == "closed"
    assert door.ear.ended == ["closed by the station (1000): bye"]
    assert not door.factory.sockets


def test_station_vanishes(door: Door) -> None:
    """Nothing was said."""
    guest = door.guest()
    guest.vanish()
    assert door.ear.ended == ["connection lost"]


def test_we_close(door: Door) -> None:
    """Our reason is the one that counts, and the connection ends with the station's answer."""
    guest = door.guest()
    door.ear.wire.close(1008, "too much")
    assert guest.frames() == [(8, struct.pack("!H", 1008) + b"too much")]
    assert door.ear.ended == []
    guest.send_raw(client_frame(struct.pack("!H", 1008), 8))
    assert guest.transport.ended == "aborted"
    assert door.ear.ended == ["too much"]


def test_we_close_and_nobody_answers(door: Door) -> None:
    """A few seconds, then the connection is cut."""
    guest = door.guest()
    door.ear.wire.close(1008, "too much")
    door.pass_s(4)
    assert guest.transport.ended == "aborted"
    assert door.ear.ended == ["too much"]


def test_closing_twice(door: Door) -> None:
    """The first reason counts."""
    guest = door.guest()
    door.ear.wire.close(1008, "first")
    door.ear.wire.close(1001, "second")
    door.ear.wire.send(b"late")
    door.ear.wire.send_binary(b"late")
    assert [opcode for opcode, _ in guest.frames()] == [8]


def test_long_reasons_are_cut(door: Door) -> None:
    """A close frame holds 125 bytes."""
    guest = door.guest()
    door.ear.wire.close(1008, "Ж" * 200)
    ((opcode, payload),) = guest.frames()
    assert opcode == 8
    assert len(payload) <= 125
    payload[2:].decode()


def test_rule_broken(door: Door) -> None:
    """What Autobahn closes for is told, too."""
    guest = door.guest()
    guest.send_raw(client_frame(b"x", mask=None))
    guest.vanish()
    assert door.ear.ended == [
        "closed by the server (1002): unmasked client-to-server frame"
    ]  # fmt: skip


def test_closing_a_handshake(door: Door) -> None:
    """Who is not let in yet is cut off without a word."""
    visitor = door.visitor()
    visitor.server.close(1001, "stopping")
    assert (visitor.transport.ended, visitor.transport.value()) == ("aborted", b"")
    visitor.server.close(1001, "stopping")


def test_a_bug_at_the_end(door: Door) -> None:
    """It is logged; the socket is gone all the same."""
    guest = door.guest()
    door.ear.fails = True
    with capturedLogs() as logs:
        guest.vanish()
    assert len(logs) == 1
    assert not door.factory.sockets


# --- liveness -------------------------------------------------------------------------------


def test_silence_is_pinged(door: Door) -> None:
    """After the interval; a pong begins a new one."""
    guest = door.guest()
    door.pass_s(44)
    assert guest.frames() == []
    door.pass_s(1.5)
    assert guest.frames() == [(9, b"")]
    guest.send_raw(client_frame(b"", 10))
    door.pass_s(44)
    assert guest.frames() == []
    door.pass_s(2)
    assert guest.frames() == [(9, b"")]


def test_who_speaks_is_not_pinged(door: Door) -> None:
    """Any message is a sign of life."""
    guest = door.guest()
    for _ in range(10):
        door.pass_s(30)
        guest.send_text("x")
    assert guest.frames() == []


def test_half_open_connection_is_found(door: Door) -> None:
    """No answer to a ping: the connection is cut."""
    guest = door.guest()
    door.pass_s(46)
    assert guest.transport.ended is None
    door.pass_s(30)
    assert guest.transport.ended == "aborted"
    assert door.ear.ended == ["no answer to a ping"]
    assert not door.factory.sockets


def test_pings_can_be_off() -> None:
    """0 seconds: never."""
    door = Door(ping_interval_s=0)
    guest = door.guest()
    door.pass_s(1000)
    assert guest.frames() == []
    guest.vanish()


def test_a_closing_socket_is_not_pinged(door: Door) -> None:
    """It has its own deadline."""
    guest = door.guest()
    door.pass_s(44)
    door.ear.wire.close(1008, "x")
    door.pass_s(2)
    assert [opcode for opcode, _ in guest.frames()] == [8]


def test_who_is_not_read_is_not_dead(door: Door) -> None:
    """While we do not listen, silence means nothing."""
    guest = door.guest()
    door.ear.wire.pause(THROTTLED)
    door.pass_s(300)
    assert guest.transport.ended is None
    door.ear.wire.resume(THROTTLED)
    door.pass_s(44)
    assert guest.transport.ended is None


def test_not_read_after_a_ping(door: Door) -> None:
    """... also when the ping was sent before."""
    guest = door.guest()
    door.pass_s(46)
    door.ear.wire.pause(THROTTLED)
    door.pass_s(60)
    assert guest.transport.ended is None


# --- flow -----------------------------------------------------------------------------------


def test_who_does_not_read_is_not_read(door: Door) -> None:
    """Answers must not pile up: the transport's back-pressure reaches the station."""
    guest = door.guest()
    assert guest.transport.producer is guest.server
    guest.server.pauseProducing()
    assert guest.transport.producerState == "paused"
    guest.server.resumeProducing()
    assert guest.transport.producerState == "producing"


def test_two_reasons_not_to_read(door: Door) -> None:
    """Reading goes on when both are gone."""
    guest = door.guest()
    door.ear.wire.pause(THROTTLED)
    guest.server.pauseProducing()
    assert door.ear.wire.paused_by(THROTTLED)
    door.ear.wire.resume(THROTTLED)
    assert not door.ear.wire.paused_by(THROTTLED)
    assert guest.transport.producerState == "paused"
    guest.server.resumeProducing()
    guest.server.resumeProducing()
    assert guest.transport.producerState == "producing"


def test_closing_listens_again(door: Door) -> None:
    """Or the answer to our close would never be heard."""
    guest = door.guest()
    door.ear.wire.pause(THROTTLED)
    door.ear.wire.close(1008, "x")
    assert guest.transport.producerState == "producing"


def test_a_peer_without_address(door: Door) -> None:
    """A unix socket has neither host nor port."""
    server: Any = door.factory.buildProtocol(UNIXAddress("/run/csms"))
    transport = MemoryTransport(server)
    transport.peerAddr = UNIXAddress("")
    server.makeConnection(transport)
    server.dataReceived(upgrade())
    assert (door.knocks[0].host, door.knocks[0].port) == ("", 0)
