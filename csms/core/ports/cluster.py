"""What the processes of a cluster share: who holds which stations, who does what."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime

from msgspec import Struct
from zope.interface import Interface


class Waiting(Struct, frozen=True):
    """A connected station with operations to deliver.

    ``ready``: it has booted since it connected or been connected for a while, so that what was
    queued for its return may go out too.
    """

    station_id: int
    ready: bool


class INodes(Interface):
    """The processes that hold stations, and what is to be delivered through them."""

    def begin(name: str) -> Awaitable[int]:
        """A process of that name starts and holds nothing yet.

        Connections that an earlier one left behind are marked disconnected ("node restarted",
        event ``station.disconnected``); how many.
        """

    def renew(name: str) -> Awaitable[float]:
        """The process is alive; seconds since it last said so."""

    def lost(name: str) -> Awaitable[Sequence[int]]:
        """Stations whose newest connection is this node's and was wrongly given up ("node
        lost"), for example because the process could not renew in time."""

    def reclaim(name: str, station_ids: Sequence[int]) -> Awaitable[int]:
        """Those of them are still connected (event ``station.connected``); how many."""

    def awaiting(name: str, now: datetime, settling_s: float) -> Awaitable[Sequence[Waiting]]:
        """Stations connected to the node for which operations wait.

        One that did not boot since is ready ``settling_s`` after it connected.
        """


class ILocks(Interface):
    """Named locks, each held by at most one process of the cluster."""

    def hold(name: str) -> Awaitable[bool]:
        """Whether this process holds the lock, which is taken if it is free.

        A lock is lost with the process or its connection to the database, so whoever relies
        on one asks again and again.
        """

    def release(name: str) -> Awaitable[None]:
        """Let go of the lock, if it is held; never raises."""
