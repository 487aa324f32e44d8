"""Locks of a cluster that is all in one process."""

from __future__ import annotations

import attrs
from zope.interface import implementer

from csms.core.ports import ILocks


@implementer(ILocks)
@attrs.define(eq=False)
class MemoryLocks:
    """`ILocks`; processes of the same cluster share ``holders``."""

    holders: dict[str, object] = attrs.field(factory=dict)

    async def hold(self, name: str) -> bool:
        """See `ILocks`."""
        return self.holders.setdefault(name, self) is self

    async def release(self, name: str) -> None:
        """See `ILocks`."""
        if self.holders.get(name) is self:
            del self.holders[name]
