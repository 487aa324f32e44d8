"""Setting stations up after they booted."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime

from msgspec import Struct
from zope.interface import Interface

from csms.core.pages import Page, Query
from csms.core.provisioning.vocabulary import (
    Boot,
    Drift,
    ProvisioningProfile,
    ProvisioningRun,
    Wish,
)


class Provisioned(Struct, frozen=True, kw_only=True):
    """Where a station stands."""

    identity: str
    profiles: tuple[str, ...]
    """Those it falls under, the one that counts most first."""
    wishes: tuple[Wish, ...]
    drift: tuple[Drift, ...]
    """Wishes that it does not fulfil, or is not known to."""
    run: ProvisioningRun | None
    """The last time that it was set up, or is being."""


class IProvisioning(Interface):
    """What stations should have."""

    def list(query: Query, operator_id: int) -> Awaitable[Page[ProvisioningProfile]]:
        """Filters: name (prefix)."""

    def get(name: str, operator_id: int) -> Awaitable[ProvisioningProfile]:
        """Raises `NotFound`."""

    def put(profile: ProvisioningProfile) -> Awaitable[tuple[ProvisioningProfile, bool]]:
        """Create or replace; True when created.  Raises `Invalid`."""

    def delete(name: str, operator_id: int) -> Awaitable[None]:
        """Raises `NotFound`."""

    def state(identity: str, operator_id: int) -> Awaitable[Provisioned]:
        """Where a station stands.  Raises `NotFound`."""

    def again(identity: str, operator_id: int) -> Awaitable[None]:
        """Set a station up now, as after a boot.  Raises `NotFound`."""


class IProvisioningBook(Interface):
    """Where profiles are kept, and which stations are to be set up."""

    def list(query: Query, operator_id: int) -> Awaitable[Page[ProvisioningProfile]]:
        """See `IProvisioning`."""

    def all(operator_id: int) -> Awaitable[Sequence[ProvisioningProfile]]:
        """Every profile of an operator."""

    def get(name: str, operator_id: int) -> Awaitable[ProvisioningProfile]:
        """See `IProvisioning`."""

    def put(profile: ProvisioningProfile) -> Awaitable[tuple[ProvisioningProfile, bool]]:
        """See `IProvisioning`."""

    def delete(name: str, operator_id: int) -> Awaitable[None]:
        """See `IProvisioning`."""

    def note(boots: Sequence[Boot], due_at: Sequence[datetime]) -> Awaitable[None]:
        """Stations booted and are to be set up, each from some moment on; a boot that is known
        already (or older than one) changes nothing."""

    def due(now: datetime, limit: int) -> Awaitable[Sequence[Boot]]:
        """Stations to be set up, those that wait longest first."""

    def run(station_id: int) -> Awaitable[ProvisioningRun | None]:
        """The last time that a station was set up."""

    def finish(station_id: int, run: ProvisioningRun) -> Awaitable[None]:
        """It was set up; one that booted again meanwhile stays due."""
