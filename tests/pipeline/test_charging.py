"""Profiles that keep to the rules, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from msgspec.structs import replace
from zope.interface.verify import verifyObject

from csms.core.charging import vocabulary as v
from csms.core.charging.capabilities import CLOCK, KEYS
from csms.core.charging.checks import InstalledProfile
from csms.core.charging.profiles import (
    PROFILE,
    ChargingProfile,
    CompositeSchedule,
    Kind,
    Period,
    Purpose,
    Schedule,
    ScheduleUpdate,
    Unit,
    plain,
)
from csms.core.charging.scene import PRIORITY, OutsideLimit, Running, Scene
from csms.core.commands import Command, Outcome
from csms.core.decisions import Write
from csms.core.errors import Conflict, Invalid, NotFound, Overloaded
from csms.core.events import Event
from csms.core.holdings import Hold, Holding
from csms.core.ports import ICharging, ISubscriber
from csms.core.values import Connector, Session, SessionStatus
from csms.pipeline.charging import Charging, known_power_w
from csms.pipeline.charging_follower import ChargingFollower
from csms.testing.answering import AnsweringOperations, Said
from csms.testing.charging import MemoryProfiles
from csms.testing.kept import MemoryHoldings
from csms.testing.operations import MemoryOperationsBook
from csms.testing.sessions import MemorySessions
from csms.testing.stations import MemoryStations
from csms.testing.waiting import waits

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SESSION = Session(
    id="00000000-0000-7000-8000-000000000001",
    operator_id=1,
    station_id=1,
    identity="cp-1",
    evse_id=1,
    transaction_ref="T1",
    started_at=NOW,
    created_at=NOW,
    updated_at=NOW,
)
SCHEDULE = Schedule(unit=Unit.A, periods=(Period(start_period=0, limit=16.0),))
DEFAULT = ChargingProfile(
    id=1, stack_level=0, purpose=Purpose.TX_DEFAULT, kind=Kind.RELATIVE, schedules=(SCHEDULE,)
)
OWN = replace(DEFAULT, id=None, purpose=Purpose.TX)
DYNAMIC = replace(DEFAULT, kind=Kind.DYNAMIC)


class Now:
    """Tasks that are done at once, by whoever asks for it."""

    def __init__(self) -> None:
        self.work: list[Any] = []

    def spawn(self, work: Any, what: str, **_fields: object) -> None:
        """See `ITasks`."""
        del what
        self.work.append(work)


@attrs.define
class Bench:
    """Station cp-1, connected; what it accepts is held."""

    time: datetime = NOW
    said: Said = Outcome(status="accepted")
    values: dict[str, str] = attrs.field(factory=dict)
    tasks: Any = attrs.field(factory=Now)
    stations: MemoryStations = attrs.field(init=False)
    sessions: MemorySessions = attrs.field(init=False)
    holdings: MemoryHoldings = attrs.field(init=False)
    profiles: MemoryProfiles = attrs.field(init=False)
    operations: AnsweringOperations = attrs.field(init=False)
    charging: Charging = attrs.field(init=False)
    follower: ChargingFollower = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.stations = MemoryStations(self.now)
        self.stations.seed("cp-1", connected=True)
        self.stations.plug("cp-1", Connector(evse_id=1, max_power_w=7360))
        self.sessions = MemorySessions(self.now)
        self.holdings = MemoryHoldings(self.stations)
        self.profiles = MemoryProfiles(self.holdings)
        self.operations = AnsweringOperations(
            stations=self.stations,
            book=MemoryOperationsBook(self.now),
            now=self.now,
            answer=lambda _command: self.said,
            write=self.write,
        )
        self.charging = Charging(
            stations=self.stations,
            sessions=self.sessions,
            holdings=self.holdings,
            profiles=self.profiles,
            values=self.known,
            operations=self.operations,
            now=self.now,
        )
        self.follower = ChargingFollower(self.charging, self.tasks)

    def now(self) -> datetime:
        return self.time

    async def known(
        self, identity: str, operator_id: int, keys: Sequence[str]
    ) -> Mapping[str, str]:
        assert (identity, operator_id) == ("cp-1", 1)
        return {key: value for key, value in self.values.items() if key in keys}

    def write(self, write: Write) -> None:
        if isinstance(write, Hold):
            self.hold(write.kind, write.key, write.content, write.evse_id, write.operation_id)

    def hold(
        self,
        kind: str,
        key: str,
        content: dict[str, Any],
        evse_id: int | None = 1,
        operation_id: str | None = None,
        origin: str = "set",
    ) -> None:
        self.holdings.seed(
            "cp-1",
            Holding(
                kind=kind,
                key=key,
                evse_id=evse_id,
                content=content,
                origin=origin,
                operation_id=operation_id,
                created_at=NOW,
                updated_at=NOW,
            ),
        )

    async def set(self, profile: ChargingProfile, evse_id: int | None = None, **more: Any) -> Any:
        return await self.charging.set_profile("cp-1", 1, evse_id, profile, **more)

    async def tell(self, kind: str, session_id: str | None = SESSION.id, **data: Any) -> None:
        event = Event(
            kind=kind,
            operator_id=1,
            station_id=1,
            identity="cp-1",
            at=NOW,
            session_id=session_id,
            data=data,
        )
        await self.follower.receive([event])
        for work in self.tasks.work:
            await work
        self.tasks.work.clear()

    @property
    def sent(self) -> list[Command]:
        return [command for _, command in self.operations.sent]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_ports(bench: Bench) -> None:
    """They are provided."""
    assert verifyObject(ICharging, bench.charging)
    assert verifyObject(ISubscriber, bench.follower)


@waits
async def test_a_profile_of_the_station(bench: Bench) -> None:
    """Is for the whole of it unless an EVSE is named."""
    await bench.set(DEFAULT)
    await bench.set(replace(DEFAULT, id=2), 3, queue=True, requested_by="me")
    assert [(each.evse_id, each.profile_id) for each in bench.sent] == [(0, 1), (3, 2)]  # type: ignore[attr-defined]  # all are SetProfile


@pytest.mark.parametrize(
    ("evse_id", "transaction", "session_id"),
    [(1, None, None), (None, None, SESSION.id), (None, "T1", None), (1, "T1", SESSION.id)],
)
@waits
async def test_whose_session_it_is(
    bench: Bench, evse_id: int | None, transaction: str | None, session_id: str | None
) -> None:
    """That which is open on the EVSE, is named, or has the transaction."""
    bench.sessions.seed(SESSION)
    operation = await bench.set(
        replace(OWN, transaction_ref=transaction), evse_id, session_id=session_id
    )
    (command,) = bench.sent
    assert isinstance(command, v.SetProfile)
    assert (command.evse_id, command.profile.transaction_ref) == (1, "T1")
    assert operation.session_id == SESSION.id


@waits
async def test_a_transaction_nobody_knows(bench: Bench) -> None:
    """The station may know it; where it is must be said."""
    await bench.set(replace(OWN, transaction_ref="T9"), 2)
    assert len(bench.sent) == 1
    with pytest.raises(Invalid):
        await bench.set(replace(OWN, transaction_ref="T9"))


@pytest.mark.parametrize(
    ("session", "evse_id", "more", "error", "code"),
    [
        (SESSION, 2, {}, Conflict, "no_open_session"),
        (replace(SESSION, status=SessionStatus.ENDED), 1, {}, Conflict, "no_open_session"),
        (
            replace(SESSION, status=SessionStatus.ENDED),
            1,
            {"session_id": SESSION.id},
            Conflict,
            "session_ended",
        ),
        (replace(SESSION, transaction_ref=None), 1, {}, Conflict, "no_transaction"),
        (replace(SESSION, identity="cp-2"), 1, {"session_id": SESSION.id}, NotFound, "not_found"),
        (SESSION, 2, {"session_id": SESSION.id}, Invalid, "invalid"),
        (SESSION, None, {}, Invalid, "invalid"),
    ],
)
@waits
async def test_no_such_session(
    bench: Bench,
    session: Session,
    evse_id: int | None,
    more: dict[str, Any],
    error: type[Any],
    code: str,
) -> None:
    """K01.FR.03: a TxProfile is for a session that runs there; nothing is sent otherwise."""
    bench.sessions.seed(session)
    with pytest.raises(error) as refusal:
        await bench.set(OWN, evse_id, **more)
    assert refusal.value.code == code
    assert bench.sent == []


@waits
async def test_what_is_refused(bench: Bench) -> None:
    """What breaks a rule, what the station cannot take, and what collides with what it holds."""
    with pytest.raises(Invalid):
        await bench.set(DEFAULT, session_id=SESSION.id)
    with pytest.raises(Invalid):
        await bench.set(replace(DEFAULT, purpose=Purpose.STATION_MAX))
    bench.values = {KEYS[0]: "0"}
    with pytest.raises(Invalid) as refusal:
        await bench.set(replace(DEFAULT, stack_level=1))
    assert refusal.value.field == "profile.stack_level"
    await bench.set(DEFAULT)
    with pytest.raises(Conflict) as conflict:
        await bench.set(replace(DEFAULT, id=2))
    assert (conflict.value.code, "profile 1" in conflict.value.detail) == ("profile_conflict", True)


@waits
async def test_ids_that_the_station_keeps_for_itself(bench: Bench) -> None:
    """TC_K_109: ours are above them, and above those that are taken."""
    bench.values = {KEYS[7]: "50"}
    await bench.set(replace(DEFAULT, id=None))
    await bench.set(replace(DEFAULT, id=None, stack_level=1))
    assert [each.profile_id for each in bench.sent] == [51, 52]  # type: ignore[attr-defined]  # all are SetProfile
    with pytest.raises(Invalid) as refusal:
        await bench.set(replace(DEFAULT, id=50, stack_level=2))
    assert refusal.value.field == "profile.id"


@pytest.mark.parametrize(
    ("start", "same"), [(NOW - timedelta(seconds=9), True), (NOW - timedelta(days=9), False)]
)
@waits
async def test_the_composite_schedule(bench: Bench, start: datetime, same: bool) -> None:
    """As reported and as computed, of the same time unless the station's clock is far off."""
    bench.hold(PROFILE, "1", {"profile": plain(DEFAULT)})
    reported = CompositeSchedule(
        evse_id=1, start_at=start, duration=60, unit=Unit.W, periods=(Period(start_period=0),)
    )
    bench.said = Outcome(status="accepted", found=v.ScheduleFound(reported))
    found = await bench.charging.ask_schedule("cp-1", 1, 1, 60, None)
    assert found.reported == reported
    assert found.computed.start_at == (start if same else NOW)
    assert [each.limit for each in found.computed.periods] == [11_040.0]


