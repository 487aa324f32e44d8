"""The ledger on PostgreSQL, held against the one in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
import psycopg2
import pytest
import pytest_twisted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from twisted.logger import LogLevel, capturedLogs
from zope.interface.verify import verifyObject

from csms.adapter.dialect import DIALECTS, Understood
from csms.adapter.schema import Schemas
from csms.core.authorization import known, terms_of
from csms.core.decide import decide, question
from csms.core.decisions import Decision, Policy, Question, Stale, Unstorable
from csms.core.events import Event
from csms.core.firmware.vocabulary import FirmwareProgressed
from csms.core.logs.vocabulary import LogUploadProgressed
from csms.core.oddities import Oddity
from csms.core.ports import ILedger
from csms.core.replies import AuthorizationGiven, ConnectionClaimed, Reply, StartAnswered
from csms.core.reports import (
    AuthorizationAsked,
    Booted,
    Connected,
    ConnectorChanged,
    Disconnected,
    HearingChanged,
    Metered,
    Quarantined,
    Report,
    SessionStarted,
    SessionStopped,
    Stage,
    TransactionTold,
)
from csms.core.values import (
    Authorization,
    ConnectorStatus,
    Reading,
    Registration,
    Sample,
    Session,
    StationKey,
    Strictness,
    Terms,
    TokenStatus,
    TransactionLimit,
)
from csms.storage import ledger_sql
from csms.storage.ledger import PostgresLedger
from csms.storage.pool import Pool
from csms.testing.desk import Desk
from csms.testing.payloads import mutated, payloads

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCEPTED = Authorization(status=TokenStatus.ACCEPTED)
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


@pytest_twisted.async_fixture
async def ledger(pool: Pool) -> PostgresLedger:
    return await ledger_of(pool)


async def say(ledger: ILedger, key: StationKey, report: Report, now: datetime = T0) -> Reply:
    (state,) = await ledger.gather([(key, question(report))], now)
    decision = decide(report, key, state, now, POLICY)
    await ledger.commit([decision])
    return decision.reply


async def sessions(pool: Pool, key: StationKey) -> list[Session]:
    texts = await pool.many(
        "SELECT row_to_json(r)::text FROM (SELECT s.*, %s AS identity FROM session s"
        " WHERE station_id = %s ORDER BY started_at, created_at) r",
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
async def test_a_change_of_version_is_seen(pool: Pool) -> None:
    """Held against the version of the connection before."""
    key, ledger = await station(pool), await ledger_of(pool)
    for version in ("1.6", "1.6", "2.1"):
        await say(ledger, key, Connected(node="n", peer="p", ocpp_version=version))
    (changed,) = [event for event in await events(pool) if event.kind == "station.version"]
    assert (changed.data["before"], changed.data["after"]) == ("1.6", "2.1")


@pytest_twisted.ensureDeferred
async def test_deafness_stays_with_the_station(pool: Pool) -> None:
    """Over connections, until it answers."""
    key, ledger = await station(pool), await ledger_of(pool)
    deaf = "SELECT deaf_since FROM station"
    for _ in range(2):
        await say(ledger, key, HearingChanged(deaf=True, action="Reset"), at(5))
        assert await pool.one(deaf, (), lambda since: since) == at(5)
    claimed = await say(ledger, key, Connected(node="n", peer="p", ocpp_version="1.6"))
    assert isinstance(claimed, ConnectionClaimed)
    assert claimed.deaf
    await say(ledger, key, HearingChanged(deaf=False), at(6))
    assert await pool.one(deaf, (), lambda since: since) is None
    kinds = [event.kind for event in await events(pool)]
    assert kinds == ["station.deaf", "station.connected", "station.hearing"]


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
    """And with everything the verdict needs, and that goes with it."""
    key, ledger = await station(pool), await ledger_of(pool)
    await pool.execute(
        "INSERT INTO token (operator_id, id_token, group_id, expires_at, max_sessions, stations,"
        " languages, personal_message, charging_priority, allowed_energy_transfer, tariff,"
        " transaction_limit)"
        " VALUES (1, 'AbC', 'G', %s, 3, '{CP1}', '{nl,de}', 'Hoi', -9, '{DC}',"
        """ '{"tariff_id": "T", "min_cost": {"excl_tax": 1.0}}', '{"max_cost": 1.5}')""",
        (at(60),),
    )
    (state,) = await ledger.gather([(key, question(AuthorizationAsked(id_token="aBc")))], T0)
    await ledger.abandon()
    token = state.tokens["ABC"]
    assert (token.group_id, token.expires_at, token.max_sessions) == ("G", at(60), 3)
    assert (token.stations, token.blocked) == (("CP1",), False)
    assert terms_of(token, accepted=True) == Terms(
        languages=("nl", "de"),
        personal_message="Hoi",
        charging_priority=-9,
        allowed_energy_transfer=("DC",),
        tariff={"tariff_id": "T", "min_cost": {"excl_tax": 1.0}},
        transaction_limit=TransactionLimit(max_cost=1.5),
    )


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
    with pytest.raises(Unstorable):
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
async def test_a_session_that_another_lane_opened_late_is_found(pool: Pool) -> None:
    """The station came over while its start still waited there: its meter counts all the same, and
    the next start ends it."""
    here, there, key = await ledger_of(pool), await ledger_of(pool), await station(pool)
    await say(here, key, meter(None, 0, 1000.0, 1))
    await say(there, key, SessionStarted(evse_id=1, id_token="A", at=T0, meter_wh=1000.0))
    await say(here, key, meter(None, 5, 1500.0, 1), at(5))
    await say(there, key, SessionStarted(evse_id=1, id_token="B", at=at(6), meter_wh=1600.0), at(6))
    with pytest.raises(Stale):
        await say(here, key, meter(None, 9, 1700.0, 1), at(9))
    await here.abandon()
    await say(here, key, meter(None, 9, 1700.0, 1), at(9))
    first, second = await sessions(pool, key)
    assert (first.status, first.energy_wh) == ("ended", 500.0)
    assert (second.status, second.energy_wh) == ("active", 100.0)


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
    with pytest.raises(Unstorable, match="maximum value"):
        await say(ledger, key, SessionStarted(evse_id=1, id_token="A", at=at(1)))
    await ledger.abandon()


async def drawn(pool: Pool) -> int:
    """How many transaction numbers were given so far."""
    return await pool.one(
        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM transaction_number", (), int
    )


@pytest_twisted.ensureDeferred
async def test_a_number_is_drawn_once_for_a_start(pool: Pool, ledger: PostgresLedger) -> None:
    """They are not endless: a retransmission draws none, only the next start of a station that
    says the same of every one does."""
    key = await station(pool)
    for evse in (1, 2, 3):
        start = SessionStarted(evse_id=evse, id_token=None, at=T0, told_at="?")
        replies = [await say(ledger, key, start) for _ in range(3)]
        assert len({reply.transaction_ref for reply in replies}) == 1
    assert await drawn(pool) == 3
    await say(ledger, key, SessionStopped(transaction_ref="3", at=at(1)))
    assert [await say(ledger, key, start) for _ in range(2)] == [StartAnswered("4", ACCEPTED)] * 2
    assert await drawn(pool) == 4


@pytest_twisted.ensureDeferred
async def test_a_number_the_station_spoke_of_before_is_skipped(
    pool: Pool, ledger: PostgresLedger
) -> None:
    """The next one that is free for the station is given, and none is wasted."""
    key, other = await station(pool), await station(pool, "CP2")
    for ref in ("1", "2", "4"):
        await say(ledger, key, SessionStopped(transaction_ref=ref, at=T0))
    start = SessionStarted(evse_id=1, id_token=None, at=T0)
    assert await say(ledger, key, start) == StartAnswered("3", ACCEPTED)
    assert await say(ledger, other, start) == StartAnswered("4", ACCEPTED)
    assert await drawn(pool) == 4


@pytest_twisted.ensureDeferred
async def test_tokens_beyond_ascii_are_compared_as_the_database_does(
    pool: Pool, ledger: PostgresLedger
) -> None:
    """Presenting one token never means another that only Python takes for the same."""
    key = await station(pool)
    await pool.execute("INSERT INTO token (operator_id, id_token) VALUES (1, 'SS'), (1, 'Äz')")

    async def found(id_token: str) -> list[str]:
        asked = question(AuthorizationAsked(id_token=id_token))
        (state,) = await ledger.gather([(key, asked)], T0)
        await ledger.abandon()
        token = known(state.tokens, id_token)
        return [] if token is None else [token.id_token]

    assert await found("ß") == []
    assert await found("ss") == ["SS"]
    assert await found("ÄZ") == ["Äz"]


@pytest_twisted.ensureDeferred
async def test_sessions_are_counted_up_to_the_limit(pool: Pool) -> None:
    """Of the token, or else of the setting; those refused at the start do not count."""
    ledger = PostgresLedger(pool.lane(), concurrent_sessions=2)
    await ledger.ready()
    key = await station(pool)
    await pool.execute("INSERT INTO token (operator_id, id_token, max_sessions) VALUES (1, 'B', 3)")
    await pool.execute(
        """
        INSERT INTO session (id, operator_id, station_id, evse_id, id_token, "authorization",
                             status, started_at, created_at, updated_at)
        SELECT gen_random_uuid(), 1, %s, n, token, verdict, 'active', now(), now(), now()
        FROM generate_series(1, 5) n, unnest('{a,b,c}'::text[]) token,
             unnest('{Accepted,Invalid}'::text[]) verdict WHERE token <> 'c' OR n = 1
        """,
        (key.id,),
    )
    asked = [(key, Question(sessions_of=token, sessions_but_on=9)) for token in "ABC"]
    states = await ledger.gather(asked, T0)
    await ledger.abandon()
    assert [state.running for state in states] == [2, 3, 1]


async def decided(
    ledger: PostgresLedger, key: StationKey, report: Report, now: datetime = T0
) -> Decision:
    (state,) = await ledger.gather([(key, question(report))], now)
    return decide(report, key, state, now, POLICY)


@pytest_twisted.ensureDeferred
async def test_two_starts_of_one_token_at_the_same_moment_see_each_other(pool: Pool) -> None:
    """In two lanes, or two processes: the second fails, looks again, and is refused."""
    first, second = await ledger_of(pool), await ledger_of(pool)
    here, there = await station(pool), await station(pool, "CP2")
    report = SessionStarted(evse_id=1, id_token="A", at=T0, meter_wh=0.0)
    one, two = await decided(first, here, report), await decided(second, there, report)
    await first.commit([one])
    with pytest.raises(Stale):
        await second.commit([two])
    await second.abandon()
    reply = await say(second, there, report)
    assert isinstance(reply, StartAnswered)
    assert reply.authorization.status is TokenStatus.CONCURRENT
    assert await pool.one("SELECT id_token FROM token_turn", (), str) == "A"


@pytest_twisted.ensureDeferred
async def test_one_start_that_comes_two_ways_at_the_same_moment_is_one(pool: Pool) -> None:
    """The second connection's lane finds the first one's session when it looks again."""
    first, second = await ledger_of(pool), await ledger_of(pool)
    key = await station(pool)
    report = SessionStarted(evse_id=1, id_token=None, at=T0, meter_wh=0.0)
    one, two = await decided(first, key, report), await decided(second, key, report)
    await first.commit([one])
    with pytest.raises(Stale):
        await second.commit([two])
    await second.abandon()
    assert await say(second, key, report) == one.reply


@pytest_twisted.ensureDeferred
async def test_samples_of_a_stop_are_merged_with_those_that_came_before(
    pool: Pool, ledger: PostgresLedger
) -> None:
    """Sample by sample, whatever company they keep and whatever connector was told."""
    key = await station(pool)
    start = SessionStarted(evse_id=1, id_token=None, at=T0, meter_wh=0.0)
    ref = (await say(ledger, key, start)).transaction_ref
    energy, power = Sample(value=500.0), Sample("Power.Active.Import", 5.0, "W")
    soc = Sample("SoC", 5.0, "Percent")
    said = Metered(evse_id=2, transaction_ref=ref, readings=(Reading(at(1), (energy, power)),))
    await say(ledger, key, said)
    data = (
        Reading(at(1), (power,)),
        Reading(at(1), (soc, energy)),
        Reading(at(2), (power, soc)),
    )
    stop = SessionStopped(transaction_ref=ref, at=at(2), meter_wh=900.0, readings=data)
    for _ in range(2):
        await say(ledger, key, stop)
    kept = await pool.many(
        "SELECT samples::text FROM reading ORDER BY taken_at, received_at, samples::text",
        (),
        lambda text: msgspec.json.decode(text, type=tuple[Sample, ...]),
    )
    assert sorted(kept, key=len) == [(soc,), (energy, power), (power, soc)]


@pytest.mark.parametrize(
    "poison",
    [
        AuthorizationAsked(id_token="A\0"),
        SessionStarted(evse_id=2**31, id_token="A", at=T0),
        SessionStarted(evse_id=1, id_token="A", at=T0, reservation_ref=2**31),
        SessionStarted(evse_id=1, id_token="A" * 3_000_000, at=T0),
        Metered(evse_id=1, readings=(Reading(T0, (Sample(raw="\0"),)),)),
        SessionStopped(transaction_ref="\0", at=T0),
        Connected(node="n", peer="p\0", ocpp_version="1.6"),
    ],
    ids=["NUL asked", "int32 asked", "int32 kept", "too long", "NUL kept", "NUL ref", "NUL node"],
)
@pytest_twisted.ensureDeferred
async def test_what_cannot_be_kept_is_told_as_such(
    pool: Pool, ledger: PostgresLedger, poison: Report
) -> None:
    """Trying it again is of no use, and the ledger serves on."""
    key = await station(pool)
    with pytest.raises(Unstorable):
        await say(ledger, key, poison)
    await ledger.abandon()
    assert isinstance(await say(ledger, key, AuthorizationAsked(id_token="A")), AuthorizationGiven)


@pytest_twisted.ensureDeferred
async def test_an_error_of_the_moment_is_no_verdict(pool: Pool, ledger: PostgresLedger) -> None:
    """A statement that took too long may be tried again."""
    key = await station(pool)
    decision = await decided(ledger, key, SessionStarted(evse_id=1, id_token="A", at=T0))
    await ledger.lane.run("SET LOCAL statement_timeout = 1")
    await pool.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(5); RETURN new; END $$;"
        " CREATE TRIGGER slow BEFORE INSERT ON session"
        " FOR EACH ROW EXECUTE FUNCTION slow()"
    )
    with pytest.raises(psycopg2.errors.QueryCanceled):
        await ledger.commit([decision])
    await ledger.abandon()


@pytest_twisted.ensureDeferred
async def test_a_message_is_quarantined_once(pool: Pool, ledger: PostgresLedger) -> None:
    """However often the station tries."""
    key = await station(pool)
    for _ in range(3):
        await say(ledger, key, Quarantined(action="StopTransaction", fault="f", content="[2]"))
    assert await pool.one("SELECT count(*) FROM quarantine", (), int) == 1


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("messages", "size", "last"),
    [(ledger_sql.MOST_QUARANTINED - 1, 0, True),
     (ledger_sql.MOST_QUARANTINED, 0, False),
     (5, ledger_sql.MOST_QUARANTINED_BYTES - 1, True),
     (5, ledger_sql.MOST_QUARANTINED_BYTES, False)],
)  # fmt: skip
async def test_the_quarantine_of_a_day_has_an_end(
    pool: Pool, ledger: PostgresLedger, messages: int, size: int, last: bool
) -> None:
    """Of number and of size.  Nothing below is dropped; beyond there is a count, the fault and a
    digest, a quirk, and one error in the log; other stations and the next day are not touched."""
    key, other = await station(pool), await station(pool, "CP2")
    await pool.execute(
        "INSERT INTO quarantine_day (station_id, day, operator_id, messages, bytes)"
        " VALUES (%s, %s, 1, %s, %s)",
        (key.id, T0.date(), messages, size),
    )

    async def keep(who: StationKey, content: str, now: datetime = T0) -> None:
        report = Quarantined(action="StopTransaction", fault="f", content=content)
        (state,) = await ledger.gather([(who, question(report))], now)
        await ledger.commit([decide(report, who, state, now, POLICY)])

    with capturedLogs() as logged:
        for content in ("[1]", "[2]", "[3]"):
            await keep(key, content)
        await keep(other, "[4]")
        await keep(key, "[5]", T0 + timedelta(days=1))
    kept = await pool.many("SELECT content FROM quarantine ORDER BY id", (), str)
    assert kept == [*(["[1]"] if last else []), "[4]", "[5]"]
    dropped = 2 if last else 3
    found = await pool.one(
        "SELECT dropped, action, fault, digest FROM quarantine_day"
        " WHERE station_id = %s AND day = %s",
        (key.id, T0.date()),
        lambda *row: row,
    )
    assert found == (dropped, "StopTransaction", "f", sha256(b"[3]").hexdigest())
    quirk = await pool.many("SELECT station_id, name, count FROM quirk", (), lambda *row: row)
    assert quirk == [(key.id, Oddity.QUARANTINE_FULL, dropped)]
    assert [one["station"] for one in logged if one["log_level"] is LogLevel.error] == ["CP1"]


@pytest_twisted.ensureDeferred
async def test_what_was_heard_of_last_is_gathered(pool: Pool, ledger: PostgresLedger) -> None:
    """Sessions whose clock runs years ahead do not hide those of today."""
    key = await station(pool)
    for minutes in range(8):
        far = at(minutes + 70 * 365 * 24 * 60)
        await say(ledger, key, SessionStopped(transaction_ref="-1", at=far), at(minutes))
    said = Metered(evse_id=1, transaction_ref="-1", readings=(reading(10, 5.0),))
    for minutes in (10, 11):
        await say(ledger, key, said, at(minutes))
    assert len(await sessions(pool, key)) == 9


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
        ledger_sql.SESSIONS_LIKELY,
        ledger_sql.REMOTE_START_FOR,
        ledger_sql.REMOTE_START_NUMBERED,
        ledger_sql.NEW_NUMBERS,
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
                               id_token, ref, created_at, expires_at)
            SELECT gen_random_uuid(), 1, id, 'remote_start', '{}', '', 'accepted', identity,
                   id, now(), now() FROM station;
        ANALYZE
    """)
    rows = '[{"i": 0, "s": 7, "o": 1, "v": "CP7", "e": 1, "c": 1, "n": "CP7", "k": false,'
    rows += ' "b": true, "ref": "x", "evse_id": 0, "at": "2030-01-01T00:00:00Z"}]'
    params = (rows, T0) if asked is ledger_sql.REMOTE_START_FOR else (rows,)
    plan = await pool.many(f"EXPLAIN {asked}", params, str)
    assert not [line for line in plan if "Seq Scan" in line], "\n".join(plan)


