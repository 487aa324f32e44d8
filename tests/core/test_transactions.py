"""Transactions that stations name themselves (OCPP 2.x): in order, and in every other order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.core.decide import decide, question, salvage
from csms.core.decisions import LinkOperation, Policy
from csms.core.flags import (
    ADMINISTRATIVE,
    ADOPTED,
    BACKWARDS,
    CLOCK,
    EVENTS_MISSING,
    IMPLAUSIBLE,
    MISNUMBERED,
    ORPHAN,
    START_UNKNOWN,
    STOP_MISSING,
    STOP_UNKNOWN,
    STRANGER,
    UNAUTHORIZED,
)
from csms.core.numbering import missing
from csms.core.overtime import ended_by_server
from csms.core.replies import StartAnswered, TransactionAnswered
from csms.core.reports import (
    Metered,
    SessionStarted,
    SessionStopped,
    Stage,
    TransactionTold,
)
from csms.core.values import (
    Authorization,
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
CS1 = StationKey(1, "CS1")
CS2 = StationKey(2, "CS2")
ACCEPTED = Authorization(status=TokenStatus.ACCEPTED)
FLEET = Authorization(status=TokenStatus.ACCEPTED, group_id="FLEET")


@pytest.fixture
def desk() -> Desk:
    desk = Desk(T0)
    desk.book.add_token(Token(id_token="TAG", group_id="FLEET"))
    desk.book.add_token(Token(id_token="MATE", group_id="fleet"))
    desk.book.add_token(Token(id_token="OTHER"))
    return desk


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def reading(minutes: float, register: float, context: str = "Sample.Periodic") -> Reading:
    return Reading(at(minutes), (Sample(value=register, context=context),))


def told(
    stage: Stage,
    number: int,
    minutes: float,
    register: float | None = None,
    context: str = "Sample.Periodic",
    **more: object,
) -> TransactionTold:
    report = TransactionTold(
        stage=stage,
        transaction_ref="T-1",
        sequence_number=number,
        at=at(minutes),
        readings=() if register is None else (reading(minutes, register, context),),
    )
    return replace(report, **more)


def start(
    minutes: float = 0, register: float | None = 1000.0, number: int = 0, **more: object
) -> TransactionTold:
    fields = {"evse_id": 1, "connector_id": 1, "id_token": "TAG", "id_token_kind": "ISO14443"}
    return told(Stage.STARTED, number, minutes, register, "Transaction.Begin", **{**fields, **more})


def update(
    number: int = 1, minutes: float = 10, register: float | None = 2000.0, **more: object
) -> TransactionTold:
    return told(Stage.UPDATED, number, minutes, register, **more)


def end(
    number: int = 2, minutes: float = 30, register: float | None = 5000.0, **more: object
) -> TransactionTold:
    return told(Stage.ENDED, number, minutes, register, "Transaction.End", **more)


def say(desk: Desk, *reports: TransactionTold, key: StationKey = CS1) -> None:
    for report in reports:
        assert isinstance(desk.say(key, report), TransactionAnswered)


def verdict(desk: Desk, report: TransactionTold, key: StationKey = CS1) -> TokenStatus | None:
    reply = desk.say(key, report)
    assert isinstance(reply, TransactionAnswered)
    return None if reply.authorization is None else reply.authorization.status


def only(desk: Desk) -> Session:
    (session,) = desk.sessions
    return session


def named(desk: Desk, transaction_ref: str) -> Session:
    (session,) = [each for each in desk.sessions if each.transaction_ref == transaction_ref]
    return session


# -- the straight way


def test_a_session_from_start_to_end(desk: Desk) -> None:
    """Times, token, place, registers and reason, and the events of it (E01 to E07)."""
    assert desk.say(CS1, start(0.0)) == TransactionAnswered(FLEET)
    desk.later(minutes=30)
    assert desk.say(CS1, update()) == TransactionAnswered()
    stop = end(id_token="tag", id_token_kind="ISO14443", reason="EVDisconnected")
    assert desk.say(CS1, stop) == TransactionAnswered(FLEET)
    session = only(desk)
    assert session.status is SessionStatus.ENDED
    assert (session.started_at, session.ended_at) == (T0, at(30))
    assert (session.meter_start_wh, session.meter_stop_wh, session.energy_wh) == (1000, 5000, 4000)
    assert (session.evse_id, session.connector_id) == (1, 1)
    assert (session.transaction_ref, session.named_by_station) == ("T-1", True)
    assert (session.id_token, session.group_id, session.authorization) == (
        "TAG",
        "FLEET",
        "Accepted",
    )
    assert (session.stop_reason, session.stop_id_token) == ("EVDisconnected", "tag")
    assert (session.flags, missing(session.numbering)) == ((), 0)
    assert desk.kinds == ["session.started", "session.meter", "session.ended"]
    assert {kept.session_id for kept in desk.book.readings.values()} == {session.id}
    assert len(desk.book.readings) == 3


def test_an_end_without_a_reason_is_local(desk: Desk) -> None:
    """stoppedReason absent means Local (E06.FR.08)."""
    say(desk, start(), end())
    assert only(desk).stop_reason == "Local"


def test_the_end_counts_the_register_told_as_such(desk: Desk) -> None:
    """Transaction.End, wherever it stands among the samples of the last event."""
    samples = (
        Reading(
            at(30),
            (
                Sample(value=5000.0, context="Transaction.End"),
                Sample(value=4990.0),
            ),
        ),
        reading(20, 4000.0),
    )
    say(desk, start(), end(1, readings=samples))
    session = only(desk)
    assert (session.meter_stop_wh, session.energy_wh, session.flags) == (5000.0, 4000.0, ())


def test_an_end_with_plain_samples_counts_the_last(desk: Desk) -> None:
    """Where no register is told as that of the end."""
    say(desk, start(), end(readings=(reading(20, 4000.0), reading(29, 4800.0))))
    assert (only(desk).meter_stop_wh, only(desk).energy_wh) == (4800.0, 3800.0)


def test_an_end_without_a_register_counts_the_last_there_was(desk: Desk) -> None:
    """And says that the register of the stop is missing."""
    say(desk, start(), update(), end(register=None))
    session = only(desk)
    assert (session.meter_stop_wh, session.energy_wh) == (2000.0, 1000.0)
    assert session.flags == (STOP_UNKNOWN,)


def test_the_samples_of_the_whole_transaction_may_come_with_its_end(desk: Desk) -> None:
    """SampledDataTxEnded: what came before is not kept twice."""
    say(desk, start(), update())
    everything = (
        reading(0, 1000.0, "Transaction.Begin"),
        reading(10, 2000.0),
        reading(20, 3000.0),
        reading(30, 5000.0, "Transaction.End"),
    )
    say(desk, end(readings=everything))
    assert len(desk.book.readings) == 4
    assert only(desk).energy_wh == 4000.0


def test_a_start_without_samples_counts_from_the_first_that_is_read(desk: Desk) -> None:
    """As when a transaction starts with the arrival of a car, long before it charges."""
    say(desk, start(register=None))
    assert only(desk).flags == (START_UNKNOWN,)
    say(desk, update(1, 10, 1500.0), end())
    session = only(desk)
    assert (session.meter_start_wh, session.energy_wh) == (1500.0, 3500.0)
    assert session.flags == (START_UNKNOWN,)


def test_the_register_of_the_start_may_come_later(desk: Desk) -> None:
    """Transaction.Begin counts whichever event brings it."""
    say(desk, start(register=None), update(1, 10, 1500.0))
    late = (reading(0, 1000.0, "Transaction.Begin"), reading(30, 5000.0, "Transaction.End"))
    say(desk, end(readings=late))
    session = only(desk)
    assert (session.meter_start_wh, session.energy_wh, session.flags) == (1000.0, 4000.0, ())


def test_the_first_sample_of_a_start_is_its_register(desk: Desk) -> None:
    """Where none is told as that of the begin."""
    samples = (reading(0.5, 1010.0), reading(0, 1000.0))
    say(desk, start(readings=samples), end())
    assert (only(desk).meter_start_wh, only(desk).energy_wh) == (1000.0, 4000.0)


def test_power_and_state_of_charge_are_told_of_while_it_runs(desk: Desk) -> None:
    """And none of them is left when it has ended."""
    samples = Reading(at(10), (Sample("Power.Active.Import", 11_000.0, "W"), Sample("SoC", 40.0)))
    say(desk, start(), update(readings=(samples,)))
    assert (only(desk).power_w, only(desk).soc_percent) == (11_000.0, 40.0)
    say(desk, end())
    assert (only(desk).power_w, only(desk).soc_percent) == (None, 40.0)


def test_meter_values_of_an_evse_belong_to_what_runs_there(desk: Desk) -> None:
    """MeterValues of 2.x names no transaction (J01)."""
    say(desk, start())
    desk.say(CS1, Metered(evse_id=1, readings=(reading(5, 1500.0),)))
    assert only(desk).energy_wh == 500.0


# -- state and details


def test_the_state_of_charging_is_kept_and_told(desk: Desk) -> None:
    """As last told; it decides nothing."""
    say(desk, start(charging_state="EVConnected"), update(1, 5, None, charging_state="Charging"))
    say(desk, update(2, 6, None))
    assert only(desk).charging_state == "Charging"
    assert desk.kinds.count("session.charging_state") == 2
    assert desk.last("session.charging_state").data["charging_state"] == "Charging"


def test_a_late_event_does_not_bring_back_an_old_state(desk: Desk) -> None:
    """Nor an old detail; what it alone tells is kept."""
    say(desk, start())
    say(desk, update(3, 12, charging_state="SuspendedEV", details={"phases_used": 1}))
    late = update(2, 11, charging_state="Charging", details={"phases_used": 3, "tariff_id": "A"})
    say(desk, late, update(1, 10, details={"tariff_id": "B"}))
    session = only(desk)
    assert session.charging_state == "SuspendedEV"
    assert session.details == {"phases_used": 1, "tariff_id": "A", "id_token_kind": "ISO14443"}


def test_what_identifies_the_driver_is_kept(desk: Desk) -> None:
    """The kind of the token and what else came with it."""
    say(desk, start(additional_info=(("DE-ABC", "eMAID"),)))
    assert only(desk).details == {
        "id_token_kind": "ISO14443",
        "additional_info": [{"id_token": "DE-ABC", "type": "eMAID"}],
    }


def test_the_reservation_may_be_told_by_any_event(desk: Desk) -> None:
    """The first that is told stays."""
    say(desk, start(), update(1, reservation_ref=7), update(2, reservation_ref=8))
    assert only(desk).reservation_ref == 7


# -- place


def test_the_evse_may_come_later(desk: Desk) -> None:
    """A transaction that starts with authorization knows its EVSE when the cable is plugged."""
    say(desk, start(evse_id=None, connector_id=None))
    assert only(desk).evse_id == 0
    say(desk, update(1, evse_id=2, connector_id=3), update(2, evse_id=1, connector_id=1))
    assert (only(desk).evse_id, only(desk).connector_id) == (2, 3)
    say(desk, update(3, connector_id=4))
    assert only(desk).connector_id == 3


# -- any order


def test_an_update_before_the_start_makes_a_session_that_the_start_fills(desk: Desk) -> None:
    """Nothing is refused, nothing is counted twice."""
    say(desk, update())
    session = only(desk)
    assert session.flags == (ORPHAN, START_UNKNOWN)
    assert (session.evse_id, session.id_token, session.started_at) == (0, None, at(10))
    assert desk.kinds == ["session.flagged", "session.meter"][:1]
    assert desk.say(CS1, start()) == TransactionAnswered(FLEET)
    session = only(desk)
    assert (session.started_at, session.meter_start_wh, session.energy_wh) == (T0, 1000.0, 1000.0)
    assert (session.id_token, session.evse_id, session.flags) == ("TAG", 1, (ADOPTED,))
    assert desk.kinds == ["session.flagged", "session.started", "session.meter"]


def test_an_end_before_everything(desk: Desk) -> None:
    """It ends a session of which nothing else is known; the rest fills in, and reopens nothing."""
    say(desk, end(reason="Remote"))
    assert only(desk).status is SessionStatus.ENDED
    assert (only(desk).energy_wh, only(desk).flags) == (0.0, (ORPHAN, START_UNKNOWN))
    say(desk, update(), start())
    session = only(desk)
    assert (session.status, session.stop_reason) == (SessionStatus.ENDED, "Remote")
    assert (session.energy_wh, session.meter_stop_wh) == (4000.0, 5000.0)
    assert session.flags == (ADOPTED,)
    assert desk.kinds == [
        "session.flagged",
        "session.ended",
        "session.ended",
        "session.started",
        "session.ended",
    ]


def test_an_end_without_a_start_ever_stays_marked(desk: Desk) -> None:
    """It tells of what is known: the samples that came with it."""
    samples = (reading(5, 1500.0), reading(30, 5000.0, "Transaction.End"))
    say(desk, end(readings=samples))
    session = only(desk)
    assert (session.started_at, session.energy_wh) == (at(5), 3500.0)
    assert session.flags == (ORPHAN, START_UNKNOWN)


def test_an_update_after_the_end_counts_where_it_was_late(desk: Desk) -> None:
    """Where the register of the stop is not known, the last there was is the one."""
    say(desk, start(), end(3, 30, None))
    assert only(desk).energy_wh == 0.0
    say(desk, update(2, 20, 4000.0))
    session = only(desk)
    assert (session.energy_wh, session.meter_stop_wh) == (3000.0, 4000.0)
    assert (session.status, session.power_w) == (SessionStatus.ENDED, None)
    assert desk.kinds[-1] == "session.ended"
    say(desk, update(1, 10, 2000.0))
    assert only(desk).energy_wh == 3000.0


def test_an_event_numbered_after_the_end_is_kept_and_counts_for_nothing(desk: Desk) -> None:
    """What was delivered is what the station said at the end."""
    say(desk, start(), end(2))
    before = only(desk)
    say(desk, update(3, 40, 9000.0))
    session = only(desk)
    assert (session.energy_wh, session.meter_stop_wh) == (4000.0, 5000.0)
    assert len(desk.book.readings) == len([before]) + 2


def test_a_late_register_above_that_of_the_end_holds_as_it_would_have_before(desk: Desk) -> None:
    """It is the one that was wrong, for the meter came back down; and it is marked."""
    in_order, late = Desk(T0), Desk(T0)
    begun = start(id_token=None)
    say(in_order, begun, update(1, 10, 5100.0), end())
    say(late, begun, end(), update(1, 10, 5100.0))
    for each in (in_order, late):
        assert (only(each).energy_wh, only(each).meter_stop_wh) == (4000.0, 5000.0)
        assert only(each).flags == (BACKWARDS,)


def test_a_second_end_only_fills_in_a_register_that_is_missing(desk: Desk) -> None:
    """Of two ends the first holds."""
    say(desk, start(), end(1, 30, None, reason="PowerLoss", id_token="TAG"))
    say(desk, end(3, 40, 5000.0, reason="Local", id_token="OTHER"))
    say(desk, end(4, 50, 6000.0))
    session = only(desk)
    assert (session.ended_at, session.stop_reason) == (at(30), "PowerLoss")
    assert (session.stop_id_token, session.flags) == ("TAG", ())
    assert (session.meter_stop_wh, session.energy_wh) == (5000.0, 4000.0)


def test_a_start_that_comes_late_below_a_register_that_was_reset(desk: Desk) -> None:
    """The rises since the reset are what was delivered, as in order."""
    in_order, late = Desk(T0), Desk(T0)
    events = [start(0, 9000.0), update(1, 10, 100.0), update(2, 20, 600.0)]
    say(in_order, *events)
    say(late, *events[1:], events[0])
    for each in (in_order, late):
        assert only(each).energy_wh == 500.0
        assert BACKWARDS in only(each).flags


def test_a_start_that_comes_late_far_below_is_marked(desk: Desk) -> None:
    """Nobody delivers that much; a human looks at it."""
    say(desk, end(1, register=905_000.0), start())
    assert only(desk).flags == (ADOPTED, IMPLAUSIBLE)
    assert only(desk).energy_wh == 904_000.0


def test_a_start_that_comes_late_while_the_register_is_in_doubt(desk: Desk) -> None:
    """What was believed before counts from the start, too."""
    say(desk, update(1, 10, 2000.0), update(2, 11, 900_000.0), start(), update(3, 12, 2100.0))
    assert only(desk).energy_wh == 1100.0


# -- said twice


def test_what_is_said_twice_changes_nothing(desk: Desk) -> None:
    """Each event again, as it was or as the offline queue sends it."""
    for event in (start(), update(charging_state="Charging"), end(id_token="TAG")):
        first = desk.say(CS1, event)
        before, kinds = only(desk), desk.kinds
        assert desk.say(CS1, event) == first
        assert desk.say(CS1, replace(event, offline=True)) == first
        assert (only(desk), desk.kinds) == (before, kinds)
    assert len(desk.book.readings) == 3


def test_of_two_events_with_one_number_the_first_is_kept(desk: Desk) -> None:
    """What the second says is kept as evidence, and counts for nothing."""
    say(desk, start(), update(1, 10, 2000.0), update(1, 10, 9999.0))
    assert only(desk).energy_wh == 1000.0
    assert len(desk.book.readings) == 3
    say(desk, end())
    assert only(desk).flags == ()


def test_stations_that_give_every_event_the_same_number(desk: Desk) -> None:
    """What they say decides; whether all came, nobody can tell."""
    events = [
        start(charging_state="EVConnected"),
        update(0, 10, 2000.0, charging_state="Charging"),
        update(0, 20, 3000.0, charging_state="SuspendedEV"),
        end(0),
    ]
    for event in events:
        say(desk, event, event)
    session = only(desk)
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 4000.0)
    assert (session.flags, missing(session.numbering)) == ((MISNUMBERED,), None)
    assert session.charging_state == "SuspendedEV"
    assert len(desk.book.readings) == 4
    before = session
    say(desk, *events)
    assert only(desk) == before


def test_numbers_that_start_over_in_mid_transaction(desk: Desk) -> None:
    """As after a restart of the station: nothing is lost for it."""
    say(desk, start(), update(1, 5, 1500.0), update(2, 10, 2000.0))
    say(desk, update(0, 15, 2500.0), update(1, 20, 3000.0), end(2))
    session = only(desk)
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 4000.0)
    assert session.flags == (MISNUMBERED,)


def test_a_station_without_a_clock_is_known_by_its_numbers(desk: Desk) -> None:
    """Its times are those of the receipt, and new with every repetition."""
    say(desk, start(), update(1, 10, 2000.0, told_at="1970-01-01"))
    say(desk, update(1, 11, 2000.0, told_at="1970-01-01"))
    assert only(desk).flags == (CLOCK,)


def test_times_that_cannot_be_right_are_marked(desk: Desk) -> None:
    """And kept as they were told."""
    for minutes in (-60 * 24 * 31, 60 * 25):
        each = Desk(T0)
        say(each, start(minutes, id_token=None))
        assert only(each).flags == (CLOCK,)
    say(desk, start(), end(1, -5))
    assert only(desk).flags == (CLOCK,)


# -- what is missing


def test_gaps_are_told_at_the_end_and_close_when_the_rest_arrives(desk: Desk) -> None:
    """A session is complete with every number from its start's to its end's."""
    say(desk, start(number=7), update(9), end(12))
    assert only(desk).flags == (EVENTS_MISSING,)
    assert missing(only(desk).numbering) == 3
    say(desk, update(8), update(11))
    assert missing(only(desk).numbering) == 1
    say(desk, update(10))
    assert (only(desk).flags, missing(only(desk).numbering)) == ((), 0)


def test_numbers_may_go_on_over_transactions(desk: Desk) -> None:
    """The first need not be 0 (TC_E_53)."""
    say(desk, start(number=41), update(42), end(43))
    assert only(desk).flags == ()


# -- tokens


def test_a_refused_token_is_told_and_the_transaction_kept(desk: Desk) -> None:
    """The station may be charging already (E05)."""
    assert verdict(desk, start(id_token="NOBODY")) is TokenStatus.UNKNOWN
    assert only(desk).flags == (UNAUTHORIZED,)
    assert only(desk).authorization == "Unknown"


def test_an_event_without_a_token_is_answered_without_a_verdict(desk: Desk) -> None:
    """idTokenInfo belongs to an idToken."""
    assert desk.say(CS1, start(id_token=None)) == TransactionAnswered()
    assert (only(desk).id_token, only(desk).authorization) == (None, None)


def test_a_token_that_nobody_can_read_is_invalid(desk: Desk) -> None:
    """E01.FR.11: where a token came there is a verdict; it takes no good one's place."""
    for _ in range(2):
        illegible = start(id_token=None, id_token_unreadable=True)
        assert verdict(desk, illegible) is TokenStatus.INVALID
    assert (only(desk).id_token, only(desk).authorization) == (None, "Invalid")
    assert only(desk).flags == (UNAUTHORIZED,)
    say(desk, update(id_token="TAG"))
    assert verdict(desk, end(id_token_unreadable=True)) is TokenStatus.INVALID
    assert (only(desk).authorization, only(desk).flags) == ("Accepted", ())


