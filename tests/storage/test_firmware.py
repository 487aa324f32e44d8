"""Firmware updates: the book (that in memory does the same), and what the intake does to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_twisted
from zope.interface.verify import verifyObject

from csms.core.commands import Command, Outcome
from csms.core.decide import decide, question
from csms.core.decisions import Policy
from csms.core.errors import NotFound
from csms.core.firmware.vocabulary import (
    FirmwareProgressed,
    PublicationProgressed,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from csms.core.pages import Query
from csms.core.ports import IStations
from csms.core.ports.firmware import IFirmwareBook
from csms.core.reports import Booted, CommandAnswered, Report
from csms.core.values import Operation, OperationStatus, Registration, Station, StationKey
from csms.storage.firmware import PostgresFirmware
from csms.storage.holdings import PostgresHoldings
from csms.storage.ledger import PostgresLedger
from csms.storage.operations import PostgresOperations
from csms.storage.pool import Pool
from csms.storage.stations import PostgresStations
from csms.testing.firmware import MemoryFirmwareBook
from csms.testing.stations import MemoryStations

T0 = datetime.now(UTC).replace(microsecond=0)
UPDATE = UpdateFirmware(location="https://me:pw@files.example/fw", retrieve_at=T0)


def now() -> datetime:
    return T0


@pytest.fixture(params=["memory", "postgres"])
def books(request: Any) -> tuple[IStations, IFirmwareBook]:
    """A register and a book."""
    if request.param == "memory":
        memory = MemoryStations(now)
        return memory, MemoryFirmwareBook(memory)
    pool = request.getfixturevalue("pool")
    return PostgresStations(pool), PostgresFirmware(pool)


async def station(stations: IStations, identity: str = "CP1") -> Station:
    return await stations.enlist(identity, Registration.ACCEPTED)


def numbered(number: int) -> UpdateFirmware:
    return UpdateFirmware(location=UPDATE.location, retrieve_at=T0, retries=2, ref=number)


@pytest_twisted.ensureDeferred
async def test_recorded(books: tuple[IStations, IFirmwareBook]) -> None:
    """A wish is there at once, without the password in its location."""
    stations, book = books
    assert verifyObject(IFirmwareBook, book)
    cp1 = await station(stations)
    await book.record(cp1, numbered(7), "2.0", T0)
    update = await book.get("CP1", 1, 7)
    assert (update.number, update.identity, update.status) == (7, "CP1", "Requested")
    assert (update.location, update.retries) == ("https://***@files.example/fw", 2)
    assert (update.expected_version, update.created_at, update.ended_at) == ("2.0", T0, None)
    for identity, operator, number in (("CP1", 1, 8), ("CP1", 2, 7), ("CP2", 1, 7)):
        with pytest.raises(NotFound):
            await book.get(identity, operator, number)


@pytest_twisted.ensureDeferred
async def test_closed_or_discarded(books: tuple[IStations, IFirmwareBook]) -> None:
    """What nobody heard of ends, once; what was refused is gone, unless the station knows it."""
    stations, book = books
    cp1 = await station(stations)
    for number in (1, 2):
        await book.record(cp1, numbered(number), None, T0)
    await book.close(cp1.id, 1, "Unreachable", "why", T0)
    await book.close(cp1.id, 1, "Expired", None, T0)
    await book.discard(cp1.id, 1)
    update = await book.get("CP1", 1, 1)
    assert (update.status, update.detail, update.ended_at) == ("Unreachable", "why", T0)
    assert [step.status for step in update.history] == ["Unreachable"]
    await book.discard(cp1.id, 2)
    with pytest.raises(NotFound):
        await book.get("CP1", 1, 2)


@pytest_twisted.ensureDeferred
async def test_kept_for_some_time(books: tuple[IStations, IFirmwareBook]) -> None:
    """Since something was heard of it; deleted in batches."""
    stations, book = books
    cp1 = await station(stations)
    for number in range(1, 5):
        await book.record(cp1, numbered(number), None, T0)
    later = T0 + timedelta(days=1)
    await book.close(cp1.id, 2, "Unreachable", None, later)
    assert [await book.prune(later, 2), await book.prune(later, 2)] == [2, 1]
    left = await book.list(Query(), "CP1", 1)
    assert [each.number for each in left.items] == [2]


@pytest_twisted.ensureDeferred
async def test_listed(books: tuple[IStations, IFirmwareBook]) -> None:
    """Newest first, page by page, of that station only."""
    stations, book = books
    cp1, cp2 = await station(stations), await station(stations, "CP2")
    for number in range(1, 4):
        await book.record(cp1, numbered(number), None, T0 + timedelta(minutes=number))
    await book.record(cp2, numbered(9), None, T0)
    await book.close(cp1.id, 2, "Unreachable", None, T0)
    page = await book.list(Query(limit=2), "CP1", 1)
    rest = await book.list(Query(limit=2, cursor=page.next_cursor), "CP1", 1)
    assert [each.number for each in (*page.items, *rest.items)] == [3, 2, 1]
    some = await book.list(Query(filters={"status": "Requested"}), "CP1", 1)
    assert [each.number for each in some.items] == [3, 1]
    with pytest.raises(NotFound):
        await book.list(Query(), "CP1", 2)


class Talk:
    """A station that talks to the real ledger."""

    def __init__(self, pool: Pool, key: StationKey, ledger: PostgresLedger) -> None:
        self.pool, self.key, self.ledger = pool, key, ledger
        self.now = T0

    @classmethod
    async def begin(cls, pool: Pool) -> Talk:
        cp1 = await PostgresStations(pool).enlist("CP1", Registration.ACCEPTED)
        ledger = PostgresLedger(pool.lane())
        await ledger.ready()
        talk = cls(pool, StationKey(cp1.id, "CP1", cp1.operator_id), ledger)
        await talk.say(Booted(vendor="Acme", model="M", firmware_version="1.0"))
        return talk

    async def say(self, report: Report) -> list[str]:
        """The kinds of the events that follow."""
        self.now += timedelta(seconds=1)
        (state,) = await self.ledger.gather([(self.key, question(report))], self.now)
        decision = decide(report, self.key, state, self.now, Policy())
        await self.ledger.commit([decision])
        return [event.kind for event in decision.events]

    async def answer(
        self, command: Command, status: str = "accepted", detail: str | None = None
    ) -> None:
        operation = Operation(
            id=f"00000000-0000-0000-0000-{int(self.now.timestamp()):012d}",
            operator_id=self.key.operator_id,
            station_id=self.key.id,
            identity="CP1",
            action="x",
            payload={},
            status=OperationStatus.PENDING,
            ref=getattr(command, "ref", None),
            created_at=self.now,
            expires_at=self.now,
        )
        await PostgresOperations(self.pool).record(operation, b"x")
        outcome = Outcome(status=status, detail=detail)
        await self.say(
            CommandAnswered(operation=operation, command=command, outcome=outcome, at=self.now)
        )


@pytest_twisted.ensureDeferred
async def test_a_whole_update(pool: Pool) -> None:
    """From the answer to the version that the station boots with; the newest is meant where the
    station does not say."""
    talk, book = await Talk.begin(pool), PostgresFirmware(pool)
    await talk.answer(numbered(1))
    await talk.answer(numbered(2), "rejected")
    await talk.answer(numbered(3))
    for status in ("Downloading", "Downloading", "Downloaded", "Downloading", "Installing"):
        await talk.say(FirmwareProgressed(status=status, detail="d"))
    update = await book.get("CP1", 1, 3)
    assert (update.status, update.detail, update.version_before) == ("Installing", "d", "1.0")
    assert update.operation_id is not None
    assert [step.status for step in update.history] == [
        *("Accepted", "Downloading", "Downloaded", "Downloading", "Installing")
    ]
    kinds = await talk.say(Booted(vendor="Acme", model="M", firmware_version="2.0"))
    assert kinds == ["station.booted", "station.firmware_changed"]
    update = await book.get("CP1", 1, 3)
    assert (update.status, update.version_after) == ("Installed", "2.0")
    assert update.ended_at == update.confirmed_at == talk.now
    assert (await book.get("CP1", 1, 1)).status == "Accepted"
    assert (await book.get("CP1", 1, 2)).status == "Rejected"


@pytest_twisted.ensureDeferred
async def test_one_for_another(pool: Pool) -> None:
    """AcceptedCanceled ends the others that the station had accepted."""
    talk, book = await Talk.begin(pool), PostgresFirmware(pool)
    await talk.answer(numbered(1))
    await talk.answer(numbered(2), "accepted", "AcceptedCanceled")
    first, second = await book.get("CP1", 1, 1), await book.get("CP1", 1, 2)
    assert (first.status, first.detail, second.status) == ("Canceled", "for 2", "Accepted")
    await talk.say(FirmwareProgressed(status="Installed", request_id=1))
    assert (await book.get("CP1", 1, 1)).status == "Canceled"


@pytest_twisted.ensureDeferred
async def test_the_answer_fills_in_nothing(pool: Pool) -> None:
    """A job that was on record keeps what it was recorded with."""
    talk, book = await Talk.begin(pool), PostgresFirmware(pool)
    cp1 = await PostgresStations(pool).get("CP1")
    await book.record(cp1, numbered(1), "2.0", T0)
    await talk.answer(numbered(1))
    update = await book.get("CP1", 1, 1)
    assert (update.status, update.expected_version) == ("Accepted", "2.0")


@pytest_twisted.ensureDeferred
async def test_what_time_settled(pool: Pool) -> None:
    """A wish whose operation expired is shown as that, and is not what a station speaks of."""
    talk, book = await Talk.begin(pool), PostgresFirmware(pool)
    cp1 = await PostgresStations(pool).get("CP1")
    await talk.answer(numbered(1))
    await book.record(cp1, numbered(2), None, talk.now + timedelta(minutes=1))
    operation = Operation(
        id="00000000-0000-0000-0000-000000000002",
        operator_id=1,
        station_id=cp1.id,
        identity="CP1",
        action="x",
        payload={},
        status=OperationStatus.EXPIRED,
        ref=2,
        created_at=T0,
        settled_at=T0,
        expires_at=T0,
    )
    await PostgresOperations(pool).record(operation, b"")
    assert (await book.get("CP1", 1, 2)).status == "Expired"
    await talk.say(FirmwareProgressed(status="Downloading"))
    assert (await book.get("CP1", 1, 1)).status == "Downloading"


@pytest_twisted.ensureDeferred
async def test_the_history_is_bounded(pool: Pool) -> None:
    """A station that tells the same two things in turn for ever fills no disk."""
    talk, book = await Talk.begin(pool), PostgresFirmware(pool)
    await talk.answer(numbered(1))
    for number in range(210):
        status = "DownloadPaused" if number % 2 else "Downloading"
        await talk.say(FirmwareProgressed(status=status))
    update = await book.get("CP1", 1, 1)
    assert (len(update.history), update.status) == (200, "DownloadPaused")


@pytest_twisted.ensureDeferred
async def test_publications(pool: Pool) -> None:
    """Held by its checksum while it is there; reports find it by their number, or the newest."""
    talk, holdings = await Talk.begin(pool), PostgresHoldings(pool)
    await talk.answer(PublishFirmware(location="https://a/fw", checksum="a" * 32, ref=1))
    await talk.answer(PublishFirmware(location="https://a/fw2", checksum="b" * 32, ref=2))
    await talk.say(PublicationProgressed(status="Downloading", request_id=1))
    await talk.say(PublicationProgressed(status="Downloaded"))
    done = PublicationProgressed(status="Published", request_id=2, locations=("https://lc/",))
    await talk.say(done)
    first, second = await holdings.list("CP1", 1, "published_firmware")
    assert (first.content["status"], second.content["status"]) == ("Downloaded", "Published")
    assert (second.content["locations"], second.origin) == (["https://lc/"], "set")
    await talk.answer(UnpublishFirmware(checksum="a" * 32))
    (left,) = await holdings.list("CP1", 1, "published_firmware")
    assert left.key == "b" * 32
