"""The batch intake: reports of many stations become durable together.

Reports that arrive while a batch is being committed wait for the next one, so a batch grows
with the load and an idle system answers at the speed of one commit.  A batch holds at most
one report per station, which keeps their order; stations are spread over lanes, each with a
database connection of its own.  Nobody is answered before the commit.

Note on what can go wrong with a batch
--------------------------------------
- *Stale*: somebody else changed a row it was based on.  It is gathered and decided anew.
- *The database is gone*: the batch waits for it.  Whoever waits longer than its patience is
  refused, so that the station sends again; if the commit did happen after all, the
  retransmission finds its own traces and changes nothing.
- *A value the database cannot take*: the batch is halved until the culprit stands alone and
  is refused alone.  It is given a few more tries first, for it may have collided (with the
  transaction number of an orphan) and not collide again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

import attrs
from msgspec import Struct
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from csms.core.decide import decide, question
from csms.core.decisions import Decision, Policy, Question, Stale
from csms.core.errors import Overloaded, Refusal, Unavailable
from csms.core.ports import Answer, IIntake, ILedger
from csms.core.reports import Report, SessionStarted
from csms.core.values import StationKey

STALE_LIMIT = 50
"""Attempts at a batch that others keep changing under our hands."""


CULPRIT_TRIES = 10


class IntakeSettings(Struct, frozen=True, kw_only=True):
    """``batch_limit`` reports at most share a commit, ``queue_limit`` at most wait in all, and
    none longer than ``patience_s``."""

    batch_limit: int = 400
    queue_limit: int = 50_000
    patience_s: float = 25.0


@attrs.define(eq=False)
class _Entry:
    station: StationKey
    report: Report
    question: Question
    answer: Answer
    deadline: float
    tries: int = 0
    settled: bool = False


@attrs.define(eq=False)
class _Lane:
    """Stations that hash here, served one batch after the other."""

    ledger: ILedger
    intake: Intake
    _waiting: dict[int, deque[_Entry]] = attrs.field(factory=dict, init=False)
    _ready: deque[int] = attrs.field(factory=deque, init=False)
    _working: Deferred[None] | None = attrs.field(default=None, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    def put(self, entry: _Entry) -> None:
        """Queue a report behind those of its station."""
        queue = self._waiting.get(entry.station.id)
        if queue is None:
            self._waiting[entry.station.id] = deque((entry,))
            self._ready.append(entry.station.id)
            if self._working is None:
                self._working = Deferred.fromCoroutine(self._work())
        else:
            queue.append(entry)

    def idle(self) -> Deferred[None] | None:
        """What ends when everything queued is settled; None when nothing is."""
        return self._working

    async def _work(self) -> None:
        # The turn of the reactor that brought the first report may bring more.
        await self.intake.pause(0)
        try:
            while self._ready:
                batch = self._next_batch()
                try:
                    await self._settle(batch)
                finally:
                    self._done(batch)
        finally:
            self._working = None

    def _next_batch(self) -> list[_Entry]:
        batch: list[_Entry] = []
        tokens: set[str] = set()
        held: list[int] = []
        while self._ready and len(batch) < self.intake.settings.batch_limit:
            station_id = self._ready.popleft()
            entry = self._waiting[station_id][0]
            report = entry.report
            if type(report) is SessionStarted and report.id_token is not None:
                # Two starts of one token must see each other to be counted.
                if report.id_token in tokens:
                    held.append(station_id)
                    continue
                tokens.add(report.id_token)
            batch.append(entry)
        self._ready.extendleft(reversed(held))
        return batch

    def _done(self, batch: Sequence[_Entry]) -> None:
        for entry in batch:
            station_id = entry.station.id
            queue = self._waiting[station_id]
            queue.popleft()
            if queue:
                self._ready.append(station_id)
            else:
                del self._waiting[station_id]
        self.intake.queued -= len(batch)

    async def _settle(self, entries: list[_Entry]) -> None:
        stale = 0
        while entries := self._patient(entries):
            try:
                decided = await self._write(entries)
            except Stale:
                await self.ledger.abandon()
                stale += 1
                if stale == STALE_LIMIT:
                    self._refuse(entries, Overloaded("too much contention, try again"))
                    return
            except Unavailable:
                await self.ledger.abandon()
                await self._database_back()
            except Exception as error:  # noqa: BLE001 - logged where the culprit stands alone
                await self.ledger.abandon()
                await self._halve(entries, error)
                return
            else:
                self.intake.committed(decided)
                return

    async def _write(self, entries: Sequence[_Entry]) -> list[tuple[_Entry, Decision]]:
        now = self.intake.now()
        states = await self.ledger.gather(
            [(entry.station, entry.question) for entry in entries], now
        )
        decided: list[tuple[_Entry, Decision]] = []
        for entry, state in zip(entries, states, strict=True):
            try:
                decision = decide(entry.report, entry.station, state, now, self.intake.policy)
            except Exception:  # noqa: BLE001 - a bug in a rule fails its own report only
                self._log.failure(
                    "deciding {report} failed",
                    report=type(entry.report).__name__,
                    station=entry.station.identity,
                )
                self._refuse([entry], Refusal("the report could not be processed"))
            else:
                decided.append((entry, decision))
        if decided:
            await self.ledger.commit([decision for _, decision in decided])
        else:
            await self.ledger.abandon()
        return decided

    async def _halve(self, entries: list[_Entry], error: Exception) -> None:
        if len(entries) > 1:
            middle = len(entries) // 2
            await self._settle(entries[:middle])
            await self._settle(entries[middle:])
            return
        (entry,) = entries
        if entry.tries < CULPRIT_TRIES:
            entry.tries += 1
            await self._settle(entries)
            return
        self._log.error(
            "the database refuses {report} of {station}: {error}",
            report=type(entry.report).__name__,
            station=entry.station.identity,
            error=str(error).strip(),
        )
        self._refuse(entries, Refusal("the report could not be stored"))

    async def _database_back(self) -> None:
        """Wait a little for the database, letting go of those who waited too long."""
        ready = Deferred.fromCoroutine(_awaited(self.ledger.ready()))
        ready.addTimeout(1.0, self.intake.reactor)
        try:
            await ready
        except Exception:  # noqa: BLE001 - still gone, whatever it says; asked again soon
            await self.intake.pause(0.05)
        for queue in self._waiting.values():
            # The head of a queue may be in the batch that waits, which sees to it itself.
            overdue = [e for e in list(queue)[1:] if e.deadline <= self.intake.reactor.seconds()]
            for entry in overdue:
                queue.remove(entry)
            self.intake.queued -= len(overdue)
            self._refuse(overdue, Unavailable("the database is not available"))

    def _patient(self, entries: list[_Entry]) -> list[_Entry]:
        """Those who wait for an answer and still can; the overdue are refused."""
        time = self.intake.reactor.seconds()
        overdue = [e for e in entries if not e.settled and e.deadline <= time]
        self._refuse(overdue, Unavailable("the database is not available"))
        return [entry for entry in entries if not entry.settled]

    def _refuse(self, entries: Sequence[_Entry], refusal: Refusal) -> None:
        for entry in entries:
            entry.settled = True
            self.intake.refused += 1
            self.intake.answered(entry.station, entry.answer, refusal)


async def _awaited(thing: object) -> None:
    await thing  # type: ignore[misc]  # ports promise Awaitable, which fromCoroutine does not take


@implementer(IIntake)
@attrs.define(eq=False, init=False)
class Intake(Service):
    """`IIntake` over one ledger per lane.

    ``published`` is called after each commit that brought events.  Counters are plain
    attributes: ``queued`` reports waiting, ``reports`` answered, ``batches`` committed,
    ``refused`` not stored.
    """

    reactor: IReactorTime
    settings: IntakeSettings
    policy: Policy
    now: Callable[[], datetime]
    queued: int
    reports: int
    batches: int
    refused: int
    _lanes: list[_Lane]
    _published: Callable[[], None]
    _closing: bool
    _log: Logger

    def __init__(
        self,
        reactor: IReactorTime,
        ledgers: Sequence[ILedger],
        policy: Policy,
        settings: IntakeSettings,
        now: Callable[[], datetime],
        published: Callable[[], None],
    ) -> None:
        self.reactor = reactor
        self.settings = settings
        self.policy = policy
        self.now = now
        self.queued = self.reports = self.batches = self.refused = 0
        self._lanes = [_Lane(ledger, self) for ledger in ledgers]
        self._published = published
        self._closing = False
        self._log = Logger()

    def submit(self, station: StationKey, report: Report, answer: Answer) -> None:
        """See `IIntake.submit`."""
        if self._closing:
            self.answered(station, answer, Unavailable("the server is shutting down"))
            return
        if self.queued >= self.settings.queue_limit:
            self.refused += 1
            self.answered(station, answer, Overloaded("too many reports are waiting"))
            return
        self.queued += 1
        deadline = self.reactor.seconds() + self.settings.patience_s
        entry = _Entry(station, report, question(report), answer, deadline)
        self._lanes[station.id % len(self._lanes)].put(entry)

    async def stopped(self) -> None:
        """Take no more reports and wait until those taken are settled."""
        self._closing = True
        working = [idle for lane in self._lanes if (idle := lane.idle()) is not None]
        if working:
            await DeferredList([_settled(each) for each in working])

    def stopService(self) -> Deferred[None]:
        """See `stopped`."""
        super().stopService()
        return Deferred.fromCoroutine(self.stopped())

    def pause(self, seconds: float) -> Deferred[None]:
        """A moment later; 0: after what this turn of the reactor brings."""
        later: Deferred[None] = Deferred()
        self.reactor.callLater(seconds, later.callback, None)
        return later

    def committed(self, decided: Sequence[tuple[_Entry, Decision]]) -> None:
        """Answer the stations of a committed batch and tell of its events."""
        if not decided:
            return
        self.batches += 1
        self.reports += len(decided)
        for entry, decision in decided:
            self.answered(entry.station, entry.answer, decision.reply)
        if any(decision.events for _, decision in decided):
            self._published()

    def answered(self, station: StationKey, answer: Answer, reply: object) -> None:
        """Give an answer; a face that fails on it fails alone."""
        try:
            answer(reply)  # type: ignore[arg-type]  # a Reply or a Refusal by construction
        except Exception:  # noqa: BLE001 - not ours to suffer from
            self._log.failure("answering failed", station=station.identity)


def _settled(working: Deferred[None]) -> Deferred[None]:
    """A Deferred that follows another without taking its result away."""
    follower: Deferred[None] = Deferred()

    def pass_on(result: None) -> None:
        follower.callback(None)
        return result

    working.addBoth(pass_on)
    return follower
