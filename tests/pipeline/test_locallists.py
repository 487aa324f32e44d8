"""Lists sent to stations, part by part."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from zope.interface import implementer
from zope.interface.verify import verifyObject

from csms.core.commands import Command, Outcome
from csms.core.decisions import Ask
from csms.core.errors import Conflict, Invalid, NotFound
from csms.core.locallists.vocabulary import (
    MAX_ENTRIES,
    Confirmed,
    Listed,
    ListEntry,
    ListLimits,
    ListStatus,
    ReadLocalListVersion,
    SendLocalList,
)
from csms.core.pages import Query
from csms.core.ports import ILocalLists, ITasks
from csms.core.values import OperationStatus, StationKey, Token
from csms.pipeline.locallists import LocalLists
from csms.testing.answering import AnsweringOperations, Said
from csms.testing.locallists import MemoryListLimits, MemoryLocalLists
from csms.testing.operations import MemoryOperationsBook
from csms.testing.stations import MemoryStations
from csms.testing.tokens import MemoryTokens
from csms.testing.waiting import waits

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B, C = (ListEntry(id_token=name) for name in "ABC")
YES = Outcome(status="accepted", found="Accepted")


def no(word: str) -> Outcome:
    """The station refuses."""
    return Outcome(status="rejected", detail=word, found=word)


@implementer(ITasks)
@attrs.define
class Tasks:
    """Runs at once, and remembers what failed."""

    failed: list[BaseException] = attrs.field(factory=list)

    def spawn(self, work: Coroutine[Any, Any, object], /, what: str, **fields: object) -> None:
        """Start a coroutine."""
        Deferred.fromCoroutine(work).addErrback(lambda failure: self.failed.append(failure.value))


@attrs.define
class Bench:
    """Lists of the connected station cp-1, whose list is in ``held`` with its ``version``."""

    time: datetime = NOW
    said: list[Said] = attrs.field(factory=list)
    """What it says to the next lists; when that is used up, it does as it is told."""
    held: dict[str, ListEntry] = attrs.field(factory=dict)
    version: int = 0
    limits: MemoryListLimits = attrs.field(factory=MemoryListLimits)
    clock: Clock = attrs.field(factory=Clock)
    tasks: Tasks = attrs.field(factory=Tasks)
    stations: MemoryStations = attrs.field(init=False)
    tokens: MemoryTokens = attrs.field(init=False)
    book: MemoryLocalLists = attrs.field(init=False)
    operations: AnsweringOperations = attrs.field(init=False)
    lists: LocalLists = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.stations = MemoryStations(self.now)
        self.stations.seed("cp-1", connected=True)
        self.tokens = MemoryTokens(self.now)
        operations = MemoryOperationsBook(self.now)
        self.book = MemoryLocalLists(self.stations, self.tokens, operations)
        self.operations = AnsweringOperations(
            stations=self.stations,
            book=operations,
            now=self.now,
            answer=self.answer,
            known=self.known,
            write=self.book.write,
        )
        self.lists = LocalLists(
            book=self.book,
            operations=self.operations,
            limits=self.limits,
            tasks=self.tasks,
            clock=self.clock,
            now=self.now,
        )

    def now(self) -> datetime:
        """The time of the test."""
        return self.time

    def known(self, key: StationKey, _ask: Ask) -> tuple[Any, ...]:
        """What the rules ask."""
        row = self.book.rows.get(key.id)
        return () if row is None else (Confirmed(version=row.confirmed_version),)

    def answer(self, command: Command) -> Said:
        """What the station says."""
        if isinstance(command, ReadLocalListVersion):
            return Outcome(status="accepted", found=self.version)
        assert isinstance(command, SendLocalList)
        if self.said:
            return self.said.pop(0)
        return self.take(command)

    def take(self, command: SendLocalList) -> Outcome:
        """As a station does (2.x D01)."""
        if command.full:
            self.held.clear()
        elif command.version <= self.version:
            return no("VersionMismatch")
        self.version = command.version
        self.held.update({each.id_token: each for each in command.entries})
        for each in command.removed:
            self.held.pop(each.id_token, None)
        return YES

    async def sync(self, **how: Any) -> ListStatus:
        """Send what is wanted; how it stands then."""
        return (await self.lists.sync("cp-1", 1, **how)).status

    @property
    def sent(self) -> list[tuple[bool, str, str]]:
        """Of each list sent: whether it was full, what it put and what it took off."""
        lists = [each for _, each in self.operations.sent if isinstance(each, SendLocalList)]
        return [
            (
                each.full,
                "".join(entry.id_token for entry in each.entries),
                "".join(entry.id_token for entry in each.removed),
            )
            for each in lists
        ]

    @property
    def versions(self) -> list[int]:
        """Of the lists sent."""
        return [each.version for _, each in self.operations.sent if isinstance(each, SendLocalList)]


@pytest.fixture
def bench() -> Bench:
    """See `Bench`."""
    return Bench()


def test_it_is_the_port(bench: Bench) -> None:
    """It provides what the API asks for."""
    assert verifyObject(ILocalLists, bench.lists)


@waits
async def test_full_then_changes(bench: Bench) -> None:
    """The first list is full; after that only what differs is sent."""
    await bench.lists.put("cp-1", 1, [A, B])
    assert await bench.sync() is ListStatus.SYNCED
    await bench.lists.patch("cp-1", 1, [C], ["A"])
    assert await bench.sync() is ListStatus.SYNCED
    assert bench.sent == [(True, "AB", ""), (False, "C", "A")]
    assert list(bench.held) == ["B", "C"]
    assert await bench.sync() is ListStatus.SYNCED
    assert len(bench.sent) == 2, "nothing differs"


@waits
async def test_full_when_told_to(bench: Bench) -> None:
    """All of it is sent again to whoever wants that."""
    await bench.lists.put("cp-1", 1, [A])
    await bench.sync()
    assert await bench.sync(full=True) is ListStatus.SYNCED
    assert bench.sent == [(True, "A", "")] * 2


@waits
async def test_versions_rise(bench: Bench) -> None:
    """No version is used twice, also not of a list that was refused."""
    bench.said = [no("Failed")]
    await bench.lists.put("cp-1", 1, [A])
    await bench.sync()
    await bench.sync()
    await bench.sync(full=True)
    assert bench.versions == [1, 2, 3]


@waits
async def test_in_parts(bench: Bench) -> None:
    """A list beyond the station's limit goes out in parts of rising versions."""
    bench.limits.lists = ListLimits(items=1)
    await bench.lists.put("cp-1", 1, [A, B, C])
    assert await bench.sync() is ListStatus.SYNCED
    assert bench.sent == [(True, "A", ""), (False, "B", ""), (False, "C", "")]
    assert (bench.versions, list(bench.held)) == ([1, 2, 3], ["A", "B", "C"])


