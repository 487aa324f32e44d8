"""Profiles in PostgreSQL: what rules ask and write of them, and what sessions change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
import pytest_twisted
from msgspec.structs import replace

from csms.core.charging import vocabulary as v
from csms.core.charging.profiles import (
    PROFILE,
    ChargingProfile,
    Kind,
    Period,
    Purpose,
    Schedule,
    Unit,
    plain,
    profile_of,
)
from csms.core.charging.scene import PRIORITY
from csms.core.commands import Outcome
from csms.core.decide import decide, question
from csms.core.decisions import Policy
from csms.core.errors import NotFound
from csms.core.operations import payload_of
from csms.core.replies import Reply
from csms.core.reports import CommandAnswered, Report, SessionStarted, SessionStopped
from csms.core.values import Operation, OperationStatus, StationKey
from csms.storage.charging import PostgresProfiles
from csms.storage.holdings import PostgresHoldings
from csms.storage.ledger import PostgresLedger
from csms.storage.operations import PostgresOperations
from csms.storage.pool import Pool

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROFILE_1 = ChargingProfile(
    id=1,
    stack_level=0,
    purpose=Purpose.TX_DEFAULT,
    kind=Kind.DYNAMIC,
    schedules=(Schedule(unit=Unit.A, periods=(Period(start_period=0, limit=16.0),)),),
)
OWN = replace(PROFILE_1, id=2, purpose=Purpose.TX, kind=Kind.RELATIVE)


@attrs.define
class Bench:
    """A station that speaks through the rules, and what is kept of it."""

    pool: Pool
    ledger: PostgresLedger
    key: StationKey
    now: datetime = T0

    @property
    def holdings(self) -> PostgresHoldings:
        return PostgresHoldings(self.pool)

    @property
    def profiles(self) -> PostgresProfiles:
        return PostgresProfiles(self.pool)

    async def say(self, report: Report) -> Reply:
        self.now += timedelta(seconds=1)
        (state,) = await self.ledger.gather([(self.key, question(report))], self.now)
        decision = decide(report, self.key, state, self.now, Policy(accept_unknown_tokens=True))
        await self.ledger.commit([decision])
        return decision.reply

    async def answer(self, command: Any, number: int, found: object = None) -> None:
        """The station accepted a command."""
        operation = Operation(
            id=f"00000000-0000-0000-0000-{number:012}",
            operator_id=1,
            station_id=self.key.id,
            identity=self.key.identity,
            action=str(command.__struct_config__.tag),
            payload=payload_of(command),
            ref=getattr(command, "ref", None),
            status=OperationStatus.PENDING,
            created_at=T0,
            expires_at=T0,
        )
        await PostgresOperations(self.pool).record(operation, b"")
        outcome = Outcome(status="accepted", found=found)
        await self.say(
            CommandAnswered(operation=operation, command=command, outcome=outcome, at=self.now)
        )

    async def held(self, kind: str = PROFILE) -> list[str]:
        return [each.key for each in await self.holdings.list("CP1", 1, kind)]

    async def session(self) -> tuple[str, str]:
        """Id and transaction of a session on EVSE 1."""
        started: Any = await self.say(
            SessionStarted(evse_id=1, id_token="TAG", at=self.now, meter_wh=0)
        )
        ref = started.transaction_ref
        session = await self.pool.one(
            "SELECT id FROM session WHERE transaction_ref = %s", (ref,), str
        )
        return session, ref


@pytest_twisted.async_fixture
async def bench(pool: Pool) -> Bench:
    key = await pool.one(
        "INSERT INTO station (identity, registration) VALUES ('CP1', 'accepted')"
        " RETURNING id, identity",
        (),
        StationKey,
    )
    ledger = PostgresLedger(pool.lane())
    await ledger.ready()
    return Bench(pool, ledger, key)


@pytest_twisted.ensureDeferred
async def test_set_pulled_and_cleared(bench: Bench) -> None:
    """What was accepted is found by the rules, until it is cleared."""
    await bench.answer(v.SetProfile(evse_id=1, profile=PROFILE_1), 1)
    pulled: Any = await bench.say(v.UpdatePulled(profile_id=1))
    assert pulled.update.limit == 16.0
    await bench.answer(v.SetProfile(evse_id=1, profile=replace(OWN, id=3)), 2, v.Replaced())
    assert await bench.held() == ["1", "3"]
    await bench.answer(v.ClearProfiles(evse_id=1, purpose=Purpose.TX_DEFAULT), 3)
    assert await bench.held() == ["3"]
    await bench.answer(v.SetProfile(evse_id=1, profile=replace(OWN, id=4)), 4, v.Replaced())
    assert await bench.held() == ["4"]


@pytest_twisted.ensureDeferred
async def test_reports(bench: Bench) -> None:
    """The filter that was asked for is found by its number; what it left out is gone."""
    for number in (1, 2):
        profile = replace(PROFILE_1, id=number, stack_level=number)
        await bench.answer(v.SetProfile(evse_id=number, profile=profile), number)
    await bench.answer(v.ReportProfiles(ref=7, evse_id=1, sources=("CSO",)), 3)
    told = v.ProfilesTold(
        ref=7, evse_id=1, source="CSO", profiles=({**plain(PROFILE_1), "id": 5},), last=False
    )
    await bench.say(told)
    assert await bench.held() == ["1", "2", "5"]
    last = ({**plain(PROFILE_1), "id": 6},)
    await bench.say(v.ProfilesTold(ref=7, evse_id=1, source="CSO", profiles=last))
    assert await bench.held() == ["2", "5", "6"]


@pytest_twisted.ensureDeferred
async def test_a_session_ends(bench: Bench) -> None:
    """With it go its profiles and what else was for its transaction; nothing else does."""
    session, ref = await bench.session()
    for number, transaction in ((2, ref), (3, "other")):
        profile = replace(OWN, id=number, transaction_ref=transaction)
        await bench.answer(v.SetProfile(evse_id=1, profile=profile), number)
    await bench.answer(v.SetProfile(evse_id=1, profile=PROFILE_1), 1)
    await bench.say(v.NeedsTold(evse_id=1, needs={}))
    await bench.pool.execute(
        "INSERT INTO holding (station_id, kind, key, operator_id, content, origin, created_at,"
        " updated_at) VALUES (%s, %s, %s, 1, '{}', 'told', now(), now())",
        (bench.key.id, PRIORITY, ref),
    )
    await bench.profiles.ended([session], bench.now)
    assert await bench.held() == ["1", "2", "3"]
    await bench.say(SessionStopped(transaction_ref=ref, at=bench.now, meter_wh=1))
    await bench.profiles.ended([session], bench.now)
    assert await bench.held() == ["1", "3"]
    assert await bench.held(PRIORITY) == []
    assert await bench.held(v.NEEDS) == []


@pytest_twisted.ensureDeferred
async def test_sessions_that_a_vehicle_waits_for(bench: Bench) -> None:
    """Those on whose EVSE it told its needs."""
    session, _ = await bench.session()
    assert await bench.profiles.awaited([session]) == frozenset()
    await bench.pool.execute(
        "INSERT INTO holding (station_id, kind, key, operator_id, content, origin, created_at,"
        " updated_at) SELECT station_id, 'ev_charging_needs', evse_id, 1, '{}', 'told', now(),"
        " now() FROM session WHERE id = %s",
        (session,),
    )
    assert await bench.profiles.awaited([session]) == frozenset({session})
    await bench.pool.execute("UPDATE holding SET removed_at = now()")
    assert await bench.profiles.awaited([session]) == frozenset()


@pytest.mark.parametrize("begins", [True, False])
@pytest_twisted.ensureDeferred
async def test_a_remote_start(bench: Bench, begins: bool) -> None:
    """Its profile becomes that of its session, or goes when there is none."""
    await bench.answer(v.SetProfile(evse_id=2, profile=OWN), 1)
    operation = "00000000-0000-0000-0000-000000000001"
    if not begins:
        await bench.profiles.fruitless([operation], bench.now)
        assert await bench.held() == []
        return
    session, ref = await bench.session()
    await bench.pool.execute(
        "UPDATE session SET operation_id = %s WHERE id = %s", (operation, session)
    )
    await bench.profiles.begun([session], bench.now)
    (held,) = await bench.holdings.list("CP1", 1, PROFILE)
    profile = profile_of(held.content)
    assert profile is not None
    assert (profile.transaction_ref, held.evse_id) == (ref, 1)
    await bench.profiles.fruitless([operation], bench.now)
    assert await bench.held() == ["2"]


@pytest_twisted.ensureDeferred
async def test_amended(bench: Bench) -> None:
    """A held profile says something else; of one that is not held there is nothing to say."""
    await bench.answer(v.SetProfile(evse_id=1, profile=PROFILE_1), 1)
    changed = replace(PROFILE_1, stack_level=4)
    assert await bench.profiles.amend("CP1", 1, 1, changed, bench.now)
    held = await bench.holdings.get("CP1", 1, PROFILE, "1")
    assert held.content == {
        "profile": {**plain(changed), "schedules": [*_lists(changed)]},
        "source": "CSO",
    }
    assert not await bench.profiles.amend("CP1", 1, 9, changed, bench.now)
    with pytest.raises(NotFound):
        await bench.profiles.amend("CP1", 2, 1, changed, bench.now)


def _lists(profile: ChargingProfile) -> list[Any]:
    return [
        {"unit": "A", "periods": [{"start_period": 0, "limit": 16.0}]} for _ in profile.schedules
    ]
