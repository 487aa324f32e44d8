"""The outbox in the database."""

from __future__ import annotations

from datetime import datetime

import attrs
import msgspec
import pytest
from twisted.internet.defer import Deferred

from csms.core.events import FREQUENT, Event
from csms.core.ports import Position
from csms.storage.outbox import APPEND, EVENTS_PER_ROW, PostgresOutbox, publish
from csms.storage.pool import Cursor, Pool
from csms.testing.contracts.outbox import OLD, OutboxContract, fact, numbers
from csms.testing.waiting import waits


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.outbox.OutboxBench`."""

    pool: Pool
    outbox: PostgresOutbox

    async def append(self, *events: Event, at: datetime = OLD) -> None:
        """Commit events."""
        text = msgspec.json.encode(events).decode()
        frequent = all(event.kind in FREQUENT for event in events)
        await self.pool.execute(
            "INSERT INTO outbox (events, frequent, at) VALUES (%s, %s, %s)", (text, frequent, at)
        )


@pytest.fixture
def bench(pool: Pool) -> Bench:
    """An empty outbox."""
    return Bench(pool, PostgresOutbox(pool))


class TestPostgresOutbox(OutboxContract):
    """The contract, in PostgreSQL."""


@waits
async def test_waits_for_older_transactions(bench: Bench) -> None:
    """Nothing is read that a transaction under way could still precede."""
    end: Deferred[None] = Deferred()
    begun: Deferred[None] = Deferred()

    async def slow(cursor: Cursor) -> None:
        await publish(cursor, [fact(1)])
        begun.callback(None)
        await end

    older = Deferred.fromCoroutine(bench.pool.transaction(slow))
    await begun
    await bench.append(fact(2))
    assert not await bench.outbox.read(Position(), 10)
    end.callback(None)
    await older
    assert numbers(await bench.outbox.read(Position(), 10)) == [1, 2]


@waits
async def test_rolled_back(bench: Bench) -> None:
    """What was rolled back is never read."""

    async def failing(cursor: Cursor) -> None:
        await publish(cursor, [fact(1)])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await bench.pool.transaction(failing)
    await bench.append(fact(2))
    assert numbers(await bench.outbox.read(Position(), 10)) == [2]


@waits
async def test_without_subscribers(bench: Bench) -> None:
    """Where nobody subscribes, old rows go all the same."""
    await bench.append(fact(1))
    assert await bench.outbox.prune(datetime.fromisoformat("2027-01-01T00:00:00Z"), 10) == 1


@waits
async def test_many_events(bench: Bench) -> None:
    """Very many events of one transaction are spread over rows, in order."""
    count = EVENTS_PER_ROW + 1

    async def work(cursor: Cursor) -> None:
        await publish(cursor, [fact(number) for number in range(count)])

    await bench.pool.transaction(work)
    rows = await bench.outbox.read(Position(), 10)
    assert len(rows) == 2
    assert numbers(rows) == list(range(count))


@waits
async def test_statement_for_others(bench: Bench) -> None:
    """Others append with one statement of their own."""
    await bench.pool.execute(APPEND, (msgspec.json.encode([fact(4)]).decode(), False))
    assert numbers(await bench.outbox.read(Position(), 10)) == [4]
