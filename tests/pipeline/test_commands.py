"""Commands as operations: recorded before they are sent, settled whatever happens."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

import attrs
import msgspec
import pytest
from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from csms.core.areas import decode_command
from csms.core.commands import Command, Outcome, Raw, RemoteStart, RemoteStop, Reset, Trigger
from csms.core.decisions import Policy
from csms.core.errors import Conflict, Invalid, NotFound, Unavailable
from csms.core.operations import HIDDEN
from csms.core.pages import Query
from csms.core.ports import IOperations
from csms.core.values import Operation, OperationStatus, Registration
from csms.core.variables.vocabulary import Setting, WriteVariables
from csms.pipeline.commands import EXPIRY_MARGIN_S, Operations, OperationSettings
from csms.pipeline.delivery import SETTLE_PATIENCE_S, Delivery
from csms.pipeline.tasks import Tasks
from csms.testing.clock import START, WallClock
from csms.testing.intake import SettlingIntake
from csms.testing.links import MemoryLinks
from csms.testing.logs import logged
from csms.testing.operations import MemoryOperationsBook
from csms.testing.speech import PlainSpeech
from csms.testing.stations import MemoryStations
from csms.testing.tokens import MemoryTokens

T = TypeVar("T")
ACCEPTED = Outcome(status="accepted", response={"status": "Accepted"})


@attrs.define(eq=False)
class Book(MemoryOperationsBook):
    """A book that can be gone."""

    gone: bool = False

    async def record(self, operation: Operation, command: bytes) -> None:
        """Keep an operation, if the database is there."""
        self._check()
        await super().record(operation, command)

    async def settle(self, operation_id: str, outcome: Outcome, at: datetime) -> Operation:
        """Settle an operation, if the database is there."""
        self._check()
        return await super().settle(operation_id, outcome, at)

    async def get(self, operation_id: str, operator_id: int | None = None) -> Operation:
        """Read an operation, if the database is there."""
        self._check()
        return await super().get(operation_id, operator_id)

    def _check(self) -> None:
        if self.gone:
            raise Unavailable("gone")


@attrs.define(eq=False)
class Rig:
    """Operations, and everything around them."""

    clock: WallClock = attrs.field(factory=WallClock)
    links: MemoryLinks = attrs.field(factory=MemoryLinks)
    stations: MemoryStations = attrs.field(init=False)
    book: Book = attrs.field(init=False)
    tasks: Tasks = attrs.field(init=False)
    operations: Operations = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.stations = MemoryStations(self.clock.now)
        self.book = Book(self.clock.now)
        self.tasks = Tasks(self.clock)
        self.operations = Operations(
            stations=self.stations,
            book=self.book,
            links=self.links,
            speech=PlainSpeech(),
            tasks=self.tasks,
            clock=self.clock,
            now=self.clock.now,
            delivery=Delivery(
                book=self.book,
                links=self.links,
                intake=SettlingIntake(self.book),
                tasks=self.tasks,
                clock=self.clock,
                now=self.clock.now,
                call_timeout_s=30,
            ),
            settings=OperationSettings(answer_wait_s=10, queue_ttl_s=3600, call_timeout_s=30),
        )

    def here(self, identity: str = "CS1", **fields: object) -> int:
        """A station that is connected to this process; its id."""
        station = self.stations.seed(identity, connected=True, ocpp_version="1.6", **fields)
        self.links.connect(station.id)
        return station.id

    def submit(
        self, command: Command, identity: str = "CS1", **options: Any
    ) -> Deferred[Operation]:
        """Somebody submits a command."""
        return Deferred.fromCoroutine(self.operations.submit(identity, 1, command, **options))

    def kept(self, operation: Operation) -> Operation:
        """The operation as the book has it."""
        self.book.gone = False
        return now(self.book.get(operation.id))


def now(work: Coroutine[Any, Any, T] | Deferred[T]) -> T:
    """The result, which is there already; raises what it failed with."""
    deferred = work if isinstance(work, Deferred) else Deferred.fromCoroutine(work)
    results: list[T] = []
    errors: list[BaseException] = []
    deferred.addCallbacks(results.append, lambda failure: errors.append(failure.value))
    if errors:
        raise errors[0]
    assert results, "there is no result yet"
    return results[0]


@pytest.fixture
def rig() -> Rig:
    """A server without stations."""
    return Rig()


def test_provides(rig: Rig) -> None:
    """It provides the port."""
    assert verifyObject(IOperations, rig.operations)


# -- who may be sent what ------------------------------------------------------------------


def test_unknown_station(rig: Rig) -> None:
    """A station that is not there (or another operator's) cannot be sent anything."""
    rig.stations.seed("CS9", operator_id=2)
    for identity in ("CS1", "CS9"):
        with pytest.raises(NotFound):
            now(rig.submit(Reset(), identity))


def test_not_registered(rig: Rig) -> None:
    """A pending station is sent no command to charge, but may be set up."""
    station_id = rig.here(registration=Registration.PENDING)
    with pytest.raises(Conflict) as caught:
        now(rig.submit(RemoteStart(id_token="T")))
    assert caught.value.code == "not_registered"
    assert not rig.links.sent
    rig.submit(Trigger(message="BootNotification"))
    assert rig.links.sent == [(station_id, Trigger(message="BootNotification"))]


def test_invalid(rig: Rig) -> None:
    """What breaks the station's schema is refused and not recorded."""
    rig.here()
    with pytest.raises(Invalid):
        now(rig.submit(Raw(action="GetLog")))
    assert not now(rig.operations.list(Query())).items


def test_unsupported(rig: Rig) -> None:
    """What the station's version has no word for settles at once, connected or not."""
    rig.operations.speech = PlainSpeech(lacks={"1.6": Reset})
    rig.here()
    operation = now(rig.submit(Reset(), queue=True))
    assert operation.status is OperationStatus.UNSUPPORTED
    assert operation.detail == "OCPP 1.6 has no such command"
    assert rig.kept(operation) == operation
    assert not rig.links.sent


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, OperationStatus.UNSUPPORTED),
        ({"ocpp_version": "1.6"}, OperationStatus.UNREACHABLE),
        ({"ocpp_version": "0.9"}, OperationStatus.UNSUPPORTED),
        ({"ocpp_versions": ("1.6",)}, OperationStatus.UNREACHABLE),
        ({"ocpp_versions": ("0.9",)}, OperationStatus.UNSUPPORTED),
        (
            {"ocpp_version": "2.0.1", "ocpp_versions": ("1.6",)},
            OperationStatus.UNREACHABLE,
        ),
    ],
)
def test_version(rig: Rig, fields: dict[str, object], status: OperationStatus) -> None:
    """A command is held against the version of the last connection if the station may still use
    it, else the newest that it may."""
    rig.operations.speech = PlainSpeech(lacks={"2.0.1": Reset})
    rig.stations.seed("CS1", **fields)
    assert now(rig.submit(Reset())).status is status


