"""Lists as SQL: any page costs the same, for an index leads to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

import msgspec
import pytest
import pytest_twisted
from hypothesis import given
from hypothesis import strategies as st

from csms.core.listings import Place, cursor, plan
from csms.core.pages import Query
from csms.storage import connections, operations, sessions, stations, tokens
from csms.storage.lists import Source, page, statement
from csms.storage.pool import Cursor, Pool
from csms.storage.rows import as_json
from csms.testing.contracts.paging import pages
from csms.testing.waiting import drawn

ID = "00000000-0000-7000-8000-000000000001"
AT = "2026-03-01T12:00:00+00:00"
START = datetime(2026, 3, 1, tzinfo=UTC)


async def explained(pool: Pool, source: Source, owner: str, place: Place) -> str:
    """How the database would find a page of an operator's list that begins at a place."""
    wanted = msgspec.structs.replace(plan(source.listing, Query()), after=place)
    sql, params = statement(source, wanted, [(f"{owner} = %s", 1)])

    async def work(asked: Cursor) -> str:
        await asked.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        return "\n".join(await asked.many(f"EXPLAIN {sql}", params, str))

    return await pool.transaction(work)


@pytest.mark.parametrize(
    ("source", "owner", "place", "index", "condition"),
    [
        (sessions.LIST, "x.operator_id", Place(AT, (ID,)), "session_started", "started_at"),
        (operations.LIST, "o.operator_id", Place(AT, (ID,)), "operation_created", "created_at"),
        (tokens.LIST, "operator_id", Place("X", ("X",)), "token_id", "upper(id_token)"),
        (stations.LIST, "s.operator_id", Place("cp", (1,)), "station_operator", "identity"),
    ],
    ids=lambda value: value.listing.name if isinstance(value, Source) else "",
)
@pytest_twisted.ensureDeferred
async def test_index(
    pool: Pool, source: Source, owner: str, place: Place, index: str, condition: str
) -> None:
    """An operator's list in its usual order is read off an index from the place on, nothing
    else being sorted (but for ties)."""
    told = await explained(pool, source, owner, place)
    assert index in told
    assert "Index Cond" in told
    assert condition in told.split("Index Cond")[1].splitlines()[0]
    assert "->  Sort" not in told


@pytest.mark.parametrize(
    "source",
    [
        connections.LIST,
        connections.LIST_REFUSED,
        operations.LIST,
        sessions.LIST,
        sessions.LIST_READINGS,
        stations.LIST,
        tokens.LIST,
    ],
    ids=lambda source: source.listing.name,
)
@pytest_twisted.ensureDeferred
async def test_every_sort(pool: Pool, source: Source) -> None:
    """Whatever a listing declares, its SQL has; also from a place without a value on."""
    listing = source.listing
    assert source.filters.keys() == listing.filters.keys()
    assert source.sorts.keys() == listing.sorts.keys()
    assert len(source.keys) == len(listing.keys)
    keys = tuple({"uuid": ID, "integer": 1}.get(kind.value, "x") for kind in listing.keys)
    values = {"text": "x", "integer": 1, "number": 1.5, "time": AT}
    for name, sort in listing.sorts.items():
        starts = [Place(values[sort.kind.value], keys)]
        starts += [Place(None, keys)] if sort.nullable else []
        for order in (name, f"-{name}"):
            for place in starts:
                start = cursor(plan(listing, Query(sort=order)), place)
                found = await page(pool, source, Query(sort=order, cursor=start), object)
                assert found.items == ()


@pytest_twisted.ensureDeferred
async def test_exact(pool: Pool) -> None:
    """Paging by a number with many digits misses nothing and repeats nothing."""
    numbers = [0.1 * count for count in range(1, 30)] + [1e-300, 1e300]
    await pool.execute("INSERT INTO station (identity, registration) VALUES ('x', 'accepted')")
    for count, number in enumerate(numbers):
        await pool.execute(
            "INSERT INTO session (id, operator_id, station_id, evse_id, status, started_at,"
            " energy_wh, created_at, updated_at)"
            " SELECT %s, 1, id, 1, 'ended', now(), %s, now(), now() FROM station",
            (f"00000000-0000-7000-8000-{count:012}", number),
        )
    reader = sessions.PostgresSessions(pool)
    found: list[float] = []
    query = Query(sort="energy_wh", limit=4)
    while True:
        got = await reader.list(query)
        found += [session.energy_wh for session in got.items]
        if got.next_cursor is None:
            break
        query = msgspec.structs.replace(query, cursor=got.next_cursor)
    assert found == sorted(numbers)


FIELDS = ("identity", "vendor", "last_seen_at")
MOMENTS = st.integers(0, 3).map(lambda hours: START + timedelta(hours=hours))
POPULATIONS = st.lists(
    st.fixed_dictionaries(
        {
            "identity": st.text("aAb-\u00e9", min_size=1, max_size=4),
            "vendor": st.none() | st.text("xY_ ", max_size=2),
            "last_seen_at": st.none() | MOMENTS,
        }
    ),
    max_size=12,
    unique_by=lambda station: station["identity"].lower(),
)


@given(
    population=POPULATIONS,
    field=st.sampled_from(FIELDS),
    descending=st.booleans(),
    limit=st.integers(1, 5),
)
@drawn
@pytest_twisted.ensureDeferred
async def test_any_population(
    pool: Pool, population: list[dict[str, Any]], field: str, descending: bool, limit: int
) -> None:
    """Whatever is in a list, its pages together are the whole of it, sorted as asked, with what
    has no value at the end."""
    await pool.execute("DELETE FROM station")
    await pool.execute(
        "INSERT INTO station (identity, vendor, last_seen_at, registration)"
        " SELECT *, 'accepted' FROM jsonb_to_recordset(%s::jsonb)"
        " AS q(identity text, vendor text, last_seen_at timestamptz)",
        (as_json(population),),
    )
    query = Query(sort="-" * descending + field, limit=limit)
    found = await pages(stations.PostgresStations(pool).list, query)
    items = [item for page in found for item in page.items]
    told = [{name: getattr(item, name) for name in FIELDS} for item in items]
    by_name = itemgetter("identity")
    assert sorted(told, key=by_name) == sorted(population, key=by_name)
    assert all(len(page.items) == limit for page in found[:-1])
    values = [one[field] for one in told]
    known = sorted((value for value in values if value is not None), reverse=descending)
    assert values == known + [None] * (len(values) - len(known))
