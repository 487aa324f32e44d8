"""Sessions: the straight way, and every crooked one that stations take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.core.decide import decide, question
from csms.core.decisions import Policy
from csms.core.flags import (
    ADMINISTRATIVE,
    ADOPTED,
    BACKWARDS,
    CLOCK,
    ORPHAN,
    START_UNKNOWN,
    STOP_MISSING,
    STRANGER,
    UNAUTHORIZED,
)
from csms.core.replies import Acknowledged, StartAnswered, StopAnswered
from csms.core.reports import Metered, SessionStarted, SessionStopped
from csms.core.values import (
    Operation,
    OperationStatus,
    Reading,
    Sample,
    Session,
    SessionStatus,
    StationKey,
    Token,
    TokenStatus,
)
from csms.testing.desk import Desk, immediate
from csms.testing.ledger import MemoryLedger

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
CP2 = StationKey(2, "CP2")


@pytest.fixture
def desk() -> Desk:
    desk = Desk(T0)
    desk.book.add_token(Token(id_token="TAG", group_id="FLEET"))
    return desk


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def start(
    minutes: float = 0, meter: float | None = 1000.0, tag: str | None = "TAG", evse: int = 1
) -> SessionStarted:
    return SessionStarted(evse_id=evse, id_token=tag, at=at(minutes), meter_wh=meter)


def reading(minutes: float, register: float) -> Reading:
    return Reading(at(minutes), (Sample(value=register),))


def meter(ref: str | None, *pairs: tuple[float, float], evse: int = 1) -> Metered:
    readings = tuple(reading(minutes, register) for minutes, register in pairs)
    return Metered(evse_id=evse, transaction_ref=ref, readings=readings)


def stop(
    ref: str, minutes: float = 30, meter: float | None = 5000.0, **more: object
) -> SessionStopped:
    report = SessionStopped(transaction_ref=ref, at=at(minutes), meter_wh=meter)
    return replace(report, **more)


def begin(desk: Desk, report: SessionStarted | None = None, key: StationKey = CP1) -> str:
    reply = desk.say(key, report or start())
    assert isinstance(reply, StartAnswered)
    return reply.transaction_ref


def only(desk: Desk) -> Session:
    (session,) = desk.sessions
    return session


# -- the straight way


def test_a_session_from_start_to_stop(desk: Desk) -> None:
    """Start, meter, stop: energy, times, token, reason, and the events of it."""
    ref = begin(desk)
    desk.later(minutes=30)
    assert desk.say(CP1, meter(ref, (10, 2000.0), (20, 3000.0))) == Acknowledged()
    reply = desk.say(CP1, stop(ref, id_token="tag"))
    assert isinstance(reply, StopAnswered)
    assert reply.authorization is not None
    assert reply.authorization.status is TokenStatus.ACCEPTED
    session = only(desk)
    assert session.status is SessionStatus.ENDED
    assert (session.started_at, session.ended_at) == (T0, at(30))
    assert (session.meter_start_wh, session.meter_stop_wh, session.energy_wh) == (1000, 5000, 4000)
    assert (session.id_token, session.group_id) == ("TAG", "FLEET")
    assert (session.stop_reason, session.stop_id_token) == ("Local", "tag")
    assert session.flags == ()
    assert desk.kinds == ["session.started", "session.meter", "session.ended"]
    assert {r.session_id for r in desk.book.readings.values()} == {session.id}
    assert len(desk.book.readings) == 2


def test_transaction_ids_are_positive_and_not_given_twice(desk: Desk) -> None:
    """Each start gets a number of its own (1.6 errata 3.54)."""
    refs = [begin(desk, start(n)) for n in range(5)]
    assert len(set(refs)) == 5
    assert all(0 < int(ref) < 2**31 for ref in refs)


def test_a_refused_token_gets_its_transaction_all_the_same(desk: Desk) -> None:
    """StartTransaction never fails; the refusal is in idTagInfo (OCPP 1.6 §4.8)."""
    reply = desk.say(CP1, start(tag="STRANGER"))
    assert isinstance(reply, StartAnswered)
    assert reply.authorization.status is TokenStatus.UNKNOWN
    assert only(desk).flags == (UNAUTHORIZED,)


def test_a_start_without_token_is_accepted(desk: Desk) -> None:
    """A station that asks no token (2.x NoAuthorization) starts a session without one."""
    begin(desk, start(tag=None))
    assert only(desk).id_token is None


def test_a_start_names_its_reservation(desk: Desk) -> None:
    """The reservation that was used stays with the session."""
    begin(desk, replace(start(), reservation_ref=7))
    assert only(desk).reservation_ref == 7


def test_a_stop_without_token_is_answered_without_verdict(desk: Desk) -> None:
    """idTagInfo is returned only if an idTag was given (OCPP 1.6 §4.10)."""
    assert desk.say(CP1, stop(begin(desk))) == StopAnswered(None)


def test_a_stop_tells_the_truth_about_its_token(desk: Desk) -> None:
    """The token that stopped is judged, the session ends whatever the verdict."""
    desk.book.add_token(Token(id_token="BAD", blocked=True))
    reply = desk.say(CP1, stop(begin(desk), id_token="BAD"))
    assert isinstance(reply, StopAnswered)
    assert reply.authorization is not None
    assert reply.authorization.status is TokenStatus.BLOCKED
    assert only(desk).status is SessionStatus.ENDED


def test_samples_in_the_stop_are_kept_and_counted(desk: Desk) -> None:
    """transactionData is merged with the meter values before it, each once."""
    ref = begin(desk)
    desk.say(CP1, meter(ref, (10, 2000.0)))
    data = (reading(10, 2000.0), reading(30, 5000.0))
    desk.say(CP1, stop(ref, readings=data, meter=None))
    assert len(desk.book.readings) == 2
    assert (only(desk).energy_wh, only(desk).meter_stop_wh) == (4000.0, 5000.0)


# -- said twice


def test_a_repeated_start_gets_the_same_transaction(desk: Desk) -> None:
    """A retransmission, whatever its message id, changes nothing."""
    ref = begin(desk)
    desk.later(minutes=5)
    assert begin(desk) == ref
    assert len(desk.sessions) == 1
    assert desk.kinds == ["session.started"]


def test_a_repeated_start_is_known_after_the_stop_too(desk: Desk) -> None:
    """Even when the session is over."""
    ref = begin(desk)
    desk.say(CP1, stop(ref))
    assert begin(desk) == ref


def test_a_start_of_unreadable_time_is_known_by_what_was_said(desk: Desk) -> None:
    """Its time is taken to be now, which a retransmission would not share."""
    ref = begin(desk, replace(start(minutes=0), told_at="0000-00-00"))
    assert begin(desk, replace(start(minutes=1), told_at="0000-00-00")) == ref


def test_a_station_without_a_clock_can_charge_again(desk: Desk) -> None:
    """Once its session is over, the same words are another start."""
    always = replace(start(), told_at="0000-00-00")
    first = begin(desk, always)
    desk.say(CP1, stop(first))
    assert begin(desk, always) != first


@pytest.mark.parametrize(
    "other",
    [start(minutes=1), start(meter=1001.0), start(tag="OTHER"), start(evse=2)],
    ids=["time", "meter", "token", "evse"],
)
def test_a_start_that_differs_is_another(desk: Desk, other: SessionStarted) -> None:
    """Time, meter, token and connector make a start what it is."""
    assert begin(desk) != begin(desk, other)


def test_the_token_of_a_repeated_start_is_compared_without_case(desk: Desk) -> None:
    """idTag is a CiString."""
    assert begin(desk) == begin(desk, start(tag="tag"))


def test_a_repeated_stop_changes_nothing(desk: Desk) -> None:
    """The second stop gets the same answer; samples it brings for the first time are kept."""
    ref = begin(desk)
    first = desk.say(CP1, stop(ref, id_token="TAG"))
    ended = only(desk)
    again = stop(ref, id_token="TAG", minutes=50, meter=9999.0, readings=(reading(20, 4000.0),))
    assert desk.say(CP1, again) == first
    assert only(desk) == ended
    assert len(desk.book.readings) == 1
    assert desk.kinds.count("session.ended") == 1


def test_repeated_meter_values_are_kept_once(desk: Desk) -> None:
    """A retransmission adds neither readings nor energy."""
    ref = begin(desk)
    for _ in range(3):
        desk.say(CP1, meter(ref, (10, 2000.0)))
    assert len(desk.book.readings) == 1
    assert only(desk).energy_wh == 1000.0


# -- somebody else's


def test_no_station_ends_the_session_of_another(desk: Desk) -> None:
    """Transactions are looked up as (station, id): CVE-2026-28230 does not happen here."""
    ref = begin(desk)
    assert desk.say(CP2, stop(ref)) == StopAnswered(None)
    mine = next(s for s in desk.sessions if s.station_id == CP1.id)
    theirs = next(s for s in desk.sessions if s.station_id == CP2.id)
    assert mine.status is SessionStatus.ACTIVE
    assert theirs.flags == (ORPHAN,)


def test_no_station_meters_the_session_of_another(desk: Desk) -> None:
    """Values of a foreign id make an orphan of the station that sent them."""
    ref = begin(desk)
    desk.say(CP2, meter(ref, (10, 9000.0)))
    mine = next(s for s in desk.sessions if s.station_id == CP1.id)
    assert mine.energy_wh == 0.0


# -- late, offline, out of order


def test_values_after_the_stop_are_kept_and_reopen_nothing(desk: Desk) -> None:
    """Late samples are stored with the session that is over."""
    ref = begin(desk)
    desk.say(CP1, stop(ref))
    ended = only(desk)
    desk.say(CP1, meter(ref, (20, 3000.0)))
    assert only(desk) == ended
    assert [r.session_id for r in desk.book.readings.values()] == [ended.id]


def test_an_offline_session_keeps_the_times_of_the_station(desk: Desk) -> None:
    """Messages hours late are placed by the station's own clock."""
    desk.later(hours=5)
    ref = begin(desk)
    desk.say(CP1, meter(ref, (10, 2000.0)))
    desk.say(CP1, stop(ref))
    assert (only(desk).started_at, only(desk).ended_at) == (T0, at(30))


