"""What scheduled jobs find to do, as a test wants it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs
from zope.interface import implementer

from csms.core.ports import IJobsBook, Overtime, StaleStatus


@implementer(IJobsBook)
@attrs.define(eq=False)
class ScriptedJobs:
    """`IJobsBook` that finds what it is told to (once), and remembers what was done."""

    found: dict[str, int] = attrs.field(factory=dict)
    """How many rows each method finds the next time, by its name (`prune`: the table's)."""
    too_long: Sequence[Overtime] = ()
    in_doubt: Sequence[StaleStatus] = ()
    """Handed out by `stale` as long as it is here and old enough; in its order."""
    broken: dict[str, Exception] = attrs.field(factory=dict)
    calls: list[tuple[object, ...]] = attrs.field(factory=list, init=False)
    ended: list[str] = attrs.field(factory=list, init=False)

    async def silent(self, now: datetime, after_s: float, interval_s: int) -> int:
        """See `IJobsBook`."""
        return self._find("silent", now, after_s, interval_s)

    async def lost_nodes(self, after_s: float) -> int:
        """See `IJobsBook`."""
        return self._find("lost_nodes", after_s)

    async def flag_overtime(self, now: datetime, max_s: float) -> int:
        """See `IJobsBook`."""
        return self._find("flag_overtime", now, max_s)

    async def overtime(self, limit: int) -> Sequence[Overtime]:
        """See `IJobsBook`."""
        self._find("overtime", limit)
        return self.too_long

    async def end_session(self, session_id: str, now: datetime) -> bool:
        """See `IJobsBook`."""
        self._find("end_session", session_id, now)
        self.ended.append(session_id)
        return True

    async def stale(
        self, now: datetime, after_s: float, behind: tuple[int, int], limit: int
    ) -> Sequence[StaleStatus]:
        """See `IJobsBook`."""
        self._find("stale", now, after_s, behind, limit)
        old = now - timedelta(seconds=after_s)
        return [
            each
            for each in self.in_doubt
            if each.status_at < old and (each.station_id, each.evse_id) > behind
        ][:limit]

    async def prune(self, table: str, older_than: datetime, limit: int) -> int:
        """See `IJobsBook`."""
        return self._find(table, older_than, limit)

    def _find(self, name: str, *arguments: object) -> int:
        self.calls.append((name, *arguments))
        if name in self.broken:
            raise self.broken[name]
        return self.found.pop(name, 0)
