"""What the sockets of one port share."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from autobahn.twisted.websocket import WebSocketServerProtocol
from autobahn.websocket.protocol import WebSocketServerFactory
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock

from csms.gateway.factory import SocketFactory
from csms.gateway.settings import GatewaySettings
from csms.gateway.throttle import Crowd
from csms.gateway.visits import Knock, Welcome
from csms.gateway.wheel import Wheel
from csms.testing.gateway import MemoryCharger


class Ear:
    """Hears nothing."""

    takes_binary = False

    def __init__(self, wire: object) -> None:
        self.wire = wire

    def text(self, payload: bytes, now: float) -> None: ...

    def binary(self, payload: bytes) -> None: ...

    def lost(self, reason: str) -> None: ...


def make(crowd: Crowd[str], source: str = "", **settings: Any) -> SocketFactory:
    async def admit(knock: Knock) -> Welcome:
        return Welcome("ocpp1.6", source or knock.host, Ear)

    clock = Clock()
    return SocketFactory(
        clock, Wheel(clock), GatewaySettings(node="test", **settings), admit, crowd, "Hello."
    )


def test_autobahn_is_the_one_we_know() -> None:
    """Private parts of it are used; another version has to be looked at first."""
    assert version("autobahn").startswith("26.10.")
    socket = WebSocketServerProtocol()
    socket.factory = WebSocketServerFactory()
    for name in ("_batched_timer", "countConnections"):
        assert hasattr(socket.factory, name)
    assert {"maxMessagePayloadSize", "failByDrop"} <= set(WebSocketServerProtocol.CONFIG_ATTRS)
    for name in ("_connectionMade", "_dataReceived", "consumeData", "sendCloseFrame", "_onOpen"):
        assert callable(getattr(socket, name))


def test_options_are_not_copied() -> None:
    """They belong to the class of a factory's sockets, or each connection would keep them all."""
    factory = make(Crowd(), max_frame_bytes=4321)
    charger = MemoryCharger(factory)
    assert "maxMessagePayloadSize" not in vars(charger.server)
    assert charger.server.maxMessagePayloadSize == 4321
    other = MemoryCharger(make(Crowd(), max_frame_bytes=99))
    assert other.server.maxMessagePayloadSize == 99


def test_what_the_handshake_needed_is_dropped() -> None:
    """An idle connection does not keep its request."""
    charger = MemoryCharger(make(Crowd()))
    charger.knock()
    kept = [name for name in vars(charger.server) if name.startswith(("http_", "_wskey"))]
    assert kept == []


def test_counted() -> None:
    """Sockets come and go, with and without handshake, and are counted by address."""
    crowd: Crowd[str] = Crowd()
    factory = make(crowd)
    one, two = MemoryCharger(factory, "1.1.1.1"), MemoryCharger(factory, "2.2.2.2")
    one.knock()
    assert (crowd.total, crowd["1.1.1.1"], crowd["2.2.2.2"]) == (2, 1, 1)
    assert (len(factory.sockets), factory.accepted) == (2, 2)
    one.vanish()
    two.vanish()
    assert (crowd.total, crowd["1.1.1.1"], len(factory.sockets)) == (0, 0, 0)


def test_counted_where_they_come_from() -> None:
    """Behind a trusted proxy that is known after the handshake."""
    crowd: Crowd[str] = Crowd()
    factory = make(crowd, "9.9.9.9", trusted_proxies=("10.0.0.1",))
    charger = MemoryCharger(factory, "10.0.0.1")
    assert (crowd.total, crowd["10.0.0.1"]) == (1, 0)
    charger.knock()
    assert (crowd.total, crowd["9.9.9.9"]) == (1, 1)
    charger.vanish()
    assert (crowd.total, crowd["9.9.9.9"]) == (0, 0)


def test_far_beyond_the_limit() -> None:
    """Some get a polite answer; a flood of sockets is dropped unheard."""
    factory = make(Crowd(), max_connections=10)
    address = IPv4Address("TCP", "1.1.1.1", 1)
    chargers = [MemoryCharger(factory) for _ in range(74)]
    assert factory.buildProtocol(address) is None
    chargers[0].vanish()
    assert factory.buildProtocol(address) is not None


def test_far_beyond_the_limit_of_one_address() -> None:
    """Others are served."""
    factory = make(Crowd(), max_connections_per_ip=10)
    for _ in range(74):
        MemoryCharger(factory, "1.1.1.1")
    assert factory.buildProtocol(IPv4Address("TCP", "1.1.1.1", 1)) is None
    assert factory.buildProtocol(IPv4Address("TCP", "2.2.2.2", 1)) is not None


def test_no_limits() -> None:
    """0 means any number and any size."""
    factory = make(Crowd(), max_connections=0, max_frame_bytes=0)
    assert MemoryCharger(factory).knock().startswith("HTTP/1.1 101")
    assert factory.max_frame_bytes > 1 << 60


def test_when_empty() -> None:
    """It can be waited for that everybody is gone."""
    factory = make(Crowd())
    now = factory.when_empty()
    assert now.called
    one, two = MemoryCharger(factory), MemoryCharger(factory)
    later, also = factory.when_empty(), factory.when_empty()
    one.vanish()
    assert not later.called
    two.vanish()
    assert later.called
    assert also.called
