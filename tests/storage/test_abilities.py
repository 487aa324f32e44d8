"""What stations can do with the terms of tokens, as the ledger asks for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest_twisted

from csms.core.abilities import AbilitiesAsked, limits_asked, tariffs_asked
from csms.core.decide import question
from csms.core.reports import AuthorizationAsked
from csms.core.values import StationKey
from csms.storage.abilities_ledger import ABILITIES
from csms.storage.ledger import PostgresLedger
from csms.storage.pool import Pool

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
(LIMITS,) = limits_asked("x").keys
AVAILABLE, ENABLED = tariffs_asked("x").keys


@pytest_twisted.ensureDeferred
async def test_abilities(pool: Pool) -> None:
    """Those that the station told and has still, for tokens to whom they matter."""
    await pool.execute(
        "INSERT INTO station (id, identity, registration) OVERRIDING SYSTEM VALUE"
        " VALUES (1, 'A', 'accepted'), (2, 'B', 'accepted')"
    )
    for station_id, key, attribute, value, removed_at in (
        (1, AVAILABLE, "Actual", "true", None),
        (1, AVAILABLE, "Target", "false", None),
        (1, ENABLED, "Actual", "false", T0),
        (1, LIMITS, "Actual", "maxCost", None),
        (2, AVAILABLE, "Actual", None, None),
        (2, ENABLED, "Actual", "false", None),
    ):
        await pool.execute(
            "INSERT INTO variable (station_id, operator_id, key, variable, attribute, value,"
            " reported_at, changed_at, removed_at) VALUES (%s, 1, %s, 'x', %s, %s, %s, %s, %s)",
            (station_id, key, attribute, value, T0, T0, removed_at),
        )
    await pool.execute(
        "INSERT INTO token (operator_id, id_token, tariff)"
        """ VALUES (1, 'PLAIN', NULL), (1, 'Priced', '{"tariff_id": "T"}')"""
    )
    ledger = PostgresLedger(pool.lane())
    await ledger.ready()
    asked = [
        (StationKey(station_id, name), question(AuthorizationAsked(id_token=token, kind="Local")))
        for station_id, name in ((1, "A"), (2, "B"))
        for token in ("priced", "plain", "nobody")
    ]
    states = await ledger.gather(asked, T0)
    await ledger.abandon()
    found = [state.answers(AbilitiesAsked) for state in states]
    assert found == [((AVAILABLE, "true"),), (), (), ((ENABLED, "false"),), (), ()]


@pytest_twisted.ensureDeferred
async def test_abilities_by_index(pool: Pool) -> None:
    """However many tokens and variables there are."""
    await pool.execute("""
        INSERT INTO station (identity, registration)
            SELECT 'CP' || g, 'accepted' FROM generate_series(1, 1000) g;
        INSERT INTO variable (station_id, operator_id, key, variable, attribute, value,
                              reported_at, changed_at)
            SELECT id, 1, 'k' || g, 'x', 'Actual', 'true', now(), now()
            FROM station, generate_series(1, 5) g;
        INSERT INTO token (operator_id, id_token)
            SELECT 1, 'T' || g FROM generate_series(1, 3000) g;
        ANALYZE
    """)
    row = '[{"i": 0, "s": 7, "o": 1, "id_token": "T7", "keys": ["k1", "k2"]}]'
    plan = await pool.many(f"EXPLAIN {ABILITIES}", (row,), str)
    assert not [line for line in plan if "Seq Scan" in line], "\n".join(plan)
