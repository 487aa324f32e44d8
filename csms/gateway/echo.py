"""The WebSocket layer without anything behind it: it sends back what it hears.

For WebSocket conformance suites, which want an echo server and try every way to break it.
"""

from __future__ import annotations

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.gateway.factory import SocketFactory
from csms.gateway.settings import GatewaySettings
from csms.gateway.throttle import Crowd
from csms.gateway.visits import Knock, Welcome, Wire
from csms.gateway.wheel import Wheel


@attrs.define
class Echo:
    """Sends messages back as they came."""

    _wire: Wire
    takes_binary: bool = True

    def text(self, payload: bytes, now: float) -> None:  # noqa: ARG002  # see `Receiver`
        """A text message."""
        self._wire.send(payload)

    def binary(self, payload: bytes) -> None:
        """A binary message."""
        self._wire.send_binary(payload)

    def lost(self, reason: str) -> None:
        """The socket is gone."""


async def _welcome(knock: Knock) -> Welcome:
    """Anybody is, without subprotocol."""
    return Welcome(None, knock.host, Echo)


def echo_factory(clock: IReactorTime, wheel: Wheel, settings: GatewaySettings) -> SocketFactory:
    """Sockets of the very same kind that stations get."""
    crowd: Crowd[str] = Crowd(by_key=settings.max_connections_per_ip > 0)
    greeting = "This port echoes WebSocket messages."
    return SocketFactory(clock, wheel, settings, _welcome, crowd, greeting)
