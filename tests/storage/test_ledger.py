"""The ledger on PostgreSQL, held against the one in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import psycopg2
import pytest
import pytest_twisted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zope.interface.verify import verifyObject

from csms.core.decide import decide, question
from csms.core.decisions import Policy, Question, Stale
from csms.core.events import Event
from csms.core.ports import ILedger
from csms.core.replies import ConnectionClaimed, Reply, StartAnswered
from csms.core.reports import (
    AuthorizationAsked,
    Booted,
    Connected,
    ConnectorChanged,
    Disconnected,
    FirmwareProgressed,
    LogUploadProgressed,
    Metered,
    Quarantined,
    Report,
    SessionStarted,
    SessionStopped,
)
from csms.core.values import ConnectorStatus, Reading, Registration, Sample, Session, StationKey
from csms.storage import ledger_sql
from csms.storage.ledger import PostgresLedger
from csms.storage.pool import Pool
from csms.testing.desk import Desk

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = Policy(accept_unknown_tokens=True, concurrent_sessions=1)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


async def station(pool: Pool, identity: str = "CP1", registration: str = "accepted") -> StationKey:
    return await pool.one(
        "INSERT INTO station (identity, registration) VALUES (%s, %s) RETURNING id, identity",
        (identity, registration),
        StationKey,
    )


async def ledger_of(pool: Pool) -> PostgresLedger:
    ledger = PostgresLedger(pool.lane())
    await ledger.ready()
    return ledger


async def say(ledger: ILedger, key: StationKey, report: Report, now: datetime = T0) -> Reply:
    (state,) = await ledger.gather([(key, question(report))], now)
    decision = decide(report, key, state, now, POLICY)
    await ledger.commit([decision])
    return decision.reply


async def sessions(pool: Pool, key: StationKey) -> list[Session]:
    texts = await pool.many(
        "SELECT row_to_json(r)::text FROM (SELECT s.*, %s AS identity FROM session s"
        " WHERE station_id = %s ORDER BY started_at, id) r",
        (key.identity, key.id),
        str,
    )
    return [msgspec.json.decode(text, type=Session) for text in texts]


async def events(pool: Pool) -> list[Event]:
    rows = await pool.many("SELECT events FROM outbox ORDER BY xid, seq", (), str)
    return [event for row in rows for event in msgspec.json.decode(row, type=list[Event])]


@pytest_twisted.ensureDeferred
async def test_it_is_a_ledger(pool: Pool) -> None:
    """PostgresLedger provides the port."""
    assert verifyObject(ILedger, await ledger_of(pool))


@pytest_twisted.ensureDeferred
async def test_a_connection_is_claimed_and_released(pool: Pool) -> None:
    """Epochs grow, the station's version is remembered, a late close is ignored."""
    key, ledger = await station(pool), await ledger_of(pool)
    hello = Connected(node="n", peer="p", ocpp_version="1.6")
    for epoch in (1, 2):
        claimed = ConnectionClaimed(epoch, Registration.ACCEPTED, booted=False)
        assert await say(ledger, key, hello) == claimed
    await say(ledger, key, Disconnected(epoch=1, reason="late"))
    row = "SELECT epoch, close_reason, ocpp_version FROM connection WHERE station_id = %s"
    assert await pool.one(row, (key.id,), lambda *r: r) == (2, None, "1.6")
    await say(ledger, key, Disconnected(epoch=2, reason="closed"))
    assert await pool.one(row, (key.id,), lambda *r: r) == (2, "closed", "1.6")
    version = await pool.one("SELECT ocpp_version FROM station", (), str)
    assert version == "1.6"


