"""What we ask one station: commands on their way to an outcome.

Note: stations that are not accepted
------------------------------------
A pending station may be configured and asked for messages, not started or stopped; a rejected one
is asked nothing (1.6 §4.2; 2.x B02.FR.05, B03.FR.03).  What it was asked for it may send although
everything else is refused (B02.FR.09, TC_B_31).

Note: deaf stations
-------------------
Some stations go on talking and answer nothing, since one half of their software has died.  Every
command to them would take its whole timeout to fail, so so many in a row are reported; a new
connection may wake that half up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from csms.adapter.dialect import Dialect, Fault, Unsupported
from csms.core.commands import Command, Outcome, RemoteStart, RemoteStop, Unlock
from csms.core.errors import Invalid
from csms.core.values import Registration, StationKey
from csms.gateway.disputes import complaint
from csms.gateway.messages import Answered, Failed, Outgoing
from csms.gateway.rpc import Rpc
from csms.gateway.wheel import Timer, Wheel

_URGENT = (RemoteStart, RemoteStop, Unlock)
"""Somebody stands in front of the station."""

_log = Logger()


class _Order(Struct, frozen=True):
    """The token of a CALL: what it carries, and who waits."""

    command: Command
    outcome: Deferred[Outcome]


class Calls:
    """The CALLs to one station, one at a time; made when the first command comes.

    ``deaf`` is told the action of the last of ``deaf_after`` CALLs in a row without answer.
    """

    __slots__ = (
        "_clock",
        "_deaf",
        "_deaf_after",
        "_dialect",
        "_due",
        "_expected",
        "_key",
        "_released",
        "_rpc",
        "_send",
        "_silent",
        "_timer",
        "_wheel",
    )

    def __init__(
        self,
        key: StationKey,
        dialect: Dialect,
        rpc: Rpc,
        clock: IReactorTime,
        wheel: Wheel,
        send: Callable[[bytes], None],
        deaf: Callable[[str], None],
        *,
        deaf_after: int,
        released: bool,
    ) -> None:
        self._key = key
        self._dialect = dialect
        self._rpc = rpc
        self._clock = clock
        self._wheel = wheel
        self._send = send
        self._deaf = deaf
        self._deaf_after = deaf_after
        self._silent = 0
        self._released = released
        self._timer: Timer | None = None
        self._due = 0.0
        self._expected: set[str] = set()

    def expects(self, action: str) -> bool:
        """Whether the station was asked to send ``action`` while it was not accepted."""
        return action in self._expected

    def submit(
        self,
        command: Command,
        timeout_s: float,
        registration: Registration,
        *,
        restricted: bool = False,
    ) -> Deferred[Outcome]:
        """Queue a command; its outcome is known within ``timeout_s`` seconds.

        ``restricted``: the station may only say what it is asked for, so that is noted.
        Cancelling gives up the answer, not the command if it was sent already.
        """
        try:
            request = self._dialect.request(command)
        except Invalid as error:
            return succeed(Outcome(status="rejected", detail=error.detail))
        if isinstance(request, Unsupported):
            return succeed(Outcome(status="unsupported", detail=request.reason))
        forbidden = registration is Registration.REJECTED or (
            restricted and isinstance(self._dialect.interpret(command), RemoteStart | RemoteStop)
        )
        if forbidden:
            accepted = registration is Registration.ACCEPTED
            detail = f"The station {'has not booted yet' if accepted else f'is {registration}'}."
            return succeed(Outcome(status="rejected", detail=detail))
        if restricted:
            self._expected |= self._dialect.provokes(request)
        outcome: Deferred[Outcome] = Deferred(self._withdraw)
        outgoing = self._rpc.call(
            request.action,
            request.payload,
            self._clock.seconds() + timeout_s,
            priority=0 if isinstance(command, _URGENT) else 1,
            token=_Order(command, outcome),
        )
        if outgoing is None:
            detail = "Too many commands wait for this station."
            return succeed(Outcome(status="unreachable", detail=detail))
        self._set_timer()
        self._pump()
        return outcome

    def release(self) -> None:
        """The station may hear CALLs from now on."""
        self._released = True
        self._pump()

    def settle(self, event: Answered | Failed) -> None:
        """The station answered."""
        order = event.call.token
        assert isinstance(order, _Order)
        self._silent = 0
        try:
            if isinstance(event, Answered):
                outcome = self._dialect.outcome(order.command, event.payload)
            elif event.fault is not None:
                outcome = Outcome(status="rejected", detail="The station's answer has no payload.")
            else:
                outcome = self._dialect.failed(order.command, event.code, event.description)
        except Exception:  # noqa: BLE001  # whoever waits must hear something
            _log.failure(
                "The answer to {action} was not understood",
                action=event.call.action,
                station=self._key.identity,
            )
            outcome = Outcome(status="rejected", detail="The answer could not be understood.")
        order.outcome.callback(outcome)
        self._pump()

    def dispute(self, event: Answered | Failed) -> bytes | None:
        """What to send when the answer is no use and the version has words for that."""
        if not self._rpc.disputes:
            return None
        fault: Fault | None
        if isinstance(event, Answered):
            order = event.call.token
            assert isinstance(order, _Order)
            at = datetime.fromtimestamp(self._clock.seconds(), UTC)
            fault = complaint(self._dialect, order.command, event.payload, at)
        else:
            fault = event.fault
        return None if fault is None else self._rpc.dispute(event.call, fault)

    def departures(self, event: Answered, now: datetime) -> Sequence[tuple[str, str]]:
        """The rules by which an answer was tolerated, each with the place in its payload."""
        order = event.call.token
        assert isinstance(order, _Order)
        return self._dialect.departures(order.command, event.payload, now)

    def heard(self) -> None:
        """The station answered, too late."""
        self._silent = 0

    def give_up(self, outgoing: list[Outgoing], detail: str) -> None:
        """These will have no answer."""
        for one in outgoing:
            self._end(one, "unreachable", detail)
        if self._timer is not None and self._rpc.next_deadline() is None:
            self._timer.cancel()
            self._timer = None

    def _pump(self) -> None:
        outgoing = self._rpc.next_call() if self._released else None
        if outgoing is not None:
            self._send(outgoing.frame)

    def _end(self, outgoing: Outgoing, status: str, detail: str) -> None:
        order = outgoing.token
        assert isinstance(order, _Order)
        order.outcome.callback(Outcome(status=status, detail=detail))

    def _withdraw(self, outcome: Deferred[Outcome]) -> None:
        for outgoing in self._rpc.outstanding():
            order = outgoing.token
            if isinstance(order, _Order) and order.outcome is outcome:
                self._rpc.withdraw(outgoing)
        self._pump()

    def _set_timer(self) -> None:
        due = self._rpc.next_deadline()
        if self._timer is not None:
            if due is not None and self._due <= due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._due = due
            self._timer = self._wheel.call_later(due - self._clock.seconds(), self._expire)

    def _expire(self) -> None:
        self._timer = None
        in_flight = self._rpc.in_flight
        unheard: Outgoing | None = None
        for outgoing in self._rpc.expire(self._clock.seconds()):
            sent = outgoing is in_flight
            if sent:
                unheard = outgoing
            detail = "No answer in time." if sent else "It could not be sent in time."
            self._end(outgoing, "expired", detail)
        self._set_timer()
        if unheard is not None:
            self._unheard(unheard)
        self._pump()

    def _unheard(self, outgoing: Outgoing) -> None:
        self._silent += 1
        if self._silent == self._deaf_after:
            self._silent = 0
            self._deaf(outgoing.action)
