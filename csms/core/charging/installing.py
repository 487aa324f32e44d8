"""What follows from what stations say of profiles, and from their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec.structs import replace

from csms.core.assembly import AssemblyAsked, part_taken
from csms.core.charging import vocabulary as v
from csms.core.charging.facts import event_of
from csms.core.charging.profiles import (
    OWN,
    PROFILE,
    ChargingProfile,
    Kind,
    ScheduleUpdate,
    plain,
    profile_of,
)
from csms.core.commands import RemoteStart
from csms.core.consequences import Answered, Consequence, Consequences, nothing_asked
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State, Write
from csms.core.holdings import Drop, Hold
from csms.core.reports import CommandAnswered
from csms.core.values import StationKey

REPORT = "report_charging_profiles"
"""The name under which `ReportProfiles` is listed."""


def profiles_asked(report: v.ProfilesTold) -> Question:
    """What there is of the report, and what was asked for."""
    if report.ref is None:
        return Question()
    return Question(
        more=(
            AssemblyAsked(kind=v.PROFILES, ref=report.ref),
            v.WishAsked(action=REPORT, ref=report.ref),
        )
    )


def profiles_told(
    report: v.ProfilesTold, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Hold what is told; when all is told, what it left out of what was asked for is gone."""
    holds: tuple[Write, ...] = tuple(
        Hold(
            station_id=key.id,
            operator_id=key.operator_id,
            kind=PROFILE,
            key=str(profile["id"]),
            evse_id=report.evse_id,
            content={"profile": profile, "source": report.source},
            origin="told",
            seen_ref=report.ref,
            at=now,
        )
        for profile in report.profiles
    )
    if report.ref is None:
        return Decision(ACKNOWLEDGED, holds)
    items = [
        {"evse_id": report.evse_id, "source": report.source, "profile": profile}
        for profile in report.profiles
    ]
    taken = part_taken(
        key,
        v.PROFILES,
        report.ref,
        None,
        items,
        now,
        state.answer(AssemblyAsked),
        last=report.last,
    )
    drops: tuple[Write, ...] = ()
    wish = state.answer(v.WishAsked)
    if taken.conclusive and wish is not None:
        drops = tuple(drops_for(wish, key, now, unseen_ref=report.ref))
    return Decision(ACKNOWLEDGED, (*holds, *drops, *taken.writes))


def drops_for(
    wish: Mapping[str, object], key: StationKey, now: datetime, *, unseen_ref: int | None = None
) -> Iterator[Drop]:
    """What a filter of profiles takes in, taken away; ``wish`` is the JSON of a command."""
    ids, sources, evse_id = (wish.get(name) for name in ("profile_ids", "sources", "evse_id"))
    named = {name: wish[name] for name in ("purpose", "stack_level") if wish.get(name) is not None}
    matching: dict[str, object] = {"profile": named} if named else {}
    for source in sources if isinstance(sources, list | tuple) and sources else (None,):
        whole = matching if source is None else {**matching, "source": source}
        yield Drop(
            station_id=key.id,
            kind=PROFILE,
            keys=tuple(map(str, ids)) if isinstance(ids, list | tuple) and ids else None,
            evse_id=evse_id if isinstance(evse_id, int) else None,
            matching=whole or None,
            unseen_ref=unseen_ref,
            at=now,
        )


def _profile_set(answered: Answered, _state: State, now: datetime) -> Consequence:
    """The station has it, and where the version says so the one that it replaced is gone."""
    command: v.SetProfile = answered.command
    if not answered.accepted:
        return Consequence()
    profile = replace(command.profile, id=command.profile_id)
    held = _hold(answered, profile, command.evse_id, now)
    drops: tuple[Write, ...] = ()
    if isinstance(answered.outcome.found, v.Replaced):
        same: dict[str, object] = {"purpose": profile.purpose, "stack_level": profile.stack_level}
        drops = (
            Drop(
                station_id=answered.key.id,
                kind=PROFILE,
                evse_id=command.evse_id,
                matching={"profile": same},
                at=now,
            ),
        )
    told = event_of(
        answered.key,
        "charging.profile_set",
        now,
        evse_id=command.evse_id,
        profile_id=profile.id,
        purpose=profile.purpose,
        operation_id=answered.operation.id,
    )
    return Consequence((held, *drops), (told,))


def _start_accepted(answered: Answered, _state: State, now: datetime) -> Consequence:
    """A profile that came with a remote start is for the session that follows (K05, §5.11)."""
    command: RemoteStart = answered.command
    if not answered.accepted or command.charging_profile is None:
        return Consequence()
    profile = command.charging_profile
    profile = replace(profile, id=v.id_of(profile, command.ref))
    return Consequence((_hold(answered, profile, command.evse_id, now),))


def _hold(answered: Answered, profile: ChargingProfile, evse_id: int | None, now: datetime) -> Hold:
    if profile.kind is Kind.DYNAMIC:
        profile = replace(profile, dyn_update_time=now)  # as the station does (2.1 K28.FR.05)
    return Hold(
        station_id=answered.key.id,
        operator_id=answered.key.operator_id,
        kind=PROFILE,
        key=str(profile.id),
        evse_id=evse_id,
        content={"profile": plain(profile), "source": OWN},
        origin="set",
        operation_id=answered.operation.id,
        at=now,
    )