@waits
async def test_refused_change_is_followed_by_a_full_list(bench: Bench) -> None:
    """On Failed or VersionMismatch of a change the whole list is sent (D01, 1.6 §5.15)."""
    for word in ("Failed", "VersionMismatch"):
        await bench.lists.put("cp-1", 1, [A])
        await bench.sync()
        await bench.lists.put("cp-1", 1, [A, B])
        bench.said = [no(word)]
        assert await bench.sync() is ListStatus.SYNCED
        assert bench.sent[-2:] == [(False, "B", ""), (True, "AB", "")]


@waits
async def test_station_of_a_higher_version(bench: Bench) -> None:
    """A station that says its list is newer is asked how new it is, and gets a newer one."""
    bench.version = 41
    bench.said = [no("VersionMismatch")]
    await bench.lists.put("cp-1", 1, [A])
    assert await bench.sync() is ListStatus.SYNCED
    assert (bench.versions, bench.version) == ([1, 42], 42)


@waits
async def test_refused_full_list(bench: Bench) -> None:
    """A full list that is refused has failed; the job tries again after a while (TC_043_3)."""
    bench.said = [no("Failed")]
    await bench.lists.put("cp-1", 1, [A])
    assert await bench.sync() is ListStatus.FAILED
    assert len(bench.sent) == 1
    assert await bench.lists.tend() == 0
    bench.time += timedelta(minutes=2)
    assert await bench.lists.tend() == 1
    assert (await bench.lists.get("cp-1", 1)).status is ListStatus.SYNCED


@waits
async def test_never_satisfied(bench: Bench) -> None:
    """A station that refuses whatever it is sent is left alone after three goes."""
    bench.said = [no("VersionMismatch")] * 10
    await bench.lists.put("cp-1", 1, [A])
    assert await bench.sync() is ListStatus.FAILED
    assert len(bench.sent) == 3


@waits
async def test_unsupported(bench: Bench) -> None:
    """A station without lists is not bothered again (TC_043_1)."""
    bench.said = [Outcome(status="unsupported", detail="NotSupported")]
    await bench.lists.put("cp-1", 1, [A])
    assert await bench.sync() is ListStatus.UNSUPPORTED
    bench.time += timedelta(hours=2)
    assert await bench.lists.tend() == 0


