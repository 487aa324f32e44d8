"""Stations and their wires without sockets, and what stands behind the gateway, recorded."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any

import attrs
import orjson
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from csms.adapter.dialect import DIALECTS, Dialect
from csms.adapter.faults import FaultKind
from csms.adapter.v16.version import V16
from csms.core.credentials import verify_password
from csms.core.errors import Refusal
from csms.core.ports import Answer, IDoorbell, IIntake
from csms.core.replies import (
    Acknowledged,
    AuthorizationGiven,
    BootAnswered,
    ConnectionClaimed,
    DataTransferAnswered,
    Reply,
    StartAnswered,
    StopAnswered,
    TransactionAnswered,
)
from csms.core.reports import (
    AuthorizationAsked,
    Booted,
    Connected,
    DataTransferred,
    Report,
    SessionStarted,
    SessionStopped,
    TransactionTold,
)
from csms.core.values import Authorization, RefusedAttempt, Registration, StationKey, TokenStatus
from csms.gateway.admission import Admission
from csms.gateway.counters import Counters
from csms.gateway.factory import SocketFactory
from csms.gateway.links import Links
from csms.gateway.settings import GatewaySettings
from csms.gateway.surroundings import Surroundings
from csms.gateway.throttle import Crowd
from csms.gateway.wheel import Wheel
from csms.testing.stations import MemoryStations

_MASK = b"\x12\x34\x56\x78"
_ACCEPTED = Authorization(status=TokenStatus.ACCEPTED)


@attrs.define
class Submitted:
    """A report that came in, and how to answer it."""

    station: StationKey
    report: Report
    answer: Answer


@implementer(IIntake)
@attrs.define
class RecordingIntake:
    """Keeps what is submitted and answers as an obliging pipeline would.

    With ``patient`` nothing is answered until the test does.
    """

    registration: Registration = Registration.ACCEPTED
    patient: bool = False
    booted: bool = True
    """Whether stations have booted here before."""
    deaf: bool = False
    """Whether they are on record as deaf."""
    refusal: Refusal | None = None
    """What everything is answered with, if set."""
    submitted: list[Submitted] = attrs.field(factory=list)
    epoch: int = 0

    @property
    def reports(self) -> list[Report]:
        """What was reported, in order."""
        return [one.report for one in self.submitted]

    def submit(self, station: StationKey, report: Report, answer: Answer) -> None:
        """Keep it, and answer it unless patient."""
        self.submitted.append(Submitted(station, report, answer))
        if not self.patient:
            answer(self.refusal or self.reply(report))

    def answer(self, kind: type | None = None) -> None:
        """Answer the oldest report (of that kind) that a patient intake has."""
        for index, one in enumerate(self.submitted):
            if kind is None or isinstance(one.report, kind):
                del self.submitted[index]
                one.answer(self.refusal or self.reply(one.report))
                return
        raise AssertionError(f"no {kind} to answer")

    def reply(self, report: Report) -> Reply:
        """What an obliging pipeline says."""
        match report:
            case Connected():
                self.epoch += 1
                return ConnectionClaimed(self.epoch, self.registration, self.booted, self.deaf)
            case Booted():
                at = datetime(2030, 1, 1, tzinfo=UTC)
                return BootAnswered(at=at, interval_s=300, registration=self.registration)
            case AuthorizationAsked():
                return AuthorizationGiven(_ACCEPTED)
            case SessionStarted():
                return StartAnswered("4711", _ACCEPTED)
            case SessionStopped():
                return StopAnswered(_ACCEPTED)
            case TransactionTold():
                return TransactionAnswered(_ACCEPTED if report.id_token else None)
            case DataTransferred():
                return DataTransferAnswered(status="Accepted")
            case _:
                return Acknowledged()


@implementer(IDoorbell)
@attrs.define
class RecordingDoorbell:
    """Keeps what is noted."""

    attempts: list[RefusedAttempt] = attrs.field(factory=list)
    sightings: list[tuple[int, int, datetime]] = attrs.field(factory=list)
    quirks: list[tuple[StationKey, str, str]] = attrs.field(factory=list)

    def refused(self, attempt: RefusedAttempt) -> None:
        """Somebody was turned away."""
        self.attempts.append(attempt)

    def seen(self, station_id: int, epoch: int, at: datetime) -> None:
        """A sign of life."""
        self.sightings.append((station_id, epoch, at))

    def quirk(self, station: StationKey, name: str, example: str, at: datetime) -> None:  # noqa: ARG002  # see `IDoorbell`
        """A departure from the standard."""
        self.quirks.append((station, name, example))


class MemoryTransport(StringTransport):
    """A transport in memory that really ends, and says so to its protocol."""

    def __init__(self, protocol: Any, host: str = "127.0.0.1", port: int = 50_000) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", host, port), lenient=True)
        self.protocol = protocol
        self.ended: str | None = None

    def unregisterProducer(self) -> None:  # noqa: N802  # Twisted's name
        """As a real one, again and again."""
        self.producer = None

    def loseConnection(self) -> None:
        """The server closes."""
        self._end("closed", ConnectionDone())

    def abortConnection(self) -> None:
        """The server cuts."""
        self._end("aborted", ConnectionAborted())

    def vanish(self) -> None:
        """The client is gone."""
        self._end("lost", ConnectionLost())

    def _end(self, how: str, why: Exception) -> None:
        if self.ended is None:
            self.ended = how
            self.connected = False
            self.disconnecting = True
            self.protocol.connectionLost(Failure(why))


def client_frame(
    payload: bytes,
    opcode: int = 1,
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = _MASK,
    length_bytes: int | None = None,
) -> bytes:
    """A WebSocket frame as a client sends it; ``length_bytes`` (0, 2, 8) forces a long form."""
    size = len(payload)
    if length_bytes is None:
        length_bytes = 0 if size < 126 else 2 if size < 65536 else 8
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    masked = 0x80 if mask is not None else 0
    match length_bytes:
        case 0:
            head = bytes((first, masked | size))
        case 2:
            head = struct.pack("!BBH", first, masked | 126, size)
        case _:
            head = struct.pack("!BBQ", first, masked | 127, size)
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def server_frames(data: bytes) -> list[tuple[int, bytes]]:
    """The opcodes and payloads of complete frames that a server sent."""
    frames = []
    while data:
        size, body = data[1] & 0x7F, 2
        if size == 126:
            size, body = struct.unpack_from("!H", data, 2)[0], 4
        elif size == 127:
            size, body = struct.unpack_from("!Q", data, 2)[0], 10
        frames.append((data[0] & 0x0F, data[body : body + size]))
        data = data[body + size :]
    return frames


def upgrade(
    resource: str = "/ocpp/CP1",
    protocols: Iterable[str] = ("ocpp1.6",),
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The request that opens a WebSocket."""
    lines = [
        f"GET {resource} HTTP/1.1",
        "Host: csms.example:9000",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    offered = ", ".join(protocols)
    if offered:
        lines.append(f"Sec-WebSocket-Protocol: {offered}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class MemoryCharger:
    """A station on a wire in memory: it speaks WebSocket and OCPP-J, and does nothing by itself."""

    def __init__(self, factory: ServerFactory, host: str = "127.0.0.1", port: int = 50_000) -> None:
        address = IPv4Address("TCP", host, port)
        server: Any = factory.buildProtocol(address)
        self.server = server
        self.transport = MemoryTransport(server, host, port)
        server.makeConnection(self.transport)

    def knock(
        self,
        resource: str = "/ocpp/CP1",
        protocols: Iterable[str] = ("ocpp1.6",),
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Ask for a WebSocket; the head of what the server answers (empty: nothing yet)."""
        self.server.dataReceived(upgrade(resource, protocols, headers))
        return self.answer_head()

    def answer_head(self) -> str:
        """The HTTP head that the server sent; what follows it stays to be read."""
        head, _, rest = self.transport.value().partition(b"\r\n\r\n")
        self.transport.clear()
        self.transport.write(rest)
        return str(head, "ascii")

    def send_raw(self, data: bytes) -> None:
        """Put bytes on the wire."""
        if self.transport.ended is None:
            self.server.dataReceived(data)

    def send_text(self, text: str | bytes) -> None:
        """Send a text message."""
        self.send_raw(client_frame(text.encode() if isinstance(text, str) else text))

    def send(self, *frame: object) -> None:
        """Send an OCPP-J message."""
        self.send_text(orjson.dumps(frame))

    def frames(self) -> list[tuple[int, bytes]]:
        """What the server sent since the last look: opcodes and payloads."""
        data = self.transport.value()
        self.transport.clear()
        return server_frames(data)

    def received(self) -> list[Any]:
        """The OCPP-J messages that the server sent since the last look."""
        return [orjson.loads(payload) for opcode, payload in self.frames() if opcode == 1]

    def close_code(self) -> int | None:
        """The code of the close frame that the server sent since the last look."""
        for opcode, payload in self.frames():
            if opcode == 8:
                code: int = struct.unpack_from("!H", payload)[0]
                return code
        return None

    def vanish(self) -> None:
        """Be gone without a word."""
        self.transport.vanish()


def likeness(version: str) -> Dialect:
    """A dialect with the words of 1.6 and the frames and error codes of ``version``.

    ``DiagnosticsStatusNotification`` is its message that wants no answer.
    """
    spelt = {
        FaultKind.RPC_FRAMEWORK: "RpcFrameworkError",
        FaultKind.MESSAGE_TYPE: "MessageTypeNotSupported",
    }
    told = "DiagnosticsStatusNotification"
    return Dialect(
        attrs.evolve(
            V16,
            version=version,
            subprotocol=f"ocpp{version}",
            manners=DIALECTS[f"ocpp{version}"].manners,
            codes={**V16.codes, **spelt},
            inbound={**V16.inbound, told: attrs.evolve(V16.inbound[told], one_way=True)},
        )
    )


LIKENESSES: Mapping[str, Dialect] = {
    "ocpp1.6": DIALECTS["ocpp1.6"],
    "ocpp2.0.1": likeness("2.0.1"),
    "ocpp2.1": likeness("2.1"),
}
"""All versions, for tests of what does not depend on their words."""


@attrs.define
class MemoryGateway:
    """The gateway without ports, in time that the test makes."""

    settings: GatewaySettings = attrs.field(
        factory=lambda: GatewaySettings(node="test", open_access="always", unknown="accept")
    )
    clock: Clock = attrs.field(factory=Clock)
    intake: RecordingIntake = attrs.field(factory=RecordingIntake)
    doorbell: RecordingDoorbell = attrs.field(factory=RecordingDoorbell)
    counters: Counters = attrs.field(factory=Counters)
    dialects: Mapping[str, Dialect] = attrs.field(default=DIALECTS)
    stations: Any = attrs.field()
    """Some `IStations`; in memory unless given."""
    admission: Admission = attrs.field(init=False)
    links: Links = attrs.field(init=False)
    factory: SocketFactory = attrs.field(init=False)

    @stations.default
    def _no_stations(self) -> MemoryStations:
        return MemoryStations(self.now)

    def __attrs_post_init__(self) -> None:
        wheel = Wheel(self.clock)
        crowd: Crowd[str] = Crowd()
        self.admission = Admission(
            self.settings,
            self.stations,
            self.doorbell,
            self.dialects,
            crowd,
            self.clock,
            _verify,
            self.counters,
        )
        around = Surroundings(
            self.settings, self.intake, self.doorbell, self.clock, wheel, self.counters
        )
        self.links = Links(around, self.admission)
        self.factory = SocketFactory(
            self.clock, wheel, self.settings, self.links.welcome, crowd, "Greetings."
        )

    def now(self) -> datetime:
        """The clock's time."""
        return datetime.fromtimestamp(self.clock.seconds(), UTC)

    def pass_s(self, seconds: float, step: float = 0.25) -> None:
        """Let time pass."""
        for _ in range(ceil(seconds / step)):
            self.clock.advance(step)

    def visitor(self, host: str = "127.0.0.1") -> MemoryCharger:
        """Somebody who has connected and said nothing yet."""
        return MemoryCharger(self.factory, host)

    def charger(self, identity: str = "CP1", version: str = "1.6") -> MemoryCharger:
        """A station that is connected."""
        charger = self.visitor()
        head = charger.knock(f"/ocpp/{identity}", [f"ocpp{version}"])
        assert head.startswith("HTTP/1.1 101"), head
        return charger


async def _verify(stored: str, presented: bytes) -> bool:
    return verify_password(stored, presented)
