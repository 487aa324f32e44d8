"""Monitors, streams and connectors on PostgreSQL, as the rules ask for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest_twisted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csms.adapter.dialect import DIALECTS, Understood
from csms.adapter.schema import Schemas
from csms.core.decide import decide, question
from csms.core.decisions import Policy
from csms.core.happenings import Happening
from csms.core.monitoring.vocabulary import (
    EventsNotified,
    Monitor,
    MonitorKind,
    MonitorsReported,
    Pace,
    StationEvent,
    Stream,
    StreamAnswered,
    StreamOpened,
    StreamSpoke,
)
from csms.core.pages import Query
from csms.core.replies import Reply
from csms.core.reports import Report, Stage, TransactionTold
from csms.core.values import StationKey, Strictness
from csms.storage.happenings import PostgresHappenings
from csms.storage.holdings import PostgresHoldings
from csms.storage.ledger import PostgresLedger
from csms.storage.pool import Pool
from csms.storage.stations import PostgresStations
from csms.testing.payloads import mutated, payloads

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POWER = {"component": "EVSE", "evse_id": 1, "variable": "Power"}


async def station(pool: Pool, identity: str) -> StationKey:
    return await pool.one(
        "INSERT INTO station (identity, registration) VALUES (%s, 'accepted')"
        " RETURNING id, identity",
        (identity,),
        StationKey,
    )


async def say(ledger: PostgresLedger, key: StationKey, report: Report) -> Reply:
    await ledger.ready()
    (state,) = await ledger.gather([(key, question(report))], NOW)
    decision = decide(report, key, state, NOW, Policy())
    await ledger.commit([decision])
    return decision.reply


@pytest_twisted.async_fixture
async def ledger(pool: Pool) -> PostgresLedger:
    return PostgresLedger(pool.lane())


@pytest_twisted.ensureDeferred
async def test_from_monitor_to_event(pool: Pool, ledger: PostgresLedger) -> None:
    """A station's monitors are its own; what they notice is as grave as they are."""
    key, other = await station(pool, "CS1"), await station(pool, "CS2")
    monitor = Monitor(**POWER, monitor_id=4, kind=MonitorKind.PERIODIC, value=5.0, severity=3)
    reported = MonitorsReported(ref=1, number=0, last=True, items=(monitor,))
    await say(ledger, key, reported)
    stream = StreamOpened(stream=Stream(stream_id=2, monitor_id=4, pace=Pace(values=5)))
    assert await say(ledger, other, stream) == StreamAnswered(accepted=False)
    assert await say(ledger, key, stream) == StreamAnswered(accepted=True)
    spoken = StreamSpoke(stream_id=2, pending=1, values=((NOW, "7"),))
    await say(ledger, other, spoken)
    await say(ledger, key, spoken)
    event = StationEvent(**POWER, event_id=1, at=NOW, trigger="Alerting", value="8", monitor_id=4)
    await say(ledger, key, EventsNotified(events=(event,)))
    page = await PostgresHappenings(pool).list(Query(), 1)
    assert sorted((each.identity, each.severity, each.content["value"]) for each in page.items) == [
        ("CS1", 3, "7"),
        ("CS1", 3, "8"),
    ]
    (held,) = await PostgresHoldings(pool).list("CS1", 1, "event_stream")
    assert held.content["pending"] == 1


@pytest_twisted.ensureDeferred
async def test_an_event_belongs_to_its_session(pool: Pool, ledger: PostgresLedger) -> None:
    """The one of that station and that name."""
    for identity in ("CS1", "CS2"):
        key = await station(pool, identity)
        start = TransactionTold(
            transaction_ref="T1", stage=Stage.STARTED, at=NOW, sequence_number=0, evse_id=1
        )
        await say(ledger, key, start)
    told = {**POWER, "at": NOW, "trigger": "Delta", "value": "8"}
    events = tuple(
        StationEvent(**told, event_id=number, transaction_ref=ref)
        for number, ref in enumerate(["T1", "T2", None])
    )
    await say(ledger, key, EventsNotified(events=events))
    page = await PostgresHappenings(pool).list(Query(), 1)
    mine = await pool.one("SELECT id::text FROM session WHERE station_id = %s", (key.id,), str)
    assert sorted(map(_session, page.items)) == [(0, mine), (1, None), (2, None)]


def _session(happening: Happening) -> tuple[object, object]:
    return happening.content["event_id"], happening.session_id


@pytest_twisted.ensureDeferred
async def test_connectors(pool: Pool, ledger: PostgresLedger) -> None:
    """Several changes of several connectors in one message."""
    key = await station(pool, "CS1")
    events = tuple(
        StationEvent(
            component="Connector",
            variable="AvailabilityState",
            evse_id=1,
            connector_id=plug,
            event_id=number,
            at=NOW,
            trigger="Delta",
            value=value,
        )
        for number, (plug, value) in enumerate([(1, "Occupied"), (2, "Reserved"), (1, "Available")])
    )
    await say(ledger, key, EventsNotified(events=events))
    await say(ledger, key, EventsNotified(events=events))
    known = await PostgresStations(pool).get("CS1")
    assert [(each.connector_id, each.status.value) for each in known.connectors] == [
        (1, "Available"),
        (2, "Reserved"),
    ]


ACTIONS = (
    "ClosePeriodicEventStream",
    "NotifyEvent",
    "NotifyMonitoringReport",
    "NotifyPeriodicEventStream",
    "NotifyReport",
    "OpenPeriodicEventStream",
)
_VERSION = DIALECTS["ocpp2.1"]
_DOCUMENTS = Schemas("v21").documents


def _document(action: str) -> dict[str, Any]:
    return _DOCUMENTS.get(f"{action}Request") or _DOCUMENTS[action]


WIRE = st.sampled_from(ACTIONS).flatmap(
    lambda action: st.tuples(
        st.just(action), st.one_of(payloads(_document(action)), mutated(_document(action)))
    )
)


@given(st.lists(WIRE, max_size=10))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@pytest_twisted.ensureDeferred
async def test_whatever_a_station_says_can_be_kept(
    pool: Pool, ledger: PostgresLedger, said: list[tuple[str, object]]
) -> None:
    """Nothing that comes over the wire is poison to the database, and each has its answer."""
    await pool.execute("TRUNCATE station RESTART IDENTITY CASCADE")
    key = await station(pool, "CS1")
    for action, payload in said:
        read = _VERSION.read(action, payload, Strictness.TOLERANT, NOW)
        if isinstance(read, Understood):
            reply = await say(ledger, key, read.report)
            assert isinstance(_VERSION.write(action, reply), dict)
