"""What a lane remembers of the sessions that it wrote last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from csms.core.decisions import Question, State
from csms.core.values import Session, SessionStatus, StationKey
from csms.storage.ledger_sql import OPEN_LIMIT
from csms.storage.remembered import Remembered

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = StationKey(1, "CP1")
NAMED = Question(transaction_ref="1", open_on_evse=1, or_by_the_other=True)


def session(number: int = 1, evse_id: int = 1, station_id: int = 1) -> Session:
    return Session(
        id=str(number),
        operator_id=1,
        station_id=station_id,
        identity="CP1",
        evse_id=evse_id,
        transaction_ref=str(number),
        start_key="k",
        started_at=T0,
        created_at=T0 + timedelta(minutes=number),
        updated_at=T0,
    )


def recalled(
    memory: Remembered, question: Question = NAMED, key: StationKey = KEY
) -> tuple[Question, State]:
    state = State(session_id="new")
    return memory.recall(key, question, state), state


def test_a_stranger_is_asked_about() -> None:
    """The whole question is left."""
    left, state = recalled(Remembered())
    assert left == NAMED
    assert state.session is None


def test_a_session_is_recalled_by_its_name() -> None:
    """As it was kept last; its EVSE may have others that nobody told of."""
    memory = Remembered()
    memory.keep(session())
    newer = replace(session(), version=2)
    memory.keep(newer)
    left, state = recalled(memory)
    assert left == Question(open_on_evse=1)
    assert state.session is newer


def test_the_name_that_the_other_made_is_asked_about() -> None:
    """For there may be a session of that very name."""
    memory = Remembered()
    memory.keep(session())
    by_station = replace(NAMED, named_by_station=True)
    assert recalled(memory, by_station)[0] == by_station
    memory.keep(replace(session(), named_by_station=True))
    assert recalled(memory, by_station)[0].transaction_ref is None
    assert recalled(memory)[0] == NAMED


def test_a_session_that_lost_its_name_is_not_recalled_by_it() -> None:
    """The name belongs to the one that has the start key."""
    memory = Remembered()
    memory.keep(replace(session(), named_by_station=True, start_key=None))
    by_station = replace(NAMED, named_by_station=True)
    assert recalled(memory, by_station)[0] == by_station


def test_what_is_open_on_an_evse_is_recalled_once_it_was_looked_up() -> None:
    """And what was opened, moved and ended since; oldest first, on that EVSE."""
    memory = Remembered()
    memory.learn(KEY, NAMED, State(session_id="new", open_sessions=(session(3),)))
    memory.learn(KEY, Question(), State(session_id="new"))
    for each in (session(2), session(4, evse_id=2), replace(session(3), evse_id=2), session(5)):
        memory.keep(each)
    memory.keep(replace(session(5), status=SessionStatus.ENDED))
    memory.keep(replace(session(4), evse_id=1))
    left, state = recalled(memory, Question(open_on_evse=1))
    assert left == Question()
    assert [each.id for each in state.open_sessions] == ["2", "4"]
    assert recalled(memory, Question(open_on_evse=2))[0] == Question(open_on_evse=2)


def test_that_nothing_is_open_is_asked() -> None:
    """Somebody else may have opened what nobody here knows of, also beside what a start finds."""
    memory = Remembered()
    memory.learn(KEY, NAMED, State(session_id="new"))
    assert recalled(memory, Question(open_on_evse=1))[0] == Question(open_on_evse=1)
    memory.keep(session())
    assert recalled(memory, Question(open_on_evse=1))[0] == Question()
    started = Question(start_key="k", open_on_evse=1)
    named = Question(transaction_ref="2", named_by_station=True, open_on_evse=1)
    for start in (started, named):
        assert recalled(memory, start)[0] == start
    memory.keep(replace(session(2), named_by_station=True))
    assert recalled(memory, named)[0] == Question(open_on_evse=1)


def test_an_evse_of_which_not_all_was_told_is_asked_about_again() -> None:
    """The database tells the newest, and no more than that; so does what is remembered."""
    full = tuple(session(number) for number in range(OPEN_LIMIT))
    memory = Remembered()
    memory.learn(KEY, NAMED, State(session_id="new", open_sessions=full))
    assert recalled(memory)[0] == NAMED
    memory.learn(KEY, NAMED, State(session_id="new", open_sessions=full[1:]))
    for number in range(OPEN_LIMIT, OPEN_LIMIT + 3):
        memory.keep(session(number))
    told = recalled(memory)[1].open_sessions
    assert [each.id for each in told] == [str(number) for number in range(3, OPEN_LIMIT + 3)]


def test_what_is_forgotten_is_asked_about() -> None:
    """Of the station that is meant."""
    memory = Remembered()
    memory.keep(session())
    memory.keep(session(station_id=2))
    memory.forget([1, 3])
    assert recalled(memory)[1].session is None
    assert recalled(memory, key=StationKey(2, "CP2"))[1].session is not None


def test_the_stations_that_were_heard_of_last_are_remembered() -> None:
    """Within the limit."""
    memory = Remembered(limit=2)
    for station_id in (1, 2, 1, 3):
        memory.keep(session(station_id=station_id))
    found = [recalled(memory, key=StationKey(n, "CP"))[1].session for n in (1, 2, 3)]
    assert [each is not None for each in found] == [True, False, True]


def test_a_station_of_many_open_sessions_is_not_remembered() -> None:
    """Whoever makes up sessions without end fills no memory."""
    memory = Remembered(open_limit=2)
    memory.learn(KEY, NAMED, State(session_id="new"))
    for number in (1, 2):
        memory.keep(session(number))
    assert recalled(memory)[0] == Question()
    memory.keep(session(3))
    assert recalled(memory)[0] == NAMED
    for evse_id in (1, 2, 3):
        memory.learn(KEY, Question(open_on_evse=evse_id), State(session_id="new"))
    memory.keep(session())
    assert recalled(memory)[0] == Question(open_on_evse=1)
