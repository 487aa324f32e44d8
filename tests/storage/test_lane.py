"""A lane: several statements at a time, and no transaction without its beginning."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg2
import pytest
import pytest_twisted
from twisted.internet.defer import CancelledError, Deferred

from csms.core.errors import Unavailable
from csms.storage.lane import Lane
from csms.storage.pool import Pool

CUT = "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)"


@pytest_twisted.async_yield_fixture
async def lane(pool: Pool) -> AsyncIterator[Lane]:
    """A lane that is connected."""
    lane = pool.lane()
    await lane.wait_ready()
    yield lane


@pytest_twisted.ensureDeferred
async def test_rows_of_the_last_statement(lane: Lane) -> None:
    """Several statements give the rows of the last one."""
    assert await lane.run("SELECT 1; SELECT 2, %s", ("x",)) == [(2, "x")]


@pytest_twisted.ensureDeferred
async def test_transaction_in_two_steps(lane: Lane, pool: Pool) -> None:
    """A transaction is begun with a question and ended with what follows from it."""
    begun = await lane.run(
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT id FROM operator WHERE name = %(name)s",
        {"name": "default"},
    )
    assert begun == [(1,)]
    assert await lane.run("INSERT INTO operator (name) VALUES (%s); COMMIT", ("new",)) == []
    assert await pool.many("SELECT name FROM operator ORDER BY id", (), str) == ["default", "new"]


@pytest_twisted.ensureDeferred
async def test_failure_inside_a_text_keeps_nothing(lane: Lane, pool: Pool) -> None:
    """When one of several statements fails, none of them counts."""
    with pytest.raises(psycopg2.errors.DivisionByZero):
        await lane.run("INSERT INTO operator (name) VALUES ('new'); SELECT 1 / 0; COMMIT")
    await lane.rollback()
    assert await pool.many("SELECT name FROM operator", (), str) == ["default"]


@pytest_twisted.ensureDeferred
async def test_rollback(lane: Lane, pool: Pool) -> None:
    """After a rollback nothing of an open transaction is left, failed or not."""
    await lane.run("BEGIN; INSERT INTO operator (name) VALUES ('new')")
    await lane.rollback()
    await lane.run("BEGIN")
    with pytest.raises(psycopg2.Error):
        await lane.run("nonsense")
    await lane.rollback()
    await lane.rollback()
    assert await lane.run("SELECT name FROM operator") == [("default",)]


@pytest_twisted.ensureDeferred
async def test_lost_connection(lane: Lane) -> None:
    """A lost connection is `Unavailable`, and then is made again."""
    with pytest.raises(Unavailable):
        await lane.run(CUT)
    with pytest.raises(Unavailable):
        await lane.run("SELECT 1")
    await lane.rollback()
    await lane.wait_ready()
    assert await lane.run("SELECT 1") == [(1,)]


@pytest_twisted.ensureDeferred
async def test_no_end_without_a_beginning(lane: Lane, pool: Pool) -> None:
    """The second half of a transaction does not run on another connection than the first."""
    await lane.run("BEGIN; SELECT 1")
    wire = lane._line.wire
    assert wire is not None
    wire.abandon("cut")
    await lane.wait_ready()
    with pytest.raises(Unavailable, match="middle"):
        await lane.run("INSERT INTO operator (name) VALUES ('half'); COMMIT")
    assert await pool.many("SELECT name FROM operator", (), str) == ["default"]
    assert await lane.run("SELECT 1") == [(1,)]


@pytest_twisted.ensureDeferred
async def test_rollback_after_a_lost_transaction(lane: Lane) -> None:
    """After a rollback a lane that lost its connection is as good as new."""
    await lane.run("BEGIN; SELECT 1")
    wire = lane._line.wire
    assert wire is not None
    wire.abandon("cut")
    await lane.wait_ready()
    await lane.rollback()
    assert await lane.run("SELECT 1") == [(1,)]


@pytest_twisted.ensureDeferred
async def test_one_at_a_time(lane: Lane) -> None:
    """Two statements at once on a lane are a mistake of the program."""
    held = Deferred.fromCoroutine(lane.run("SELECT 1 FROM pg_sleep(0.05)"))
    with pytest.raises(RuntimeError):
        await lane.run("SELECT 2")
    assert await held == [(1,)]


@pytest_twisted.ensureDeferred
async def test_rollback_under_a_statement(lane: Lane) -> None:
    """A rollback while a statement runs ends the connection."""
    held = Deferred.fromCoroutine(lane.run("BEGIN; SELECT pg_sleep(60)"))
    await lane.rollback()
    with pytest.raises(Unavailable):
        await held
    await lane.wait_ready()
    assert await lane.run("SELECT 1") == [(1,)]


@pytest_twisted.ensureDeferred
async def test_cancelled(lane: Lane) -> None:
    """A statement that is given up takes its connection with it."""
    held = Deferred.fromCoroutine(lane.run("SELECT pg_sleep(60)"))
    held.cancel()
    with pytest.raises(CancelledError):
        await held
    await lane.wait_ready()
    assert await lane.run("SELECT 1") == [(1,)]


@pytest_twisted.ensureDeferred
async def test_closed_with_its_pool(lane: Lane, pool: Pool) -> None:
    """A lane ends with the pool that made it."""
    await pool.stopService()
    assert not lane.is_up
    with pytest.raises(Unavailable):
        await lane.run("SELECT 1")


@pytest_twisted.ensureDeferred
async def test_statements_are_planned_once(pool: Pool) -> None:
    """They go out together, with parameters, and are prepared at their first use only."""
    lane = pool.lane()
    await lane.wait_ready()
    double = ("SELECT %s::int * %s::int", (4, 5))
    for _ in range(3):
        assert await lane.execute(("SELECT 1", ()), double) == [(20,)]
    assert await lane.run("SELECT count(*) FROM pg_prepared_statements") == [(2,)]
    lane.close()


@pytest_twisted.ensureDeferred
async def test_prepared_statements_can_be_a_whole_transaction(pool: Pool) -> None:
    """Between BEGIN and COMMIT."""
    lane = pool.lane()
    await lane.wait_ready()
    await lane.execute(
        ("INSERT INTO operator (id, name) VALUES (%s, %s)", (7, "seven")),
        before="BEGIN",
        after="COMMIT",
    )
    assert await pool.one("SELECT name FROM operator WHERE id = 7", (), str) == "seven"
    lane.close()


@pytest_twisted.ensureDeferred
async def test_what_failed_to_be_prepared_is_prepared_anew(pool: Pool) -> None:
    """An error at the first use leaves the lane usable."""
    lane = pool.lane()
    await lane.wait_ready()
    divide = "SELECT 1 / %s::int"
    for _ in range(2):
        with pytest.raises(psycopg2.Error):
            await lane.execute((divide, (0,)))
        await lane.rollback()
    assert await lane.execute((divide, (1,))) == [(1,)]
    lane.close()


@pytest_twisted.ensureDeferred
async def test_a_new_connection_knows_no_statements(pool: Pool) -> None:
    """What was prepared is prepared again after a reconnection."""
    lane = pool.lane()
    await lane.wait_ready()
    asked = ("SELECT pg_backend_pid()", ())
    ((pid,),) = await lane.execute(asked)
    await pool.execute("SELECT pg_terminate_backend(%s)", (pid,))
    while True:
        await lane.wait_ready()
        try:
            ((again,),) = await lane.execute(asked)
        except Unavailable:
            await pool.ping()
            continue
        break
    assert again != pid
    lane.close()


@pytest_twisted.ensureDeferred
async def test_failures_leave_no_plans_behind(lane: Lane) -> None:
    """However often a text fails whose statements were new, the server keeps only those in use."""
    for _ in range(5):
        with pytest.raises(psycopg2.errors.DivisionByZero):
            await lane.execute(("SELECT %s::int", (1,)), ("SELECT 1 / %s::int", (0,)))
        await lane.rollback()
    assert await lane.execute(("SELECT %s::int", (2,)), before="BEGIN", after="") == [(2,)]
    await lane.rollback()
    assert await lane.run("SELECT count(*) FROM pg_prepared_statements") == [(1,)]


@pytest_twisted.ensureDeferred
async def test_a_lane_looks_rows_up(pool: Pool) -> None:
    """By their index, however few there are."""
    lane = pool.lane()
    await lane.wait_ready()
    wanted = """EXPLAIN UPDATE station SET name = q.name
                FROM jsonb_to_recordset('[]'::jsonb) AS q(id bigint, name text)
                WHERE station.id = q.id"""
    plan = "\n".join(str(line) for (line,) in await lane.run(wanted))
    assert "Index Scan" in plan
    assert "Seq Scan" not in plan
    assert "Index Cond" in plan