def test_no_authorization_is_accepted(desk: Desk) -> None:
    """The station asks nobody (C02), whatever it puts in the token's place."""
    for token in ("", "TAG"):
        each = Desk(T0)
        free = start(id_token=token, id_token_kind="noauthorization")
        assert each.say(CS1, free) == TransactionAnswered(ACCEPTED)
        assert each.say(CS1, free) == TransactionAnswered(ACCEPTED)
        assert (only(each).id_token, only(each).authorization) == (None, "Accepted")
    stop = end(id_token="", id_token_kind="NoAuthorization")
    assert desk.say(CS1, stop) == TransactionAnswered(ACCEPTED)
    assert only(desk).authorization is None


def test_the_token_may_come_later(desk: Desk) -> None:
    """Cable first: authorization is when the token comes, and it is told of."""
    say(desk, start(id_token=None, id_token_kind=None))
    late = update(1, 2, None, id_token="TAG", id_token_kind="ISO14443", trigger="Authorized")
    assert desk.say(CS1, late) == TransactionAnswered(FLEET)
    session = only(desk)
    assert (session.id_token, session.group_id, session.authorization) == (
        "TAG",
        "FLEET",
        "Accepted",
    )
    assert desk.last("session.authorized").data["id_token"] == "TAG"


def test_a_good_token_takes_the_place_of_a_refused_one(desk: Desk) -> None:
    """And nothing takes the place of a good one."""
    say(desk, start(id_token="NOBODY", additional_info=(("X", "Y"),)))
    assert verdict(desk, update(1, 1, None, id_token="NOBODY2")) is TokenStatus.UNKNOWN
    assert only(desk).id_token == "NOBODY"
    assert verdict(desk, update(2, 2, None, id_token="TAG")) is TokenStatus.ACCEPTED
    assert (only(desk).id_token, only(desk).flags) == ("TAG", ())
    assert only(desk).details == {"id_token_kind": "ISO14443"}
    assert verdict(desk, update(3, 3, None, id_token="OTHER")) is TokenStatus.ACCEPTED
    assert verdict(desk, update(4, 4, None, id_token="NOBODY")) is TokenStatus.UNKNOWN
    assert (only(desk).id_token, only(desk).flags) == ("TAG", ())


