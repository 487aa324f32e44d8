"""What happens to a simulated charger, as a log that can be watched and waited on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import attrs
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime


class Event(Struct, frozen=True):
    """Something that happened; ``at`` in seconds of the clock, ``data`` by kind.

    Kinds: ``connected``, ``refused``, ``unreachable``, ``lost``, ``cut``, ``boot``, ``clock``,
    ``heartbeat``, ``status``, ``authorized``, ``plugged``, ``unplugged``, ``started``,
    ``start_answered``, ``metered``, ``suspended``, ``stopped``, ``stop_answered``, ``queued``,
    ``dropped``, ``command``, ``reboot``.
    """

    at: float
    identity: str
    kind: str
    text: str
    data: dict[str, Any]


def _ignore(event: Event) -> None:
    """Nobody watches."""


@attrs.define(eq=False)
class _Waiter:
    kind: str
    wanted: dict[str, Any]
    found: Deferred[Event]


@attrs.define(eq=False)
class EventLog:
    """Keeps the newest events of one charger; ``keep=0`` keeps none."""

    clock: IReactorTime
    identity: str
    watch: Callable[[Event], None] = _ignore
    keep: int = 1000
    _kept: deque[Event] = attrs.field(init=False)
    _unread: int = attrs.field(default=0, init=False)
    _waiters: list[_Waiter] = attrs.field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self._kept = deque(maxlen=self.keep)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._kept)

    def note(self, kind: str, text: str, **data: Any) -> None:
        """Add an event."""
        event = Event(self.clock.seconds(), self.identity, kind, text, data)
        if self.keep:
            self._kept.append(event)
            self._unread = min(self._unread + 1, self.keep)
        self.watch(event)
        for waiter in [each for each in self._waiters if _matches(event, each.kind, each.wanted)]:
            self._waiters.remove(waiter)
            self._unread = 0
            waiter.found.callback(event)

    async def until(self, kind: str, timeout_s: float = 30.0, **wanted: Any) -> Event:
        """The next event of that kind whose data has what is wanted.

        Each call goes on where the last one found something, so events are waited for in the
        order in which they happen.  Raises `TimeoutError` of Twisted after ``timeout_s``.
        """
        for position in range(len(self._kept) - self._unread, len(self._kept)):
            if _matches(self._kept[position], kind, wanted):
                self._unread = len(self._kept) - position - 1
                return self._kept[position]
        waiter = _Waiter(kind, wanted, Deferred())
        self._waiters.append(waiter)
        try:
            return await waiter.found.addTimeout(timeout_s, self.clock)
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)


def _matches(event: Event, kind: str, wanted: dict[str, Any]) -> bool:
    return event.kind == kind and all(
        event.data.get(name) == value for name, value in wanted.items()
    )
