"""Energy from what meters say.

A session's energy is the sum of the rises of its register.  A register that goes backwards
was reset or swapped, or misread once; which of the two, only later readings tell:

- it goes on rising from the lower value: a reset, the rises after it are added;
- it comes back to at least where it was: a glitch, and the energy is counted as if the low
  readings had never come.

Energy is therefore never negative and a single wild reading costs nobody anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from csms.core.values import Reading, Sample, Session

_encode = msgspec.json.Encoder().encode

REGISTER = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
SOC = "SoC"
BEGIN = "Transaction.Begin"

BACKWARDS = "register_went_backwards"
IMPLAUSIBLE = "register_jumped"

PLAUSIBLE_RISE_WH = 2_000_000.0
"""More than this between two readings is marked for a human; 2 MWh is a truck depot's night."""


class Figures(Struct, frozen=True):
    """The figures of one reading that sessions and queries care about."""

    register_wh: float | None = None
    power_w: float | None = None
    soc_percent: float | None = None
    begins: bool = False
    """Taken when the transaction began (context Transaction.Begin)."""


def figures(reading: Reading) -> Figures:
    """Pick the register, power and state of charge out of a reading.

    Phase values make up the total only where no total is present (OCPP 1.6 §7.33: an absent
    phase means the overall value), interval measurands are never registers, and a number in a
    unit nobody knows is no energy.
    """
    register = power = soc = None
    phases: dict[str, float] = {}
    begins = False
    for sample in reading.samples:
        value = sample.value
        if value is None:
            continue
        measurand = sample.measurand
        if measurand == REGISTER:
            if sample.location != "Outlet" or sample.unit != "Wh":
                continue
            if sample.context == BEGIN:
                begins = True
            if sample.phase is None:
                register = value
            else:
                phases[REGISTER] = phases.get(REGISTER, 0.0) + value
        elif measurand == POWER:
            if sample.location != "Outlet" or sample.unit != "W":
                continue
            if sample.phase is None:
                power = value
            else:
                phases[POWER] = phases.get(POWER, 0.0) + value
        elif measurand == SOC:
            soc = value
    if phases:
        if register is None:
            register = phases.get(REGISTER)
        if power is None:
            power = phases.get(POWER)
    return Figures(register, power, soc, begins)


def fingerprint(evse_id: int, transaction_ref: str | None, samples: tuple[Sample, ...]) -> int:
    """A signed 64-bit digest of a reading's content, the same for a retransmission."""
    digest = blake2b(_encode((evse_id, transaction_ref, samples)), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def flagged(flags: tuple[str, ...], *names: str) -> tuple[str, ...]:
    """``flags`` with ``names`` added, each once, in order of appearance."""
    return flags + tuple(name for name in names if name not in flags)


def metered(session: Session, readings: Iterable[tuple[datetime, Figures]]) -> Session:
    """The session after readings, in the order they were taken.

    Readings older than the last one counted change nothing (they are late: kept as readings,
    the register has moved on).
    """
    for taken_at, found in sorted(readings, key=_when):
        if session.last_reading_at is not None and taken_at < session.last_reading_at:
            continue
        session = _read(session, taken_at, found)
    return session


def _when(reading: tuple[datetime, Figures]) -> datetime:
    return reading[0]


def _read(session: Session, taken_at: datetime, found: Figures) -> Session:
    power = session.power_w if found.power_w is None else found.power_w
    soc = session.soc_percent if found.soc_percent is None else found.soc_percent
    register = found.register_wh
    if register is None:
        return replace(session, last_reading_at=taken_at, power_w=power, soc_percent=soc)
    start = session.meter_start_wh
    last = session.meter_last_wh if session.meter_last_wh is not None else start
    untouched = session.energy_wh == 0.0 and (last is None or last == start)
    if last is None or (found.begins and not start and untouched):
        # Some stations start at 0 or without a register and say it in the first sample.
        return replace(
            session,
            meter_start_wh=register,
            meter_last_wh=register,
            last_reading_at=taken_at,
            power_w=power,
            soc_percent=soc,
        )
    energy = session.energy_wh
    reset_register, reset_energy = session.reset_register_wh, session.reset_energy_wh
    flags = session.flags
    if register < last:
        flags = flagged(flags, BACKWARDS)
        if reset_register is None:
            reset_register, reset_energy = last, energy
    elif reset_register is not None and register >= reset_register:
        energy = reset_energy + (register - reset_register)
        reset_register, reset_energy = None, 0.0
    else:
        if register - last > PLAUSIBLE_RISE_WH:
            flags = flagged(flags, IMPLAUSIBLE)
        energy += register - last
    return replace(
        session,
        meter_last_wh=register,
        energy_wh=round(energy, 3),
        reset_register_wh=reset_register,
        reset_energy_wh=reset_energy,
        power_w=power,
        soc_percent=soc,
        last_reading_at=taken_at,
        flags=flags,
    )


def closed(session: Session, at: datetime, meter_wh: float | None) -> Session:
    """The session after the register it stopped at (Wh; None when the station did not say).

    A stop register of 0 after higher readings is a station that does not know it: the last
    reading counts (and `BACKWARDS` tells so).
    """
    if not meter_wh and session.meter_last_wh:
        if meter_wh is None:
            return replace(session, meter_stop_wh=session.meter_last_wh)
        return replace(
            session,
            meter_stop_wh=session.meter_last_wh,
            flags=flagged(session.flags, BACKWARDS),
        )
    if meter_wh is None:
        return session
    start = session.meter_start_wh
    if start is not None and meter_wh >= start and session.reset_register_wh is None:
        flags = session.flags
        if meter_wh - start > PLAUSIBLE_RISE_WH:
            flags = flagged(flags, IMPLAUSIBLE)
        if session.meter_last_wh is not None and meter_wh < session.meter_last_wh:
            # The stop says less than a reading before it: the readings hold.
            return replace(session, meter_stop_wh=meter_wh, flags=flagged(flags, BACKWARDS))
        return replace(
            session,
            meter_stop_wh=meter_wh,
            meter_last_wh=meter_wh,
            energy_wh=_total(session, meter_wh, start),
            flags=flags,
        )
    session = _read(session, session.last_reading_at or at, Figures(meter_wh))
    return replace(session, meter_stop_wh=meter_wh)


def _total(session: Session, stop: float, start: float) -> float:
    """Energy at the stop: stop minus start, unless a reset was counted over in between."""
    if BACKWARDS in session.flags and session.meter_last_wh is not None:
        return round(session.energy_wh + stop - session.meter_last_wh, 3)
    return round(stop - start, 3)
