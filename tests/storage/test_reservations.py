"""`PostgresReservations` keeps the contract of the book of reservations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import attrs
import msgspec
import pytest
import pytest_twisted
from msgspec.structs import replace

from csms.core.commands import Outcome
from csms.core.decide import decide, question
from csms.core.decisions import Policy, Stale
from csms.core.events import Event
from csms.core.reports import CommandAnswered, Report, SessionStarted
from csms.core.reservations.vocabulary import ReservationStatus, ReserveNow
from csms.core.values import Operation, OperationStatus, StationKey
from csms.storage.ledger import PostgresLedger
from csms.storage.operations import PostgresOperations
from csms.storage.pool import Pool
from csms.storage.reservations import PostgresReservations
from csms.testing.contracts.reservations import (
    AT,
    OURS,
    ReservationsContract,
    named,
    reserved,
)


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.reservations.ReservationsBench`."""

    pool: Pool
    book: PostgresReservations
    operations: PostgresOperations

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

    async def events(self) -> list[Event]:
        """Everything published, but for what operations publish."""
        rows = await self.pool.many("SELECT events FROM outbox ORDER BY xid, seq", (), str)
        events = [event for text in rows for event in msgspec.json.decode(text, type=list[Event])]
        return [event for event in events if event.kind.startswith("reservation.")]


@pytest.fixture
def bench(operators: Pool) -> Bench:
    """An empty book."""
    return Bench(operators, PostgresReservations(operators), PostgresOperations(operators))


class TestPostgresReservations(ReservationsContract):
    """The contract, in PostgreSQL."""


async def said(pool: Pool, key: StationKey, report: Report, now: datetime = AT) -> None:
    """What a station says goes through the rules and the real ledger."""
    ledger = PostgresLedger(pool.lane())
    await ledger.ready()
    (state,) = await ledger.gather([(key, question(report))], now)
    policy = Policy(accept_unknown_tokens=True)
    await ledger.commit([decide(report, key, state, now, policy)])


def answer(key: StationKey, command: ReserveNow, **outcome: Any) -> CommandAnswered:
    """A station's answer to a reservation of operation 9."""
    operation = Operation(
        id=named(9),
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        action="reserve",
        payload={},
        status=OperationStatus.PENDING,
        created_at=AT,
        expires_at=AT + timedelta(minutes=1),
    )
    return CommandAnswered(operation=operation, command=command, outcome=Outcome(**outcome), at=AT)


@pytest_twisted.ensureDeferred
async def test_a_life(bench: Bench) -> None:
    """Asked for, accepted, used by a session: each step is kept as the rules decide it."""
    kept = await reserved(bench, 1)
    key = StationKey(kept.station_id, "cp-1")
    command = ReserveNow(id_token="Tag", evse_id=1, expires_at=kept.expires_at, ref=1)
    await said(bench.pool, key, answer(key, command, status="accepted", found="Accepted"))
    accepted = await bench.book.get(kept.id, OURS)
    assert accepted == replace(
        kept,
        status=ReservationStatus.ACCEPTED,
        operation_id=named(9),
        updated_at=AT,
    )
    start = SessionStarted(evse_id=1, id_token="TAG", at=AT + timedelta(minutes=1), meter_wh=0)
    await said(bench.pool, key, start, AT + timedelta(minutes=1))
    used = await bench.book.get(kept.id, OURS)
    (session_id,) = await bench.pool.many("SELECT id FROM session", (), str)
    assert (used.status, used.session_id) == (ReservationStatus.USED, session_id)
    kinds = [event.kind for event in await bench.events()]
    assert kinds == ["reservation.accepted", "reservation.used"]


@pytest_twisted.ensureDeferred
async def test_a_conflict(bench: Bench) -> None:
    """Who charged in spite of it, and when, stands with the reservation; a station that did not
    answer may hold one, and is asked about both."""
    kept = await reserved(bench, 1, status=ReservationStatus.ACCEPTED)
    unsure = await reserved(bench, 2, status=ReservationStatus.UNCONFIRMED, id_token="OTHER")
    key = StationKey(kept.station_id, "cp-1")
    at = AT + timedelta(minutes=1)
    await said(bench.pool, key, SessionStarted(evse_id=1, id_token="ALIEN", at=at, meter_wh=0), at)
    (session_id,) = await bench.pool.many("SELECT id FROM session", (), str)
    assert await bench.book.get(kept.id, OURS) == replace(
        kept, conflict_at=at, conflict_session_id=session_id, updated_at=at
    )
    later = at + timedelta(minutes=1)
    await said(
        bench.pool, key, SessionStarted(evse_id=1, id_token="OTHER", at=later, meter_wh=0), later
    )
    assert (await bench.book.get(unsure.id, OURS)).status is ReservationStatus.USED


@pytest_twisted.ensureDeferred
async def test_written_by_hand_and_replaced(bench: Bench) -> None:
    """A new one comes to be with its acceptance, and takes the place of the one before."""
    await reserved(bench, 5, status=ReservationStatus.ACCEPTED)
    other = await reserved(bench, 6, "cp-2", number=5, status=ReservationStatus.ACCEPTED)
    key = StationKey(await bench.station("cp-1", OURS), "cp-1")
    command = ReserveNow(id_token="B", expires_at=AT + timedelta(hours=1), ref=5)
    await said(bench.pool, key, answer(key, command, status="accepted", found="Accepted"))
    new = await bench.book.get(named(9), OURS)
    assert (new.id_token, new.evse_id, new.status) == ("B", None, ReservationStatus.ACCEPTED)
    old = await bench.book.get(named(5), OURS)
    assert (old.status, old.reason) == (ReservationStatus.REMOVED, "Replaced")
    assert await bench.book.get(other.id, OURS) == other


@pytest_twisted.ensureDeferred
async def test_two_at_once(bench: Bench) -> None:
    """Who decides from an older state of a reservation notices, and decides anew."""
    kept = await reserved(bench, 1, status=ReservationStatus.ACCEPTED, expires_at=AT)
    key = StationKey(kept.station_id, "cp-1")
    report = SessionStarted(
        evse_id=1, id_token="X", at=AT - timedelta(minutes=1), meter_wh=0, reservation_ref=1
    )
    ledger = PostgresLedger(bench.pool.lane())
    await ledger.ready()
    (state,) = await ledger.gather([(key, question(report))], AT)
    await bench.book.expire(AT + timedelta(minutes=5), 60, 10)
    with pytest.raises(Stale):
        await ledger.commit([decide(report, key, state, AT, Policy())])
    await ledger.abandon()
    await said(bench.pool, key, report)
    assert (await bench.book.get(kept.id, OURS)).status is ReservationStatus.USED


@pytest_twisted.ensureDeferred
async def test_queued_no_longer_than_it_holds(bench: Bench) -> None:
    """A request that waits for the station waits no longer than the reservation would hold."""
    kept = await reserved(bench, 1)
    operation = Operation(
        id=named(9),
        operator_id=OURS,
        station_id=kept.station_id,
        identity="cp-1",
        action="reserve",
        payload={},
        status=OperationStatus.QUEUED,
        created_at=AT,
        expires_at=AT + timedelta(days=1),
    )
    await bench.operations.record(operation, b"{}")
    await bench.book.asked(kept.id, operation)
    assert (await bench.operations.get(operation.id)).expires_at == kept.expires_at