def test_the_first_good_token_counts_in_whatever_order_they_come(desk: Desk) -> None:
    """By the numbers of their events."""
    say(desk, update(3, 3, None, id_token="OTHER"), update(2, 2, None, id_token="OTHER"))
    say(desk, start(), update(1, 1, None, id_token="MATE"))
    assert only(desk).id_token == "TAG"
    other = Desk(T0)
    other.book.tokens = desk.book.tokens
    say(other, update(3, 3, None, id_token="NOBODY"), update(2, 2, None, id_token="NONE"))
    assert only(other).id_token == "NONE"
    say(other, update(5, 5, None, id_token="MATE"), update(4, 4, None, id_token="TAG"))
    assert only(other).id_token == "TAG"


def test_the_same_token_again_may_be_judged_better(desk: Desk) -> None:
    """One that was refused for a while; one that was good stays so for the session."""
    desk.policy = Policy(concurrent_sessions=1)
    say(desk, start(transaction_ref="T-2"), key=CS2)
    assert verdict(desk, start()) is TokenStatus.CONCURRENT
    assert verdict(desk, start()) is TokenStatus.CONCURRENT
    say(desk, end(1, 1, transaction_ref="T-2"), key=CS2)
    assert verdict(desk, start()) is TokenStatus.CONCURRENT
    assert verdict(desk, update(1, 2, None, id_token="TAG")) is TokenStatus.ACCEPTED
    assert (only_of(desk, CS1).authorization, only_of(desk, CS1).flags) == ("Accepted", ())
    desk.book.add_token(Token(id_token="TAG", blocked=True))
    assert verdict(desk, update(2, 3, None, id_token="TAG")) is TokenStatus.BLOCKED
    assert only_of(desk, CS1).authorization == "Accepted"


