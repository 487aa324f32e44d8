"""Reports in, replies out, with no pipeline between: for the tests of the rules."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import TypeVar

import attrs

from csms.core.decide import decide, question
from csms.core.decisions import Policy
from csms.core.events import Event
from csms.core.replies import Reply
from csms.core.reports import Report
from csms.core.values import Session, StationKey
from csms.testing.ledger import MemoryBook, MemoryLedger

T = TypeVar("T")


def immediate(coroutine: Coroutine[object, object, T]) -> T:
    """The result of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("it waits")


@attrs.define
class Desk:
    """One station after another says something at a time that the test sets."""

    now: datetime
    policy: Policy = attrs.field(factory=Policy)
    book: MemoryBook = attrs.field(factory=MemoryBook)
    oddities: list[tuple[str, str]] = attrs.field(factory=list)

    def say(self, key: StationKey, report: Report) -> Reply:
        """What the station is answered; everything decided is in the book."""
        ledger = MemoryLedger(self.book)
        (state,) = immediate(ledger.gather([(key, question(report))], self.now))
        decision = decide(report, key, state, self.now, self.policy)
        immediate(ledger.commit([decision]))
        self.oddities.extend(decision.oddities)
        return decision.reply

    def later(self, **by: float) -> None:
        """Let time pass (keywords of `timedelta`)."""
        self.now += timedelta(**by)

    @property
    def sessions(self) -> list[Session]:
        """All sessions, oldest first."""
        return sorted(self.book.sessions.values(), key=lambda session: session.started_at)

    @property
    def kinds(self) -> list[str]:
        """The kinds of the events so far."""
        return [event.kind for event in self.book.events]

    def last(self, kind: str) -> Event:
        """The newest event of a kind."""
        return next(event for event in reversed(self.book.events) if event.kind == kind)
