"""The gateway as a service: ports that open and close, and everything behind them."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from twisted.application.service import Service
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, TimeoutError, maybeDeferred  # noqa: A004  # Twisted's
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from csms.adapter.dialect import Dialect
from csms.core.ports import IDoorbell, IIntake, IStations
from csms.gateway.admission import Admission
from csms.gateway.counters import Counters
from csms.gateway.echo import echo_factory
from csms.gateway.factory import SocketFactory
from csms.gateway.keys import Verify
from csms.gateway.links import Links
from csms.gateway.settings import GatewaySettings
from csms.gateway.surroundings import Surroundings
from csms.gateway.throttle import Crowd
from csms.gateway.visits import GOING_AWAY
from csms.gateway.wheel import Wheel

_GREETING = "This is an OCPP central system. Charging stations connect here by WebSocket."
_FAREWELL_S = 1.0


class Gateway(Service):
    """Listens for stations from its start on; stopping takes about `GatewaySettings.shutdown_s`.

    ``dialects`` are all that there are, by subprotocol; ``reactor`` also makes the endpoints.
    """

    name = "gateway"

    def __init__(
        self,
        reactor: IReactorTime,
        settings: GatewaySettings,
        intake: IIntake,
        stations: IStations,
        doorbell: IDoorbell,
        dialects: Mapping[str, Dialect],
        verify: Verify,
    ) -> None:
        self._reactor = reactor
        self._settings = settings
        self._wheel = Wheel(reactor)
        self._ports: list[IListeningPort] = []
        self._log = Logger()
        self.counters = Counters()
        crowd: Crowd[str] = Crowd(by_key=settings.max_connections_per_ip > 0)
        self.links = Links(
            Surroundings(settings, intake, doorbell, reactor, self._wheel, self.counters),
            Admission(
                settings, stations, doorbell, dialects, crowd, reactor, verify, self.counters
            ),
        )
        self.factory = SocketFactory(
            reactor, self._wheel, settings, self.links.welcome, crowd, _GREETING
        )
        self._echo = echo_factory(reactor, self._wheel, settings)

    @property
    def port(self) -> int | None:
        """The TCP port that stations connect to, while there is one."""
        host = self._ports[0].getHost() if self._ports else None
        port: int | None = getattr(host, "port", None)
        return port

    @property
    def echo_port(self) -> int | None:
        """The TCP port that echoes, while there is one."""
        host = self._ports[1].getHost() if len(self._ports) > 1 else None
        port: int | None = getattr(host, "port", None)
        return port

    def startService(self) -> None:
        """Open the ports; raises when one cannot be opened, or echoes to more than loopback."""
        try:
            self._listen(self._settings.endpoint, self.factory)
            if self._settings.echo_endpoint:
                _check_local(self._listen(self._settings.echo_endpoint, self._echo))
        except Exception:
            for port in self._ports:
                port.stopListening()
            self._ports.clear()
            raise
        super().startService()

    def stopService(self) -> Deferred[None]:
        """Close the ports, finish what is under way, say goodbye."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        ports, self._ports = self._ports, []
        for port in ports:
            await maybeDeferred(port.stopListening)
        self.links.drain()
        for socket in [*self.factory.sockets, *self._echo.sockets]:
            if socket.receiver is None or socket in self._echo.sockets:
                socket.abort("the server is being restarted")
        if not await self._empty_within(self._settings.shutdown_s):
            for socket in list(self.factory.sockets):
                socket.close(GOING_AWAY, "the server is being restarted")
            if not await self._empty_within(_FAREWELL_S):
                for socket in list(self.factory.sockets):
                    socket.abort("the server is being restarted")
                await self._empty_within(_FAREWELL_S)
        self._wheel.stop()

    async def _empty_within(self, seconds: float) -> bool:
        try:
            await self.factory.when_empty().addTimeout(seconds, self._reactor)
        except TimeoutError:
            return False
        return True

    def _listen(self, endpoint: str, factory: SocketFactory) -> IListeningPort:
        opened: list[IListeningPort] = []
        failed: list[Failure] = []
        listening = serverFromString(self._reactor, endpoint).listen(factory)
        listening.addCallbacks(opened.append, failed.append)
        if failed:
            failed[0].raiseException()
        (port,) = opened  # a server endpoint is ready at once
        self._ports.append(port)
        self._log.info("listening on {endpoint}", endpoint=endpoint)
        return port


def _check_local(port: IListeningPort) -> None:
    address = port.getHost()
    if isinstance(address, UNIXAddress):
        return
    if not ip_address(getattr(address, "host", "")).is_loopback:
        raise ValueError(f"echo_endpoint must be on a loopback interface, not {address}")
