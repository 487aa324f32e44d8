"""Time that passes when a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from twisted.internet.task import Clock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class WallClock(Clock):
    """Twisted's clock of tests, which also knows the date."""

    def now(self) -> datetime:
        """The time, `START` in the beginning."""
        return START + timedelta(seconds=self.seconds())

    def pass_by(self, seconds: float, step: float = 0.25) -> None:
        """Let time pass in steps, so that what starts timers anew finds its time too."""
        while seconds > 0:
            self.advance(min(step, seconds))
            seconds -= step
