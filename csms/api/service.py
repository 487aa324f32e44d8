"""The API as a Twisted service: opens its endpoint, and closes it with grace."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger
from twisted.python.failure import Failure

from csms.api.app import ApiPorts, ApiSettings, make_site
from csms.api.site import ApiSite

_CLOSE_S = 1.0
"""How long a client may take to notice that its connection is closed."""


@attrs.define(eq=False, slots=False)
class Api(Service):
    """Serves the API on `ApiSettings.endpoint`.

    Stopping closes the port, lets requests under way end within
    `ApiSettings.shutdown_timeout_s`, and closes every connection.
    """

    ports: ApiPorts
    settings: ApiSettings
    reactor: Any
    site: ApiSite = attrs.field(init=False)
    _port: IListeningPort | None = attrs.field(default=None, init=False)
    _opening: Deferred[IListeningPort] | None = attrs.field(default=None, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    def __attrs_post_init__(self) -> None:
        """The site is there before the port, for whoever wants to look at it."""
        self.site = make_site(self.ports, self.settings, self.reactor)

    def startService(self) -> None:
        """Open the port; raises what the endpoint raises if that is known at once (address in
        use, not allowed)."""
        super().startService()
        endpoint = serverFromString(self.reactor, self.settings.endpoint)
        failed: list[BaseException] = []
        self._opening = endpoint.listen(self.site)
        self._opening.addCallbacks(self._opened, lambda failure: failed.append(failure.value))
        if failed:
            raise failed[0]

    def port(self) -> IListeningPort:
        """The open port: its `getHost` tells the number behind port 0."""
        assert self._port is not None, "the API is not listening"
        return self._port

    def stopService(self) -> Deferred[None]:
        """Close the port, then the connections."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        site = self.site
        site.in_flight.closing = True
        if self._port is not None:
            await maybeDeferred(self._port.stopListening)
            self._port = None
        timeout_s = self.settings.shutdown_timeout_s
        if not await self._within(timeout_s, site.in_flight.landed()):
            self._log.warn(
                "{left} requests did not end within {timeout} s",
                left=len(site.in_flight),
                timeout=timeout_s,
            )
        for channel in site.channels:
            channel.loseConnection()
        if not await self._within(_CLOSE_S, site.channels.gone()):
            for channel in site.channels:
                channel.forceAbortClient()
            await self._within(_CLOSE_S, site.channels.gone())

    def _within(self, timeout_s: float, gone: Deferred[None]) -> Deferred[bool]:
        """Whether that happened in time."""
        gone.addTimeout(timeout_s, self.reactor)
        return gone.addCallbacks(lambda _: True, _too_late)

    def _opened(self, port: IListeningPort) -> IListeningPort:
        self._port = port
        return port


def _too_late(failure: Failure) -> bool:
    failure.trap(DeferredTimeout)
    return False