@pytest_twisted.ensureDeferred
async def test_a_boot_fills_in_the_station(pool: Pool) -> None:
    """What it says replaces what it said; what it leaves out stays."""
    key, ledger = await station(pool, registration="pending"), await ledger_of(pool)
    await say(ledger, key, Booted(vendor="Acme", model="A", serial_number="42"))
    await say(ledger, key, Booted(vendor="Acme", model="B", firmware_version="1.1"))
    await say(ledger, key, FirmwareProgressed(status="Installed"))
    await say(ledger, key, LogUploadProgressed(status="Uploaded"))
    row = await pool.one(
        "SELECT model, serial_number, firmware_version, firmware_status, diagnostics_status,"
        " booted_at FROM station",
        (),
        lambda *r: r,
    )
    assert row == ("B", "42", "1.1", "Installed", "Uploaded", T0)
    (state,) = await ledger.gather([(key, Question(station=True))], T0)
    await ledger.abandon()
    assert (state.registration, state.booted) == (Registration.PENDING, True)


@pytest_twisted.ensureDeferred
async def test_a_connector_keeps_what_was_declared(pool: Pool) -> None:
    """A status changes the reported part only."""
    key, ledger = await station(pool), await ledger_of(pool)
    await pool.execute(
        "INSERT INTO connector (station_id, operator_id, evse_id, connector_id, kind, max_power_w)"
        " VALUES (%s, 1, 1, 1, 'CCS2', 50000)",
        (key.id,),
    )
    faulted = ConnectorChanged(evse_id=1, status=ConnectorStatus.FAULTED, error_code="X", at=T0)
    await say(ledger, key, faulted)
    (state,) = await ledger.gather([(key, Question(connector=(1, 1)))], T0)
    await ledger.abandon()
    assert state.connector is not None
    assert (state.connector.kind, state.connector.status) == ("CCS2", ConnectorStatus.FAULTED)
    assert state.connector.status_at == T0


@pytest_twisted.ensureDeferred
async def test_a_token_is_found_whatever_its_case(pool: Pool) -> None:
    """And with everything the verdict needs."""
    key, ledger = await station(pool), await ledger_of(pool)
    await pool.execute(
        "INSERT INTO token (operator_id, id_token, group_id, expires_at, max_sessions, stations)"
        " VALUES (1, 'AbC', 'G', %s, 3, '{CP1}')",
        (at(60),),
    )
    (state,) = await ledger.gather([(key, question(AuthorizationAsked(id_token="aBc")))], T0)
    await ledger.abandon()
    token = state.tokens["ABC"]
    assert (token.group_id, token.expires_at, token.max_sessions) == ("G", at(60), 3)
    assert (token.stations, token.blocked) == (("CP1",), False)


@pytest_twisted.ensureDeferred
async def test_a_remote_start_is_found_and_linked(pool: Pool) -> None:
    """The operation and its session know each other after the commit."""
    key, ledger = await station(pool), await ledger_of(pool)
    await pool.execute(
        "INSERT INTO operation (id, operator_id, station_id, action, payload, command, status,"
        " id_token, created_at, expires_at)"
        " VALUES (gen_random_uuid(), 1, %s, 'remote_start', '{}', '', 'accepted', 'tag', %s, %s)",
        (key.id, at(-1), at(9)),
    )
    await say(ledger, key, SessionStarted(evse_id=1, id_token="TAG", at=T0, meter_wh=0.0))
    (session,) = await sessions(pool, key)
    linked = await pool.one("SELECT id, session_id FROM operation", (), lambda *r: r)
    assert linked == (session.operation_id, session.id)


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_read_is_quarantined(pool: Pool) -> None:
    """As it came."""
    key, ledger = await station(pool), await ledger_of(pool)
    await say(ledger, key, Quarantined(action="StopTransaction", fault="f", content='[2,"x"]'))
    kept = await pool.one("SELECT content, received_at FROM quarantine", (), lambda *r: r)
    assert kept == ('[2,"x"]', T0)


