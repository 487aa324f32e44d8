"""The pool: what calls give, what transactions keep, and what happens when connections go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.logger import LogEvent, LogLevel, globalLogPublisher

import csms
from csms.core.errors import Unavailable
from csms.storage.pool import ATTEMPTS, Cursor, Pool
from csms.testing.postgres import PostgresServer


def columns(*values: Any) -> tuple[Any, ...]:
    """A row function that keeps the columns."""
    return values


def first(value: Any) -> Any:
    """A row function for a single column."""
    return value


@pytest.fixture
def logged() -> Iterator[list[LogEvent]]:
    """What is logged during the test."""
    events: list[LogEvent] = []
    globalLogPublisher.addObserver(events.append)
    yield events
    globalLogPublisher.removeObserver(events.append)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that the test may kill."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


def start(url: str, **settings: Any) -> Pool:
    pool = Pool(url=url, reactor=reactor, **settings)
    pool.startService()
    return pool


async def eventually(pool: Pool) -> None:
    """Wait until the pool answers."""
    for _ in range(500):
        try:
            await pool.ping()
        except Unavailable:
            await deferLater(reactor, 0.02)
        else:
            return
    raise AssertionError("the pool did not come back")


@pytest_twisted.ensureDeferred
async def test_one(pool: Pool) -> None:
    """`one` hands the columns of the only row to the row function."""
    assert await pool.one("SELECT 1, 'a'", (), columns) == (1, "a")


@pytest.mark.parametrize("rows", [0, 2])
@pytest_twisted.ensureDeferred
async def test_one_is_exact(pool: Pool, rows: int) -> None:
    """`one` raises `LookupError` for no row and for two."""
    with pytest.raises(LookupError):
        await pool.one("SELECT * FROM generate_series(1, %s)", (rows,), first)


@pytest_twisted.ensureDeferred
async def test_maybe(pool: Pool) -> None:
    """`maybe` is the row, or None, and never one of several."""
    question = "SELECT * FROM generate_series(1, %s)"
    assert await pool.maybe(question, (0,), first) is None
    assert await pool.maybe(question, (1,), first) == 1
    with pytest.raises(LookupError):
        await pool.maybe(question, (2,), first)


@pytest_twisted.ensureDeferred
async def test_many(pool: Pool) -> None:
    """`many` is every row, by named parameters too."""
    rows = await pool.many("SELECT * FROM generate_series(1, %(n)s)", {"n": 3}, first)
    assert rows == [1, 2, 3]


@pytest_twisted.ensureDeferred
async def test_execute(pool: Pool) -> None:
    """`execute` tells how many rows were touched."""
    await pool.execute("INSERT INTO operator (name) VALUES ('a'), ('b')")
    assert await pool.execute("DELETE FROM operator WHERE name IN ('a', 'b')") == 2


@pytest_twisted.ensureDeferred
async def test_column_types(pool: Pool) -> None:
    """JSON comes as text, bytes as bytes, uuid as str, times aware and in UTC."""
    row = await pool.one(
        """SELECT '{"a": 1}'::jsonb, '[2]'::json, ARRAY['{}'::jsonb], %s::bytea, NULL::bytea,
                  NULL::jsonb, '00000000-0000-0000-0000-000000000001'::uuid,
                  '2026-01-02 03:04:05.6+06'::timestamptz, 1.50::numeric, 1.5::float8,
                  2::bigint, true, ARRAY['x', NULL]""",
        (b"\x00\xff",),
        columns,
    )
    assert row == (
        '{"a": 1}',
        "[2]",
        ["{}"],
        b"\x00\xff",
        None,
        None,
        "00000000-0000-0000-0000-000000000001",
        datetime(2026, 1, 1, 21, 4, 5, 600000, tzinfo=UTC),
        Decimal("1.50"),
        1.5,
        2,
        True,
        ["x", None],
    )
    assert row[7].utcoffset().total_seconds() == 0
    assert isinstance(row[3], bytes)


@pytest_twisted.ensureDeferred
async def test_percent(pool: Pool) -> None:
    """Without parameters a percent sign is only that."""
    assert await pool.one("SELECT 'a%s' LIKE 'a%'", (), first) is True


@pytest_twisted.ensureDeferred
async def test_large_parameter(pool: Pool) -> None:
    """A parameter may be much larger than the socket's buffer."""
    assert await pool.one("SELECT length(%s)", ("x" * 9_000_000,), first) == 9_000_000