def test_an_old_start_is_not_held_against_what_runs_now(desk: Desk) -> None:
    """ConcurrentTx is not judged for a start that lies in the past."""
    desk.policy = Policy(concurrent_sessions=1)
    begin(desk, start(minutes=119), CP2)
    desk.later(hours=2)
    reply = desk.say(CP1, start())
    assert isinstance(reply, StartAnswered)
    assert reply.authorization.status is TokenStatus.ACCEPTED


def test_a_second_session_of_a_token_is_concurrent(desk: Desk) -> None:
    """A live start beyond the limit is told so, and still gets its transaction."""
    desk.policy = Policy(concurrent_sessions=1)
    begin(desk)
    reply = desk.say(CP2, start())
    assert isinstance(reply, StartAnswered)
    assert reply.authorization.status is TokenStatus.CONCURRENT


def test_the_session_that_lost_its_stop_does_not_count_as_concurrent(desk: Desk) -> None:
    """The one on the same EVSE is over as far as its driver can tell."""
    desk.policy = Policy(concurrent_sessions=1)
    begin(desk)
    reply = desk.say(CP1, start(minutes=1))
    assert isinstance(reply, StartAnswered)
    assert reply.authorization.status is TokenStatus.ACCEPTED


def test_an_expired_token_was_good_at_the_time(desk: Desk) -> None:
    """Expiry is judged at the time of the event."""
    desk.book.add_token(Token(id_token="OLD", expires_at=at(60)))
    desk.later(hours=3)
    reply = desk.say(CP1, start(tag="OLD"))
    assert isinstance(reply, StartAnswered)
    assert reply.authorization.status is TokenStatus.ACCEPTED


