"""`PostgresSessions` keeps the contract of sessions."""

from __future__ import annotations

from itertools import count

import attrs
import msgspec
import pytest
import pytest_twisted

from csms.core.listings import STATION_READINGS, plan
from csms.core.pages import Query
from csms.core.values import Session, StoredReading
from csms.storage.lists import statement
from csms.storage.pool import Pool
from csms.storage.rows import as_json
from csms.storage.sessions import LIST_STATION_READINGS, PostgresSessions
from csms.testing.contracts.sessions import SessionsContract, begin


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.sessions.SessionsBench`."""

    pool: Pool
    sessions: PostgresSessions
    numbers: count[int] = attrs.field(factory=count)

    async def station(self, identity: str, operator_id: int) -> int:
        """The id of a station."""
        return await self.pool.one(
            "INSERT INTO station (identity, operator_id, registration)"
            " VALUES (%s, %s, 'accepted')"
            " ON CONFLICT (lower(identity)) WHERE deleted_at IS NULL"
            " DO UPDATE SET updated_at = now() RETURNING id",
            (identity, operator_id),
            int,
        )

    async def session(self, session: Session) -> None:
        """Keep a session."""
        columns = [name for name in Session.__struct_fields__ if name != "identity"]
        names = ", ".join(f'"{name}"' for name in columns)
        values = msgspec.structs.asdict(session) | {"flags": list(session.flags)}
        for name in ("details", "numbering"):
            values[name] = None if values[name] is None else as_json(values[name])
        await self.pool.execute(
            f"INSERT INTO session ({names}) VALUES ({', '.join(f'%({n})s' for n in columns)})",
            values,
        )

    async def reading(self, reading: StoredReading) -> None:
        """Keep a reading."""
        await self.pool.execute(
            "INSERT INTO reading (station_id, taken_at, fingerprint, operator_id, evse_id,"
            " session_id, received_at, energy_wh, power_w, soc_percent, samples)"
            " VALUES (%s, %s, %s, 1, %s, %s, %s, %s, %s, %s, %s)",
            (
                reading.station_id,
                reading.taken_at,
                next(self.numbers),
                reading.evse_id,
                reading.session_id,
                reading.received_at,
                reading.energy_wh,
                reading.power_w,
                reading.soc_percent,
                as_json(reading.samples),
            ),
        )


@pytest_twisted.ensureDeferred
async def test_station_readings_use_their_index(pool: Pool) -> None:
    """However many readings of sessions there are, and of other stations."""
    await pool.execute("""
        INSERT INTO reading (station_id, taken_at, fingerprint, operator_id, evse_id, session_id,
                             received_at, samples)
        SELECT g % 3 + 6, now() - g * interval '1 minute', g, 1, 0,
               CASE WHEN g % 7 > 0 THEN gen_random_uuid() END, now(), '[]'
        FROM generate_series(1, 20000) g;
        ANALYZE reading
    """)
    filters: dict[str, object] = {"evse_id": 0}
    wanted = plan(STATION_READINGS, Query(filters=filters))
    sql, params = statement(LIST_STATION_READINGS, wanted, [("station_id = %s", 7)])
    told = "\n".join(await pool.many(f"EXPLAIN {sql}", params, str))
    assert "reading_of_station" in told, told
    assert "Seq Scan" not in told
    assert "Sort" not in told


@pytest.fixture
def bench(operators: Pool) -> Bench:
    """No sessions."""
    return Bench(operators, PostgresSessions(operators))


class TestPostgresSessions(SessionsContract):
    """The contract, in PostgreSQL."""


@pytest_twisted.ensureDeferred
async def test_of_deleted_station(bench: Bench) -> None:
    """The sessions of a deleted station stay, found by its identity."""
    session = await begin(bench, 1)
    await bench.pool.execute("UPDATE station SET deleted_at = now()")
    assert await bench.sessions.get(session.id) == session
    found = await bench.sessions.list(Query(filters={"station": "cp-1"}))
    assert found.items == (session,)
