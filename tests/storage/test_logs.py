"""Log uploads: the book (that in memory does the same), and what the intake does to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_twisted
from zope.interface.verify import verifyObject

from csms.core.commands import Outcome
from csms.core.decide import decide, question
from csms.core.decisions import Policy
from csms.core.errors import NotFound
from csms.core.logs.vocabulary import (
    CLOSED,
    NOTHING,
    LogFile,
    LogKind,
    LogPromised,
    LogUploadProgressed,
    RequestLog,
)
from csms.core.pages import Query
from csms.core.ports import IStations
from csms.core.ports.logs import Expected, ILogsBook
from csms.core.reports import CommandAnswered, Report
from csms.core.values import Operation, OperationStatus, Registration, Station, StationKey
from csms.storage.ledger import PostgresLedger
from csms.storage.logs import PostgresLogs
from csms.storage.operations import PostgresOperations
from csms.storage.pool import Pool
from csms.storage.stations import PostgresStations
from csms.testing.logs_kept import MemoryLogsBook
from csms.testing.stations import MemoryStations

T0 = datetime.now(UTC).replace(microsecond=0)
LATER = T0 + timedelta(hours=1)
HASH = b"h" * 32
FILE = LogFile(
    name="a\0.log", size=3, content_type="text/plain", sha256="00", stored_at=T0, key="0" * 32
)


def now() -> datetime:
    return T0


@pytest.fixture(params=["memory", "postgres"])
def books(request: Any) -> tuple[IStations, ILogsBook]:
    """A register and a book."""
    if request.param == "memory":
        memory = MemoryStations(now)
        return memory, MemoryLogsBook(memory)
    pool = request.getfixturevalue("pool")
    return PostgresStations(pool), PostgresLogs(pool)


async def station(stations: IStations, identity: str = "CP1") -> Station:
    return await stations.enlist(identity, Registration.ACCEPTED)


def wish(number: int, **more: Any) -> RequestLog:
    return RequestLog(location="ftp://u:p@files.example/", ref=number, **more)


@pytest_twisted.ensureDeferred
async def test_recorded(books: tuple[IStations, ILogsBook]) -> None:
    """A wish is there at once: what is to come to us by its secret, the rest without passwords."""
    stations, book = books
    assert verifyObject(ILogsBook, book)
    cp1 = await station(stations)
    await book.record(cp1, wish(1, kind=LogKind.SECURITY, oldest_at=T0), HASH, LATER, T0)
    await book.record(cp1, wish(2), None, None, T0)
    ours, other = await book.get("CP1", 1, 1), await book.get("CP1", 1, 2)
    assert (ours.own, ours.location, ours.kind) == (True, None, LogKind.SECURITY)
    assert (ours.status, ours.expires_at, ours.oldest_at) == ("Requested", LATER, T0)
    assert (other.own, other.location) == (False, "ftp://***@files.example/")
    assert await book.find(HASH) == Expected(
        station_id=cp1.id, identity="CP1", number=1, expires_at=LATER, received=False
    )
    assert await book.find(b"x" * 32) is None
    for identity, operator, number in (("CP1", 1, 3), ("CP1", 2, 1), ("CP2", 1, 1)):
        with pytest.raises(NotFound):
            await book.get(identity, operator, number)


@pytest_twisted.ensureDeferred
async def test_stored_once(books: tuple[IStations, ILogsBook]) -> None:
    """The first file stays; it ends what had not ended."""
    stations, book = books
    cp1 = await station(stations)
    await book.record(cp1, wish(1), HASH, LATER, T0)
    await book.remark(cp1.id, 1, "no room", T0)
    assert (await book.get("CP1", 1, 1)).detail == "no room"
    assert await book.store(cp1.id, 1, FILE)
    assert not await book.store(cp1.id, 1, FILE)
    upload = await book.get("CP1", 1, 1)
    assert upload.file is not None
    assert (upload.file.size, upload.status, upload.ended_at) == (3, "Uploaded", T0)
    found = await book.find(HASH)
    assert found is not None
    assert found.received
    assert await book.known([FILE.key, "1" * 32]) == {FILE.key}


@pytest_twisted.ensureDeferred
async def test_stored_too_late(books: tuple[IStations, ILogsBook]) -> None:
    """When its time is over, or nobody waits for it any more."""
    stations, book = books
    cp1 = await station(stations)
    await book.record(cp1, wish(1), HASH, T0, T0)
    assert not await book.store(cp1.id, 1, FILE)
    await book.record(cp1, wish(2), None, None, T0)
    assert not await book.store(cp1.id, 2, FILE)
    assert not await book.store(cp1.id, 3, FILE)


@pytest.mark.parametrize("status", sorted(CLOSED))
@pytest_twisted.ensureDeferred
async def test_nothing_is_taken_after_a_no(books: tuple[IStations, ILogsBook], status: str) -> None:
    """The station said that it uploads nothing: its secret is good for nothing any more."""
    stations, book = books
    cp1 = await station(stations)
    await book.record(cp1, wish(1), HASH, LATER, T0)
    await book.close(cp1.id, 1, status, None, T0)
    assert await book.find(HASH) is None
    assert not await book.store(cp1.id, 1, FILE)
    upload = await book.get("CP1", 1, 1)
    assert (upload.status, upload.file) == (status, None)


@pytest.mark.parametrize(
    ("status", "then"), [(NOTHING, "Uploaded"), ("UploadFailure", "UploadFailure")]
)
@pytest_twisted.ensureDeferred
async def test_a_file_that_comes_nevertheless(
    books: tuple[IStations, ILogsBook], status: str, then: str
) -> None:
    """After a failure the station may try again; one that named no file may have one."""
    stations, book = books
    cp1 = await station(stations)
    await book.record(cp1, wish(1), HASH, LATER, T0)
    await book.close(cp1.id, 1, status, None, T0)
    assert await book.find(HASH) is not None
    assert await book.store(cp1.id, 1, FILE)
    upload = await book.get("CP1", 1, 1)
    assert upload.file is not None
    assert upload.status == then


@pytest_twisted.ensureDeferred
async def test_closed_or_discarded(books: tuple[IStations, ILogsBook]) -> None:
    """What nobody heard of ends, once; what was refused is gone, unless the station knows it."""
    stations, book = books
    cp1 = await station(stations)
    for number in (1, 2):
        await book.record(cp1, wish(number), None, None, T0)
    await book.close(cp1.id, 1, "Unreachable", "why", T0)
    await book.close(cp1.id, 1, "Expired", None, T0)
    await book.discard(cp1.id, 1)
    upload = await book.get("CP1", 1, 1)
    assert (upload.status, upload.detail, upload.ended_at) == ("Unreachable", "why", T0)
    await book.discard(cp1.id, 2)
    with pytest.raises(NotFound):
        await book.get("CP1", 1, 2)


@pytest_twisted.ensureDeferred
async def test_listed_and_deleted(books: tuple[IStations, ILogsBook]) -> None:
    """Newest first, of that station only; what is deleted leaves its file to be deleted."""
    stations, book = books
    cp1, cp2 = await station(stations), await station(stations, "CP2")
    for number in range(1, 4):
        at = T0 + timedelta(minutes=number)
        await book.record(cp1, wish(number), bytes([number]) * 32, LATER, at)
    await book.record(cp2, wish(9, kind=LogKind.SECURITY), None, None, T0)
    await book.store(cp1.id, 2, FILE)
    page = await book.list(Query(limit=2), "CP1", 1)
    rest = await book.list(Query(limit=2, cursor=page.next_cursor), "CP1", 1)
    assert [each.number for each in (*page.items, *rest.items)] == [3, 2, 1]
    some = await book.list(Query(filters={"status": "Uploaded", "kind": "diagnostics"}), "CP1", 1)
    assert [each.number for each in some.items] == [2]
    with pytest.raises(NotFound):
        await book.delete("CP1", 2, 1)
    assert await book.delete("CP1", 1, 2) == FILE.key
    assert await book.delete("CP1", 1, 1) is None
    with pytest.raises(NotFound):
        await book.delete("CP1", 1, 1)


@pytest_twisted.ensureDeferred
async def test_pruned(books: tuple[IStations, ILogsBook]) -> None:
    """The old ones, some at a time, each with the key of its file."""
    stations, book = books
    cp1 = await station(stations)
    for number in (1, 2):
        await book.record(cp1, wish(number), bytes([number]) * 32, LATER, T0)
    await book.store(cp1.id, 1, FILE)
    assert await book.prune(T0, 10) == []
    gone = [*await book.prune(LATER, 1), *await book.prune(LATER, 10)]
    assert sorted(gone, key=str) == [FILE.key, None]


@pytest_twisted.ensureDeferred
async def test_it_is_told_of(pool: Pool) -> None:
    """That a file came is an event, with the file."""
    cp1 = await station(PostgresStations(pool))
    book = PostgresLogs(pool)
    await book.record(cp1, wish(1), HASH, LATER, T0)
    await book.store(cp1.id, 1, FILE)
    (events,) = await pool.many("SELECT events FROM outbox", (), str)
    assert '"station.log"' in events
    assert '"job":1' in events


@pytest_twisted.ensureDeferred
async def test_a_whole_upload(pool: Pool) -> None:
    """From the answer to the end; without a number the newest is meant."""
    stations = PostgresStations(pool)
    cp1, book = await station(stations), PostgresLogs(pool)
    key = StationKey(cp1.id, "CP1", cp1.operator_id)
    ledger = PostgresLedger(pool.lane())
    await ledger.ready()

    async def say(report: Report) -> None:
        (state,) = await ledger.gather([(key, question(report))], T0)
        await ledger.commit([decide(report, key, state, T0, Policy())])

    async def answer(number: int, detail: str | None = None) -> None:
        operation = Operation(
            id=f"00000000-0000-0000-0000-{number:012d}",
            operator_id=1,
            station_id=cp1.id,
            identity="CP1",
            action="request_log",
            payload={},
            status=OperationStatus.PENDING,
            ref=number,
            created_at=T0,
            expires_at=T0,
        )
        await PostgresOperations(pool).record(operation, b"x")
        found = LogPromised(file_name="a.log")
        outcome = Outcome(status="accepted", detail=detail, found=found)
        await say(
            CommandAnswered(operation=operation, command=wish(number), outcome=outcome, at=T0)
        )

    await book.record(cp1, wish(1), HASH, LATER, T0)
    await answer(1)
    await answer(2, "AcceptedCanceled")
    first, second = await book.get("CP1", 1, 1), await book.get("CP1", 1, 2)
    assert (first.status, first.own, first.detail) == ("AcceptedCanceled", True, "for 2")
    assert await book.find(HASH) is None
    assert (second.status, second.own, second.file_name) == ("Accepted", False, "a.log")
    assert second.operation_id == "00000000-0000-0000-0000-000000000002"
    await say(LogUploadProgressed(status="Uploading"))
    await say(LogUploadProgressed(status="UploadFailure", request_id=2, detail="why"))
    second = await book.get("CP1", 1, 2)
    assert (second.status, second.detail, second.ended_at) == ("UploadFailure", "why", T0)
