"""Monitors of stations, set and cleared."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from msgspec import Struct
from zope.interface import Interface

from csms.core.monitoring.vocabulary import Monitor
from csms.core.values import Operation


class MonitorOutcome(Struct, frozen=True, kw_only=True):
    """What became of one monitor that was to be set or cleared."""

    monitor_id: int | None = None
    monitor: Monitor | None = None
    """As it was to be set."""
    status: str
    """As `csms.core.ports.variables.ItemOutcome` has it."""
    operation_id: str | None = None
    detail: str | None = None


class MonitorBatch(Struct, frozen=True, kw_only=True):
    """Operations that serve one request, and what became of each of its items, in their order."""

    operations: tuple[Operation, ...]
    items: tuple[MonitorOutcome, ...]


class IMonitors(Interface):
    """Sets and clears monitors in as many messages as it takes, see `IDeviceModel`."""

    def set(
        identity: str,
        operator_id: int,
        monitors: Sequence[Monitor],
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[MonitorBatch]:
        """Watch variables."""

    def clear(
        identity: str,
        operator_id: int,
        monitor_ids: Sequence[int],
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[MonitorBatch]:
        """Watch no more."""