def test_a_start_far_in_the_future_is_flagged(desk: Desk) -> None:
    """A wrong clock is noted, not refused."""
    begin(desk, start(minutes=3 * 24 * 60))
    assert only(desk).flags == (CLOCK,)


def test_a_stop_before_its_start_is_flagged(desk: Desk) -> None:
    """A clock set back in between is noted."""
    desk.say(CP1, stop(begin(desk), minutes=-5))
    assert only(desk).flags == (CLOCK,)


# -- lost stops


def test_a_new_start_closes_a_session_whose_stop_was_lost(desk: Desk) -> None:
    """The register went on, so the old session is closed with its own last reading."""
    ref = begin(desk)
    desk.say(CP1, meter(ref, (10, 2000.0)))
    begin(desk, start(minutes=60, meter=2500.0))
    old, new = desk.sessions
    assert (old.status, old.ended_at, old.energy_wh) == (SessionStatus.ENDED, at(10), 1000.0)
    assert old.flags == (STOP_MISSING, ADMINISTRATIVE)
    assert new.status is SessionStatus.ACTIVE
    assert desk.kinds[-2:] == ["session.ended", "session.started"]


def test_a_new_start_with_a_smaller_register_leaves_the_old_one_suspect(desk: Desk) -> None:
    """Nothing proves where the old one ended: it stays open for a human or a late stop."""
    ref = begin(desk)
    desk.say(CP1, meter(ref, (10, 2000.0)))
    begin(desk, start(minutes=60, meter=0.0))
    assert desk.sessions[0].status is SessionStatus.SUSPECT
    assert desk.kinds[-2:] == ["session.flagged", "session.started"]


def test_a_stop_that_comes_after_all_settles_it(desk: Desk) -> None:
    """A closed or suspect session takes its real stop, and loses the marks of having none."""
    first = begin(desk)
    begin(desk, start(minutes=60, meter=6000.0))
    desk.say(CP1, stop(first))
    old = desk.sessions[0]
    assert (old.ended_at, old.energy_wh, old.flags) == (at(30), 4000.0, ())


def test_a_late_start_does_not_touch_the_session_that_runs(desk: Desk) -> None:
    """An older start delivered after a newer one is history."""
    begin(desk, start(minutes=60, meter=6000.0))
    begin(desk)
    assert [s.status for s in desk.sessions] == [SessionStatus.ACTIVE] * 2


