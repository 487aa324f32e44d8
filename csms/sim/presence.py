"""What the server is told about the charger itself: boot, heartbeats, states of connectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.sim.connector import Connector
from csms.sim.events import EventLog
from csms.sim.findings import Kind
from csms.sim.language import Plate, Speech
from csms.sim.line import Line
from csms.sim.messages import Gone, NoAnswer, Payload, Refused, Request
from csms.sim.settings import Settings
from csms.sim.station_time import StationTime
from csms.sim.tasks import Signal, Tasks, at_most, pause

BOOT_RETRY_S = 30.0
"""Wait before the next boot when the server did not say how long."""
ONLINE_POLL_S = 1.0
ACCEPTED = "Accepted"


@attrs.define(eq=False)
class Presence:
    """``connectors`` includes 0, the charger itself; ``accepted_now`` runs after a boot."""

    clock: IReactorTime
    line: Line
    speech: Speech
    plate: Plate
    settings: Settings
    time: StationTime
    events: EventLog
    connectors: Mapping[int, Connector]
    tasks: Tasks
    accepted_now: Callable[[], None]
    registration: str = ""
    """Last answer to a boot; empty before the first."""
    never_accepted: bool = True
    boot_reason: str = "PowerUp"
    """Why it started last, in the words of OCPP 2.0.1 (BootReasonEnum)."""
    _booting: bool = attrs.field(default=False, init=False)
    _welcome: Signal = attrs.field(factory=Signal, init=False)
    """Releases a boot that waits, when another BootNotification was accepted."""

    @property
    def accepted(self) -> bool:
        """Whether the server has accepted this charger since its last start."""
        return self.registration == ACCEPTED

    @property
    def online(self) -> bool:
        """Whether messages can be exchanged."""
        return self.accepted and self.line.up

    async def call(self, request: Request) -> Payload:
        """Send a message; raises `NoAnswer`.  A server that forgot us is told anew who we are."""
        try:
            return await self.line.call(request)
        except Refused as error:
            if error.code == "SecurityError" and self.accepted:
                self.registration = ""
                self.start_boot()
            raise

    async def boot(self) -> None:
        """Send BootNotification until accepted (1.6 §4.2); raises `Gone`."""
        self._booting = True
        try:
            while True:
                wait_s = await self.knock()
                if wait_s is None:
                    return
                await at_most(self.clock, wait_s, self._welcome.wait())
                if self.accepted:
                    return
        finally:
            self._booting = False

    def start_boot(self) -> None:
        """Boot in the background, unless that is under way."""
        if not self._booting:
            self.tasks.start(self._boot_quietly(), "boot")

    async def knock(self, reason: str | None = None) -> float | None:
        """Send one BootNotification; returns None when accepted, else how long to wait.

        Raises `Gone`.
        """
        language = self.speech.language
        try:
            answer = await self.line.call(language.boot(self.plate, reason or self.boot_reason))
        except Gone:
            raise
        except NoAnswer as error:
            self.events.note("boot", f"boot failed: {error}", status="")
            return BOOT_RETRY_S
        registered = language.registered(answer)
        self._adopt(registered.at)
        was_accepted = self.accepted
        self.registration = registered.status
        self.events.note(
            "boot",
            f"boot {registered.status.lower()}, interval {registered.interval_s} s",
            status=registered.status,
            interval_s=registered.interval_s,
        )
        if registered.interval_s < 0:
            self.line.report(Kind.BAD_ANSWER, f"boot interval of {registered.interval_s} s")
        if not self.accepted:
            self.tasks.cancel("heartbeat")
            return registered.interval_s if registered.interval_s > 0 else BOOT_RETRY_S
        self.never_accepted = False
        if registered.interval_s > 0:
            self.settings.heartbeat_s = registered.interval_s
        self._welcome.release()
        self.restart_heartbeat()
        if not was_accepted:
            await self.tell_all(again=True)
            self.accepted_now()
        return None

    async def knock_again(self) -> None:
        """Boot because the server asked for it."""
        try:
            wait_s = await self.knock("Triggered")
        except Gone:
            return
        if wait_s is not None and not self._booting:
            await pause(self.clock, wait_s)
            self.start_boot()

    def forget(self) -> None:
        """The charger restarts: it knows nothing of the server."""
        self.registration = ""
        for connector in self.connectors.values():
            connector.told = None

    def restart_heartbeat(self) -> None:
        """Beat with the period that is set now."""
        if self.online and self.settings.heartbeat_s > 0:
            self.tasks.start(self._heartbeats(), "heartbeat")

    async def beat(self) -> None:
        """Send one Heartbeat and set the clock by its answer; raises `NoAnswer`."""
        language = self.speech.language
        answer = await self.call(language.heartbeat())
        self.events.note("heartbeat", "heartbeat answered")
        self._adopt(language.server_time(answer))

    async def show(self, connector: Connector, status: str) -> None:
        """Change a connector's state and tell the server, now or after the reconnect."""
        if connector.status != status:
            connector.status = status
            self.events.note(
                "status",
                f"connector {connector.id}: {status}",
                connector=connector.id,
                status=status,
            )
        if self.online and self._untold(connector):
            await self.tell(connector)

    async def tell(self, connector: Connector) -> None:
        """Send a connector's state; what goes wrong was reported and is tried again later."""
        language = self.speech.language
        word = language.state(connector.id, connector.status)
        if word is None:
            return
        request = language.status(connector.id, connector.status, self.time.now())
        try:
            await self.call(request)
        except NoAnswer:
            return
        connector.told = word

    async def tell_all(self, *, again: bool = False) -> None:
        """Tell the states that the server does not know, or all of them ``again``."""
        for connector in list(self.connectors.values()):
            if again or self._untold(connector):
                await self.tell(connector)

    async def until_online(self) -> None:
        """Wait until messages can be exchanged."""
        while not self.online:
            await pause(self.clock, ONLINE_POLL_S)

    def _untold(self, connector: Connector) -> bool:
        word = self.speech.language.state(connector.id, connector.status)
        return word is not None and word != connector.told

    async def _boot_quietly(self) -> None:
        # Later: whoever found out that a boot is needed is still busy with its own message.
        await pause(self.clock, 0)
        try:
            await self.boot()
        except Gone:
            return

    async def _heartbeats(self) -> None:
        """Beat at whole multiples of the interval, however long the answers take."""
        began = self.clock.seconds()
        interval = self.settings.heartbeat_s
        beat = 0
        while True:
            elapsed = self.clock.seconds() - began
            beat = max(beat + 1, ceil(elapsed / interval))
            await pause(self.clock, beat * interval - elapsed)
            try:
                await self.beat()
            except Gone:
                return
            except NoAnswer:
                continue

    def _adopt(self, server: datetime | None) -> None:
        if server is None:
            self.line.report(Kind.BAD_ANSWER, "currentTime is no time that a calendar has")
        elif self.time.adopt(server):
            self.events.note("clock", f"clock set to {server.isoformat()}")
