"""A charger's line to the server: dialled, lost, dialled again with growing waits."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

import attrs
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from csms.sim.events import EventLog
from csms.sim.findings import Kind
from csms.sim.messages import Gone, Payload, Request
from csms.sim.misbehaviour import Misbehaviour
from csms.sim.rpc import Rpc
from csms.sim.settings import Settings
from csms.sim.sockets import DialError, Opener, OpenSocket, RefusedError
from csms.sim.tasks import Tasks, pause

INNOCENT = frozenset({1001, 1005, 1006, 1012, 1015})
"""Close codes of servers that go away, and what stands for none: the connection just broke."""
ACCUSING = frozenset({1002, 1003, 1007, 1008, 1009, 1010, 1011})
"""Close codes by which a server says that the charger, or itself, is at fault (RFC 6455 §7.4)."""


class BackOff(Struct, frozen=True):
    """Seconds to wait before dialling again: doubling from ``first`` to ``most``, with jitter."""

    first: float = 1.0
    most: float = 60.0

    def wait_s(self, attempt: int, rng: random.Random) -> float:
        """How long to wait after so many failed attempts in a row (0: none yet)."""
        return float(min(self.most, self.first * 2 ** min(attempt, 16)) * rng.uniform(0.5, 1.5))


class LineOwner(Protocol):
    """Whom a line serves."""

    def line_up(self) -> None:
        """The connection came back by itself."""

    def line_down(self) -> None:
        """The connection is gone."""


@attrs.define(eq=False)
class Line:
    """At most one connection; ``make_rpc`` gives it an OCPP-J end that sends through a function.

    ``chosen`` is told the subprotocol of each new connection before that.
    """

    clock: IReactorTime
    identity: str
    opener: Opener
    settings: Settings
    events: EventLog
    report: Callable[[Kind, str], None]
    make_rpc: Callable[[Callable[[bytes], None]], Rpc]
    chosen: Callable[[str], None]
    rng: random.Random
    back_off: BackOff
    patience_s: float | None
    """How long to look for a server that was never there; None: for ever."""
    misbehaviour: Misbehaviour | None = None
    owner: LineOwner | None = None
    ever_up: bool = False
    stays: bool = False
    """Whether to dial again by itself when the connection breaks."""
    _socket: OpenSocket | None = attrs.field(default=None, init=False)
    _rpc: Rpc | None = attrs.field(default=None, init=False)
    _going_down: Deferred[None] | None = attrs.field(default=None, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    @property
    def up(self) -> bool:
        """Whether there is a connection."""
        return self._rpc is not None

    async def call(self, request: Request) -> Payload:
        """Send a message and return the answer; raises `csms.sim.messages.NoAnswer`."""
        if self._rpc is None:
            raise Gone("not connected")
        return await self._rpc.call(request)

    def tell(self, request: Request) -> None:
        """Send a message that has no answer (OCPP 2.1: SEND); nothing happens while offline."""
        if self._rpc is not None:
            self._rpc.tell(request)

    async def connect(self) -> None:
        """Dial once; raises `DialError`."""
        self._tasks.cancel("redial")
        await self._dial()

    async def find(self) -> None:
        """Dial until there is a connection; raises `DialError` when that is hopeless.

        Hopeless is a refusal that will not change, and nobody there for `patience_s`; neither
        once there has been a connection: then the server will be back.
        """
        self._tasks.cancel("redial")
        await self._search()

    async def cut(self) -> None:
        """Break the connection without a word and stay offline."""
        self.stays = False
        self._tasks.cancel("redial")
        if self._socket is not None:
            await self._down(self._socket.abort)

    async def close(self) -> None:
        """Close the connection properly and stay offline."""
        self.stays = False
        self._tasks.cancel("redial")
        if self._socket is not None:
            await self._down(self._socket.close)

    # SocketListener

    def received(self, data: bytes) -> None:
        """A text frame came."""
        if self._rpc is not None:
            self._rpc.receive(data)

    def binary(self) -> None:
        """A binary frame came."""
        self.report(Kind.BAD_FRAME, "a binary frame")

    def unanswered_ping(self) -> None:
        """The server is silent."""
        self.report(Kind.NO_PONG, "a WebSocket ping stayed unanswered")

    def lost(self, code: int, reason: str) -> None:
        """The connection is gone."""
        rpc, self._socket, self._rpc = self._rpc, None, None
        wanted, self._going_down = self._going_down, None
        if wanted is None:
            self.events.note("lost", f"connection lost ({code} {reason})".strip(), code=code)
            blame = "" if self.misbehaviour is None else self.misbehaviour.blame()
            if code in ACCUSING or (blame and code not in INNOCENT):
                self.report(Kind.CLOSED_BY_SERVER, f"closed with {code} {reason!r}{blame}")
        if rpc is not None:
            rpc.close()
        if self.owner is not None:
            self.owner.line_down()
        if wanted is not None:
            wanted.callback(None)
        elif self.stays:
            self._tasks.start(self._redial(), "redial")

    # Inside

    async def _search(self) -> None:
        began = self.clock.seconds()
        attempt = 0
        while True:
            try:
                await self._dial()
            except DialError as error:
                waited = self.clock.seconds() - began
                if not self.ever_up and self._hopeless(error, waited):
                    raise
                delay = self.back_off.wait_s(attempt, self.rng)
                if isinstance(error, RefusedError) and error.retry_after_s is not None:
                    delay = max(delay, error.retry_after_s)
                self.events.note("retry", f"trying again in {delay:.1f} s", wait_s=delay)
            else:
                return
            attempt += 1
            await pause(self.clock, delay)

    async def _dial(self) -> None:
        if self._socket is not None:
            return
        twist = None if self.misbehaviour is None else self.misbehaviour.handshake()
        extra = {} if twist is None else {"twist": twist}
        try:
            socket = await self.opener.dial(
                self.identity, self.settings.password, self.settings.ping_s, self, **extra
            )
        except DialError as error:
            self._note_failure(error)
            raise
        self._tell_misbehaviour()
        self._socket = socket
        self.chosen(socket.subprotocol)
        self._rpc = self.make_rpc(socket.send)
        self.ever_up = True
        self.events.note("connected", f"connected ({socket.subprotocol or 'no subprotocol'})")

    def _tell_misbehaviour(self) -> None:
        if self.misbehaviour is not None:
            self.misbehaviour.reached()

    def _note_failure(self, error: DialError) -> None:
        if not isinstance(error, RefusedError):
            self.events.note("unreachable", str(error))
            return
        self._tell_misbehaviour()
        self.events.note("refused", f"handshake refused: {error}", status=error.status)
        excused = self.misbehaviour is not None and self.misbehaviour.excuses(error.status)
        if not error.busy and not excused:
            self.report(Kind.HANDSHAKE_REFUSED, str(error))

    def _hopeless(self, error: DialError, waited_s: float) -> bool:
        if self.misbehaviour is not None and self.misbehaviour.twisted:
            # The next attempt is made as it should be.
            return False
        if isinstance(error, RefusedError) and error.final:
            return True
        return self.patience_s is not None and waited_s >= self.patience_s

    async def _redial(self) -> None:
        await pause(self.clock, self.back_off.wait_s(0, self.rng))
        await self._search()
        if self.owner is not None:
            self.owner.line_up()

    async def _down(self, how: Callable[[], None]) -> None:
        waiter = self._going_down
        if waiter is None:
            waiter = self._going_down = Deferred()
            how()
        await waiter
