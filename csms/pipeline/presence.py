"""Tells the cluster that this process is alive and which connections are its own."""

from __future__ import annotations

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from csms.core.ports import ILinks, INodes
from csms.pipeline.rounds import Rounds

RENEW_S = 5.0
LATE_S = 30.0
"""A process that renewed later than this may have been given up; `csms.pipeline.jobs` does so
after 60 s."""


@attrs.define(eq=False, kw_only=True)
class Presence(Service):
    """Renews this node; for processes that hold stations, each under a name of its own."""

    node: str
    nodes: INodes
    links: ILinks
    clock: IReactorTime
    _rounds: Rounds = attrs.field(init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    @_rounds.default
    def _make_rounds(self) -> Rounds:
        return Rounds(
            what="renewing the node",
            work=self._renew,
            clock=self.clock,
            interval_s=RENEW_S,
            worst_s=RENEW_S,
        )

    async def begin(self) -> None:
        """To be awaited before stations can connect: whatever connections are on record under
        this name belong to a process that is no more."""
        left = await self.nodes.begin(self.node)
        if left:
            self._log.info("{left} connections of a former process are gone", left=left)

    def startService(self) -> None:
        """Begin to renew."""
        super().startService()
        self._rounds.start()

    def stopService(self) -> Deferred[None]:
        """Renew no more."""
        super().stopService()
        return Deferred.fromCoroutine(self._rounds.stop())

    async def _renew(self) -> bool:
        away_s = await self.nodes.renew(self.node)
        if away_s > LATE_S:
            lost = await self.nodes.lost(self.node)
            held = [station_id for station_id in lost if self.links.holds(station_id)]
            if held:
                count = await self.nodes.reclaim(self.node, held)
                self._log.warn(
                    "{count} connections were given up by mistake: this process did not renew"
                    " for {away_s} s",
                    count=count,
                    away_s=round(away_s),
                )
        return False
