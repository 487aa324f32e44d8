"""Reservations of a charger: who may use a connector, and until when (1.6 §5.13; 2.0.1 H)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import attrs
from msgspec import Struct
from twisted.internet.interfaces import IReactorTime

from csms.sim.connector import Connector, Status
from csms.sim.events import EventLog
from csms.sim.messages import NoAnswer
from csms.sim.presence import Presence
from csms.sim.station_time import StationTime
from csms.sim.tasks import Tasks, pause

ANY = 0
"""Connector of a reservation that holds whichever is free."""


class Reservation(Struct, frozen=True):
    """``connector`` as asked for; `ANY` is resolved when it is made."""

    id: int
    connector: int
    tag: str
    group: str | None
    expires: datetime


def _no_group(tag: str) -> str | None:
    del tag
    return None


@attrs.define(eq=False)
class Reservations:
    """``group`` tells the group of a tag, as far as the charger knows."""

    clock: IReactorTime
    time: StationTime
    events: EventLog
    connectors: Mapping[int, Connector]
    presence: Presence
    tasks: Tasks
    group: Callable[[str], str | None] = _no_group
    _made: dict[int, Reservation] = attrs.field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._made)

    def make(self, wanted: Reservation) -> str:
        """Reserve; returns Accepted, Occupied, Rejected or Unavailable.

        One of the same number is replaced.
        """
        if wanted.expires <= self.time.now():
            return "Rejected"
        if wanted.connector != ANY and wanted.connector not in self.connectors:
            return "Rejected"
        candidates = [
            each
            for each in self.connectors.values()
            if each.id > 0 and wanted.connector in (ANY, each.id)
        ]
        operative = [each for each in candidates if each.operative]
        if not operative:
            return "Unavailable"
        free = [
            each
            for each in operative
            if each.free and each.vehicle is None and each.reservation in (None, wanted.id)
        ]
        if not free:
            return "Occupied"
        self._release(wanted.id)
        connector = free[0]
        self._made[wanted.id] = wanted
        connector.reservation = wanted.id
        self.events.note(
            "reserved",
            f"connector {connector.id}: reserved for {wanted.tag}",
            connector=connector.id,
            reservation=wanted.id,
        )
        self.tasks.start(self.presence.show(connector, connector.resting_status()))
        self.tasks.start(self._expire(wanted), ("reservation", wanted.id))
        return "Accepted"

    def cancel(self, reservation_id: int) -> bool:
        """End a reservation because the server says so; False when there is none."""
        if reservation_id not in self._made:
            return False
        self._end(reservation_id, "cancelled")
        return True

    def admits(self, connector: Connector, tag: str) -> bool:
        """Whether a tag may use a connector."""
        made = self._made.get(connector.reservation or 0)
        if connector.reservation is None or made is None:
            return True
        if made.tag.casefold() == tag.casefold():
            return True
        return made.group is not None and made.group == self.group(tag)

    def use(self, connector: Connector, tag: str) -> int | None:
        """Consume the reservation of a connector that the tag may use; returns its number."""
        number = connector.reservation
        if number is None or not self.admits(connector, tag):
            return None
        self._release(number)
        self.tasks.cancel(("reservation", number))
        return number

    def withdraw(self, connector: Connector) -> None:
        """End the reservation of a connector that goes out of service."""
        if connector.reservation is not None:
            number = connector.reservation
            self._end(number, "removed")
            self.tasks.start(self._tell(number, "Removed"))

    def watch(self) -> None:
        """Take up the watch on what expires, after a restart."""
        for made in self._made.values():
            self.tasks.start(self._expire(made), ("reservation", made.id))

    # Inside

    def _release(self, reservation_id: int) -> Connector | None:
        self._made.pop(reservation_id, None)
        for connector in self.connectors.values():
            if connector.reservation == reservation_id:
                connector.reservation = None
                return connector
        return None

    def _end(self, reservation_id: int, how: str) -> None:
        connector = self._release(reservation_id)
        self.events.note("reservation", f"reservation {reservation_id} {how}", how=how)
        if connector is not None and connector.status == Status.RESERVED:
            self.tasks.start(self.presence.show(connector, connector.resting_status()))
        self.tasks.cancel(("reservation", reservation_id))

    async def _expire(self, made: Reservation) -> None:
        await pause(self.clock, (made.expires - self.time.now()).total_seconds())
        if self._made.get(made.id) is made:
            # Later, for this task is cancelled with its reservation.
            self.tasks.start(self._tell(made.id, "Expired"))
            self._end(made.id, "expired")

    async def _tell(self, reservation_id: int, how: str) -> None:
        request = self.presence.speech.language.reservation_ended(reservation_id, how)
        if request is None:
            return
        try:
            await self.presence.call(request)
        except NoAnswer:
            return