@waits
async def test_late_answer(bench: Bench) -> None:
    """While an answer is out nothing more is sent; when it comes the job goes on."""
    bench.limits.lists = ListLimits(items=1)
    bench.said = [None]
    await bench.lists.put("cp-1", 1, [A, B])
    assert await bench.sync() is ListStatus.SENDING
    assert await bench.sync() is ListStatus.SENDING
    assert await bench.lists.tend() == 0
    bench.held["A"] = A
    bench.version = 1
    await bench.operations.late(YES)
    assert (await bench.lists.get("cp-1", 1)).status is ListStatus.STALE
    assert await bench.lists.tend() == 1
    assert (await bench.lists.get("cp-1", 1)).status is ListStatus.SYNCED
    assert bench.sent == [(True, "A", ""), (False, "B", "")]


@waits
async def test_no_answer(bench: Bench) -> None:
    """After a change that was not answered, the whole list is sent."""
    await bench.lists.put("cp-1", 1, [A])
    await bench.sync()
    bench.said = [Outcome(status="expired")]
    await bench.lists.patch("cp-1", 1, [B], [])
    assert await bench.sync() is ListStatus.STALE
    assert await bench.sync() is ListStatus.SYNCED
    assert bench.sent[1:] == [(False, "B", ""), (True, "AB", "")]


@waits
async def test_offline(bench: Bench) -> None:
    """What is wanted of a station that is away is sent when it is back."""
    bench.stations.report("cp-1", connected=False)
    await bench.lists.put("cp-1", 1, [A])
    assert await bench.sync() is ListStatus.STALE
    assert await bench.lists.tend() == 0
    bench.stations.report("cp-1", connected=True)
    assert await bench.lists.tend() == 1
    assert list(bench.held) == ["A"]


@waits
async def test_edits_meanwhile(bench: Bench) -> None:
    """What is wanted while a list is on its way is sent after it."""
    bench.said = [None]
    await bench.lists.put("cp-1", 1, [A])
    await bench.sync()
    await bench.lists.put("cp-1", 1, [B])
    bench.held, bench.version = {"A": A}, 1
    await bench.operations.late(YES)
    await bench.lists.tend()
    assert (list(bench.held), bench.sent[-1]) == (["B"], (False, "B", "A"))


@waits
async def test_one_at_a_time(bench: Bench) -> None:
    """Whoever comes second finds the list claimed, and sends nothing."""
    await bench.lists.put("cp-1", 1, [A])
    station = await bench.stations.get("cp-1")
    assert await bench.book.claim(station.id, NOW, 60, forced=False)
    assert await bench.sync() is ListStatus.SENDING
    assert bench.sent == []


@waits
async def test_waits_not_for_ever(bench: Bench) -> None:
    """Whoever asks for it waits a while, and then reads how far it is."""
    await bench.lists.put("cp-1", 1, [A])
    answer: Deferred[None] = Deferred()
    bench.lists.operations = _Slow(bench.operations, answer)  # type: ignore[assignment]  # half a fake
    waiting = Deferred.fromCoroutine(bench.lists.sync("cp-1", 1))
    bench.clock.advance(9.9)
    assert not waiting.called
    bench.clock.advance(0.2)
    assert (await waiting).status is ListStatus.SENDING
    answer.callback(None)
    assert (await bench.lists.get("cp-1", 1)).status is ListStatus.SYNCED


@attrs.define
class _Slow:
    """Operations that wait for the test."""

    operations: AnsweringOperations
    gate: Deferred[None]

    async def submit(self, *args: Any, **how: Any) -> Any:
        """See `IOperations`."""
        await self.gate
        return await self.operations.submit(*args, **how)


@waits
async def test_refusals_reach_who_asked(bench: Bench) -> None:
    """A station that must not be sent anything is told of, and the list is not held."""
    await bench.lists.put("cp-1", 1, [A])
    bench.said = [Conflict("the station is pending", code="not_registered")]
    with pytest.raises(Conflict):
        await bench.sync()
    assert [type(error) for error in bench.tasks.failed] == [Conflict]
    assert await bench.sync() is ListStatus.SYNCED


@waits
async def test_unmanaged(bench: Bench) -> None:
    """Where nothing is wanted, nothing is sent."""
    with pytest.raises(Conflict) as refused:
        await bench.sync()
    assert refused.value.code == "unmanaged"
    await bench.lists.put("cp-1", 1, [A])
    await bench.lists.forget("cp-1", 1)
    with pytest.raises(Conflict):
        await bench.sync()
    assert await bench.lists.tend() == 0


@waits
async def test_empty(bench: Bench) -> None:
    """An empty list is sent to a station whose list is not known, and not to an empty one."""
    bench.held, bench.version = {"X": A}, 7
    await bench.lists.put("cp-1", 1, [])
    assert await bench.sync() is ListStatus.SYNCED
    assert (bench.sent, bench.held) == ([(True, "", "")], {})
    bench.version = 0
    await bench.lists.read("cp-1", 1)
    assert await bench.sync() is ListStatus.SYNCED
    assert len(bench.sent) == 1


