"""Charging at a simulated charger: vehicles, sessions, meter values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import floor

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.sim.connector import Connector, Session, Status
from csms.sim.events import EventLog
from csms.sim.flow import Flow, charging_state
from csms.sim.language import TAG_KIND
from csms.sim.outbox import Outbox
from csms.sim.presence import Presence
from csms.sim.reservations import Reservations
from csms.sim.settings import Settings
from csms.sim.station_time import StationTime
from csms.sim.steps import Stage, Step
from csms.sim.tasks import Tasks, pause
from csms.sim.transactions import Transactions
from csms.sim.vehicle import Vehicle

STOP_TRIGGERS = {
    "DeAuthorized": "Deauthorized",
    "EVDisconnected": "EVDeparted",
    "HardReset": "ResetCommand",
    "Local": "StopAuthorized",
    "Remote": "RemoteStop",
    "SoftReset": "ResetCommand",
    "UnlockCommand": "UnlockCommand",
}
"""What OCPP 2.0.1 calls the triggers for the reasons of OCPP 1.6."""


class ImpossibleError(Exception):
    """Something that a driver cannot do: start on a busy connector, stop what does not run ..."""


def nothing_to_do(session: Session) -> None:
    """Nobody is to be told."""
    del session


def _nothing() -> None:
    """Nobody is to be told."""


@attrs.define(eq=False)
class Charging:
    """``unplug_delay_s``: when the driver leaves after a session that the charger ended.

    ``changed`` runs when a session has begun or ended.
    """

    clock: IReactorTime
    settings: Settings
    time: StationTime
    events: EventLog
    connectors: Mapping[int, Connector]
    presence: Presence
    transactions: Transactions
    flow: Flow
    reservations: Reservations
    tasks: Tasks
    new_vehicle: Callable[[], Vehicle]
    new_id: Callable[[], str]
    names_transactions: Callable[[], bool]
    unplug_delay_s: float = 2.0
    changed: Callable[[], None] = _nothing

    @property
    def outbox(self) -> Outbox:
        """What the server has not heard of yet."""
        return self.transactions.outbox

    def connector(self, connector_id: int) -> Connector:
        """The connector; raises `ImpossibleError`."""
        if connector_id < 1 or connector_id not in self.connectors:
            raise ImpossibleError(f"there is no connector {connector_id}")
        return self.connectors[connector_id]

    def busy(self) -> list[Connector]:
        """Connectors with a session."""
        return [each for each in self.connectors.values() if each.session is not None]

    def running(self, transaction_id: int | str) -> Connector | None:
        """The connector where that transaction runs."""
        for connector in self.connectors.values():
            if connector.session and connector.session.known_as(transaction_id):
                return connector
        return None

    # What drivers do

    async def plug_in(self, connector_id: int = 1, vehicle: Vehicle | None = None) -> None:
        """Bring a vehicle."""
        connector = self.connector(connector_id)
        if connector.vehicle is not None:
            raise ImpossibleError(f"connector {connector_id} has a vehicle")
        connector.vehicle = vehicle or self.new_vehicle()
        self.events.note("plugged", f"connector {connector_id}: plugged in", connector=connector_id)
        connector.arrival.release()
        if connector.operative and connector.session is None:
            await self.presence.show(connector, Status.PREPARING)

    async def start(
        self,
        tag: str,
        connector_id: int = 1,
        *,
        remote: bool = False,
        kind: str = TAG_KIND,
        remote_id: int | None = None,
        begun: Callable[[Session], None] = nothing_to_do,
    ) -> Session:
        """Begin a session, plugging a vehicle in if there is none; ``begun`` is told of it.

        Returns when the server has answered, or at once while offline.
        """
        connector = self.connector(connector_id)
        if not self.reservations.admits(connector, tag):
            raise ImpossibleError(f"connector {connector_id} is reserved")
        if connector.vehicle is None:
            await self.plug_in(connector_id)
        if connector.session is not None or not connector.operative:
            raise ImpossibleError(f"connector {connector_id} is not free")
        connector.awaiting = None
        session = Session(
            connector_id=connector_id,
            tag=tag,
            tag_kind=kind,
            id=self.new_id(),
            started_at=self.time.now(),
            meter_start=floor(connector.register_wh),
            remote=remote,
            remote_id=remote_id,
            reservation_id=self.reservations.use(connector, tag),
        )
        if self.names_transactions():
            session.transaction_id = session.id
        begun(session)
        connector.begin(session, self.clock.seconds())
        session.begin = connector.sample(session.started_at, "Transaction.Begin")
        self.events.note(
            "started",
            f"connector {connector_id}: session of {tag} started at {session.meter_start} Wh",
            connector=connector_id,
            session=session,
        )
        step = self.transactions.tell(
            Stage.START,
            session,
            "RemoteStart" if remote else "Authorized",
            session.started_at,
            sample=session.begin,
            state="EVConnected",
        )
        self.changed()
        self.flow.settle(connector)
        self.restart_metering(connector)
        await self.transactions.heard(step)
        return session

    async def meter(self, connector_id: int = 1, context: str = "Sample.Periodic") -> None:
        """Take meter values of the running session; returns when they are answered or offline."""
        connector = self.connector(connector_id)
        session = connector.session
        if session is None:
            raise ImpossibleError(f"nothing runs at connector {connector_id}")
        sample = self.flow.read(connector, context)
        level = "" if sample.soc is None else f", {sample.soc:.0f} %"
        self.events.note(
            "metered",
            f"connector {connector_id}: {sample.energy_wh - session.meter_start:.0f} Wh, "
            f"{sample.power_w / 1000:.1f} kW{level}",
            connector=connector_id,
            sample=sample,
        )
        trigger = "MeterValueClock" if context == "Sample.Clock" else "MeterValuePeriodic"
        step = self.transactions.tell(
            Stage.METER,
            session,
            "Trigger" if context == "Trigger" else trigger,
            sample.at,
            sample=sample,
            state=charging_state(connector),
        )
        self.flow.settle(connector)
        await self.transactions.heard(step)

    async def stop(
        self,
        connector_id: int = 1,
        reason: str = "Local",
        tag: str | None = None,
        *,
        unplug: bool = True,
    ) -> Session:
        """End the session; ``tag`` is the one presented (Local: the one that started it).

        Returns when the server has answered or at once while offline; then the vehicle leaves,
        unless told otherwise.
        """
        connector = self.connector(connector_id)
        step = self.end_session(connector, reason, tag)
        if step is None:
            raise ImpossibleError(f"nothing runs at connector {connector_id}")
        self.tasks.start(self.presence.show(connector, Status.FINISHING))
        await self.transactions.heard(step)
        if unplug:
            await self.unplug(connector_id)
        return step.session

    async def unplug(self, connector_id: int = 1) -> None:
        """Take the vehicle away; nothing happens without one.

        A running session ends with EVDisconnected, or is suspended when
        StopTransactionOnEVSideDisconnect is off.
        """
        connector = self.connector(connector_id)
        if connector.vehicle is None:
            return
        connector.advance(self.clock.seconds())
        if connector.session is not None and self.settings.stop_on_unplug:
            await self.stop(connector_id, "EVDisconnected", unplug=False)
        connector.vehicle = None
        self.events.note(
            "unplugged", f"connector {connector_id}: unplugged", connector=connector_id
        )
        if connector.session is not None:
            await self.presence.show(connector, connector.flowing_status())
            return
        await self.presence.show(connector, connector.resting_status())
        await self.settle_charger()

    # What the charger does by itself

    def end_session(self, connector: Connector, reason: str, tag: str | None = None) -> Step | None:
        """Stop the flow and queue the message; None when nothing runs."""
        self.tasks.cancel(("meter", connector.id))
        session = connector.end(self.clock.seconds())
        if session is None:
            return None
        session.stopped_at = self.time.now()
        session.meter_stop = floor(connector.register_wh)
        session.reason = reason
        session.stop_tag = session.tag if tag is None and reason == "Local" else tag
        session.end = connector.sample(session.stopped_at, "Transaction.End")
        self.events.note(
            "stopped",
            f"connector {connector.id}: session stopped ({reason}), {session.energy_wh} Wh",
            connector=connector.id,
            session=session,
        )
        trigger = STOP_TRIGGERS.get(reason, "AbnormalCondition")
        gone = reason == "EVDisconnected"
        step = self.transactions.tell(
            Stage.STOP,
            session,
            trigger,
            session.stopped_at,
            sample=session.end,
            state="Idle" if gone else "EVConnected",
        )
        session.over.happen()
        self.changed()
        return step

    async def end_unattended(self, connector: Connector, reason: str) -> None:
        """End a session without its driver, who leaves a little later."""
        if connector.session is not None:
            await self.stop(connector.id, reason, unplug=False)
            await pause(self.clock, self.unplug_delay_s)
            await self.unplug(connector.id)

    def refuse(self, session: Session) -> None:
        """The server refuses the tag of a session after all."""
        self.tasks.start(self._deauthorized(session))

    def restart_metering(self, connector: Connector) -> None:
        """Take meter values with the period that is set now."""
        name = ("meter", connector.id)
        if connector.session is None or self.settings.sample_s <= 0:
            self.tasks.cancel(name)
        else:
            self.tasks.start(self._metering(connector, connector.session), name)

    async def settle_charger(self) -> None:
        """Show the charger itself as (un)available once its sessions allow it."""
        charger = self.connectors[0]
        if charger.operative or not self.busy():
            await self.presence.show(charger, charger.resting_status())

    # Inside

    async def _metering(self, connector: Connector, session: Session) -> None:
        """Sample at whole multiples of the interval since now."""
        began, interval, taken = self.clock.seconds(), self.settings.sample_s, 0
        while True:
            taken += 1
            await pause(self.clock, began + taken * interval - self.clock.seconds())
            if connector.session is not session:
                return
            # Not awaited: the next sample is due whether this one was answered or not.
            self.tasks.start(self.meter(connector.id))

    async def _deauthorized(self, session: Session) -> None:
        """The tag was refused after all (1.6 §4.8: StopTransactionOnInvalidId)."""
        connector = self.connectors[session.connector_id]
        if connector.session is not session:
            return
        if self.settings.stop_on_invalid:
            await self.end_unattended(connector, "DeAuthorized")
        else:
            connector.advance(self.clock.seconds())
            connector.suspended = True
            self.flow.settle(connector, "Deauthorized")
