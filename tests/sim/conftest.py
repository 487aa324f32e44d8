"""A scripted OCPP server for the simulator to talk to, in memory and over real sockets."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import attrs
import pytest
import pytest_twisted
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionDeny
from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel, globalLogPublisher

from csms.sim.build import Build, make_charger
from csms.sim.charger import Charger
from csms.sim.findings import Findings
from csms.sim.misbehaviour import Deeds
from csms.sim.sockets import UnreachableError
from csms.sim.station_time import wire_time
from csms.sim.transfer import TransferError
from csms.sim.v16 import V16
from csms.sim.v21 import V21
from csms.sim.v201 import V201
from csms.sim.wire import ABNORMAL

EPOCH = 1_790_000_000.0
SILENCE = object()
"""Script entry: do not answer."""


@attrs.frozen
class Error:
    """Script entry: answer with a CALLERROR."""

    code: str
    text: str = ""


@attrs.define(eq=False)
class Script:
    """Answers like a good server unless told otherwise.

    ``answers[action]`` is a list used up one by one, or a single entry used for ever: a payload
    (dict), raw text, `Error`, `SILENCE`, or a function of (id, payload) returning one of these.
    """

    now: Callable[[], float]
    answers: dict[str, Any] = attrs.Factory(dict)
    calls: list[tuple[str, str, dict[str, Any]]] = attrs.Factory(list)
    """(identity, action, payload) of every CALL."""
    ids: list[str] = attrs.Factory(list)
    replies: list[list[Any]] = attrs.Factory(list)
    """CALLRESULTs and CALLERRORs of the chargers."""
    peers: dict[str, Any] = attrs.Factory(dict)
    """The newest connection of each identity; has send(bytes), close(code) and abort()."""
    requests: list[Any] = attrs.Factory(list)
    transaction_id: int = 0
    schemas: Any = None
    """Every CALL is held against these if they are set."""
    frames: list[bytes] = attrs.Factory(list)
    """Everything that came, byte by byte."""
    sends: list[Any] = attrs.Factory(list)
    """What was sent without wanting an answer (OCPP 2.1)."""
    waiting: dict[str, Deferred[Any]] = attrs.Factory(dict)

    def actions(self) -> list[str]:
        return [action for _, action, _ in self.calls]

    def payloads(self, action: str) -> list[dict[str, Any]]:
        return [payload for _, each, payload in self.calls if each == action]

    def took(self, identity: str, data: bytes, send: Callable[[bytes], None]) -> None:
        self.frames.append(data)
        try:
            frame = json.loads(data)
        except json.JSONDecodeError:
            return
        if frame[0] == 6:
            self.sends.append(frame)
            return
        if frame[0] == 2 and (len(frame) != 4 or len(frame[1]) > 36):
            send(json.dumps([4, frame[1], "FormationViolation", "", {}]).encode())
            return
        if frame[0] not in (2, 3, 4, 5):
            return
        if frame[0] != 2:
            self.replies.append(frame)
            waiter = self.waiting.pop(frame[1], None)
            if waiter is not None:
                waiter.callback(frame)
            return
        _, id_, action, payload = frame
        self.ids.append(id_)
        self.calls.append((identity, action, payload))
        if self.schemas is not None:
            problem = self.schemas.request_problem(action, payload)
            assert problem is None, (action, problem.text, payload)
        entry = self.answers.get(action)
        if isinstance(entry, deque | list):
            entry = entry.pop(0) if entry else None
        if callable(entry):
            entry = entry(id_, payload)
        if entry is None:
            entry = self.usual(action, payload)
        if entry is SILENCE:
            return
        if isinstance(entry, Error):
            send(json.dumps([4, id_, entry.code, entry.text, {}]).encode())
        elif isinstance(entry, str):
            send(entry.encode())
        else:
            send(json.dumps([3, id_, entry]).encode())

    def usual(self, action: str, payload: Any = None) -> dict[str, Any]:
        match action:
            case "BootNotification":
                return {"status": "Accepted", "interval": 300, "currentTime": self.time()}
            case "Heartbeat":
                return {"currentTime": self.time()}
            case "Authorize":
                accepted = {"status": "Accepted"}
                return (
                    {"idTagInfo": accepted} if self.schemas is None else {"idTokenInfo": accepted}
                )
            case "StartTransaction":
                self.transaction_id += 1
                return {
                    "transactionId": self.transaction_id,
                    "idTagInfo": {"status": "Accepted"},
                }
            case "TransactionEvent" if payload.get("eventType") == "Started":
                return {"idTokenInfo": {"status": "Accepted"}}
            case "DataTransfer" | "SignCertificate" | "OpenPeriodicEventStream":
                return {"status": "Accepted"}
        return {}

    def time(self) -> str:
        from datetime import UTC, datetime

        return wire_time(datetime.fromtimestamp(self.now(), UTC))

    def command(
        self, action: str, payload: dict[str, Any], identity: str = "CP1", id_: str | None = None
    ) -> Deferred[Any]:
        """Send a CALL; fires with the charger's frame."""
        id_ = id_ or str(uuid4())
        self.waiting[id_] = Deferred()
        answered = self.waiting[id_]
        self.peers[identity].send(json.dumps([2, id_, action, payload]).encode())
        return answered

    def ask(self, action: str, payload: dict[str, Any], identity: str = "CP1") -> Any:
        """Send a CALL in memory; returns the charger's payload or error code."""
        frame = self.command(action, payload, identity).result
        return frame[2]


