"""Local authorization lists: wanted, sent, kept."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime

from zope.interface import Interface

from csms.core.locallists.vocabulary import (
    Difference,
    ListEntry,
    ListLimits,
    LocalList,
)
from csms.core.pages import Page, Query
from csms.core.values import Operation


class ILocalLists(Interface):
    """The lists of stations.  All raise `NotFound` when there is no such station."""

    def get(identity: str, operator_id: int) -> Awaitable[LocalList]:
        """How it stands with a station's list."""

    def entries(query: Query, identity: str, operator_id: int) -> Awaitable[Page[Difference]]:
        """Its tokens, wanted or held.  Filters: id_token, differing."""

    def put(
        identity: str, operator_id: int, entries: Sequence[ListEntry] | None
    ) -> Awaitable[LocalList]:
        """Want exactly these entries; None: the operator's tokens that are good there, also as
        they change.  Raises `Invalid` (``entries``: too many, or one twice)."""

    def patch(
        identity: str, operator_id: int, put: Sequence[ListEntry], remove: Sequence[str]
    ) -> Awaitable[LocalList]:
        """Change what is wanted: tokens to put, and tokens to take off (whatever their kind).
        Raises `Conflict` (``not_manual``) when the tokens of the operator are wanted."""

    def forget(identity: str, operator_id: int) -> Awaitable[None]:
        """Want nothing more; the station keeps what it has."""

    def sync(
        identity: str, operator_id: int, *, full: bool = False, requested_by: str | None = None
    ) -> Awaitable[LocalList]:
        """Send what is wanted now: the whole (``full``), or what differs if that is known.

        Waits for the station, but not for ever: then it is still ``sending``.  Raises
        `Conflict` (``not_registered``, or ``unmanaged`` when nothing is wanted).
        """

    def read(
        identity: str, operator_id: int, *, requested_by: str | None = None
    ) -> Awaitable[Operation]:
        """Ask the station for the version of its list."""


class IListLimits(Interface):
    """What stations said of what they take, free of any OCPP version."""

    def of_list(station_id: int) -> Awaitable[ListLimits]:
        """How large lists and messages may be."""

    def reserves_any(station_id: int) -> Awaitable[bool | None]:
        """Whether it takes reservations of no particular EVSE; None: unknown."""


class ILocalListsBook(Interface):
    """Where lists are kept.  The intake writes what stations confirm, see
    `csms.core.locallists.rules`."""

    def get(identity: str, operator_id: int) -> Awaitable[LocalList]:
        """Raises `NotFound`."""

    def entries(query: Query, identity: str, operator_id: int) -> Awaitable[Page[Difference]]:
        """See `ILocalLists.entries`."""

    def want(
        identity: str, operator_id: int, entries: Sequence[ListEntry], now: datetime
    ) -> Awaitable[LocalList]:
        """Want exactly these, mode ``manual``."""

    def want_tokens(
        identity: str, operator_id: int, room: int, now: datetime
    ) -> Awaitable[LocalList]:
        """Want the operator's tokens that are good at the station, the newest if there are more
        than ``room``; mode ``tokens``."""

    def change(
        identity: str,
        operator_id: int,
        put: Sequence[ListEntry],
        remove: Sequence[str],
        room: int,
        now: datetime,
    ) -> Awaitable[LocalList]:
        """See `ILocalLists.patch`; raises `Invalid` when more than ``room`` would be wanted."""

    def forget(identity: str, operator_id: int, now: datetime) -> Awaitable[None]:
        """Want nothing."""

    def differences(station_id: int) -> Awaitable[tuple[int | None, Sequence[Difference]]]:
        """The version that the station is known to hold, and all tokens, wanted or held."""

    def claim(station_id: int, now: datetime, lease_s: float, *, forced: bool) -> Awaitable[bool]:
        """True for whoever may send the list now: nobody else is at it, and no part of it is on
        its way.  ``forced``: also one that is not due again yet."""

    def number(station_id: int, now: datetime, lease_s: float) -> Awaitable[int]:
        """A version that was not given before, higher than all; the claim is renewed."""

    def sent(station_id: int, operation_id: str) -> Awaitable[None]:
        """That operation carries a part of it."""

    def release(station_id: int) -> Awaitable[None]:
        """Whoever claimed it is done."""

    def due(now: datetime, limit: int) -> Awaitable[Sequence[LocalList]]:
        """Lists of stations that are there for it, which are not as wanted, are not being sent,
        and of which no failure is too recent."""

    def unchecked(now: datetime, limit: int) -> Awaitable[Sequence[LocalList]]:
        """Managed lists of connected stations that booted since they were last asked for the
        version; they count as asked from now on, and earlier failures are forgotten."""

    def checked(station_id: int, now: datetime) -> Awaitable[None]:
        """The station is being asked for its version."""

    def outdated(limit: int) -> Awaitable[Sequence[LocalList]]:
        """Lists made of tokens which have changed since."""
