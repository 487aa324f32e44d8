"""What follows from what stations say of charging, and from their answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.assembly import TakePart
from csms.core.charging import vocabulary as v
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
from csms.core.charging.scene import PRIORITY, scene_of
from csms.core.charging.vehicles import MAX_REJECTIONS
from csms.core.commands import Command, Outcome, RemoteStart
from csms.core.decisions import Policy
from csms.core.happenings import Happened
from csms.core.holdings import Drop, Hold
from csms.core.operations import action_of, payload_of
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, Session, SessionStatus, StationKey
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = StationKey(7, "CP", 1)
SCHEDULE = Schedule(unit=Unit.A, periods=(Period(start_period=0, limit=16.0),))
DEFAULT = ChargingProfile(
    id=1, stack_level=0, purpose=Purpose.TX_DEFAULT, kind=Kind.RELATIVE, schedules=(SCHEDULE,)
)
OWN = replace(DEFAULT, purpose=Purpose.TX, transaction_ref="T1")
DYNAMIC = replace(DEFAULT, kind=Kind.DYNAMIC)
SESSION = Session(
    id="s1",
    operator_id=1,
    station_id=7,
    identity="CP",
    evse_id=1,
    transaction_ref="T1",
    started_at=NOW,
    created_at=NOW,
    updated_at=NOW,
)


@pytest.fixture
def desk() -> Desk:
    return Desk(NOW)


def held(kind: str, key: str, content: dict[str, Any], evse_id: int = 1) -> v.Held:
    return v.Held(kind=kind, key=key, evse_id=evse_id, content=content, updated_at=NOW)


def installed(profile: ChargingProfile) -> v.Held:
    return held(PROFILE, str(profile.id), {"profile": plain(profile), "source": "CSO"})


def knows(desk: Desk, *things: v.Held) -> None:
    desk.book.answers[v.HeldAsked] = lambda _key, asked: tuple(
        each for each in things if each.kind in asked.kinds
    )


def answer(desk: Desk, command: Command, status: str = "accepted", found: object = None) -> None:
    """The station answered a command."""
    operation = Operation(
        id="op",
        operator_id=1,
        station_id=7,
        identity="CP",
        action=action_of(command),
        payload=payload_of(command),
        status=OperationStatus.PENDING,
        created_at=NOW,
        expires_at=NOW,
    )
    desk.book.operations["op"] = operation
    outcome = Outcome(status=status, found=found)
    desk.say(KEY, CommandAnswered(operation=operation, command=command, outcome=outcome, at=NOW))


def writes(desk: Desk, kind: type) -> list[Any]:
    return [each for each in desk.book.kept if isinstance(each, kind)]


def test_an_accepted_profile_is_held(desk: Desk) -> None:
    """Under its id, or the number that it was given; and it is told."""
    answer(desk, v.SetProfile(evse_id=1, profile=replace(DEFAULT, id=None), ref=40))
    (hold,) = writes(desk, Hold)
    assert (hold.kind, hold.key, hold.evse_id, hold.origin) == (PROFILE, "40", 1, "set")
    assert hold.content == {"profile": {**plain(DEFAULT), "id": 40}, "source": "CSO"}
    assert desk.last("charging.profile_set").data["profile_id"] == 40
    assert writes(desk, Drop) == []


def test_a_refused_profile_is_not(desk: Desk) -> None:
    """Nothing is held that the station does not have."""
    answer(desk, v.SetProfile(evse_id=1, profile=DEFAULT), "rejected")
    assert desk.book.kept == []


def test_a_profile_takes_the_place_of_another(desk: Desk) -> None:
    """Where the version says so: of the same purpose and level, at the same place (1.6)."""
    answer(desk, v.SetProfile(evse_id=1, profile=DEFAULT), found=v.Replaced())
    (drop,) = writes(desk, Drop)
    assert (drop.keys, drop.evse_id) == (None, 1)
    assert drop.matching == {"profile": {"purpose": "TxDefaultProfile", "stack_level": 0}}


def test_a_profile_that_comes_with_a_start(desk: Desk) -> None:
    """Is held for the session that follows; a start without one leads to nothing."""
    answer(desk, RemoteStart(id_token="TAG", ref=5))
    start = RemoteStart(id_token="TAG", evse_id=1, ref=5, charging_profile=replace(OWN, id=None))
    answer(desk, start, "rejected")
    assert desk.book.kept == []
    answer(desk, start)
    (hold,) = writes(desk, Hold)
    assert (hold.key, hold.operation_id) == ("5", "op")


@pytest.mark.parametrize(
    ("command", "keys", "evse_id", "matching"),
    [
        (v.ClearProfiles(profile_id=3), ("3",), None, None),
        (v.ClearProfiles(evse_id=0), None, 0, None),
        (
            v.ClearProfiles(evse_id=1, purpose=Purpose.TX, stack_level=0),
            None,
            1,
            {"profile": {"purpose": "TxProfile", "stack_level": 0}},
        ),
    ],
)
def test_cleared_profiles_are_gone(
    desk: Desk, command: v.ClearProfiles, keys: Any, evse_id: int | None, matching: Any
) -> None:
    """By id, or whatever fits."""
    answer(desk, command)
    (drop,) = writes(desk, Drop)
    assert (drop.keys, drop.evse_id, drop.matching) == (keys, evse_id, matching)
    assert "charging.profiles_cleared" in desk.kinds


def test_what_the_station_does_not_know_is_forgotten(desk: Desk) -> None:
    """Whether it was to be taken away or told; that is no news to the world."""
    answer(desk, v.ClearProfiles(profile_id=3), "rejected", v.NoProfiles())
    answer(desk, v.ReportProfiles(ref=4, evse_id=2), "rejected", v.NoProfiles())
    assert [drop.evse_id for drop in writes(desk, Drop)] == [None, 2]
    assert "charging.profiles_cleared" not in desk.kinds
    desk.book.kept.clear()
    answer(desk, v.ClearProfiles(profile_id=3), "rejected")
    answer(desk, v.ReportProfiles(ref=4))
    assert desk.book.kept == []


def told(ref: int | None, *, last: bool = True, number: int = 1) -> v.ProfilesTold:
    return v.ProfilesTold(
        ref=ref, evse_id=1, source="CSO", profiles=({**plain(DEFAULT), "id": number},), last=last
    )


def test_told_profiles_are_held(desk: Desk) -> None:
    """Also those that nobody asked for, and those without a number."""
    desk.say(KEY, told(None))
    (hold,) = desk.book.kept
    assert (hold.key, hold.origin, hold.seen_ref) == ("1", "told", None)
    desk.say(KEY, told(8))
    assert writes(desk, Drop) == []
    assert len(writes(desk, TakePart)) == 1


def test_an_empty_report_drops_nothing(desk: Desk) -> None:
    """That there are no profiles is said by a status."""
    desk.book.answers[v.WishAsked] = lambda *_: ({"profile_ids": [], "sources": []},)
    desk.say(KEY, replace(told(8), profiles=()))
    assert writes(desk, Drop) == []


def test_a_complete_report_drops_what_it_left_out(desk: Desk) -> None:
    """Of what was asked for, once all parts are there; one that comes again changes nothing."""
    wish = {"profile_ids": [], "sources": ["CSO", "EMS"], "evse_id": 1, "purpose": "TxProfile"}
    desk.book.answers[v.WishAsked] = lambda _key, asked: (wish,) if asked.ref == 8 else ()
    desk.say(KEY, told(8, last=False))
    assert writes(desk, Drop) == []
    desk.say(KEY, told(8, number=2))
    drops = writes(desk, Drop)
    assert [drop.matching for drop in drops] == [
        {"profile": {"purpose": "TxProfile"}, "source": "CSO"},
        {"profile": {"purpose": "TxProfile"}, "source": "EMS"},
    ]
    assert {(drop.unseen_ref, drop.evse_id, drop.keys) for drop in drops} == {(8, 1, None)}
    desk.say(KEY, told(8, number=2))
    assert len(writes(desk, Drop)) == 2


def test_a_report_of_named_profiles(desk: Desk) -> None:
    """Drops only those of the names."""
    desk.book.answers[v.WishAsked] = lambda *_: ({"profile_ids": [1, 2]},)
    desk.say(KEY, told(8))
    (drop,) = writes(desk, Drop)
    assert (drop.keys, drop.matching) == (("1", "2"), None)


def test_the_newest_composite_schedule_is_held(desk: Desk) -> None:
    """As the station told it; what is no schedule leaves the one before."""
    schedule = CompositeSchedule(
        evse_id=1, start_at=NOW, duration=60, unit=Unit.A, periods=SCHEDULE.periods
    )
    ask = v.AskSchedule(evse_id=1, duration_s=60)
    answer(desk, ask)
    answer(desk, ask, "rejected", v.ScheduleFound(schedule))
    assert desk.book.kept == []
    answer(desk, ask, found=v.ScheduleFound(schedule))
    (hold,) = desk.book.kept
    assert (hold.kind, hold.key, hold.content) == (v.COMPOSITE, "1", plain(schedule))


def test_updates_of_dynamic_profiles(desk: Desk) -> None:
    """What was not named stays; what the station refused, or is not held, changes nothing."""
    update = v.UpdateSchedule(profile_id=1, update=ScheduleUpdate(setpoint=5.0))
    answer(desk, update)
    knows(desk, installed(DYNAMIC))
    answer(desk, update, "rejected")
    assert desk.book.kept == []
    answer(desk, update)
    (hold,) = desk.book.kept
    (schedule,) = hold.content["profile"]["schedules"]
    assert schedule["periods"] == ({"start_period": 0, "limit": 16.0, "setpoint": 5.0},)
    assert hold.content["profile"]["dyn_update_time"] == "2026-03-01T12:00:00.000Z"


def test_pulled_updates(desk: Desk) -> None:
    """K28: the figures as they are now, of dynamic profiles that are ours."""
    pull = v.UpdatePulled(profile_id=1)
    assert desk.say(KEY, pull) == v.UpdateGiven(update=None)
    knows(desk, installed(DEFAULT))
    assert desk.say(KEY, pull) == v.UpdateGiven(update=None)
    knows(desk, installed(DYNAMIC))
    assert desk.say(KEY, pull) == v.UpdateGiven(update=ScheduleUpdate(limit=16.0))
    assert writes(desk, Hold) == []


def test_pulling_keeps_it_up(desk: Desk) -> None:
    """K28.FR.14: a profile that lapses without new figures is noted to have been given some."""
    (schedule,) = DYNAMIC.schedules
    lapsing = replace(DYNAMIC, schedules=(replace(schedule, duration=60),))
    knows(desk, installed(lapsing))
    given = desk.say(KEY, v.UpdatePulled(profile_id=1))
    assert given == v.UpdateGiven(update=ScheduleUpdate(limit=16.0))
    (hold,) = writes(desk, Hold)
    assert (hold.kind, hold.key, hold.content, hold.at) == (v.PULLED, "1", {}, NOW)


def test_a_dynamic_profile_is_new_when_it_is_set(desk: Desk) -> None:
    """K28.FR.05: it lasts from then on."""
    answer(desk, v.SetProfile(evse_id=1, profile=DYNAMIC))
    (hold,) = desk.book.kept
    assert hold.content["profile"]["dyn_update_time"] == "2026-03-01T12:00:00.000Z"


def test_limits_from_outside(desk: Desk) -> None:
    """One of each source and EVSE is held until it is cleared, there or everywhere."""
    desk.say(KEY, v.LimitTold(evse_id=1, source="EMS", limit={"is_grid_critical": True}))
    (hold,) = writes(desk, Hold)
    assert (hold.key, hold.content) == ("EMS:1", {"is_grid_critical": True, "source": "EMS"})
    assert desk.last("charging.limit").data["is_grid_critical"] is True
    desk.say(KEY, v.LimitCleared(source="EMS"))
    (drop,) = writes(desk, Drop)
    assert (drop.keys, drop.evse_id, drop.matching) == (None, None, {"source": "EMS"})
    assert desk.kinds[-1] == "charging.limit_cleared"


def test_generation_beside_a_limit(desk: Desk) -> None:
    """K27: what a source generates somewhere takes nothing away from what it limits there."""
    desk.say(KEY, v.LimitTold(evse_id=0, source="EMS", limit={"is_local_generation": True}))
    desk.say(KEY, v.LimitTold(evse_id=0, source="EMS", limit={"is_local_generation": False}))
    assert [hold.key for hold in writes(desk, Hold)] == ["EMS:0:generation", "EMS:0"]


@pytest.mark.parametrize(
    ("policy", "session", "status"),
    [
        ("profile", SESSION, "Accepted"),
        ("profile", replace(SESSION, transaction_ref=None), "Processing"),
        ("profile", replace(SESSION, status=SessionStatus.ENDED), "Processing"),
        ("none", SESSION, "NoChargingProfile"),
        ("reject", SESSION, "Rejected"),
    ],
)
def test_needs(desk: Desk, policy: str, session: Session, status: str) -> None:
    """What a vehicle is promised: by policy, and once there is a transaction."""
    desk.policy = Policy(ev_needs=policy)
    desk.book.keep(session)
    report = v.NeedsTold(evse_id=1, needs={"control_mode": "Dynamic"}, max_tuples=3)
    assert desk.say(KEY, report) == v.NeedsAnswered(status=status)
    (hold,) = writes(desk, Hold)
    assert (hold.kind, hold.key, hold.content["answer"]) == (v.NEEDS, "1", status)
    (happened,) = writes(desk, Happened)
    assert happened.content == hold.content
    event = desk.last("session.ev_needs")
    assert event.session_id == hold.content["session_id"]
    assert event.data == {"evse_id": 1, "answer": status}


WANTS = plain(Schedule(unit=Unit.A, periods=(Period(start_period=0, limit=20.0),)))


def wants(schedule: dict[str, object]) -> v.VehicleScheduleTold:
    return v.VehicleScheduleTold(evse_id=1, at=NOW, schedule=schedule)


@pytest.mark.parametrize(
    ("things", "schedule", "accepted"),
    [
        ((), WANTS, True),
        ((installed(DEFAULT),), WANTS, True),
        ((installed(replace(OWN, transaction_ref="T2")),), WANTS, True),
        ((installed(OWN),), {"unit": "A"}, True),
        ((installed(OWN),), plain(SCHEDULE), True),
        ((installed(OWN),), WANTS, False),
    ],
)
def test_vehicle_schedules(
    desk: Desk, things: tuple[v.Held, ...], schedule: dict[str, object], accepted: bool
) -> None:
    """K16: within the profile of its session; what cannot be compared is nobody's fault."""
    desk.book.keep(SESSION)
    knows(desk, *things)
    assert desk.say(KEY, wants(schedule)) == v.VehicleScheduleAnswered(accepted=accepted)
    event = desk.last("session.ev_schedule")
    assert (event.data["accepted"], event.data["again"]) == (accepted, not accepted)


