"""Payments and battery swaps, as the ledger keeps and the API reads them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest
import pytest_twisted
from msgspec.structs import asdict, replace

from csms.core.batteries.vocabulary import BatteriesSwapped
from csms.core.decide import decide, question
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy
from csms.core.pages import Query
from csms.core.payments.vocabulary import KeepSettlement, Settlement, SettlementTold
from csms.core.reports import Report, Stage, TransactionTold
from csms.core.values import StationKey
from csms.storage import ledger_areas
from csms.storage.ledger import PostgresLedger
from csms.storage.pool import Pool
from csms.storage.settlements import PostgresSettlements
from csms.testing.contracts.settlements import AT, OURS, THEIRS, SettlementsContract

PAID = SettlementTold(
    psp_ref="P1", status="Settled", amount="12.34", at=AT, transaction_ref="T1", receipt_id="R1"
)
START = TransactionTold(
    stage=Stage.STARTED,
    transaction_ref="T1",
    sequence_number=0,
    at=AT,
    trigger="Authorized",
    evse_id=1,
)


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.settlements.SettlementsBench`."""

    pool: Pool
    settlements: PostgresSettlements

    async def station(self, identity: str, operator_id: int = OURS) -> StationKey:
        """A station, a new one unless it is known."""
        station_id = await self.pool.one(
            "INSERT INTO station (identity, operator_id, registration)"
            " VALUES (%s, %s, 'accepted')"
            " ON CONFLICT (lower(identity)) WHERE deleted_at IS NULL"
            " DO UPDATE SET updated_at = now() RETURNING id",
            (identity, operator_id),
            int,
        )
        return StationKey(station_id, identity, operator_id)

    async def keep(self, settlement: Settlement, operator_id: int) -> None:
        """See `SettlementsBench`."""
        key = await self.station(settlement.station, operator_id)
        told: dict[str, Any] = asdict(settlement)
        del told["station"]
        if settlement.session_id is not None:
            await self.pool.execute(
                "INSERT INTO session (id, operator_id, station_id, evse_id, status, started_at,"
                " created_at, updated_at) VALUES (%s, %s, %s, 1, 'ended', now(), now(), now())",
                (settlement.session_id, operator_id, key.id),
            )
        write = KeepSettlement(station_id=key.id, operator_id=operator_id, **told)
        ledger = PostgresLedger(self.pool.lane())
        await ledger.ready()
        await ledger.commit([Decision(ACKNOWLEDGED, (write,))])

    async def says(self, key: StationKey, report: Report, now: datetime = AT) -> None:
        """What a station says goes through the rules and the real ledger."""
        ledger = PostgresLedger(self.pool.lane())
        await ledger.ready()
        (state,) = await ledger.gather([(key, question(report))], now)
        await ledger.commit([decide(report, key, state, now, Policy(accept_unknown_tokens=True))])

    async def only(self, operator_id: int = OURS, **filters: object) -> Settlement:
        """The one settlement that there is."""
        page = await self.settlements.list(Query(filters=filters), operator_id)
        (found,) = page.items
        return found

    async def kinds(self, prefix: str) -> list[str]:
        """The events of a kind."""
        texts = await self.pool.many(
            "SELECT e->>'kind' FROM outbox, jsonb_array_elements(events::jsonb) e"
            " ORDER BY xid, seq",
            (),
            str,
        )
        return [kind for kind in texts if kind.startswith(prefix)]


@pytest.fixture
def bench(operators: Pool) -> Bench:
    """Nothing settled."""
    return Bench(operators, PostgresSettlements(operators))


class TestPostgresSettlements(SettlementsContract):
    """The contract, in PostgreSQL."""


def test_no_two_questions_of_areas_are_taken_for_each_other() -> None:
    """An answer is told by the name of its question, which its module makes unique."""
    names = {topic.name for topic in ledger_areas.TOPICS.values()}
    assert len(names) == len(ledger_areas.TOPICS)
    assert names == set(ledger_areas.TOPICS_BY_NAME)
    assert all(topic.ask.__module__ in topic.name for topic in ledger_areas.TOPICS.values())


