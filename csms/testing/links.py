"""Stations connected to this node, in memory."""

from __future__ import annotations

from collections import deque

import attrs
from twisted.internet.defer import Deferred
from zope.interface import implementer

from csms.core.commands import Command, Outcome
from csms.core.ports import ILinks

UNREACHABLE = Outcome(status="unreachable", detail="the station is not connected")


@implementer(ILinks)
@attrs.define(eq=False)
class MemoryLinks:
    """`ILinks` whose stations answer what `answers` says, or else when `answer` is called.

    ``sent`` keeps every command with the station it went to.
    """

    answers: Outcome | None = None
    sent: list[tuple[int, Command]] = attrs.field(factory=list, init=False)
    dropped: list[tuple[int, str]] = attrs.field(factory=list, init=False)
    _open: dict[int, deque[Deferred[Outcome]]] = attrs.field(factory=dict, init=False)

    def connect(self, station_id: int) -> None:
        """The station is connected."""
        self._open.setdefault(station_id, deque())

    def disconnect(self, station_id: int) -> None:
        """The station is gone; what it did not answer is unreachable."""
        for waiting in self._open.pop(station_id, ()):
            waiting.callback(UNREACHABLE)

    def answer(self, station_id: int, outcome: Outcome) -> None:
        """The station answers the oldest command it has not answered."""
        self._open[station_id].popleft().callback(outcome)

    def holds(self, station_id: int) -> bool:
        """See `ILinks`."""
        return station_id in self._open

    async def send(self, station_id: int, command: Command, timeout_s: float) -> Outcome:
        """See `ILinks`; there is no time here."""
        del timeout_s
        if station_id not in self._open:
            return UNREACHABLE
        self.sent.append((station_id, command))
        if self.answers is not None:
            return self.answers
        waiting: Deferred[Outcome] = Deferred()
        self._open[station_id].append(waiting)
        return await waiting

    def drop(self, station_id: int, reason: str) -> None:
        """See `ILinks`."""
        if station_id in self._open:
            self.dropped.append((station_id, reason))
            self.disconnect(station_id)

    def __len__(self) -> int:
        """See `ILinks`."""
        return len(self._open)