def test_a_schedule_of_nobody(desk: Desk) -> None:
    """Without a session there is nothing to hold it against."""
    knows(desk, installed(OWN))
    assert desk.say(KEY, wants(WANTS)) == v.VehicleScheduleAnswered(accepted=True)


@pytest.mark.parametrize(
    ("before", "session_id", "count"),
    [(1, "s1", 2), (MAX_REJECTIONS, "s1", MAX_REJECTIONS + 1), (2, "s0", 1), ("x", "s1", 1)],
)
def test_a_vehicle_that_insists(desk: Desk, before: object, session_id: str, count: int) -> None:
    """Is sent its profile a few times in a row only."""
    desk.book.keep(SESSION)
    content = {"session_id": session_id, "rejections": before}
    knows(desk, installed(OWN), held(v.EV_SCHEDULE, "1", content))
    desk.say(KEY, wants(WANTS))
    (hold,) = writes(desk, Hold)
    assert hold.content["rejections"] == count
    assert desk.last("session.ev_schedule").data["again"] is (count <= MAX_REJECTIONS)


def test_the_scene() -> None:
    """Everything that can be read of what is held, and the newest open session of each EVSE."""
    limit = {"source": "EMS", "schedules": [{"unit": "kW"}, plain(SCHEDULE), plain(SCHEDULE)]}
    things = [
        installed(DEFAULT),
        held(PROFILE, "2", {"profile": {"id": 2}}),
        held(v.LIMIT, "EMS:1", limit),
        held(v.LIMIT, "SO:1", {"source": "SO"}),
        held(PRIORITY, "T1", {"transaction_ref": "T1"}),
    ]
    ended = replace(SESSION, id="s0", evse_id=2, status=SessionStatus.ENDED)
    scene = scene_of(things, (SESSION, ended), (2, 0, 1, 1))
    assert [each.profile for each in scene.profiles] == [DEFAULT]
    assert [(each.evse_id, each.schedule) for each in scene.limits] == [(1, SCHEDULE)]
    assert list(scene.sessions) == [1]
    assert scene.sessions[1].priority
    assert scene.evses == (1, 2)