@pytest_twisted.ensureDeferred
async def test_a_batch_is_all_or_nothing(pool: Pool) -> None:
    """A value the database refuses leaves nothing of its batch, and the ledger usable."""
    key, ledger = await station(pool), await ledger_of(pool)
    other = StationKey(999, "GHOST")
    good = SessionStarted(evse_id=1, id_token="A", at=T0)
    asked = [(key, question(good)), (other, question(good))]
    states = await ledger.gather(asked, T0)
    decisions = [
        decide(good, each, state, T0, POLICY)
        for (each, _), state in zip(asked, states, strict=True)
    ]
    with pytest.raises(psycopg2.IntegrityError):
        await ledger.commit(decisions)
    await ledger.abandon()
    assert await sessions(pool, key) == []
    assert await events(pool) == []
    assert isinstance(await say(ledger, key, good), StartAnswered)


@pytest_twisted.ensureDeferred
async def test_somebody_else_s_change_makes_a_batch_stale(pool: Pool) -> None:
    """A session changed since it was gathered is not overwritten."""
    key, ledger = await station(pool), await ledger_of(pool)
    reply = await say(ledger, key, SessionStarted(evse_id=1, id_token="A", at=T0))
    assert isinstance(reply, StartAnswered)
    stop = SessionStopped(transaction_ref=reply.transaction_ref, at=at(5), meter_wh=9.0)
    (state,) = await ledger.gather([(key, question(stop))], T0)
    await pool.execute("UPDATE session SET flags = '{seen}'")
    with pytest.raises(Stale):
        await ledger.commit([decide(stop, key, state, T0, POLICY)])
    await ledger.abandon()
    await say(ledger, key, stop)
    assert (await sessions(pool, key))[0].flags[0] == "seen"


@pytest_twisted.ensureDeferred
async def test_events_are_written_with_what_they_tell_of(pool: Pool) -> None:
    """In the outbox, in order, in the same commit."""
    key, ledger = await station(pool), await ledger_of(pool)
    await say(ledger, key, SessionStarted(evse_id=1, id_token="A", at=T0))
    (session,) = await sessions(pool, key)
    (event,) = await events(pool)
    assert (event.kind, event.session_id) == ("session.started", session.id)
    assert (event.station_id, event.identity, event.at) == (key.id, "CP1", T0)


@pytest_twisted.ensureDeferred
async def test_transaction_numbers_end_where_the_standard_ends(pool: Pool) -> None:
    """They fit int32 and never start over: the sequence refuses instead."""
    key, ledger = await station(pool), await ledger_of(pool)
    await pool.execute("SELECT setval('transaction_number', 2147483646)")
    reply = await say(ledger, key, SessionStarted(evse_id=1, id_token="A", at=T0))
    assert isinstance(reply, StartAnswered)
    assert reply.transaction_ref == "2147483647"
    with pytest.raises(psycopg2.Error, match="maximum value"):
        await say(ledger, key, SessionStarted(evse_id=1, id_token="A", at=at(1)))
    await ledger.abandon()


@pytest.mark.parametrize(
    "asked",
    [
        ledger_sql.STATION_OF,
        ledger_sql.CONNECTION_OF,
        ledger_sql.CONNECTOR_OF,
        ledger_sql.TOKENS_NAMED,
        ledger_sql.SESSIONS_RUNNING,
        ledger_sql.SESSION_OF_TRANSACTION,
        ledger_sql.SESSION_OF_START,
        ledger_sql.SESSIONS_OPEN,
        ledger_sql.SESSIONS_ORPHANED,
        ledger_sql.REMOTE_START_FOR,
    ],
)
@pytest_twisted.ensureDeferred
async def test_questions_use_their_indexes(pool: Pool, asked: str) -> None:
    """However many rows there are, and whatever the planner believes of the array's size."""
    await pool.execute("""
        INSERT INTO station (identity, registration)
            SELECT 'CP' || g, 'accepted' FROM generate_series(1, 3000) g;
        INSERT INTO connection (station_id, operator_id, epoch, node, peer, ocpp_version,
                                connected_at, last_seen_at)
            SELECT id, 1, 1, 'n', 'p', '1.6', now(), now() FROM station;
        INSERT INTO connector (station_id, operator_id, evse_id, connector_id)
            SELECT id, 1, 1, 1 FROM station;
        INSERT INTO token (operator_id, id_token)
            SELECT 1, 'T' || g FROM generate_series(1, 3000) g;
        INSERT INTO session (id, operator_id, station_id, evse_id, transaction_ref, start_key,
                             status, id_token, started_at, created_at, updated_at)
            SELECT gen_random_uuid(), 1, id, 1, identity, identity, 'active', identity, now(),
                   now(), now() FROM station;
        INSERT INTO operation (id, operator_id, station_id, action, payload, command, status,
                               id_token, created_at, expires_at)
            SELECT gen_random_uuid(), 1, id, 'remote_start', '{}', '', 'accepted', identity,
                   now(), now() FROM station;
        ANALYZE
    """)
    rows = '[{"i": 0, "s": 7, "o": 1, "v": "CP7", "e": 1, "c": 1, "n": "CP7"}]'
    params = (rows, T0) if asked is ledger_sql.REMOTE_START_FOR else (rows,)
    plan = await pool.many(f"EXPLAIN {asked}", params, str)
    assert not [line for line in plan if "Seq Scan" in line], "\n".join(plan)