def test_other_connectors_are_left_alone(desk: Desk) -> None:
    """A start concerns its own EVSE."""
    begin(desk)
    begin(desk, start(minutes=1, evse=2))
    assert [s.status for s in desk.sessions] == [SessionStatus.ACTIVE] * 2


# -- values without a transaction


def test_values_without_transaction_land_in_the_running_session(desk: Desk) -> None:
    """A sample belongs to the transaction that ran when it was taken."""
    begin(desk)
    for ref in (None, "0"):
        desk.say(CP1, meter(ref, (10, 2000.0)))
    session = only(desk)
    assert session.energy_wh == 1000.0
    assert {r.session_id for r in desk.book.readings.values()} == {session.id}


def test_values_taken_before_the_session_are_not_its_own(desk: Desk) -> None:
    """Clock-aligned values of the idle time before belong to nobody."""
    begin(desk, start(minutes=20))
    desk.say(CP1, meter(None, (10, 900.0)))
    assert [r.session_id for r in desk.book.readings.values()] == [None]


def test_values_of_the_main_meter_belong_to_no_session(desk: Desk) -> None:
    """connectorId 0 is the station's own meter."""
    begin(desk)
    desk.say(CP1, meter(None, (10, 77.0), evse=0))
    assert only(desk).energy_wh == 0.0
    assert [r.evse_id for r in desk.book.readings.values()] == [0]
    assert "session.meter" not in desk.kinds


def test_empty_meter_values_are_acknowledged(desk: Desk) -> None:
    """Nothing is a legal thing to say."""
    ref = begin(desk)
    assert desk.say(CP1, meter(ref)) == Acknowledged()
    assert desk.say(CP1, meter(None)) == Acknowledged()


# -- orphans


@pytest.mark.parametrize("ref", ["0", "-1", "4711"])
def test_a_stop_without_a_start_is_acknowledged_and_kept(desk: Desk, ref: str) -> None:
    """Never an error, never dropped (1.6 errata 3.18)."""
    assert desk.say(CP1, stop(ref)) == StopAnswered(None)
    session = only(desk)
    assert (session.status, session.flags) == (SessionStatus.ENDED, (ORPHAN,))
    assert session.meter_stop_wh == 5000.0
    assert session.transaction_ref == ("4711" if ref == "4711" else None)
    assert desk.kinds == ["session.flagged", "session.ended"]


@pytest.mark.parametrize("ref", ["0", "-1", "4711"])
def test_a_repeated_stop_without_start_makes_one_orphan(desk: Desk, ref: str) -> None:
    """A retransmission of it is recognised."""
    for _ in range(2):
        desk.say(CP1, stop(ref))
    assert len(desk.sessions) == 1


@pytest.mark.parametrize("ref", ["-1", "4711"])
def test_values_without_a_start_make_an_orphan_that_the_stop_ends(desk: Desk, ref: str) -> None:
    """All messages of the unknown transaction come together in one session."""
    desk.say(CP1, meter(ref, (10, 2000.0)))
    desk.say(CP1, meter(ref, (20, 3000.0)))
    assert only(desk).evse_id == 1
    desk.say(CP1, stop(ref))
    session = only(desk)
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 3000.0)
    assert (session.started_at, session.flags) == (at(10), (ORPHAN,))


def test_orphans_of_two_connectors_stay_apart(desk: Desk) -> None:
    """-1 on another EVSE is another transaction."""
    desk.say(CP1, meter("-1", (10, 2000.0)))
    desk.say(CP1, meter("-1", (10, 2000.0), evse=2))
    assert sorted(s.evse_id for s in desk.sessions) == [1, 2]


def test_an_ended_orphan_takes_no_more_values(desk: Desk) -> None:
    """The next -1 is the next transaction."""
    desk.say(CP1, meter("-1", (10, 2000.0)))
    desk.say(CP1, stop("-1"))
    desk.say(CP1, meter("-1", (40, 6000.0)))
    assert len(desk.sessions) == 2


def test_a_start_that_comes_late_adopts_its_orphan(desk: Desk) -> None:
    """The session gets its start, and its energy counts from there."""
    desk.later(hours=1)
    desk.say(CP1, meter("-1", (10, 2000.0)))
    orphan = only(desk)
    ref = begin(desk)
    session = only(desk)
    assert session.id == orphan.id
    assert (session.transaction_ref, session.started_at) == (ref, T0)
    assert (session.energy_wh, session.flags) == (1000.0, (ADOPTED,))
    desk.say(CP1, stop(ref))
    assert (only(desk).energy_wh, len(desk.sessions)) == (4000.0, 1)


def test_a_start_after_its_stop_completes_the_orphan(desk: Desk) -> None:
    """Also when all there was is a stop of unknown connector."""
    desk.later(hours=1)
    desk.say(CP1, stop("-1"))
    begin(desk)
    session = only(desk)
    assert (session.status, session.evse_id) == (SessionStatus.ENDED, 1)
    assert (session.ended_at, session.energy_wh) == (at(30), 4000.0)


