"""`PostgresOperations` keeps the contract of the book of operations."""

from __future__ import annotations

import attrs
import msgspec
import pytest
import pytest_twisted

from csms.core.commands import Outcome
from csms.core.events import Event
from csms.core.values import OperationStatus
from csms.storage.operations import PostgresOperations
from csms.storage.pool import Pool
from csms.testing.contracts.operations import LATER, OperationsContract, named, recorded


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.operations.OperationsBench`."""

    pool: Pool
    book: PostgresOperations

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
        """Everything published."""
        rows = await self.pool.many("SELECT events FROM outbox ORDER BY xid, seq", (), str)
        return [event for text in rows for event in msgspec.json.decode(text, type=list[Event])]


@pytest.fixture
def bench(operators: Pool) -> Bench:
    """An empty book."""
    return Bench(operators, PostgresOperations(operators))


class TestPostgresOperations(OperationsContract):
    """The contract, in PostgreSQL."""


@pytest_twisted.ensureDeferred
async def test_command_is_emptied(bench: Bench) -> None:
    """A command may hold secrets: however an operation settles, nothing of it stays."""
    await recorded(bench, 1)
    await recorded(bench, 2, expires_at=LATER)
    await recorded(bench, 3, status=OperationStatus.UNREACHABLE)
    await bench.book.settle(named(1), Outcome(status="accepted"), LATER)
    await bench.book.expire(LATER, 600)
    left = await bench.pool.many("SELECT command FROM operation", (), lambda command: command)
    assert left == [b"", b"", b""]


@pytest_twisted.ensureDeferred
async def test_odd_texts(bench: Bench) -> None:
    """A payload or an answer with characters that PostgreSQL has no place for is kept with
    U+FFFD instead: an answer is never lost for it."""
    payload = {"data": "a\0b", "k\0": ["\0"]}
    await recorded(bench, 1, payload=payload, id_token="t\0", requested_by="\0")
    outcome = Outcome(status="rejected", response={"a": {"b\0": "\ud800"}}, detail="x\0")
    settled = await bench.book.settle(named(1), outcome, LATER)
    assert settled.payload == {"data": "a�b", "k�": ["�"]}
    assert settled.response == {"a": {"b�": "?"}}
    assert (settled.detail, settled.id_token, settled.requested_by) == ("x�", "t�", "�")
