"""Logs that are forgotten, and files that nobody knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from zope.interface.verify import verifyObject

from csms.core.errors import Conflict
from csms.core.logs.vocabulary import LogFile, RequestLog
from csms.core.ports import IOperations
from csms.core.ports.logs import ILogs, IUploads
from csms.pipeline.logs import Logs, secret_hash
from csms.pipeline.tasks import Tasks
from csms.pipeline.uploads import Uploads
from csms.testing.clock import START, WallClock
from csms.testing.logs_kept import MemoryLogsBook, MemoryVault
from csms.testing.operations import MemoryOperationsBook
from csms.testing.stations import MemoryStations
from csms.testing.waiting import waits


def logs_of(stations: MemoryStations, book: MemoryLogsBook, vault: MemoryVault) -> Logs:
    nobody: IOperations = None  # type: ignore[assignment]  # nothing is sent here
    return Logs(
        stations=stations,
        book=book,
        vault=vault,
        numbers=MemoryOperationsBook(lambda: START),
        operations=nobody,
        now=lambda: START,
        base_url=lambda: "http://csms.example",
        ttl_s=60,
    )


@waits
async def test_old_logs_go_with_their_files() -> None:
    """Some at a time; what has no file has none to delete."""
    stations = MemoryStations(lambda: START)
    book, vault = MemoryLogsBook(stations), MemoryVault()
    logs = logs_of(stations, book, vault)
    assert verifyObject(ILogs, logs)
    station = stations.seed("CP1")
    for number in (1, 2, 3):
        wish = RequestLog(location="x", ref=number)
        until = START + timedelta(minutes=1)
        await book.record(station, wish, secret_hash(str(number)), until, START)
    vault.files["a" * 32] = b"x"
    file = LogFile(name=None, size=1, content_type=None, sha256="", stored_at=START, key="a" * 32)
    await book.store(station.id, 1, file)
    assert await logs.prune(START, 10) == 0
    assert await logs.prune(START + timedelta(days=1), 2) == 2
    assert vault.files == {}
    assert await logs.prune(START + timedelta(days=1), 2) == 1


@waits
async def test_files_that_nobody_knows() -> None:
    """What was cut off with the process is swept away, the rest stays."""
    stations = MemoryStations(lambda: START)
    book, vault = MemoryLogsBook(stations), MemoryVault()
    logs = logs_of(stations, book, vault)
    assert await logs.sweep() == 0
    station = stations.seed("CP1")
    until = START + timedelta(minutes=1)
    await book.record(station, RequestLog(location="x", ref=1), b"h", until, START)
    vault.files = {"a" * 32: b"known", "b" * 32: b"not"}
    file = LogFile(name=None, size=1, content_type=None, sha256="", stored_at=START, key="a" * 32)
    await book.store(station.id, 1, file)
    assert await logs.sweep() == 1
    assert list(vault.files) == ["a" * 32]


@waits
async def test_two_at_the_same_time() -> None:
    """Of two that are complete the first stays, and the other's file goes."""
    clock = WallClock()
    stations = MemoryStations(clock.now)
    book, vault = MemoryLogsBook(stations), MemoryVault()
    heard: list[bool] = []
    uploads = Uploads(
        book=book,
        vault=vault,
        clock=clock,
        now=clock.now,
        tasks=Tasks(clock),
        published=lambda: heard.append(True),
    )
    assert verifyObject(IUploads, uploads)
    station = stations.seed("CP1")
    until = START + timedelta(minutes=1)
    await book.record(station, RequestLog(location="x", ref=1), secret_hash("s"), until, START)
    expected = await uploads.expected("s")
    one = uploads.receive(expected)
    one.write(b"one")
    # Another process took another attempt meanwhile.
    other = Uploads(book=book, vault=vault, clock=clock, now=clock.now, tasks=Tasks(clock))
    two = other.receive(expected)
    two.write(b"two")
    await two.keep("x" * 999, "t" * 999)
    with pytest.raises(Conflict) as refused:
        await one.keep(None, None)
    assert refused.value.code == "already_uploaded"
    assert list(vault.files.values()) == [b"two"]
    assert heard == []
    kept = await book.get("CP1", 1, 1)
    assert kept.file is not None
    assert len(kept.file.name or "") == 255
