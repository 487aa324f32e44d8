"""A simulated charger: what its drivers, its server and its tests can do with it."""

from __future__ import annotations

import random
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.sim.aligned import Aligned
from csms.sim.authorization import Authorization
from csms.sim.availability import Availability
from csms.sim.charging import Charging
from csms.sim.connector import Connector, Session
from csms.sim.events import EventLog
from csms.sim.findings import Findings
from csms.sim.language import Language, Speech
from csms.sim.line import Line
from csms.sim.messages import Answer, Fault, Gone, NoAnswer, Payload, Request
from csms.sim.presence import Presence
from csms.sim.remote import RemoteStarts
from csms.sim.settings import Settings
from csms.sim.tasks import Tasks, at_most, pause
from csms.sim.transfer import Transfer
from csms.sim.vehicle import Vehicle

if TYPE_CHECKING:
    from csms.sim.equipment import Equipment

ANSWER_WAIT_S = 10.0
"""How long a charger that restarts or is switched off waits for outstanding answers."""


@attrs.define(eq=False)
class Charger:
    """Connects, boots, charges, answers.

    Messages that fail are found in ``findings`` and ``events``; the coroutines raise
    `csms.sim.sockets.DialError`, `csms.sim.messages.Gone` (no connection) or `ImpossibleError` only
    where said.
    """

    clock: IReactorTime
    speech: Speech
    identity: str
    settings: Settings
    findings: Findings
    events: EventLog
    connectors: dict[int, Connector]
    """By number; 0 is the charger itself."""
    line: Line
    presence: Presence
    authorization: Authorization
    charging: Charging
    availability: Availability
    remote: RemoteStarts
    aligned: Aligned
    tasks: Tasks
    rng: random.Random
    transfer: Transfer
    stays: bool = True
    boots_on_reconnect: bool = False
    tells_security: bool = False
    """Whether it tells of events that concern its security."""
    reboot_s: float = 3.0
    restarting: bool = attrs.field(default=False, init=False)
    equipment: Equipment = attrs.field(init=False)
    """What it has besides its connectors."""
    _life: Tasks = attrs.field(factory=Tasks, init=False)

    @property
    def language(self) -> Language:
        """The OCPP version that it speaks now."""
        return self.speech.language

    # Life

    async def connect(self) -> None:
        """Dial once; raises `csms.sim.sockets.DialError`."""
        await self.line.connect()

    async def boot(self) -> None:
        """Boot until accepted; then heartbeats, states and waiting messages flow, and the
        connection is kept.  Raises `Gone`."""
        await self.presence.boot()
        if not self.line.up:
            raise Gone("the connection broke after the boot")
        self.line.stays = self.stays
        if self.tells_security:
            self.equipment.security.event("StartupOfTheDevice", self.presence.boot_reason)

    async def run(self) -> None:
        """Switch on: dial until connected, boot until accepted.

        Raises `csms.sim.sockets.DialError` when that is hopeless, see `Line.find`.
        """
        while True:
            await self.line.find()
            try:
                await self.boot()
            except Gone:
                await pause(self.clock, self.line.back_off.wait_s(0, self.rng))
            else:
                return

    async def cut(self, for_s: float | None = None) -> None:
        """Break the connection without a word, as a cut cable does; everything else goes on.

        The charger returns after ``for_s`` seconds, or (None) when told to `reconnect`.
        """
        self.events.note("cut", "connection cut")
        await self.line.cut()
        if for_s is not None:
            self.tasks.start(self._return(for_s), "return")

    async def reconnect(self) -> None:
        """End a `cut`: dial until connected, tell what changed, deliver what waits.

        Returns when everything that waited was answered.  Raises `Gone` when the connection
        breaks again during a boot.
        """
        self.tasks.cancel("return")
        await self.line.find()
        await self._resume()
        await self.charging.outbox.empty()

    async def close(self, *, finish: bool = False) -> None:
        """Switch off; ``finish`` ends the running sessions first and waits for the answers."""
        if finish:
            await self._finish("Local")
        self._life.cancel_all()
        self.tasks.cancel_all()
        await self.line.close()

    # Drivers

    async def authorize(self, tag: str) -> str:
        """Present a tag; returns the verdict.  Raises `NoAnswer` when there is none."""
        return await self.authorization.ask(tag)

    async def plug_in(self, connector_id: int = 1, vehicle: Vehicle | None = None) -> None:
        """Bring a vehicle; raises `ImpossibleError`."""
        await self.charging.plug_in(connector_id, vehicle)

    async def start(self, tag: str, connector_id: int = 1) -> Session:
        """Begin a session; raises `ImpossibleError`.  See `Charging.start`."""
        return await self.charging.start(tag, connector_id)

    async def meter(self, connector_id: int = 1) -> None:
        """Take meter values; raises `ImpossibleError`.  See `Charging.meter`."""
        await self.charging.meter(connector_id)

    async def stop(
        self,
        connector_id: int = 1,
        reason: str = "Local",
        tag: str | None = None,
        *,
        unplug: bool = True,
    ) -> Session:
        """End the session; raises `ImpossibleError`.  See `Charging.stop`."""
        return await self.charging.stop(connector_id, reason, tag, unplug=unplug)

    async def unplug(self, connector_id: int = 1) -> None:
        """Take the vehicle away."""
        await self.charging.unplug(connector_id)

    async def say(self, action: str, payload: Payload) -> Payload:
        """Send any message of the version; returns the answer.  Raises `NoAnswer`."""
        return await self.presence.call(Request(action, payload))

    # What the server may ask for, whatever its words

    def start_restart(self, *, hard: bool, resume: bool = False, reason: str = "") -> None:
        """Restart in the background."""
        if not self.restarting:
            self._life.start(self.restart(hard=hard, resume=resume, reason=reason))

    async def restart(self, *, hard: bool, resume: bool = False, reason: str = "") -> None:
        """Reset (1.6 §5.14; 2.0.1 B11, B12): end sessions, go away, come back with a boot.

        ``resume``: sessions go on afterwards (2.1 E17); ``reason`` is for the boot, by default
        RemoteReset.
        """
        self.restarting = True
        try:
            why = "HardReset" if hard else "SoftReset"
            self.events.note("reboot", f"restarting ({why})", hard=hard)
            self.line.stays = False
            if resume:
                await self.line.close()
            elif hard:
                # No time to tell anybody: the messages wait for the next boot.
                await self.line.cut()
                self._end_sessions(why)
            else:
                await self._finish(why)
                await self.line.close()
            self.tasks.cancel_all()
            self.presence.forget()
            self.presence.boot_reason = reason or "RemoteReset"
            for connector in self.connectors.values():
                if not resume or connector.session is None:
                    connector.vehicle, connector.awaiting = None, None
                    connector.status = connector.resting_status()
            await pause(self.clock, self.reboot_s)
        finally:
            self.restarting = False
        if resume:
            self._resume_sessions()
        self.charging.reservations.watch()
        self.aligned.restart()
        self.equipment.restarted()
        await self.run()

    def start_life(self, work: Coroutine[Any, Any, None], name: str | None = None) -> None:
        """Run something that a restart of the charger does not end."""
        self._life.start(work, name)

    def settings_changed(self, name: str) -> None:
        """A field of ``settings`` was changed by the server: let it take effect."""
        if name == "heartbeat_s":
            self.presence.restart_heartbeat()
        elif name == "sample_s":
            for connector in self.charging.busy():
                self.charging.restart_metering(connector)
        elif name == "aligned_s":
            self.aligned.restart()
        elif name == "password":
            if self.tells_security:
                self.equipment.security.event("ReconfigurationOfSecurityParameters")
            self.tasks.start(self._change_password(), "return")

    # Line

    def speak(self, subprotocol: str) -> None:
        """The server chose the version; one that is not today's does not know the charger."""
        if self.speech.choose(subprotocol):
            self.presence.forget()

    def line_up(self) -> None:
        """The connection came back by itself."""
        self.tasks.start(self._resume_quietly(), "return")

    def line_down(self) -> None:
        """The connection is gone."""
        self.tasks.cancel("heartbeat")
        self.charging.outbox.release()

    # Inside

    def serve(self, action: str, payload: Payload) -> Answer | Fault:
        """Answer a command of the server."""
        answer = self.language.serve(self, action, payload)
        said = answer.code if isinstance(answer, Fault) else answer.payload.get("status", "")
        self.events.note("command", f"{action}: {said or 'answered'}", action=action, status=said)
        return answer

    def send_soon(self, *requests: Request) -> None:
        """Send messages one after the other; what goes wrong is reported."""

        async def send() -> None:
            for request in requests:
                try:
                    await self.presence.line.call(request)
                except NoAnswer:
                    continue

        self.tasks.start(send())

    def _resume_sessions(self) -> None:
        """Sessions that outlived a restart go on (2.1 E17)."""
        for connector in self.charging.busy():
            self.charging.flow.read(connector, "Other")
            self.charging.flow.note(connector, "TxResumed")
            self.charging.restart_metering(connector)

    async def _resume(self) -> None:
        """Take up the talk on a new connection; state belongs to the charger, not the socket."""
        self.line.stays = self.stays
        if self.boots_on_reconnect or not self.presence.accepted:
            await self.presence.boot()
        else:
            self.presence.restart_heartbeat()
        await self.presence.tell_all()
        self.charging.transactions.pump()

    async def _resume_quietly(self) -> None:
        try:
            await self._resume()
        except Gone:
            return

    async def _return(self, after_s: float) -> None:
        await pause(self.clock, after_s)
        await self.line.find()
        await self._resume_quietly()

    async def _change_password(self) -> None:
        await self.line.close()
        await self.line.find()
        await self._resume_quietly()

    def _end_sessions(self, reason: str) -> None:
        for connector in self.charging.busy():
            self.charging.end_session(connector, reason)

    async def _finish(self, reason: str) -> None:
        """End all sessions; wait a little for the answers."""
        self._end_sessions(reason)
        if self.presence.online:
            await at_most(self.clock, ANSWER_WAIT_S, self.charging.outbox.empty())