@pytest_twisted.ensureDeferred
async def test_errors_are_told_and_harmless(database: str) -> None:
    """What is wrong with a statement is raised as it is, and the connection stays good."""
    pool = start(database, size=1)
    before = await pool.one("SELECT pg_backend_pid()", (), first)
    with pytest.raises(psycopg2.errors.DivisionByZero):
        await pool.execute("SELECT 1 / 0")
    with pytest.raises(ValueError, match="NUL"):
        await pool.execute("SELECT %s", ("\0",))
    with pytest.raises(psycopg2.ProgrammingError, match="adapt"):
        await pool.execute("SELECT %s", (object(),))
    with pytest.raises(TypeError):
        await pool.execute("SELECT %s, %s", (1, 2, 3))
    assert await pool.one("SELECT pg_backend_pid()", (), first) == before
    await pool.stopService()


@pytest_twisted.ensureDeferred
async def test_many_at_once(pool: Pool) -> None:
    """More callers than connections take turns."""
    asked = [Deferred.fromCoroutine(pool.one("SELECT %s", (n,), first)) for n in range(100)]
    assert await gatherResults(asked) == list(range(100))


@pytest_twisted.ensureDeferred
async def test_transaction_commits_after_the_work(pool: Pool) -> None:
    """What an ``async`` work writes after it waited is in the transaction, and kept."""

    async def work(cursor: Cursor) -> str:
        before = await cursor.one("SELECT pg_current_xact_id()::text", (), first)
        await deferLater(reactor, 0)
        await cursor.execute("INSERT INTO operator (name) VALUES ('late')")
        assert await cursor.one("SELECT pg_current_xact_id()::text", (), first) == before
        assert await cursor.maybe("SELECT 1 WHERE false", (), first) is None
        return "done"

    assert await pool.transaction(work) == "done"
    assert await pool.many("SELECT id > 1 FROM operator WHERE name = 'late'", (), first) == [True]


@pytest_twisted.ensureDeferred
async def test_transaction_rolls_back(pool: Pool) -> None:
    """When the work raises, nothing of it stays and its error is what the caller gets."""

    async def work(cursor: Cursor) -> None:
        await cursor.execute("INSERT INTO operator (name) VALUES ('gone')")
        raise KeyError("on purpose")

    with pytest.raises(KeyError):
        await pool.transaction(work)
    assert await pool.many("SELECT 1 FROM operator WHERE name = 'gone'", (), first) == []


@pytest_twisted.ensureDeferred
async def test_transaction_with_a_swallowed_error(pool: Pool) -> None:
    """A work that hides an error is not told that it was committed."""

    async def work(cursor: Cursor) -> None:
        await cursor.execute("INSERT INTO operator (name) VALUES ('lost')")
        with pytest.raises(psycopg2.Error):
            await cursor.execute("SELECT 1 / 0")

    with pytest.raises(psycopg2.InternalError):
        await pool.transaction(work)


@pytest_twisted.ensureDeferred
async def test_serialization_failure_is_retried(pool: Pool) -> None:
    """A transaction that another one got in the way of is run again."""
    attempts = []

    async def work(cursor: Cursor) -> int:
        attempts.append(1)
        await cursor.many("SELECT name FROM operator", (), first)
        if len(attempts) == 1:
            await pool.execute("UPDATE operator SET name = 'first' WHERE id = 1")
        return await cursor.execute("UPDATE operator SET name = name || '!' WHERE id = 1")

    assert await pool.transaction(work, "REPEATABLE READ") == 1
    assert len(attempts) == 2
    assert await pool.one("SELECT name FROM operator WHERE id = 1", (), first) == "first!"


