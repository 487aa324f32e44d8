"""What areas keep of stations in the stores that they share, read only: the intake writes them."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Sequence
from datetime import datetime

from msgspec import Struct
from zope.interface import Interface

from csms.core.happenings import Happening
from csms.core.holdings import Holding
from csms.core.listings import Listing
from csms.core.pages import Page, Query
from csms.core.quarantine import QuarantinedMessage


class Assembled(Struct, frozen=True, kw_only=True):
    """A report of a station that comes in parts, as far as it came."""

    kind: str
    ref: int
    """The number of the request that it answers."""
    status: str
    """``collecting``, ``complete`` or ``incomplete`` (given up)."""
    parts: int
    items: tuple[object, ...] = ()
    """Those of all parts that came, in their order."""
    started_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None


class IHoldings(Interface):
    """Things that stations hold, see `csms.core.holdings`."""

    def list(
        identity: str, operator_id: int, kind: str, *, evse_id: int | None = None
    ) -> Awaitable[Sequence[Holding]]:
        """What a station holds of a kind (and on that EVSE), by key; 5,000 at most.  Raises
        `NotFound` when there is no such station."""

    def page(
        listing: Listing, query: Query, identity: str, operator_id: int, kind: str
    ) -> Awaitable[Page[Holding]]:
        """The same page by page; the listing is one that `csms.core.listings.held` made."""

    def get(identity: str, operator_id: int, kind: str, key: str) -> Awaitable[Holding]:
        """One that the station holds; raises `NotFound`."""

    def prune(older_than: datetime, limit: int) -> Awaitable[int]:
        """Delete up to so many that have been gone since before; how many."""


class IHappenings(Interface):
    """What happened at stations, see `csms.core.happenings`."""

    def list(
        query: Query, operator_id: int, *, identity: str | None = None
    ) -> Awaitable[Page[Happening]]:
        """Filters: kind, evse_id, severity (that or graver), session_id, at_from and at_to
        (datetimes).  Raises `NotFound` when there is no station of that identity."""

    def prune(older_than: datetime, limit: int) -> Awaitable[int]:
        """Delete up to so many that were received before; how many."""


class IQuarantine(Interface):
    """Messages that may prove money and could not be read, see `csms.core.quarantine`."""

    def list(
        query: Query, operator_id: int, *, identity: str | None = None
    ) -> Awaitable[Page[QuarantinedMessage]]:
        """Filters: action, received_from and received_to (datetimes).  Raises `NotFound` when
        there is no station of that identity."""


class IAssemblies(Interface):
    """Reports that come in parts, see `csms.core.assembly`."""

    def list(
        query: Query, identity: str, operator_id: int, *, without: Collection[str] = ()
    ) -> Awaitable[Page[Assembled]]:
        """The reports of a station, without their items and those of the kinds ``without``.
        Filters: kind, status.  Raises `NotFound` when there is no such station."""

    def get(identity: str, operator_id: int, ref: int, kind: str | None) -> Awaitable[Assembled]:
        """A report with its items; of several kinds under one number the newest.  Raises
        `NotFound`."""

    def give_up(silent_since: datetime, now: datetime) -> Awaitable[int]:
        """Mark reports of which no part came since then as incomplete; how many."""

    def forget(identity: str, operator_id: int, kind: str, ref: int) -> Awaitable[None]:
        """Delete a report; raises `NotFound`."""

    def prune(older_than: datetime, limit: int, kind: str | None = None) -> Awaitable[int]:
        """Delete up to so many (of a kind) that were last added to before; how many."""
