"""The outbox in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import msgspec
from zope.interface import implementer

from csms.core.events import FREQUENT, Event
from csms.core.ports import IOutboxLog, Position


@implementer(IOutboxLog)
@attrs.define
class MemoryOutbox:
    """`IOutboxLog` over a list; `append` is a committed transaction."""

    _rows: list[tuple[Position, datetime, str]] = attrs.field(factory=list, init=False)
    _frequent: set[Position] = attrs.field(factory=set, init=False)
    _positions: dict[str, Position] = attrs.field(factory=dict, init=False)
    _last: int = attrs.field(default=0, init=False)

    def append(self, events: Sequence[Event], at: datetime) -> Position:
        """Commit events."""
        frequent = all(event.kind in FREQUENT for event in events)
        return self.append_text(msgspec.json.encode(events).decode(), at, frequent=frequent)

    def append_text(self, text: str, at: datetime, *, frequent: bool = False) -> Position:
        """Commit whatever it is."""
        self._last += 1
        position = Position(self._last, self._last)
        self._rows.append((position, at, text))
        if frequent:
            self._frequent.add(position)
        return position

    async def position(self, name: str) -> Position:
        """See `IOutboxLog`."""
        return self._positions.setdefault(name, Position())

    async def read(
        self, after: Position, limit: int, *, frequent: bool = True
    ) -> Sequence[tuple[Position, str]]:
        """See `IOutboxLog`."""
        return [
            (position, text)
            for position, _, text in self._rows
            if position > after and (frequent or position not in self._frequent)
        ][:limit]

    async def advance(self, name: str, before: Position, after: Position) -> bool:
        """See `IOutboxLog`."""
        if self._positions.get(name) != before:
            return False
        self._positions[name] = after
        return True

    async def prune(self, older_than: datetime, limit: int) -> int:
        """See `IOutboxLog`."""
        gone = [
            row
            for row in self._rows
            if row[1] < older_than and all(row[0] <= taken for taken in self._positions.values())
        ][:limit]
        self._rows = [row for row in self._rows if row not in gone]
        return len(gone)
