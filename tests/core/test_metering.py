"""Energy from what meters say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.core.metering import (
    BACKWARDS,
    IMPLAUSIBLE,
    Figures,
    closed,
    figures,
    fingerprint,
    flagged,
    metered,
)
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


def test_the_total_of_the_register_is_taken_and_not_its_phases() -> None:
    """Phase values are not added to a total that is present."""
    found = figures(
        reading(
            Sample(value=300.0),
            Sample(value=100.0, phase="L1"),
            Sample(measurand="Power.Active.Import", value=11000.0, unit="W"),
            Sample(measurand="Power.Active.Import", value=3600.0, unit="W", phase="L1"),
            Sample(measurand="SoC", value=55.0, unit="Percent"),
        )
    )
    assert found == Figures(300.0, 11000.0, 55.0)


def test_phases_make_up_a_total_that_is_absent() -> None:
    """Where no total is sent, the phases are summed."""
    found = figures(
        reading(
            *(Sample(value=100.0, phase=f"L{n}") for n in (1, 2, 3)),
            *(Sample("Power.Active.Import", 10.0, "W", f"L{n}") for n in (1, 2)),
        )
    )
    assert found == Figures(300.0, 20.0)


def test_samples_that_are_no_register_of_the_outlet_are_left_out() -> None:
    """Unreadable values, the grid side, and interval measurands count for nothing."""
    found = figures(
        reading(
            Sample(value=None, raw="n/a"),
            Sample(value=9.0, location="Inlet"),
            Sample(measurand="Power.Active.Import", value=9.0, location="Inlet", unit="W"),
            Sample(value=9.0, unit="foo"),
            Sample(measurand="Power.Active.Import", value=9.0, unit="hp"),
            Sample(measurand="Energy.Active.Import.Interval", value=9.0),
        )
    )
    assert found == Figures()


def test_a_reading_taken_at_the_begin_says_so() -> None:
    """The context Transaction.Begin marks the register of the start."""
    assert figures(reading(Sample(value=5.0, context="Transaction.Begin"))).begins


def test_the_fingerprint_tells_content_apart() -> None:
    """The same samples have the same fingerprint, other samples or another place do not."""
    samples = (Sample(value=1.0),)
    assert fingerprint(1, "7", samples) == fingerprint(1, "7", (Sample(value=1.0),))
    assert len({fingerprint(1, "7", samples), fingerprint(2, "7", samples)}) == 2
    assert -(2**63) <= fingerprint(1, None, samples) < 2**63


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
