"""Transactions that stations name themselves (OCPP 2.x), on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import pytest_twisted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csms.adapter.dialect import DIALECTS, Understood
from csms.adapter.schema import Schemas
from csms.core.decide import decide, question
from csms.core.decisions import Decision, Policy, Stale, Unstorable
from csms.core.flags import EVENTS_MISSING, MISNUMBERED, NUMBER_MISSING
from csms.core.ports import ILedger
from csms.core.replies import Reply, StartAnswered, TransactionAnswered
from csms.core.reports import (
    AuthorizationAsked,
    Report,
    SessionStarted,
    SessionStopped,
    Stage,
    TransactionTold,
)
from csms.core.values import (
    Reading,
    Sample,
    Session,
    SessionStatus,
    StationKey,
    Strictness,
    TokenStatus,
)
from csms.storage.ledger import PostgresLedger
from csms.storage.pool import Pool
from csms.storage.sessions import PostgresSessions
from csms.testing.payloads import mutated, payloads

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = Policy(accept_unknown_tokens=True, concurrent_sessions=1)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


async def station(pool: Pool, identity: str = "CS1") -> StationKey:
    return await pool.one(
        "INSERT INTO station (identity, registration) VALUES (%s, 'accepted')"
        " RETURNING id, identity",
        (identity,),
        StationKey,
    )


@pytest_twisted.async_fixture
async def ledger(pool: Pool) -> PostgresLedger:
    return await ledger_of(pool)


async def ledger_of(pool: Pool) -> PostgresLedger:
    ledger = PostgresLedger(pool.lane())
    await ledger.ready()
    return ledger


async def decided(ledger: ILedger, key: StationKey, report: Report, now: datetime = T0) -> Decision:
    (state,) = await ledger.gather([(key, question(report))], now)
    return decide(report, key, state, now, POLICY)


async def say(ledger: ILedger, key: StationKey, report: Report, now: datetime = T0) -> Reply:
    decision = await decided(ledger, key, report, now)
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


def event(
    stage: Stage, number: int, minutes: float, register: float | None = None, **more: object
) -> TransactionTold:
    readings = () if register is None else (Reading(at(minutes), (Sample(value=register),)),)
    report = TransactionTold(
        stage=stage,
        transaction_ref="T-1",
        sequence_number=number,
        at=at(minutes),
        readings=readings,
    )
    return msgspec.structs.replace(report, **more)


START = event(Stage.STARTED, 0, 0, 1000.0, evse_id=1, id_token="A")


@pytest_twisted.ensureDeferred
async def test_a_session_is_kept_with_everything_that_was_told(
    pool: Pool, ledger: PostgresLedger
) -> None:
    """State, details and numbers come back as they were, to the rules and to who reads."""
    key = await station(pool)
    await say(ledger, key, START)
    details = {"phases_used": 3, "cost_details": {"totalCost": {"total": {"inclTax": 1.5}}}}
    await say(ledger, key, event(Stage.UPDATED, 4, 5, 1500.0, details=details))
    await say(ledger, key, event(Stage.UPDATED, 2**62, 6, charging_state="Charging"))
    await say(ledger, key, event(Stage.ENDED, 7, 10, 2000.0))
    (session,) = await sessions(pool, key)
    assert (session.charging_state, session.details) == ("Charging", details)
    assert (session.energy_wh, session.flags) == (1000.0, (EVENTS_MISSING,))
    assert session.numbering is not None
    assert session.numbering.seen == ((0, 0), (4, 4), (7, 7), (2**62, 2**62))
    assert await PostgresSessions(pool).get(session.id) == session


@pytest_twisted.ensureDeferred
async def test_the_start_that_comes_two_ways_at_the_same_moment_is_one(pool: Pool) -> None:
    """The second connection's lane finds the first one's session when it looks again."""
    first, second = await ledger_of(pool), await ledger_of(pool)
    key = await station(pool)
    one, two = await decided(first, key, START), await decided(second, key, START)
    await first.commit([one])
    with pytest.raises(Stale):
        await second.commit([two])
    await second.abandon()
    assert await say(second, key, START) == one.reply
    assert len(await sessions(pool, key)) == 1


@pytest_twisted.ensureDeferred
async def test_two_starts_of_one_token_at_the_same_moment_see_each_other(pool: Pool) -> None:
    """In two lanes, or two processes: the second fails, looks again, and is refused."""
    first, second = await ledger_of(pool), await ledger_of(pool)
    here, there = await station(pool), await station(pool, "CS2")
    one, two = await decided(first, here, START), await decided(second, there, START)
    await first.commit([one])
    with pytest.raises(Stale):
        await second.commit([two])
    await second.abandon()
    reply = await say(second, there, START)
    assert isinstance(reply, TransactionAnswered)
    assert reply.authorization is not None
    assert reply.authorization.status is TokenStatus.CONCURRENT


@pytest_twisted.ensureDeferred
async def test_the_remote_start_of_a_number_is_found_and_linked(
    pool: Pool, ledger: PostgresLedger
) -> None:
    """Of that station, whatever became of it, and once."""
    key, other = await station(pool), await station(pool, "CS2")
    for of, action, ref in (
        (key, "remote_start", 7),
        (key, "remote_start", 8),
        (key, "log", 9),
        (key, "RequestStartTransaction", 9),
        (other, "remote_start", 7),
    ):
        await pool.execute(
            "INSERT INTO operation (id, operator_id, station_id, action, payload, command, status,"
            " ref, created_at, expires_at)"
            " VALUES (gen_random_uuid(), 1, %s, %s, '{}', '', 'expired', %s, %s, %s)",
            (of.id, action, ref, at(-100), at(-99)),
        )
    for number, (ref, evse_id) in enumerate(((7, 1), (7, 2), (9, 3))):
        start = msgspec.structs.replace(
            START, transaction_ref=f"T-{number}", remote_start_ref=ref, evse_id=evse_id
        )
        await say(ledger, key, start)
    linked = await pool.many(
        "SELECT s.transaction_ref, o.station_id, o.action, o.ref FROM operation o"
        " JOIN session s ON s.id = o.session_id AND s.operation_id = o.id ORDER BY 1",
        (),
        lambda *row: row,
    )
    assert linked == [
        ("T-0", key.id, "remote_start", 7),
        ("T-2", key.id, "RequestStartTransaction", 9),
    ]


@pytest_twisted.ensureDeferred
async def test_a_name_that_is_used_again_belongs_to_the_newest(
    pool: Pool, ledger: PostgresLedger
) -> None:
    """The older session stays, under the same name."""
    key = await station(pool)
    for minutes in (0, 60, 120):
        await say(ledger, key, event(Stage.STARTED, 0, minutes, 1000.0 + minutes, evse_id=1))
        await say(ledger, key, event(Stage.ENDED, 1, minutes + 30, 1030.0 + minutes))
    kept = await sessions(pool, key)
    assert [(each.transaction_ref, each.energy_wh) for each in kept] == [("T-1", 30.0)] * 3
    assert [each.start_key is None for each in kept] == [True, True, False]


@pytest_twisted.ensureDeferred
async def test_an_open_session_that_loses_its_name_is_saved_once(
    pool: Pool, ledger: PostgresLedger
) -> None:
    """It is suspect, for its EVSE has a newer one too."""
    key = await station(pool)
    await say(ledger, key, START)
    await say(ledger, key, event(Stage.STARTED, 0, 9, 1500.0, evse_id=1, id_token="B"))
    first, second = await sessions(pool, key)
    assert (first.status, first.start_key) == (SessionStatus.SUSPECT, None)
    assert (second.status, second.id_token) == (SessionStatus.ACTIVE, "B")


@pytest_twisted.ensureDeferred
async def test_a_station_that_changes_its_version_keeps_its_history(
    pool: Pool, ledger: PostgresLedger
) -> None:
    """Numbers that the server gave and names that the station made do not meet."""
    key = await station(pool)
    start = SessionStarted(evse_id=1, id_token=None, at=T0, meter_wh=0.0)
    reply = await say(ledger, key, start)
    assert isinstance(reply, StartAnswered)
    number = reply.transaction_ref
    await say(ledger, key, SessionStopped(transaction_ref=number, at=at(5), meter_wh=500.0))
    named = {"transaction_ref": number, "evse_id": 1}
    await say(ledger, key, event(Stage.STARTED, 0, 10, 500.0, **named))
    await say(ledger, key, event(Stage.UPDATED, 1, 20, 900.0, **named))
    await say(ledger, key, SessionStopped(transaction_ref=number, at=at(30), meter_wh=999.0))
    first, second = await sessions(pool, key)
    assert (first.energy_wh, first.ended_at) == (500.0, at(5))
    assert (second.energy_wh, second.ended_at) == (400.0, None)
    other = SessionStopped(transaction_ref="77", at=at(40), meter_wh=1.0)
    await say(ledger, key, other)
    await say(ledger, key, event(Stage.UPDATED, 0, 41, transaction_ref="77"))
    assert len(await sessions(pool, key)) == 4


@pytest_twisted.ensureDeferred
async def test_a_session_goes_on_under_the_name_of_another_version(
    pool: Pool, ledger: PostgresLedger
) -> None:
    """The open one of the EVSE; what is sent again finds it by its name, and a stop without its
    number by what it said."""
    key = await station(pool)
    await say(ledger, key, SessionStarted(evse_id=1, id_token=None, at=T0, meter_wh=0.0))
    for _ in range(2):
        await say(ledger, key, event(Stage.UPDATED, 1, 5, 500.0, evse_id=1))
    (session,) = await sessions(pool, key)
    assert (session.transaction_ref, session.named_by_station) == ("T-1", True)
    assert (session.start_key, session.energy_wh) == ("tx:T-1", 500.0)
    for ref in ("0", "77", "77"):
        await say(ledger, key, SessionStopped(transaction_ref=ref, at=at(9), meter_wh=900.0))
    (session,) = await sessions(pool, key)
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 900.0)
    assert session.flags == (NUMBER_MISSING,)


@pytest_twisted.ensureDeferred
async def test_the_end_of_a_name_that_nobody_knows_finds_the_open_session(
    pool: Pool, ledger: PostgresLedger
) -> None:
    """Of its EVSE; by a number that the server gave it is found without further question."""
    key = await station(pool)
    for evse in (1, 2):
        start = SessionStarted(evse_id=evse, id_token=None, at=T0, meter_wh=0.0)
        reply = await say(ledger, key, start)
    assert isinstance(reply, StartAnswered)
    await say(ledger, key, event(Stage.ENDED, 1, 5, 500.0, evse_id=1))
    number = reply.transaction_ref
    await say(ledger, key, event(Stage.ENDED, 1, 6, 600.0, evse_id=2, transaction_ref=number))
    assert {s.evse_id: s.energy_wh for s in await sessions(pool, key)} == {1: 500.0, 2: 600.0}


@pytest_twisted.ensureDeferred
async def test_an_orphan_that_comes_two_ways_at_the_same_moment_is_one(pool: Pool) -> None:
    """A stop of 1.6 with a number that nobody gave."""
    first, second = await ledger_of(pool), await ledger_of(pool)
    key = await station(pool)
    stop = SessionStopped(transaction_ref="77", at=T0, meter_wh=1.0)
    one, two = await decided(first, key, stop), await decided(second, key, stop)
    await first.commit([one])
    with pytest.raises(Stale):
        await second.commit([two])
    await second.abandon()
    await say(second, key, stop)
    assert len(await sessions(pool, key)) == 1


@pytest_twisted.ensureDeferred
async def test_numbers_that_mean_nothing_are_marked(pool: Pool, ledger: PostgresLedger) -> None:
    """Every event 0: the session is complete all the same."""
    key = await station(pool)
    for each in (START, event(Stage.UPDATED, 0, 5, 1500.0), event(Stage.ENDED, 0, 9, 1900.0)):
        for _ in range(2):
            await say(ledger, key, each)
    (session,) = await sessions(pool, key)
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 900.0)
    assert session.flags == (MISNUMBERED,)
    assert await pool.one("SELECT count(*) FROM reading", (), int) == 3


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_kept_is_not_quoted(pool: Pool, ledger: PostgresLedger) -> None:
    """What is told of it ends up in a log, and key codes do not (C04.FR.04)."""
    key = await station(pool)
    with pytest.raises(Unstorable) as caught:
        await say(ledger, key, AuthorizationAsked(id_token="4711\0", kind="KeyCode"))
    await ledger.abandon()
    assert "4711" not in str(caught.value)


VERSIONS = {"ocpp2.0.1": "v201", "ocpp2.1": "v21"}
DOCUMENTS = {dialect: Schemas(folder).documents for dialect, folder in VERSIONS.items()}
ACTIONS = ("Authorize", "MeterValues", "TransactionEvent", "TransactionEvent")
WIRE = st.tuples(st.sampled_from(sorted(VERSIONS)), st.sampled_from(ACTIONS)).flatmap(
    lambda said: st.tuples(
        st.just(said),
        st.one_of(
            payloads(DOCUMENTS[said[0]][f"{said[1]}Request"]),
            mutated(DOCUMENTS[said[0]][f"{said[1]}Request"]),
        ),
        st.sampled_from(Strictness),
    )
)


@given(st.lists(WIRE, max_size=10))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@pytest_twisted.ensureDeferred
async def test_whatever_a_station_says_can_be_kept(
    pool: Pool, ledger: PostgresLedger, said: list[tuple[tuple[str, str], object, Strictness]]
) -> None:
    """What the dialects take for a report, the ledger can ask about and store, and the answer can
    be written; nothing that comes over the wire is poison."""
    await pool.execute("TRUNCATE station, session, reading, outbox RESTART IDENTITY CASCADE")
    key, ledger = await station(pool), PostgresLedger(ledger.lane)
    for (name, action), payload, strictness in said:
        dialect = DIALECTS[name]
        read = dialect.read(action, payload, strictness, T0)
        if isinstance(read, Understood):
            reply = await say(ledger, key, read.report)
            assert isinstance(dialect.write(action, reply), dict)