def test_a_start_without_register_adopts_as_well(desk: Desk) -> None:
    """What the orphan counted stays."""
    desk.later(hours=1)
    desk.say(CP1, meter("-1", (10, 2000.0), (20, 2600.0)))
    begin(desk, start(meter=None))
    assert only(desk).energy_wh == 600.0


def test_an_orphan_without_any_register_is_adopted(desk: Desk) -> None:
    """A stop that said nothing of energy still is that session's stop."""
    desk.later(hours=1)
    desk.say(CP1, stop("-1", meter=None))
    begin(desk)
    assert (only(desk).energy_wh, only(desk).status) == (0.0, SessionStatus.ENDED)


@pytest.mark.parametrize(
    "late",
    [start(minutes=15), start(meter=9000.0), start(evse=2)],
    ids=["began later", "higher register", "another connector"],
)
def test_a_start_that_does_not_fit_adopts_nothing(desk: Desk, late: SessionStarted) -> None:
    """Only the start that came before the orphan's evidence is its own."""
    desk.later(hours=1)
    desk.say(CP1, meter("-1", (10, 2000.0)))
    begin(desk, late)
    assert len(desk.sessions) == 2
    assert sum(ORPHAN in s.flags for s in desk.sessions) == 1


# -- remote starts


def operation(desk: Desk, **changes: object) -> str:
    asked = Operation(
        id="0195",
        operator_id=1,
        station_id=1,
        identity="CP1",
        action="remote_start",
        payload={},
        status=OperationStatus.ACCEPTED,
        id_token="tag",
        created_at=desk.now,
        expires_at=desk.now + timedelta(minutes=10),
    )
    asked = replace(asked, **changes)
    desk.book.operations[asked.id] = asked
    return asked.id


def test_a_session_is_linked_to_the_remote_start_it_came_from(desk: Desk) -> None:
    """By token, connector and time, for 1.6 has no id for it."""
    asked = operation(desk)
    begin(desk)
    session = only(desk)
    assert session.operation_id == asked
    assert desk.book.operations[asked].session_id == session.id
    assert desk.last("session.started").data["operation_id"] == asked


def test_one_remote_start_makes_one_session(desk: Desk) -> None:
    """The next session of that token is the driver's own."""
    operation(desk)
    begin(desk)
    begin(desk, start(minutes=1))
    assert desk.sessions[1].operation_id is None


@pytest.mark.parametrize(
    "changes",
    [
        {"id_token": "OTHER"},
        {"evse_id": 2},
        {"station_id": 2},
        {"status": OperationStatus.REJECTED},
        {"created_at": T0 - timedelta(hours=1)},
        {"action": "reset"},
    ],
)
def test_another_operation_is_not_its_cause(desk: Desk, changes: dict[str, object]) -> None:
    """What does not fit is not linked."""
    operation(desk, **changes)
    begin(desk)
    assert only(desk).operation_id is None


# -- whatever comes

REPORTS = st.one_of(
    st.builds(start, st.integers(-60, 60), st.none() | st.integers(0, 9000).map(float)),
    st.builds(
        meter,
        st.sampled_from([None, "-1", "0", "1", "2", "99"]),
        st.tuples(st.integers(-60, 60), st.integers(0, 9000).map(float)),
        evse=st.integers(0, 2),
    ),
    st.builds(
        stop,
        st.sampled_from(["-1", "0", "1", "2", "99"]),
        st.integers(-60, 60),
        st.none() | st.integers(0, 9000).map(float),
    ),
)


@given(st.lists(REPORTS, max_size=15))
def test_any_order_of_messages_is_answered_and_loses_nothing(reports: list[object]) -> None:
    """Every message is answered, every reading kept, no energy negative, and saying
    everything a second time brings no further session."""
    desk = Desk(T0)
    for report in reports:
        desk.say(CP1, report)  # type: ignore[arg-type]  # a union of strategies
    taken = {reading.taken_at for r in reports if isinstance(r, Metered) for reading in r.readings}
    assert {r.taken_at for r in desk.book.readings.values()} == taken
    assert all(s.energy_wh >= 0 for s in desk.sessions)
    refs = [s.transaction_ref for s in desk.sessions if s.transaction_ref is not None]
    assert len(refs) == len(set(refs))
    starts = {desk_key for desk_key in (s.start_key for s in desk.sessions) if desk_key}
    for report in reports:
        if isinstance(report, SessionStarted):
            desk.say(CP1, report)
    assert {s.start_key for s in desk.sessions if s.start_key} == starts