def only_of(desk: Desk, key: StationKey) -> Session:
    (session,) = [each for each in desk.sessions if each.station_id == key.id]
    return session


def test_a_token_of_another_kind_is_another_token(desk: Desk) -> None:
    """Compared where both are known; Central is what a remote start says."""
    desk.book.add_token(Token(id_token="CARD", kind="ISO14443"))
    for n, (kind, status) in enumerate(
        (
            ("iso14443", TokenStatus.ACCEPTED),
            ("KeyCode", TokenStatus.UNKNOWN),
            ("Central", TokenStatus.ACCEPTED),
            (None, TokenStatus.ACCEPTED),
        )
    ):
        event = start(transaction_ref=f"T-{n}", id_token="card", id_token_kind=kind)
        assert verdict(desk, event) is status


def test_live_starts_count_against_each_other(desk: Desk) -> None:
    """Of a token whose sessions are limited, and they take turns."""
    desk.policy = Policy(concurrent_sessions=1)
    (state,) = immediate(
        MemoryLedger(desk.book).gather([(CS1, question(start()))], desk.now),
    )
    decision = decide(start(), CS1, state, desk.now, desk.policy)
    assert decision.turn == (1, "TAG")
    say(desk, start())
    for event in (start(transaction_ref="T-2"), start(transaction_ref="T-3", evse_id=None)):
        assert verdict(desk, event, CS2) is TokenStatus.CONCURRENT
    cable_first = start(transaction_ref="T-4", id_token=None, evse_id=2)
    say(desk, cable_first)
    token = update(1, 1, None, transaction_ref="T-4", id_token="TAG")
    assert verdict(desk, token) is TokenStatus.CONCURRENT
    assert UNAUTHORIZED in named(desk, "T-4").flags


