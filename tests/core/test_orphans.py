"""Whose is a message of a transaction nobody knows?  Never somebody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from csms.core.decisions import Policy
from csms.core.flags import ADMINISTRATIVE, ADOPTED, ORPHAN, START_UNKNOWN, STOP_MISSING
from csms.core.replies import StartAnswered
from csms.core.reports import Metered, SessionStarted, SessionStopped
from csms.core.values import Reading, Sample, Session, SessionStatus, StationKey
from csms.testing.desk import Desk

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")


@pytest.fixture
def desk() -> Desk:
    return Desk(T0, Policy(accept_unknown_tokens=True))


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def values(minutes: float, register: float, evse: int = 1, ref: str = "-1") -> Metered:
    reading = Reading(at(minutes), (Sample(value=register),))
    return Metered(evse_id=evse, transaction_ref=ref, readings=(reading,))


def stop(minutes: float, meter: float | None, ref: str = "-1") -> SessionStopped:
    return SessionStopped(transaction_ref=ref, at=at(minutes), meter_wh=meter)


def start(minutes: float, meter: float | None = 1000.0, evse: int = 1) -> SessionStarted:
    return SessionStarted(evse_id=evse, id_token="TAG", at=at(minutes), meter_wh=meter)


def on(desk: Desk, evse: int) -> Session:
    (session,) = [session for session in desk.sessions if session.evse_id == evse]
    return session


# -- stops without an id


@pytest.mark.parametrize("evse", [1, 2])
def test_a_stop_without_id_ends_the_orphan_whose_register_it_continues(
    desk: Desk, evse: int
) -> None:
    """A stop does not tell its connector; the register does."""
    desk.say(CP1, values(10, 2000.0, evse=1))
    desk.say(CP1, values(11, 900_000.0, evse=2))
    desk.say(CP1, stop(30, 3000.0 if evse == 1 else 903_000.0))
    ended = on(desk, evse)
    assert (ended.status, ended.energy_wh) == (SessionStatus.ENDED, {1: 1000.0, 2: 3000.0}[evse])
    assert on(desk, 3 - evse).status is SessionStatus.ACTIVE
    assert all(session.flags == (ORPHAN,) for session in desk.sessions)


def test_a_stop_without_id_that_continues_no_orphan_is_one_of_its_own(desk: Desk) -> None:
    """Somebody else's register is not billed to an orphan."""
    desk.say(CP1, values(10, 2000.0))
    desk.say(CP1, stop(30, 500.0))
    assert on(desk, 1).status is SessionStatus.ACTIVE
    assert on(desk, 0).status is SessionStatus.ENDED
    desk.say(CP1, stop(40, 9_000_000.0))
    assert on(desk, 1).status is SessionStatus.ACTIVE


def test_a_stop_before_an_orphan_s_evidence_is_not_its_stop(desk: Desk) -> None:
    """It ended before the other began."""
    desk.say(CP1, values(10, 2000.0))
    desk.say(CP1, stop(5, 2000.0))
    assert on(desk, 1).status is SessionStatus.ACTIVE


def test_a_stop_without_id_and_register_ends_the_newest_orphan(desk: Desk) -> None:
    """There is nothing else to go by."""
    desk.say(CP1, values(10, 2000.0, evse=1))
    desk.say(CP1, values(11, 9000.0, evse=2))
    desk.say(CP1, stop(30, None))
    assert on(desk, 2).status is SessionStatus.ENDED


def test_a_stop_ends_an_orphan_without_any_register(desk: Desk) -> None:
    """As long as nothing speaks against it."""
    power = Reading(at(10), (Sample("Power.Active.Import", 7.0, "W"),))
    desk.say(CP1, Metered(evse_id=1, transaction_ref="-1", readings=(power,)))
    desk.say(CP1, stop(30, 5000.0))
    assert on(desk, 1).status is SessionStatus.ENDED


@pytest.mark.parametrize("meter", [5000.0, 0.0, None])
def test_a_repeated_stop_ends_nothing_else(desk: Desk, meter: float | None) -> None:
    """It is known by what it said, also when another orphan is open by then."""
    desk.say(CP1, values(10, 2000.0))
    desk.say(CP1, stop(30, meter))
    desk.say(CP1, values(20, 2500.0, evse=2))
    desk.say(CP1, stop(30, meter))
    assert len(desk.sessions) == 2
    assert on(desk, 2).status is SessionStatus.ACTIVE


# -- values without an id