def test_a_stop_register_below_the_readings_is_flagged(desk: Desk) -> None:
    """What a register says against its readings is left to a human, the readings count."""
    ref = begin(desk)
    desk.say(CP1, meter(ref, (10, 2000.0)))
    desk.say(CP1, stop(ref, meter=0.0))
    assert (only(desk).energy_wh, only(desk).flags) == (1000.0, (BACKWARDS,))


# -- what a reviewer tried


def test_a_start_of_unreadable_time_is_known_again_after_a_session_of_the_same_words(
    desk: Desk,
) -> None:
    """A station without a clock that says everything twice still has one session per charge."""
    always = replace(start(), told_at="0000-00-00")
    first = begin(desk, always)
    desk.say(CP1, stop(first))
    second = begin(desk, always)
    assert begin(desk, always) == second
    assert len(desk.sessions) == 2


def test_a_start_of_any_text_for_a_time_is_answered(desk: Desk) -> None:
    """A start never fails, not even for text that cannot be encoded."""
    assert begin(desk, replace(start(), told_at="\ud800"))


def test_a_repeated_start_gets_the_same_verdict(desk: Desk) -> None:
    """What the token did elsewhere in between is not held against it."""
    desk.policy = Policy(concurrent_sessions=1)
    first = desk.say(CP1, start())
    desk.say(CP2, start(minutes=1))
    assert desk.say(CP1, start()) == first
    refused = desk.say(CP2, start(minutes=1))
    assert isinstance(refused, StartAnswered)
    assert refused.authorization.status is TokenStatus.CONCURRENT


def test_a_repeated_start_of_a_token_blocked_meanwhile_is_told_so(desk: Desk) -> None:
    """The transaction is the same, the truth about the token is new."""
    ref = begin(desk)
    desk.book.add_token(Token(id_token="TAG", blocked=True))
    reply = desk.say(CP1, start())
    assert isinstance(reply, StartAnswered)
    assert (reply.transaction_ref, reply.authorization.status) == (ref, TokenStatus.BLOCKED)


def test_a_refused_session_is_not_counted_against_its_token(desk: Desk) -> None:
    """Or a stranger's attempt would lock the driver out."""
    desk.policy = Policy(concurrent_sessions=1)
    desk.book.add_token(Token(id_token="HERE", stations=("CP2",)))
    begin(desk, start(tag="HERE"))
    reply = desk.say(CP2, start(tag="HERE"))
    assert isinstance(reply, StartAnswered)
    assert reply.authorization.status is TokenStatus.ACCEPTED


def test_a_station_whose_clock_is_ahead_does_not_make_tokens_expire(desk: Desk) -> None:
    """No event lies in the future."""
    desk.book.add_token(Token(id_token="GOOD", expires_at=at(24 * 60)))
    reply = desk.say(CP1, start(minutes=365 * 24 * 60, tag="GOOD"))
    assert isinstance(reply, StartAnswered)
    assert reply.authorization.status is TokenStatus.ACCEPTED
    stopped = desk.say(CP1, stop(reply.transaction_ref, 366 * 24 * 60, id_token="GOOD"))
    assert isinstance(stopped, StopAnswered)
    assert stopped.authorization is not None
    assert stopped.authorization.status is TokenStatus.ACCEPTED


def test_times_that_cannot_be_are_flagged(desk: Desk) -> None:
    """Long before, or not told: somebody should look before it is billed."""
    begin(desk, start(minutes=-60 * 24 * 60))
    begin(desk, replace(start(evse=2), told_at=""))
    assert [session.flags for session in desk.sessions] == [(CLOCK,), (CLOCK,)]


def test_a_stop_long_ago_is_flagged(desk: Desk) -> None:
    """As a start is."""
    desk.later(days=90)
    desk.say(CP1, stop("4711"))
    assert only(desk).flags == (ORPHAN, CLOCK)


def test_a_start_without_register_is_flagged(desk: Desk) -> None:
    """Nobody charges for free unnoticed."""
    ref = begin(desk, start(meter=None))
    desk.say(CP1, stop(ref))
    assert (only(desk).energy_wh, only(desk).flags) == (0.0, (START_UNKNOWN,))


@pytest.mark.parametrize(
    ("tag", "group", "flags"),
    [
        ("TAG", None, ()),
        ("tag", None, ()),
        ("MATE", "fleet", ()),
        ("FLEET", None, (STRANGER,)),
        ("OTHER", "OTHERS", (STRANGER,)),
        ("NOBODY", None, (STRANGER,)),
    ],
)
def test_who_may_stop(desk: Desk, tag: str, group: str | None, flags: tuple[str, ...]) -> None:
    """The same token or one of its group; the group's id is no token.  The session ends all the
    same, and the answer speaks of the token alone, for it goes into the station's cache."""
    if tag not in ("TAG", "tag", "NOBODY"):
        desk.book.add_token(Token(id_token=tag, group_id=group))
    ref = begin(desk)
    reply = desk.say(CP1, stop(ref, id_token=tag))
    assert isinstance(reply, StopAnswered)
    assert reply.authorization is not None
    assert (reply.authorization.status is TokenStatus.ACCEPTED) == (tag != "NOBODY")
    assert (only(desk).status, only(desk).flags) == (SessionStatus.ENDED, flags)