# -- connected here ------------------------------------------------------------------------


def test_answered(rig: Rig) -> None:
    """The station's answer settles the operation, for whoever asked and in the book."""
    station_id = rig.here()
    command = RemoteStart(id_token="T1", evse_id=2)
    waiting = rig.submit(command, requested_by="me")
    numbered = msgspec.structs.replace(command, ref=1)
    assert rig.links.sent == [(station_id, numbered)]
    rig.clock.advance(1)
    rig.links.answer(station_id, ACCEPTED)
    operation = now(waiting)
    assert operation.status is OperationStatus.ACCEPTED
    assert operation.response == {"status": "Accepted"}
    assert (operation.sent_at, operation.settled_at) == (START, START + timedelta(seconds=1))
    assert (operation.action, operation.evse_id, operation.id_token) == ("remote_start", 2, "T1")
    assert operation.requested_by == "me"
    assert operation.expires_at == START + timedelta(seconds=30 + EXPIRY_MARGIN_S)
    assert rig.kept(operation) == operation


def test_recorded_first(rig: Rig) -> None:
    """An operation is on record as sent before anything is sent, so that nobody else sends it."""
    station_id = rig.here()
    rig.submit(Reset())
    (operation,) = now(rig.operations.list(Query())).items
    assert (operation.status, operation.sent_at) == (OperationStatus.PENDING, START)
    assert not now(rig.book.due(station_id))