def test_what_was_offline_is_not_held_against_now(desk: Desk) -> None:
    """The token is judged all the same, for the station's cache."""
    desk.policy = Policy(concurrent_sessions=1)
    say(desk, start())
    offline = start(transaction_ref="T-2", offline=True)
    assert verdict(desk, offline, CS2) is TokenStatus.ACCEPTED
    desk.later(minutes=10)
    assert verdict(desk, start(transaction_ref="T-3"), CS2) is TokenStatus.ACCEPTED
    desk.book.add_token(Token(id_token="TAG", blocked=True))
    blocked = start(transaction_ref="T-4", offline=True)
    assert verdict(desk, blocked, CS2) is TokenStatus.BLOCKED


def test_a_token_is_judged_by_the_time_of_the_event(desk: Desk) -> None:
    """One that has expired since was good when it started."""
    desk.book.add_token(Token(id_token="OLD", expires_at=at(5)))
    desk.later(hours=1)
    assert verdict(desk, start(id_token="OLD", offline=True)) is TokenStatus.ACCEPTED
    late = start(10, id_token="OLD", transaction_ref="T-2")
    assert verdict(desk, late) is TokenStatus.EXPIRED


@pytest.mark.parametrize(
    ("token", "flags"),
    [("tag", ()), ("MATE", ()), ("OTHER", (STRANGER,)), ("NOBODY", (STRANGER,))],
)
def test_who_stopped_it(desk: Desk, token: str, flags: tuple[str, ...]) -> None:
    """The token that started it, one of its group, or somebody who may not."""
    for events in ((start(), end(1, id_token=token)), (end(1, id_token=token), start())):
        each = Desk(T0)
        each.book.tokens = desk.book.tokens
        say(each, *events)
        assert only(each).stop_id_token == token
        assert set(only(each).flags) - {ADOPTED} == set(flags)


def test_who_stopped_it_may_be_told_before_it_ends(desk: Desk) -> None:
    """The driver presents the token, and takes the cable later (E07)."""
    stop = update(1, 20, None, id_token="MATE", trigger="StopAuthorized")
    for events in ((start(), stop, end()), (end(), stop, start()), (stop, start(), end())):
        each = Desk(T0)
        each.book.tokens = desk.book.tokens
        say(each, *events)
        assert (only(each).id_token, only(each).stop_id_token) == ("TAG", "MATE")
        assert STRANGER not in only(each).flags
    say(desk, start(trigger="StopAuthorized"), stop)
    say(desk, update(2, 21, None, id_token="OTHER", trigger="StopAuthorized"))
    say(desk, end(3, id_token="MATE"), end(4, id_token="TAG"))
    assert only(desk).stop_id_token == "MATE"
    assert STRANGER not in only(desk).flags


# -- master pass


