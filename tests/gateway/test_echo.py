"""The echo: the stations' WebSocket layer, sending back what it hears."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from csms.gateway.echo import echo_factory
from csms.gateway.protocol import Socket
from csms.gateway.settings import GatewaySettings
from csms.gateway.wheel import Wheel
from csms.testing.gateway import MemoryCharger, client_frame


@pytest.fixture
def client() -> MemoryCharger:
    clock = Clock()
    client = MemoryCharger(echo_factory(clock, Wheel(clock), GatewaySettings(node="test")))
    assert client.knock("/", []).startswith("HTTP/1.1 101")
    return client


def test_same_layer(client: MemoryCharger) -> None:
    """It is the very same kind of socket."""
    assert isinstance(client.server, Socket)


def test_text(client: MemoryCharger) -> None:
    """As it came."""
    client.send_text("Жулдыз")
    assert client.frames() == [(1, "Жулдыз".encode())]


def test_binary(client: MemoryCharger) -> None:
    """Unlike stations, suites send binary messages, too."""
    client.send_raw(client_frame(b"\x00\xff", 2))
    assert client.frames() == [(2, b"\x00\xff")]


def test_gone(client: MemoryCharger) -> None:
    """Nobody cares."""
    client.vanish()
