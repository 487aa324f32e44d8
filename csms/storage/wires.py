"""The connections that everybody shares: lent to one caller at a time, mended when lost."""

from __future__ import annotations

from collections import deque

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from csms.core.errors import Unavailable
from csms.storage.address import Address
from csms.storage.wire import Line, Wire

QUIET_S = 10.0
"""How long nothing more is logged of connections that fail."""


@attrs.define(eq=False, kw_only=True)
class Wires:
    """``size`` connections to ``address``, from `open` to `close`.

    ``settings`` are statements that each connection begins with.  Who asks for a connection
    waits for up to ``patience_s`` for one to become free; when there is none at all it is
    counted from the moment when the last one went, so that a database that stays away costs
    callers no time.
    """

    address: Address
    reactor: IReactorTime
    size: int
    settings: str
    patience_s: float
    trouble: str = attrs.field(default="", init=False)
    """Why there was no connection lately; empty when all is well."""
    _lines: list[Line] = attrs.field(factory=list, init=False)
    _idle: list[Wire] = attrs.field(factory=list, init=False)
    _waiters: deque[Deferred[Wire]] = attrs.field(factory=deque, init=False)
    _hopeful: list[Deferred[None]] = attrs.field(factory=list, init=False)
    _lent: int = attrs.field(default=0, init=False)
    _down_since: float = attrs.field(default=0.0, init=False)
    _quiet_until: float = attrs.field(default=0.0, init=False)
    _told: bool = attrs.field(default=False, init=False)
    _emptied: Deferred[None] | None = attrs.field(default=None, init=False)
    _log = Logger()

    def open(self) -> None:
        """Begin to connect."""
        self._down_since = self.reactor.seconds()
        self._lines = [
            Line(
                address=self.address,
                reactor=self.reactor,
                settings=self.settings,
                up=self._up,
                down=self._down,
                failed=self.failed,
            )
            for _ in range(self.size)
        ]
        for line in self._lines:
            line.open()

    async def close(self, patience_s: float) -> None:
        """Send the waiting away, wait for what is lent for up to ``patience_s``, disconnect."""
        lines, self._lines = self._lines, []
        while self._waiters:
            self._waiters.popleft().errback(Unavailable("the database pool is stopping"))
        try:
            if self._lent:
                await self._all_returned(patience_s)
        finally:
            for line in lines:
                line.close()
            self._idle.clear()

    @property
    def connected(self) -> bool:
        """Whether there is a connection, busy or not."""
        return any(line.wire is not None for line in self._lines)

    async def wait_ready(self) -> None:
        """Return when there is a connection; as long as it takes."""
        if not self.connected:
            waiter: Deferred[None] = Deferred(self._hopeful.remove)
            self._hopeful.append(waiter)
            await waiter

    async def lend(self) -> Wire:
        """A connection, to be given back with `take_back`; raises `Unavailable`."""
        if not self._lines:
            raise Unavailable("the database pool is not running")
        if self._idle:
            self._lent += 1
            return self._idle.pop()
        patience = self.patience_s
        if not self.connected:
            patience -= self.reactor.seconds() - self._down_since
            if patience <= 0:
                raise Unavailable(self.trouble or "there is no connection to the database")
        waiter: Deferred[Wire] = Deferred(self._waiters.remove)
        self._waiters.append(waiter)
        late = self.reactor.callLater(patience, self._refuse, waiter)
        try:
            return await waiter
        finally:
            if late.active():
                late.cancel()

    def take_back(self, wire: Wire) -> None:
        """Have a connection back, as it may be: one with a transaction open is closed."""
        self._lent -= 1
        if wire.in_transaction():
            wire.abandon("returned with a transaction open")
        if not wire.gone:
            self._offer(wire)
        if not self._lent and self._emptied is not None:
            emptied, self._emptied = self._emptied, None
            emptied.callback(None)

    def failed(self, why: str) -> None:
        """Note why a connection was lost or not made; log it when it is news."""
        self.trouble = why
        now = self.reactor.seconds()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET_S
            self._told = True
            self._log.warn("database connection failed: {reason}", reason=why)

    def _refuse(self, waiter: Deferred[Wire]) -> None:
        self._waiters.remove(waiter)
        waiter.errback(Unavailable(self.trouble or "every database connection is busy"))

    def _offer(self, wire: Wire) -> None:
        if self._waiters:
            self._lent += 1
            self._waiters.popleft().callback(wire)
        else:
            self._idle.append(wire)

    def _up(self, wire: Wire) -> None:
        self.trouble = ""
        if self._told:
            self._told = False
            self._log.info("database connection made again")
        self._offer(wire)
        hopeful, self._hopeful = self._hopeful, []
        for waiter in hopeful:
            waiter.callback(None)

    def _down(self, wire: Wire, why: str) -> None:
        if wire in self._idle:
            self._idle.remove(wire)
        if not self.connected:
            self._down_since = self.reactor.seconds()
        self.failed(why)

    async def _all_returned(self, patience_s: float) -> None:
        emptied: Deferred[None] = Deferred()
        self._emptied = emptied
        late = self.reactor.callLater(patience_s, self._stop_waiting)
        try:
            await emptied
        finally:
            self._emptied = None
            if late.active():
                late.cancel()

    def _stop_waiting(self) -> None:
        emptied, self._emptied = self._emptied, None
        if emptied is not None:
            emptied.callback(None)