@pytest_twisted.ensureDeferred
async def test_retries_are_bounded(pool: Pool) -> None:
    """A transaction that never gets through fails in the end."""
    attempts = []

    async def work(cursor: Cursor) -> None:
        attempts.append(1)
        await cursor.execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")

    with pytest.raises(psycopg2.errors.DeadlockDetected):
        await pool.transaction(work)
    assert len(attempts) == ATTEMPTS


@pytest_twisted.ensureDeferred
async def test_other_errors_are_not_retried(pool: Pool) -> None:
    """Only a conflict with others is worth another attempt."""
    attempts = []

    async def work(cursor: Cursor) -> None:
        attempts.append(1)
        await cursor.execute("INSERT INTO operator (id, name) VALUES (1, 'twice')")

    with pytest.raises(psycopg2.errors.UniqueViolation):
        await pool.transaction(work)
    assert len(attempts) == 1


@pytest_twisted.ensureDeferred
async def test_statement_timeout(database: str) -> None:
    """A statement that takes too long is cancelled by the server; the connection stays."""
    pool = start(database, size=1, statement_timeout_s=0.05)
    before = await pool.one("SELECT pg_backend_pid()", (), first)
    with pytest.raises(psycopg2.errors.QueryCanceled):
        await pool.execute("SELECT pg_sleep(60)")
    assert await pool.one("SELECT pg_backend_pid()", (), first) == before
    await pool.stopService()


@pytest_twisted.ensureDeferred
async def test_idle_connections_that_died(
    pool: Pool, postgres_server: PostgresServer, logged: list[LogEvent]
) -> None:
    """Connections that were cut while idle fail nobody: the call goes out on a new one."""
    postgres_server.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname LIKE 'test_%'"
    )
    assert await pool.one("SELECT 1", (), first) == 1
    await eventually(pool)
    assert not [event for event in logged if event["log_level"] >= LogLevel.error]


@pytest_twisted.ensureDeferred
async def test_connection_cut_under_a_statement(pool: Pool, logged: list[LogEvent]) -> None:
    """A statement whose connection goes raises `Unavailable`, and the pool mends itself."""
    with pytest.raises(Unavailable):
        await pool.execute("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")
    assert await pool.one("SELECT 1", (), first) == 1
    assert not [event for event in logged if event["log_level"] >= LogLevel.error]


@pytest_twisted.ensureDeferred
async def test_connection_cut_in_a_transaction(pool: Pool) -> None:
    """A transaction whose connection goes raises `Unavailable` and is not run again."""
    attempts = []

    async def work(cursor: Cursor) -> None:
        attempts.append(1)
        await cursor.execute("INSERT INTO operator (name) VALUES ('cut')")
        await cursor.execute("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")

    with pytest.raises(Unavailable):
        await pool.transaction(work)
    assert len(attempts) == 1
    assert await pool.many("SELECT 1 FROM operator WHERE name = 'cut'", (), first) == []


@pytest_twisted.ensureDeferred
async def test_full_disk_is_unavailable(pool: Pool) -> None:
    """A database without room is as good as gone."""
    with pytest.raises(Unavailable):
        await pool.execute("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$")


@pytest_twisted.ensureDeferred
async def test_checkout_is_bounded(database: str) -> None:
    """A caller that finds every connection busy waits for a bounded time."""
    pool = start(database, size=1, checkout_timeout_s=0.1)
    await pool.wait_ready()
    held = Deferred.fromCoroutine(pool.execute("SELECT pg_sleep(60)"))
    with pytest.raises(Unavailable, match="busy"):
        await pool.execute("SELECT 1")
    held.cancel()
    with pytest.raises(CancelledError):
        await held
    await pool.stopService()


@pytest_twisted.ensureDeferred
async def test_cancelled_call(pool: Pool) -> None:
    """A call that is given up gives up its connection, and a new one takes its place."""
    held = Deferred.fromCoroutine(pool.execute("SELECT pg_sleep(60)"))
    held.cancel()
    with pytest.raises(CancelledError):
        await held
    asked = [Deferred.fromCoroutine(pool.one("SELECT %s", (n,), first)) for n in range(9)]
    assert await gatherResults(asked) == list(range(9))
    assert pool._wires._lent == 0


