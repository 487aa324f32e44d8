"""The beginning of a connection, when a station is not asked anything yet.

Some stations start over when they hear a CALL before they have booted, so CALLs are held until the
boot is answered.  A station that reconnects does not boot: its first message and a moment later, or
a longer silence, are enough.
"""

from __future__ import annotations

from collections.abc import Callable

from csms.gateway.surroundings import Surroundings
from csms.gateway.wheel import Timer


class Grace:
    """Ends once: by `end`, or by itself, which ``over`` is told."""

    __slots__ = ("_around", "_heard", "_over", "_timer", "ended")

    def __init__(self, around: Surroundings, over: Callable[[], None]) -> None:
        self._around = around
        self._over = over
        self._heard = False
        self._timer: Timer | None = None
        self.ended = False

    def begin(self) -> None:
        """The connection is open."""
        self._wait(self._around.settings.silence_grace_s)

    def heard(self) -> None:
        """The station speaks: it will boot now, or never."""
        if not self._heard and not self.ended:
            self._heard = True
            self._wait(self._around.settings.call_grace_s)

    def end(self) -> None:
        """The station has booted, or is gone."""
        self.ended = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._around.wheel.call_later(seconds, self._passed)

    def _passed(self) -> None:
        self.end()
        self._over()
