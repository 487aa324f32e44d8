"""Whatever a station of any version may say can be asked about, decided and kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_twisted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csms.adapter.dialect import DIALECTS, Understood
from csms.adapter.tables import Version
from csms.adapter.v16.version import V16
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.core.decide import decide, question
from csms.core.decisions import Policy
from csms.core.values import StationKey, Strictness
from csms.storage.ledger import PostgresLedger
from csms.storage.pool import Pool
from csms.testing.payloads import mutated, payloads

T0 = datetime(2030, 1, 1, tzinfo=UTC)
POLICY = Policy(accept_unknown_tokens=True, concurrent_sessions=1)


def some(version: Version, action: str) -> list[Any]:
    """A few payloads of a message: valid ones, and some that stations broke."""
    schema = version.schemas.documents[version.request_schema(action)]
    found: list[Any] = []

    @settings(max_examples=8, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.one_of(payloads(schema), mutated(schema)))
    def collect(payload: Any) -> None:
        found.append(payload)

    collect()
    return found


@pytest.mark.parametrize("version", [V16, V201, V21], ids=lambda of: of.version)
@pytest_twisted.ensureDeferred
async def test_whatever_a_station_says_can_be_kept(pool: Pool, version: Version) -> None:
    """What the dialect takes for a report the database takes too, and the answer can be written;
    nothing that comes over the wire is poison."""
    ledger = PostgresLedger(pool.lane())
    await ledger.ready()
    dialect = DIALECTS[version.subprotocol]
    key = await pool.one(
        "INSERT INTO station (identity, registration) VALUES ('CP1', 'accepted')"
        " RETURNING id, identity",
        (),
        StationKey,
    )
    for action, row in sorted(version.inbound.items()):
        for payload in some(version, action):
            read = dialect.read(action, payload, Strictness.TOLERANT, T0)
            if not isinstance(read, Understood):
                continue
            try:
                (state,) = await ledger.gather([(key, question(read.report))], T0)
                decision = decide(read.report, key, state, T0, POLICY)
                await ledger.commit([decision])
                if not row.one_way:
                    dialect.write(action, decision.reply)
            except Exception as error:  # noqa: BLE001  # told with what caused it
                pytest.fail(f"{action} {payload!r}: {error!r}")