def test_slow_station(rig: Rig) -> None:
    """Who asked is not kept waiting; the answer settles the operation all the same."""
    station_id = rig.here()
    waiting = rig.submit(Reset())
    rig.clock.advance(10)
    operation = now(waiting)
    assert operation.status is OperationStatus.PENDING
    rig.links.answer(station_id, ACCEPTED)
    assert rig.kept(operation).status is OperationStatus.ACCEPTED
    assert now(rig.operations.get(operation.id, 1)).status is OperationStatus.ACCEPTED


def test_asker_gone(rig: Rig) -> None:
    """An asker who goes away changes nothing."""
    station_id = rig.here()
    waiting = rig.submit(Reset())
    (operation,) = now(rig.operations.list(Query())).items
    waiting.addErrback(lambda _: None)
    waiting.cancel()
    rig.links.answer(station_id, ACCEPTED)
    assert rig.kept(operation).status is OperationStatus.ACCEPTED
    assert not rig.clock.getDelayedCalls()


def test_connection_lost(rig: Rig) -> None:
    """A connection that is lost before the answer settles the operation unreachable."""
    station_id = rig.here()
    waiting = rig.submit(Reset(), queue=True)
    rig.links.disconnect(station_id)
    assert now(waiting).status is OperationStatus.UNREACHABLE


@attrs.define(eq=False)
class Broken(MemoryLinks):
    """Links with a bug."""

    async def send(self, station_id: int, command: Command, timeout_s: float) -> Outcome:
        """Fail."""
        raise ZeroDivisionError


def test_link_breaks() -> None:
    """A bug on the way to the station is the asker's failure, and is logged."""
    rig = Rig(links=Broken())
    rig.here()
    with logged() as events, pytest.raises(ZeroDivisionError):
        now(rig.submit(Reset()))
    assert [event["station"] for event in events] == ["CS1"]


def test_raw_start(rig: Rig) -> None:
    """A raw message that is a remote start is treated as one, so that its session is found."""
    station_id = rig.here()
    rig.links.answers = ACCEPTED
    operation = now(rig.submit(Raw(action="Start", payload={"token": "T1"})))
    assert (operation.action, operation.id_token) == ("remote_start", "T1")
    assert rig.links.sent == [(station_id, RemoteStart(id_token="T1", ref=1))]


def test_session(rig: Rig) -> None:
    """The session that a stop is about is kept with it."""
    rig.here()
    rig.links.answers = ACCEPTED
    operation = now(rig.submit(RemoteStop(transaction_ref="5"), session_id="s"))
    assert operation.session_id == "s"


def test_secrets(rig: Rig) -> None:
    """A secret is sent, but neither shown nor kept."""
    station_id = rig.here()
    rig.links.answers = Outcome(
        status="accepted", response={"key": "AuthorizationKey", "value": "s3cret"}
    )
    command = WriteVariables(items=(Setting(variable="AuthorizationKey", value="s3cret"),))
    operation = now(rig.submit(command))
    assert rig.links.sent == [(station_id, command)]
    assert operation.payload["items"] == [{"variable": "AuthorizationKey", "value": HIDDEN}]
    assert b"s3cret" not in msgspec.json.encode(rig.kept(operation))


# -- connected to another process ----------------------------------------------------------


@pytest.fixture
def elsewhere(rig: Rig) -> Rig:
    """A server whose one station is connected to another process."""
    rig.stations.seed("CS1", connected=True, ocpp_version="1.6")
    return rig


def test_other_process(elsewhere: Rig) -> None:
    """The operation waits for the other process; its outcome is seen soon after."""
    waiting = elsewhere.submit(Reset())
    ((operation, content),) = now(elsewhere.book.due(1))
    assert operation.status is OperationStatus.PENDING
    assert decode_command(content) == Reset()
    elsewhere.clock.pass_by(1)
    now(elsewhere.book.mark_sent(operation.id, elsewhere.clock.now()))
    now(elsewhere.book.settle(operation.id, ACCEPTED, elsewhere.clock.now()))
    elsewhere.clock.pass_by(0.25)
    assert now(waiting).status is OperationStatus.ACCEPTED


