"""The stations connected to this node."""

from __future__ import annotations

from functools import partial

import attrs
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from csms.core.commands import Command, Outcome
from csms.core.ports import ILinks
from csms.gateway.admission import Admission, Admitted
from csms.gateway.link import Link
from csms.gateway.surroundings import Surroundings
from csms.gateway.visits import POLICY_VIOLATION, Knock, Welcome, Wire


@implementer(ILinks)
@attrs.define
class Links:
    """`ILinks` over the sockets of this process.

    The newest connection of a station counts: it was admitted, so it may take the place of an
    older one, which most often is dead and does not know it yet.
    """

    _around: Surroundings
    _admission: Admission
    _links: dict[int, Link] = attrs.field(factory=dict, init=False)

    async def welcome(self, knock: Knock) -> Welcome:
        """Let a station in, or raise `csms.gateway.visits.RefusedError`."""
        admitted = await self._admission.admit(knock)
        return Welcome(admitted.subprotocol, admitted.source, partial(self._open, admitted))

    def _open(self, admitted: Admitted, wire: Wire) -> Link:
        link = Link(self._around, wire, admitted, self._gone)
        older = self._links.get(link.key.id)
        self._links[link.key.id] = link
        link.start(admitted.peer)
        if older is not None:
            self._around.counters.replaced += 1
            older.close(POLICY_VIOLATION, "replaced by a newer connection")
        return link

    def _gone(self, link: Link) -> None:
        if self._links.get(link.key.id) is link:
            del self._links[link.key.id]

    def holds(self, station_id: int) -> bool:
        """Whether the station is connected here."""
        return station_id in self._links

    def send(self, station_id: int, command: Command, timeout_s: float) -> Deferred[Outcome]:
        """Send a command; never fails, what goes wrong is an `Outcome`."""
        link = self._links.get(station_id)
        if link is None:
            detail = "The station is not connected."
            return succeed(Outcome(status="unreachable", detail=detail))
        return link.send(command, timeout_s)

    def drop(self, station_id: int, reason: str) -> None:
        """Close the station's connection, if there is one here."""
        link = self._links.get(station_id)
        if link is not None:
            link.close(POLICY_VIOLATION, reason)

    def drain(self) -> None:
        """Let every station finish what is under way, and close."""
        for link in list(self._links.values()):
            link.drain()

    def __len__(self) -> int:
        return len(self._links)
