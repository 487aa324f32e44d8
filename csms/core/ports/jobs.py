"""What scheduled jobs find and do."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime

from msgspec import Struct
from zope.interface import Interface


class Overtime(Struct, frozen=True, kw_only=True):
    """An open session that runs for too long."""

    session_id: str
    operator_id: int
    identity: str
    transaction_ref: str | None
    connected: bool
    """Whether the station is."""
    asked_at: datetime | None
    """When the station was first asked to end it."""


class StaleStatus(Struct, frozen=True, kw_only=True):
    """An EVSE whose station last said that it is in use, though no session runs there."""

    station_id: int
    operator_id: int
    identity: str
    evse_id: int
    status_at: datetime
    session_id: str | None
    """The newest session on that EVSE."""


class IJobsBook(Interface):
    """What the scheduled jobs do to the database.

    Each method is one transaction with its events; all take at most a bounded number of rows
    and are called again.  ``now`` is held against times that this software wrote.
    """

    def silent(now: datetime, after_s: float, interval_s: int) -> Awaitable[int]:
        """Mark connected stations without a sign of life as offline, once per silence (event
        ``station.offline``); how many.

        Silent means for ``after_s``, or when that is 0 for twice the heartbeat interval, which
        is ``interval_s`` where the station has none of its own.
        """

    def lost_nodes(after_s: float) -> Awaitable[int]:
        """Mark the connections of nodes not renewed for so long as disconnected ("node lost",
        event ``station.disconnected``); how many.  By the database's clock."""

    def flag_overtime(now: datetime, max_s: float) -> Awaitable[int]:
        """Flag open sessions that began, and that we have known, for longer (``over_time``,
        event ``session.flagged``); how many."""

    def overtime(limit: int) -> Awaitable[Sequence[Overtime]]:
        """Flagged sessions that are still open, those never asked about first."""

    def end_session(session_id: str, now: datetime) -> Awaitable[bool]:
        """End an open session with what is known of it (event ``session.ended``); False when
        it has ended meanwhile."""

    def stale(
        now: datetime, after_s: float, behind: tuple[int, int], limit: int
    ) -> Awaitable[Sequence[StaleStatus]]:
        """EVSEs (not 0, the station itself) of connected, accepted stations with a status of
        `csms.core.staleness.IN_USE` and no open session, where neither the status nor a session
        has changed for ``after_s``.

        In the order of (station_id, evse_id), those behind the given one.
        """

    def prune(table: str, older_than: datetime, limit: int) -> Awaitable[int]:
        """Delete up to so many old rows of ``refused_attempt``, ``operation`` (settled ones
        only) or ``quarantine``; how many."""