@pytest.fixture
def guarded(desk: Desk) -> Desk:
    desk.policy = Policy(master_pass_group="masters")
    desk.book.add_token(Token(id_token="PASS", group_id="MASTERS"))
    return desk


def test_a_master_pass_starts_nothing(guarded: Desk) -> None:
    """C16.FR.03; its group goes with the answer."""
    reply = guarded.say(CS1, start(id_token="PASS"))
    refused = Authorization(status=TokenStatus.INVALID, group_id="MASTERS")
    assert reply == TransactionAnswered(refused)
    assert only(guarded).flags == (UNAUTHORIZED,)


def test_a_master_pass_stops_everything(guarded: Desk) -> None:
    """And nobody is a stranger for it (C16)."""
    say(guarded, start())
    given = Authorization(status=TokenStatus.ACCEPTED, group_id="MASTERS")
    assert guarded.say(CS1, end(id_token="PASS")) == TransactionAnswered(given)
    assert only(guarded).flags == (EVENTS_MISSING,)


# -- remote starts


def operation(desk: Desk, name: str = "0195", **changes: object) -> str:
    asked = Operation(
        id=name,
        operator_id=1,
        station_id=1,
        identity="CS1",
        action="remote_start",
        payload={},
        status=OperationStatus.ACCEPTED,
        id_token="TAG",
        created_at=at(-1),
        expires_at=at(9),
    )
    desk.book.operations[name] = replace(asked, **changes)
    return name


def test_the_station_names_the_remote_start(desk: Desk) -> None:
    """remoteStartId is exact, whatever token, EVSE or time it came with."""
    operation(desk, "0001", ref=6)
    wanted = operation(desk, "0002", ref=7, id_token="OTHER", evse_id=9, created_at=at(-600))
    operation(desk, "0003", ref=7, station_id=2)
    operation(desk, "0004", ref=7, action="firmware")
    say(desk, start(remote_start_ref=7))
    assert only(desk).operation_id == wanted
    assert desk.book.operations[wanted].session_id == only(desk).id
    assert desk.last("session.started").data["operation_id"] == wanted
    say(desk, start(transaction_ref="T-2", evse_id=2, remote_start_ref=7))
    assert named(desk, "T-2").operation_id is None


def test_a_later_event_may_name_the_remote_start(desk: Desk) -> None:
    """Once."""
    wanted = operation(desk, ref=7)
    say(desk, start(id_token=None), update(1, remote_start_ref=7), update(2, remote_start_ref=7))
    assert only(desk).operation_id == wanted


def test_a_remote_start_that_nobody_names_is_found_by_its_token(desk: Desk) -> None:
    """The oldest that asked for that token there, not long ago."""
    wanted = operation(desk)
    say(desk, start())
    assert only(desk).operation_id == wanted
    other = Desk(T0)
    operation(other)
    say(other, start(offline=True), start(-30, transaction_ref="T-2"))
    assert {each.operation_id for each in other.sessions} == {None}


def test_a_remote_start_that_is_named_is_not_guessed(desk: Desk) -> None:
    """A number that nobody gave is no reason to take another."""
    operation(desk)
    say(desk, start(remote_start_ref=99))
    assert only(desk).operation_id is None


def test_a_remote_start_is_linked_once(desk: Desk) -> None:
    """Its session says so in every event after that, and nothing is written of it again."""
    operation(desk, ref=7)
    say(desk, start(remote_start_ref=7))
    (state,) = immediate(MemoryLedger(desk.book).gather([(CS1, question(update()))], desk.now))
    decision = decide(update(), CS1, state, desk.now, desk.policy)
    assert not [write for write in decision.writes if isinstance(write, LinkOperation)]


# -- several on one EVSE, and names used again


def test_a_start_where_one_is_open_makes_that_suspect(desk: Desk) -> None:
    """It is not ended by any register: 2.x tells its end or nobody does."""
    say(desk, start(), update(), start(20, 2000.0, transaction_ref="T-2", id_token="OTHER"))
    first = named(desk, "T-1")
    assert (first.status, first.flags) == (SessionStatus.SUSPECT, (STOP_MISSING,))
    assert named(desk, "T-2").status is SessionStatus.ACTIVE
    assert desk.kinds[-2:] == ["session.flagged", "session.started"]
    say(desk, update(2, 18, 2100.0))
    assert named(desk, "T-1").status is SessionStatus.SUSPECT
    say(desk, end(3, 19, 2200.0))
    first = named(desk, "T-1")
    assert (first.status, first.flags, first.energy_wh) == (SessionStatus.ENDED, (), 1200.0)


def test_a_late_start_where_a_newer_one_is_open_is_suspect_itself(desk: Desk) -> None:
    """Whichever comes first, the newest is the one that runs."""
    say(desk, start(20, transaction_ref="T-2"), start(offline=True))
    assert named(desk, "T-1").status is SessionStatus.SUSPECT
    assert named(desk, "T-2").status is SessionStatus.ACTIVE


def test_one_from_the_future_is_not_the_newest(desk: Desk) -> None:
    """Its clock cannot be right."""
    say(desk, start(60 * 24 * 365, transaction_ref="T-2"), start())
    assert named(desk, "T-1").status is SessionStatus.ACTIVE
    assert named(desk, "T-2").status is SessionStatus.SUSPECT


def test_an_evse_that_is_told_late_has_one_transaction_too(desk: Desk) -> None:
    """From the moment it is known."""
    say(desk, start(), start(5, transaction_ref="T-2", evse_id=None))
    assert named(desk, "T-1").status is SessionStatus.ACTIVE
    say(desk, update(1, 6, transaction_ref="T-2", evse_id=1))
    assert named(desk, "T-1").status is SessionStatus.SUSPECT
    say(desk, update(2, 7, transaction_ref="T-2", evse_id=1))
    assert desk.kinds.count("session.flagged") == 1


