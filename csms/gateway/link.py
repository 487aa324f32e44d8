"""One connected station: what it says goes up, what it is told comes down.

Order of checks for a message (OCPP-J, each layer before the next): frame and envelope (`Rpc`),
action, registration, payload (`Dialect`), then the intake, which answers after its commit.

Note: who is asked to boot
--------------------------
A station that was accepted by another server before, or before its record here was lost, sees no
reason to boot again, and everything else it says is refused.  It is asked for a BootNotification
then, once on each connection that did not bring one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from csms.adapter.dialect import Fault, FaultKind
from csms.core.commands import Command, Outcome, Trigger
from csms.core.errors import Refusal
from csms.core.oddities import Oddity
from csms.core.replies import (
    AuthorizationGiven,
    BootAnswered,
    ConnectionClaimed,
    Reply,
    TimeTold,
)
from csms.core.reports import Beat, Quarantined
from csms.core.values import Registration, StationKey, Strictness
from csms.gateway.admission import Admitted
from csms.gateway.calls import Calls
from csms.gateway.claim import Claim
from csms.gateway.gate import admits, is_open
from csms.gateway.grace import Grace
from csms.gateway.messages import (
    Answered,
    Call,
    Disputed,
    Event,
    Failed,
    Flood,
    Garbled,
    Noise,
    Send,
    Stray,
    Told,
)
from csms.gateway.pace import Pace
from csms.gateway.remarks import Remarks, unanswered
from csms.gateway.rpc import Rpc
from csms.gateway.surroundings import Surroundings
from csms.gateway.visits import (
    GOING_AWAY,
    POLICY_VIOLATION,
    THROTTLED,
    TRY_AGAIN_LATER,
    Wire,
)

_SEEN_EVERY_S = 5.0
_NOT_STORED = Fault(FaultKind.INTERNAL, "The message could not be stored. Try again later.")
_BUG = Fault(FaultKind.INTERNAL, "The message could not be processed.")
_NOT_REGISTERED = Fault(FaultKind.SECURITY, "The station is not accepted. Boot first.")
_ONE_WAY = Fault(FaultKind.NOT_SUPPORTED, "This message is sent by SEND.")
_MAIMED = Fault(FaultKind.TYPE, "Some of its values could not be read.")
_UNSTORABLE = Fault(FaultKind.PROPERTY, "It has characters that cannot be kept.")

_log = Logger()


class Link:
    """A station on its socket (a `csms.gateway.visits.Receiver`).

    ``gone`` is called when the socket is.
    """

    __slots__ = (
        "_around",
        "_booting",
        "_calls",
        "_claim",
        "_dialect",
        "_disputed",
        "_draining",
        "_gone",
        "_grace",
        "_heard_at",
        "_held",
        "_lost",
        "_open",
        "_pace",
        "_remarks",
        "_rpc",
        "_seen_again_at",
        "_socket",
        "_strictness",
        "key",
        "registration",
    )

    takes_binary = False

    def __init__(
        self,
        around: Surroundings,
        socket: Wire,
        admitted: Admitted,
        gone: Callable[[Link], None],
    ) -> None:
        station = admitted.station
        settings = around.settings
        self.key = StationKey(station.id, station.identity, station.operator_id)
        self._dialect = admitted.dialect
        self._register(station.registration, booted=False)
        self._around = around
        self._claim = Claim(around, self.key, self._on_claim)
        self._remarks = Remarks(around, self.key)
        self._socket = socket
        self._gone = gone
        self._strictness = station.strictness or settings.strictness
        self._rpc = Rpc(
            admitted.dialect.codes,
            admitted.dialect.manners.envelope,
            _message_id,
            settings.inbound_limit,
            settings.outbound_limit,
        )
        self._calls: Calls | None = None
        self._booting = False
        self._disputed = False
        self._grace = Grace(around, self._grace_over)
        self._held: list[bytes] | None = []
        self._lost = False
        self._draining = False
        self._seen_again_at = 0.0
        self._heard_at = 0.0
        self._pace = Pace(settings.messages_per_s, settings.message_burst, around.clock.seconds())

    # --- life -------------------------------------------------------------------------------

    def start(self, peer: str) -> None:
        """Claim the connection; until that is answered, what the station says is held."""
        self._grace.begin()
        self._claim.begin(peer, self._dialect.version)

    def _on_claim(self, claimed: ConnectionClaimed | None) -> None:
        held, self._held = self._held or (), None
        if claimed is None:
            self._socket.close(TRY_AGAIN_LATER, "try again later")
            return
        self._register(claimed.registration, booted=claimed.booted)
        self._remarks.deaf = claimed.deaf
        now = self._around.clock.seconds()
        for payload in held:
            self._handle(payload, now)
        if self._grace.ended:
            self._ask_to_boot()

    def _register(self, registration: Registration, *, booted: bool) -> None:
        self.registration = registration
        self._open = is_open(self._dialect.manners, registration, booted=booted)

    def close(self, code: int, reason: str) -> None:
        """End the connection."""
        self._socket.close(code, reason)

    def lost(self, reason: str) -> None:
        """The socket is gone.  Reports on their way are committed all the same."""
        self._lost = True
        if self._heard_at and self._heard_at + _SEEN_EVERY_S > self._seen_again_at:
            self._sighted(self._heard_at)
        self._grace.end()
        left = self._rpc.close()
        if self._calls is not None:
            self._calls.give_up(left, "The connection was lost before the answer.")
        self._gone(self)
        self._claim.end(reason)

    def drain(self) -> None:
        """Take no new message; close when nothing is under way."""
        self._draining = True
        self._drop_queued("The server is being restarted.")
        self._close_if_drained()

    def _drop_queued(self, detail: str) -> None:
        dropped = self._rpc.drop_queued()
        if self._calls is not None:
            self._calls.give_up(dropped, detail)

    def _close_if_drained(self) -> None:
        if self._draining and not self._rpc.open_calls and self._rpc.in_flight is None:
            self._socket.close(GOING_AWAY, "the server is being restarted")

    # --- what the station says --------------------------------------------------------------

    def text(self, payload: bytes, now: float) -> None:
        """A text message has come."""
        self._pace.left -= 1
        if self._pace.left < 0 and self._exhausted(now):
            return
        if self._held is None:
            self._handle(payload, now)
        elif len(self._held) < self._around.settings.inbound_limit:
            self._held.append(payload)
        else:
            self._flooded("too many calls at once")

    def binary(self, payload: bytes) -> None:
        """Not reached: the socket refuses binary messages for us."""

    def _handle(self, payload: bytes, now: float) -> None:
        if self._lost:
            return
        if now >= self._seen_again_at:
            self._sighted(now)
        self._heard_at = now
        event = self._rpc.receive(payload)
        if type(event) is Call:
            self._on_call(event, payload, now)
        elif type(event) is Garbled:
            self._on_garbled(event, payload, now)
        else:
            self._on_event(event, now)

    def _sighted(self, now: float) -> None:
        self._seen_again_at = now + _SEEN_EVERY_S
        at = datetime.fromtimestamp(now, UTC)
        if self._claim.epoch is not None:
            self._around.doorbell.seen(self.key.id, self._claim.epoch, at)
        self._grace.heard()

    def _on_call(self, call: Call, payload: bytes, now: float) -> None:
        around = self._around
        around.counters.calls += 1
        if self._draining:
            self._rpc.ignore(call)
            return
        dialect = self._dialect
        fault = dialect.recognise(call.action)
        if fault is None:
            if not self._open and not self._may_say(call.action):
                fault = _NOT_REGISTERED
            elif dialect.is_one_way(call.action):
                fault = _ONE_WAY
        if fault is not None:
            self._note_refusal(call, fault, now)
            self._refuse(call, fault)
            return
        at = datetime.fromtimestamp(now, UTC)
        said: object = call.payload
        if call.oddity is Oddity.NULL_PAYLOAD:
            said = None
        elif call.oddity is not None:
            around.doorbell.quirk(self.key, call.oddity, call.action, at)
            if call.oddity is Oddity.UNSTORABLE_TEXT and self._strictness is Strictness.STRICT:
                self._note_refusal(call, _UNSTORABLE, now)
                self._on_fault(call, _UNSTORABLE, payload)
                return
        understood = dialect.read(call.action, said, self._strictness, at)
        if isinstance(understood, Fault):
            self._note_refusal(call, understood, now)
            self._on_fault(call, understood, payload)
            return
        for name, example in understood.quirks:
            around.doorbell.quirk(self.key, name, example, at)
        if understood.maimed:
            around.intake.submit(self.key, _evidence(call, _MAIMED, payload), unanswered)
        report = understood.report
        if type(report) is Beat:
            self._answer(call, TimeTold(at), keep=False)
        else:
            around.intake.submit(self.key, report, partial(self._on_reply, call))

    def _on_garbled(self, garbled: Garbled, payload: bytes, now: float) -> None:
        """What cannot be read may prove money as well as what can."""
        call = garbled.call
        self._around.counters.calls += 1
        if self._draining:
            self._rpc.ignore(call)
            return
        self._remarks.note(call.oddity or Oddity.UNREADABLE_FRAME, call.action, now)
        if self._open:
            self._on_fault(call, garbled.fault, payload)
        else:
            self._refuse(call, garbled.fault)

    def _may_say(self, action: str) -> bool:
        """Before the station may say everything."""
        expected = self._calls is not None and self._calls.expects(action)
        boot = self._dialect.is_boot(action)
        self._booting = self._booting or boot
        return admits(self._dialect.manners, self.registration, boot=boot, expected=expected)

    def _on_told(self, told: Told, now: float) -> None:
        self._around.counters.told += 1
        if not self._draining and (self._open or self._may_say(told.action)):
            self._remarks.told(self._dialect, self._strictness, told, now)

    def _on_fault(self, call: Call, fault: Fault, payload: bytes) -> None:
        if not self._dialect.carries_money(call.action):
            self._refuse(call, fault)
            return
        report = _evidence(call, fault, payload)
        self._around.intake.submit(self.key, report, partial(self._on_quarantined, call, fault))

    def _on_quarantined(self, call: Call, fault: Fault, reply: Reply | Refusal) -> None:
        """Told what is wrong, a station gives the message up; so it must be kept by then."""
        self._refuse(call, _NOT_STORED if isinstance(reply, Refusal) else fault)
        self._close_if_drained()

    def _on_reply(self, call: Call, reply: Reply | Refusal) -> None:
        if isinstance(reply, Refusal):
            self._refuse(call, _NOT_STORED)
        elif type(reply) is BootAnswered:
            self._register(reply.registration, booted=True)
            self._remarks.booted(call.id)
            # Asked again, a station that is not accepted must get a fresh answer.
            accepted = reply.registration is Registration.ACCEPTED
            self._answer(call, reply, keep=accepted)
            if reply.registration is Registration.REJECTED:
                self._drop_queued("The station is rejected.")
            self._release()
        else:
            # Who asks about a token again wants to know what it is worth now.
            self._answer(call, reply, keep=type(reply) is not AuthorizationGiven)
        if self._draining:
            self._close_if_drained()

    def _answer(self, call: Call, reply: Reply, *, keep: bool = True) -> None:
        try:
            payload = self._dialect.write(call.action, reply)
            frame = self._rpc.answer(call, payload, keep=keep)
        except Exception:  # noqa: BLE001  # the station must hear something
            _log.failure(
                "The answer to {action} could not be written",
                action=call.action,
                station=self.key.identity,
            )
            self._refuse(call, _BUG)
            return
        if frame is not None:
            self._socket.send(frame)

    def _note_refusal(self, call: Call, fault: Fault, now: float) -> None:
        """That it speaks before it may is no fault of what it says."""
        if fault is not _NOT_REGISTERED:
            self._remarks.note(Oddity.REFUSED_MESSAGE, f"{call.action}: {fault.text}", now)

    def _refuse(self, call: Call, fault: Fault) -> None:
        frame = self._rpc.refuse(call, fault)
        if frame is not None:
            self._around.counters.faults[fault.kind] += 1
            self._socket.send(frame)

    def _on_event(self, event: Event, now: float) -> None:
        counters = self._around.counters
        match event:
            case Answered() | Failed():
                if event.oddity is not None:
                    self._remarks.note(event.oddity, event.call.action, now)
                self._remarks.heard()
                self._on_answer(event, now)
                self._close_if_drained()
            case Told():
                self._on_told(event, now)
            case Disputed():
                self._remarks.disputed(event, now)
                if self._dialect.is_boot(event.action):
                    self._unbooted()
            case Send(frame, fault, oddity, example):
                if fault is not None:
                    counters.faults[fault] += 1
                if oddity is not None:
                    self._remarks.note(oddity, example, now)
                self._socket.send(frame)
            case Stray(how):
                if self._calls is not None and how != "unknown":
                    self._calls.heard()
                self._remarks.stray(how, now)
            case Noise(reason, oddity):
                counters.noise += oddity is not Oddity.EMPTY_FRAME
                self._remarks.note(oddity, reason, now)
            case Flood(reason):
                self._flooded(reason)

    def _on_answer(self, event: Answered | Failed, now: float) -> None:
        if self._calls is None:
            return
        if isinstance(event, Answered) and self._strictness is not Strictness.OFF:
            at = datetime.fromtimestamp(now, UTC)
            for name, place in self._calls.departures(event, at):
                self._around.doorbell.quirk(self.key, name, f"{event.call.action} {place}", at)
        complaint = self._calls.dispute(event)
        if complaint is not None:
            self._around.counters.disputes += 1
            self._socket.send(complaint)
        self._calls.settle(event)

    # --- too much of it ---------------------------------------------------------------------

    def _exhausted(self, now: float) -> bool:
        """The allowance is used up.  What was received is handled, but nothing more is read until
        there is some again; who does not even wait for answers is cut off."""
        wait_s = self._pace.wait_s(now)
        if self._pace.hopeless:
            self._flooded("too many messages")
            return True
        if wait_s and not self._socket.paused_by(THROTTLED):
            self._around.counters.throttled += 1
            self._socket.pause(THROTTLED)
            self._around.wheel.call_later(wait_s, self._socket.resume, THROTTLED)
        return False

    def _flooded(self, reason: str) -> None:
        self._around.counters.floods += 1
        self._remarks.note(Oddity.FLOOD, reason, self._around.clock.seconds())
        _log.warn("Station cut off: {reason}", reason=reason, station=self.key.identity)
        self._socket.close(POLICY_VIOLATION, reason)

    # --- what the station is asked ----------------------------------------------------------

    def send(self, command: Command, timeout_s: float) -> Deferred[Outcome]:
        """Send a command; its outcome comes within ``timeout_s`` seconds."""
        if self._lost or self._draining:
            return succeed(Outcome(status="unreachable", detail="The connection is closing."))
        if self._calls is None:
            around = self._around
            self._calls = Calls(
                self.key,
                self._dialect,
                self._rpc,
                around.clock,
                around.wheel,
                self._socket.send,
                self._on_deaf,
                deaf_after=around.settings.deaf_after,
                released=self._grace.ended,
            )
        self._around.counters.commands += 1
        return self._calls.submit(command, timeout_s, self.registration, restricted=not self._open)

    def _on_deaf(self, action: str) -> None:
        if self._remarks.unheard(action):
            self._socket.close(POLICY_VIOLATION, "no call is answered")

    def _grace_over(self) -> None:
        self._release()
        if self._held is None:
            self._ask_to_boot()

    def _ask_to_boot(self) -> None:
        """Once, of who may say nothing else and has not thought of it."""
        if self._open or self._booting or self.registration is Registration.REJECTED:
            return
        self._trigger_boot()

    def _trigger_boot(self) -> None:
        self._booting = True
        _log.info("Station is asked to boot", station=self.key.identity)
        self.send(Trigger(message="BootNotification"), self._around.settings.call_timeout_s)

    def _unbooted(self) -> None:
        """The station could not use the answer to its boot, which is as good as undelivered: it is
        asked to boot again.  One that disputes every answer is let be."""
        if not self._disputed:
            self._disputed = True
            self._trigger_boot()

    def _release(self) -> None:
        self._grace.end()
        if self._calls is not None:
            self._calls.release()


def _evidence(call: Call, fault: Fault, payload: bytes) -> Quarantined:
    """A frame as it came; no database keeps a NUL."""
    content = payload.decode(errors="backslashreplace").replace("\0", "\\u0000")
    return Quarantined(action=call.action, fault=f"{fault.kind}: {fault.text}", content=content)


def _message_id() -> str:
    return str(uuid4())