def meter(ref: str | None, minutes: int, register: float, evse: int) -> Metered:
    reading = Reading(at(minutes), (Sample(value=register), Sample("SoC", 5.0, "Percent")))
    return Metered(evse_id=evse, transaction_ref=ref, readings=(reading,))


REFS = st.sampled_from(["-1", "0", "1", "2", "3", "99"])
MINUTES = st.integers(-60, 60)
REGISTER = st.integers(0, 9000).map(float)
REPORTS = st.one_of(
    st.builds(
        SessionStarted,
        evse_id=st.integers(1, 2),
        id_token=st.sampled_from(["a", "A", "b", None]),
        at=MINUTES.map(at),
        meter_wh=st.none() | REGISTER,
    ),
    st.builds(meter, st.none() | REFS, MINUTES, REGISTER, st.integers(0, 2)),
    st.builds(
        SessionStopped,
        transaction_ref=REFS,
        at=MINUTES.map(at),
        meter_wh=st.none() | REGISTER,
        id_token=st.sampled_from(["a", None]),
    ),
    st.builds(AuthorizationAsked, id_token=st.sampled_from(["a", "b"])),
)


async def _insisted(ledger: ILedger, key: StationKey, report: Report) -> Reply:
    """Say it until no orphan has the number that came up, as the intake does."""
    while True:
        try:
            return await say(ledger, key, report)
        except psycopg2.errors.UniqueViolation:
            await ledger.abandon()


@given(st.lists(st.tuples(st.booleans(), REPORTS), max_size=12))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest_twisted.ensureDeferred
async def test_both_ledgers_agree(pool: Pool, said: list[tuple[bool, Report]]) -> None:
    """Whatever is reported, replies, sessions and readings are the same in both."""
    await pool.execute(
        "TRUNCATE station, session, reading, outbox, connector RESTART IDENTITY CASCADE"
    )
    await pool.execute("ALTER SEQUENCE transaction_number RESTART")
    ledger = await ledger_of(pool)
    keys = [await station(pool, "CP1"), await station(pool, "CP2")]
    desk = Desk(T0, POLICY)
    for first, report in said:
        key = keys[first]
        reply = await _insisted(ledger, key, report)
        expected = desk.say(key, report)
        if isinstance(reply, StartAnswered):
            assert isinstance(expected, StartAnswered)
            assert reply.authorization == expected.authorization
        else:
            assert reply == expected
    for key in keys:
        kept = await sessions(pool, key)
        mine = sorted(
            (s for s in desk.book.sessions.values() if s.station_id == key.id),
            key=lambda s: (s.started_at, s.id),
        )
        assert [(s.status, s.energy_wh, s.flags, s.started_at, s.ended_at) for s in kept] == [
            (s.status, s.energy_wh, s.flags, s.started_at, s.ended_at) for s in mine
        ]
    count = await pool.one("SELECT count(*) FROM reading", (), int)
    assert count == len(desk.book.readings)
    assert [e.kind for e in await events(pool)] == desk.kinds