@waits
async def test_without_an_answer(bench: Bench) -> None:
    """There is nothing reported, not even what was reported before."""
    bench.sessions.seed(SESSION)
    bench.said = Outcome(status="rejected")
    found = await bench.charging.ask_schedule("cp-1", 1, 1, 60, Unit.A)
    assert (found.reported, found.computed.unit) == (None, Unit.A)
    old = CompositeSchedule(evse_id=1, duration=60, unit=Unit.W, periods=())
    bench.hold(v.COMPOSITE, "1", plain(old))
    assert (await bench.charging.ask_schedule("cp-1", 1, 1, 60, None)).reported is None


@pytest.mark.parametrize("connected", [True, False])
@waits
async def test_what_limits_depend_on(bench: Bench, connected: bool) -> None:
    """What is held, pulled and told, what the station's clock shows, and since when it is away."""
    away = NOW - timedelta(hours=1)
    bench.stations.report("cp-1", connected=connected, last_seen_at=away)
    bench.values = {CLOCK[1]: "+02:00"}
    bench.sessions.seed(SESSION)
    bench.hold(PROFILE, "1", {"profile": plain(DYNAMIC)})
    bench.hold(v.PULLED, "1", {})
    bench.hold(v.LIMIT, "EMS:1", {"schedules": [plain(SCHEDULE)]})
    bench.hold(PRIORITY, "T1", {"transaction_ref": "T1"})
    scene = await bench.charging.scene("cp-1", 1)
    assert scene == Scene(
        profiles=(InstalledProfile(evse_id=1, profile=replace(DYNAMIC, dyn_update_time=NOW)),),
        limits=(OutsideLimit(evse_id=1, schedule=SCHEDULE, since=NOW),),
        sessions={1: Running(transaction_ref="T1", started_at=NOW, priority=True)},
        evses=(1,),
        offline_since=None if connected else away,
        zone=timezone(timedelta(hours=2)),
    )


