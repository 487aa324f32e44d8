"""The API over memory: real site, real HTTP, no sockets."""

from __future__ import annotations

import io
import json as jsonlib
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from itertools import count
from typing import Any
from uuid import UUID

import attrs
import jsonschema_rs
import msgspec
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection
from twisted.logger import LogEvent, LogLevel, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from csms.api.app import ApiPorts, ApiSettings, make_site
from csms.api.site import ApiSite
from csms.core.commands import Command, Outcome
from csms.core.operations import action_of, evse_of, payload_of
from csms.core.pages import Page, Query
from csms.core.ports import IHealth, ILinks, IOperations, ITasks, Readiness
from csms.core.values import Connection, Operation, OperationStatus, Session, Station
from csms.pipeline.charging import Charging
from csms.pipeline.firmware import Firmware
from csms.pipeline.locallists import LocalLists
from csms.pipeline.logs import Logs
from csms.pipeline.monitoring import Monitors
from csms.pipeline.passwords import Passwords
from csms.pipeline.provisioning import Provisioning
from csms.pipeline.reservations import Reservations
from csms.pipeline.station_certificates import StationCertificates
from csms.pipeline.uploads import Uploads
from csms.pipeline.variables import DeviceModel
from csms.testing.api_tokens import MemoryApiTokens
from csms.testing.certificates import MemoryCertificateRequests
from csms.testing.charging import MemoryProfiles, nothing_known
from csms.testing.connections import MemoryConnections
from csms.testing.firmware import MemoryFirmwareBook
from csms.testing.kept import (
    MemoryAssemblies,
    MemoryHappenings,
    MemoryHoldings,
    MemoryQuarantine,
)
from csms.testing.locallists import MemoryListLimits, MemoryLocalLists
from csms.testing.logs_kept import MemoryLogsBook, MemoryVault
from csms.testing.operations import MemoryOperationsBook
from csms.testing.payments import MemorySettlements
from csms.testing.provisioning import MemoryProvisioning
from csms.testing.reservations import MemoryReservations
from csms.testing.sessions import MemorySessions
from csms.testing.speech import PlainSpeech
from csms.testing.stations import MemoryStations
from csms.testing.tokens import MemoryTokens
from csms.testing.variables import MemoryVariables

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


class Pool:
    """A thread pool that works at once, in the caller's thread."""

    def callInThreadWithCallback(  # noqa: N802  # Twisted's
        self, told: Any, work: Any, *args: Any
    ) -> None:
        try:
            result = work(*args)
        except Exception:  # noqa: BLE001  # handed on
            told(False, Failure())
        else:
            told(True, result)


class FakeReactor(MemoryReactorClock):
    """Time, ports and threads of a test."""

    def getThreadPool(self) -> Pool:  # noqa: N802  # Twisted's
        return Pool()

    def callFromThread(self, work: Any, *args: Any) -> None:  # noqa: N802  # Twisted's
        work(*args)


@implementer(IOperations)
@attrs.define
class FakeOperations:
    """Settles every command with ``outcome``; a list of outcomes (or refusals) is used up one by
    one."""

    stations: MemoryStations
    book: MemoryOperationsBook
    outcome: Outcome | list[Outcome] | None = attrs.field(
        factory=lambda: Outcome(status="accepted")
    )
    refusal: Exception | None = None
    gate: Deferred[None] | None = None
    sent: list[tuple[str, Command, bool, str | None]] = attrs.field(factory=list)
    _numbers: count = attrs.field(factory=lambda: count(1))

    async def submit(
        self,
        identity: str,
        operator_id: int,
        command: Command,
        *,
        requested_by: str | None = None,
        queue: bool = False,
        session_id: str | None = None,
    ) -> Operation:
        station = await self.stations.get(identity, operator_id)
        if self.gate is not None:
            await self.gate
        if self.refusal is not None:
            raise self.refusal
        outcome = self.outcome.pop(0) if isinstance(self.outcome, list) else self.outcome
        if isinstance(outcome, Exception):
            raise outcome
        self.sent.append((identity, command, queue, session_id))
        operation = Operation(
            id=str(UUID(int=next(self._numbers))),
            operator_id=operator_id,
            station_id=station.id,
            identity=identity,
            action=action_of(command),
            payload=payload_of(command),
            status=OperationStatus.QUEUED if queue else OperationStatus.PENDING,
            evse_id=evse_of(command),
            session_id=session_id,
            requested_by=requested_by,
            created_at=NOW,
            expires_at=NOW + timedelta(hours=1),
        )
        await self.book.record(operation, b"")
        return operation if outcome is None else await self.book.settle(operation.id, outcome, NOW)

    async def get(self, operation_id: str, operator_id: int | None = None) -> Operation:
        return await self.book.get(operation_id, operator_id)

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Operation]:
        return await self.book.list(query, operator_id)