@pytest_twisted.ensureDeferred
async def test_a_payment_told_twice_is_one(bench: Bench) -> None:
    """By its reference at that station; what the repetition lacks stays."""
    key = await bench.station("cp-1")
    await bench.says(key, START)
    await bench.says(key, PAID)
    first = await bench.only()
    assert (first.amount, first.receipt_id) == ("12.34", "R1")
    assert first.session_id is not None
    again = replace(PAID, at=AT + timedelta(hours=1), receipt_id=None, transaction_ref=None)
    await bench.says(key, again, AT + timedelta(hours=1))
    assert await bench.only() == replace(first, received_at=AT + timedelta(hours=1))
    assert await bench.kinds("payment.") == ["payment.settlement"]
    other = await bench.station("cp-2")
    await bench.says(other, replace(PAID, amount="1"))
    assert len((await bench.settlements.list(Query(), OURS)).items) == 2


@pytest_twisted.ensureDeferred
async def test_a_payment_that_becomes_that_of_another_transaction(bench: Bench) -> None:
    """It is no longer that of the first one's session."""
    key = await bench.station("cp-1")
    await bench.says(key, START)
    await bench.says(key, PAID)
    later = AT + timedelta(minutes=1)
    await bench.says(key, replace(PAID, transaction_ref="T2", at=later, amount="5"), later)
    moved = await bench.only()
    assert (moved.transaction_ref, moved.session_id, moved.amount) == ("T2", None, "5")
    happened = await bench.pool.many(
        "SELECT content->>'amount' FROM happening WHERE kind = 'settlement' ORDER BY id", (), str
    )
    assert happened == ["12.34", "5"]


@pytest_twisted.ensureDeferred
async def test_a_payment_before_its_session(bench: Bench) -> None:
    """It is found by the session as soon as there is one; another station's is another."""
    key, other = await bench.station("cp-1"), await bench.station("cp-2")
    await bench.says(key, PAID)
    assert (await bench.only()).session_id is None
    await bench.says(other, START)
    assert (await bench.only()).session_id is None
    await bench.says(key, START)
    settled = await bench.only()
    assert settled.session_id is not None
    assert await bench.only(session_id=settled.session_id) == settled
    nobody = await bench.settlements.list(Query(filters={"session_id": str(UUID(int=9))}), OURS)
    assert nobody.items == ()
    theirs = Query(filters={"session_id": settled.session_id})
    assert (await bench.settlements.list(theirs, THEIRS)).items == ()


@pytest_twisted.ensureDeferred
async def test_the_longest_reference(bench: Bench) -> None:
    """An index takes it, whatever its characters."""
    key = await bench.station("cp-1")
    reference = "".join(chr(0x10000 + number * 97) for number in range(512))
    await bench.says(key, replace(PAID, psp_ref=reference, amount="1e-3"))
    settled = await bench.only()
    assert (settled.psp_ref, settled.amount) == (reference, "0.001")


@pytest_twisted.ensureDeferred
async def test_a_swap_told_twice_is_one(bench: Bench) -> None:
    """Within the hour; afterwards, and at another station, it is another one."""
    key, other = await bench.station("cp-1"), await bench.station("cp-2")
    swap = BatteriesSwapped(
        event="BatteryIn",
        ref=7,
        id_token="TAG",
        id_token_kind=None,
        batteries=({"evse_id": 1, "serial_number": "S1", "soc": 12.5},),
    )
    for minutes in (0, 59, 61):
        await bench.says(key, swap, AT + timedelta(minutes=minutes))
    await bench.says(other, swap, AT)
    kept = await bench.pool.many(
        "SELECT station_id FROM happening WHERE kind = 'battery_swap' ORDER BY id", (), int
    )
    assert kept == [key.id, key.id, other.id]
    assert await bench.kinds("station.battery") == ["station.battery_swap"] * 3
