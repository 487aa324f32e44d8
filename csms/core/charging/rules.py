"""The tables of charging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from csms.core.charging import installing, limits, vehicles
from csms.core.charging import vocabulary as v
from csms.core.commands import Command

if TYPE_CHECKING:
    from csms.core.areas import Rules

COMMANDS: Sequence[type[Command]] = (
    v.AskSchedule,
    v.ClearProfiles,
    v.ReportProfiles,
    v.SetProfile,
    v.UpdateSchedule,
)

RULES: Rules = {
    v.LimitCleared: (limits.nothing, limits.limit_cleared),
    v.LimitTold: (limits.nothing, limits.limit_told),
    v.NeedsTold: (vehicles.needs_asked, vehicles.needs_told),
    v.ProfilesTold: (installing.profiles_asked, installing.profiles_told),
    v.UpdatePulled: (installing.pull_asked, installing.update_pulled),
    v.VehicleScheduleTold: (vehicles.schedule_asked, vehicles.schedule_told),
}

CONSEQUENCES = installing.CONSEQUENCES
