"""Nodes, as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
from zope.interface import implementer

from csms.core.ports import INodes, Waiting


@implementer(INodes)
@attrs.define(eq=False)
class ScriptedNodes:
    """`INodes` that answers what it is told to, and remembers what was asked of it."""

    left_behind: int = 0
    away_s: float = 0.0
    given_up: Sequence[int] = ()
    waiting: Sequence[Waiting] = ()
    begun: list[str] = attrs.field(factory=list, init=False)
    renewed: list[str] = attrs.field(factory=list, init=False)
    reclaimed: list[int] = attrs.field(factory=list, init=False)

    async def begin(self, name: str) -> int:
        """See `INodes`."""
        self.begun.append(name)
        return self.left_behind

    async def renew(self, name: str) -> float:
        """See `INodes`."""
        self.renewed.append(name)
        return self.away_s

    async def lost(self, name: str) -> Sequence[int]:
        """See `INodes`."""
        del name
        return self.given_up

    async def reclaim(self, name: str, station_ids: Sequence[int]) -> int:
        """See `INodes`."""
        del name
        self.reclaimed.extend(station_ids)
        return len(station_ids)

    async def awaiting(self, name: str, now: datetime, settling_s: float) -> Sequence[Waiting]:
        """See `INodes`."""
        del name, now, settling_s
        return self.waiting
