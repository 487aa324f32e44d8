"""The contract of `csms.core.ports.ISessions`."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import pytest
from zope.interface.verify import verifyObject

from csms.core.errors import Invalid, NotFound
from csms.core.listings import READINGS, SESSIONS, STATION_READINGS
from csms.core.pages import Page, Query
from csms.core.ports import ISessions
from csms.core.values import Numbering, Sample, Session, SessionStatus, StoredReading
from csms.testing.contracts.paging import check_foreign_cursor, check_pages, check_refusals
from csms.testing.waiting import waits

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS, THEIRS = 1, 2


def named(number: int) -> str:
    """The id of a session."""
    return f"00000000-0000-7000-8000-{(number * 7) % 1000:012}"


class SessionsBench(Protocol):
    """No sessions; operators 1 and 2 exist."""

    sessions: ISessions

    async def station(self, identity: str, operator_id: int) -> int:
        """A station of that identity, made if need be; its id."""

    async def session(self, session: Session) -> None:
        """Keep a session of such a station."""

    async def reading(self, reading: StoredReading) -> None:
        """Keep a reading."""


async def begin(
    bench: SessionsBench, number: int, identity: str = "cp-1", operator_id: int = OURS
) -> Session:
    """A session of ours."""
    at = AT + timedelta(minutes=number // 3)
    session = Session(
        id=named(number),
        operator_id=operator_id,
        station_id=await bench.station(identity, operator_id),
        identity=identity,
        evse_id=1 + number % 2,
        transaction_ref=f"{number}",
        id_token=["tagA", "tagB", None][number % 3],
        status=list(SessionStatus)[number % 3],
        started_at=at,
        ended_at=at + timedelta(hours=number % 4) if number % 3 == 2 else None,
        energy_wh=0.1 * (number % 5),
        created_at=at,
        updated_at=at,
    )
    await bench.session(session)
    return session


def reading(session: Session, minutes: int, **fields: object) -> StoredReading:
    """A reading of a session."""
    at = AT + timedelta(minutes=minutes)
    plain = StoredReading(
        station_id=session.station_id,
        evse_id=session.evse_id,
        session_id=session.id,
        taken_at=at,
        received_at=at,
    )
    return msgspec.structs.replace(plain, **fields)


class SessionsContract:
    """Mixed into a test class that has a fixture ``bench``."""

    @pytest.fixture
    def sessions(self, bench: SessionsBench) -> ISessions:
        """The port."""
        return bench.sessions

    def test_provides(self, sessions: ISessions) -> None:
        """It provides the port, with the signatures that the port has."""
        assert verifyObject(ISessions, sessions)

    @waits
    async def test_get(self, bench: SessionsBench) -> None:
        """A session comes back with everything that is kept of it."""
        plain = await begin(bench, 1)
        full = msgspec.structs.replace(
            plain,
            id=named(2),
            connector_id=2,
            transaction_ref="77",
            named_by_station=True,
            start_key="k",
            id_token="tag",
            group_id="g",
            authorization="Accepted",
            status=SessionStatus.ENDED,
            started_at=AT,
            ended_at=AT + timedelta(hours=1, microseconds=1),
            meter_start_wh=1.5,
            meter_stop_wh=2.5,
            meter_last_wh=2.25,
            energy_wh=0.1,
            reset_register_wh=9.0,
            reset_energy_wh=0.3,
            power_w=11.0,
            soc_percent=80.0,
            last_reading_at=AT,
            stop_reason="Local",
            stop_id_token="tag2",
            operation_id=named(9),
            reservation_ref=4,
            charging_state="SuspendedEV",
            details={"phases_used": 3, "cost_details": {"totalCost": {"currency": "EUR"}}},
            numbering=Numbering(
                seen=((0, 4), (6, 2**62)),
                first=0,
                last=2**62,
                trusted=False,
                newest_at=AT,
                as_of={"phases_used": (4, AT)},
                stop_group="g",
            ),
            flags=("meter_went_back", "b"),
            version=3,
            created_at=AT,
            updated_at=AT + timedelta(seconds=1),
        )
        await bench.session(full)
        for session in (plain, full):
            got = await bench.sessions.get(session.id, OURS)
            assert got == session
            assert got.started_at.utcoffset() == timedelta(0)
            assert await bench.sessions.get(session.id.upper()) == session

    @pytest.mark.parametrize("session_id", ["", "x", "\0", named(2), named(1)[:-1], "ü" * 36])
    @waits
    async def test_get_none(self, bench: SessionsBench, session_id: str) -> None:
        """An id that is unknown, or none at all, is not found."""
        await begin(bench, 1)
        with pytest.raises(NotFound):
            await bench.sessions.get(session_id)
        with pytest.raises(NotFound):
            await bench.sessions.readings(session_id, Query())

    @waits
    async def test_operators(self, bench: SessionsBench) -> None:
        """Nobody sees the sessions of another operator; the server itself sees all."""
        ours = await begin(bench, 1)
        theirs = await begin(bench, 2, "cp-2", THEIRS)
        for call in (
            bench.sessions.get(ours.id, THEIRS),
            bench.sessions.readings(ours.id, Query(), THEIRS),
        ):
            with pytest.raises(NotFound):
                await call
        assert (await bench.sessions.list(Query(), THEIRS)).items == (theirs,)
        assert len((await bench.sessions.list(Query())).items) == 2

    async def _populate(self, bench: SessionsBench) -> None:
        if (await bench.sessions.list(Query(limit=1))).items:
            return
        for number in range(14):
            await begin(bench, number, f"cp-{number % 2}")

    @waits
    async def test_pages(self, bench: SessionsBench) -> None:
        """The pages of the list, however sorted, are the whole list."""
        await self._populate(bench)
        await check_pages(lambda q: bench.sessions.list(q, OURS), SESSIONS, 14)

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({}, 14),
            ({"station": "cp-0"}, 7),
            ({"station": "cp-"}, 0),
            ({"station": "CP-0"}, 0),
            ({"status": "active"}, 5),
            ({"status": SessionStatus.ENDED}, 4),
            ({"id_token": "TAGA"}, 5),
            ({"evse_id": 2}, 7),
            ({"transaction_id": "7"}, 1),
            ({"started_from": AT + timedelta(minutes=4)}, 2),
            ({"started_to": AT + timedelta(minutes=4)}, 12),
            ({"started_from": AT, "started_to": AT + timedelta(minutes=1)}, 3),
            ({"started_from": AT.replace(year=1), "status": "active", "evse_id": 1}, 3),
        ],
    )
    @waits
    async def test_filters(
        self, bench: SessionsBench, filters: dict[str, object], expected: int
    ) -> None:
        """Filters narrow the list, together; a span of time includes its begin, not its end."""
        await self._populate(bench)
        found = await bench.sessions.list(Query(filters=filters), OURS)
        assert len(found.items) == expected

    @pytest.mark.parametrize(
        ("filters", "field"),
        [
            ({"status": "over"}, "status"),
            ({"evse_id": "1"}, "evse_id"),
            ({"evse_id": 2**64}, "evse_id"),
            ({"started_from": "2026-01-01"}, "started_from"),
            ({"started_to": AT.replace(tzinfo=None)}, "started_to"),
        ],
    )
    @waits
    async def test_bad_filter(
        self, bench: SessionsBench, filters: dict[str, object], field: str
    ) -> None:
        """A filter's value has to be of its kind."""
        with pytest.raises(Invalid) as caught:
            await bench.sessions.list(Query(filters=filters))
        assert caught.value.field == field

    @waits
    async def test_huge_evse(self, bench: SessionsBench) -> None:
        """An EVSE number that no station can have finds nothing."""
        await self._populate(bench)
        assert (await bench.sessions.list(Query(filters={"evse_id": 2**40}))).items == ()

    @waits
    async def test_list(self, bench: SessionsBench) -> None:
        """The newest comes first; what a list cannot be asked is refused by name."""
        await self._populate(bench)
        started = [s.started_at for s in (await bench.sessions.list(Query())).items]
        assert started == sorted(started, reverse=True)
        await check_refusals(bench.sessions.list)
        await check_foreign_cursor(
            bench.sessions.list,
            Query(filters={"started_from": AT}),
            Query(filters={"started_from": AT + timedelta(seconds=1)}),
        )

    # --- readings

    @waits
    async def test_readings(self, bench: SessionsBench) -> None:
        """A session's readings come in the order they were taken, each with its samples."""
        session, other = await begin(bench, 1), await begin(bench, 2)
        samples = (Sample(value=1.5), Sample(measurand="Voltage", value=None, unit="V", raw="x"))
        first = reading(session, 1, energy_wh=1.5, power_w=2.5, soc_percent=3.5, samples=samples)
        second = reading(session, 2, received_at=AT)
        for kept in (second, first, reading(other, 1), reading(session, 3, session_id=None)):
            await bench.reading(kept)
        found = await bench.sessions.readings(session.id, Query(), OURS)
        assert found.items == (first, second)
        backwards = await bench.sessions.readings(session.id.upper(), Query(sort="-taken_at"))
        assert backwards.items == (second, first)
        await check_refusals(lambda query: bench.sessions.readings(session.id, query))

    @waits
    async def test_readings_pages(self, bench: SessionsBench) -> None:
        """The pages of the list are the whole list, also where readings share a moment."""
        known = (await bench.sessions.list(Query())).items
        if not known:
            session = await begin(bench, 1)
            for number in range(10):
                await bench.reading(reading(session, number // 4, energy_wh=float(number)))
        await check_pages(lambda q: bench.sessions.readings(named(1), q), READINGS, 10)

    @waits
    async def test_station_readings(self, bench: SessionsBench) -> None:
        """Those of no session, newest first; a span of time includes its begin, not its end."""
        session, other = await begin(bench, 1, "cp-1"), await begin(bench, 2, "cp-2")
        power = (Sample(), Sample(measurand="Power.Active.Import", value=5.0, unit="W"))
        kept = [
            reading(session, minute, session_id=None, evse_id=minute % 2, samples=samples)
            for minute, samples in enumerate((power, (Sample(),), power[1:]))
        ]
        for each in (*kept, reading(session, 1), reading(other, 1, session_id=None)):
            await bench.reading(each)

        async def found(**filters: object) -> list[int]:
            query = Query(filters=filters)
            page = await bench.sessions.station_readings("cp-1", query, OURS)
            return [kept.index(each) for each in page.items]

        assert await found() == [2, 1, 0]
        assert await found(evse_id=0) == [2, 0]
        assert await found(measurand="Power.Active.Import") == [2, 0]
        assert await found(measurand="Energy.Active.Import.Register") == [1, 0]
        assert await found(taken_from=AT, taken_to=AT + timedelta(minutes=1)) == [0]
        assert await found(taken_from=AT + timedelta(minutes=1), evse_id=0) == [2]
        await check_refusals(lambda query: bench.sessions.station_readings("cp-1", query, OURS))
        for identity, operator_id in (("cp-1", THEIRS), ("cp-9", OURS), ("\0", OURS)):
            with pytest.raises(NotFound):
                await bench.sessions.station_readings(identity, Query(), operator_id)

    @waits
    async def test_station_readings_pages(self, bench: SessionsBench) -> None:
        """The pages of the list are the whole list, also where readings share a moment."""
        if not (await bench.sessions.list(Query())).items:
            session = await begin(bench, 1)
            for number in range(10):
                fields = {"session_id": None, "energy_wh": float(number)}
                await bench.reading(reading(session, number // 4, **fields))

        def readings(query: Query) -> Awaitable[Page[StoredReading]]:
            return bench.sessions.station_readings("cp-1", query, OURS)

        await check_pages(readings, STATION_READINGS, 10)