@waits
async def test_dynamic_profiles(bench: Bench) -> None:
    """Are sent new figures, or keep them until the station asks."""
    update = ScheduleUpdate(limit=8.0)
    with pytest.raises(NotFound):
        await bench.charging.update_dynamic("cp-1", 1, 1, update)
    bench.hold(PROFILE, "1", {"profile": plain(DYNAMIC)})
    bench.hold(PROFILE, "2", {"profile": plain(DEFAULT)})
    await bench.charging.update_dynamic("cp-1", 1, 1, update)
    assert bench.sent == [v.UpdateSchedule(profile_id=1, update=update)]
    await bench.charging.keep_update("cp-1", 1, 1, update)
    ((key, profile),) = bench.profiles.amended
    assert (key, profile.schedules[0].periods[0].limit) == ("1", 8.0)
    with pytest.raises(Conflict):
        await bench.charging.keep_update("cp-1", 1, 2, update)


@waits
async def test_a_profile_that_goes_meanwhile(bench: Bench) -> None:
    """Has no figures to keep."""
    bench.hold(PROFILE, "1", {"profile": plain(DYNAMIC)})

    async def gone(*_: object) -> bool:
        return False

    charging = attrs.evolve(bench.charging, profiles=attrs.make_class("Gone", [])())
    type(charging.profiles).amend = staticmethod(gone)  # type: ignore[attr-defined]  # a stand-in
    with pytest.raises(NotFound):
        await charging.keep_update("cp-1", 1, 1, ScheduleUpdate(limit=1.0))


