"""Stations are set up after they boot: once at least, not all at the same time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent
from zope.interface import implementer
from zope.interface.verify import verifyObject

from csms.core.commands import Command, Reset, ResetKind
from csms.core.errors import Conflict, Unavailable
from csms.core.events import Event
from csms.core.ports import (
    Batch,
    IDeviceModel,
    IOperations,
    ISubscriber,
    ItemOutcome,
    Variable,
)
from csms.core.ports.provisioning import IProvisioning
from csms.core.provisioning.vocabulary import Boot, ProvisioningProfile
from csms.core.values import Operation, OperationStatus, Station
from csms.core.variables.vocabulary import Setting, Wanted
from csms.pipeline.provisioning import LOCK, Provisioner, Provisioning, ProvisioningSettings
from csms.pipeline.setting_up import Setup, Step
from csms.pipeline.tasks import Tasks
from csms.testing.clock import WallClock
from csms.testing.locks import MemoryLocks
from csms.testing.logs import logged
from csms.testing.provisioning import MemoryProvisioning
from csms.testing.speech import PlainSpeech
from csms.testing.stations import MemoryStations
from csms.testing.variables import MemoryVariables
from csms.testing.waiting import waits

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


@implementer(IDeviceModel)
@attrs.define
class Model:
    """Stations that have ``values``, and answer a write with ``status``, a read with ``heard``;
    what they accept they have."""

    values: dict[str, str] = attrs.field(factory=dict)
    status: str = "accepted"
    heard: str = "accepted"
    refusal: Exception | None = None
    gate: Deferred[None] | None = None
    asked: list[tuple[str, str, tuple[str, ...]]] = attrs.field(factory=list)

    async def read(
        self, identity: str, operator_id: int, items: Sequence[Wanted], **_: Any
    ) -> Batch:
        self.asked.append(("read", identity, tuple(item.variable for item in items)))
        if self.gate is not None:
            await self.gate
        if self.refusal is not None:
            raise self.refusal
        told = tuple(
            ItemOutcome(
                item=item,
                status=self.heard,
                value=self.values.get(item.variable) if self.heard == "accepted" else None,
            )
            for item in items
        )
        return Batch(operations=(), items=told)

    async def write(
        self, identity: str, operator_id: int, items: Sequence[Setting], **_: Any
    ) -> Batch:
        self.asked.append(("write", identity, tuple(item.variable for item in items)))
        done = self.status == "accepted"
        if done:
            self.values |= {item.variable: item.value for item in items}
        told = tuple(
            ItemOutcome(
                item=item, status=self.status, detail="d", value=item.value if done else None
            )
            for item in items
        )
        return Batch(operations=(), items=told)


@implementer(IOperations)
@attrs.define
class Submitted:
    """Remembers what was sent; all of it ends with ``status``."""

    status: OperationStatus = OperationStatus.ACCEPTED
    sent: list[tuple[str, Command]] = attrs.field(factory=list)

    async def submit(
        self, identity: str, operator_id: int, command: Command, **_: Any
    ) -> Operation:
        self.sent.append((identity, command))
        return Operation(
            id="o",
            operator_id=operator_id,
            station_id=1,
            identity=identity,
            action="reset",
            payload={},
            status=self.status,
            created_at=T0,
            expires_at=T0,
        )


@attrs.define
class Rig:
    """Everything but stations."""

    steps: dict[str, Step] = attrs.field(factory=dict)
    settings: ProvisioningSettings = ProvisioningSettings(
        settle_s=2, spread_s=10, concurrency=2, interval_s=1
    )
    chance: float = 0.5
    clock: WallClock = attrs.field(factory=WallClock)
    model: Model = attrs.field(factory=Model)
    operations: Submitted = attrs.field(factory=Submitted)
    locks: MemoryLocks = attrs.field(factory=MemoryLocks)
    stations: MemoryStations = attrs.field(init=False)
    book: MemoryProvisioning = attrs.field(init=False)
    variables: MemoryVariables = attrs.field(init=False)
    tasks: Tasks = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.stations = MemoryStations(self.clock.now)
        self.book = MemoryProvisioning(self.clock.now)
        self.variables = MemoryVariables(self.stations)
        self.tasks = Tasks(self.clock)

    def station(self, identity: str = "CP1", **fields: Any) -> Station:
        return self.stations.seed(identity, **{"ocpp_version": "1.6", **fields})

    async def profile(self, *settings: Setting, **fields: Any) -> None:
        await self.book.put(
            ProvisioningProfile(name="p", operator_id=1, settings=settings, **fields)
        )

    def provisioner(self) -> Provisioner:
        setup = Setup(
            book=self.book,
            stations=self.stations,
            variables=self.variables,
            model=self.model,
            operations=self.operations,
            speech=PlainSpeech(),
            now=self.clock.now,
            steps=self.steps,
        )
        return Provisioner(
            book=self.book,
            setup=setup,
            locks=self.locks,
            tasks=self.tasks,
            clock=self.clock,
            now=self.clock.now,
            settings=self.settings,
            draw=lambda: self.chance,
        )

    def booted(self, station: Station, registration: str = "accepted") -> Event:
        return Event(
            kind="station.booted",
            operator_id=1,
            station_id=station.id,
            identity=station.identity,
            at=self.clock.now(),
            data={"registration": registration},
        )

    def know(self, name: str, value: str | None, **more: Any) -> None:
        fields = {"id": 0, "reported_at": T0, "changed_at": T0, **more}
        self.variables.seed("CP1", Variable(variable=name, value=value, **fields))

    async def set_up(self, station: Station) -> Any:
        """Boot, and wait until it was set up; the run."""
        provisioner = self.provisioner()
        provisioner.startService()
        await provisioner.receive([self.booted(station)])
        self.clock.pass_by(15)
        run = await self.book.run(station.id)
        stopped = provisioner.stopService()
        self.clock.pass_by(5)
        await stopped
        return run


@pytest.fixture
def rig() -> Rig:
    return Rig()


def key(name: str, value: str) -> Setting:
    return Setting(variable=name, value=value)


@waits
async def test_what_differs_is_written(rig: Rig) -> None:
    """What is not known is read first; what is as it should be is left alone."""
    rig.model.values = {"A": "1", "B": "1"}
    await rig.profile(key("A", "1"), key("B", "2"), key("C", "3"))
    run = await rig.set_up(rig.station())
    assert rig.model.asked == [("read", "CP1", ("A", "B", "C")), ("write", "CP1", ("B", "C"))]
    told = {item.setting.variable: (item.status, item.before) for item in run.items}
    assert told == {"A": ("same", "1"), "B": ("accepted", "1"), "C": ("accepted", None)}
    assert [(step.name, step.done) for step in run.steps] == [("settings", True)]
    assert rig.operations.sent == []


@waits
async def test_nothing_to_write(rig: Rig) -> None:
    """A station that is as it should be, or should be nothing, is not written to."""
    await rig.profile(key("A", "1"))
    rig.model.values = {"A": "1"}
    await rig.set_up(rig.station())
    assert [kind for kind, _, _ in rig.model.asked] == ["read"]
    other = rig.station("CP2", ocpp_version="2.0.1")
    assert (await rig.set_up(other)).items == ()


@waits
async def test_after_each_boot(rig: Rig) -> None:
    """What is known from before may not be so any more: it is read, and what differs is written."""
    await rig.profile(key("A", "240"))
    station = rig.station()
    rig.know("A", "240")
    rig.model.values = {"A": "999"}
    run = await rig.set_up(station)
    (item,) = run.items
    assert (item.status, item.before, item.after) == ("accepted", "999", "240")
    run = await rig.set_up(station)
    assert [item.status for item in run.items] == ["same"]
    assert [kind for kind, _, _ in rig.model.asked] == ["read", "write", "read"]
    rig.model.values = {}
    run = await rig.set_up(station)
    assert [(item.status, item.before) for item in run.items] == [("accepted", None)]


@pytest.mark.parametrize("status", ["expired", "not_sent", "pending", "unreachable"])
@waits
async def test_a_station_that_says_nothing(rig: Rig, status: str) -> None:
    """Is not written to: nothing would come of it, and it may be as it should be."""
    await rig.profile(key("A", "2"), key("B", "2"))
    rig.know("A", "1")
    rig.model.heard = status
    run = await rig.set_up(rig.station())
    assert [kind for kind, _, _ in rig.model.asked] == ["read"]
    assert [(item.status, item.before) for item in run.items] == [(status, "1"), (status, None)]


@pytest.mark.parametrize(
    ("version", "names"),
    [("1.6", ["GetConfigurationMaxKeys"]), ("2.0.1", ["ItemsPerMessage", "ItemsPerMessage"])],
)
@waits
async def test_as_many_as_the_station_takes(rig: Rig, version: str, names: list[str]) -> None:
    """That is asked for before there are more than a few, unless it is known."""
    component = None if version == "1.6" else "C"
    settings = [Setting(component=component, variable=f"V{n}", value="1") for n in range(6)]
    await rig.profile(*settings)
    station = rig.station(ocpp_version=version)
    await rig.set_up(station)
    asked = [name for kind, _, each in rig.model.asked if kind == "read" for name in each]
    assert [name for name in asked if not name.startswith("V")] == names
    rig.know("GetConfigurationMaxKeys", "3")
    rig.model.asked.clear()
    await rig.set_up(station)
    assert len(rig.model.asked) == (1 if version == "1.6" else 2)


@pytest.mark.parametrize(
    ("has", "pending", "expected", "writes"),
    [
        ("0", "1", "reboot_required", False),
        ("1", "1", "reboot_required", False),
        ("1", "2", "accepted", True),
        ("0", "2", "accepted", True),
    ],
)
@waits
async def test_what_waits_for_a_restart_already(
    rig: Rig, has: str, pending: str, expected: str, *, writes: bool
) -> None:
    """Is not written again, unless it waits to become something else."""
    await rig.profile(key("A", "1"))
    rig.know("A", has, reboot_required=True, pending_value=pending)
    rig.model.values = {"A": has}
    run = await rig.set_up(rig.station())
    assert [item.status for item in run.items] == [expected]
    assert [kind for kind, _, _ in rig.model.asked] == ["read", "write"][: 1 + writes]


@pytest.mark.parametrize("kind", [None, ResetKind.SOFT])
@waits
async def test_restarts(rig: Rig, kind: ResetKind | None) -> None:
    """Only where the profile says so, and not for ever."""
    rig.model.status = "reboot_required"
    await rig.profile(key("A", "1"), reset=kind)
    station = rig.station()
    run = await rig.set_up(station)
    assert run.items[0].status == "reboot_required"
    assert run.reset is kind
    sent = [] if kind is None else [("CP1", Reset(kind=kind))]
    assert rig.operations.sent == sent
    for _ in range(2):
        run = await rig.set_up(station)
        assert (run.items[0].status, run.reset) == ("reboot_required", None)
    assert rig.operations.sent == sent


@pytest.mark.parametrize(
    ("status", "times"),
    [
        (OperationStatus.REJECTED, 2),
        (OperationStatus.UNREACHABLE, 2),
        (OperationStatus.PENDING, 1),
        (OperationStatus.EXPIRED, 1),
    ],
)
@waits
async def test_a_restart_that_is_refused(rig: Rig, status: OperationStatus, times: int) -> None:
    """Is tried again after the next boot; one that was not answered may have been done."""
    rig.model.status = "reboot_required"
    rig.operations.status = status
    await rig.profile(key("A", "1"), reset=ResetKind.HARD)
    station = rig.station()
    run = await rig.set_up(station)
    assert run.steps[-1].done is (times == 1)
    await rig.set_up(station)
    assert len(rig.operations.sent) == times


@waits
async def test_a_step_that_fails_stops_no_other(rig: Rig) -> None:
    """What went wrong is told, to whoever looks; only bugs are told of in the log in full."""
    done: list[str] = []

    def step(name: str, error: Exception | None) -> Callable[[Boot], Coroutine[Any, Any, None]]:
        async def run(boot: Boot) -> None:
            done.append(f"{name} {boot.identity}")
            if error is not None:
                raise error

        return run

    rig.steps = {
        "refused": step("refused", Conflict("no")),
        "broken": step("broken", ValueError("bug")),
        "fine": step("fine", None),
    }
    await rig.profile(key("A", "1"))
    rig.model.refusal = Conflict("not now")
    with logged() as events:
        run = await rig.set_up(rig.station())
    assert done == ["refused CP1", "broken CP1", "fine CP1"]
    assert [(step.name, step.done, step.detail) for step in run.steps] == [
        ("settings", False, "not now"),
        ("refused", False, "no"),
        ("broken", False, "an error of the server"),
        ("fine", True, None),
    ]
    assert _told(events) == [
        "{step} after the boot of {station} failed",
        "{station} is not set up in everything",
    ]


def _told(events: list[LogEvent]) -> list[str]:
    return [str(event["log_format"]) for event in events if "station" in event]


@waits
async def test_a_database_that_is_gone(rig: Rig) -> None:
    """The station stays due, and is set up when it returns."""
    await rig.profile(key("A", "1"))
    rig.model.refusal = Unavailable("gone")
    station = rig.station()
    provisioner = rig.provisioner()
    provisioner.startService()
    await provisioner.receive([rig.booted(station)])
    rig.clock.pass_by(12)
    assert await rig.book.run(station.id) is None
    rig.model.refusal = None
    rig.clock.pass_by(3)
    assert await rig.book.run(station.id) is not None
    provisioner.stopService()
    rig.clock.pass_by(5)


@waits
async def test_whose_turn_it_is(rig: Rig) -> None:
    """Some time after the boot, and only so many at once."""
    await rig.profile(key("A", "1"))
    rig.model.gate = gate = Deferred()
    stations = [rig.station(f"CP{number}") for number in range(3)]
    provisioner = rig.provisioner()
    assert verifyObject(ISubscriber, provisioner)
    provisioner.startService()
    await provisioner.receive([rig.booted(station) for station in stations])
    rig.clock.pass_by(6)
    assert rig.model.asked == []
    rig.clock.pass_by(3)
    assert len(rig.model.asked) == 2
    rig.model.gate = None
    gate.callback(None)
    rig.clock.pass_by(3)
    assert len([each for each in rig.model.asked if each[0] == "read"]) == 3
    provisioner.stopService()
    rig.clock.pass_by(5)


@waits
async def test_who_is_left_alone(rig: Rig) -> None:
    """Stations that are not accepted, and whatever else happens to stations."""
    station = rig.station()
    provisioner = rig.provisioner()
    await provisioner.receive([rig.booted(station, "pending")])
    await provisioner.receive([])
    rig.settings = ProvisioningSettings(enabled=False)
    await rig.provisioner().receive([rig.booted(station)])
    assert rig.book.boots == {}


@waits
async def test_only_one_process_does_it(rig: Rig) -> None:
    """Whoever holds the lock."""
    await rig.profile(key("A", "1"))
    station = rig.station()
    other = MemoryLocks(rig.locks.holders)
    await other.hold(LOCK)
    provisioner = rig.provisioner()
    provisioner.startService()
    await provisioner.receive([rig.booted(station)])
    rig.clock.pass_by(15)
    assert rig.model.asked == []
    await other.release(LOCK)
    rig.clock.pass_by(2)
    assert rig.model.asked != []
    provisioner.stopService()
    rig.clock.pass_by(5)
    assert await other.hold(LOCK)


@waits
async def test_state(rig: Rig) -> None:
    """Which profiles count, what they wish, where the station differs as far as is known."""
    await rig.profile(key("A", "1"))
    low = ProvisioningProfile(name="low", operator_id=1, priority=-1, settings=(key("A", "2"),))
    await rig.book.put(low)
    await rig.book.put(ProvisioningProfile(name="x", operator_id=1, identity="X"))
    rig.station()
    provisioning = Provisioning(
        book=rig.book,
        stations=rig.stations,
        variables=rig.variables,
        speech=PlainSpeech(),
        now=rig.clock.now,
    )
    assert verifyObject(IProvisioning, provisioning)
    state = await provisioning.state("CP1", 1)
    assert state.profiles == ("p", "low")
    assert [wish.setting.value for wish in state.wishes] == ["1"]
    assert [(each.setting.value, each.value) for each in state.drift] == [("1", None)]
    assert state.run is None
    rig.know("A", "0", reboot_required=True, pending_value="1")
    (found,) = (await provisioning.state("CP1", 1)).drift
    assert (found.value, found.reboot_required) == ("0", True)
    await provisioning.again("CP1", 1)
    assert list(rig.book.boots.values()) == [rig.clock.now()]