def reading(minutes: int, register: float) -> Reading:
    return Reading(at(minutes), (Sample(value=register), Sample("SoC", 5.0, "Percent")))


def meter(ref: str | None, minutes: int, register: float, evse: int) -> Metered:
    return Metered(evse_id=evse, transaction_ref=ref, readings=(reading(minutes, register),))


REFS = st.sampled_from(["-1", "0", "1", "2", "3", "99"])
MINUTES = st.integers(-60, 60)
REGISTER = st.integers(0, 9000).map(float)
REPORTS = st.one_of(
    st.builds(
        SessionStarted,
        evse_id=st.integers(1, 2),
        id_token=st.sampled_from(["a", "A", "b", None]),
        at=MINUTES.map(at),
        told_at=st.sampled_from([None, "never"]),
        meter_wh=st.none() | REGISTER,
    ),
    st.builds(meter, st.none() | REFS, MINUTES, REGISTER, st.integers(0, 2)),
    st.builds(
        SessionStopped,
        transaction_ref=REFS,
        at=MINUTES.map(at),
        meter_wh=st.none() | REGISTER,
        id_token=st.sampled_from(["a", None]),
        readings=st.lists(st.builds(reading, MINUTES, REGISTER), max_size=3).map(tuple),
    ),
    st.builds(
        AuthorizationAsked,
        id_token=st.sampled_from(["a", "b"]),
        kind=st.sampled_from([None, "Local", "NoAuthorization"]),
    ),
    st.builds(
        TransactionTold,
        stage=st.sampled_from(Stage),
        transaction_ref=st.sampled_from(["1", "2", "x"]),
        sequence_number=st.integers(0, 5) | st.sampled_from([-(2**63), 2**63 - 1]),
        at=MINUTES.map(at),
        told_at=st.sampled_from([None, None, "never"]),
        offline=st.booleans(),
        trigger=st.sampled_from(["", "StopAuthorized"]),
        charging_state=st.sampled_from([None, "Charging", "Idle"]),
        evse_id=st.sampled_from([None, 0, 1, 2]),
        id_token=st.sampled_from([None, "a", "A", "b"]),
        id_token_kind=st.sampled_from([None, "ISO14443"]),
        additional_info=st.sampled_from([(), (("x", "y"),)]),
        readings=st.lists(st.builds(reading, MINUTES, REGISTER), max_size=3).map(tuple),
        details=st.dictionaries(st.sampled_from(["p", "q"]), st.integers(0, 3), max_size=2),
        reason=st.sampled_from([None, "Remote"]),
        remote_start_ref=st.sampled_from([None, 7]),
        reservation_ref=st.sampled_from([None, 3]),
    ),
)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), REPORTS), max_size=12))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest_twisted.ensureDeferred
async def test_both_ledgers_agree(
    pool: Pool, ledger: PostgresLedger, said: list[tuple[int, int, Report]]
) -> None:
    """Whatever is reported, replies, sessions and readings are the same in both; also where a
    station goes from one lane to another and back, and finds what they remember of it."""
    ledgers = [PostgresLedger(ledger.lane), PostgresLedger(ledger.lane)]
    await pool.execute(
        "TRUNCATE station, session, reading, outbox, connector RESTART IDENTITY CASCADE"
    )
    await pool.execute("ALTER SEQUENCE transaction_number RESTART")
    keys = [await station(pool, "CP1"), await station(pool, "CP2")]
    desk = Desk(T0, POLICY)
    served_by = [0, 0]
    for who, where, report in said:
        key = keys[who]
        hello = [Connected(node="n", peer="p", ocpp_version="2.1")] * (served_by[who] != where)
        served_by[who] = where
        for each in (*hello, report):
            desk.later(seconds=1)
            assert await say(ledgers[where], key, each, desk.now) == desk.say(key, each)
    for key in keys:
        kept = await sessions(pool, key)
        mine = sorted(
            (s for s in desk.book.sessions.values() if s.station_id == key.id),
            key=lambda s: (s.started_at, s.created_at),
        )
        assert [replace(session, id="") for session in kept] == [
            replace(session, id="") for session in mine
        ]
    kept_readings = await pool.many(
        "SELECT station_id, taken_at, fingerprint FROM reading", (), lambda *place: place
    )
    assert set(kept_readings) == set(desk.book.readings)
    assert [e.kind for e in await events(pool)] == desk.kinds


