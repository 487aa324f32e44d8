"""Sessions that the server asks for: a connector is set aside, a vehicle is waited for."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from msgspec import Struct
from twisted.internet.interfaces import IReactorTime

from csms.sim.authorization import Authorization
from csms.sim.charging import Charging, nothing_to_do
from csms.sim.connector import Connector, Session, Status
from csms.sim.events import EventLog
from csms.sim.language import TAG_KIND
from csms.sim.messages import NoAnswer
from csms.sim.presence import ACCEPTED, Presence
from csms.sim.settings import Settings
from csms.sim.tasks import Tasks, at_most, pause


class Order(Struct, frozen=True, kw_only=True):
    """What the server asked for; ``begun`` is told of the session when it begins."""

    tag: str
    kind: str = TAG_KIND
    number: int | None = None
    begun: Callable[[Session], None] = nothing_to_do


@attrs.define(eq=False)
class RemoteStarts:
    """``plug_delay_s``: when a driver comes with a vehicle, None: nobody does."""

    clock: IReactorTime
    settings: Settings
    events: EventLog
    presence: Presence
    authorization: Authorization
    charging: Charging
    tasks: Tasks
    plug_delay_s: float | None = 1.0

    def set_aside(self, tag: str, connector_id: int | None) -> Connector | None:
        """Set a connector aside, one with a vehicle if possible; None: there is none free."""
        free = [
            each
            for each in self.charging.connectors.values()
            if each.id > 0 and each.free and self.charging.reservations.admits(each, tag)
        ]
        if connector_id is not None:
            free = [each for each in free if each.id == connector_id]
        free.sort(key=lambda each: (each.vehicle is None, each.reservation is None))
        if not free:
            return None
        free[0].awaiting = tag
        return free[0]

    async def start(self, connector: Connector, order: Order) -> None:
        """Begin a session at a connector set aside: authorize if set so, wait for a vehicle."""
        try:
            if (
                self.settings.authorize_remote
                and await self.authorization.ask(order.tag, order.kind) != ACCEPTED
            ):
                return
            if connector.vehicle is None and not await self._vehicle_came(connector):
                self.events.note(
                    "expired", f"connector {connector.id}: no vehicle came", connector=connector.id
                )
                await self.presence.show(connector, connector.resting_status())
                return
            if connector.session is None and connector.operative:
                await self.charging.start(
                    order.tag,
                    connector.id,
                    remote=True,
                    kind=order.kind,
                    remote_id=order.number,
                    begun=order.begun,
                )
        except NoAnswer:
            # Authorize came to nothing, which was reported.
            return
        finally:
            connector.awaiting = None

    async def _vehicle_came(self, connector: Connector) -> bool:
        """Wait for a vehicle, at most ConnectionTimeOut."""
        self.tasks.start(self.presence.show(connector, Status.PREPARING))
        if self.plug_delay_s is not None:
            self.tasks.start(self._bring_vehicle(connector, self.plug_delay_s))
        return await at_most(self.clock, self.settings.plug_timeout_s, connector.arrival.wait())

    async def _bring_vehicle(self, connector: Connector, delay_s: float) -> None:
        await pause(self.clock, delay_s)
        if connector.vehicle is None and connector.awaiting is not None:
            await self.charging.plug_in(connector.id)
