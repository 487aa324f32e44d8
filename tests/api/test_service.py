"""The API as a service."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_twisted
import treq
from twisted.application.service import IService
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.logger import LogEvent
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from csms.api.app import ApiSettings
from csms.api.service import Api as ApiService


def service(api: Any, **settings: Any) -> ApiService:
    """The service over memory: in test time, without sockets."""
    return ApiService(api.ports(), ApiSettings(**settings), api.reactor)


def connected(api: Any, running: ApiService) -> Any:
    """A client's connection to a running service."""
    api.site = running.site
    return api.wire()


def test_is_a_service(api: Any) -> None:
    """It can be put below any Twisted service."""
    verifyObject(IService, service(api))


def test_opens_its_endpoint(api: Any) -> None:
    """The endpoint string says where and how: port and backlog."""
    running = service(api, endpoint="tcp:8080:interface=127.0.0.1:backlog=4096")
    running.startService()
    ((port, factory, backlog, interface),) = api.reactor.tcpServers
    assert (port, backlog, interface) == (8080, 4096, "127.0.0.1")
    assert factory is running.site


class Taken:
    """An endpoint somebody else listens on."""

    def listenTCP(self, *_args: Any, **_options: Any) -> Any:  # noqa: N802  # Twisted's
        raise CannotListenError("", 8080, OSError("in use"))


def test_taken_port_is_told_at_once(api: Any) -> None:
    """Starting fails when the port cannot be opened."""
    running = service(api)
    running.reactor = Taken()
    with pytest.raises(CannotListenError):
        running.startService()


def test_stop_without_start(api: Any) -> None:
    """A service that never opened closes at once."""
    assert service(api).stopService().called


def test_stop_closes_idle_connections(api: Any) -> None:
    """Clients that keep their connection for later lose it."""
    running = service(api)
    running.startService()
    wire = connected(api, running)
    wire.send(api.request("GET", "/health"))
    assert running.stopService().called
    assert not wire.connected


def test_stop_lets_requests_end(api: Any) -> None:
    """A request under way gets its answer before the connection closes."""
    api.stations.seed("A")
    api.operations.gate = Deferred()
    running = service(api)
    running.startService()
    wire = connected(api, running)
    wire.send(api.request("POST", "/api/v1/stations/A/reset"))
    stopped = running.stopService()
    assert not stopped.called
    api.operations.gate.callback(None)
    assert wire.reply().status == 200
    assert wire.reply().headers["Connection"] == "close"
    assert stopped.called


def test_stop_is_bounded(api: Any, heard: list[LogEvent]) -> None:
    """A request that does not end does not keep the process, and is told of."""
    api.stations.seed("A")
    api.operations.gate = Deferred()
    running = service(api, shutdown_timeout_s=3.0)
    running.startService()
    wire = connected(api, running)
    wire.send(api.request("POST", "/api/v1/stations/A/reset"))
    stopped = running.stopService()
    api.reactor.advance(2.9)
    assert not stopped.called
    api.reactor.advance(0.2)
    assert stopped.called
    assert not wire.connected
    assert [event["left"] for event in heard if "left" in event] == [1]


def test_stop_aborts_clients_that_do_not_leave(api: Any) -> None:
    """A client that does not take its data is cut off."""
    running = service(api)
    running.startService()
    wire = connected(api, running)
    wire.loseConnection = lambda: None  # its buffer never empties
    aborted: list[bool] = []

    def abort() -> None:
        aborted.append(True)
        wire.protocol.connectionLost(Failure(ConnectionAbortedError()))

    wire.abortConnection = abort
    stopped = running.stopService()
    api.reactor.advance(1.1)
    assert aborted == [True]
    assert stopped.called


@pytest_twisted.ensureDeferred
async def test_over_a_real_socket(api: Any) -> None:
    """Port 0 is any free port, which the service tells; requests and stopping work."""
    running = ApiService(
        api.ports(), ApiSettings(endpoint="tcp:0:interface=127.0.0.1"), real_reactor
    )
    running.startService()
    try:
        number = running.port().getHost().port
        response = await treq.put(
            f"http://127.0.0.1:{number}/api/v1/stations/A",
            json={"name": "x", "password": "12345678"},
            headers={"Authorization": f"Bearer {api.secrets['admin']}"},
            persistent=False,
        )
        assert response.code == 201
        assert (await response.json())["has_password"] is True
    finally:
        await running.stopService()