def test_power() -> None:
    """The most that a plug gives, if it is known."""
    assert known_power_w([None, 7000, 3000]) == 7000
    assert known_power_w([None]) is None


@waits
async def test_sessions_and_starts(bench: Bench) -> None:
    """What begins, ends or comes to nothing is passed on; a session of nobody is not."""
    await bench.tell("session.started", operation_id="o3")
    await bench.tell("session.started")
    await bench.tell("session.ended")
    await bench.tell("session.ended", None)
    await bench.tell("operation.expired", None, action="remote_start", operation_id="o1")
    await bench.tell("operation.expired", None, action="reset", operation_id="o2")
    book = bench.profiles
    assert (book.sessions_begun, book.sessions_ended) == ([SESSION.id], [SESSION.id])
    assert book.starts_fruitless == ["o1"]
    assert bench.sent == []


NEEDS: dict[str, Any] = {
    "needs": {
        "requested_energy_transfer": "AC_three_phase",
        "ac_charging_parameters": {"ev_max_current": 16},
    },
    "max_tuples": 1,
}


@pytest.mark.parametrize(
    ("kind", "told", "answer"),
    [("session.ev_needs", "Accepted", "Accepted"), ("session.started", None, "Processing")],
)
@waits
async def test_a_vehicle_is_sent_what_it_was_promised(
    bench: Bench, kind: str, told: str | None, answer: str
) -> None:
    """At once, or when its session begins: as much as it and its EVSE can."""
    bench.sessions.seed(SESSION)
    bench.hold(v.NEEDS, "1", {**NEEDS, "answer": answer})
    bench.profiles.needed.add(SESSION.id)
    await bench.tell(kind, answer=told)
    (command,) = bench.sent
    assert isinstance(command, v.SetProfile)
    (schedule,) = command.profile.schedules
    assert [each.limit for each in schedule.periods] == [10.6]
    assert command.profile.transaction_ref == "T1"


