"""The batch intake: reports of many stations become durable together.

Reports that arrive while a batch is being committed wait for the next one, so a batch grows
with the load and an idle system answers at the speed of one commit.  A batch holds at most
one report per station, which keeps their order; stations are spread over lanes
(`csms.pipeline.lanes`), each with a database connection of its own.  Nobody is answered before
the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import attrs
from msgspec import Struct
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from csms.core.decide import question
from csms.core.decisions import Decision, Policy, Question
from csms.core.errors import Overloaded, Refusal, Unavailable
from csms.core.oddities import Oddity
from csms.core.ports import Answer, IDoorbell, IIntake, ILedger
from csms.core.replies import Reply
from csms.core.reports import Report
from csms.core.values import StationKey
from csms.pipeline.lanes import Entry, Lane


class IntakeSettings(Struct, frozen=True, kw_only=True):
    """``batch_limit`` reports at most share a commit, ``queue_limit`` at most wait in all, and
    none longer than ``patience_s``."""

    batch_limit: int = 400
    queue_limit: int = 50_000
    patience_s: float = 25.0


@implementer(IIntake)
@attrs.define(eq=False, init=False)
class Intake(Service):
    """`IIntake` over one ledger per lane.

    ``published`` is called after each commit that brought events, and what rules found odd is
    noted with ``doorbell``.  Counters are plain attributes: ``queued`` reports waiting,
    ``reports`` stored, ``batches`` committed, ``refused`` not stored.
    """

    reactor: IReactorTime
    settings: IntakeSettings
    policy: Policy
    now: Callable[[], datetime]
    queued: int
    reports: int
    batches: int
    refused: int
    _lanes: list[Lane]
    _published: Callable[[], None]
    _doorbell: IDoorbell | None
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
        doorbell: IDoorbell | None = None,
    ) -> None:
        self.reactor = reactor
        self.settings = settings
        self.policy = policy
        self.now = now
        self.queued = self.reports = self.batches = self.refused = 0
        self._lanes = [Lane(ledger, self) for ledger in ledgers]
        self._published = published
        self._doorbell = doorbell
        self._closing = False
        self._log = Logger()

    def submit(self, station: StationKey, report: Report, answer: Answer) -> None:
        """See `IIntake.submit`."""
        if self._closing:
            self.answer(station, answer, Unavailable("the server is shutting down"))
            return
        if self.queued >= self.settings.queue_limit:
            self.refused += 1
            self.answer(station, answer, Overloaded("too many reports are waiting"))
            return
        deadline = self.reactor.seconds() + self.settings.patience_s
        entry = Entry(station, report, Question(), answer, deadline)
        try:
            entry.question = question(report)
        except Exception:  # noqa: BLE001 - a bug in a rule fails its own report only
            self._log.failure(
                "asking about {report} failed",
                report=type(report).__name__,
                station=station.identity,
            )
            entry.hopeless = True
        self.queued += 1
        self._lanes[station.id % len(self._lanes)].put(entry)

    async def stopped(self) -> None:
        """Take no more reports and wait until those taken are settled."""
        self._closing = True
        working = [idle for lane in self._lanes if (idle := lane.idle()) is not None]
        if working:
            await DeferredList([_settled(each) for each in working], consumeErrors=True)

    def stopService(self) -> Deferred[None]:
        """See `stopped`."""
        super().stopService()
        return Deferred.fromCoroutine(self.stopped())

    def pause(self, seconds: float) -> Deferred[None]:
        """A moment later; 0: after what this turn of the reactor brings."""
        later: Deferred[None] = Deferred()
        self.reactor.callLater(seconds, later.callback, None)
        return later

    def committed(self, decisions: Sequence[Decision]) -> None:
        """Count a batch and tell of its events."""
        if not decisions:
            return
        self.batches += 1
        self.reports += len(decisions)
        if any(decision.events for decision in decisions):
            try:
                self._published()
            except Exception:  # noqa: BLE001 - the events are in the outbox, somebody will look
                self._log.failure("publishing failed")

    def note(self, station: StationKey, oddities: Sequence[tuple[Oddity, str]]) -> None:
        """What a rule found odd about a report that is committed."""
        if self._doorbell is not None:
            at = self.now()
            for oddity, example in oddities:
                self._doorbell.quirk(station, oddity, example, at)

    def answer(self, station: StationKey, answer: Answer, reply: Reply | Refusal) -> None:
        """Give an answer; a face that fails on it fails alone."""
        try:
            answer(reply)
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