def _profiles_cleared(answered: Answered, _state: State, now: datetime) -> Consequence:
    """They are gone; and where none fits, whatever was believed to fit is gone too (K10)."""
    command: v.ClearProfiles = answered.command
    if not (answered.accepted or isinstance(answered.outcome.found, v.NoProfiles)):
        return Consequence()
    wish = dict(plain(command))
    if command.profile_id is not None:
        wish = {"profile_ids": (command.profile_id,)}
    told = event_of(
        answered.key,
        "charging.profiles_cleared",
        now,
        profile_id=command.profile_id,
        evse_id=command.evse_id,
        purpose=command.purpose,
        stack_level=command.stack_level,
        operation_id=answered.operation.id,
    )
    return Consequence(
        tuple(drops_for(wish, answered.key, now)), (told,) if answered.accepted else ()
    )


def _report_asked(answered: Answered, _state: State, now: datetime) -> Consequence:
    """No report follows where there is nothing to tell (K09.FR.02)."""
    if not isinstance(answered.outcome.found, v.NoProfiles):
        return Consequence()
    return Consequence(tuple(drops_for(plain(answered.command), answered.key, now)))


def _schedule_found(answered: Answered, _state: State, now: datetime) -> Consequence:
    """The newest answer of each EVSE is held."""
    found = answered.outcome.found
    if not (answered.accepted and isinstance(found, v.ScheduleFound)):
        return Consequence()
    command: v.AskSchedule = answered.command
    kept = Hold(
        station_id=answered.key.id,
        operator_id=answered.key.operator_id,
        kind=v.COMPOSITE,
        key=str(command.evse_id),
        evse_id=command.evse_id,
        content=plain(found.schedule),
        origin="told",
        operation_id=answered.operation.id,
        at=now,
    )
    return Consequence((kept,))


PROFILES_HELD = Question(more=(v.HeldAsked(kinds=(PROFILE,)),))


def _held_asked(_report: CommandAnswered) -> Question:
    return PROFILES_HELD


def _updated(answered: Answered, state: State, now: datetime) -> Consequence:
    """The figures of the profile are those that the station took (2.1 K29)."""
    command: v.UpdateSchedule = answered.command
    held = _named(state, command.profile_id)
    profile = None if held is None else profile_of(held.content)
    if not answered.accepted or held is None or profile is None:
        return Consequence()
    changed = with_update(profile, command.update, now)
    kept = Hold(
        station_id=answered.key.id,
        operator_id=answered.key.operator_id,
        kind=PROFILE,
        key=held.key,
        evse_id=held.evse_id,
        content={**held.content, "profile": plain(changed)},
        origin="set",
        operation_id=answered.operation.id,
        at=now,
    )
    return Consequence((kept,))


def with_update(profile: ChargingProfile, update: ScheduleUpdate, now: datetime) -> ChargingProfile:
    """A dynamic profile with new figures; what the update does not name stays."""
    schedule = profile.schedules[0]
    named = {
        name: value
        for name in ScheduleUpdate.__struct_fields__
        if (value := getattr(update, name)) is not None
    }
    period = replace(schedule.periods[0], **named)
    return replace(profile, dyn_update_time=now, schedules=(replace(schedule, periods=(period,)),))


def pull_asked(_report: v.UpdatePulled) -> Question:
    """What it holds of us."""
    return PROFILES_HELD


def update_pulled(
    report: v.UpdatePulled, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """The figures of a dynamic profile as they are now (2.1 K28); the profile that lapses without
    them lasts on (K28.FR.14).

    That they were asked for is held by itself: the profile may be given new ones meanwhile.
    """
    held = _named(state, report.profile_id)
    profile = None if held is None else profile_of(held.content)
    if held is None or profile is None or profile.kind is not Kind.DYNAMIC:
        return Decision(v.UpdateGiven(update=None))
    schedule = profile.schedules[0]
    figures = {
        name: getattr(schedule.periods[0], name) for name in ScheduleUpdate.__struct_fields__
    }
    pulled = Hold(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=v.PULLED,
        key=held.key,
        evse_id=held.evse_id,
        content={},
        origin="told",
        at=now,
    )
    return Decision(
        v.UpdateGiven(update=ScheduleUpdate(**figures)),
        () if schedule.duration is None else (pulled,),
    )


def _named(state: State, profile_id: int) -> v.Held | None:
    held: tuple[v.Held, ...] = state.answers(v.HeldAsked)
    return next((each for each in held if each.key == str(profile_id)), None)


CONSEQUENCES: Consequences = {
    RemoteStart: (nothing_asked, _start_accepted),
    v.AskSchedule: (nothing_asked, _schedule_found),
    v.ClearProfiles: (nothing_asked, _profiles_cleared),
    v.ReportProfiles: (nothing_asked, _report_asked),
    v.SetProfile: (nothing_asked, _profile_set),
    v.UpdateSchedule: (_held_asked, _updated),
}