@implementer(ILinks)
@attrs.define
class FakeLinks:
    """Stations said to be connected; remembers whom it dropped."""

    count: int = 2
    dropped: list[tuple[int, str]] = attrs.field(factory=list)

    def holds(self, station_id: int) -> bool:
        return True

    async def send(self, station_id: int, command: Command, timeout_s: float) -> Outcome:
        return Outcome(status="accepted")

    def drop(self, station_id: int, reason: str) -> None:
        self.dropped.append((station_id, reason))

    def __len__(self) -> int:
        return self.count


@implementer(IHealth)
@attrs.define
class FakeHealth:
    """Says what it is told to say."""

    answer: Readiness = attrs.field(factory=lambda: Readiness(ready=True, parts={"database": "ok"}))

    async def readiness(self) -> Readiness:
        return self.answer


@implementer(ITasks)
class FakeTasks:
    """Runs at once."""

    def spawn(self, work: Coroutine[Any, Any, object], /, what: str, **fields: object) -> None:
        Deferred.fromCoroutine(work)


@attrs.frozen
class Reply:
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return jsonlib.loads(self.body)


class Wire(StringTransportWithDisconnection):
    """The client's end of a connection."""

    def __init__(self, site: ApiSite) -> None:
        super().__init__()
        self.protocol = site.buildProtocol(None)
        self.protocol.makeConnection(self)

    def send(self, data: bytes) -> None:
        self.protocol.dataReceived(data)

    def reply(self, method: str = "GET") -> Reply | None:
        """The one response that has come, if it has."""
        if not self.value():
            return None
        response = HTTPResponse(_Heard(self.value()), method=method)  # type: ignore[arg-type]
        response.begin()
        return Reply(response.status, dict(response.getheaders()), response.read())

    def loseConnection(self) -> None:  # Twisted's
        """As a socket does: say so before the end."""
        self.disconnecting = True
        super().loseConnection()

    def hang_up(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionDone()))


class _Heard:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, *_args: Any) -> io.BytesIO:
        return io.BytesIO(self.data)


_ODD_TIME = re.compile(r'"\d{4}-\d\d-\d\dT(?!\d\d:\d\d:\d\d\.\d{3}Z")')
"""A time that is not told as all are."""