def test_a_new_start_supersedes_an_orphan(desk: Desk) -> None:
    """Or the next undelivered transaction would be added to it: somebody else's energy."""
    desk.say(CP1, values(10, 2000.0))
    desk.later(hours=24)
    desk.say(CP1, start(24 * 60, 2500.0))
    orphan, running = desk.sessions
    assert (orphan.status, orphan.flags) == (
        SessionStatus.ENDED,
        (ORPHAN, STOP_MISSING, ADMINISTRATIVE),
    )
    assert running.energy_wh == 0.0
    desk.say(CP1, stop(25 * 60, 9000.0, ref=str(running.transaction_ref)))
    desk.say(CP1, values(48 * 60, 9500.0))
    assert [session.energy_wh for session in desk.sessions] == [0.0, 6500.0, 0.0]


def test_a_superseded_orphan_takes_no_more_values(desk: Desk) -> None:
    """Not even when it is open still, as suspect."""
    desk.say(CP1, values(10, 2000.0))
    desk.say(CP1, start(60, 0.0))
    desk.say(CP1, values(120, 2500.0))
    assert [s.status for s in desk.sessions] == [
        SessionStatus.SUSPECT,
        SessionStatus.ACTIVE,
        SessionStatus.ACTIVE,
    ]


def test_a_superseded_orphan_is_settled_by_its_stop(desk: Desk) -> None:
    """As any session whose stop comes after all."""
    desk.say(CP1, values(10, 2000.0))
    desk.later(hours=1)
    desk.say(CP1, start(60, 2500.0))
    desk.say(CP1, stop(50, 2400.0))
    orphan = desk.sessions[0]
    assert (orphan.ended_at, orphan.energy_wh, orphan.flags) == (at(50), 400.0, (ORPHAN,))
    assert len(desk.sessions) == 2


def test_of_several_open_orphans_of_an_evse_the_newest_is_meant(desk: Desk) -> None:
    """The older one's values are over."""
    for minutes in (-60, 0):
        desk.book.sessions[str(minutes)] = Session(
            id=str(minutes),
            operator_id=1,
            station_id=1,
            identity="CP1",
            evse_id=1,
            started_at=at(minutes),
            flags=(ORPHAN,),
            created_at=at(minutes),
            updated_at=at(minutes),
        )
    desk.say(CP1, values(5, 100.0))
    assert [session.last_reading_at for session in desk.sessions] == [None, at(5)]


# -- starts that come late


def adopted(desk: Desk, report: SessionStarted) -> bool:
    reply = desk.say(CP1, report)
    assert isinstance(reply, StartAnswered)
    (session,) = [s for s in desk.sessions if s.transaction_ref == reply.transaction_ref]
    return ADOPTED in session.flags


def test_what_is_told_of_an_ended_orphan_is_told_again_with_its_start(desk: Desk) -> None:
    """Whoever bills at the end learns the energy that counts."""
    desk.say(CP1, stop(30, 5000.0))
    desk.later(hours=1)
    assert adopted(desk, start(0))
    assert desk.kinds == ["session.flagged", "session.ended", "session.started", "session.ended"]
    assert desk.last("session.ended").data["energy_wh"] == 4000.0


def test_a_start_of_today_adopts_no_orphan_of_yesterday(desk: Desk) -> None:
    """Evidence that we had before the start happened is not its own, whatever clock it shows."""
    desk.say(CP1, values(2 * 60, 5000.0))
    desk.later(minutes=90)
    assert not adopted(desk, start(90))


def test_a_start_adopts_no_orphan_of_another_day(desk: Desk) -> None:
    """Too much lies between."""
    desk.later(days=3)
    desk.say(CP1, stop(3 * 24 * 60, 5000.0))
    assert not adopted(desk, start(0))


@pytest.mark.parametrize(("meter", "fits"), [(5000.0, True), (60_000.0, True), (9e6, False)])
def test_a_start_adopts_no_orphan_of_another_meter(desk: Desk, meter: float, fits: bool) -> None:
    """What no charger can have delivered in between was counted elsewhere."""
    desk.later(hours=1)
    desk.say(CP1, stop(30, meter))
    assert adopted(desk, start(0)) == fits


def test_an_adopted_session_knows_its_start(desk: Desk) -> None:
    """Unless the start did not tell either."""
    desk.later(hours=1)
    desk.say(CP1, values(10, 2000.0))
    assert adopted(desk, start(0, None))
    assert on(desk, 1).flags == (ADOPTED, START_UNKNOWN)
    desk.say(CP1, values(10, 2000.0, evse=2))
    orphan = on(desk, 2)
    desk.book.sessions[orphan.id] = replace(orphan, flags=(ORPHAN, START_UNKNOWN))
    assert adopted(desk, start(1, 1500.0, evse=2))
    assert on(desk, 2).flags == (ADOPTED,)
