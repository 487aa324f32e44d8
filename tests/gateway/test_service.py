"""The gateway over real sockets, with a real client library."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_twisted
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from csms.adapter.dialect import DIALECTS
from csms.core.commands import Reset
from csms.core.credentials import Cost, hash_password, verify_password
from csms.core.reports import Booted, Connected, Disconnected
from csms.gateway.service import Gateway
from csms.gateway.settings import GatewaySettings
from csms.testing.gateway import RecordingDoorbell, RecordingIntake, client_frame, upgrade
from csms.testing.stations import MemoryStations
from csms.testing.waiting import waits

T = TypeVar("T")
LOOPBACK = "tcp:0:interface=127.0.0.1"
BOOT = [2, "b", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


class House:
    """A gateway on a port of the system's choice."""

    def __init__(self, **settings: Any) -> None:
        self.intake = RecordingIntake()
        self.doorbell = RecordingDoorbell()
        self.stations = MemoryStations(lambda: datetime.datetime.now(datetime.UTC))
        chosen = {
            "endpoint": LOOPBACK,
            "open_access": "loopback",
            "unknown": "accept",
            "messages_per_s": 0,
            "shutdown_s": 0.5,
            **settings,
        }
        self.gateway = Gateway(
            IReactorTime(reactor),
            GatewaySettings(node="test", **chosen),
            self.intake,
            self.stations,
            self.doorbell,
            DIALECTS,
            self.verify,
        )

    async def verify(self, stored: str, presented: bytes) -> bool:
        return verify_password(stored, presented)

    def url(self, resource: str = "/ocpp/CP1") -> str:
        return f"ws://127.0.0.1:{self.gateway.port}{resource}"

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that the gateway does by itself; bounded."""
        for _ in range(500):
            if true():
                return
            await deferLater(IReactorTime(reactor), 0.01)
        raise AssertionError("it did not happen")


@pytest_twisted.async_yield_fixture
async def house() -> AsyncIterator[House]:
    made = House()
    made.gateway.startService()
    yield made
    await made.gateway.stopService()


def station(url: str, **more: Any) -> ClientConnection:
    chosen: dict[str, Any] = {"subprotocols": ["ocpp1.6"], "open_timeout": 5, "proxy": None, **more}
    return connect(url, **chosen)


def call(wire: ClientConnection, *frame: object) -> Any:
    wire.send(json.dumps(frame))
    return json.loads(wire.recv(timeout=5))


def in_thread(work: Callable[..., T], *args: Any) -> Awaitable[T]:
    return deferToThread(work, *args)


# --- stations -------------------------------------------------------------------------------


@waits
async def test_a_station_comes_speaks_and_goes(house: House) -> None:
    """From the handshake to the end, through the `websockets` library."""

    def visit() -> list[Any]:
        with station(house.url()) as wire:
            assert wire.subprotocol == "ocpp1.6"
            assert wire.response is not None
            assert wire.response.headers["Server"] == "csms"
            return [
                call(wire, *BOOT),
                call(wire, 2, "h", "Heartbeat", {}),
                call(wire, 2, "s", "StatusNotification", STATUS),
                call(wire, 2, "x", "Nonsense", {}),
                call(wire, 2, "m", "MeterValues", {"connectorId": 1}),
            ]

    boot, beat, status, nonsense, meter = await in_thread(visit)
    assert boot[2]["status"] == "Accepted"
    assert beat[2]["currentTime"].endswith("Z")
    assert status == [3, "s", {}]
    assert nonsense[2] == "NotImplemented"
    assert meter[0] == 4
    await house.until(lambda: isinstance(house.intake.reports[-1], Disconnected))
    assert [type(report) for report in house.intake.reports[:2]] == [Connected, Booted]
    assert house.intake.reports[-1] == Disconnected(epoch=1, reason="closed by the station (1000)")
    assert len(house.gateway.links) == 0


@waits
async def test_a_command_reaches_the_station(house: House) -> None:
    """And its answer comes back."""
    booted = threading.Event()

    def visit() -> Any:
        with station(house.url()) as wire:
            call(wire, *BOOT)
            booted.set()
            request = json.loads(wire.recv(timeout=5))
            wire.send(json.dumps([3, request[1], {"status": "Accepted"}]))
            call(wire, 2, "h", "Heartbeat", {})
            return request

    visiting = in_thread(visit)
    await in_thread(booted.wait, 5)
    outcome = await house.gateway.links.send(1, Reset(), 5)
    assert outcome.status == "accepted"
    assert (await visiting)[2:] == ["Reset", {"type": "Soft"}]


@waits
async def test_refused(house: House) -> None:
    """The client library sees the status, and the attempt is noted."""
    house.stations.seed("LOCKED", password_hash=hash_password("secret", Cost(2, 1, 1)))

    def status(resource: str, **more: Any) -> int:
        try:
            with station(house.url(resource), **more):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    url = "/ocpp/LOCKED"
    assert await in_thread(status, url) == 401
    assert await in_thread(status, "/ocpp/a%00b") == 404

    def old_language() -> int:
        return status("/ocpp/CP1", subprotocols=["ocpp0.1"])

    assert await in_thread(old_language) == 400

    def with_password() -> int:
        header = {"Authorization": "Basic TE9DS0VEOnNlY3JldA=="}
        return status(url, additional_headers=header)

    assert await in_thread(with_password) == 101
    reasons = [attempt.reason for attempt in house.doorbell.attempts]
    assert reasons == ["no_credentials", "bad_identity", "no_common_subprotocol"]
    assert house.gateway.factory.refusals == {401: 1, 404: 1, 400: 1}


@waits
async def test_a_browser_comes(house: House) -> None:
    """426 and a sentence."""

    def get() -> bytes:
        with socket.create_connection(("127.0.0.1", house.gateway.port or 0), 5) as wire:
            wire.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            wire.settimeout(5)
            return b"".join(iter(lambda: wire.recv(4096), b""))

    answer = await in_thread(get)
    assert answer.startswith(b"HTTP/1.1 426 Upgrade Required\r\n")
    assert answer.endswith(b"connect here by WebSocket.\n")


# --- the WebSocket layer over TCP -----------------------------------------------------------


@pytest_twisted.async_yield_fixture
async def echo() -> AsyncIterator[House]:
    made = House(echo_endpoint=LOOPBACK)
    made.gateway.startService()
    yield made
    await made.gateway.stopService()


@waits
async def test_echo(echo: House) -> None:
    """Messages of every size come back whole and in order, also to a slow reader."""
    sizes = [0, 1, 125, 126, 1199, 1200, 65535, 65536, 300_000] + [50_000] * 60
    messages = [("Ж" * size).encode()[:size].decode(errors="ignore") for size in sizes]

    def visit() -> list[str | bytes]:
        plug = socket.socket()
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plug.connect(("127.0.0.1", echo.gateway.echo_port))
        with connect("ws://x/", sock=plug, compression=None, proxy=None, max_size=None) as wire:

            def talk() -> None:
                for message in messages:
                    wire.send(message)

            talker = threading.Thread(target=talk, daemon=True)
            talker.start()
            talker.join(0.3)
            heard = [wire.recv(timeout=10) for _ in messages]
            talker.join(5)
            wire.send(b"\x00\xff")
            return [*heard, wire.recv(timeout=5)]

    assert await in_thread(visit) == [*messages, b"\x00\xff"]


@waits
async def test_written_at_once(echo: House) -> None:
    """On a plain TCP connection an answer is on the wire before the reactor turns again."""
    port = echo.gateway.echo_port or 0
    wire = socket.create_connection(("127.0.0.1", port), 5)
    try:
        wire.sendall(upgrade("/", ()))
        server = echo.gateway._echo
        await echo.until(lambda: any(one.receiver is not None for one in server.sockets))
        (mine,) = server.sockets
        assert b"101" in await in_thread(wire.recv, 4096)
        mine.send(b"now")
        wire.setblocking(False)
        assert wire.recv(100) == b"\x81\x03now"
    finally:
        wire.close()


@waits
async def test_echo_is_for_loopback_only() -> None:
    """Anything else is refused at the start, and no port stays open."""
    made = House(echo_endpoint="tcp:0")
    with pytest.raises(ValueError, match="loopback"):
        made.gateway.startService()
    assert made.gateway.port is None
    assert not made.gateway.running


@waits
async def test_echo_on_a_unix_socket(tmp_path: Path) -> None:
    """That is this machine, too."""
    made = House(echo_endpoint=f"unix:{tmp_path}/echo")
    made.gateway.startService()
    assert made.gateway.echo_port is None
    await made.gateway.stopService()


@waits
async def test_port_taken(house: House) -> None:
    """An endpoint that cannot be opened is an error of the start."""
    made = House(endpoint=f"tcp:{house.gateway.port}:interface=127.0.0.1")
    with pytest.raises(CannotListenError):
        made.gateway.startService()


# --- TLS ------------------------------------------------------------------------------------


def certificate(directory: Path) -> Path:
    """A certificate for loopback and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = directory / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@waits