@waits
async def test_lost_list(bench: Bench) -> None:
    """A station that has lost its list gets it again, as a whole."""
    await bench.lists.put("cp-1", 1, [A])
    await bench.sync()
    bench.held, bench.version = {}, 0
    assert (await bench.lists.read("cp-1", 1)).status is OperationStatus.ACCEPTED
    assert await bench.lists.tend() == 1
    assert bench.sent[-1] == (True, "A", "")


@pytest.mark.parametrize("hook", [True, False])
@waits
async def test_boot(bench: Bench, hook: bool) -> None:
    """After a boot the version is asked for, and what is missing is sent (TC_D_08)."""
    await bench.lists.put("cp-1", 1, [A])
    await bench.sync()
    bench.held, bench.version = {"X": C}, 99
    bench.time += timedelta(minutes=1)
    station = bench.stations.report("cp-1", booted_at=bench.time)
    if hook:
        await bench.lists.booted(StationKey(station.id, "cp-1"))
        assert await bench.lists.tend() == 0
    else:
        assert await bench.lists.tend() == 1
    assert (list(bench.held), bench.versions[-1]) == (["A"], 100)


@waits
async def test_boot_with_the_same_list(bench: Bench) -> None:
    """A station that still has its list is sent nothing."""
    await bench.lists.put("cp-1", 1, [A])
    await bench.sync()
    station = bench.stations.report("cp-1", booted_at=bench.time)
    await bench.lists.booted(StationKey(station.id, "cp-1"))
    assert len(bench.sent) == 1


@waits
async def test_boot_of_an_unmanaged_station(bench: Bench) -> None:
    """A station of which nothing is wanted is not asked."""
    station = await bench.stations.get("cp-1")
    await bench.lists.booted(StationKey(station.id, "cp-1"))
    assert bench.operations.sent == []


@waits
async def test_tokens(bench: Bench) -> None:
    """A list made of tokens follows them: they come, are blocked and go."""
    await bench.tokens.put(Token(id_token="A"))
    await bench.lists.put("cp-1", 1, None)
    await bench.sync()
    changes: list[Callable[[], Coroutine[Any, Any, object]]] = [
        lambda: bench.tokens.put(Token(id_token="B")),
        lambda: bench.tokens.patch("A", 1, {"blocked": True}),
        lambda: bench.tokens.delete("B", 1),
    ]
    assert await bench.lists.renew() == 0
    seen = []
    for change in changes:
        bench.time += timedelta(minutes=1)
        await change()
        assert await bench.lists.renew() == 1
        assert await bench.lists.tend() == 1
        seen.append("".join(bench.held))
    assert seen == ["AB", "B", ""]
    assert bench.sent[1:] == [(False, "B", ""), (False, "", "A"), (False, "", "B")]


@waits
async def test_too_long(bench: Bench) -> None:
    """A list is as long as the station takes."""
    bench.limits.lists = ListLimits(entries=1)
    for call, field in (
        (bench.lists.put("cp-1", 1, [A, B]), "entries"),
        (bench.lists.patch("cp-1", 1, [A, B], []), "put"),
    ):
        with pytest.raises(Invalid) as refused:
            await call
        assert refused.value.field == field
    for name in "ABC":
        await bench.tokens.put(Token(id_token=name))
    assert (await bench.lists.put("cp-1", 1, None)).omitted == 2
    assert MAX_ENTRIES == 10_000


@waits
async def test_twice_the_same(bench: Bench) -> None:
    """A token is in a list once."""
    for call, field in (
        (bench.lists.put("cp-1", 1, [A, ListEntry(id_token="a")]), "entries[1].id_token"),
        (bench.lists.patch("cp-1", 1, [B, B], []), "put[1].id_token"),
    ):
        with pytest.raises(Invalid) as refused:
            await call
        assert refused.value.field == field


@waits
async def test_other_operators(bench: Bench) -> None:
    """Another operator's station is none."""
    for call in (
        bench.lists.get("cp-1", 2),
        bench.lists.entries(Query(), "cp-1", 2),
        bench.lists.put("cp-1", 2, [A]),
        bench.lists.patch("cp-1", 2, [A], []),
        bench.lists.forget("cp-1", 2),
        bench.lists.sync("cp-1", 2),
        bench.lists.read("cp-1", 2),
    ):
        with pytest.raises(NotFound):
            await call


@waits
async def test_entries(bench: Bench) -> None:
    """What is wanted and held can be listed."""
    await bench.lists.put("cp-1", 1, [A])
    page = await bench.lists.entries(Query(), "cp-1", 1)
    assert [each.wanted for each in page.items] == [A]
    assert Listed(id_token="A").key == A.key
