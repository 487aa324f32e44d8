"""Energy from what meters say.

A session's energy is the sum of the rises of its register.  A register that goes backwards
was reset or swapped, or misread once; which of the two, only later readings tell:

- it goes on rising from the lower value: a reset, the rises after it are added;
- it comes back to at least where it was: a glitch, and the energy is counted as if the low
  readings had never come.

One that falls, but not below the start, was not reset: it is the higher reading that was wrong,
and energy is last minus first again.

So it is with one that jumps by more than a charger can deliver: the jump is counted when a
second reading confirms it (and flagged for a human), and never was if the register comes back
down.  While a register is in doubt the last one believed, and the energy then, are kept as
``reset_register_wh`` and ``reset_energy_wh`` of the session.

Energy is therefore never negative and a single wild reading costs nobody anything.

Note on readings out of order
-----------------------------
Messages may come twice and late.  A reading that is not newer than the newest counts only where
it says what no newer one said: a register beyond the last, or, of a session whose start register
is unknown, one below the first.  So the energy of a rising register is last minus first in
whatever order its readings come, and a retransmission changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from csms.core.figures import Figures
from csms.core.flags import (
    BACKWARDS,
    IMPLAUSIBLE,
    ORPHAN,
    START_UNKNOWN,
    STOP_UNKNOWN,
    flagged,
    unflagged,
)
from csms.core.values import Session

LEAST_DOUBT_WH = 50_000.0
"""A rise up to this much is believed whatever the times of the readings say: they may be
coarse or wrong."""
LARGEST_CHARGER_W = 1_000_000.0
"""A rise up to what this power delivers between two readings is believed."""


def plausible(rise_wh: float, during: timedelta) -> bool:
    """Whether a charger can have delivered that much in that time."""
    hours = during.total_seconds() / 3600
    return rise_wh <= max(LEAST_DOUBT_WH, LARGEST_CHARGER_W * hours)


def metered(session: Session, readings: Iterable[tuple[datetime, Figures]]) -> Session:
    """The session after readings, in the order they were taken; see the note above."""
    for taken_at, found in sorted(readings, key=_when):
        before = session.last_reading_at
        if found.begin_wh is not None:
            session = _begun(session, taken_at, found.begin_wh)
        if before is not None and taken_at <= before:
            session = _late(session, taken_at, found)
            continue
        power = session.power_w if found.power_w is None else found.power_w
        soc = session.soc_percent if found.soc_percent is None else found.soc_percent
        if found.register_wh is not None:
            session = _counted(
                session,
                taken_at,
                found.register_wh,
                begins=found.begins,
                power_w=power,
                soc_percent=soc,
                last_reading_at=taken_at,
            )
        else:
            session = replace(session, power_w=power, soc_percent=soc, last_reading_at=taken_at)
    return session


def _when(reading: tuple[datetime, Figures]) -> datetime:
    return reading[0]


def _late(session: Session, taken_at: datetime, found: Figures) -> Session:
    """The session after a reading that is not newer than its newest one."""
    newest = session.last_reading_at
    assert newest is not None  # or nothing would be late
    if taken_at == newest:
        session = replace(
            session,
            power_w=session.power_w if found.power_w is None else found.power_w,
            soc_percent=session.soc_percent if found.soc_percent is None else found.soc_percent,
        )
    register, last, first = found.register_wh, session.meter_last_wh, session.meter_start_wh
    if register is None:
        return session
    if last is None or first is None:
        return _from(session, register)
    if BACKWARDS in session.flags or IMPLAUSIBLE in session.flags:
        return session
    if register > last:
        if not plausible(register - last, timedelta()):
            return replace(session, flags=flagged(session.flags, IMPLAUSIBLE))
        return replace(
            session, meter_last_wh=register, energy_wh=_round(session.energy_wh + register - last)
        )
    return _moved_start(session, register, first, newest - taken_at)


def _begun(session: Session, taken_at: datetime, register: float) -> Session:
    """The session after a reading that (also) tells the register at its begin."""
    first = session.meter_start_wh
    if first is None or _starts_at_zero(session):
        return _from(session, register)
    return _moved_start(session, register, first, taken_at - session.started_at)


def _moved_start(session: Session, register: float, first: float, during: timedelta) -> Session:
    """The session with an earlier start, where the start was only learned from readings."""
    unknown = START_UNKNOWN in session.flags or ORPHAN in session.flags
    if unknown and register < first and plausible(first - register, during):
        energy = _round(session.energy_wh + first - register)
        return replace(session, meter_start_wh=register, energy_wh=energy)
    return session


def began_at(session: Session, register: float) -> Session:
    """The session when its register at the start (Wh) becomes known, late or not.

    What it counted from before was the first register that was read.  One below the start is that
    of a register that was reset meanwhile, and the rises since then are what was delivered.
    """
    first = session.meter_start_wh
    flags = unflagged(session.flags, START_UNKNOWN)
    if first is None:
        return replace(_from(session, register), flags=flags)
    if first < register:
        flags = flagged(flags, BACKWARDS)
        return replace(session, meter_start_wh=register, flags=flags)
    rise = first - register
    if not plausible(rise, (session.last_reading_at or session.started_at) - session.started_at):
        flags = flagged(flags, IMPLAUSIBLE)
    doubted = session.reset_register_wh is not None
    return replace(
        session,
        meter_start_wh=register,
        energy_wh=_round(session.energy_wh + rise),
        reset_energy_wh=_round(session.reset_energy_wh + rise) if doubted else 0.0,
        flags=flags,
    )


def _from(session: Session, register: float) -> Session:
    """The session that counts from that register on."""
    return replace(session, meter_start_wh=register, meter_last_wh=register)


def _starts_at_zero(session: Session) -> bool:
    """Whether nothing was counted since a start at 0, which may mean that it is not known."""
    return not session.meter_start_wh and not session.meter_last_wh and not session.energy_wh


def _counted(
    session: Session, at: datetime, register: float, *, begins: bool = False, **beside: object
) -> Session:
    """The session after a register newer than its last; ``beside`` is what else changes."""
    last = session.meter_last_wh
    if last is None:
        return replace(_from(session, register), **beside)
    during = at - (session.last_reading_at or session.started_at)
    flags = session.flags
    if _starts_at_zero(session):
        # Some stations start at 0 and say their register in the first sample.
        if begins:
            return replace(_from(session, register), **beside)
        if not plausible(register, during):
            flags = flagged(flags, START_UNKNOWN)
            return replace(_from(session, register), flags=flags, **beside)
    energy = session.energy_wh
    believed, energy_then = session.reset_register_wh, session.reset_energy_wh
    doubted = believed is not None
    if believed is None:
        believed, energy_then = last, energy
    if register < believed:
        flags = flagged(flags, BACKWARDS)
        if not doubted:
            energy = _fallen(session, register, believed)
        elif last < register:
            # Below since before: the rises since the reset.
            if plausible(register - last, during):
                energy += register - last
            else:
                flags = flagged(flags, IMPLAUSIBLE)
        doubted = True
    elif plausible(register - believed, during) or (
        # Up there since before: a second reading says so.
        believed < last <= register and plausible(register - last, during)
    ):
        energy = energy_then + (register - believed)
        doubted = False
    else:
        flags = flagged(flags, IMPLAUSIBLE)
        energy, doubted = energy_then, True
    return replace(
        session,
        meter_last_wh=register,
        energy_wh=_round(energy),
        reset_register_wh=believed if doubted else None,
        reset_energy_wh=energy_then if doubted else 0.0,
        flags=flags,
        **beside,
    )


def _fallen(session: Session, register: float, believed: float) -> float:
    """Energy when the register falls: as before if it may have been reset, else since the start,
    for then a reading before was too high."""
    start = session.meter_start_wh
    if start and start <= register and session.energy_wh == _round(believed - start):
        return register - start
    return session.energy_wh


def closed(session: Session, at: datetime, meter_wh: float | None) -> Session:
    """The session after the register it stopped at (Wh; None when the station did not say).

    Energy is stop minus start unless the readings in between say otherwise.  A stop register of
    0 after higher readings is a station that does not know it: the last reading counts (and
    `BACKWARDS` tells so).
    """
    session = without_jump(session)
    if meter_wh is None:
        return replace(
            session,
            meter_stop_wh=session.meter_last_wh,
            flags=flagged(session.flags, STOP_UNKNOWN),
        )
    if meter_wh == 0.0 and session.meter_last_wh:
        return replace(
            session,
            meter_stop_wh=session.meter_last_wh,
            flags=flagged(session.flags, BACKWARDS),
        )
    start, last = session.meter_start_wh, session.meter_last_wh
    if start is None or last is None or meter_wh < start or session.reset_register_wh is not None:
        return replace(_counted(session, at, meter_wh), meter_stop_wh=meter_wh)
    flags = session.flags
    if not plausible(meter_wh - start, at - session.started_at):
        flags = flagged(flags, IMPLAUSIBLE)
    if meter_wh < last:
        # The stop says less than a reading before it: the readings hold.
        return replace(session, meter_stop_wh=meter_wh, flags=flagged(flags, BACKWARDS))
    # Where the register fell and went on, what was counted over that stands.
    counted = session.energy_wh + meter_wh - last if BACKWARDS in flags else meter_wh - start
    return replace(
        session,
        meter_stop_wh=meter_wh,
        meter_last_wh=meter_wh,
        energy_wh=_round(counted),
        flags=flags,
    )


def without_jump(session: Session) -> Session:
    """The session at the last register believed, without a jump that nothing confirmed yet."""
    believed, last = session.reset_register_wh, session.meter_last_wh
    if believed is None or last is None or last < believed:
        return session
    return replace(
        session,
        meter_last_wh=believed,
        energy_wh=session.reset_energy_wh,
        reset_register_wh=None,
        reset_energy_wh=0.0,
    )


def _round(energy: float) -> float:
    return round(energy, 3)
