"""A charger's own clock, set by the server's answers."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
from twisted.internet.interfaces import IReactorTime

TOLERANCE_S = 1.0
"""Smaller differences are taken for the network's delay: the clock is not set for them."""


@attrs.define(eq=False)
class StationTime:
    """Time as the charger believes it: the host's clock plus an offset."""

    clock: IReactorTime
    offset_s: float = 0.0

    def now(self) -> datetime:
        """The charger's time, aware UTC."""
        return datetime.fromtimestamp(self.clock.seconds() + self.offset_s, UTC)

    def adopt(self, server: datetime) -> bool:
        """Set the clock by the server's (1.6 §4.6); True when it had to be moved."""
        difference = (server - self.now()).total_seconds()
        if abs(difference) <= TOLERANCE_S:
            return False
        self.offset_s += difference
        return True


def read_time(text: str) -> datetime | None:
    """The moment that an RFC 3339 text names; None for one that no calendar has."""
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def wire_time(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as OCPP wants it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
