"""Whose is what comes without its number, or under another id, while a session is open?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.core.continuing import LikelyAsked
from csms.core.decide import question
from csms.core.decisions import Policy
from csms.core.flags import NUMBER_MISSING, ORPHAN, START_UNKNOWN, STOP_MISSING
from csms.core.replies import StartAnswered
from csms.core.reports import (
    Metered,
    Report,
    SessionStarted,
    SessionStopped,
    Stage,
    TransactionTold,
)
from csms.core.values import Reading, Sample, Session, SessionStatus, StationKey, Token
from csms.testing.desk import Desk

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CS1 = StationKey(1, "CS1")
CS2 = StationKey(2, "CS2")
ACTIVE, SUSPECT, ENDED = SessionStatus.ACTIVE, SessionStatus.SUSPECT, SessionStatus.ENDED


@pytest.fixture
def desk() -> Desk:
    return new_desk()


def new_desk() -> Desk:
    desk = Desk(T0, Policy(accept_unknown_tokens=True))
    desk.book.add_token(Token(id_token="TAG", group_id="FLEET"))
    desk.book.add_token(Token(id_token="MATE", group_id="FLEET"))
    return desk


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def begin(desk: Desk, minutes: float = 0, meter: float | None = 1000.0, evse: int = 1) -> str:
    report = SessionStarted(evse_id=evse, id_token="TAG", at=at(minutes), meter_wh=meter)
    reply = desk.say(CS1, report)
    assert isinstance(reply, StartAnswered)
    return reply.transaction_ref


def reading(minutes: float, register: float | None) -> Reading:
    power = Sample("Power.Active.Import", 7.0, "W")
    return Reading(at(minutes), (power if register is None else Sample(value=register),))


def values(minutes: float, register: float | None, ref: str = "-1", evse: int = 1) -> Metered:
    return Metered(evse_id=evse, transaction_ref=ref, readings=(reading(minutes, register),))


def stop(
    minutes: float, meter: float | None, ref: str = "-1", tag: str | None = None
) -> SessionStopped:
    return SessionStopped(transaction_ref=ref, at=at(minutes), meter_wh=meter, id_token=tag)


def told(
    stage: Stage,
    minutes: float,
    register: float | None,
    ref: str = "U-1",
    number: int = 1,
    evse: int | None = 1,
    **more: object,
) -> TransactionTold:
    report = TransactionTold(
        stage=stage,
        transaction_ref=ref,
        sequence_number=number,
        at=at(minutes),
        evse_id=evse,
        readings=() if register is None else (reading(minutes, register),),
    )
    return replace(report, **more)


def started(minutes: float, register: float, ref: str = "U-1", **more: object) -> TransactionTold:
    return told(Stage.STARTED, minutes, register, ref, 0, id_token="TAG", **more)


def say(desk: Desk, *reports: Report, key: StationKey = CS1) -> None:
    for report in reports:
        desk.say(key, report)


def only(desk: Desk) -> Session:
    (session,) = desk.sessions
    return session


def energies(desk: Desk) -> list[float]:
    return [session.energy_wh for session in desk.sessions]


# -- 1.6: values without a number


@pytest.mark.parametrize("ref", ["-1", "0"])
def test_values_that_continue_the_open_session_are_its_own(desk: Desk, ref: str) -> None:
    """The station lost its number; no second session is made of the same energy."""
    number = begin(desk)
    say(desk, values(5, 1500.0, number), values(10, 2000.0, ref))
    session = only(desk)
    assert (session.energy_wh, session.flags) == (1000.0, (NUMBER_MISSING,))
    assert desk.kinds.count("session.flagged") == 1


def test_values_without_a_number_that_come_late_or_again_change_nothing(desk: Desk) -> None:
    """While it runs and when it is over, also of the same moment."""
    number = begin(desk)
    heard = [values(5, 1500.0), values(10, 2000.0), values(10, 2100.0)]
    say(desk, *heard)
    say(desk, values(7, 1700.0))
    before = only(desk)
    say(desk, *heard)
    assert only(desk) == before
    say(desk, stop(30, 3000.0, number))
    before = only(desk)
    say(desk, *heard)
    assert only(desk) == before


def test_values_of_a_superseded_session_that_come_again_are_no_orphan(desk: Desk) -> None:
    """Whether the server ended it or it is open still."""
    begin(desk)
    say(desk, values(10, 2000.0))
    begin(desk, 60, 500.0)
    say(desk, values(10, 2000.0))
    assert [session.status for session in desk.sessions] == [SUSPECT, ACTIVE]
    begin(desk, 90, 600.0)
    say(desk, values(60, 500.0))
    assert [session.status for session in desk.sessions] == [SUSPECT, ENDED, ACTIVE]


@pytest.mark.parametrize(
    ("minutes", "register"), [(10, 900.0), (10, 900_000.0), (-1, 1000.0), (26 * 60, 2000.0)]
)
def test_values_that_do_not_continue_it_are_an_orphan_s(
    desk: Desk, minutes: float, register: float
) -> None:
    """Below the last, beyond what can be delivered, before its begin, or a day after all that
    was heard of it: in doubt two sessions."""
    begin(desk)
    say(desk, values(minutes, register))
    assert sorted(ORPHAN in session.flags for session in desk.sessions) == [False, True]
    assert energies(desk) == [0.0, 0.0]


def test_values_of_another_evse_are_not_its_own(desk: Desk) -> None:
    """Whatever their register."""
    begin(desk)
    say(desk, values(10, 2000.0, evse=2))
    assert energies(desk) == [0.0, 0.0]


def test_values_of_no_evse_or_no_time_are_an_orphan_s(desk: Desk) -> None:
    """There is nothing to find the session by."""
    begin(desk)
    say(desk, values(10, 2000.0, evse=0))
    assert len(desk.sessions) == 2
    say(desk, Metered(evse_id=1, transaction_ref="-1"))
    assert len(desk.sessions) == 3


def test_values_without_a_register_are_the_open_session_s(desk: Desk) -> None:
    """They bill nobody, and nothing speaks against it."""
    begin(desk)
    say(desk, values(10, None))
    assert (only(desk).power_w, only(desk).energy_wh) == (7.0, 0.0)


def test_a_session_without_any_register_is_continued_by_none(desk: Desk) -> None:
    """Nothing speaks for it."""
    begin(desk, meter=None)
    say(desk, values(10, 2000.0))
    assert [session.flags for session in desk.sessions] == [(START_UNKNOWN,), (ORPHAN,)]


def test_an_orphan_that_runs_and_fits_comes_first(desk: Desk) -> None:
    """It has been without a number before."""
    begin(desk)
    say(desk, values(10, 500.0), values(11, 600.0), values(12, 2000.0))
    assert energies(desk) == [0.0, 1500.0]


def test_values_go_to_the_session_if_they_cannot_be_of_the_orphan(desk: Desk) -> None:
    """A wild reading does not take the session what comes after it; nor is what fits neither
    the session's."""
    begin(desk)
    say(desk, values(10, 990_000.0), values(11, 2000.0))
    assert energies(desk) == [1000.0, 0.0]
    say(desk, values(12, 100.0))
    assert energies(desk) == [1000.0, 0.0]


