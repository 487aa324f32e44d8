"""What charging is spoken of with: commands, reports, replies and questions."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from csms.core.charging.profiles import (
    ChargingProfile,
    CompositeSchedule,
    Purpose,
    ScheduleUpdate,
    Unit,
)
from csms.core.commands import Command
from csms.core.decisions import Ask
from csms.core.replies import Reply
from csms.core.reports import Report

LIMIT = "charging_limit"
"""Kind of the holdings that are limits from outside, by source and EVSE."""
NEEDS: Final = "ev_charging_needs"
"""Kind of the holdings (and happenings) that tell what a vehicle needs, by EVSE."""
EV_SCHEDULE: Final = "ev_charging_schedule"
"""Kind of the holdings that are the schedules vehicles chose, by EVSE, and of the happenings that
are all they ever told."""
COMPOSITE = "composite_schedule"
"""Kind of the holdings that are the last answers to `AskSchedule`, by EVSE."""
PULLED = "dynamic_schedule_pulled"
"""Kind of the holdings that tell when a station last asked for the figures of a dynamic profile
that lapses without, by the profile's id."""
PROFILES = "charging_profiles"
"""Kind of the assemblies that answer `ReportProfiles`."""


class SetProfile(Command, frozen=True, kw_only=True, tag="set_charging_profile"):
    """Give a station a profile (1.6 §5.16, 2.x K01); one of the same id is replaced.

    ``ref`` is the profile's id where it has none.
    """

    evse_id: int
    profile: ChargingProfile
    ref: int | None = None

    @property
    def profile_id(self) -> int:
        """The id under which the station gets it."""
        return id_of(self.profile, self.ref)


class ClearProfiles(Command, frozen=True, kw_only=True, tag="clear_charging_profiles"):
    """Take profiles away (1.6 §5.3, 2.x K10): the one of that id, or all that fit."""

    profile_id: int | None = None
    evse_id: int | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None


class ReportProfiles(Command, frozen=True, kw_only=True, tag="report_charging_profiles"):
    """Have a station tell its profiles (2.x K09): those of the ids, or all that fit."""

    ref: int | None = None
    profile_ids: tuple[int, ...] = ()
    evse_id: int | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None
    sources: tuple[str, ...] = ()


class AskSchedule(Command, frozen=True, kw_only=True, tag="composite_schedule"):
    """Ask what limits follow from all profiles (1.6 §5.7, 2.x K08), for ``duration_s``."""

    evse_id: int
    duration_s: int
    unit: Unit | None = None


class UpdateSchedule(Command, frozen=True, kw_only=True, tag="update_dynamic_schedule"):
    """Change the figures of a dynamic profile (2.1 K29)."""

    profile_id: int
    update: ScheduleUpdate


class NoProfiles(Struct, frozen=True):
    """Found in an answer: no profile of the station fits."""


class Replaced(Struct, frozen=True):
    """Found in an answer: what had the same level and purpose at the same place is gone (1.6)."""


class ScheduleFound(Struct, frozen=True):
    """Found in an answer: a composite schedule."""

    schedule: CompositeSchedule


class ProfilesTold(Report, frozen=True, kw_only=True):
    """ReportChargingProfiles (2.x K09): ``profiles`` are JSON of `ChargingProfile`, as far as the
    station kept to the standard; each has an ``id``."""

    ref: int | None
    evse_id: int
    source: str
    profiles: tuple[dict[str, object], ...]
    last: bool = True


class LimitTold(Report, frozen=True, kw_only=True):
    """NotifyChargingLimit (2.x K11-K13): somebody else limits the station.

    ``limit`` is JSON: ``source``, ``schedules`` and what else was told.
    """

    evse_id: int
    source: str
    limit: dict[str, object]


class LimitCleared(Report, frozen=True, kw_only=True):
    """ClearedChargingLimit (2.x K13); without an EVSE on all of them."""

    source: str
    evse_id: int | None = None


class NeedsTold(Report, frozen=True, kw_only=True):
    """NotifyEVChargingNeeds (2.x K15, K17); ``needs`` is JSON in the words of the core."""

    evse_id: int
    needs: dict[str, object]
    max_tuples: int | None = None
    at: datetime | None = None


class VehicleScheduleTold(Report, frozen=True, kw_only=True):
    """NotifyEVChargingSchedule (2.x K15-K17): what a vehicle means to draw from ``at`` on."""

    evse_id: int
    at: datetime
    schedule: dict[str, object]
    selected_id: int | None = None


class UpdatePulled(Report, frozen=True, kw_only=True):
    """PullDynamicScheduleUpdate (2.1 K28)."""

    profile_id: int


class NeedsAnswered(Reply, frozen=True, kw_only=True):
    """``status``: Accepted, Rejected, Processing or NoChargingProfile."""

    status: str


class VehicleScheduleAnswered(Reply, frozen=True, kw_only=True):
    """Whether the vehicle may draw that."""

    accepted: bool


class UpdateGiven(Reply, frozen=True, kw_only=True):
    """The figures as they are; None: the profile is not ours, or not dynamic."""

    update: ScheduleUpdate | None


class HeldAsked(Ask, frozen=True, kw_only=True):
    """What the station holds of those kinds; answered with `Held`."""

    kinds: tuple[str, ...]


class Held(Struct, frozen=True, kw_only=True):
    """A holding, as rules look at it."""

    kind: str
    key: str
    evse_id: int | None
    content: dict[str, object]
    updated_at: datetime


class WishAsked(Ask, frozen=True, kw_only=True):
    """What the command of that name and number asked for; answered with its JSON, if known."""

    action: str
    ref: int


def id_of(profile: ChargingProfile, ref: int | None) -> int:
    """The id of a profile, or the number that stands in for it."""
    return profile.id if profile.id is not None else (ref or 0)