class Contract:
    """Holds responses against the OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.paths = [
            (re.compile(re.sub(r"{\w+}", "[^/?]+", path) + "/?"), methods)
            for path, methods in document["paths"].items()
        ]

    def check(self, method: str, path: str, reply: Reply) -> None:
        """The status is a documented one, and the body is of the documented shape."""
        operation = self._operation(method, path.partition("?")[0])
        if operation is None:
            assert reply.status in (404, 405, 204), reply
            if reply.body:
                self._hold(self.document["components"]["responses"]["404"], reply)
            return
        documented = operation["responses"]
        assert str(reply.status) in documented, (method, path, reply)
        answer = documented[str(reply.status)]
        if "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].split("/")[-1]]
        for name in answer.get("headers", {}):
            assert name in reply.headers, (method, path, reply)
        if method != "HEAD":
            self._hold(answer, reply)
            odd = _ODD_TIME.search(reply.body.decode(errors="replace"))
            assert odd is None, (method, path, odd)

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        wanted = "get" if method == "HEAD" else method.lower()
        for pattern, methods in self.paths:
            if wanted in methods and pattern.fullmatch(path):
                return methods[wanted]
        return None

    def _hold(self, answer: dict[str, Any], reply: Reply) -> None:
        if "content" not in answer:
            assert reply.body == b""
            return
        ((media, content),) = answer["content"].items()
        assert reply.headers["Content-Type"].partition(";")[0] == media
        if media.endswith("json"):
            schema = {**content["schema"], "components": self.document["components"]}
            jsonschema_rs.Draft202012Validator(schema).validate(reply.json)


_contracts: list[Contract] = []


@attrs.define
class Api:
    """The API, everything it stands on, and ways to ask it."""

    settings: ApiSettings
    reactor: FakeReactor
    stations: MemoryStations
    connections: MemoryConnections
    tokens: MemoryTokens
    sessions: MemorySessions
    holdings: MemoryHoldings
    happenings: MemoryHappenings
    quarantine: MemoryQuarantine
    assemblies: MemoryAssemblies
    settlements: MemorySettlements
    reservations: MemoryReservations
    local_lists: MemoryLocalLists
    certificate_requests: MemoryCertificateRequests
    variables: MemoryVariables
    firmware: MemoryFirmwareBook
    logs: MemoryLogsBook
    vault: MemoryVault
    provisioning: MemoryProvisioning
    api_tokens: MemoryApiTokens
    operations: FakeOperations
    health: FakeHealth
    links: FakeLinks
    secrets: dict[str, str]
    speech: PlainSpeech = attrs.field(factory=lambda: PlainSpeech(lacks={}))
    site: ApiSite = attrs.field(init=False)
    contract: Contract = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.site = make_site(self.ports(), self.settings, self.reactor)
        if not _contracts:
            # The routes are the same for every API, and writing them down takes long.
            wire = self.wire()
            wire.send(self.request("GET", "/api/v1/openapi.json"))
            _contracts.append(Contract(wire.reply().json))
        [self.contract] = _contracts

    def passwords(self) -> Passwords:
        """What changes passwords; the random one is always the same."""

        async def hashed(password: str) -> str:
            return f"hash of {password}"

        return Passwords(
            operations=self.operations,
            stations=self.stations,
            hash_password=hashed,
            fresh=lambda: "0123456789abcdef",
        )

    def ports(self) -> ApiPorts:
        return ApiPorts(
            stations=self.stations,
            connections=self.connections,
            tokens=self.tokens,
            speech=self.speech,
            sessions=self.sessions,
            operations=self.operations,
            holdings=self.holdings,
            happenings=self.happenings,
            quarantine=self.quarantine,
            assemblies=self.assemblies,
            settlements=self.settlements,
            reservations=Reservations(
                book=self.reservations,
                operations=self.operations,
                operations_book=self.operations.book,
                stations=self.stations,
                tokens=self.tokens,
                limits=MemoryListLimits(),
                now=lambda: NOW,
            ),
            local_lists=LocalLists(
                book=self.local_lists,
                operations=self.operations,
                limits=MemoryListLimits(),
                tasks=FakeTasks(),
                clock=self.reactor,
                now=lambda: NOW,
            ),
            certificate_requests=self.certificate_requests,
            variables=self.variables,
            device_model=DeviceModel(
                operations=self.operations,
                variables=self.variables,
                stations=self.stations,
                speech=PlainSpeech(),
                passwords=self.passwords(),
            ),
            passwords=self.passwords(),
            monitors=Monitors(
                operations=self.operations,
                variables=self.variables,
                stations=self.stations,
                speech=PlainSpeech(),
            ),
            certificates=StationCertificates(
                operations=self.operations,
                variables=self.variables,
                stations=self.stations,
                speech=PlainSpeech(),
            ),
            charging=Charging(
                stations=self.stations,
                sessions=self.sessions,
                holdings=self.holdings,
                profiles=MemoryProfiles(self.holdings),
                values=nothing_known,
                operations=self.operations,
                now=lambda: NOW,
            ),
            firmware=Firmware(
                stations=self.stations,
                book=self.firmware,
                numbers=self.operations.book,
                operations=self.operations,
                now=lambda: NOW,
            ),
            logs=Logs(
                stations=self.stations,
                book=self.logs,
                vault=self.vault,
                numbers=self.operations.book,
                operations=self.operations,
                now=lambda: NOW,
                base_url=lambda: "http://csms.example/",
                ttl_s=3600,
                queue_ttl_s=7200,
            ),
            provisioning=Provisioning(
                book=self.provisioning,
                stations=self.stations,
                variables=self.variables,
                speech=self.speech,
                now=lambda: NOW,
            ),
            uploads=Uploads(
                book=self.logs,
                vault=self.vault,
                clock=self.reactor,
                now=lambda: NOW + timedelta(seconds=self.reactor.seconds()),
                tasks=FakeTasks(),
            ),
            api_tokens=self.api_tokens,
            health=self.health,
            tasks=FakeTasks(),
            links=self.links,
            hash_password=lambda password: f"hash of {password}",
        )

    def reconfigured(self, **settings: Any) -> Api:
        """The same with other settings."""
        return attrs.evolve(self, settings=msgspec.structs.replace(self.settings, **settings))

    def wire(self) -> Wire:
        return Wire(self.site)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        json: Any = None,
        role: str | None = "admin",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    ) -> Reply:
        """Send a request; its response, which must be complete at once and as documented."""
        wire = self.wire()
        wire.send(self.request(method, path, body, json=json, role=role, headers=headers))
        reply = wire.reply(method)
        assert reply is not None, "no response yet"
        if method != "OPTIONS":
            self.contract.check(method, path, reply)
        return reply

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        json: Any = None,
        role: str | None = "admin",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    ) -> bytes:
        """The bytes of a request."""
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        names = {name.lower() for name, _ in pairs}
        if json is not None:
            body = jsonlib.dumps(json).encode()
        if body is not None and "content-type" not in names:
            pairs.append(("Content-Type", "application/json"))
        if role is not None and "authorization" not in names:
            pairs.append(("Authorization", f"Bearer {self.secrets[role]}"))
        if body is not None and "transfer-encoding" not in names:
            pairs.append(("Content-Length", str(len(body))))
        if "host" not in names:
            pairs.append(("Host", "localhost:8080"))
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in pairs),
            "",
            "",
        ]
        return "\r\n".join(lines).encode("latin-1") + (body or b"")

    def seed_session(self, station: Station, **fields: Any) -> Session:
        """A session of a station."""
        session = Session(
            id=str(UUID(int=len(self.sessions._sessions) + 1)),
            operator_id=station.operator_id,
            station_id=station.id,
            identity=station.identity,
            evse_id=1,
            transaction_ref="7",
            id_token="TAG",
            started_at=NOW,
            created_at=NOW,
            updated_at=NOW,
        )
        return self.sessions.seed(msgspec.structs.replace(session, **fields))

    def seed_connection(self, station: Station, **fields: Any) -> Connection:
        """A live connection of a station."""
        connection = Connection(
            station_id=station.id,
            operator_id=station.operator_id,
            identity=station.identity,
            epoch=1,
            node="n1",
            peer="192.0.2.7:4000",
            ocpp_version="1.6",
            connected_at=NOW,
            last_seen_at=NOW,
        )
        return self.connections.seed(msgspec.structs.replace(connection, **fields))


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[LogEvent]]:
    """What was logged as an error: nothing, unless the test expects and clears it."""
    errors: list[LogEvent] = []

    def observe(event: LogEvent) -> None:
        if event.get("log_level") in (LogLevel.error, LogLevel.critical):
            errors.append(event)

    globalLogPublisher.addObserver(observe)
    yield errors
    globalLogPublisher.removeObserver(observe)
    assert errors == []


@pytest.fixture
def heard() -> Iterator[list[LogEvent]]:
    """Everything that the API logs."""
    events: list[LogEvent] = []

    def observe(event: LogEvent) -> None:
        if str(event.get("log_namespace")).startswith("csms.api."):
            events.append(event)

    globalLogPublisher.addObserver(observe)
    yield events
    globalLogPublisher.removeObserver(observe)


@pytest.fixture
def make_api() -> Callable[[], Api]:
    """Makes an API over empty memory, with a token of each role."""

    def make() -> Api:
        def now() -> datetime:
            return NOW

        stations = MemoryStations(now)
        api_tokens = MemoryApiTokens(now)
        tokens, book = MemoryTokens(now), MemoryOperationsBook(now)
        return Api(
            settings=ApiSettings(max_body_bytes=10_000, max_upload_bytes=50_000),
            reactor=FakeReactor(),
            stations=stations,
            connections=MemoryConnections(now),
            tokens=tokens,
            sessions=MemorySessions(now),
            holdings=MemoryHoldings(stations),
            happenings=MemoryHappenings(stations),
            quarantine=MemoryQuarantine(stations),
            assemblies=MemoryAssemblies(stations),
            settlements=MemorySettlements(),
            reservations=MemoryReservations(book),
            local_lists=MemoryLocalLists(stations, tokens, book),
            certificate_requests=MemoryCertificateRequests(stations),
            variables=MemoryVariables(stations),
            firmware=MemoryFirmwareBook(stations),
            logs=MemoryLogsBook(stations),
            vault=MemoryVault(),
            provisioning=MemoryProvisioning(now),
            api_tokens=api_tokens,
            operations=FakeOperations(stations, book),
            health=FakeHealth(),
            links=FakeLinks(),
            secrets={
                "admin": api_tokens.seed("admin"),
                "operator": api_tokens.seed("operator"),
                "auditor": api_tokens.seed("auditor"),
                "stranger": api_tokens.seed("admin", operator_id=2),
            },
        )

    return make


@pytest.fixture
def api(make_api: Callable[[], Api]) -> Api:
    """An API over empty memory."""
    return make_api()
