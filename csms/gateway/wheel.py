"""Many timers on one: deadlines and pings of thousands of connections.

A timer of its own for each connection would cost the reactor's heap, memory, and a wake-up each.
Here everything that is due within the same quarter of a second is done together, and no more than
a few hundred of it before the reactor gets a turn.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from math import ceil

import attrs
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

TICK_S = 0.25
_AT_ONCE = 500


class Timer:
    """Something that will be called, unless cancelled."""

    __slots__ = ("args", "call")

    def __init__(self, call: Callable[..., object], args: tuple[object, ...]) -> None:
        self.call: Callable[..., object] | None = call
        self.args = args

    def cancel(self) -> None:
        """Do not call; harmless when it was called already."""
        self.call = None
        self.args = ()


@attrs.define
class Wheel:
    """Timers that are late by at most `TICK_S`, never early."""

    _clock: IReactorTime
    _due: dict[int, list[Timer]] = attrs.field(factory=dict, init=False)
    _ticks: list[int] = attrs.field(factory=list, init=False)
    _alarm: IDelayedCall | None = attrs.field(default=None, init=False)
    _alarm_tick: int = attrs.field(default=0, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    def call_later(self, delay_s: float, call: Callable[..., object], *args: object) -> Timer:
        """Call ``call(*args)`` in ``delay_s`` seconds; an exception is logged."""
        now = self._clock.seconds()
        # Not within the turn that may be going on, or a timer that sets itself would never end.
        tick = max(ceil((now + delay_s) / TICK_S), int(now / TICK_S) + 1)
        timer = Timer(call, args)
        due = self._due.get(tick)
        if due is None:
            self._due[tick] = [timer]
            heappush(self._ticks, tick)
            self._set_alarm()
        else:
            due.append(timer)
        return timer

    def stop(self) -> None:
        """Forget every timer."""
        self._due.clear()
        self._ticks.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _set_alarm(self) -> None:
        first = self._ticks[0]
        if self._alarm is not None:
            if self._alarm_tick <= first:
                return
            self._alarm.cancel()
        self._alarm_tick = first
        delay = max(first * TICK_S - self._clock.seconds(), 0.0)
        self._alarm = self._clock.callLater(delay, self._turn)

    def _turn(self) -> None:
        self._alarm = None
        now = int(self._clock.seconds() / TICK_S)
        left = _AT_ONCE
        while self._ticks and self._ticks[0] <= now and left > 0:
            tick = self._ticks[0]
            due = self._due[tick]
            batch, rest = due[:left], due[left:]
            left -= len(batch)
            if rest:
                self._due[tick] = rest
            else:
                heappop(self._ticks)
                del self._due[tick]
            for timer in batch:
                self._run(timer)
        if self._ticks:
            self._set_alarm()

    def _run(self, timer: Timer) -> None:
        call, args = timer.call, timer.args
        if call is None:
            return
        timer.cancel()
        try:
            call(*args)
        except Exception:  # noqa: BLE001  # one connection's bug is not the others'
            self._log.failure("A timer failed")