def test_a_session_nobody_presented_a_token_for_may_be_stopped_by_anybody(desk: Desk) -> None:
    """There is nobody to compare with."""
    ref = begin(desk, start(tag=None))
    desk.say(CP1, stop(ref, id_token="TAG"))
    assert only(desk).flags == ()


def test_the_same_sample_in_meter_values_and_in_the_stop_is_kept_once(desk: Desk) -> None:
    """With its transaction, without, on another connector than the stop can know, in another
    company: the samples of transactionData that are there already are not kept again."""
    ref = begin(desk)
    power = Sample("Power.Active.Import", 7.0, "W")
    energy = Sample(value=2000.0)
    soc = Sample("SoC", 5.0, "Percent")
    desk.say(CP1, Metered(evse_id=1, readings=(Reading(at(5), (energy, power)),)))
    desk.say(
        CP1, Metered(evse_id=2, transaction_ref=ref, readings=(Reading(at(10), (energy, power)),))
    )
    data = (
        Reading(at(5), (energy, power)),
        Reading(at(10), (power,)),
        Reading(at(10), (energy, soc)),
        Reading(at(20), (soc,)),
    )
    for _ in range(2):
        desk.say(CP1, stop(ref, readings=data))
    kept = [(r.taken_at, sample) for r in desk.book.readings.values() for sample in r.samples]
    assert len(kept) == len(set(kept)) == 6


def test_a_retransmission_of_values_is_no_news(desk: Desk) -> None:
    """It changes nothing and is told to nobody."""
    ref = begin(desk)
    values = meter(ref, (10, 2000.0), (10, 2100.0), (11, 2200.0))
    desk.say(CP1, values)
    before, told = only(desk), list(desk.kinds)
    desk.later(minutes=5)
    desk.say(CP1, values)
    assert only(desk) == before
    assert desk.kinds == told


def test_what_is_odd_about_values_is_told(desk: Desk) -> None:
    """Once, when it comes up."""
    ref = begin(desk)
    for minute, register in enumerate((2000.0, 5.0, 6.0)):
        desk.say(CP1, meter(ref, (minute, register)))
    assert desk.kinds.count("session.flagged") == 1
    assert desk.last("session.flagged").data["flags"] == (BACKWARDS,)


def test_values_that_come_after_the_server_ended_a_session_count(desk: Desk) -> None:
    """Its stop may be lost for good; nothing else tells what was charged."""
    ref = begin(desk)
    desk.say(CP1, meter(ref, (10, 2000.0)))
    begin(desk, start(minutes=60, meter=6000.0))
    desk.say(CP1, meter(ref, (20, 3000.0)))
    old = desk.sessions[0]
    assert (old.status, old.ended_at) == (SessionStatus.ENDED, at(20))
    assert (old.energy_wh, old.meter_stop_wh, old.power_w) == (2000.0, 3000.0, None)
    desk.say(CP1, meter(ref, (5, 1500.0)))
    assert desk.sessions[0] == old


def test_values_without_transaction_are_not_a_superseded_session_s(desk: Desk) -> None:
    """Once another began on its EVSE, what is measured there is somebody else's."""
    ref = begin(desk)
    desk.say(CP1, meter(ref, (10, 5000.0)))
    newer = begin(desk, start(minutes=20, meter=0.0, tag=None))
    desk.say(CP1, stop(newer, 30, 9000.0))
    desk.say(CP1, meter(None, (40, 9000.0)))
    old = desk.sessions[0]
    assert (old.status, old.energy_wh) == (SessionStatus.SUSPECT, 4000.0)
    assert [r.session_id for r in desk.book.readings.values()] == [old.id, None]


def test_of_one_message_only_the_readings_of_its_time_are_the_session_s(desk: Desk) -> None:
    """What was measured before it began belongs to nobody and puts nothing in doubt."""
    begin(desk, start(minutes=20))
    desk.say(CP1, meter(None, (10, 900.0), (25, 1100.0)))
    session = only(desk)
    assert (session.energy_wh, session.flags) == (100.0, ())
    owners = {r.taken_at: r.session_id for r in desk.book.readings.values()}
    assert owners == {at(10): None, at(25): session.id}


def test_a_start_in_the_future_does_not_stay_open_for_ever(desk: Desk) -> None:
    """The next start on the EVSE supersedes it like any other."""
    begin(desk, start(minutes=400 * 24 * 60))
    begin(desk, start(minutes=1))
    assert sorted(s.status for s in desk.sessions) == [SessionStatus.ACTIVE, SessionStatus.ENDED]