def test_values_that_fit_one_that_lost_its_end_as_well_are_nobody_s(desk: Desk) -> None:
    """In doubt two sessions; so where they fit that one alone."""
    begin(desk, 0, 2000.0)
    begin(desk, 20, 500.0)
    say(desk, values(30, 2500.0))
    assert [session.status for session in desk.sessions] == [SUSPECT, ACTIVE, ACTIVE]
    assert energies(desk) == [0.0, 0.0, 0.0]
    number = desk.sessions[1].transaction_ref
    say(desk, stop(40, 600.0, str(number)), stop(50, 2600.0), values(60, 2700.0))
    assert (desk.sessions[0].energy_wh, len(desk.sessions)) == (0.0, 4)


def test_an_orphan_that_lost_its_end_takes_nothing(desk: Desk) -> None:
    """Though its register be the only one that is continued."""
    begin(desk)
    say(desk, values(10, 500_000.0))
    orphan = desk.sessions[1]
    desk.book.keep(replace(orphan, status=SUSPECT, flags=(ORPHAN, STOP_MISSING)))
    say(desk, values(11, 501_000.0))
    assert energies(desk) == [0.0, 0.0, 0.0]


# -- 1.6: stops without a number


@pytest.mark.parametrize("ref", ["-1", "0"])
def test_a_stop_that_continues_the_open_session_ends_it(desk: Desk, ref: str) -> None:
    """However often it comes."""
    begin(desk)
    say(desk, values(10, 2000.0))
    for _ in range(2):
        say(desk, stop(30, 3000.0, ref))
    session = only(desk)
    assert (session.status, session.ended_at, session.energy_wh) == (ENDED, at(30), 2000.0)
    assert session.flags == (NUMBER_MISSING,)
    assert desk.kinds.count("session.ended") == 1


