"""Transaction messages of a charger: kept while offline, delivered in order, repeated.

Rules: OCPP 1.6 §3.7 (delivery in order of occurrence, also after an outage), §3.7.1 (a message
that the server fails to process is sent again ``attempts`` times, waiting ``retry`` longer
before each) and errata 3.18 (a start that was given up leaves transaction id -1 behind).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from enum import Enum

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.sim.connector import Session
from csms.sim.rpc import Gone, NoAnswer, Payload, Request
from csms.sim.settings import Settings
from csms.sim.tasks import Signal, pause

LIMIT = 5000
"""Messages a charger's storage holds; meter values beyond it are not taken."""


class Stage(Enum):
    """What a transaction message is about."""

    START = "start"
    METER = "meter"
    STOP = "stop"


@attrs.define(eq=False)
class Entry:
    """A transaction message and where it belongs."""

    stage: Stage
    session: Session
    request: Request
    attempts: int = 0
    settled: Signal = attrs.Factory(Signal)
    """It was answered or given up; those who wait are released when the connection is lost."""


@attrs.define(eq=False)
class Outbox:
    """``address`` puts the transaction id into a request just before it leaves;
    ``answered`` takes the answers, ``dropped`` what was given up."""

    clock: IReactorTime
    settings: Settings
    address: Callable[[Request, Session], Request]
    answered: Callable[[Entry, Payload], None]
    dropped: Callable[[Entry, str], None]
    _entries: deque[Entry] = attrs.field(factory=deque, init=False)
    draining: bool = attrs.field(default=False, init=False)
    """Whether messages are being delivered right now."""

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, stage: Stage, session: Session, request: Request) -> Entry:
        """Keep a message until it is delivered."""
        entry = Entry(stage, session, request)
        if stage is Stage.METER and len(self._entries) >= LIMIT:
            self.dropped(entry, "storage is full")
            entry.settled.happen()
        else:
            self._entries.append(entry)
        return entry

    async def empty(self) -> None:
        """Wait until everything is delivered or the connection is lost."""
        if self._entries:
            await self._entries[-1].settled.wait()

    def release(self) -> None:
        """The connection is lost: let go who waits for an answer; the messages stay."""
        for entry in self._entries:
            entry.settled.release()

    async def drain(self, call: Callable[[Request], Awaitable[Payload]]) -> None:
        """Deliver everything in order, one at a time; returns when done or offline."""
        if self.draining:
            return
        self.draining = True
        try:
            while self._entries:
                await self._deliver(self._entries[0], call)
        except Gone:
            return
        finally:
            self.draining = False

    async def _deliver(self, entry: Entry, call: Callable[[Request], Awaitable[Payload]]) -> None:
        try:
            payload = await call(self.address(entry.request, entry.session))
        except Gone:
            # The server may have it already: the same content comes again, which it must notice.
            raise
        except NoAnswer as error:
            entry.attempts += 1
            if entry.attempts < self.settings.attempts:
                await pause(self.clock, self.settings.retry_s * entry.attempts)
                return
            self._entries.popleft()
            if entry.stage is Stage.START:
                entry.session.transaction_id = -1
            self.dropped(entry, str(error))
        else:
            self._entries.popleft()
            self.answered(entry, payload)
        entry.settled.happen()
