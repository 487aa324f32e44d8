"""What happened, told to whoever follows it."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime

from msgspec import Struct
from zope.interface import Attribute, Interface

from csms.core.events import Event


class Position(Struct, frozen=True, order=True):
    """A place in the outbox: (transaction, number within all)."""

    xid: int = 0
    seq: int = 0


class IOutboxLog(Interface):
    """The outbox, read in one order by everybody who follows it."""

    def position(name: str) -> Awaitable[Position]:
        """Up to where the subscriber has taken events; a new one begins with the oldest kept."""

    def read(
        after: Position, limit: int, *, frequent: bool = True
    ) -> Awaitable[Sequence[tuple[Position, str]]]:
        """The next rows, each a JSON array of events; without those that hold only kinds of
        `csms.core.events.FREQUENT`, unless ``frequent``.

        Nothing that could still be preceded by a row of a transaction under way.
        """

    def advance(name: str, before: Position, after: Position) -> Awaitable[bool]:
        """Move the subscriber on; False when it is not where the caller thinks."""

    def prune(older_than: datetime, limit: int) -> Awaitable[int]:
        """Delete up to so many rows that are old and that every subscriber has taken."""


class ISubscriber(Interface):
    """Somebody who wants the domain's events, at least once, in order per station."""

    frequent = Attribute("Whether it wants those of `csms.core.events.FREQUENT`, too.")

    def receive(events: Sequence[Event]) -> Awaitable[None]:
        """Take events; raising makes them come again."""
