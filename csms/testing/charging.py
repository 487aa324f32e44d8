"""Smart charging in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs
from zope.interface import implementer

from csms.core.charging.profiles import PROFILE, ChargingProfile
from csms.core.errors import NotFound
from csms.core.ports import IProfiles
from csms.testing.kept import MemoryHoldings


async def nothing_known(
    _identity: str, _operator_id: int, _keys: Sequence[str]
) -> Mapping[str, str]:
    """The values of variables of a station that told none."""
    return {}


@implementer(IProfiles)
@attrs.define
class MemoryProfiles:
    """`IProfiles` over the holdings in memory; what sessions change is in the lists."""

    holdings: MemoryHoldings
    sessions_begun: list[str] = attrs.field(factory=list)
    sessions_ended: list[str] = attrs.field(factory=list)
    starts_fruitless: list[str] = attrs.field(factory=list)
    needed: set[str] = attrs.field(factory=set)
    """Sessions on whose EVSE a vehicle told its needs."""
    amended: list[tuple[str, ChargingProfile]] = attrs.field(factory=list)

    async def begun(self, session_ids: Sequence[str], at: datetime) -> None:
        """See `IProfiles`."""
        del at
        self.sessions_begun += session_ids

    async def awaited(self, session_ids: Sequence[str]) -> frozenset[str]:
        """See `IProfiles`."""
        return frozenset(session_ids) & self.needed

    async def ended(self, session_ids: Sequence[str], at: datetime) -> None:
        """See `IProfiles`."""
        del at
        self.sessions_ended += session_ids

    async def fruitless(self, operation_ids: Sequence[str], at: datetime) -> None:
        """See `IProfiles`."""
        del at
        self.starts_fruitless += operation_ids

    async def amend(
        self,
        identity: str,
        operator_id: int,
        profile_id: int,
        profile: ChargingProfile,
        at: datetime,
    ) -> bool:
        """See `IProfiles`."""
        del at
        try:
            held = await self.holdings.get(identity, operator_id, PROFILE, str(profile_id))
        except NotFound:
            return False
        self.amended.append((held.key, profile))
        return True