@pytest.mark.parametrize("gone", [False, True])
def test_other_process_is_slow(elsewhere: Rig, gone: bool) -> None:
    """Who asked is not kept waiting, also when the database goes meanwhile."""
    waiting = elsewhere.submit(Reset())
    elsewhere.book.gone = gone
    elsewhere.clock.pass_by(0.25 if gone else 10)
    assert now(waiting).status is OperationStatus.PENDING


# -- not connected -------------------------------------------------------------------------


def test_unreachable(rig: Rig) -> None:
    """A station without connection is unreachable at once."""
    rig.stations.seed("CS1")
    operation = now(rig.submit(Reset()))
    assert operation.status is OperationStatus.UNREACHABLE
    assert operation.settled_at == START
    assert rig.kept(operation) == operation


def test_queued(rig: Rig) -> None:
    """It can be asked for to wait for the station, but not for ever."""
    station = rig.stations.seed("CS1")
    operation = now(rig.submit(Reset(), queue=True))
    assert operation.status is OperationStatus.QUEUED
    assert operation.expires_at == START + timedelta(hours=1)
    assert [each.id for each, _ in now(rig.book.due(station.id))] == [operation.id]


# -- the database goes ---------------------------------------------------------------------


@pytest.mark.parametrize("where", ["here", "elsewhere", "nowhere"])
def test_not_recorded(rig: Rig, where: str) -> None:
    """What cannot be recorded is not sent."""
    if where == "here":
        rig.here()
    else:
        rig.stations.seed("CS1", connected=where == "elsewhere")
    rig.book.gone = True
    with pytest.raises(Unavailable):
        now(rig.submit(Reset()))
    assert not rig.links.sent


def test_settled_later(rig: Rig) -> None:
    """The outcome is told though it cannot be kept yet; it is kept when the database is back."""
    station_id = rig.here()
    waiting = rig.submit(Reset())
    rig.book.gone = True
    rig.links.answer(station_id, ACCEPTED)
    operation = now(waiting)
    assert operation.status is OperationStatus.ACCEPTED
    rig.clock.pass_by(60)
    rig.book.gone = False
    rig.clock.pass_by(10)
    assert rig.kept(operation) == operation
    assert len(rig.tasks) == 0


def test_never_settled(rig: Rig) -> None:
    """An outcome that cannot be kept for a long time is given up, with a word about it."""
    station_id = rig.here()
    waiting = rig.submit(Reset())
    rig.book.gone = True
    rig.links.answer(station_id, ACCEPTED)
    with logged() as events:
        rig.clock.pass_by(SETTLE_PATIENCE_S + 20)
    assert [(event["station"], event["status"]) for event in events] == [("CS1", "accepted")]
    assert rig.kept(now(waiting)).status is OperationStatus.PENDING
    assert len(rig.tasks) == 0


def test_a_master_pass_starts_nothing(rig: Rig) -> None:
    """Neither by its own group nor by one that comes with the command (2.x C16.FR.03)."""
    rig.here()
    tokens = MemoryTokens(rig.clock.now)
    tokens.seed("PASS", group_id="masters")
    tokens.seed("TAG")
    tokens.seed("PASS2", operator_id=2, group_id="MASTERS")
    rig.operations = attrs.evolve(
        rig.operations,
        tokens=tokens,
        policy=Policy(accept_unknown_tokens=True, master_pass_group="MASTERS"),
    )
    for command in (RemoteStart(id_token="pass"), RemoteStart(id_token="TAG", group_id="Masters")):
        with pytest.raises(Conflict) as caught:
            now(rig.submit(command))
        assert caught.value.code == "master_pass"
    for token in ("TAG", "PASS2", "NOBODY"):
        rig.submit(RemoteStart(id_token=token))
    rig.operations = attrs.evolve(rig.operations, tokens=None)
    rig.submit(RemoteStart(id_token="PASS"))
    kept = now(rig.book.list(Query(), 1)).items
    assert {operation.id_token for operation in kept} == {"TAG", "PASS2", "NOBODY", "PASS"}