@pytest.mark.parametrize(
    ("session", "content", "late_s"),
    [
        (None, {**NEEDS, "answer": "Accepted"}, 0),
        (SESSION, None, 0),
        (SESSION, {**NEEDS, "answer": "Processing"}, 0),
        (replace(SESSION, transaction_ref=None), {**NEEDS, "answer": "Accepted"}, 0),
        (SESSION, {"needs": "odd", "answer": "Accepted"}, 0),
        (SESSION, {**NEEDS, "answer": "Accepted"}, 61),
    ],
)
@waits
async def test_a_vehicle_is_sent_nothing(
    bench: Bench, session: Session | None, content: dict[str, Any] | None, late_s: int
) -> None:
    """Without its session or needs, when nothing bounds it, or when it waits no longer."""
    bench.stations.report("cp-1", connectors=())
    if session is not None:
        bench.sessions.seed(session)
    if content is not None:
        bench.hold(v.NEEDS, "1", content)
    bench.time += timedelta(seconds=late_s)
    await bench.tell("session.ev_needs", answer="Accepted")
    assert bench.sent == []


@waits
async def test_needs_that_grew_old_meanwhile(bench: Bench) -> None:
    """The moment that counts is that at which the profile would be sent."""
    bench.sessions.seed(SESSION)
    bench.hold(v.NEEDS, "1", {**NEEDS, "answer": "Accepted"})
    event = Event(
        kind="session.ev_needs",
        operator_id=1,
        station_id=1,
        identity="cp-1",
        at=NOW,
        session_id=SESSION.id,
        data={"answer": "Accepted"},
    )
    await bench.follower.receive([event])
    bench.time += timedelta(minutes=2)
    (work,) = bench.tasks.work
    await work
    assert bench.sent == []


@waits
async def test_a_vehicle_that_exceeds_its_profile(bench: Bench) -> None:
    """Is sent it again, if it is still held and can be read."""
    await bench.tell("session.ev_schedule", again=True, profile_id=1)
    bench.hold(PROFILE, "2", {"profile": {"id": 2}})
    await bench.tell("session.ev_schedule", again=True, profile_id=2)
    await bench.tell("session.ev_schedule", again=False, profile_id=2)
    assert bench.sent == []
    profile = replace(OWN, id=1, transaction_ref="T1")
    bench.hold(PROFILE, "1", {"profile": plain(profile)})
    await bench.tell("session.ev_schedule", again=True, profile_id=1)
    assert bench.sent == [v.SetProfile(evse_id=1, profile=profile, ref=bench.sent[0].ref)]  # type: ignore[attr-defined]  # as above


@waits
async def test_a_profile_that_cannot_be_sent(bench: Bench) -> None:
    """Is no error of ours."""
    bench.sessions.seed(SESSION)
    bench.hold(v.NEEDS, "1", {**NEEDS, "answer": "Accepted"})
    bench.said = Overloaded("too many commands wait")
    await bench.tell("session.ev_needs", answer="Accepted")
    assert bench.sent == []


@waits
async def test_a_session_that_goes_on(bench: Bench) -> None:
    """2.1 E17.FR.15: its profiles are sent once more, as far as they are ours."""
    own = replace(OWN, id=2, transaction_ref="T1")
    bench.hold(PROFILE, "1", {"profile": plain(DEFAULT)})
    bench.hold(PROFILE, "2", {"profile": plain(own)})
    bench.hold(PROFILE, "3", {"profile": plain(replace(OWN, transaction_ref="T2"))})
    bench.hold(PROFILE, "4", {"profile": plain(own)}, origin="told")
    await bench.tell("session.resumed", transaction_ref="T1")
    (command,) = bench.sent
    assert isinstance(command, v.SetProfile)
    assert (command.evse_id, command.profile) == (1, own)
