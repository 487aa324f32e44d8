"""The dispatcher of domain events: from the outbox to the subscribers, in order.

Each subscriber is followed on its own, so that one which fails or is slow holds nobody else,
and by one process of the cluster only.  A subscriber's position moves after it has taken the
events; what it took just before a crash comes again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import msgspec
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger, LogLevel
from zope.interface import implementer

from csms.core.events import FREQUENT, Event
from csms.core.ports import ILocks, IOutboxLog, ISubscriber, Position
from csms.pipeline.rounds import Rounds
from csms.pipeline.waiting import pause

ROWS = 100
"""Rows taken at once; each holds the events of one transaction, a few hundred at most."""
BREATH = 500
"""Events told in one go, before the reactor may do something else."""
POLL_S = 1.0
GATHER_S = 0.05
"""Pause between two looks, so that under load many commits share a look."""
EXPECTANT_LOOKS = 3
"""Looks after `Dispatcher.wake` that may find nothing yet: a row can be read only when every
transaction that began before its own has ended."""

_decode = msgspec.json.Decoder(list[Event]).decode


@attrs.define(eq=False, kw_only=True)
class _Follower:
    """One subscriber."""

    name: str
    subscriber: ISubscriber
    outbox: IOutboxLog
    locks: ILocks
    clock: IReactorTime
    rounds: Rounds = attrs.field(init=False)
    _position: Position | None = attrs.field(default=None, init=False)
    _expectant: int = attrs.field(default=0, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    @rounds.default
    def _make_rounds(self) -> Rounds:
        return Rounds(
            what=f"telling {self.name} of events",
            work=self._look,
            clock=self.clock,
            interval_s=POLL_S,
            gather_s=GATHER_S,
        )

    def wake(self) -> None:
        self._expectant = EXPECTANT_LOOKS
        self.rounds.wake()

    async def stop(self) -> None:
        await self.rounds.stop()
        await self.locks.release(self._lock)

    @property
    def _lock(self) -> str:
        return f"csms.outbox.{self.name}"

    async def _look(self) -> bool:
        if not await self.locks.hold(self._lock):
            self._position = None
            return False
        before = self._position
        if before is None:
            before = self._position = await self.outbox.position(self.name)
        rows = await self.outbox.read(before, ROWS, frequent=self.subscriber.frequent)
        if not rows:
            self._expectant = max(self._expectant - 1, 0)
            return self._expectant > 0
        taken, told = before, 0
        try:
            for position, text in rows:
                told += await self._tell(text)
                taken = position
                if told >= BREATH:
                    told = 0
                    await pause(self.clock, 0)
        finally:
            if taken != before:
                moved = await self.outbox.advance(self.name, before, taken)
                # Not moved: another process took over meanwhile, and tells where it is.
                self._position = taken if moved else None
        return True

    async def _tell(self, text: str) -> int:
        """Tell the events of a row; how many."""
        try:
            events = _decode(text)
        except msgspec.MsgspecError:
            # It will not get better by waiting, and what comes after it must not wait for it.
            self._log.failure("events cannot be read and are left out")
            return 0
        await self.subscriber.receive(events)
        return len(events)


@attrs.define(eq=False)
class Dispatcher(Service):
    """Tells subscribers, by their (cluster-wide) name, of every event.

    Looks each second, and soon after `wake`.
    """

    _outbox: IOutboxLog
    _locks: ILocks
    _clock: IReactorTime
    _subscribers: Mapping[str, ISubscriber]
    _followers: list[_Follower] = attrs.field(factory=list, init=False)

    def wake(self) -> None:
        """Events were committed."""
        for follower in self._followers:
            follower.wake()

    def startService(self) -> None:
        """Begin to follow the outbox."""
        super().startService()
        self._followers = [
            _Follower(
                name=name,
                subscriber=subscriber,
                outbox=self._outbox,
                locks=self._locks,
                clock=self._clock,
            )
            for name, subscriber in self._subscribers.items()
        ]
        for follower in self._followers:
            follower.rounds.start()

    def stopService(self) -> Deferred[None]:
        """Finish what is being told."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        followers, self._followers = self._followers, []
        for follower in followers:
            await follower.stop()


@implementer(ISubscriber)
@attrs.frozen
class EventJournal:
    """Writes every event to the log: its kind, and whom it is about.

    Meter values and states of charging come thick and fast: they are written at debug level, and
    only ``frequent``.
    """

    frequent: bool = False
    _log: Logger = attrs.field(factory=Logger, init=False)

    async def receive(self, events: Sequence[Event]) -> None:
        """See `ISubscriber.receive`."""
        for event in events:
            level = LogLevel.info
            if event.kind in FREQUENT:
                if not self.frequent:
                    continue
                level = LogLevel.debug
            self._log.emit(
                level,
                "{kind} {station}",
                kind=event.kind,
                station=event.identity,
                session=event.session_id,
                operator=event.operator_id,
            )