def _listing(rig: Rig, policy: Policy | None = None, **fields: Any) -> None:
    """The operator's list has a TAG."""
    tokens = MemoryTokens(rig.clock.now)
    tokens.seed("TAG", **fields)
    rig.operations = attrs.evolve(rig.operations, tokens=tokens, policy=policy or Policy())


def test_nothing_starts_for_who_may_not_charge(rig: Rig) -> None:
    """The operator's own list decides, also of messages in wire form, and strangers are refused by
    policy."""
    rig.here()
    _listing(rig, blocked=True)
    for command in (
        RemoteStart(id_token="tag"),
        RemoteStart(id_token="NOBODY"),
        Raw(action="Start", payload={"token": "TAG"}),
    ):
        with pytest.raises(Conflict) as caught:
            now(rig.submit(command))
        assert caught.value.code == "not_authorized"
    assert not rig.links.sent
    assert not now(rig.operations.list(Query())).items
    _listing(rig, Policy(accept_unknown_tokens=True))
    rig.submit(RemoteStart(id_token="NOBODY"))
    assert len(rig.links.sent) == 1


def test_a_token_has_its_kind_and_group(rig: Rig) -> None:
    """Those of the operator's list, where the command has none; a message in wire form goes as it
    was written."""
    rig.here()
    _listing(rig, kind="eMAID", group_id="G1")
    rig.submit(RemoteStart(id_token="TAG"))
    [(_, command)] = rig.links.sent
    assert command == RemoteStart(id_token="TAG", kind="eMAID", group_id="G1", ref=1)
    rig.links.answer(1, ACCEPTED)
    rig.submit(Raw(action="Start", payload={"token": "TAG"}))
    assert rig.links.sent[-1][1] == RemoteStart(id_token="TAG", ref=2)


@attrs.frozen
class NarrowSpeech(PlainSpeech):
    """One that has no room for a group, and says so in one way or the other."""

    raises: bool = True

    def check(self, version: str, command: Command) -> str | None:
        """See `ISpeech`."""
        if getattr(command, "group_id", None) is None:
            return super().check(version, command)
        if self.raises:
            raise Invalid("group_id is longer than 20 characters", field="group_id")
        return "no"


@pytest.mark.parametrize("raises", [True, False])
def test_a_group_without_room_is_left_out(rig: Rig, raises: bool) -> None:
    """The group of the list; one that the caller gives has to be said."""
    rig.here()
    _listing(rig, group_id="G" * 30)
    rig.operations = attrs.evolve(rig.operations, speech=NarrowSpeech(raises=raises))
    rig.submit(RemoteStart(id_token="TAG"))
    [(_, command)] = rig.links.sent
    assert command == RemoteStart(id_token="TAG", kind="ISO14443", ref=1)
    rig.links.answer(1, ACCEPTED)
    if raises:
        with pytest.raises(Invalid):
            now(rig.submit(RemoteStart(id_token="TAG", group_id="G2")))
    else:
        operation = now(rig.submit(RemoteStart(id_token="TAG", group_id="G2")))
        assert operation.status is OperationStatus.UNSUPPORTED


def test_firmware_comes_from_where_it_may() -> None:
    """Whoever writes the message; where nothing is said of hosts, from anywhere."""
    rig = Rig()
    rig.here()
    bad = Raw(action="UpdateFirmware", payload={"location": "https://evil.example/fw"})
    rig.submit(bad)
    assert len(rig.links.sent) == 1
    rig.operations.firmware_hosts = ("files.example",)
    with pytest.raises(Invalid) as refusal:
        now(rig.submit(bad))
    assert (refusal.value.code, refusal.value.field) == ("host_not_allowed", "payload")
    rig.submit(Raw(action="UpdateFirmware", payload={"location": "https://files.example/fw"}))
    rig.submit(Trigger(message="Heartbeat"))
    assert len(rig.links.sent) == 3
