"""How much one station may say."""

from __future__ import annotations

_NO_LIMIT = 1 << 62


class Pace:
    """An allowance of messages that refills with time: ``per_s``, saved up to ``burst``.

    Made for the common case that there is plenty: who spends counts `left` down and asks nothing
    more unless it falls below 0.  ``per_s`` 0 means no limit.
    """

    __slots__ = ("_burst", "_per_s", "_refilled_at", "left")

    def __init__(self, per_s: float, burst: int, now: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._refilled_at = now
        self.left = burst if per_s else _NO_LIMIT

    def wait_s(self, now: float) -> float:
        """`left` is below 0: add what was earned since; seconds until that is enough."""
        earned = int(min((now - self._refilled_at) * self._per_s, self._burst))
        if earned > 0:
            self._refilled_at = now
            self.left += earned
        return 0.0 if self.left >= 0 else -self.left / self._per_s

    @property
    def hopeless(self) -> bool:
        """Whether more than a whole burst was spent beyond the allowance: somebody does not even
        wait for answers."""
        return self.left < -self._burst
