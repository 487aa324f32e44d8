"""`PostgresLocalLists` keeps the contract of the book of local lists."""

from __future__ import annotations

import attrs
import pytest
import pytest_twisted

from csms.core.decisions import ACKNOWLEDGED, Decision, Question, Write
from csms.core.locallists.vocabulary import Confirmed, ListAsked, ListLimits
from csms.core.values import StationKey
from csms.storage.ledger import PostgresLedger
from csms.storage.locallists import PostgresLocalLists
from csms.storage.locallists_limits import PostgresListLimits
from csms.storage.operations import PostgresOperations
from csms.storage.pool import Pool
from csms.storage.tokens import PostgresTokens
from csms.testing.contracts.locallists import (
    AT,
    OURS,
    A,
    LocalListsContract,
    confirmed,
    doubted,
)


@attrs.frozen
class Bench:
    """See `csms.testing.contracts.locallists.ListsBench`."""

    pool: Pool
    book: PostgresLocalLists
    tokens: PostgresTokens
    operations: PostgresOperations

    async def station(self, identity: str, operator_id: int = OURS, **fields: object) -> int:
        """A new station."""
        number = await self.pool.one(
            "INSERT INTO station (identity, operator_id, registration, booted_at)"
            " VALUES (%s, %s, %s, %s) RETURNING id",
            (
                identity,
                operator_id,
                fields.get("registration", "accepted"),
                fields.get("booted_at"),
            ),
            int,
        )
        if fields.get("connected", True):
            await self.pool.execute(
                "INSERT INTO connection (station_id, operator_id, epoch, node, peer,"
                " ocpp_version, connected_at, last_seen_at)"
                " VALUES (%s, %s, 1, 'n', 'p', '1.6', now(), now())",
                (number, operator_id),
            )
        return number

    async def write(self, write: Write) -> None:
        """What the answer of a station leads to, by the real ledger."""
        ledger = PostgresLedger(self.pool.lane())
        await ledger.ready()
        await ledger.commit([Decision(ACKNOWLEDGED, (write,))])


@pytest.fixture
def bench(operators: Pool) -> Bench:
    """An empty book."""
    return Bench(
        operators,
        PostgresLocalLists(operators),
        PostgresTokens(operators),
        PostgresOperations(operators),
    )


class TestPostgresLocalLists(LocalListsContract):
    """The contract, in PostgreSQL."""


@pytest_twisted.ensureDeferred
async def test_what_the_ledger_knows(bench: Bench) -> None:
    """The ledger answers which version a station is known to hold."""
    number = await bench.station("cp-1")
    ledger = PostgresLedger(bench.pool.lane())
    await ledger.ready()

    async def asked() -> object:
        key, question = StationKey(number, "cp-1"), Question(more=(ListAsked(),))
        (state,) = await ledger.gather([(key, question)], AT)
        await ledger.abandon()
        return state.answer(ListAsked)

    assert await asked() is None
    await bench.write(confirmed(number, 3, A))
    assert await asked() == Confirmed(version=3)
    await bench.write(doubted(number))
    assert await asked() == Confirmed()


async def setting(pool: Pool, number: int, name: str, value: object, limit: object = None) -> None:
    """A station told a setting; ``Component.Variable``, or a key of 1.6."""
    component, _, variable = name.rpartition(".")
    await pool.execute(
        "INSERT INTO variable (station_id, operator_id, key, component, variable, attribute,"
        " value, max_limit, reported_at, changed_at)"
        " VALUES (%s, 1, %s, %s, %s, 'Actual', %s, %s, now(), now())"
        " ON CONFLICT (station_id, key, attribute) DO UPDATE SET value = excluded.value",
        (number, name.lower(), component or None, variable, value, limit),
    )


@pytest_twisted.ensureDeferred
async def test_limits_16(bench: Bench) -> None:
    """A station of 1.6 says in its settings what it takes."""
    number = await bench.station("cp-1")
    limits = PostgresListLimits(bench.pool)
    assert await limits.of_list(number) == ListLimits()
    assert await limits.reserves_any(number) is None
    await setting(bench.pool, number, "SendLocalListMaxLength", " 20 ")
    await setting(bench.pool, number, "LocalAuthListMaxLength", "500")
    await setting(bench.pool, number, "ReserveConnectorZeroSupported", "False")
    assert await limits.of_list(number) == ListLimits(items=20, entries=500)
    assert await limits.reserves_any(number) is False
    other = await bench.station("cp-2")
    assert await limits.of_list(other) == ListLimits()


@pytest_twisted.ensureDeferred
async def test_limits_2x(bench: Bench) -> None:
    """A station of 2.x says it in its device model."""
    number = await bench.station("cp-1")
    limits = PostgresListLimits(bench.pool)
    await setting(bench.pool, number, "LocalAuthListCtrlr.ItemsPerMessage", "10")
    await setting(bench.pool, number, "LocalAuthListCtrlr.BytesPerMessage", "4096")
    await setting(bench.pool, number, "LocalAuthListCtrlr.Entries", "3", 250.0)
    await setting(bench.pool, number, "ReservationCtrlr.NonEvseSpecific", "true")
    assert await limits.of_list(number) == ListLimits(items=10, size_bytes=4096, entries=250)
    assert await limits.reserves_any(number) is True


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("value", [None, "", "many", "-1", "0", "٣", "1.5"])
async def test_odd_limits(bench: Bench, value: str | None) -> None:
    """What is no number of things is no limit, and no yes or no is none."""
    number = await bench.station("cp-1")
    limits = PostgresListLimits(bench.pool)
    await setting(bench.pool, number, "SendLocalListMaxLength", value)
    assert await limits.of_list(number) == ListLimits()
    await setting(bench.pool, number, "ReserveConnectorZeroSupported", "perhaps")
    assert await limits.reserves_any(number) is None