@attrs.define(eq=False)
class MemorySocket:
    """Both ends of a connection without a network."""

    script: Script
    identity: str
    listener: Any
    subprotocol: str = "ocpp1.6"
    is_open: bool = True

    # The charger's end

    def send(self, data: bytes) -> None:
        assert self.is_open
        self.script.took(self.identity, data, self.deliver)

    def close(self) -> None:
        self.lose(1000, "")

    def abort(self) -> None:
        self.lose(ABNORMAL, "")

    # The server's end

    def deliver(self, data: bytes) -> None:
        if self.is_open:
            self.listener.received(data)

    def lose(self, code: int, reason: str) -> None:
        if self.is_open:
            self.is_open = False
            self.listener.lost(code, reason)


@attrs.define(eq=False)
class MemoryPeer:
    """The server's end of a `MemorySocket`."""

    socket: MemorySocket

    def send(self, data: bytes) -> None:
        self.socket.deliver(data)

    def close(self, code: int = 1001, reason: str = "") -> None:
        self.socket.lose(code, reason)

    def abort(self) -> None:
        self.socket.lose(ABNORMAL, "")


@attrs.define(eq=False)
class MemoryOpener:
    """Connects chargers to a script; ``refusals`` are raised first, one per dial."""

    script: Script
    refusals: list[Exception] = attrs.Factory(list)
    down: bool = False
    dials: list[tuple[str, bytes | None, int]] = attrs.Factory(list)
    twists: list[Any] = attrs.Factory(list)
    subprotocol: str = "ocpp1.6"

    async def dial(
        self,
        identity: str,
        password: bytes | None,
        ping_s: int,
        listener: Any,
        *,
        twist: Any = None,
    ) -> Any:
        self.dials.append((identity, password, ping_s))
        self.twists.append(twist)
        if self.refusals:
            raise self.refusals.pop(0)
        if self.down:
            raise UnreachableError("nobody listens")
        socket = MemorySocket(self.script, identity, listener, self.subprotocol)
        self.script.peers[identity] = MemoryPeer(socket)
        return socket


class _ServerProtocol(WebSocketServerProtocol):
    """The script over a real WebSocket."""

    def onConnect(self, request: Any) -> Any:
        script = self.factory.script
        script.requests.append(request)
        if self.factory.refusals:
            status = self.factory.refusals.pop(0)
            raise ConnectionDeny(status, "Not you")
        self.identity = request.path.rpartition("/")[2]
        return self.factory.choose(request.protocols)

    def onOpen(self) -> None:
        self.factory.script.peers[self.identity] = self
        self.factory.opened.append(self.identity)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N803 - Autobahn's name
        self.factory.script.took(self.identity, payload, self.send)

    def send(self, data: bytes) -> None:
        self.sendMessage(data)

    def close(self, code: int = 1001, reason: str = "") -> None:
        # Autobahn's sendClose allows no code below 3000 but 1000.
        self.sendCloseFrame(code=code, reasonUtf8=reason.encode(), isReply=False)

    def abort(self) -> None:
        self.transport.abortConnection()


@attrs.define(eq=False)
class RealServer:
    """A `Script` that listens on a loopback port."""

    script: Script
    factory: Any
    port: Any

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port.getHost().port}"


@pytest.fixture(autouse=True)
def bugs() -> Any:
    """Failures that the simulator logs; a test that provokes one takes it out of the list."""
    logged: list[Any] = []

    def observe(event: Any) -> None:
        if event["log_level"] is LogLevel.critical:
            logged.append(event["log_failure"])

    globalLogPublisher.addObserver(observe)
    yield logged
    globalLogPublisher.removeObserver(observe)
    assert not logged, [failure.getTraceback() for failure in logged]


@pytest.fixture
def clock() -> Clock:
    """Simulated time, in the present."""
    clock = Clock()
    clock.advance(EPOCH)
    return clock


@pytest.fixture
def script(clock: Clock) -> Script:
    """A server in memory."""
    return Script(clock.seconds)


@pytest.fixture
def opener(script: Script) -> MemoryOpener:
    """Connects to `script`."""
    return MemoryOpener(script)


@pytest.fixture
def findings() -> Findings:
    """What was found wrong with the server."""
    return Findings()


@pytest.fixture(scope="session")
def v16() -> V16:
    """OCPP 1.6, its schemas compiled once."""
    return V16()


