"""Smart charging, as the API asks for it and as its followers keep it."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime

from msgspec import Struct
from zope.interface import Interface

from csms.core.charging.profiles import ChargingProfile, CompositeSchedule, ScheduleUpdate, Unit
from csms.core.values import Operation


class Composite(Struct, frozen=True, kw_only=True):
    """What limits follow from all profiles: as the station says, and as it is computed here."""

    operation: Operation
    reported: CompositeSchedule | None
    """None while there is no answer, or when the station has none."""
    computed: CompositeSchedule


class ICharging(Interface):
    """Sends profiles that keep to the rules, and computes what follows from them.

    What is refused before anything was sent is raised, see also `IOperations.submit`.
    """

    def set_profile(
        identity: str,
        operator_id: int,
        evse_id: int | None,
        profile: ChargingProfile,
        *,
        session_id: str | None = None,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[Operation]:
        """Give a station a profile; without ``evse_id`` it is for the station, or for where the
        session is.

        A TxProfile is for the session that is named, or whose transaction it names, or that is
        open on the EVSE.  Raises `Invalid`, or `Conflict`: ``no_open_session``,
        ``session_ended``, ``no_transaction``, ``profile_conflict`` (the station holds another
        one for the same).
        """

    def ask_schedule(
        identity: str,
        operator_id: int,
        evse_id: int,
        duration: int,
        unit: Unit | None,
        *,
        requested_by: str | None = None,
    ) -> Awaitable[Composite]:
        """The composite schedule from now on."""

    def update_dynamic(
        identity: str,
        operator_id: int,
        profile_id: int,
        update: ScheduleUpdate,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[Operation]:
        """Send a station new figures for a dynamic profile.  Raises `NotFound` when the station
        is not known to hold it, `Conflict` (``not_dynamic``) when it is no dynamic one."""

    def keep_update(
        identity: str, operator_id: int, profile_id: int, update: ScheduleUpdate
    ) -> Awaitable[None]:
        """New figures for a dynamic profile that the station pulls; raises as
        `update_dynamic`."""


class IProfiles(Interface):
    """What else changes held profiles than stations and commands."""

    def begun(session_ids: Sequence[str], at: datetime) -> Awaitable[None]:
        """Sessions have begun: profiles that came with their remote start are of their
        transaction."""

    def awaited(session_ids: Sequence[str]) -> Awaitable[frozenset[str]]:
        """Those of the sessions on whose EVSE a vehicle told its needs."""

    def ended(session_ids: Sequence[str], at: datetime) -> Awaitable[None]:
        """Sessions have ended, and with them what stations held for their transactions."""

    def fruitless(operation_ids: Sequence[str], at: datetime) -> Awaitable[None]:
        """Remote starts led to no session: the profiles that came with them are gone."""

    def amend(
        identity: str, operator_id: int, profile_id: int, profile: ChargingProfile, at: datetime
    ) -> Awaitable[bool]:
        """A held profile says something else now; False when it is not held."""
