"""How often is too often: bounded memories of who did what lately."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

import attrs
from twisted.internet.interfaces import IReactorTime

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_CAPACITY = 20_000
_FORGET_S = 900.0


@attrs.define
class Throttle(Generic[K]):
    """At most ``per_minute`` of something for each key, in a burst or spread; 0: no limit."""

    _clock: IReactorTime
    per_minute: float
    _tokens: dict[K, tuple[float, float]] = attrs.field(factory=dict, init=False)

    def wait_s(self, key: K) -> float:
        """Seconds until `take` may be called for ``key``; 0 when it may be now."""
        if not self.per_minute:
            return 0.0
        tokens = self._now(key)
        return 0.0 if tokens >= 1 else (1 - tokens) * 60 / self.per_minute

    def take(self, key: K) -> None:
        """It happened for ``key``."""
        if self.per_minute:
            tokens = self._now(key)
            self._tokens.pop(key, None)
            self._tokens[key] = (tokens - 1, self._clock.seconds())
            _shrink(self._tokens)

    def _now(self, key: K) -> float:
        tokens, at = self._tokens.get(key, (self.per_minute, 0.0))
        earned = (self._clock.seconds() - at) * self.per_minute / 60
        return min(tokens + earned, self.per_minute)


@attrs.define
class Backoff(Generic[K]):
    """After some failures of a key the next try has to wait, each time twice as long."""

    _clock: IReactorTime
    free: int = 3
    """Failures without consequence."""
    first_s: float = 1.0
    longest_s: float = 60.0
    _failures: dict[K, tuple[int, float]] = attrs.field(factory=dict, init=False)

    def wait_s(self, key: K) -> float:
        """Seconds until ``key`` may try again; 0 when it may now."""
        failures, at = self._failures.get(key, (0, 0.0))
        if failures < self.free:
            return 0.0
        delay = min(self.first_s * 2.0 ** min(failures - self.free, 16), self.longest_s)
        return max(at + delay - self._clock.seconds(), 0.0)

    def failed(self, key: K) -> None:
        """``key`` tried and failed."""
        now = self._clock.seconds()
        failures, at = self._failures.pop(key, (0, now))
        if now - at > _FORGET_S:
            failures = 0
        self._failures[key] = (failures + 1, now)
        _shrink(self._failures)

    def succeeded(self, key: K) -> None:
        """``key`` tried and was right."""
        self._failures.pop(key, None)


@attrs.define
class Rarely(Generic[K]):
    """Once for each key, once more after ``first_s``, and so on, each time after twice as long."""

    _clock: IReactorTime
    first_s: float
    longest_s: float
    _last: dict[K, tuple[float, float]] = attrs.field(factory=dict, init=False)

    def take(self, key: K) -> bool:
        """Whether it may happen for ``key`` now; if so, it did."""
        now = self._clock.seconds()
        again, wait_s = self._last.get(key, (now, self.first_s))
        if now < again:
            return False
        self._last.pop(key, None)
        self._last[key] = (now + wait_s, min(2 * wait_s, self.longest_s))
        _shrink(self._last)
        return True

    def forget(self, key: K) -> None:
        """It need not happen for ``key`` any more; if ever again, it is as if for the first
        time."""
        self._last.pop(key, None)


@attrs.define
class Latest(Generic[K, V]):
    """What was last of each key."""

    _values: dict[K, V] = attrs.field(factory=dict, init=False)

    def put(self, key: K, value: V) -> V | None:
        """Keep ``value``; what was there before, None if nothing."""
        before = self._values.pop(key, None)
        self._values[key] = value
        _shrink(self._values)
        return before


class Crowd(Generic[K]):
    """How many are here, in all and, with ``by_key``, of each kind."""

    def __init__(self, *, by_key: bool = True) -> None:
        self.total = 0
        self._by_key = by_key
        self._here: dict[K, int] = {}

    def __getitem__(self, key: K) -> int:
        return self._here.get(key, 0)

    def enter(self, key: K) -> None:
        """One more."""
        self.total += 1
        if self._by_key:
            self._here[key] = self[key] + 1

    def leave(self, key: K) -> None:
        """One less."""
        self.total -= 1
        left = self[key] - 1
        if left > 0:
            self._here[key] = left
        else:
            self._here.pop(key, None)


def _shrink(memory: dict[K, V]) -> None:
    """Keep the bound; dictionaries keep their order, so the oldest goes."""
    while len(memory) > _CAPACITY:
        del memory[next(iter(memory))]