def test_a_stop_ends_the_session_whose_register_it_continues(desk: Desk) -> None:
    """Two are open: the register tells which."""
    begin(desk, meter=1000.0, evse=1)
    begin(desk, meter=5000.0, evse=2)
    say(desk, stop(30, 3000.0))
    assert [session.status for session in desk.sessions] == [ENDED, ACTIVE]


def test_a_stop_that_fits_two_ends_neither(desk: Desk) -> None:
    """In doubt it is a session of its own."""
    begin(desk, meter=1000.0, evse=1)
    begin(desk, meter=1500.0, evse=2)
    for _ in range(2):
        say(desk, stop(30, 3000.0))
    assert [session.status for session in desk.sessions] == [ACTIVE, ACTIVE, ENDED]
    assert desk.sessions[2].flags == (ORPHAN,)


@pytest.mark.parametrize("meter", [None, 0.0, 900.0, 900_000.0, 1500.0])
def test_a_stop_that_does_not_continue_it_is_an_orphan_s(desk: Desk, meter: float | None) -> None:
    """No register, one below the last, or one that cannot be."""
    begin(desk)
    say(desk, values(10, 2000.0))
    say(desk, stop(10, meter))
    assert only_active(desk).energy_wh == 1000.0


def only_active(desk: Desk) -> Session:
    (session,) = [each for each in desk.sessions if each.status is ACTIVE]
    return session


@pytest.mark.parametrize(("tag", "its_own"), [("tag", True), ("MATE", True), ("OTHER", False)])
def test_a_stop_by_a_stranger_is_not_its_own(desk: Desk, tag: str, its_own: bool) -> None:
    """Who may not stop it is another driver."""
    begin(desk)
    say(desk, stop(30, 3000.0, tag=tag))
    assert (len(desk.sessions) == 1) == its_own


def test_an_orphan_that_runs_is_stopped_first(desk: Desk) -> None:
    """If the stop continues its register."""
    begin(desk)
    say(desk, values(10, 2000.0, evse=2), stop(30, 3000.0))
    assert [session.status for session in desk.sessions] == [ACTIVE, ENDED]


def test_a_stop_of_an_unknown_id_is_not_a_numbered_session_s(desk: Desk) -> None:
    """The station knows numbers: it means another transaction."""
    begin(desk)
    say(desk, stop(30, 3000.0, "4711"))
    assert [session.flags for session in desk.sessions] == [(), (ORPHAN,)]


def test_a_stop_without_register_is_not_taken_for_one_before(desk: Desk) -> None:
    """Two transactions may end at one moment, when the mains fail."""
    number = begin(desk)
    say(desk, stop(30, None, number), stop(30, None))
    assert len(desk.sessions) == 2


# -- from 1.6 to 2.x


def test_a_number_that_the_server_gave_is_that_session_in_2x(desk: Desk) -> None:
    """Its events are numbered from now on; what is sent again changes nothing."""
    number = begin(desk)
    update = told(Stage.UPDATED, 10, 2000.0, number, 4)
    end = told(Stage.ENDED, 20, 3000.0, number, 5)
    say(desk, update, end)
    session = only(desk)
    assert (session.status, session.energy_wh, session.flags) == (ENDED, 2000.0, ())
    say(desk, update, end, stop(20, 3000.0, number), values(10, 2000.0, number))
    assert replace(only(desk), updated_at=session.updated_at) == replace(
        session, version=only(desk).version
    )


@pytest.mark.parametrize(
    "event",
    [
        told(Stage.UPDATED, 10, 2000.0, "1", evse=2),
        told(Stage.UPDATED, 10, 500.0, "1"),
        told(Stage.ENDED, -5, None, "1"),
        told(Stage.STARTED, 10, 1000.0, "1", 0),
    ],
)
def test_what_cannot_be_of_a_number_is_another_s(desk: Desk, event: TransactionTold) -> None:
    """Some stations count from 1 themselves: another place, a register below, an earlier time, a
    start."""
    assert begin(desk) == "1"
    say(desk, event, event)
    assert sorted(each.named_by_station for each in desk.sessions) == [False, True]
    assert max(energies(desk)) == 0.0