async def test_tls_is_never_bypassed(tmp_path: Path) -> None:
    """What is written at once on TCP goes through TLS here: the client can read it."""
    path = certificate(tmp_path)
    made = House(endpoint=f"ssl:0:interface=127.0.0.1:privateKey={path}:certKey={path}")
    made.gateway.startService()

    def visit() -> list[Any]:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with station(house_url, ssl=context) as wire:
            return [call(wire, *BOOT)] + [
                call(wire, 2, str(number), "Heartbeat", {}) for number in range(20)
            ]

    house_url = made.url().replace("ws:", "wss:")
    try:
        answers = await in_thread(visit)
    finally:
        await made.gateway.stopService()
    assert [answer[0] for answer in answers] == [3] * 21


# --- stopping -------------------------------------------------------------------------------


@waits
async def test_stop() -> None:
    """Stations are sent away with 1001, half-open visitors are cut off, the port is closed."""
    made = House()
    made.gateway.startService()
    port = made.gateway.port or 0
    here = threading.Event()

    def visit() -> int | None:
        with station(made.url()) as wire:
            call(wire, *BOOT)
            here.set()
            try:
                wire.recv(timeout=5)
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None
        return None

    visiting = in_thread(visit)
    silent = socket.create_connection(("127.0.0.1", port), 5)
    await in_thread(here.wait, 5)
    await made.until(lambda: len(made.gateway.factory.sockets) == 2)
    await made.gateway.stopService()
    assert await visiting == 1001
    with pytest.raises(ConnectionResetError):
        await in_thread(silent.recv, 1)
    silent.close()
    with pytest.raises(ConnectionRefusedError):
        await in_thread(socket.create_connection, ("127.0.0.1", port), 5)
    assert isinstance(made.intake.reports[-1], Disconnected)
    assert made.gateway.port is None


