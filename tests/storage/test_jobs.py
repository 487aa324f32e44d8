"""What the scheduled jobs do to the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
from twisted.internet.defer import Deferred
from zope.interface.verify import verifyObject

from csms.core.events import Event
from csms.core.ports import IJobsBook, Overtime, StaleStatus
from csms.core.staleness import IN_USE
from csms.core.values import ConnectorStatus
from csms.storage.jobs import _STALE, PostgresJobs
from csms.storage.pool import Cursor, Pool
from csms.testing.waiting import together, waits

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAX_S = 12 * 3600
FIRST = (0, 0)


def ago(**units: float) -> datetime:
    """A moment before `NOW`."""
    return NOW - timedelta(**units)


@pytest.fixture
def jobs(pool: Pool) -> PostgresJobs:
    """The jobs on an empty database."""
    return PostgresJobs(pool)


async def station(pool: Pool, identity: str = "A", heartbeat_s: int | None = None) -> int:
    """A station; its id."""
    return await pool.one(
        "INSERT INTO station (identity, registration, heartbeat_interval_s)"
        " VALUES (%s, 'accepted', %s) RETURNING id",
        (identity, heartbeat_s),
        int,
    )


async def connect(
    pool: Pool, station_id: int, seen: datetime = NOW, node: str = "n", gone: bool = False
) -> None:
    """A connection of a station."""
    await pool.execute(
        "INSERT INTO connection (station_id, operator_id, epoch, node, peer, ocpp_version,"
        " connected_at, last_seen_at, disconnected_at)"
        " VALUES (%s, 1, 2, %s, 'p', '1.6', %s, %s, %s)",
        (station_id, node, seen, seen, NOW if gone else None),
    )


async def session(pool: Pool, station_id: int, begun: datetime, **columns: object) -> str:
    """An open session; its id."""
    row = {
        "id": str(uuid4()),
        "operator_id": 1,
        "station_id": station_id,
        "evse_id": 1,
        "transaction_ref": str(uuid4()),
        "status": "active",
        "started_at": begun,
        "created_at": begun,
        "updated_at": begun,
        "meter_start_wh": 100.0,
        "meter_last_wh": 350.0,
        "energy_wh": 250.0,
        "last_reading_at": begun + timedelta(hours=1),
        **columns,
    }
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    await pool.execute(f"INSERT INTO session ({names}) VALUES ({marks})", tuple(row.values()))
    return str(row["id"])


async def connector(
    pool: Pool,
    station_id: int,
    status: str = "Charging",
    at: datetime = NOW - timedelta(hours=1),
    evse_id: int = 1,
    connector_id: int = 1,
) -> None:
    """A connector as it was last reported."""
    await pool.execute(
        "INSERT INTO connector (station_id, operator_id, evse_id, connector_id, status, status_at)"
        " VALUES (%s, 1, %s, %s, %s, %s)",
        (station_id, evse_id, connector_id, status, at),
    )


async def in_doubt(jobs: PostgresJobs) -> list[tuple[str, int]]:
    """Identities and EVSEs with a stale status."""
    found = await jobs.stale(NOW, 60, FIRST, 100)
    return [(stale.identity, stale.evse_id) for stale in found]


async def events(pool: Pool) -> list[Event]:
    """Everything published so far."""
    rows = await pool.many("SELECT events FROM outbox ORDER BY xid, seq", (), str)
    return [event for text in rows for event in msgspec.json.decode(text, type=list[Event])]


def test_provides(jobs: PostgresJobs) -> None:
    """It provides the port."""
    assert verifyObject(IJobsBook, jobs)


# -- stations ------------------------------------------------------------------------------


@waits
async def test_silent_once(jobs: PostgresJobs, pool: Pool) -> None:
    """A station is offline after twice its heartbeat interval, and that is told once."""
    quiet, slow, gone = [await station(pool, name) for name in ("A", "B", "C")]
    await pool.execute("UPDATE station SET heartbeat_interval_s = 3600 WHERE id = %s", (slow,))
    for station_id in (quiet, slow, gone):
        await connect(pool, station_id, ago(seconds=601), gone=station_id == gone)
    assert await jobs.silent(ago(seconds=2), 0, 300) == 0
    assert await jobs.silent(NOW, 0, 300) == 1
    assert await jobs.silent(NOW, 0, 300) == 0
    (event,) = await events(pool)
    assert (event.kind, event.identity, event.at) == ("station.offline", "A", NOW)


@waits
async def test_silent_again(jobs: PostgresJobs, pool: Pool) -> None:
    """A station that was heard again can fall silent again."""
    await connect(pool, await station(pool), ago(seconds=100))
    assert await jobs.silent(NOW, 60, 300) == 1
    later = NOW + timedelta(seconds=30)
    await pool.execute("UPDATE connection SET last_seen_at = %s", (later,))
    assert await jobs.silent(later, 60, 300) == 0
    assert await jobs.silent(later + timedelta(seconds=61), 60, 300) == 1


@waits
async def test_lost_nodes(jobs: PostgresJobs, pool: Pool) -> None:
    """Connections of a node that does not renew are closed and told of."""
    lost, alive, unknown = [await station(pool, name) for name in ("A", "B", "C")]
    await pool.execute(
        "INSERT INTO node VALUES ('dead', now(), now() - interval '61 s'), ('n', now(), now())"
    )
    await connect(pool, lost, node="dead")
    await connect(pool, alive)
    await connect(pool, unknown, seen=ago(days=30), node="never heard of")
    assert await jobs.lost_nodes(60) == 2
    assert await jobs.lost_nodes(60) == 0
    told = await events(pool)
    assert {event.identity for event in told} == {"A", "C"}
    assert {event.kind for event in told} == {"station.disconnected"}
    assert told[0].data == {"epoch": 2, "reason": "node lost"}


# -- sessions ------------------------------------------------------------------------------


@waits
async def test_flags_once(jobs: PostgresJobs, pool: Pool) -> None:
    """A session that is open for too long is flagged, once."""
    station_id = await station(pool)
    long = await session(pool, station_id, ago(hours=13), flags=["clock_suspect"])
    await session(pool, station_id, ago(hours=11))
    await session(pool, station_id, ago(hours=13), status="ended")
    assert await jobs.flag_overtime(NOW, MAX_S) == 1
    assert await jobs.flag_overtime(NOW, MAX_S) == 0
    (event,) = await events(pool)
    assert (event.kind, event.session_id) == ("session.flagged", long)
    row = await pool.one(
        "SELECT status, flags, version FROM session WHERE id = %s",
        (long,),
        lambda *columns: columns,
    )
    assert row == ("suspect", ["clock_suspect", "over_time"], 1)


@waits
async def test_late_news(jobs: PostgresJobs, pool: Pool) -> None:
    """A session that began long ago and that we just heard of (the station was offline) is not
    flagged: its stop may be on the way."""
    await session(pool, await station(pool), ago(hours=13), created_at=ago(hours=1))
    assert await jobs.flag_overtime(NOW, MAX_S) == 0


@waits
async def test_future_start(jobs: PostgresJobs, pool: Pool) -> None:
    """A session of a station whose clock is years ahead runs too long like any other."""
    ahead = NOW + timedelta(days=400)
    await session(pool, await station(pool), ahead, created_at=ago(hours=13))
    assert await jobs.flag_overtime(NOW, MAX_S) == 1


@waits
async def test_overtime(jobs: PostgresJobs, pool: Pool) -> None:
    """Flagged sessions come with what is to be known about their stations, those never asked
    about first."""
    asked, other, over = [await station(pool, name) for name in ("A", "B", "C")]
    await connect(pool, asked)
    await connect(pool, other, gone=True)
    flags = ["over_time"]
    first = await session(pool, asked, ago(hours=13), transaction_ref="1", flags=flags)
    second = await session(pool, other, ago(hours=13), transaction_ref="2", flags=flags)
    await session(pool, over, ago(hours=13), flags=flags, status="ended")
    for who, at in (("somebody", ago(hours=20)), ("server", ago(minutes=9)), ("server", NOW)):
        await pool.execute(
            "INSERT INTO operation (id, operator_id, station_id, action, payload, command, status,"
            " session_id, requested_by, created_at, expires_at)"
            " VALUES (gen_random_uuid(), 1, %s, 'remote_stop', '{}', '', 'accepted',"
            " %s, %s, %s, %s)",
            (asked, first, who, at, at),
        )
    assert list(await jobs.overtime(10)) == [
        Overtime(
            session_id=second,
            operator_id=1,
            identity="B",
            transaction_ref="2",
            connected=False,
            asked_at=None,
        ),
        Overtime(
            session_id=first,
            operator_id=1,
            identity="A",
            transaction_ref="1",
            connected=True,
            asked_at=ago(minutes=9),
        ),
    ]
    assert [each.session_id for each in await jobs.overtime(1)] == [second]


@waits
async def test_ends(jobs: PostgresJobs, pool: Pool) -> None:
    """A session is ended once, with its last reading."""
    session_id = await session(pool, await station(pool), ago(hours=13), power_w=7000.0)
    assert await jobs.end_session(session_id, NOW)
    assert not await jobs.end_session(session_id, NOW)
    row = await pool.one(
        "SELECT status, ended_at, meter_stop_wh, power_w, stop_reason, flags, version"
        " FROM session WHERE id = %s",
        (session_id,),
        lambda *columns: columns,
    )
    ended_at = ago(hours=12)
    assert row == ("ended", ended_at, 350.0, None, "Other", ["ended_by_server"], 1)
    (event,) = await events(pool)
    assert (event.kind, event.session_id, event.at) == ("session.ended", session_id, ended_at)


@waits
async def test_leaves_what_others_write(jobs: PostgresJobs, pool: Pool) -> None:
    """A session that somebody is writing is not waited for."""
    session_id = await session(pool, await station(pool), ago(hours=13))
    locked: Deferred[None] = Deferred()
    done: Deferred[None] = Deferred()

    async def other(cursor: Cursor) -> None:
        await cursor.execute("UPDATE session SET power_w = 1 WHERE id = %s", (session_id,))
        locked.callback(None)
        await done

    writing = Deferred.fromCoroutine(pool.transaction(other))
    await locked
    assert await jobs.flag_overtime(NOW, MAX_S) == 0
    assert not await jobs.end_session(session_id, NOW)
    done.callback(None)
    await writing
    assert await jobs.flag_overtime(NOW, MAX_S) == 1


@waits
async def test_ends_once_among_many(jobs: PostgresJobs, pool: Pool) -> None:
    """Of several that want to end a session, one does."""
    session_id = await session(pool, await station(pool), ago(hours=13))
    done = await together(*(jobs.end_session(session_id, NOW) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]


# -- connectors ----------------------------------------------------------------------------


@waits
async def test_stale(jobs: PostgresJobs, pool: Pool) -> None:
    """An EVSE is stale whose session ended, and nothing was said of it since."""
    station_id = await station(pool)
    await connect(pool, station_id)
    await session(pool, station_id, ago(hours=3), status="ended", transaction_ref="1")
    last = await session(pool, station_id, ago(hours=2), status="ended", updated_at=ago(seconds=61))
    await connector(pool, station_id, at=ago(hours=2))
    assert await jobs.stale(NOW, 60, FIRST, 100) == [
        StaleStatus(
            station_id=station_id,
            operator_id=1,
            identity="A",
            evse_id=1,
            status_at=ago(hours=2),
            session_id=last,
        )
    ]


@waits
async def test_stale_without_a_session(jobs: PostgresJobs, pool: Pool) -> None:
    """An EVSE without any session is stale too, when its status says that there is one."""
    station_id = await station(pool)
    await connect(pool, station_id)
    statuses = dict(enumerate(ConnectorStatus, start=1))
    for number, status in statuses.items():
        await connector(pool, station_id, status.value, evse_id=number)
    found = await jobs.stale(NOW, 60, FIRST, 100)
    assert {statuses[stale.evse_id] for stale in found} == set(IN_USE)
    assert found[0].session_id is None


@waits
async def test_not_stale_in_a_session(jobs: PostgresJobs, pool: Pool) -> None:
    """While a session is open, or when another EVSE has had one, nothing is odd."""
    station_id = await station(pool)
    await connect(pool, station_id)
    for evse_id in (1, 2, 3):
        await connector(pool, station_id, evse_id=evse_id)
    await session(pool, station_id, ago(hours=2), evse_id=1)
    await session(pool, station_id, ago(hours=2), evse_id=2, status="suspect")
    await session(pool, station_id, ago(hours=1), evse_id=2, status="ended")
    assert await in_doubt(jobs) == [("A", 3)]


@waits
async def test_not_stale_yet(jobs: PostgresJobs, pool: Pool) -> None:
    """A station is given time after its last word, and after the end of the session."""
    station_id = await station(pool)
    await connect(pool, station_id)
    await connector(pool, station_id, at=ago(seconds=60), evse_id=1)
    await connector(pool, station_id, at=ago(seconds=61), evse_id=2)
    await connector(pool, station_id, evse_id=3)
    await session(
        pool, station_id, ago(hours=2), evse_id=3, status="ended", updated_at=ago(seconds=60)
    )
    assert await in_doubt(jobs) == [("A", 2)]


@waits
async def test_stale_of_whom(jobs: PostgresJobs, pool: Pool) -> None:
    """Only stations that can be asked count: connected, accepted, still in the register."""
    names = ("here", "gone", "never", "pending", "deleted")
    ids = {name: await station(pool, name) for name in names}
    for name, station_id in ids.items():
        await connector(pool, station_id)
        if name != "never":
            await connect(pool, station_id, gone=name == "gone")
    await pool.execute("UPDATE station SET registration = 'pending' WHERE identity = 'pending'")
    await pool.execute("UPDATE station SET deleted_at = now() WHERE identity = 'deleted'")
    assert await in_doubt(jobs) == [("here", 1)]


@waits
async def test_stale_in_order(jobs: PostgresJobs, pool: Pool) -> None:
    """Each EVSE (not the station itself) comes once, a batch at a time behind the one before."""
    first, second = [await station(pool, name) for name in ("A", "B")]
    for station_id in (second, first):
        await connect(pool, station_id)
        for evse_id in (2, 1, 0):
            await connector(pool, station_id, evse_id=evse_id)
            await connector(pool, station_id, evse_id=evse_id, connector_id=2)
    every = [(first, 1), (first, 2), (second, 1), (second, 2)]
    behind, seen = FIRST, []
    while found := await jobs.stale(NOW, 60, behind, 3):
        seen += [(stale.station_id, stale.evse_id) for stale in found]
        behind = seen[-1]
    assert seen == every


@waits
async def test_stale_by_index(jobs: PostgresJobs, pool: Pool) -> None:
    """The connectors in doubt are found among those in use, however many there are."""
    await pool.execute(
        "INSERT INTO station (identity, registration)"
        " SELECT 'S' || n, 'accepted' FROM generate_series(1, 2000) n"
    )
    await pool.execute(
        "INSERT INTO connector (station_id, operator_id, evse_id, connector_id, status, status_at)"
        " SELECT id, 1, 1, 1, CASE WHEN id %% 20 = 0 THEN 'Charging' ELSE 'Available' END, %s"
        " FROM station",
        (ago(hours=1),),
    )
    await pool.execute("ANALYZE connector")
    params = {"now": NOW, "after_s": 60.0, "station_id": 0, "evse_id": 0, "limit": 500}
    plan = "\n".join(await pool.many(f"EXPLAIN {_STALE}", params, str))
    assert "connector_in_use" in plan
    assert "session_open" in plan


# -- retention -----------------------------------------------------------------------------


@waits
async def test_prunes_refused(jobs: PostgresJobs, pool: Pool) -> None:
    """Old refused attempts go, a batch at a time."""
    for number in range(3):
        await pool.execute(
            "INSERT INTO refused_attempt (identity, reason, peer, first_at, last_at)"
            " VALUES (%s, 'unknown_station', 'p', %s, %s)",
            (f"X{number}", ago(days=40), ago(days=40 - 20 * (number == 2))),
        )
    assert await jobs.prune("refused_attempt", ago(days=30), 1) == 1
    assert await jobs.prune("refused_attempt", ago(days=30), 5) == 1
    assert await pool.many("SELECT identity FROM refused_attempt", (), str) == ["X2"]


@waits
async def test_prunes_operations(jobs: PostgresJobs, pool: Pool) -> None:
    """Old operations go when they are settled."""
    station_id = await station(pool)
    for status, days in (("queued", 100), ("accepted", 100), ("expired", 10)):
        await pool.execute(
            "INSERT INTO operation (id, operator_id, station_id, action, payload, command, status,"
            " created_at, expires_at)"
            " VALUES (gen_random_uuid(), 1, %s, 'reset', '{}', '', %s, %s, %s)",
            (station_id, status, ago(days=days), NOW),
        )
    assert await jobs.prune("operation", ago(days=90), 10) == 1
    left = await pool.many("SELECT status FROM operation ORDER BY status", (), str)
    assert left == ["expired", "queued"]


@waits
async def test_prunes_quarantine(jobs: PostgresJobs, pool: Pool) -> None:
    """Old quarantined messages go."""
    station_id = await station(pool)
    for days in (400, 10):
        await pool.execute(
            "INSERT INTO quarantine (operator_id, station_id, received_at, action, fault, content)"
            " VALUES (1, %s, %s, 'StopTransaction', 'f', 'c')",
            (station_id, ago(days=days)),
        )
    for days in (300, 370):
        await pool.execute(
            "INSERT INTO quarantine_day (station_id, day, operator_id, messages, bytes)"
            " SELECT id, %s, operator_id, 1, 1 FROM station",
            (ago(days=days).date(),),
        )
    assert await jobs.prune("quarantine", ago(days=365), 10) == 1
    left = await pool.many("SELECT day FROM quarantine_day", (), lambda day: day)
    assert left == [ago(days=300).date()]
