"""Device models, passwords and monitors: messages that are split, and what follows of events."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import attrs
import pytest
from zope.interface.verify import verifyObject

from csms.core.commands import Command, Outcome
from csms.core.errors import Conflict, Invalid, NotFound, Unavailable
from csms.core.events import Event
from csms.core.holdings import Holding
from csms.core.monitoring.vocabulary import (
    AdjustStream,
    ClearMonitors,
    ClearResult,
    Monitor,
    MonitorKind,
    MonitorResult,
    Pace,
    RequestMonitoringReport,
)
from csms.core.pages import Page, Query
from csms.core.ports import IDeviceModel, IMonitors, IPasswords, Variable
from csms.core.values import Operation, OperationStatus
from csms.core.variables.inventory import CONFIGURATION
from csms.core.variables.vocabulary import (
    ChangePassword,
    ItemStatus,
    ReadResult,
    ReadVariables,
    ReportBase,
    RequestReport,
    Setting,
    VariableName,
    Wanted,
    WriteResult,
    WriteVariables,
)
from csms.pipeline.inventory import AFTER_BOOT, Inventory
from csms.pipeline.monitoring import FOLLOW_UP, MonitoringFollower, Monitors
from csms.pipeline.passwords import Passwords
from csms.pipeline.tasks import Tasks
from csms.pipeline.variables import READ_BACK, DeviceModel, ReadBack
from csms.testing.clock import WallClock
from csms.testing.desk import immediate
from csms.testing.kept import MemoryHoldings
from csms.testing.speech import PlainSpeech
from csms.testing.stations import MemoryStations
from csms.testing.variables import MemoryVariables

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCEPTED = Outcome(status="accepted")
T = TypeVar("T")


@attrs.define
class Asked:
    """`IOperations` that answers what the test says: outcomes and refusals, one by one; after
    that all is accepted."""

    stations: MemoryStations
    answers: list[Any] = attrs.field(factory=list)
    sent: list[tuple[Command, str | None, bool]] = attrs.field(factory=list)

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
        answer = self.answers.pop(0) if self.answers else ACCEPTED
        if isinstance(answer, Exception):
            raise answer
        self.sent.append((command, requested_by, queue))
        settled = answer is not None
        return Operation(
            id=f"o{len(self.sent)}",
            operator_id=operator_id,
            station_id=station.id,
            identity=identity,
            action="x",
            payload={},
            status=OperationStatus(answer.status) if settled else OperationStatus.PENDING,
            response=answer.response if settled else None,
            detail=answer.detail if settled else None,
            created_at=NOW,
            sent_at=None if settled and answer.status == "unreachable" else NOW,
            expires_at=NOW,
            session_id=session_id,
        )

    async def get(self, operation_id: str, operator_id: int | None = None) -> Operation:
        raise NotFound(operation_id)

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Operation]:
        return Page(())

    @property
    def commands(self) -> list[Command]:
        return [command for command, _, _ in self.sent]


@attrs.define
class Rig:
    """A station, and all that is done with its device model."""

    stations: MemoryStations = attrs.field(factory=lambda: MemoryStations(lambda: NOW))
    speech: PlainSpeech = attrs.field(factory=PlainSpeech)
    tasks: Tasks = attrs.field(factory=lambda: Tasks(WallClock()))
    time: datetime = NOW
    operations: Asked = attrs.field(init=False)
    variables: MemoryVariables = attrs.field(init=False)
    holdings: MemoryHoldings = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.operations = Asked(self.stations)
        self.variables = MemoryVariables(self.stations)
        self.holdings = MemoryHoldings(self.stations)
        self.stations.seed("CS1", ocpp_version="2.0.1", password_hash="old")

    @property
    def passwords(self) -> Passwords:
        async def hashed(password: str) -> str:
            return f"hash of {password}"

        return Passwords(
            operations=self.operations,
            stations=self.stations,
            hash_password=hashed,
            fresh=lambda: "fresh",
        )

    @property
    def model(self) -> DeviceModel:
        return DeviceModel(
            operations=self.operations,
            variables=self.variables,
            stations=self.stations,
            speech=self.speech,
            passwords=self.passwords,
        )

    @property
    def monitors(self) -> Monitors:
        return Monitors(
            operations=self.operations,
            variables=self.variables,
            stations=self.stations,
            speech=self.speech,
        )

    @property
    def inventory(self) -> Inventory:
        return Inventory(
            operations=self.operations,
            variables=self.variables,
            model=self.model,
            stations=self.stations,
            holdings=self.holdings,
            speech=self.speech,
            now=lambda: self.time,
        )

    def know(self, name: VariableName, value: str, **more: Any) -> None:
        self.variables.seed(
            "CS1",
            Variable(
                id=0,
                component=name.component,
                variable=name.variable,
                variable_instance=name.variable_instance,
                value=value,
                **{"reported_at": NOW, "changed_at": NOW, **more},
            ),
        )


@pytest.fixture
def rig() -> Rig:
    return Rig()


def now(work: Coroutine[Any, Any, T]) -> T:
    return immediate(work)


def wanted(*names: str) -> list[Wanted]:
    return [Wanted(component="C", variable=name) for name in names]


def settings(*names: str) -> list[Setting]:
    return [Setting(component="C", variable=name, value="1") for name in names]


def found(*results: object) -> Outcome:
    return Outcome(status="accepted", response={"found": results})


ITEMS = VariableName(
    component="DeviceDataCtrlr", variable="ItemsPerMessage", variable_instance="GetVariables"
)


def test_interfaces(rig: Rig) -> None:
    """Each provides what it promises."""
    assert verifyObject(IDeviceModel, rig.model)
    assert verifyObject(IPasswords, rig.passwords)
    assert verifyObject(IMonitors, rig.monitors)


def test_as_many_as_the_station_takes(rig: Rig) -> None:
    """TC_B_08: at most as many items in a message as the station said."""
    rig.know(ITEMS, "2")
    rig.operations.answers = [
        found(
            ReadResult(component="c", variable="a", value="1", status=ItemStatus.ACCEPTED),
            ReadResult(component="C", variable="B", status=ItemStatus.REJECTED, detail="no"),
        ),
        Outcome(status="accepted"),
    ]
    batch = now(rig.model.read("CS1", 1, wanted("A", "B", "C"), requested_by="me", queue=True))
    assert rig.operations.sent == [
        (ReadVariables(items=tuple(wanted("A", "B"))), "me", True),
        (ReadVariables(items=tuple(wanted("C"))), "me", True),
    ]
    assert [
        (each.item.variable, each.status, each.value, each.operation_id, each.detail)
        for each in batch.items
    ] == [
        ("A", "accepted", "1", "o1", None),
        ("B", "rejected", None, "o1", "no"),
        ("C", "accepted", None, "o2", None),
    ]
    assert len(batch.operations) == 2


def test_everything_is_one_message(rig: Rig) -> None:
    """Whose outcomes are what the station told."""
    rig.operations.answers = [found(ReadResult(variable="K", status=ItemStatus.ACCEPTED))]
    batch = now(rig.model.read("CS1", 1, []))
    assert rig.operations.commands == [ReadVariables()]
    assert [each.item.variable for each in batch.items] == ["K"]


def test_keys_are_written_one_by_one(rig: Rig) -> None:
    """1.6 has a message for each."""
    items = [Setting(variable="A", value="1"), Setting(variable="B", value="2")]
    rig.operations.answers = [
        found(WriteResult(variable="A", status=ItemStatus.REBOOT_REQUIRED)),
        Outcome(status="rejected", detail="Rejected"),
    ]
    batch = now(rig.model.write("CS1", 1, items))
    assert rig.operations.commands == [WriteVariables(items=(item,)) for item in items]
    assert [(each.status, each.detail) for each in batch.items] == [
        ("reboot_required", None),
        ("rejected", "Rejected"),
    ]


def test_writing_together(rig: Rig) -> None:
    """2.x takes many at once."""
    now(rig.model.write("CS1", 1, settings("A", "B")))
    assert rig.operations.commands[0] == WriteVariables(items=tuple(settings("A", "B")))


def written(*statuses: ItemStatus) -> Outcome:
    return found(
        *(
            WriteResult(component="C", variable=name, status=status)
            for name, status in zip("ABC", statuses, strict=False)
        )
    )


def test_what_was_accepted_is_read_back(rig: Rig) -> None:
    """At once, and told: a station may have made something else of it.  What waits for a boot or
    was refused is not, nor what nobody may read."""
    rig.operations.answers = [
        written(ItemStatus.ACCEPTED, ItemStatus.REBOOT_REQUIRED, ItemStatus.REJECTED),
        found(ReadResult(component="C", variable="A", value="5", status=ItemStatus.ACCEPTED)),
    ]
    batch = now(rig.model.write("CS1", 1, settings(*"ABC"), requested_by="me", queue=True))
    assert rig.operations.sent[1:] == [
        (ReadVariables(items=tuple(wanted("A"))), READ_BACK, False),
    ]
    assert [each.value for each in batch.items] == ["5", None, None]
    assert [each.id for each in batch.operations] == ["o1"]
    secret = Setting(component="C", variable="WifiPassword", value="1")
    now(rig.model.write("CS1", 1, [secret]))
    assert len(rig.operations.sent) == 3


@pytest.mark.parametrize("answer", [None, Unavailable("gone"), Outcome(status="rejected")])
def test_what_cannot_be_read_back(rig: Rig, answer: Any) -> None:
    """Was accepted all the same."""
    rig.operations.answers = [written(ItemStatus.ACCEPTED), answer]
    (item,) = now(rig.model.write("CS1", 1, settings("A"))).items
    assert (item.status, item.value) == ("accepted", None)


@pytest.mark.parametrize("silence", [None, Outcome(status="expired")])
def test_silence_ends_it(rig: Rig, silence: Outcome | None) -> None:
    """After a message without answer the others are not sent."""
    rig.know(ITEMS, "1")
    rig.operations.answers = [ACCEPTED, silence]
    batch = now(rig.model.read("CS1", 1, wanted("A", "B", "C")))
    assert [each.status for each in batch.items][2] == "not_sent"
    assert len(rig.operations.sent) == 2


def test_refusals(rig: Rig) -> None:
    """The first refuses all; later ones are told with what they are about."""
    rig.know(ITEMS, "1")
    rig.operations.answers = [Conflict("it is rejected")]
    with pytest.raises(Conflict):
        now(rig.model.read("CS1", 1, wanted("A")))
    rig.operations.answers = [ACCEPTED, Invalid("too long"), ACCEPTED, Unavailable("gone")]
    batch = now(rig.model.read("CS1", 1, wanted(*"ABCDE")))
    assert [(each.status, each.detail) for each in batch.items] == [
        ("accepted", None),
        ("not_sent", "too long"),
        ("accepted", None),
        ("not_sent", "gone"),
        ("not_sent", "the station did not answer before"),
    ]


@pytest.mark.parametrize(
    ("field", "first", "later"),
    [
        ("items[1].value", "items[1].value", "items[3].value"),
        ("items.value", "items.value", "items.value"),
        ("queue", "queue", "queue"),
        (None, None, "None"),
    ],
)
def test_which_item_is_at_fault(rig: Rig, field: str | None, first: str | None, later: str) -> None:
    """It is told by its place among all, not in the message that it would have been in."""
    rig.know(ITEMS, "2")
    wrong = Invalid(f"{field} is too long.", field=field, code="odd")
    rig.operations.answers = [wrong]
    with pytest.raises(Invalid) as refused:
        now(rig.model.read("CS1", 1, wanted(*"ABCD")))
    assert (refused.value.field, refused.value.code) == (first, "odd")
    rig.operations.answers = [ACCEPTED, wrong]
    batch = now(rig.model.read("CS1", 1, wanted(*"ABCD")))
    assert [each.detail for each in batch.items][2:] == [f"{later} is too long."] * 2


def test_which_key_is_at_fault(rig: Rig) -> None:
    """A message that has one item says no place."""
    rig.operations.answers = [ACCEPTED, Invalid("items.value is odd.", field="items.value")]
    items = [Setting(variable="A", value="1"), Setting(variable="B", value="2")]
    batch = now(rig.model.write("CS1", 1, items))
    assert batch.items[1].detail == "items[1].value is odd."


# --- passwords ------------------------------------------------------------------------------


def hashes(rig: Rig) -> tuple[str | None, str | None]:
    station = now(rig.stations.get("CS1"))
    return station.password_hash, station.offered_password_hash


def test_password(rig: Rig) -> None:
    """The hash is there before the station hears of it."""
    rig.operations.answers = [None]
    operation, password = now(rig.passwords.change("CS1", 1, None, requested_by="me"))
    (command, who, _), *_ = rig.operations.sent
    assert isinstance(command, ChangePassword)
    assert (command.password, password, who) == ("fresh", "fresh", "me")
    assert operation.id == "o1"
    assert hashes(rig) == ("old", "hash of fresh")


@pytest.mark.parametrize("answer", [Outcome(status="unreachable"), Invalid("too short")])
def test_password_that_was_never_sent(rig: Rig, answer: Any) -> None:
    """It is forgotten."""
    rig.operations.answers = [answer]
    with suppress(Invalid):
        now(rig.passwords.change("CS1", 1, "given"))
    assert hashes(rig) == ("old", None)


def test_password_like_any_setting(rig: Rig) -> None:
    """It goes the way of passwords, and alone."""
    item = Setting(component="SecurityCtrlr", variable="BasicAuthPassword", value="new")
    batch = now(rig.model.write("CS1", 1, [item], requested_by="me"))
    assert isinstance(rig.operations.commands[0], ChangePassword)
    assert [(each.item, each.status) for each in batch.items] == [(item, "accepted")]
    with pytest.raises(Invalid) as refused:
        now(rig.model.write("CS1", 1, [*settings("A"), item]))
    assert refused.value.field == "items[1]"


# --- monitors -------------------------------------------------------------------------------

MONITOR = Monitor(component="C", variable="V", kind=MonitorKind.DELTA, value=1, severity=2)


def test_monitors(rig: Rig) -> None:
    """Each with what became of it."""
    other = Monitor(component="C", variable="W", kind=MonitorKind.DELTA, value=1, severity=2)
    rig.operations.answers = [
        found(
            MonitorResult(
                component="C",
                variable="V",
                kind=MonitorKind.DELTA,
                severity=2,
                monitor_id=7,
                status=ItemStatus.ACCEPTED,
            )
        )
    ]
    batch = now(rig.monitors.set("CS1", 1, [MONITOR, other]))
    assert [(each.monitor_id, each.status, each.operation_id) for each in batch.items] == [
        (7, "accepted", "o1"),
        (None, "accepted", "o1"),
    ]
    assert len(batch.operations) == 1


def test_clearing_monitors(rig: Rig) -> None:
    """TC_N_18: no more in a message than the station takes; after silence no more are sent."""
    rig.know(
        VariableName(
            component="MonitoringCtrlr",
            variable="ItemsPerMessage",
            variable_instance="ClearVariableMonitoring",
        ),
        "2",
    )
    rig.operations.answers = [found(ClearResult(monitor_id=2, status=ItemStatus.UNKNOWN)), None]
    batch = now(rig.monitors.clear("CS1", 1, [1, 2, 3, 4, 5]))
    assert rig.operations.commands == [ClearMonitors(items=(1, 2)), ClearMonitors(items=(3, 4))]
    assert [each.status for each in batch.items] == [
        "accepted",
        "unknown",
        "pending",
        "pending",
        "not_sent",
    ]


def event(kind: str, **data: object) -> Event:
    return Event(kind=kind, operator_id=1, station_id=1, identity="CS1", at=NOW, data=data)


def test_what_follows_of_monitoring(rig: Rig) -> None:
    """A stream that is behind is adjusted; after a change of base it is asked what there is."""
    follower = MonitoringFollower(operations=rig.operations, tasks=rig.tasks)
    behind = event("stream.behind", stream_id=2, pace={"values": 40})
    odd = event("stream.behind", stream_id="x")
    now(follower.receive([behind, odd, event("monitoring.base"), event("other")]))
    assert rig.operations.sent == [
        (AdjustStream(stream_id=2, pace=Pace(values=40)), FOLLOW_UP, False),
        (RequestMonitoringReport(), FOLLOW_UP, False),
    ]


# --- afterwards -----------------------------------------------------------------------------


def test_read_back(rig: Rig) -> None:
    """What was set is read, but for what waits for a boot, and what is being read back or was."""
    items = [
        {"component": "C", "variable": "V", "reboot_required": False},
        {"component": "C", "variable": "W", "reboot_required": True},
    ]

    def follower() -> ReadBack:
        return ReadBack(
            model=rig.model, variables=rig.variables, tasks=rig.tasks, spared=model.reads_back
        )

    model = rig.model
    told = [event("variables.written", items=items), event("variables.written"), event("other")]
    now(follower().receive(told))
    assert rig.operations.sent == [(ReadVariables(items=tuple(wanted("V"))), READ_BACK, False)]

    class Follows(Asked):
        """The event is heard before the writer goes on."""

        async def submit(self, *args: Any, **kwargs: Any) -> Operation:
            operation = await super().submit(*args, **kwargs)
            if isinstance(args[2], WriteVariables):
                await follower().receive(told)
            return operation

    rig.operations = Follows(rig.stations)
    model = rig.model
    now(model.write("CS1", 1, settings("V")))
    assert [type(each) for each in rig.operations.commands] == [WriteVariables, ReadVariables]
    now(follower().receive(told))
    assert len(rig.operations.commands) == 3
    rig.know(wanted("V")[0], "1", reported_at=NOW + timedelta(seconds=1))
    now(follower().receive(told))
    assert len(rig.operations.commands) == 3


def test_after_the_first_boot(rig: Rig) -> None:
    """The whole device model is asked for, once."""
    now(rig.inventory.refresh("CS1", 1))
    assert rig.operations.sent == [(RequestReport(base=ReportBase.FULL), AFTER_BOOT, False)]
    rig.variables.whole.add("CS1")
    now(rig.inventory.refresh("CS1", 1))
    assert len(rig.operations.sent) == 1


def test_one_that_never_tells(rig: Rig) -> None:
    """Is asked less and less often; what was never sent is no time."""
    rig.operations.answers = [Outcome(status="unreachable")]
    for _ in range(5):
        now(rig.inventory.refresh("CS1", 1))
    assert len(rig.operations.sent) == 3
    rig.time += timedelta(minutes=5)
    now(rig.inventory.refresh("CS1", 1))
    now(rig.inventory.refresh("CS1", 1))
    assert len(rig.operations.sent) == 4


@pytest.fixture
def keys(rig: Rig) -> Rig:
    """A station that has configuration keys."""
    rig.speech = PlainSpeech(lacks={"2.0.1": RequestReport})
    return rig


REST = [item.variable for item in CONFIGURATION[1:]]


def asked(rig: Rig) -> list[list[str]]:
    commands = rig.operations.commands
    assert all(isinstance(command, ReadVariables) for command in commands)
    return [[item.variable for item in command.items] for command in cast("Any", commands)]


def test_after_the_first_boot_of_a_station_with_keys(keys: Rig) -> None:
    """1.6 §5.8: all are asked for, then those by name that we go by and were not told, the number
    that it takes at once first."""
    now(keys.inventory.refresh("CS1", 1))
    assert asked(keys) == [[], ["GetConfigurationMaxKeys"], REST]
    keys.variables.whole.add("CS1")
    now(keys.inventory.refresh("CS1", 1))
    assert len(keys.operations.sent) == 3


def test_keys_that_are_known(keys: Rig) -> None:
    """Are not asked for; the others in as many messages as it takes."""
    keys.know(CONFIGURATION[0], "4")
    for item in CONFIGURATION[3:]:
        keys.know(item, "1")
    now(keys.inventory.refresh("CS1", 1))
    assert asked(keys) == [[], REST[:2]]
    for item in CONFIGURATION[1:3]:
        keys.know(item, "1")
    keys.time += timedelta(days=1)
    now(keys.inventory.refresh("CS1", 1))
    assert asked(keys)[2:] == [[]]


def test_a_station_that_hangs_when_it_is_asked_for_all(keys: Rig) -> None:
    """Is asked by name, and not for all again at each boot; no more where it says nothing."""
    by_name = [["GetConfigurationMaxKeys"], REST]
    for _ in range(3):
        keys.operations.answers = [Outcome(status="expired")] * (len(keys.operations.sent) < 6)
        now(keys.inventory.refresh("CS1", 1))
    assert asked(keys) == [[], *by_name, [], *by_name, *by_name]
    keys.operations.answers = [None]
    now(keys.inventory.refresh("CS1", 1))
    assert asked(keys)[8:] == [["GetConfigurationMaxKeys"]]


def test_after_any_boot(rig: Rig) -> None:
    """N04.FR.19: monitors are asked for where there are any, and settings that waited are read."""
    rig.variables.whole.add("CS1")
    rig.holdings.seed(
        "CS1",
        Holding(kind="monitor", key="1", content={}, origin="set", created_at=NOW, updated_at=NOW),
    )
    rig.know(VariableName(component="C", variable="V"), "1", reboot_required=True)
    now(rig.inventory.refresh("CS1", 1))
    report, read = rig.operations.commands
    assert report == RequestMonitoringReport()
    assert isinstance(read, ReadVariables)
    assert [item.variable for item in read.items] == ["V"]


def test_after_a_boot_of_another_version(rig: Rig) -> None:
    """One that can be asked for nothing is not."""
    anything = cast("type", RequestReport | ReadVariables | RequestMonitoringReport)
    rig.speech = PlainSpeech(lacks={"2.0.1": anything})
    now(rig.inventory.refresh("CS1", 1))
    assert rig.operations.sent == []
