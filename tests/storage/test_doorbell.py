"""What the gateway notes in passing reaches the database a little later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from csms.core.pages import Query
from csms.core.ports import IDoorbell
from csms.core.values import RefusedAttempt, StationKey
from csms.storage.connections import PostgresConnections
from csms.storage.doorbell import Doorbell, shown
from csms.storage.pool import Cursor, Pool
from csms.storage.stations import PostgresStations

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def attempt(
    identity: str = "cp-1", reason: str = "unknown_station", seconds: int = 0, **fields: object
) -> RefusedAttempt:
    """An attempt that was turned away."""
    at = AT + timedelta(seconds=seconds)
    return RefusedAttempt(
        identity=identity,
        reason=reason,
        first_at=at,
        last_at=at,
        **{"peer": "192.0.2.1", **fields},
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_twisted.async_yield_fixture
async def doorbell(pool: Pool, clock: Clock) -> AsyncIterator[Doorbell]:
    """A doorbell in service."""
    doorbell = Doorbell(pool=pool, clock=clock)
    doorbell.startService()
    yield doorbell
    if doorbell.running:
        await doorbell.stopService()


@pytest_twisted.async_fixture
async def key(pool: Pool) -> StationKey:
    """A station with a live connection, epoch 7, seen at `AT`."""
    station, _ = await PostgresStations(pool).put("cp-1", 1, {}, None)
    await pool.execute(
        "INSERT INTO connection (station_id, operator_id, epoch, node, peer, ocpp_version,"
        " connected_at, last_seen_at) VALUES (%s, 1, 7, 'n1', 'x', '1.6', %s, %s)",
        (station.id, AT, AT),
    )
    return StationKey(station.id, "cp-1")


async def told(pool: Pool) -> list[RefusedAttempt]:
    """The refused attempts in the database, newest first."""
    return [*(await PostgresConnections(pool).refused(Query(limit=500))).items]


async def lives(pool: Pool) -> tuple[datetime | None, datetime]:
    """When the station was last seen, by its own row and by its connection's."""
    station = await PostgresStations(pool).get("cp-1")
    return station.last_seen_at, (await PostgresConnections(pool).get("cp-1")).last_seen_at


def test_provides(doorbell: Doorbell) -> None:
    """It provides the port."""
    assert verifyObject(IDoorbell, doorbell)


@pytest_twisted.ensureDeferred
async def test_refused(doorbell: Doorbell, pool: Pool) -> None:
    """Attempts are counted per identity and reason, in memory and in the database, and tell
    where the last one came from."""
    doorbell.refused(attempt(detail="a"))
    doorbell.refused(attempt(seconds=1, detail="b", peer="192.0.2.2"))
    doorbell.refused(attempt(reason="bad_identity", seconds=-1))
    await doorbell.flush()
    doorbell.refused(attempt(seconds=5, detail="c", peer="192.0.2.3"))
    await doorbell.flush()
    assert await told(pool) == [
        RefusedAttempt(
            identity="cp-1",
            reason="unknown_station",
            peer="192.0.2.3",
            detail="c",
            attempts=3,
            first_at=AT,
            last_at=AT + timedelta(seconds=5),
        ),
        attempt(reason="bad_identity", seconds=-1),
    ]


@pytest_twisted.ensureDeferred
async def test_refused_stranger(doorbell: Doorbell, pool: Pool) -> None:
    """Whatever a stranger sends can be kept and shown, and is not long."""
    doorbell.refused(attempt("\0\n\ud800é" + "x" * 5000, peer="\0", detail="\x1b[2J" + "y" * 999))
    await doorbell.flush()
    kept = (await told(pool))[0]
    assert kept.identity == "\\x00\\n\\ud800é" + "x" * 51
    assert (kept.peer, kept.detail) == ("\\x00", "\\x1b[2J" + "y" * 248)


def test_shown() -> None:
    """A text is cut to the length asked, also when escaping made it longer."""
    assert shown("\0" * 9, 10) == "\\x00\\x00\\x"


@pytest_twisted.ensureDeferred
async def test_refused_bound_kept(pool: Pool, clock: Clock) -> None:
    """The database keeps the newest attempts, up to a limit."""
    doorbell = Doorbell(pool=pool, clock=clock, max_refused_kept=3)
    for number in (2, 0, 4, 1, 3):
        doorbell.refused(attempt(f"cp-{number}", seconds=number))
    await doorbell.flush()
    assert [kept.identity for kept in await told(pool)] == ["cp-4", "cp-3", "cp-2"]


@pytest_twisted.ensureDeferred
async def test_seen(doorbell: Doorbell, pool: Pool, key: StationKey) -> None:
    """The last sign of life is noted with the station and with its connection."""
    for seconds in (5, 9, 7):
        doorbell.seen(key.id, 7, AT + timedelta(seconds=seconds))
    doorbell.seen(key.id + 999, 1, AT)
    await doorbell.flush()
    assert await lives(pool) == (AT + timedelta(seconds=9), AT + timedelta(seconds=9))
    doorbell.seen(key.id, 7, AT + timedelta(seconds=8))
    await doorbell.flush()
    assert await lives(pool) == (AT + timedelta(seconds=9), AT + timedelta(seconds=9))


@pytest_twisted.ensureDeferred
async def test_seen_old_epoch(doorbell: Doorbell, pool: Pool, key: StationKey) -> None:
    """A sign of life on an older connection says nothing of the newer one."""
    doorbell.seen(key.id, 6, AT + timedelta(seconds=9))
    await doorbell.flush()
    assert await lives(pool) == (AT + timedelta(seconds=9), AT)