def test_a_number_whose_session_is_over_is_of_what_came_before(desk: Desk) -> None:
    """What is told of later is another transaction."""
    number = begin(desk)
    say(desk, stop(30, 3000.0, number), told(Stage.UPDATED, 20, 2000.0, number, evse=None))
    assert (only(desk).energy_wh, only(desk).flags) == (2000.0, ())
    number = begin(desk, 50, 4000.0)
    say(desk, stop(55, 5000.0, number), told(Stage.UPDATED, 60, 6000.0, number))
    assert [each.named_by_station for each in desk.sessions] == [False, False, True]
    assert energies(desk) == [2000.0, 1000.0, 0.0]


@pytest.mark.parametrize("stage", [Stage.UPDATED, Stage.ENDED])
def test_a_new_name_without_a_start_goes_on_with_the_open_session(desk: Desk, stage: Stage) -> None:
    """It has that name from then on."""
    begin(desk)
    first = told(stage, 10, 2000.0, id_token="TAG")
    say(desk, first, first, told(Stage.ENDED, 20, 3000.0, number=2, evse=None))
    session = only(desk)
    assert (session.transaction_ref, session.named_by_station) == ("U-1", True)
    assert (session.started_at, session.meter_start_wh) == (T0, 1000.0)
    assert (session.status, session.flags[0]) == (ENDED, NUMBER_MISSING)
    assert session.energy_wh == (2000.0 if stage is Stage.UPDATED else 1000.0)


@pytest.mark.parametrize(
    ("event", "its_own"),
    [
        (told(Stage.UPDATED, 10, None), False),
        (told(Stage.UPDATED, 10, 500.0), False),
        (told(Stage.UPDATED, 10, 2000.0, evse=2), False),
        (told(Stage.UPDATED, 10, 2000.0, evse=None), False),
        (told(Stage.UPDATED, 10, 2000.0, id_token="MATE"), False),
        (told(Stage.UPDATED, 10, 2000.0, id_token="tag"), True),
        (told(Stage.ENDED, 10, 2000.0, id_token="MATE"), True),
        (told(Stage.ENDED, 10, 2000.0, id_token="OTHER"), False),
        (told(Stage.ENDED, 10, 2000.0, evse=2), False),
        (started(10, 2000.0), False),
    ],
)
def test_a_new_name_is_of_the_open_session_only_if_all_fits(
    desk: Desk, event: TransactionTold, its_own: bool
) -> None:
    """The place, the register and the token; and a start is one of its own."""
    begin(desk)
    say(desk, event)
    assert (len(desk.sessions) == 1) == its_own


def test_a_start_supersedes_what_was_open(desk: Desk) -> None:
    """As ever: nobody told what became of it."""
    begin(desk)
    say(desk, started(10, 2000.0), told(Stage.ENDED, 20, 3000.0))
    assert [session.status for session in desk.sessions] == [SUSPECT, ENDED]
    assert energies(desk) == [0.0, 1000.0]


def test_a_name_is_not_given_to_one_that_has_a_name(desk: Desk) -> None:
    """Nor to one of which 2.x has told by its number, nor to an orphan."""
    say(desk, started(0, 1000.0, "U-0"), told(Stage.UPDATED, 10, 2000.0))
    assert len(desk.sessions) == 2
    number = begin(desk, 0, 1000.0, evse=2)
    say(desk, told(Stage.UPDATED, 5, 1500.0, number, evse=2))
    say(desk, told(Stage.UPDATED, 10, 2000.0, "U-2", evse=2))
    assert len(desk.sessions) == 4
    say(desk, values(0, 1000.0, evse=3), told(Stage.UPDATED, 10, 2000.0, "U-3", evse=3))
    assert len(desk.sessions) == 6


def test_a_start_of_somebody_else_takes_its_name_back(desk: Desk) -> None:
    """What was taken for its own before came out of order; the same driver's is no matter."""
    begin(desk)
    say(desk, told(Stage.UPDATED, 10, 2000.0))
    say(desk, started(5, 1500.0))
    assert len(desk.sessions) == 1
    begin(desk, 0, 1000.0, evse=2)
    say(desk, told(Stage.UPDATED, 10, 2000.0, "U-2", evse=2))
    other = started(5, 1500.0, "U-2", evse_id=2)
    for _ in range(2):
        say(desk, replace(other, id_token="OTHER"))
    assert len(desk.sessions) == 3


