"""What one reading of a meter says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from csms.core.figures import Figures, begin_of, end_of, figures, fingerprint
from csms.core.values import Reading, Sample

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


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
    assert fingerprint(1, samples) == fingerprint(1, (Sample(value=1.0),))
    others = [fingerprint(2, samples), fingerprint(1, (Sample(value=2.0),)), fingerprint(1, ())]
    assert len({fingerprint(1, samples), *others}) == 4
    assert -(2**63) <= fingerprint(1, samples) < 2**63


def test_phases_are_summed_once() -> None:
    """L1, L1-N and L1-L2 are different quantities: those of the lines make up the total, or
    else those of the lines against neutral; between lines there is nothing to sum."""
    lines = [Sample(value=10.0, phase=f"L{n}") for n in (1, 2, 3)]
    neutral = [Sample(value=9.0, phase=f"L{n}-N") for n in (1, 2, 3)]
    between = [Sample(value=17.0, phase="L1-L2"), Sample(value=1.0, phase="N")]
    assert figures(reading(*lines, *neutral, *between)) == Figures(30.0)
    assert figures(reading(*neutral, *between)) == Figures(27.0)
    assert figures(reading(*between)) == Figures()


def test_a_phase_that_is_told_twice_counts_once() -> None:
    """Of two samples of one phase (in other contexts) the later stands."""
    twice = [Sample(value=10.0, phase="L1"), Sample(value=11.0, phase="L1")]
    assert figures(reading(*twice)) == Figures(11.0)


def test_figures_beyond_all_measure_are_left_out() -> None:
    """What no meter can show (and no database could add up) is kept as a sample only."""
    huge = [Sample(value=1e306, phase=f"L{n}") for n in (1, 2, 3)]
    power = Sample("Power.Active.Import", 1e300, "W")
    soc = Sample("SoC", 1e300, "Percent")
    assert figures(reading(*huge, Sample(value=-1e300), power, soc)) == Figures()


def test_a_register_told_as_that_of_the_end_is_the_one() -> None:
    """Beside others of the same moment, in whatever order."""
    samples = (Sample(value=5000.0, context="Transaction.End"), Sample(value=4999.0))
    for each in (samples, samples[::-1]):
        assert figures(reading(*each)) == Figures(5000.0, ends=True)


def test_the_register_at_the_begin_is_found_among_readings() -> None:
    """Told by itself, or beside another."""
    other = (at(1), Figures(2000.0))
    assert begin_of([other]) is None
    assert begin_of([other, (at(0), Figures(1000.0, begins=True))]) == 1000.0
    assert begin_of([other, (at(2), Figures(5000.0, begin_wh=1000.0))]) == 1000.0


def test_the_register_at_the_end_is_found_among_readings() -> None:
    """The one told as such, else the last; that of the begin is none."""
    begin, middle = (at(5), Figures(1000.0, begins=True)), (at(1), Figures(2000.0))
    assert end_of([begin]) is None
    assert end_of([begin, middle, (at(0), Figures(1500.0)), (at(9), Figures())]) == 2000.0
    assert end_of([(at(0), Figures(1800.0, ends=True)), middle]) == 1800.0