def test_a_start_after_the_end_under_the_same_name_is_another_session(desk: Desk) -> None:
    """Some stations begin again at "1"."""
    say(desk, start(), update(), end())
    again = start(60, 5000.0, id_token="OTHER")
    desk.later(hours=1)
    assert verdict(desk, again) is TokenStatus.ACCEPTED
    say(desk, again, update(1, 70, 6000.0), end(2, 90, 8000.0))
    first, second = desk.sessions
    assert (first.id_token, first.energy_wh, first.start_key) == ("TAG", 4000.0, None)
    assert (second.id_token, second.energy_wh) == ("OTHER", 3000.0)
    assert {each.transaction_ref for each in desk.sessions} == {"T-1"}
    assert "session.flagged" not in desk.kinds


def test_a_start_after_the_end_of_one_whose_start_was_lost_is_another_session(desk: Desk) -> None:
    """Unless the station has no clock, and nobody knows when it was."""
    say(desk, end(), start(60, 7000.0), update(1, 70, 7500.0))
    first, second = desk.sessions
    assert (first.status, ORPHAN in first.flags) == (SessionStatus.ENDED, True)
    assert (second.status, second.energy_wh) == (SessionStatus.ACTIVE, 500.0)
    other = Desk(T0)
    say(other, end(), start(60, told_at="1970-01-01"))
    assert only(other).energy_wh == 4000.0


def test_a_start_with_another_token_under_the_name_of_an_open_session(desk: Desk) -> None:
    """Its end was lost; what comes from now on is of the new one."""
    say(desk, start(), update(), start(20, 2000.0, id_token="OTHER"), end(1, 30, 2500.0))
    first, second = desk.sessions
    assert (first.status, first.energy_wh) == (SessionStatus.SUSPECT, 1000.0)
    assert (second.status, second.energy_wh) == (SessionStatus.ENDED, 500.0)


def test_a_start_again_with_the_same_token_goes_on_with_the_session(desk: Desk) -> None:
    """A station that was restarted in mid-transaction, or that stamps what it sends again."""
    say(desk, start(), update(1, 10, 2000.0), start(20, 2500.0, 2))
    say(desk, start(21, None, 3, id_token=None), end(4))
    session = only(desk)
    assert (session.started_at, session.energy_wh, session.flags) == (T0, 4000.0, ())


def test_a_start_that_comes_late_is_no_other_session(desk: Desk) -> None:
    """Another token before what was heard last: the first is the one that counts."""
    say(desk, start(), update(1, 10), start(5, 1500.0, 2, id_token="OTHER"))
    assert only(desk).id_token == "TAG"


def test_numbers_of_the_server_and_names_of_the_station_do_not_meet(desk: Desk) -> None:
    """A station that speaks another version now keeps its history, and each its own."""
    reply = desk.say(CS1, SessionStarted(evse_id=1, id_token="TAG", at=T0, meter_wh=0.0))
    assert isinstance(reply, StartAnswered)
    number = reply.transaction_ref
    desk.say(CS1, SessionStopped(transaction_ref=number, at=at(5), meter_wh=500.0))
    say(
        desk, start(10, 500.0, transaction_ref=number), update(1, 20, 900.0, transaction_ref=number)
    )
    desk.say(CS1, SessionStopped(transaction_ref=number, at=at(30), meter_wh=9000.0))
    first, second = desk.sessions
    assert (first.energy_wh, second.energy_wh) == (500.0, 400.0)
    assert (first.named_by_station, second.named_by_station) == (False, True)
    assert second.status is SessionStatus.ACTIVE


def test_a_new_number_is_none_that_the_station_used_as_a_name(desk: Desk) -> None:
    """A remote stop would not know which is meant."""
    say(desk, start(transaction_ref="1"), end(1, transaction_ref="1"))
    reply = desk.say(CS1, SessionStarted(evse_id=1, id_token="TAG", at=at(40), meter_wh=0.0))
    assert isinstance(reply, StartAnswered)
    assert reply.transaction_ref == "2"


def test_no_station_touches_another_s_transaction(desk: Desk) -> None:
    """The name is the station's own."""
    say(desk, start())
    say(desk, end(), key=CS2)
    assert only_of(desk, CS1).status is SessionStatus.ACTIVE


# -- sessions that the server ended


def test_values_of_a_session_that_the_server_ended_count(desk: Desk) -> None:
    """And its own end settles it anew."""
    say(desk, start(), update())
    ended, _ = ended_by_server(only(desk), desk.now)
    desk.book.keep(ended)
    say(desk, update(2, 20, 3000.0))
    session = only(desk)
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 2000.0)
    assert session.flags == (ADMINISTRATIVE,)
    say(desk, end(3))
    assert (only(desk).energy_wh, only(desk).flags) == (4000.0, ())


# -- whatever happens


def test_what_cannot_be_decided_is_kept_for_the_bill(desk: Desk) -> None:
    """An event of a transaction may prove what somebody owes."""
    kept = salvage(start(), CS1, T0)
    assert kept is not None
    assert "T-1" in kept.writes[0].content


TOKENS = st.sampled_from(["TAG", "MATE", "OTHER", "NOBODY"])


@st.composite
def transactions(draw: st.DrawFn, ref: str = "T-1") -> list[TransactionTold]:
    """What an honest station tells of one transaction, in order."""
    first = draw(st.integers(0, 50))
    steps = draw(st.lists(st.integers(0, 900), min_size=0, max_size=8))
    register = draw(st.integers(0, 10_000)) * 1.0
    begins = draw(st.booleans())
    register_at_start = register if draw(st.booleans()) else None
    token_at = draw(st.sampled_from(["start", "later", "never"]))
    evse_at_start = draw(st.booleans())
    events = [
        told(
            Stage.STARTED,
            first,
            0,
            register_at_start,
            "Transaction.Begin" if begins else "Sample.Periodic",
            transaction_ref=ref,
            evse_id=1 if evse_at_start else None,
            id_token=draw(TOKENS) if token_at == "start" else None,
            charging_state=draw(st.sampled_from([None, "EVConnected"])),
        )
    ]
    for n, step in enumerate(steps, 1):
        register += step
        silent = draw(st.booleans())
        events.append(
            told(
                Stage.UPDATED,
                first + n,
                n,
                None if silent else register,
                transaction_ref=ref,
                evse_id=1,
                id_token=draw(TOKENS) if token_at == "later" else None,
                trigger=draw(st.sampled_from(["Authorized", "StopAuthorized"])),
                remote_start_ref=draw(st.sampled_from([None, 7])) if ref == "T-1" else None,
                charging_state=draw(st.sampled_from([None, "Charging", "SuspendedEV"])),
                details=draw(
                    st.dictionaries(st.sampled_from(["a", "b"]), st.integers(), max_size=2)
                ),
            )
        )
    last = len(steps) + 1
    readings = draw(
        st.sampled_from(
            [
                (),
                (reading(last, register, "Transaction.End"),),
                (*[each for event in events for each in event.readings], reading(last, register)),
            ]
        )
    )
    events.append(
        told(
            Stage.ENDED,
            first + last,
            last,
            transaction_ref=ref,
            readings=readings,
            id_token=draw(st.none() | TOKENS),
            reason=draw(st.sampled_from([None, "Remote"])),
        )
    )
    return events


