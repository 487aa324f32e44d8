"""Energy from what meters say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.core.figures import Figures, figures
from csms.core.flags import (
    BACKWARDS,
    IMPLAUSIBLE,
    ORPHAN,
    START_UNKNOWN,
    STOP_UNKNOWN,
    flagged,
)
from csms.core.metering import closed, metered
from csms.core.values import Reading, Sample, Session

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def session(start: float | None = 1000.0, **changes: object) -> Session:
    fresh = Session(
        id="s",
        operator_id=1,
        station_id=1,
        identity="CP1",
        evse_id=1,
        started_at=T0,
        meter_start_wh=start,
        meter_last_wh=start,
        created_at=T0,
        updated_at=T0,
    )
    return replace(fresh, **changes)


def after(registers: list[float], start: float | None = 1000.0) -> Session:
    return metered(session(start), [(at(i + 1), Figures(r)) for i, r in enumerate(registers)])


def reading(*samples: Sample) -> Reading:
    return Reading(T0, samples)


def test_flags_are_kept_once_and_in_order() -> None:
    """A flag that is there is not added again."""
    assert flagged(("a",), "b", "a") == ("a", "b")


def test_energy_is_the_rise_of_the_register() -> None:
    """The sum of the rises is what was delivered."""
    done = after([1100.0, 1250.5])
    assert (done.energy_wh, done.meter_last_wh, done.last_reading_at) == (250.5, 1250.5, at(2))


def test_a_late_reading_changes_nothing() -> None:
    """Readings older than the last one counted are kept elsewhere, not counted again."""
    counted = after([1100.0, 1200.0])
    assert metered(counted, [(at(1.5), Figures(1150.0))]) == counted


def test_a_register_that_was_reset_goes_on_from_there() -> None:
    """After a reset to 0 the rises are added to what was counted."""
    done = after([1100.0, 0.0, 50.0])
    assert done.energy_wh == 150.0
    assert done.flags == (BACKWARDS,)


def test_a_register_reset_twice_still_only_adds() -> None:
    """A second reset before the register came back is no glitch either."""
    assert after([1100.0, 10.0, 60.0, 0.0, 5.0]).energy_wh == 155.0


def test_a_single_wild_reading_costs_nobody_anything() -> None:
    """A register that comes back to where it was is counted as if the low reading never came."""
    assert after([1100.0, 3.0, 1150.0]).energy_wh == 150.0
    assert after([1100.0, 3.0, 900.0, 1150.0]).energy_wh == 150.0


def test_a_huge_jump_is_marked() -> None:
    """A rise no charger can deliver is counted and flagged for a human."""
    assert after([9_000_000.0]).flags == (IMPLAUSIBLE,)


def test_readings_without_a_register_update_power_and_charge() -> None:
    """Power and state of charge stand on their own, and stay until told anew."""
    done = metered(session(), [(at(1), Figures(None, 7000.0, 40.0)), (at(2), Figures(1010.0))])
    assert (done.power_w, done.soc_percent, done.energy_wh) == (7000.0, 40.0, 10.0)


def test_a_session_without_a_start_register_begins_at_its_first_reading() -> None:
    """The first register seen is the start where the station sent none."""
    done = after([500.0, 510.0], start=None)
    assert (done.meter_start_wh, done.energy_wh) == (500.0, 10.0)


def test_a_start_of_zero_is_corrected_by_the_begin_reading() -> None:
    """Of meterStart 0 and a real register at Transaction.Begin the latter is meant."""
    begun = metered(session(0.0), [(at(0), Figures(5000.0, begins=True))])
    assert (begun.meter_start_wh, begun.energy_wh) == (5000.0, 0.0)
    assert metered(begun, [(at(1), Figures(5100.0))]).energy_wh == 100.0


def test_a_begin_reading_does_not_undo_energy_already_counted() -> None:
    """Once something was counted from 0, a begin reading is a reading like others."""
    counted = metered(session(0.0), [(at(1), Figures(100.0)), (at(2), Figures(150.0, begins=True))])
    assert (counted.meter_start_wh, counted.energy_wh) == (0.0, 150.0)


def test_the_stop_register_decides() -> None:
    """Energy is stop minus start."""
    done = closed(after([1100.0]), at(9), 1500.0)
    assert (done.energy_wh, done.meter_stop_wh) == (500.0, 1500.0)


def test_a_stop_without_register_takes_the_last_reading() -> None:
    """Where the station does not say, its last reading stands."""
    assert closed(after([1100.0]), at(9), None).meter_stop_wh == 1100.0
    assert closed(session(None), at(9), None).meter_stop_wh is None


def test_a_stop_of_zero_after_readings_is_not_believed() -> None:
    """A station that lost its register at the end does not get its energy for free."""
    done = closed(after([1100.0]), at(9), 0.0)
    assert (done.energy_wh, done.meter_stop_wh, done.flags) == (100.0, 1100.0, (BACKWARDS,))


def test_a_stop_below_the_start_is_flagged_and_never_negative() -> None:
    """Stop below start without readings in between leaves 0 Wh and a flag."""
    done = closed(session(5000.0), at(9), 4000.0)
    assert (done.energy_wh, done.flags) == (0.0, (BACKWARDS,))


def test_a_stop_below_the_last_reading_leaves_what_was_read() -> None:
    """The readings hold against a smaller stop register."""
    done = closed(after([1100.0]), at(9), 1050.0)
    assert (done.energy_wh, done.meter_stop_wh, done.flags) == (100.0, 1050.0, (BACKWARDS,))


def test_a_stop_after_a_reset_adds_the_last_rise() -> None:
    """The register that was reset goes on to the stop."""
    assert closed(after([1100.0, 0.0, 50.0]), at(9), 70.0).energy_wh == 170.0


def test_a_stop_after_a_glitch_counts_through() -> None:
    """After a glitch the total is start to stop."""
    assert closed(after([1100.0, 3.0, 1150.0]), at(9), 1200.0).energy_wh == 200.0


def test_a_stop_far_beyond_is_marked() -> None:
    """An impossible total is flagged."""
    assert closed(session(), at(9), 9_000_000.0).flags == (IMPLAUSIBLE,)


def test_a_stop_without_a_start_register_starts_there() -> None:
    """With nothing else known the energy is 0."""
    done = closed(session(None), at(9), 700.0)
    assert (done.energy_wh, done.meter_stop_wh, done.meter_start_wh) == (0.0, 700.0, 700.0)


REGISTERS = st.lists(st.floats(0, 1e9, allow_nan=False), max_size=12)


@given(REGISTERS, st.none() | st.floats(0, 1e9), st.none() | st.floats(0, 1e9))
def test_energy_is_never_negative(
    registers: list[float], start: float | None, stop: float | None
) -> None:
    """Whatever a meter says, nobody is billed a negative amount."""
    done = after(registers, start)
    assert done.energy_wh >= 0
    assert closed(done, at(60), stop).energy_wh >= 0


@given(REGISTERS)
def test_saying_it_twice_changes_nothing(registers: list[float]) -> None:
    """A retransmitted reading adds no energy."""
    once = [(at(i + 1), Figures(r)) for i, r in enumerate(registers)]
    twice = [each for each in once for _ in range(2)]
    assert metered(session(), twice).energy_wh == metered(session(), once).energy_wh


def test_a_begin_and_an_end_in_one_reading_are_told_apart() -> None:
    """Some stations send both at the stop; the one at the begin is not the register now."""
    begin = Sample(value=1000.0, context="Transaction.Begin")
    end = Sample(value=5000.0, context="Transaction.End")
    for samples in ((begin, end), (end, begin)):
        found = figures(reading(*samples))
        assert found == Figures(5000.0, begin_wh=1000.0, ends=True)
        done = metered(session(0.0), [(at(60), found)])
        assert (done.meter_start_wh, done.energy_wh) == (1000.0, 4000.0)


# -- registers that jump


def test_a_single_wild_high_reading_costs_nobody_anything() -> None:
    """A register that jumps where no charger can take it is not counted until it stays there."""
    for registers in ([1100.0, 900_000.0, 1150.0], [1100.0, 900_000.0, 500_000.0, 1150.0]):
        done = after(registers)
        assert done.energy_wh == 150.0
        assert IMPLAUSIBLE in done.flags
    assert after([1100.0, 900_000.0]).energy_wh == 100.0


def test_a_register_that_falls_above_its_start_was_too_high_before() -> None:
    """No reset: energy is last minus first, now and at the stop."""
    done = after([1100.0, 30_000.0, 1150.0])
    assert (done.energy_wh, done.flags) == (150.0, (BACKWARDS,))
    assert closed(done, at(60), 5000.0).energy_wh == 4000.0
    assert metered(done, [(at(9), Figures(31_000.0))]).energy_wh == 30_000.0


def test_a_register_that_starts_at_zero_may_be_reset_to_anything() -> None:
    """Where the start is 0, what was counted before a fall stands."""
    done = after([5_000.0, 9_000.0, 200.0, 700.0], start=0.0)
    assert (done.energy_wh, done.flags) == (9_500.0, (BACKWARDS,))


def test_a_fall_after_a_reset_leaves_what_was_counted() -> None:
    """Once a reset was counted over, the energy is more than last minus first."""
    reset = after([1100.0, 0.0, 500.0, 1200.0, 1300.0, 1250.0])
    assert reset.energy_wh == 250.0
    assert after([3000.0, 0.0, 500.0, 2000.0, 1500.0]).energy_wh == 4000.0


def test_a_jump_that_is_confirmed_counts() -> None:
    """A second reading from up there leaves the rest to a human."""
    done = after([1100.0, 900_000.0, 900_100.0])
    assert (done.energy_wh, done.flags) == (899_100.0, (IMPLAUSIBLE,))


def test_a_jump_is_not_confirmed_by_saying_it_twice() -> None:
    """A retransmission is no second reading."""
    jumped = after([1100.0, 900_000.0])
    assert metered(jumped, [(at(2), Figures(900_000.0))]) == jumped


def test_a_register_below_a_jump_and_below_what_was_before_went_backwards() -> None:
    """What was counted before the jump stays."""
    done = after([1100.0, 900_000.0, 500.0])
    assert (done.energy_wh, done.flags) == (100.0, (IMPLAUSIBLE, BACKWARDS))
    assert metered(done, [(at(9), Figures(550.0))]).energy_wh == 150.0


def test_a_jump_after_a_reset_is_not_counted() -> None:
    """Neither below the register before the reset nor above it."""
    low = [10_001_000.0, 0.0]
    counted = after([10_000_500.0, *low], start=10_000_000.0)
    assert counted.energy_wh == 1000.0
    below = metered(counted, [(at(4), Figures(5_000_000.0))])
    assert (below.energy_wh, below.flags) == (1000.0, (BACKWARDS, IMPLAUSIBLE))
    above = metered(counted, [(at(4), Figures(20_000_000.0))])
    assert (above.energy_wh, above.flags) == (1000.0, (BACKWARDS, IMPLAUSIBLE))


def test_a_rise_may_be_as_high_as_the_time_between_allows() -> None:
    """After hours without a reading much is plausible."""
    assert metered(session(), [(at(300), Figures(901_000.0))]).flags == ()


def test_the_stop_puts_a_wild_reading_right() -> None:
    """Energy is stop minus start when the reading in between was impossible."""
    wild = after([1100.0, 900_000.0])
    assert closed(wild, at(9), 1200.0).energy_wh == 200.0
    assert closed(wild, at(9), 900_100.0).energy_wh == 899_100.0
    assert closed(wild, at(9), 1050.0).energy_wh == 100.0
    assert closed(after([1100.0, 900_000.0, 1150.0]), at(9), 5000.0).energy_wh == 4000.0


# -- starts without a register


def test_a_start_register_of_zero_is_not_believed_when_the_meter_shows_far_more() -> None:
    """meterStart 0 is how some stations say that they do not know."""
    done = after([5_000_000.0, 5_000_100.0], start=0.0)
    assert (done.meter_start_wh, done.energy_wh) == (5_000_000.0, 100.0)
    assert done.flags == (START_UNKNOWN,)


def test_an_earlier_register_that_comes_late_moves_an_unknown_start() -> None:
    """Where the start was only learned from readings, the earliest of them is it."""
    unknown = session(None, flags=(START_UNKNOWN,))
    done = metered(unknown, [(at(2), Figures(1200.0))])
    assert metered(done, [(at(1), Figures(1100.0))]).energy_wh == 100.0
    assert metered(done, [(at(1), Figures(1300.0))]).energy_wh == 100.0
    assert metered(done, [(at(1), Figures(None))]) == done


def test_a_begin_that_is_told_with_the_stop_is_the_start_where_that_is_unknown() -> None:
    """It leaves a start that was told alone."""
    counted = metered(session(None, flags=(START_UNKNOWN,)), [(at(2), Figures(1200.0))])
    done = metered(counted, [(at(9), Figures(1500.0, begin_wh=1000.0))])
    assert (done.meter_start_wh, done.energy_wh, done.flags) == (1000.0, 500.0, (START_UNKNOWN,))
    known = metered(after([1100.0, 1200.0]), [(at(9), Figures(1500.0, begin_wh=900.0))])
    assert (known.meter_start_wh, known.energy_wh, known.flags) == (1000.0, 500.0, ())


def test_an_impossible_earlier_register_moves_nothing() -> None:
    """A late reading of 0 does not bill what the meter counted in all its life."""
    unknown = session(None, flags=(ORPHAN,))
    done = metered(unknown, [(at(2), Figures(9_000_000.0))])
    assert metered(done, [(at(1), Figures(0.0))]).energy_wh == 0.0


def test_a_register_that_comes_after_a_reading_without_one_is_counted() -> None:
    """The last register counts though a newer reading (of power alone) came before it."""
    live = metered(session(), [(at(5), Figures(None, 7000.0))])
    late = metered(live, [(at(4), Figures(1100.0, 5000.0))])
    assert (late.energy_wh, late.power_w, late.last_reading_at) == (100.0, 7000.0, at(5))
    unknown = metered(session(None), [(at(5), Figures(None, 7000.0))])
    first = metered(unknown, [(at(4), Figures(1100.0))])
    assert (first.meter_start_wh, first.meter_last_wh) == (1100.0, 1100.0)


def test_a_late_register_far_beyond_is_not_counted() -> None:
    """It is a register from elsewhere."""
    done = metered(after([1100.0]), [(at(0.5), Figures(900_000.0))])
    assert (done.energy_wh, done.flags) == (100.0, (IMPLAUSIBLE,))


def test_several_readings_of_one_moment_count_once() -> None:
    """Stations whose time stands still, or who send each measurand apart, repeat timestamps."""
    same = [(at(1), Figures(1100.0)), (at(1), Figures(1200.0)), (at(1), Figures(None, 5.0, 6.0))]
    done = metered(session(), same)
    assert (done.energy_wh, done.power_w, done.soc_percent) == (200.0, 5.0, 6.0)
    assert metered(done, same) == done


def test_a_stop_without_register_is_flagged() -> None:
    """Whoever settles the bill should know that the station did not say."""
    assert closed(after([1100.0]), at(9), None).flags == (STOP_UNKNOWN,)


RISING = st.lists(st.integers(0, 400), min_size=1, max_size=8).map(
    lambda rises: [1000.0 + sum(rises[: i + 1]) for i in range(len(rises))]
)


@given(RISING, st.randoms(use_true_random=False), st.booleans(), st.booleans())
def test_any_order_of_delivery_counts_the_same(
    registers: list[float], random: Random, known: bool, twice: bool
) -> None:
    """Energy is last minus first, however the readings of a rising register arrive, and a
    retransmission at any point changes nothing."""
    messages = [(at(i + 1), Figures(r)) for i, r in enumerate(registers)]
    if twice:
        messages += messages
    random.shuffle(messages)
    done = session(1000.0) if known else session(None, flags=(START_UNKNOWN,))
    for message in messages:
        done = metered(done, [message])
    first = 1000.0 if known else registers[0]
    assert done.energy_wh == registers[-1] - first
    assert (done.meter_start_wh, done.meter_last_wh) == (first, registers[-1])
    assert closed(done, at(60), registers[-1] + 50).energy_wh == registers[-1] + 50 - first


@given(RISING, st.integers(0, 7), st.sampled_from([0.0, 3.0, 700.0, 20_000.0, 5e5, 5e6, 1e15]))
def test_one_wild_reading_anywhere_is_made_good_by_the_next(
    registers: list[float], place: int, wild: float
) -> None:
    """Whether it was too low or too high."""
    place = min(place, len(registers) - 1)
    done = after([*registers[:place], wild, *registers[place:]])
    assert done.energy_wh == registers[-1] - 1000.0


@given(REGISTERS, st.none() | st.floats(0, 1e9), st.lists(st.integers(0, 11), max_size=6))
def test_a_retransmission_at_any_point_changes_nothing(
    registers: list[float], start: float | None, again: list[int]
) -> None:
    """Whatever the meter shows, what was said before adds nothing."""
    messages = [(at(i + 1), Figures(r)) for i, r in enumerate(registers)]
    done = metered(session(start), messages)
    for index in again:
        if index < len(messages):
            retold = metered(done, [messages[index]])
            assert retold == done
