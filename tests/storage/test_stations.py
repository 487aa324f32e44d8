"""`PostgresStations` keeps the contract of the register, and asks little when many come."""

from __future__ import annotations

import random
from typing import Any

import attrs
import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st

from csms.core.errors import Conflict
from csms.core.ports import Quirk
from csms.core.values import Connector, Registration
from csms.storage.pool import Pool
from csms.storage.stations import PostgresStations
from csms.testing.contracts.stations import StationsContract
from csms.testing.waiting import drawn, together

TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e15, 1e15) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.stations.StationsBench`."""

    pool: Pool
    stations: PostgresStations

    async def report(self, identity: str, **fields: object) -> None:
        """Set columns."""
        sets = ", ".join(f"{name} = %({name})s" for name in fields)
        await self.pool.execute(
            f"UPDATE station SET {sets} WHERE identity = %(identity)s",
            {**fields, "identity": identity},
        )

    async def connect(self, identity: str) -> None:
        """Open a connection."""
        await self.pool.execute(
            "INSERT INTO connection (station_id, operator_id, epoch, node, peer, ocpp_version,"
            " connected_at, last_seen_at)"
            " SELECT id, operator_id, 1, 'n1', '192.0.2.1', '1.6', now(), now() FROM station"
            " WHERE identity = %s",
            (identity,),
        )

    async def plug(self, identity: str, connector: Connector) -> None:
        """Report a connector."""
        await self.pool.execute(
            "INSERT INTO connector AS c (station_id, operator_id, evse_id, connector_id, status,"
            " status_at, error_code, info, vendor_id, vendor_error_code)"
            " SELECT id, operator_id, %s, %s, %s, %s, %s, %s, %s, %s FROM station"
            " WHERE identity = %s"
            " ON CONFLICT (station_id, evse_id, connector_id) DO UPDATE SET"
            " status = excluded.status, status_at = excluded.status_at,"
            " error_code = excluded.error_code, info = excluded.info,"
            " vendor_id = excluded.vendor_id, vendor_error_code = excluded.vendor_error_code",
            (
                connector.evse_id,
                connector.connector_id,
                connector.status,
                connector.status_at,
                connector.error_code,
                connector.info,
                connector.vendor_id,
                connector.vendor_error_code,
                identity,
            ),
        )

    async def quirk(self, identity: str, quirk: Quirk) -> None:
        """Count a quirk."""
        await self.pool.execute(
            "INSERT INTO quirk (station_id, operator_id, name, count, example, first_at, last_at)"
            " SELECT id, operator_id, %s, %s, %s, %s, %s FROM station WHERE identity = %s",
            (quirk.name, quirk.count, quirk.example, quirk.first_at, quirk.last_at, identity),
        )


@pytest.fixture
def bench(operators: Pool) -> Bench:
    """An empty register."""
    return Bench(operators, PostgresStations(operators))


class TestPostgresStations(StationsContract):
    """The contract, in PostgreSQL."""


@attrs.define
class Counting:
    """A pool that counts what it is asked."""

    pool: Pool
    asked: int = 0

    async def many(self, *args: Any) -> list[Any]:
        """Ask the pool."""
        self.asked += 1
        return await self.pool.many(*args)


@pytest_twisted.ensureDeferred
async def test_storm(pool: Pool) -> None:
    """Five thousand stations that come back at once are found in a few queries."""
    await pool.execute(
        "INSERT INTO station (identity, registration)"
        " SELECT 'cp-' || n, 'accepted' FROM generate_series(1, 4990) n"
    )
    counting = Counting(pool)
    stations = PostgresStations(counting)
    found = await together(*(stations.find(f"cp-{number}") for number in range(1, 5001)))
    assert [station and station.identity for station in found] == [
        f"cp-{number}" if number <= 4990 else None for number in range(1, 5001)
    ]
    assert counting.asked <= 7


@pytest_twisted.ensureDeferred
async def test_storm_of_strangers(pool: Pool) -> None:
    """Nor does it take many queries to enlist those whom nobody knew, even when several
    processes do it at the same moment."""
    counters = [Counting(pool) for _ in range(3)]
    names = [f"cp-{number}" for number in range(300)]
    calls = []
    for counting in counters:
        stations = PostgresStations(counting)
        random.Random(counting.asked).shuffle(names)
        calls += [stations.enlist(name, Registration.ACCEPTED) for name in names]
    enlisted = await together(*calls)
    assert len(enlisted) == 900
    assert len({station.id for station in enlisted}) == 300
    assert sum(counting.asked for counting in counters) <= 6


class Forgetful(Counting):
    """A pool on a register where every station was deleted a moment ago."""

    async def many(self, *args: Any) -> list[Any]:
        """Find nothing."""
        return []


@pytest_twisted.ensureDeferred
async def test_enlist_deleted(pool: Pool) -> None:
    """A station that is deleted the moment it is enlisted may try again."""
    with pytest.raises(Conflict):
        await PostgresStations(Forgetful(pool)).enlist("cp-1", Registration.ACCEPTED)


@given(data=st.dictionaries(TEXT, JSON, max_size=4))
@drawn
@pytest_twisted.ensureDeferred
async def test_vendor_data(pool: Pool, data: dict[str, object]) -> None:
    """Whatever an operator wants to keep with a station comes back as it was."""
    station, _ = await PostgresStations(pool).put("cp-1", 1, {"vendor_data": data}, None)
    assert station.vendor_data == data


@pytest_twisted.ensureDeferred
async def test_deleted_row_stays(pool: Pool) -> None:
    """The row of a deleted station stays, for sessions name it."""
    stations = PostgresStations(pool)
    await stations.put("cp-1", 1, {}, [Connector(evse_id=1)])
    gone = await stations.delete("cp-1", 1)
    anew, _ = await stations.put("cp-1", 1, {}, None)
    rows = await pool.many("SELECT id, deleted_at IS NULL FROM station ORDER BY id", (), row)
    assert rows == [(gone.id, False), (anew.id, True)]


def row(*columns: object) -> tuple[object, ...]:
    """A row as it is."""
    return columns
