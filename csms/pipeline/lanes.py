"""One lane of the intake: its queue of reports, served one batch after the other.

Note on what can go wrong with a batch
--------------------------------------
- *Stale*: somebody else changed a row it was based on, or took the same turn.  It is gathered
  and decided anew; what is stale again and again is halved, so that contention over one
  station does not hold up the others.
- *The database is gone*: the batch waits for it.  Whoever waits longer than its patience is
  refused, so that the station sends again; if the commit did happen after all, the
  retransmission finds its own traces and changes nothing.
- *A value the database cannot take*: the batch is halved until the culprit stands alone and
  is refused alone.  What proves money is kept as it is, in quarantine, before.
- *Anything else*: the same, and the culprit is given a few more tries first, for nobody knows
  what it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from csms.core.decide import decide, salvage
from csms.core.decisions import Decision, Question, Stale, State, Unstorable
from csms.core.errors import Overloaded, Refusal, Unavailable
from csms.core.ports import Answer, ILedger
from csms.core.replies import Reply
from csms.core.reports import Report
from csms.core.values import StationKey

if TYPE_CHECKING:
    from datetime import datetime

    from csms.pipeline.intake import Intake

STALE_LIMIT = 50
"""Attempts at a report that others keep changing under our hands."""
STALE_TOGETHER = 8
"""Attempts at a batch, after which it is halved."""
CULPRIT_TRIES = 3
"""Further attempts at a report that failed for reasons unknown."""
READINGS_LIMIT = 5_000
"""Readings after which a batch is full: a statement should stay of a size that is quick."""
LONGEST_PAUSE_S = 1.0
"""Between attempts while the database is there and then is not."""


@attrs.define(eq=False)
class Entry:
    """A report and who waits for its answer, until ``deadline`` (in the reactor's seconds)."""

    station: StationKey
    report: Report
    question: Question
    answer: Answer
    deadline: float
    tries: int = 0
    hopeless: bool = False
    """It cannot be decided or stored: it is only kept as it is."""
    settled: bool = False


@attrs.define(eq=False)
class Lane:
    """Stations that hash here, served one batch after the other."""

    ledger: ILedger
    intake: Intake
    _waiting: dict[int, deque[Entry]] = attrs.field(factory=dict, init=False)
    _ready: deque[int] = attrs.field(factory=deque, init=False)
    _working: Deferred[None] | None = attrs.field(default=None, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    def put(self, entry: Entry) -> None:
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
                except Exception:  # noqa: BLE001 - a bug here must not silence the stations
                    self._log.failure("a batch failed")
                    self._refuse(batch, Refusal("the report could not be processed"))
                finally:
                    self._done(batch)
        finally:
            self._working = None

    def _next_batch(self) -> list[Entry]:
        batch: list[Entry] = []
        room = READINGS_LIMIT
        while self._ready and room > 0 and len(batch) < self.intake.settings.batch_limit:
            entry = self._waiting[self._ready.popleft()][0]
            room -= len(getattr(entry.report, "readings", ()))
            batch.append(entry)
        return batch

    def _done(self, batch: Sequence[Entry]) -> None:
        for entry in batch:
            station_id = entry.station.id
            queue = self._waiting[station_id]
            queue.popleft()
            if queue:
                self._ready.append(station_id)
            else:
                del self._waiting[station_id]
        self.intake.queued -= len(batch)

    async def _settle(self, entries: list[Entry]) -> None:
        stale = gone = 0
        while entries := self._patient(entries):
            try:
                decided = await self._write(entries)
            except Stale as error:
                await self.ledger.abandon()
                stale += 1
                if stale == (STALE_LIMIT if len(entries) == 1 else STALE_TOGETHER):
                    await self._halve(entries, error)
                    return
            except Unavailable:
                await self.ledger.abandon()
                await self._database_back(gone)
                gone += 1
            except Exception as error:  # noqa: BLE001 - logged where the culprit stands alone
                await self.ledger.abandon()
                await self._halve(entries, error)
                return
            else:
                # Those that have to wait for another's turn are left.
                stale = gone = 0
                self._committed(decided)

    async def _write(self, entries: Sequence[Entry]) -> list[tuple[Entry, Decision]]:
        now = self.intake.now()
        states = await self.ledger.gather(
            [(entry.station, entry.question) for entry in entries], now
        )
        decided: list[tuple[Entry, Decision]] = []
        turns: set[tuple[int, str]] = set()
        for entry, state in zip(entries, states, strict=True):
            decision = self._decided(entry, state, now)
            if decision is None:
                continue
            if decision.turn is not None:
                if decision.turn in turns:
                    continue
                turns.add(decision.turn)
            decided.append((entry, decision))
        if decided:
            await self.ledger.commit([decision for _, decision in decided])
        else:
            await self.ledger.abandon()
        return decided

    def _decided(self, entry: Entry, state: State, now: datetime) -> Decision | None:
        """The decision; None when there is nothing to decide and the report is refused."""
        if not entry.hopeless:
            try:
                return decide(entry.report, entry.station, state, now, self.intake.policy)
            except Exception:  # noqa: BLE001 - a bug in a rule fails its own report only
                self._log.failure(
                    "deciding {report} failed",
                    report=type(entry.report).__name__,
                    station=entry.station.identity,
                )
                entry.hopeless = True
        kept = salvage(entry.report, entry.station, now)
        if kept is None:
            self._refuse([entry], Refusal("the report could not be processed"))
        return kept

    async def _halve(self, entries: list[Entry], error: Exception) -> None:
        """Find the culprit, and refuse it when it stands alone."""
        if len(entries) > 1:
            middle = len(entries) // 2
            await self._settle(entries[:middle])
            await self._settle(entries[middle:])
            return
        (entry,) = entries
        if isinstance(error, Stale):
            self._refuse(entries, Overloaded("too much contention, try again"))
            return
        if entry.tries < CULPRIT_TRIES and not isinstance(error, Unstorable):
            entry.tries += 1
            await self._settle(entries)
            return
        self._log.error(
            "the database refuses {report} of {station}: {error}",
            report=type(entry.report).__name__,
            station=entry.station.identity,
            error=str(error).strip(),
        )
        if entry.hopeless:
            self._refuse(entries, Refusal("the report could not be stored"))
            return
        entry.hopeless, entry.question = True, Question()
        await self._settle(entries)

    async def _database_back(self, times: int) -> None:
        """Wait a little for the database, letting go of those who waited too long."""
        ready = Deferred.fromCoroutine(_awaited(self.ledger.ready()))
        ready.addTimeout(1.0, self.intake.reactor)
        pause = min(0.05 * 2.0**times, LONGEST_PAUSE_S) if times else 0.0
        try:
            await ready
        except Exception:  # noqa: BLE001 - still gone, whatever it says; asked again soon
            pause = 0.05
        if pause:
            await self.intake.pause(pause)
        time = self.intake.reactor.seconds()
        for queue in list(self._waiting.values()):
            overdue = [entry for entry in queue if entry.deadline <= time]
            # The head of a queue may be in a batch; either way it goes with its batch.
            gone = [entry for entry in overdue if entry is not queue[0]]
            for entry in gone:
                queue.remove(entry)
            self.intake.queued -= len(gone)
            self._refuse(overdue, Unavailable("the database is not available"))

    def _patient(self, entries: list[Entry]) -> list[Entry]:
        """Those who wait for an answer and still can; the overdue are refused."""
        time = self.intake.reactor.seconds()
        self._refuse(
            [entry for entry in entries if entry.deadline <= time],
            Unavailable("the database is not available"),
        )
        return [entry for entry in entries if not entry.settled]

    def _committed(self, decided: Sequence[tuple[Entry, Decision]]) -> None:
        """Answer the stations of a committed batch and tell of its events."""
        for entry, decision in decided:
            if entry.hopeless:
                self._refuse([entry], Refusal("the report could not be stored"))
            else:
                self._answer(entry, decision.reply)
                if decision.oddities:
                    self.intake.note(entry.station, decision.oddities)
        self.intake.committed([decision for _, decision in decided])

    def _refuse(self, entries: Sequence[Entry], refusal: Refusal) -> None:
        for entry in entries:
            if not entry.settled:
                self.intake.refused += 1
                self._answer(entry, refusal)

    def _answer(self, entry: Entry, reply: Reply | Refusal) -> None:
        entry.settled = True
        self.intake.answer(entry.station, entry.answer, reply)


async def _awaited(thing: object) -> None:
    await thing  # type: ignore[misc]  # ports promise Awaitable, which fromCoroutine does not take
