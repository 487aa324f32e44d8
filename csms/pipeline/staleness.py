"""Asks stations about connectors that are shown in use though no session runs there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs

from csms.core.commands import Trigger
from csms.core.errors import Unavailable
from csms.core.overtime import ASKED_BY
from csms.core.ports import IJobsBook, IOperations, ITasks, StaleStatus
from csms.core.staleness import Asked, question

BATCH = 500
QUESTIONS = 20
"""Asked in one go at most, so that no fleet is flooded."""
REMEMBERED = 20_000
"""EVSEs whose last question is known; beyond it the oldest are forgotten."""
_FIRST = (0, 0)

_Place = tuple[int, int]
"""A station's and an EVSE's id."""


@attrs.define(eq=False, kw_only=True)
class StaleStatuses:
    """The scheduled job.

    ``patience_s``: how long a status may be stale.  What was asked is known to this process
    only: another one that takes over asks anew.
    """

    book: IJobsBook
    operations: IOperations
    tasks: ITasks
    now: Callable[[], datetime]
    patience_s: float
    _asked: dict[_Place, Asked] = attrs.field(factory=dict, init=False)
    """In the order they were asked."""
    _behind: _Place = attrs.field(default=_FIRST, init=False)

    async def ask(self) -> int:
        """Ask the next few; how many.

        It goes on where it stopped the last time, so that stations which do not answer keep
        nobody from being asked.
        """
        now = self.now()
        asked = 0
        found = await self.book.stale(now, self.patience_s, self._behind, BATCH)
        for stale in found:
            if asked == QUESTIONS:
                return asked
            place = self._behind = (stale.station_id, stale.evse_id)
            remembered = question(stale, self._asked.get(place), now, self.patience_s)
            if remembered is not None:
                asked += 1
                self._remember(place, remembered)
                self.tasks.spawn(
                    self._ask(stale),
                    "asking a station for its status",
                    station=stale.identity,
                    evse=stale.evse_id,
                )
        if len(found) < BATCH:
            self._behind = _FIRST
        return asked

    def _remember(self, place: _Place, asked: Asked) -> None:
        self._asked.pop(place, None)
        self._asked[place] = asked
        if len(self._asked) > REMEMBERED:
            del self._asked[next(iter(self._asked))]

    async def _ask(self, stale: StaleStatus) -> None:
        """What the answer is does not matter: the truth comes as a report, or never."""
        try:
            await self.operations.submit(
                stale.identity,
                stale.operator_id,
                Trigger(message="StatusNotification", evse_id=stale.evse_id),
                requested_by=ASKED_BY,
            )
        except Unavailable:
            # Nothing was sent.
            self._asked.pop((stale.station_id, stale.evse_id), None)
            raise
