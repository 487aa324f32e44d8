"""What stations report, on its way up: taken in, made durable, noted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from zope.interface import Interface

from csms.core.decisions import Decision, Question, State
from csms.core.errors import Refusal
from csms.core.replies import Reply
from csms.core.reports import Report
from csms.core.values import RefusedAttempt, StationKey

Answer = Callable[[Reply | Refusal], None]
"""Called exactly once with what to tell the station.  A `Refusal` means: not stored."""


class IIntake(Interface):
    """The upward street: reports of stations, decided and made durable."""

    def submit(station: StationKey, report: Report, answer: Answer) -> None:
        """Take a report.  ``answer`` is called after its commit, in order per station.

        Never raises; overload and a database that stays away come as a `Refusal`.
        """


class ILedger(Interface):
    """Where decisions are made durable, one batch at a time; each lane of the intake has its own.

    `gather` opens a transaction, `commit` or `abandon` ends it.
    """

    def gather(
        asked: Sequence[tuple[StationKey, Question]], now: datetime
    ) -> Awaitable[list[State]]:
        """Open a transaction and answer each question; raises `Unstorable` of a question that
        holds what cannot even be asked."""

    def commit(decisions: Sequence[Decision]) -> Awaitable[None]:
        """Write all decisions and their events, or nothing.

        Raises `Stale` when somebody else changed what they were based on, or took the same turn,
        and `Unstorable` when one of them holds what cannot be kept.
        """

    def abandon() -> Awaitable[None]:
        """Leave no transaction open; never raises."""

    def ready() -> Awaitable[None]:
        """Wait until the database is there."""


class IDoorbell(Interface):
    """Where the gateway notes what the database may learn a little later; never blocks, never
    raises, bounded in memory."""

    def refused(attempt: RefusedAttempt) -> None:
        """Somebody was turned away."""

    def seen(station_id: int, epoch: int, at: datetime) -> None:
        """A sign of life from a station."""

    def quirk(station: StationKey, name: str, example: str, at: datetime) -> None:
        """A tolerated departure from the standard."""