# -- from 2.x to 1.6


@pytest.mark.parametrize("ref", ["-1", "0", "4711"])
def test_a_stop_of_no_known_number_ends_the_session_named_in_2x(desk: Desk, ref: str) -> None:
    """The station cannot say its name in 1.6; again it is the same stop."""
    say(desk, started(0, 1000.0), values(10, 2000.0))
    for _ in range(2):
        say(desk, stop(30, 3000.0, ref))
    session = only(desk)
    assert (session.status, session.energy_wh) == (ENDED, 2000.0)
    assert session.flags == (NUMBER_MISSING,)
    say(desk, told(Stage.ENDED, 40, 9000.0))
    assert (only(desk).ended_at, only(desk).energy_wh) == (at(30), 2000.0)


def test_a_stop_of_an_id_that_is_an_orphan_s_is_that_orphan_s(desk: Desk) -> None:
    """Values made it known."""
    say(desk, started(0, 1000.0), values(10, 2000.0, "4711", evse=2), stop(30, 3000.0, "4711"))
    assert [session.status for session in desk.sessions] == [ACTIVE, ENDED]


def test_a_name_that_is_a_number_is_that_session_in_1_6(desk: Desk) -> None:
    """If what is told of it can be its own."""
    say(desk, started(0, 1000.0, "7"), values(10, 2000.0, "7"))
    for _ in range(2):
        say(desk, stop(30, 3000.0, "7"))
    assert (only(desk).energy_wh, only(desk).status) == (2000.0, ENDED)
    say(desk, stop(60, 9000.0, "7"))
    assert energies(desk) == [2000.0, 0.0]
    say(desk, started(70, 1000.0, "8"), values(80, 500.0, "8"))
    assert energies(desk) == [2000.0, 0.0, 0.0, 0.0]


# -- always


def test_no_station_goes_on_with_the_session_of_another(desk: Desk) -> None:
    """Neither by its number nor without."""
    number = begin(desk)
    say(
        desk,
        values(10, 2000.0),
        stop(30, 3000.0, "0"),
        told(Stage.UPDATED, 10, 2000.0, number),
        told(Stage.ENDED, 11, 2500.0),
        key=CS2,
    )
    mine = [session for session in desk.sessions if session.station_id == 1]
    assert (mine[0].status, mine[0].energy_wh, mine[0].flags) == (ACTIVE, 0.0, ())


@pytest.mark.parametrize(
    "report",
    [
        values(10, 2000.0, "5"),
        values(10, 2000.0, "0"),
        started(0, 1000.0),
        told(Stage.UPDATED, 10, 2000.0),
        told(Stage.ENDED, 10, 2000.0, evse=None),
    ],
)
def test_what_is_ordinary_costs_no_further_question(report: Report) -> None:
    """Most of what is ever heard."""
    assert not [ask for ask in question(report).more if isinstance(ask, LikelyAsked)]


@given(st.lists(st.integers(0, 900), min_size=1, max_size=6), st.data())
def test_a_charge_that_loses_its_number_is_billed_once(
    rises: Sequence[int], data: st.DataObject
) -> None:
    """From some message on it has none, any of them comes again at any later point: one session,
    stop minus start."""
    desk = new_desk()
    number = begin(desk)
    lost = data.draw(st.integers(0, len(rises)))
    numbers = [number if n < lost else "-1" for n in range(len(rises) + 1)]
    registers = [1000.0 + sum(rises[: n + 1]) for n in range(len(rises))]
    story: list[Report] = [
        values(n + 1, register, numbers[n]) for n, register in enumerate(registers)
    ]
    story.append(stop(30, registers[-1] + 50, numbers[-1]))
    for index, message in enumerate(story):
        say(desk, message)
        for earlier in data.draw(st.lists(st.integers(0, index), max_size=2)):
            say(desk, story[earlier])
    session = only(desk)
    assert (session.energy_wh, session.status) == (registers[-1] + 50 - 1000, ENDED)
    assert len(desk.book.readings) == len(rises)
    assert desk.kinds.count("session.ended") == 1
