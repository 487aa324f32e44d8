"""Nodes in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from zope.interface.verify import verifyObject

from csms.core.events import Event
from csms.core.ports import INodes, Waiting
from csms.storage.nodes import PostgresNodes
from csms.storage.pool import Pool
from csms.testing.waiting import waits

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def nodes(pool: Pool) -> PostgresNodes:
    """Nodes of an empty database."""
    return PostgresNodes(pool)


async def connect(pool: Pool, identity: str, node: str = "n", **columns: object) -> int:
    """A station with a connection; its id."""
    station_id = await pool.one(
        "INSERT INTO station (identity, registration, booted_at) VALUES (%s, %s, %s) RETURNING id",
        (identity, columns.pop("registration", "accepted"), columns.pop("booted_at", None)),
        int,
    )
    row = {
        "station_id": station_id,
        "operator_id": 1,
        "epoch": 3,
        "node": node,
        "peer": "p",
        "ocpp_version": "1.6",
        "connected_at": AT,
        "last_seen_at": AT,
        **columns,
    }
    names = ", ".join(row)
    marks = ", ".join(["%s"] * len(row))
    await pool.execute(f"INSERT INTO connection ({names}) VALUES ({marks})", tuple(row.values()))
    return station_id


async def events(pool: Pool) -> list[Event]:
    """Everything published so far."""
    rows = await pool.many("SELECT events FROM outbox ORDER BY xid, seq", (), str)
    return [event for text in rows for event in msgspec.json.decode(text, type=list[Event])]


async def closed(pool: Pool, station_id: int) -> str | None:
    """Why the station's connection is closed."""
    return await pool.one(
        "SELECT close_reason FROM connection WHERE station_id = %s AND "
        "(disconnected_at IS NULL) = (close_reason IS NULL)",
        (station_id,),
        lambda reason: reason,
    )


async def operation(pool: Pool, station_id: int, status: str = "queued", **columns: object) -> None:
    """An operation."""
    await pool.execute(
        "INSERT INTO operation (id, operator_id, station_id, action, payload, command, status,"
        " created_at, expires_at, sent_at)"
        " VALUES (gen_random_uuid(), 1, %s, 'reset', '{}', '', %s, %s, %s, %s)",
        (station_id, status, AT, AT, columns.get("sent_at")),
    )


def test_provides(nodes: PostgresNodes) -> None:
    """It provides the port."""
    assert verifyObject(INodes, nodes)


@waits
async def test_begin(nodes: PostgresNodes, pool: Pool) -> None:
    """Connections that a former process of that name left behind are closed and told of."""
    ours = await connect(pool, "A")
    theirs = await connect(pool, "B", node="other")
    over = await connect(pool, "C", disconnected_at=AT, close_reason="done")
    assert await nodes.begin("n") == 1
    assert [await closed(pool, each) for each in (ours, theirs, over)] == [
        "node restarted",
        None,
        "done",
    ]
    (event,) = await events(pool)
    assert (event.kind, event.identity, event.operator_id) == ("station.disconnected", "A", 1)
    assert event.data == {"epoch": 3, "reason": "node restarted"}
    assert await nodes.begin("n") == 0


@waits
async def test_renew(nodes: PostgresNodes, pool: Pool) -> None:
    """Renewing tells how long it has been, 0 for the first time."""
    assert await nodes.renew("n") == 0
    assert 0 < await nodes.renew("n") < 30
    await pool.execute("UPDATE node SET seen_at = seen_at - interval '100 s'")
    assert 100 < await nodes.renew("n") < 130


@waits
async def test_reclaim(nodes: PostgresNodes, pool: Pool) -> None:
    """A connection that was given up by mistake can be taken back, by its node alone."""
    lost = {"disconnected_at": AT, "close_reason": "node lost"}
    ours = await connect(pool, "A", **lost)
    dead = await connect(pool, "B", **lost)
    theirs = await connect(pool, "C", node="other", **lost)
    closed_itself = await connect(pool, "D", disconnected_at=AT, close_reason="bye")
    assert sorted(await nodes.lost("n")) == [ours, dead]
    assert await nodes.reclaim("n", [ours, theirs, closed_itself]) == 1
    assert [await closed(pool, each) for each in (ours, dead, theirs, closed_itself)] == [
        None,
        "node lost",
        "node lost",
        "bye",
    ]
    (event,) = await events(pool)
    assert (event.kind, event.identity) == ("station.connected", "A")
    assert event.data == {"epoch": 3, "node": "n", "peer": "p", "ocpp_version": "1.6"}


@pytest.mark.parametrize(
    ("station", "after_s", "ready"),
    [
        ({}, 4, False),
        ({}, 6, True),
        ({"booted_at": AT + timedelta(seconds=1)}, 2, True),
        ({"booted_at": AT - timedelta(seconds=1)}, 2, False),
        ({"registration": "pending"}, 60, False),
    ],
)
@waits
async def test_ready(
    nodes: PostgresNodes, pool: Pool, station: dict[str, object], after_s: int, ready: bool
) -> None:
    """A station is ready for what was queued when it booted, or did not for a while, provided
    that it is accepted."""
    station_id = await connect(pool, "A", **station)
    await operation(pool, station_id)
    now = AT + timedelta(seconds=after_s)
    assert list(await nodes.awaiting("n", now, 5.0)) == [Waiting(station_id, ready)]


@waits
async def test_awaiting(nodes: PostgresNodes, pool: Pool) -> None:
    """Only stations connected to the node count, and only what was not sent yet."""
    waiting = await connect(pool, "A")
    elsewhere = await connect(pool, "B", node="other")
    gone = await connect(pool, "C", disconnected_at=AT, close_reason="bye")
    sent = await connect(pool, "D")
    for station_id in (waiting, waiting, elsewhere, gone):
        await operation(pool, station_id)
    await operation(pool, sent, "pending", sent_at=AT)
    await operation(pool, sent, "accepted")
    found = await nodes.awaiting("n", AT, 5.0)
    assert [each.station_id for each in found] == [waiting]
