"""The simulator's WebSocket against a real server on a loopback port."""

from __future__ import annotations

import base64
from typing import Any

import attrs
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol

from csms.sim.sockets import RefusedError, Twist, UnreachableError
from csms.sim.wire import Dialer, station_url


@attrs.define(eq=False)
class Listener:
    """Records what a socket tells."""

    frames: list[bytes] = attrs.Factory(list)
    binaries: int = 0
    gone: Deferred[tuple[int, str]] = attrs.Factory(Deferred)
    heard: Deferred[bytes] = attrs.Factory(Deferred)

    def received(self, data: bytes) -> None:
        self.frames.append(data)
        self.heard.callback(data)

    def binary(self) -> None:
        self.binaries += 1
        self.heard.callback(b"")

    def lost(self, code: int, reason: str) -> None:
        self.gone.callback((code, reason))

    def unanswered_ping(self) -> None:
        raise AssertionError


class Raw(Protocol):
    """Sends fixed bytes to whoever asks, then closes; nothing: stays silent."""

    def dataReceived(self, data: bytes) -> None:
        if self.factory.answer:
            self.transport.write(self.factory.answer)
            self.transport.loseConnection()


@pytest_twisted.async_yield_fixture
async def raw() -> Any:
    """A server that answers with bytes of the test's choice; yields (factory, url)."""
    factory = Factory.forProtocol(Raw)
    factory.answer = b""
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    yield factory, f"ws://127.0.0.1:{port.getHost().port}"
    await port.stopListening()


def dialer(url: str, **options: Any) -> Dialer:
    return Dialer(reactor, url, ("ocpp1.6",), **options)


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("ws://h:9000", "ws://h:9000/ocpp/CP%201"),
        ("ws://h:9000/", "ws://h:9000/ocpp/CP%201"),
        ("ws://h/a/b/", "ws://h/a/b/CP%201"),
        ("ws://h/{id}", "ws://h/CP%201"),
        ("ws://h/ocpp?chargePointId={id}", "ws://h/ocpp?chargePointId=CP%201"),
    ],
)
def test_station_url(template: str, url: str) -> None:
    """The percent-encoded identity has its place in the URL or is appended."""
    assert station_url(template, "CP 1") == url


@pytest_twisted.ensureDeferred
async def test_handshake(server: Any) -> None:
    """Path, subprotocol and Basic credentials go over the wire as OCPP wants them."""
    socket = await dialer(server.url).dial("CP 1", b"\x00\xff:", 0, Listener())
    [request] = server.script.requests
    assert request.path == "/ocpp/CP%201"
    assert request.protocols == ["ocpp1.6"]
    scheme, word = request.headers["authorization"].split()
    assert (scheme, base64.b64decode(word)) == ("Basic", b"CP 1:\x00\xff:")
    socket.abort()


@pytest_twisted.ensureDeferred
async def test_no_credentials(server: Any) -> None:
    """Without a password there is no Authorization header."""
    socket = await dialer(server.url).dial("CP1", None, 0, Listener())
    assert "authorization" not in server.script.requests[0].headers
    socket.abort()


@pytest_twisted.ensureDeferred
async def test_frames(server: Any) -> None:
    """Text frames go both ways; a binary frame is told as such."""
    listener = Listener()
    socket = await dialer(server.url).dial("CP1", None, 0, listener)
    socket.send(b'[2, "1", "Heartbeat", {}]')
    assert b"currentTime" in await listener.heard
    listener.heard = Deferred()
    server.script.peers["CP1"].sendMessage(b"\x00", isBinary=True)
    await listener.heard
    assert listener.binaries == 1
    socket.abort()


@pytest_twisted.ensureDeferred
async def test_close(server: Any) -> None:
    """A close that the charger wants ends with its listener told."""
    listener = Listener()
    socket = await dialer(server.url).dial("CP1", None, 0, listener)
    socket.close()
    assert (await listener.gone)[0] == 1000


@pytest_twisted.ensureDeferred
async def test_closed_by_the_server(server: Any) -> None:
    """Code and reason of the server's close reach the listener."""
    listener = Listener()
    await dialer(server.url).dial("CP1", None, 0, listener)
    server.script.peers["CP1"].close(1008, "too loud")
    server.script.peers["CP1"].transport.loseConnection()
    assert await listener.gone == (1008, "too loud")


@pytest_twisted.ensureDeferred
async def test_broken(server: Any) -> None:
    """A connection that breaks is told with 1006."""
    listener = Listener()
    await dialer(server.url).dial("CP1", None, 0, listener)
    server.script.peers["CP1"].abort()
    assert (await listener.gone)[0] == 1006


@pytest_twisted.ensureDeferred
async def test_abort(server: Any) -> None:
    """A cut cable is told to the charger's own side too."""
    listener = Listener()
    socket = await dialer(server.url).dial("CP1", None, 0, listener)
    socket.abort()
    assert (await listener.gone)[0] == 1006