@pytest_twisted.ensureDeferred
async def test_cancelled_waiter(database: str) -> None:
    """A caller that gives up waiting for a connection leaves nothing behind."""
    pool = start(database, size=1)
    await pool.wait_ready()
    held = Deferred.fromCoroutine(pool.execute("SELECT pg_sleep(0.1)"))
    waiting = Deferred.fromCoroutine(pool.execute("SELECT 1"))
    waiting.cancel()
    with pytest.raises(CancelledError):
        await waiting
    await held
    assert await pool.one("SELECT 1", (), first) == 1
    await pool.stopService()


@pytest_twisted.ensureDeferred
async def test_restart_of_the_server(own_server: PostgresServer, logged: list[LogEvent]) -> None:
    """While the server is away calls fail at once, and when it returns all is well again."""
    pool = start(own_server.url(), checkout_timeout_s=0.0)
    lane = pool.lane()
    await pool.wait_ready()
    await lane.wait_ready()
    own_server.kill()
    with pytest.raises(Unavailable):
        await pool.execute("SELECT 1")
    with pytest.raises(Unavailable):
        await pool.ping()
    with pytest.raises(Unavailable):
        await lane.run("SELECT 1")
    own_server.launch()
    await eventually(pool)
    await lane.wait_ready()
    assert await lane.run("SELECT 1") == [(1,)]
    await pool.stopService()
    assert not [event for event in logged if event["log_level"] >= LogLevel.error]
    assert [e["log_level"] for e in logged if e.get("log_namespace") == "csms.storage.wires.Wires"]


@pytest_twisted.ensureDeferred
async def test_server_that_comes_later(own_server: PostgresServer) -> None:
    """A pool may be started before its server: calls wait for it (bounded)."""
    own_server.kill()
    pool = start(own_server.url(), checkout_timeout_s=30.0)
    with pytest.raises(Unavailable):
        await pool.ping()
    asked = Deferred.fromCoroutine(pool.one("SELECT 1", (), first))
    own_server.launch()
    assert await asked == 1
    await pool.stopService()


@pytest_twisted.ensureDeferred
async def test_server_that_never_comes() -> None:
    """Without a server calls raise `Unavailable` when they have waited long enough."""
    pool = start("postgresql://nobody@/nowhere?host=/nowhere", checkout_timeout_s=0.05)
    with pytest.raises(Unavailable):
        await pool.execute("SELECT 1")
    await pool.stopService()


@pytest_twisted.ensureDeferred
async def test_stop_lets_work_finish(database: str) -> None:
    """Stopping waits for what is under way, and refuses what comes after."""
    pool = start(database, size=1)
    await pool.wait_ready()
    under_way = Deferred.fromCoroutine(pool.one("SELECT 1 FROM pg_sleep(0.1)", (), first))
    waiting = Deferred.fromCoroutine(pool.execute("SELECT 1"))
    stopped = pool.stopService()
    with pytest.raises(Unavailable):
        await waiting
    with pytest.raises(Unavailable):
        await pool.execute("SELECT 1")
    assert await under_way == 1
    await stopped


@pytest_twisted.ensureDeferred
async def test_stop_is_bounded(database: str) -> None:
    """Work that does not finish loses its connection."""
    pool = start(database, size=1, stop_timeout_s=0.05)
    await pool.wait_ready()
    under_way = Deferred.fromCoroutine(pool.execute("SELECT pg_sleep(60)"))
    await pool.stopService()
    with pytest.raises(Unavailable):
        await under_way


def test_nobody_else_runs_interactions() -> None:
    """txpostgres' own ways to run statements, which lose writes, are used nowhere."""
    forbidden = re.compile(r"\.(runInteraction|runQuery|runOperation)\b|adbapi")
    root = Path(csms.__file__).parent
    found = [path for path in root.rglob("*.py") if forbidden.search(path.read_text("utf-8"))]
    assert found == []