@pytest.fixture(scope="session")
def v201() -> V201:
    """OCPP 2.0.1."""
    return V201()


@pytest.fixture(scope="session")
def v21() -> V21:
    """OCPP 2.1."""
    return V21()


@attrs.define(eq=False)
class MemoryTransfer:
    """Files in memory by URL; a URL that is not there cannot be fetched."""

    files: dict[str, bytes] = attrs.Factory(dict)
    stored: dict[str, tuple[str, bytes]] = attrs.Factory(dict)
    """Name and content by URL."""
    refusals: list[TransferError] = attrs.Factory(list)
    """Raised first, one per attempt."""

    async def fetch(self, url: str) -> bytes:
        if self.refusals:
            raise self.refusals.pop(0)
        if url not in self.files:
            raise TransferError("HTTP 404")
        return self.files[url]

    async def store(self, url: str, name: str, content: bytes) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.stored[url] = (name, content)


@pytest.fixture
def transfer() -> MemoryTransfer:
    """Files that chargers fetch and store."""
    return MemoryTransfer()


@pytest.fixture
def deeds() -> Deeds:
    """What misbehaving chargers did."""
    return Deeds()


@pytest.fixture
def make(
    clock: Clock,
    opener: MemoryOpener,
    v16: V16,
    findings: Findings,
    transfer: MemoryTransfer,
    deeds: Deeds,
) -> Callable[..., Charger]:
    """Makes chargers that are connected to `script` in memory."""

    def make(
        identity: str = "CP1", *, settings: Any = None, language: Any = None, **build: Any
    ) -> Charger:
        return make_charger(
            clock,
            opener,
            language or v16,
            Build(identity=identity, **build),
            settings=settings,
            findings=findings,
            transfer=transfer,
            deeds=deeds,
        )

    return make


@pytest.fixture
def passes(clock: Clock) -> Callable[..., None]:
    """Lets simulated seconds pass, in small steps."""

    def passes(seconds: float, step: float = 0.5) -> None:
        end = clock.seconds() + seconds
        while clock.seconds() < end:
            clock.advance(min(step, end - clock.seconds()))

    return passes


@pytest.fixture
def finish(clock: Clock) -> Callable[..., Any]:
    """Runs a coroutine to its end in simulated time; returns or raises what it does."""

    def finish(work: Awaitable[Any], within: float = 120.0) -> Any:
        done = Deferred.fromCoroutine(work)
        outcome: list[Any] = []
        done.addBoth(outcome.append)
        end = clock.seconds() + within
        while not outcome and clock.seconds() < end:
            clock.advance(0.25)
        assert outcome, "it takes too long"
        if hasattr(outcome[0], "raiseException"):
            outcome[0].raiseException()
        return outcome[0]

    return finish


@pytest.fixture
def online(make: Callable[..., Charger], finish: Callable[..., Any]) -> Callable[..., Charger]:
    """Makes chargers that have booted."""

    def online(*args: Any, **keywords: Any) -> Charger:
        charger = make(*args, **keywords)
        finish(charger.connect())
        finish(charger.boot())
        return charger

    return online


@pytest.fixture
def online201(
    online: Callable[..., Charger], opener: MemoryOpener, script: Script, v201: V201
) -> Callable[..., Charger]:
    """Makes chargers that have booted with OCPP 2.0.1."""
    opener.subprotocol, script.schemas = v201.subprotocol, v201.schemas

    def online201(*args: Any, **keywords: Any) -> Charger:
        return online(*args, language=v201, **keywords)

    return online201


@pytest.fixture
def online21(
    online: Callable[..., Charger], opener: MemoryOpener, script: Script, v21: V21
) -> Callable[..., Charger]:
    """Makes chargers that have booted with OCPP 2.1."""
    opener.subprotocol, script.schemas = v21.subprotocol, v21.schemas

    def online21(*args: Any, **keywords: Any) -> Charger:
        return online(*args, language=v21, **keywords)

    return online21


@pytest_twisted.async_yield_fixture
async def server() -> Any:
    """A server on a real loopback socket; stopped, with its connections, afterwards."""
    factory = WebSocketServerFactory(reactor=installed_reactor)
    factory.protocol = _ServerProtocol
    factory.setProtocolOptions(openHandshakeTimeout=0, closeHandshakeTimeout=0)
    factory.script = Script(installed_reactor.seconds)
    factory.refusals = []
    factory.opened = []
    factory.choose = lambda offered: "ocpp1.6" if "ocpp1.6" in offered else None
    port = installed_reactor.listenTCP(0, factory, interface="127.0.0.1")
    yield RealServer(factory.script, factory, port)
    await port.stopListening()
    for peer in factory.script.peers.values():
        peer.abort()


@pytest.fixture
def entries() -> Any:
    """Script entries with names."""

    class Entries:
        error = Error
        silence = SILENCE

    return Entries
