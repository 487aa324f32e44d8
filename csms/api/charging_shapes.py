"""Shapes of smart charging."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from csms.api.command_shapes import Queued
from csms.api.operations import OperationView
from csms.api.shapes import INT32, EvseId, Json, Shape, Time, View, told, told_if
from csms.core.charging.profiles import (
    ChargingProfile,
    CompositeSchedule,
    Count,
    Number,
    Period,
    Purpose,
    ScheduleUpdate,
    Unit,
)
from csms.core.holdings import Holding

MAX_DURATION_S = 604_800
"""A week."""

SessionId = Annotated[str, Meta(min_length=1, max_length=64)]
Source = Annotated[
    str,
    Meta(min_length=1, max_length=20, description="`EMS`, `SO`, `CSO`, `Other`, and in 2.1 more."),
]
PurposeWord = Annotated[
    str,
    Meta(pattern=f"^({'|'.join(Purpose)})$", extra_json_schema={"enum": [*Purpose]}),
]
StackLevel = Annotated[int, Meta(ge=0, le=INT32)]


class ProfileRequest(Queued, frozen=True, kw_only=True):
    """A charging profile for a station.

    Without `evse_id` it is for the whole station, or for where the session is. A `TxProfile` is
    for the session that is named, or whose transaction it names, or that is open on the EVSE.
    """

    profile: ChargingProfile
    evse_id: EvseId | None = None
    session_id: SessionId | None = None


class ProfileReportRequest(Queued, frozen=True, kw_only=True):
    """Which profiles the station should tell: those of `profile_ids`, or all that fit."""

    profile_ids: Annotated[tuple[Number, ...], Meta(max_length=1000)] = ()
    evse_id: EvseId | None = None
    purpose: Purpose | None = None
    stack_level: StackLevel | None = None
    sources: Annotated[tuple[Source, ...], Meta(max_length=4)] = ()


class ClearQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which profiles to take away: all that fit everything that is given, which is something."""

    evse_id: EvseId | UnsetType = UNSET
    purpose: PurposeWord | UnsetType = UNSET
    stack_level: StackLevel | UnsetType = UNSET
    queue: bool = False


class ClearOneQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to take one away."""

    queue: bool = False


class CompositeRequest(Shape, frozen=True, kw_only=True):
    """For which EVSE (0: the station), and how many seconds from now on."""

    evse_id: EvseId = 0
    duration_s: Annotated[int, Meta(ge=1, le=MAX_DURATION_S)] = 86_400
    unit: Unit | None = None


class DynamicRequest(Queued, frozen=True, kw_only=True):
    """New figures for a dynamic profile.

    With `push` they are sent; else they are kept until the station asks for them, as one does
    whose profile has a `dyn_update_interval`.
    """

    update: ScheduleUpdate
    push: bool = True


class ProfileView(View, frozen=True, kw_only=True):
    """A charging profile that a station holds."""

    profile_id: int
    evse_id: int | None
    source: Annotated[str, Meta(description="Who set it; `CSO`: we did.")] | None
    origin: Annotated[str, Meta(description="`set` by us, or `told` by the station.")]
    profile: Annotated[
        dict[str, Json],
        Meta(description="As it is sent; of one that the station told, what could be read."),
    ]
    operation_id: str | None
    created_at: Time
    updated_at: Time


class LimitView(View, frozen=True, kw_only=True):
    """A limit that somebody else set at a station."""

    evse_id: int
    source: str
    is_grid_critical: bool | None
    is_local_generation: bool | None
    schedules: tuple[Json, ...]
    updated_at: Time


class NeedsView(View, frozen=True, kw_only=True):
    """What the vehicle at an EVSE needs, and what it was answered."""

    evse_id: int
    session_id: str | None
    answer: str
    max_tuples: int | None
    needs: dict[str, Json]
    updated_at: Time


class ScheduleView(View, frozen=True, kw_only=True):
    """Limits over time; a period without `limit` is not bounded by anything known."""

    evse_id: int
    start_at: Time | None
    duration_s: Count
    unit: Unit
    periods: tuple[Period, ...]


class CompositeView(View, frozen=True, kw_only=True):
    """What limits follow from all profiles: as the station says, and as it is computed here."""

    operation: OperationView
    reported: ScheduleView | None
    computed: ScheduleView


def profile_view(held: Holding) -> ProfileView:
    """A held profile as the API tells it."""
    profile, source = held.content.get("profile"), held.content.get("source")
    return ProfileView(
        profile_id=int(held.key),
        evse_id=held.evse_id,
        source=source if isinstance(source, str) else None,
        origin=held.origin,
        profile=profile if isinstance(profile, dict) else {},
        operation_id=held.operation_id,
        created_at=told(held.created_at),
        updated_at=told(held.updated_at),
    )


def limit_view(held: Holding) -> LimitView:
    """A limit as the API tells it."""
    content = held.content
    schedules = content.get("schedules")
    return LimitView(
        evse_id=held.evse_id or 0,
        source=str(content.get("source")),
        is_grid_critical=_flag(content.get("is_grid_critical")),
        is_local_generation=_flag(content.get("is_local_generation")),
        schedules=tuple(schedules) if isinstance(schedules, list) else (),
        updated_at=told(held.updated_at),
    )


def needs_view(held: Holding) -> NeedsView:
    """What a vehicle needs as the API tells it."""
    content = held.content
    session, needs, tuples = (content.get(n) for n in ("session_id", "needs", "max_tuples"))
    return NeedsView(
        evse_id=held.evse_id or 0,
        session_id=session if isinstance(session, str) else None,
        answer=str(content.get("answer")),
        max_tuples=tuples if isinstance(tuples, int) else None,
        needs=needs if isinstance(needs, dict) else {},
        updated_at=told(held.updated_at),
    )


def schedule_view(schedule: CompositeSchedule) -> ScheduleView:
    """A schedule as the API tells it."""
    return ScheduleView(
        evse_id=schedule.evse_id,
        start_at=told_if(schedule.start_at),
        duration_s=schedule.duration,
        unit=schedule.unit,
        periods=schedule.periods,
    )


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
