"""What one reading of a meter says: register, power, state of charge, and a digest of it all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b

import msgspec
from msgspec import Struct

from csms.core.values import Reading, Sample

_encode = msgspec.json.Encoder().encode

REGISTER = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
SOC = "SoC"
BEGIN = "Transaction.Begin"
END = "Transaction.End"
_EDGES = (BEGIN, END)

LARGEST_REGISTER_WH = 1e15
LARGEST_POWER_W = 1e9
"""No meter has counted or measured that far."""

_LINES = ("L1", "L2", "L3")
_LINES_TO_NEUTRAL = ("L1-N", "L2-N", "L3-N")


class Figures(Struct, frozen=True):
    """The figures of one reading that sessions and queries care about."""

    register_wh: float | None = None
    power_w: float | None = None
    soc_percent: float | None = None
    begins: bool = False
    """The register is that of the begin of the transaction (context Transaction.Begin)."""
    begin_wh: float | None = None
    """The register at the begin, where the reading tells another one beside it."""
    ends: bool = False
    """The register is that of the end of the transaction (context Transaction.End)."""


def figures(reading: Reading) -> Figures:
    """Pick the register, power and state of charge out of a reading.

    Phase values make up the total only where no total is present (OCPP 1.6 §7.33: an absent
    phase means the overall value), interval measurands are never registers, and a number in a
    unit nobody knows, or beyond all measure, is no energy.
    """
    register = power = soc = None
    edges: dict[str, float] = {}
    phases: dict[tuple[str, str], float] = {}
    for sample in reading.samples:
        value = sample.value
        if value is None:
            continue
        measurand = sample.measurand
        if measurand == REGISTER:
            if not (sample.location == "Outlet" and sample.unit == "Wh"):
                continue
            if abs(value) > LARGEST_REGISTER_WH:
                continue
            if sample.phase is not None:
                phases[REGISTER, sample.phase] = value
            elif sample.context in _EDGES:
                edges[sample.context] = value
            else:
                register = value
        elif measurand == POWER:
            if sample.location != "Outlet" or sample.unit != "W" or abs(value) > LARGEST_POWER_W:
                continue
            if sample.phase is not None:
                phases[POWER, sample.phase] = value
            else:
                power = value
        elif measurand == SOC and 0.0 <= value <= 100.0:
            soc = value
    begin, register = edges.get(BEGIN), edges.get(END, register)
    if begin is not None and register is None:
        return Figures(begin, _total_of(POWER, phases, power), soc, begins=True)
    if phases:
        register = _total_of(REGISTER, phases, register)
        power = _total_of(POWER, phases, power)
    return Figures(register, power, soc, begin_wh=begin, ends=END in edges)


def _total_of(
    measurand: str, phases: dict[tuple[str, str], float], total: float | None
) -> float | None:
    """``total``, or what the phases make up: those of the lines, else of lines to neutral."""
    if total is not None:
        return total
    for names in (_LINES, _LINES_TO_NEUTRAL):
        values = [phases[measurand, name] for name in names if (measurand, name) in phases]
        if values:
            return sum(values)
    return None


def fingerprint(evse_id: int, samples: tuple[Sample, ...]) -> int:
    """A signed 64-bit digest of a reading's content, the same for a retransmission.

    The transaction is no part of it: an EVSE has one at a time, and the same reading may come
    with its number, without, and once more with the stop.
    """
    digest = blake2b(_encode((evse_id, samples)), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def begin_of(readings: Iterable[tuple[datetime, Figures]]) -> float | None:
    """The register at the begin of a transaction, where readings tell it as such (Wh)."""
    for _, found in readings:
        if found.begin_wh is not None:
            return found.begin_wh
        if found.begins:
            return found.register_wh
    return None


def end_of(readings: Iterable[tuple[datetime, Figures]]) -> float | None:
    """The register at the end of a transaction (Wh): the one told as such, else the last."""
    registers = [
        (found.ends, taken_at, found.register_wh)
        for taken_at, found in readings
        if found.register_wh is not None and not found.begins
    ]
    return max(registers)[2] if registers else None
