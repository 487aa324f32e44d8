"""A process without stations: an API or a worker beside gateways of their own."""

from __future__ import annotations

import attrs
from zope.interface import implementer

from csms.core.commands import Command, Outcome
from csms.core.ports import ILinks


@implementer(ILinks)
@attrs.frozen
class NoLinks:
    """`ILinks` where nobody is connected."""

    def holds(self, station_id: int) -> bool:  # noqa: ARG002  # whoever asks
        """See `ILinks.holds`."""
        return False

    async def send(self, station_id: int, command: Command, timeout_s: float) -> Outcome:  # noqa: ARG002  # as above
        """See `ILinks.send`."""
        return Outcome(status="unreachable", detail="not connected to this process")

    def drop(self, station_id: int, reason: str) -> None:
        """See `ILinks.drop`."""

    def __len__(self) -> int:
        return 0
