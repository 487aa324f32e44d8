"""The flags of a session: what was odd about it, for a human to look at.

They are kept with the session in the order in which they came up.  Some are also its memory:
the rules look at `ORPHAN`, `ADMINISTRATIVE`, `STOP_MISSING`, `START_UNKNOWN` and `BACKWARDS`.
"""

from __future__ import annotations

ORPHAN = "orphan"
"""Its start never reached us."""
ADOPTED = "start_came_late"
"""It was an orphan until its start came."""
STOP_MISSING = "stop_missing"
"""A newer session began on its EVSE before it was stopped."""
ADMINISTRATIVE = "ended_by_server"
"""No station ended it."""
UNAUTHORIZED = "unauthorized"
"""Its token was refused when it started."""
STRANGER = "stopped_by_another"
"""The token that stopped it is neither the one that started it nor of the same group."""
CLOCK = "clock_suspect"
"""The station's times cannot be right."""
START_UNKNOWN = "start_register_missing"
"""The register at its start was not told (or 0 where the meter shows far more): it counts from
the first register that was read."""
STOP_UNKNOWN = "stop_register_missing"
"""The register at its stop was not told: its last reading stands."""
BACKWARDS = "register_went_backwards"
"""A register was below one before it."""
IMPLAUSIBLE = "register_jumped"
"""A register rose by more than a charger can deliver."""
EVENTS_MISSING = "events_missing"
"""It has ended, and not all events of its transaction have come."""
NUMBER_MISSING = "number_missing"
"""Some of what belongs to it came without its number, or under another id: place, time and
register say that it is its own."""
MISNUMBERED = "events_misnumbered"
"""Different events of its transaction had the same number: whether all have come cannot be told."""


def flagged(flags: tuple[str, ...], *names: str) -> tuple[str, ...]:
    """``flags`` with ``names`` added, each once, in order of appearance."""
    return flags + tuple(name for name in names if name not in flags)


def unflagged(flags: tuple[str, ...], *names: str) -> tuple[str, ...]:
    """``flags`` without ``names``."""
    return tuple(flag for flag in flags if flag not in names)