@pytest.mark.parametrize("status", [400, 401, 404, 503])
@pytest_twisted.ensureDeferred
async def test_refused(server: Any, status: int) -> None:
    """A refused handshake raises with its HTTP status."""
    server.factory.refusals = [status]
    with pytest.raises(RefusedError, match=f"HTTP {status} Not you") as caught:
        await dialer(server.url).dial("CP1", None, 0, Listener())
    assert caught.value.status == status
    assert caught.value.final == (status != 503)


@pytest_twisted.ensureDeferred
async def test_retry_after(raw: Any) -> None:
    """Retry-After of a refusal is told."""
    factory, url = raw
    factory.answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n\r\n"
    with pytest.raises(RefusedError) as caught:
        await dialer(url).dial("CP1", None, 0, Listener())
    assert caught.value.retry_after_s == 7


@pytest_twisted.ensureDeferred
async def test_no_subprotocol(server: Any) -> None:
    """An upgrade that selects no subprotocol counts as a refusal."""
    server.factory.choose = lambda offered: None
    listener = Listener()
    with pytest.raises(RefusedError, match="without Sec-WebSocket-Protocol") as caught:
        await dialer(server.url).dial("CP1", None, 0, listener)
    assert caught.value.final
    assert not listener.gone.called


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    ],
)
@pytest_twisted.ensureDeferred
async def test_no_upgrade(raw: Any, answer: bytes) -> None:
    """An answer that is no upgrade to WebSocket is a refusal."""
    factory, url = raw
    factory.answer = answer
    with pytest.raises(RefusedError):
        await dialer(url).dial("CP1", None, 0, Listener())


@pytest_twisted.ensureDeferred
async def test_no_http(raw: Any) -> None:
    """A server that speaks something else is unreachable for OCPP."""
    factory, url = raw
    factory.answer = b"220 smtp.example ESMTP\r\n\r\n"
    with pytest.raises(UnreachableError):
        await dialer(url).dial("CP1", None, 0, Listener())


@pytest_twisted.ensureDeferred
async def test_silent_server(raw: Any) -> None:
    """A server that does not answer the handshake is given up."""
    with pytest.raises(UnreachableError, match="no answer to the handshake"):
        await dialer(raw[1], handshake_timeout_s=0.05).dial("CP1", None, 0, Listener())


@pytest_twisted.ensureDeferred
async def test_nobody_listens() -> None:
    """A port where nobody listens is unreachable."""
    port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
    url = f"ws://127.0.0.1:{port.getHost().port}"
    await port.stopListening()
    with pytest.raises(UnreachableError):
        await dialer(url).dial("CP1", None, 0, Listener())


@pytest_twisted.ensureDeferred
async def test_host_name(server: Any) -> None:
    """A server can be named by its host name."""
    socket = await dialer(server.url.replace("127.0.0.1", "localhost")).dial(
        "CP1", None, 0, Listener()
    )
    socket.abort()


@pytest.mark.parametrize(
    ("twist", "path"),
    [
        (Twist(name="double_slash", double_slash=True), "/ocpp//CP%201"),
        (Twist(name="trailing_slash", trailing_slash=True), "/ocpp/CP%201/"),
        (Twist(name="percent_encoded_id", encoded=True), "/ocpp/%43%50%20%31"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_twisted_paths(server: Any, twist: Twist, path: str) -> None:
    """The path of a handshake can be distorted."""
    socket = await dialer(server.url).dial("CP 1", None, 0, Listener(), twist=twist)
    assert server.script.requests[0].path == path
    socket.abort()


@pytest_twisted.ensureDeferred
async def test_twisted_headers(server: Any) -> None:
    """So can its headers."""
    server.factory.choose = lambda offered: None
    twist = Twist(name="all", origin="http://evil.example", no_subprotocol=True, hex_password=True)
    socket = await dialer(server.url).dial("CP1", b"\x01\xff", 0, Listener(), twist=twist)
    [request] = server.script.requests
    assert request.protocols == []
    assert request.headers["origin"] == "http://evil.example"
    word = base64.b64decode(request.headers["authorization"].split()[1])
    assert word == b"CP1:01ff"
    assert socket.subprotocol == ""
    socket.abort()


@pytest_twisted.ensureDeferred
async def test_bytes_of_a_password(server: Any) -> None:
    """A password of digits can be sent as the bytes that they mean."""
    twist = Twist(name="bytes", bytes_password=True)
    socket = await dialer(server.url).dial("CP1", b"01ff", 0, Listener(), twist=twist)
    [request] = server.script.requests
    word = base64.b64decode(request.headers["authorization"].split()[1])
    assert word == b"CP1:\x01\xff"
    socket.abort()


@pytest_twisted.ensureDeferred
async def test_chosen_subprotocol(server: Any) -> None:
    """Of several subprotocols the server's choice is known."""
    several = Dialer(reactor, server.url, ("ocpp2.0.1", "ocpp1.6"))
    socket = await several.dial("CP1", None, 0, Listener())
    assert socket.subprotocol == "ocpp1.6"
    socket.abort()


def test_secure_urls_are_dialled_with_tls() -> None:
    """wss:// makes a TLS endpoint."""
    endpoint = Dialer(reactor, "wss://csms.example/ocpp", ("ocpp1.6",))._endpoint()
    assert type(endpoint).__name__ == "_WrapperEndpoint"
