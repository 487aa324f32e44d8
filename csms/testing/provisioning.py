"""Provisioning profiles and boots, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import attrs
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports.provisioning import IProvisioningBook
from csms.core.provisioning.vocabulary import (
    PROVISIONING_PROFILES,
    Boot,
    ProvisioningProfile,
    ProvisioningRun,
)


def _begins(profile: ProvisioningProfile, value: object) -> bool:
    return profile.name.startswith(str(value))


@implementer(IProvisioningBook)
@attrs.define
class MemoryProvisioning:
    """`IProvisioningBook` over dictionaries; ``boots`` are those that are due, and from when."""

    now: Callable[[], datetime]
    profiles: dict[tuple[int, str], ProvisioningProfile] = attrs.field(factory=dict, init=False)
    known: dict[int, Boot] = attrs.field(factory=dict, init=False)
    boots: dict[int, datetime] = attrs.field(factory=dict, init=False)
    runs: dict[int, ProvisioningRun] = attrs.field(factory=dict, init=False)

    async def list(self, query: Query, operator_id: int) -> Page[ProvisioningProfile]:
        """See `IProvisioningBook`."""
        own = await self.all(operator_id)
        return page(
            PROVISIONING_PROFILES,
            query,
            own,
            key=lambda profile: (profile.name,),
            tests={"name": _begins},
        )

    async def all(self, operator_id: int) -> Sequence[ProvisioningProfile]:
        """See `IProvisioningBook`."""
        names = sorted(name for whose, name in self.profiles if whose == operator_id)
        return [self.profiles[operator_id, name] for name in names]

    async def get(self, name: str, operator_id: int) -> ProvisioningProfile:
        """See `IProvisioningBook`."""
        if (operator_id, name) not in self.profiles:
            raise NotFound("there is no such profile")
        return self.profiles[operator_id, name]

    async def put(self, profile: ProvisioningProfile) -> tuple[ProvisioningProfile, bool]:
        """See `IProvisioningBook`."""
        place = profile.operator_id, profile.name
        before = self.profiles.get(place)
        now = self.now()
        created_at = now if before is None else before.created_at
        self.profiles[place] = replace(profile, created_at=created_at, updated_at=now)
        return self.profiles[place], before is None

    async def delete(self, name: str, operator_id: int) -> None:
        """See `IProvisioningBook`."""
        await self.get(name, operator_id)
        del self.profiles[operator_id, name]

    async def note(self, boots: Sequence[Boot], due_at: Sequence[datetime]) -> None:
        """See `IProvisioningBook`."""
        for boot, due in zip(boots, due_at, strict=True):
            known = self.known.get(boot.station_id)
            if known is None or known.booted_at < boot.booted_at:
                self.known[boot.station_id] = boot
                self.boots[boot.station_id] = due

    async def due(self, now: datetime, limit: int) -> Sequence[Boot]:
        """See `IProvisioningBook`."""
        waiting = sorted((due, of) for of, due in self.boots.items() if due <= now)
        return [self.known[of] for _, of in waiting[:limit]]

    async def run(self, station_id: int) -> ProvisioningRun | None:
        """See `IProvisioningBook`."""
        return self.runs.get(station_id)

    async def finish(self, station_id: int, run: ProvisioningRun) -> None:
        """See `IProvisioningBook`."""
        self.runs[station_id] = run
        if self.known[station_id].booted_at <= run.booted_at:
            self.boots.pop(station_id, None)