def test_a_session_is_superseded_at_the_last_register_believed(desk: Desk) -> None:
    """A wild reading before the lost stop neither counts nor keeps it open."""
    ref = begin(desk)
    desk.say(CP1, meter(ref, (10, 2000.0), (11, 8_000_000.0)))
    begin(desk, start(minutes=60, meter=2500.0))
    old = desk.sessions[0]
    assert (old.status, old.energy_wh, old.meter_stop_wh) == (SessionStatus.ENDED, 1000.0, 2000.0)


def test_a_suspect_session_is_told_once(desk: Desk) -> None:
    """Further starts do not flag it anew."""
    ref = begin(desk)
    desk.say(CP1, meter(ref, (10, 2000.0)))
    for minutes in (60, 70, 80):
        begin(desk, start(minutes=minutes, meter=0.0))
    assert desk.kinds.count("session.flagged") == 1
    assert desk.sessions[0].version == 2


def test_starts_of_a_limited_token_take_turns(desk: Desk) -> None:
    """Whoever decides two at a time must let each see the one before; unlimited or refused ones
    need not wait for each other."""

    def turn(report: SessionStarted) -> object:
        ledger = MemoryLedger(desk.book)
        (state,) = immediate(ledger.gather([(CP1, question(report))], desk.now))
        return decide(report, CP1, state, desk.now, desk.policy).turn

    assert turn(start()) is None
    desk.policy = Policy(concurrent_sessions=1)
    assert turn(start()) == turn(start(tag="tag")) == (1, "TAG")
    assert turn(start(tag=None)) is None
    assert turn(start(tag="STRANGER")) is None
    assert turn(start(minutes=-60)) is None


def test_a_late_start_is_not_the_result_of_a_later_remote_start(desk: Desk) -> None:
    """A start that waited in the station's queue happened before anybody asked for one."""
    desk.later(hours=1)
    operation(desk)
    begin(desk, start())
    assert only(desk).operation_id is None


def test_a_start_just_before_the_remote_start_by_the_station_s_clock_is_its_result(
    desk: Desk,
) -> None:
    """Clocks differ a little."""
    asked = operation(desk)
    begin(desk, start(minutes=-2))
    assert only(desk).operation_id == asked


# -- whole stories


@given(
    st.lists(st.integers(0, 900), min_size=1, max_size=6),
    st.data(),
    st.booleans(),
    st.booleans(),
)
def test_a_charge_is_billed_once_however_it_is_told(
    rises: list[int], data: st.DataObject, stopped_without: bool, named: bool
) -> None:
    """Messages come in the order of the station's queue, any of them again at any later point,
    its values with the transaction or without, once more with the stop: one session, stop minus
    start, each sample kept once."""
    desk = Desk(at(60))
    ref = "1" if named else None
    registers = [1000.0 + sum(rises[: i + 1]) for i in range(len(rises))]
    story: list[object] = [start()]
    story += [meter(ref, (i + 1, register)) for i, register in enumerate(registers)]
    again = tuple(reading(i + 1, register) for i, register in enumerate(registers))
    last = registers[-1]
    final = None if stopped_without else last + 50
    story.append(stop("1", 30, final, readings=again))
    for index, message in enumerate(story):
        desk.say(CP1, message)  # type: ignore[arg-type]  # reports of several kinds
        told_again = data.draw(st.lists(st.integers(0, index), max_size=2))
        for earlier in told_again:
            desk.say(CP1, story[earlier])  # type: ignore[arg-type]  # reports of several kinds
    session = only(desk)
    assert session.energy_wh == (final or last) - 1000
    assert session.status is SessionStatus.ENDED
    assert len(desk.book.readings) == len(rises)
    assert desk.kinds.count("session.started") == desk.kinds.count("session.ended") == 1


@given(
    st.lists(st.tuples(st.integers(1, 2), st.integers(0, 900)), min_size=1, max_size=12),
    st.permutations([1, 2]),
)
def test_two_undelivered_charges_at_once_stay_two(
    told: list[tuple[int, int]], order: list[int]
) -> None:
    """Neither is billed what the other took, in whatever order they end."""
    desk = Desk(at(60))
    register = {1: 1000.0, 2: 700_000.0}
    first: dict[int, float] = {}
    for minute, (evse, rise) in enumerate(told):
        register[evse] += rise
        first.setdefault(evse, register[evse])
        desk.say(CP1, meter("-1", (minute, register[evse]), evse=evse))
    for evse in order:
        if evse in first:
            for _ in range(2):
                desk.say(CP1, stop("-1", 30, register[evse] + 10))
    energies = {session.evse_id: session.energy_wh for session in desk.sessions}
    assert energies == {evse: register[evse] + 10 - first[evse] for evse in first}
    assert all(session.status is SessionStatus.ENDED for session in desk.sessions)