@pytest_twisted.ensureDeferred
async def test_seen_newest_epoch(doorbell: Doorbell, pool: Pool, key: StationKey) -> None:
    """Of two connections of one station the newer counts, whichever was heard of last."""
    doorbell.seen(key.id, 7, AT + timedelta(seconds=3))
    doorbell.seen(key.id, 6, AT + timedelta(seconds=4))
    await doorbell.flush()
    assert (await lives(pool))[1] == AT + timedelta(seconds=3)


@pytest.mark.parametrize("table", ["station", "connection"])
@pytest_twisted.ensureDeferred
async def test_seen_busy(doorbell: Doorbell, pool: Pool, key: StationKey, table: str) -> None:
    """A row that somebody is writing is not waited for, but written the next time."""
    later = AT + timedelta(seconds=9)

    async def work(cursor: Cursor) -> None:
        await cursor.execute(f"SELECT FROM {table} FOR UPDATE")
        doorbell.seen(key.id, 7, later)
        await doorbell.flush()

    await pool.transaction(work)
    assert later in await lives(pool), "the other row was free"
    assert await lives(pool) != (later, later)
    await doorbell.flush()
    assert await lives(pool) == (later, later)


@pytest_twisted.ensureDeferred
async def test_quirks(doorbell: Doorbell, pool: Pool, key: StationKey) -> None:
    """Departures from the standard are counted per station, with the latest example."""
    for seconds in range(3):
        doorbell.quirk(key, "odd", f"\0{seconds}", AT + timedelta(seconds=seconds))
    await doorbell.flush()
    doorbell.quirk(key, "odd", "z", AT + timedelta(seconds=9))
    doorbell.quirk(key, "rare", "", AT)
    await doorbell.flush()
    odd, rare = await PostgresStations(pool).quirks("cp-1", 1)
    assert (odd.name, odd.count, odd.example) == ("odd", 4, "z")
    assert (odd.first_at, odd.last_at) == (AT, AT + timedelta(seconds=9))
    assert (rare.name, rare.count) == ("rare", 1)


@pytest_twisted.ensureDeferred
async def test_interval(doorbell: Doorbell, pool: Pool, clock: Clock) -> None:
    """What was noted is written when the interval is over, again and again."""
    for written, identity in enumerate(("a", "b")):
        doorbell.refused(attempt(identity))
        clock.advance(1.5)
        assert len(await told(pool)) == written
        clock.advance(0.5)
        while not clock.getDelayedCalls():
            await pool.ping()
        assert len(await told(pool)) == written + 1


@pytest_twisted.ensureDeferred
async def test_stop(doorbell: Doorbell, pool: Pool, clock: Clock) -> None:
    """Stopping writes what is left, also while a write is under way, and nothing comes after."""
    doorbell.refused(attempt("a"))
    clock.advance(2)
    doorbell.refused(attempt("b"))
    await doorbell.stopService()
    assert {kept.identity for kept in await told(pool)} == {"a", "b"}
    assert clock.getDelayedCalls() == []


@pytest_twisted.ensureDeferred
async def test_stop_unstarted(pool: Pool, clock: Clock) -> None:
    """What never was in service still writes what it has when it is stopped."""
    doorbell = Doorbell(pool=pool, clock=clock)
    doorbell.refused(attempt())
    await doorbell.stopService()
    assert len(await told(pool)) == 1


@pytest_twisted.ensureDeferred
async def test_database_gone(database: str, clock: Clock, key: StationKey) -> None:
    """While the database is gone everything is kept and goes on being counted."""
    pool = Pool(url=database, reactor=reactor, size=2)
    doorbell = Doorbell(pool=pool, clock=clock)
    for seconds in (0, 1):
        doorbell.refused(attempt(seconds=seconds, detail=str(seconds)))
        doorbell.seen(key.id, 7, AT + timedelta(seconds=seconds))
        doorbell.quirk(key, "odd", str(seconds), AT)
        await doorbell.flush()
    pool.startService()
    try:
        await pool.wait_ready()
        await doorbell.flush()
        kept = (await told(pool))[0]
        assert (kept.attempts, kept.detail, kept.first_at) == (2, "1", AT)
        assert (await lives(pool))[0] == AT + timedelta(seconds=1)
        quirk = (await PostgresStations(pool).quirks("cp-1", 1))[0]
        assert (quirk.count, quirk.example) == (2, "1")
    finally:
        await pool.stopService()


@pytest_twisted.ensureDeferred
async def test_bounded(pool: Pool, database: str, clock: Clock) -> None:
    """Memory is bounded while the database is gone: the oldest attempts are let go of."""
    gone = Pool(url=database, reactor=reactor)
    doorbell = Doorbell(pool=gone, clock=clock, max_held=3)
    for number in range(5):
        doorbell.refused(attempt(f"cp-{number}", seconds=number))
        await doorbell.flush()
    doorbell.pool = pool
    await doorbell.flush()
    assert [kept.identity for kept in await told(pool)] == ["cp-4", "cp-3", "cp-2"]


@pytest_twisted.ensureDeferred
async def test_bug(doorbell: Doorbell, pool: Pool, clock: Clock) -> None:
    """What can never be written is let go of, and the rest still goes its way."""
    nobody = StationKey(12345, "nobody")
    doorbell.quirk(nobody, "odd", "", AT)
    doorbell.refused(attempt())
    await doorbell.flush()
    assert len(await told(pool)) == 1
    await pool.execute("SELECT 1")
    await doorbell.flush()
    assert len(doorbell._quirks) == 0