def outcome(reports: Sequence[TransactionTold]) -> list[Session]:
    """What is left of the sessions that does not depend on when things were heard."""
    each = Desk(T0)
    for name, group in (("TAG", "FLEET"), ("MATE", "fleet"), ("OTHER", None)):
        each.book.add_token(Token(id_token=name, group_id=group))
    operation(each, ref=7, id_token="NOBODY'S")
    say(each, *reports)
    return [
        replace(
            session,
            id="",
            flags=tuple(sorted(set(session.flags) - {ADOPTED})),
            numbering=missing(session.numbering),
            version=0,
            power_w=None,
        )
        for session in each.sessions
    ]


@given(st.data())
def test_the_order_of_events_makes_no_difference(data: st.DataObject) -> None:
    """Any order, with losses and repetitions, leaves the session that the same events leave in
    order: energy, registers, times, token, state, reason, flags."""
    events = data.draw(transactions())
    heard = data.draw(st.lists(st.sampled_from(events), min_size=1, unique_by=id))
    in_order = sorted(heard, key=lambda event: event.sequence_number)
    repeated = data.draw(st.lists(st.sampled_from(heard), max_size=4))
    shuffled = data.draw(st.permutations([*heard, *repeated]))
    assert outcome(shuffled) == outcome(in_order)


@given(st.data())
def test_numbers_that_mean_nothing_cost_nothing(data: st.DataObject) -> None:
    """Whatever numbers the events have, a session whose start and end tell their registers comes
    to the same, in any order."""
    events = data.draw(transactions())
    assume(events[0].readings and events[-1].readings)
    numbers = st.integers(0, data.draw(st.integers(0, 3)))
    numbered = [replace(event, sequence_number=data.draw(numbers)) for event in events]
    repeated = data.draw(st.lists(st.sampled_from(numbered), max_size=4))
    desk = Desk(T0)
    say(desk, *data.draw(st.permutations([*numbered, *repeated])))
    session, energy = only(desk), outcome(events)[0].energy_wh
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, energy)
    assert (session.started_at, session.ended_at) == (T0, events[-1].at)


@given(st.data())
def test_transactions_do_not_mix(data: st.DataObject) -> None:
    """Two on one EVSE, one after the other, told of in any order: once both ended, each is what
    it is alone."""
    first = data.draw(transactions())
    second = [
        replace(
            event,
            at=event.at + timedelta(minutes=20),
            readings=tuple(
                replace(each, taken_at=each.taken_at + timedelta(minutes=20))
                for each in event.readings
            ),
        )
        for event in data.draw(transactions("T-2"))
    ]
    shuffled = data.draw(st.permutations([*first, *second]))
    assert outcome(shuffled) == outcome(first) + outcome(second)


@given(
    st.lists(
        st.builds(
            told,
            st.sampled_from(Stage),
            st.integers(0, 4),
            st.integers(-30, 90),
            st.none() | st.integers(0, 200_000).map(float),
            st.sampled_from(["Transaction.Begin", "Transaction.End", "Sample.Periodic"]),
            transaction_ref=st.sampled_from(["1", "2"]),
            evse_id=st.sampled_from([None, 0, 1, 2]),
            id_token=st.none() | TOKENS,
            id_token_kind=st.sampled_from([None, "ISO14443", "NoAuthorization"]),
            offline=st.booleans(),
            told_at=st.sampled_from([None, None, "never"]),
            trigger=st.sampled_from(["", "StopAuthorized"]),
            remote_start_ref=st.sampled_from([None, 7]),
        ),
        max_size=25,
    )
)
def test_whatever_is_told_is_answered(reports: list[TransactionTold]) -> None:
    """No nonsense raises, nobody owes energy that was not read, and what ended stays ended."""
    desk = Desk(T0, Policy(concurrent_sessions=1, master_pass_group="FLEET"))
    desk.book.add_token(Token(id_token="TAG", group_id="FLEET"))
    operation(desk, ref=7)
    over: set[str] = set()
    for report in reports:
        reply = desk.say(CS1, report)
        assert isinstance(reply, TransactionAnswered)
        assert (reply.authorization is None) == (report.id_token is None)
        for session in desk.sessions:
            assert session.energy_wh >= 0.0
            assert session.energy_wh <= 25 * 200_000.0
            if session.status is SessionStatus.ENDED:
                over.add(session.id)
            assert session.id not in over or session.status is SessionStatus.ENDED
        desk.later(seconds=1)


def test_a_session_that_goes_on(desk: Desk) -> None:
    """2.1 E17.FR.15: told once, for what the station was sent before may have to be sent again;
    not of a session that is over."""
    resumed = update(1, trigger="TxResumed")
    say(desk, start(), resumed, resumed)
    assert desk.kinds.count("session.resumed") == 1
    assert desk.last("session.resumed").data["transaction_ref"] == "T-1"
    say(desk, end(3), update(2, trigger="TxResumed"))
    assert desk.kinds.count("session.resumed") == 1
