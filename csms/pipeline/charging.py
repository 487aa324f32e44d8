"""Smart charging beyond single commands: profiles that keep to the rules, what follows from them,
and what is done when a vehicle tells what it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs
import msgspec
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.charging import vocabulary as v
from csms.core.charging.capabilities import CLOCK, KEYS, capabilities, clock_zone
from csms.core.charging.checks import Capabilities, check, conflicting
from csms.core.charging.composite import composite
from csms.core.charging.installing import with_update
from csms.core.charging.profiles import (
    PROFILE,
    ChargingProfile,
    CompositeSchedule,
    Kind,
    Purpose,
    ScheduleUpdate,
    Unit,
    profile_of,
)
from csms.core.charging.scene import PRIORITY, Scene, installed, scene_of
from csms.core.errors import Conflict, Invalid, NotFound
from csms.core.holdings import Holding
from csms.core.pages import Query
from csms.core.ports import (
    Composite,
    ICharging,
    IHoldings,
    IOperations,
    IProfiles,
    ISessions,
    IStations,
)
from csms.core.values import Operation, Session, SessionStatus

_OPEN = (SessionStatus.ACTIVE, SessionStatus.SUSPECT)
_MOST_SESSIONS = 500


Values = Callable[[str, int, Sequence[str]], Awaitable[Mapping[str, str]]]


@implementer(ICharging)
@attrs.frozen(eq=False, kw_only=True)
class Charging:
    """`ICharging` over operations and what is kept.

    ``values`` are those of a station's variables that are known, see `IVariables.values`;
    ``voltage`` turns A into W and back, V between phase and neutral.
    """

    stations: IStations
    sessions: ISessions
    holdings: IHoldings
    profiles: IProfiles
    values: Values
    operations: IOperations
    now: Callable[[], datetime]
    voltage: float = 230.0

    async def set_profile(
        self,
        identity: str,
        operator_id: int,
        evse_id: int | None,
        profile: ChargingProfile,
        *,
        session_id: str | None = None,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Operation:
        """See `ICharging`."""
        session = None
        if profile.purpose is Purpose.TX:
            session = await self._meant(identity, operator_id, evse_id, profile, session_id)
        elif session_id is not None:
            raise Invalid("only a TxProfile is for a session", field="session_id")
        if session is not None:
            evse_id = session.evse_id if evse_id is None else evse_id
            profile = replace(profile, transaction_ref=session.transaction_ref)
        place = evse_id or 0
        held = await self.holdings.list(identity, operator_id, PROFILE)
        known = capabilities(await self.values(identity, operator_id, KEYS))
        profile = _named(profile, known, held)
        check(place, profile, known)
        other = conflicting(place, profile, installed(held))
        if other is not None:
            raise Conflict(
                f"the station holds profile {other} for the same purpose, level and time",
                field="profile.stack_level",
                code="profile_conflict",
            )
        return await self.operations.submit(
            identity,
            operator_id,
            v.SetProfile(evse_id=place, profile=profile),
            requested_by=requested_by,
            queue=queue,
            session_id=None if session is None else session.id,
        )

    async def named(
        self, identity: str, operator_id: int, profile: ChargingProfile
    ) -> ChargingProfile:
        """The profile with an id that is not among those of the station's own, where it has
        some."""
        held = await self.holdings.list(identity, operator_id, PROFILE)
        known = capabilities(await self.values(identity, operator_id, KEYS))
        return _named(profile, known, held)

    async def _meant(
        self,
        identity: str,
        operator_id: int,
        evse_id: int | None,
        profile: ChargingProfile,
        session_id: str | None,
    ) -> Session | None:
        """The open session that a TxProfile is for; None: the station may know the transaction
        that it names, though nobody here does."""
        if session_id is not None:
            session: Session | None = await self.sessions.get(session_id, operator_id)
            assert session is not None  # it raises
            if session.identity != identity:
                raise NotFound("the station has no such session")
        elif profile.transaction_ref is not None:
            session = await self._newest(
                operator_id, station=identity, transaction_id=profile.transaction_ref
            )
        elif evse_id:
            session = await self._open_on(identity, operator_id, evse_id)
            if session is None:
                raise Conflict("no session is open there", code="no_open_session")
        else:
            raise Invalid("say which session, transaction or EVSE it is for", field="evse_id")
        if session is None:
            return None
        if session.status is SessionStatus.ENDED:
            raise Conflict("the session has ended", code="session_ended")
        if session.transaction_ref is None:
            raise Conflict("the session has no transaction id yet", code="no_transaction")
        if evse_id not in (None, session.evse_id):
            raise Invalid("the session is on another EVSE", field="evse_id")
        return session

    async def _open_on(self, identity: str, operator_id: int, evse_id: int) -> Session | None:
        for status in _OPEN:
            session = await self._newest(
                operator_id, station=identity, evse_id=evse_id, status=status.value
            )
            if session is not None:
                return session
        return None

    async def _newest(self, operator_id: int, **filters: object) -> Session | None:
        query = Query(filters=filters, sort="-started_at", limit=1)
        page = await self.sessions.list(query, operator_id)
        return page.items[0] if page.items else None

    async def ask_schedule(
        self,
        identity: str,
        operator_id: int,
        evse_id: int,
        duration: int,
        unit: Unit | None,
        *,
        requested_by: str | None = None,
    ) -> Composite:
        """See `ICharging`."""
        operation = await self.operations.submit(
            identity,
            operator_id,
            v.AskSchedule(evse_id=evse_id, duration_s=duration, unit=unit),
            requested_by=requested_by,
        )
        reported = await self._reported(operation, operator_id, evse_id)
        start = self.now().replace(microsecond=0)
        if reported is not None and reported.start_at is not None:
            # Of the same time, so that the two can be held against each other.
            start = reported.start_at if abs(reported.start_at - start) < _ABOUT else start
        scene = await self.scene(identity, operator_id)
        return Composite(
            operation=operation,
            reported=reported,
            computed=composite(scene, evse_id, start, duration, unit or _unit_of(reported)),
        )

    async def _reported(
        self, operation: Operation, operator_id: int, evse_id: int
    ) -> CompositeSchedule | None:
        """The answer to this very question, if there is one."""
        try:
            held = await self.holdings.get(
                operation.identity, operator_id, v.COMPOSITE, str(evse_id)
            )
        except NotFound:
            return None
        if held.operation_id != operation.id:
            return None
        return msgspec.convert(held.content, CompositeSchedule)

    async def scene(self, identity: str, operator_id: int) -> Scene:
        """Everything that the limits of a station depend on."""
        station = await self.stations.get(identity, operator_id)
        held: list[Holding] = []
        for kind in (PROFILE, v.PULLED, v.LIMIT, PRIORITY):
            held += await self.holdings.list(identity, operator_id, kind)
        sessions: list[Session] = []
        for status in _OPEN:
            filters = {"station": identity, "status": status.value}
            query = Query(filters=filters, sort="-started_at", limit=_MOST_SESSIONS)
            sessions += (await self.sessions.list(query, operator_id)).items
        evses = (connector.evse_id for connector in station.connectors)
        return replace(
            scene_of(held, sessions, evses),
            voltage=self.voltage,
            offline_since=None if station.connected else station.last_seen_at,
            zone=clock_zone(await self.values(identity, operator_id, CLOCK)),
        )

    async def update_dynamic(
        self,
        identity: str,
        operator_id: int,
        profile_id: int,
        update: ScheduleUpdate,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Operation:
        """See `ICharging`."""
        await self._dynamic(identity, operator_id, profile_id)
        return await self.operations.submit(
            identity,
            operator_id,
            v.UpdateSchedule(profile_id=profile_id, update=update),
            requested_by=requested_by,
            queue=queue,
        )

    async def keep_update(
        self, identity: str, operator_id: int, profile_id: int, update: ScheduleUpdate
    ) -> None:
        """See `ICharging`."""
        profile = await self._dynamic(identity, operator_id, profile_id)
        at = self.now()
        changed = with_update(profile, update, at)
        if not await self.profiles.amend(identity, operator_id, profile_id, changed, at):
            raise NotFound("the station holds no such profile")

    async def _dynamic(self, identity: str, operator_id: int, profile_id: int) -> ChargingProfile:
        held = await self.holdings.get(identity, operator_id, PROFILE, str(profile_id))
        profile = profile_of(held.content)
        if profile is None or profile.kind is not Kind.DYNAMIC:
            raise Conflict("the profile is no dynamic one", code="not_dynamic")
        return profile


def _named(
    profile: ChargingProfile, known: Capabilities, held: Sequence[Holding]
) -> ChargingProfile:
    """Where the station keeps low ids for itself, ours are above (K01.FR.81)."""
    if profile.id is not None or known.max_external_id is None:
        return profile
    taken = [each.profile.id or 0 for each in installed(held)]
    return replace(profile, id=max(known.max_external_id, *taken, 0) + 1)


_ABOUT = timedelta(hours=1)
"""How far a station's clock may be off for its schedule to be compared with ours."""


def _unit_of(reported: CompositeSchedule | None) -> Unit | None:
    return None if reported is None else reported.unit


def known_power_w(powers: Sequence[int | None]) -> float | None:
    """The most that any plug of an EVSE gives, as far as somebody declared it."""
    return max((float(power) for power in powers if power is not None), default=None)