@waits
async def test_stop_lets_answers_finish() -> None:
    """What is being stored is answered before the station is sent away."""
    made = House(shutdown_s=5)
    made.gateway.startService()
    asked = threading.Event()

    def visit() -> Any:
        with station(made.url()) as wire:
            call(wire, *BOOT)
            made.intake.patient = True
            wire.send(json.dumps([2, "s", "StatusNotification", STATUS]))
            asked.set()
            answer = json.loads(wire.recv(timeout=5))
            with pytest.raises(ConnectionClosed):
                wire.recv(timeout=5)
            return answer

    visiting = in_thread(visit)
    await in_thread(asked.wait, 5)
    await made.until(lambda: len(made.intake.reports) == 3)
    made.intake.patient = False
    stopping: Deferred[None] = made.gateway.stopService()
    made.intake.submitted[-1].answer(made.intake.reply(made.intake.reports[-1]))
    await stopping
    assert await visiting == [3, "s", {}]


@waits
async def test_stop_does_not_wait_for_ever() -> None:
    """Neither for an intake that does not answer nor for a station that does not."""
    made = House(shutdown_s=0.2)
    made.gateway.startService()
    asked, done = threading.Event(), threading.Event()

    def visit() -> None:
        with socket.create_connection(("127.0.0.1", made.gateway.port or 0), 5) as wire:
            wire.sendall(upgrade())
            wire.recv(4096)
            made.intake.patient = True
            wire.sendall(client_frame(json.dumps([2, "s", "StatusNotification", STATUS]).encode()))
            asked.set()
            done.wait(10)

    visiting = in_thread(visit)
    await in_thread(asked.wait, 5)
    await made.until(lambda: len(made.intake.reports) == 2)
    await made.gateway.stopService()
    assert not made.gateway.factory.sockets
    done.set()
    await visiting


@waits
async def test_stop_says_goodbye_in_any_case() -> None:
    """A station whose message could not be answered in time is closed with 1001, too."""
    made = House(shutdown_s=0.1)
    made.gateway.startService()
    asked = threading.Event()

    def visit() -> int | None:
        with station(made.url()) as wire:
            call(wire, *BOOT)
            made.intake.patient = True
            wire.send(json.dumps([2, "s", "StatusNotification", STATUS]))
            asked.set()
            try:
                wire.recv(timeout=5)
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None
        return None

    visiting = in_thread(visit)
    await in_thread(asked.wait, 5)
    await made.until(lambda: len(made.intake.reports) == 3)
    await made.gateway.stopService()
    assert await visiting == 1001


@waits
async def test_stop_with_echo(echo: House) -> None:
    """Who plays with the echo is cut off."""
    wire = socket.create_connection(("127.0.0.1", echo.gateway.echo_port or 0), 5)
    wire.sendall(upgrade("/", ()))
    await echo.until(lambda: len(echo.gateway._echo.sockets) == 1)
    await in_thread(wire.recv, 4096)
    await echo.gateway.stopService()
    with pytest.raises(ConnectionResetError):
        await in_thread(wire.recv, 1)
    wire.close()