ACTIONS = (
    "Authorize",
    "BootNotification",
    "StartTransaction",
    "MeterValues",
    "StopTransaction",
    "StatusNotification",
    "DataTransfer",
    "FirmwareStatusNotification",
)
DOCUMENTS = Schemas("v16").documents
WIRE = st.sampled_from(ACTIONS).flatmap(
    lambda action: st.tuples(
        st.just(action),
        st.one_of(payloads(DOCUMENTS[action]), mutated(DOCUMENTS[action])),
        st.sampled_from(Strictness),
    )
)


@given(st.lists(WIRE, max_size=12))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@pytest_twisted.ensureDeferred
async def test_whatever_a_station_says_can_be_kept(
    pool: Pool, ledger: PostgresLedger, said: list[tuple[str, object, Strictness]]
) -> None:
    """What the dialect takes for a report, the ledger can ask about and store, and the answer
    can be written; nothing that comes over the wire is poison."""
    await pool.execute(
        "TRUNCATE station, session, reading, outbox, connector RESTART IDENTITY CASCADE"
    )
    key, ledger = await station(pool), PostgresLedger(ledger.lane)
    dialect = DIALECTS["ocpp1.6"]
    for action, payload, strictness in said:
        read = dialect.read(action, payload, strictness, T0)
        if isinstance(read, Understood):
            reply = await say(ledger, key, read.report)
            assert isinstance(dialect.write(action, reply), dict)
