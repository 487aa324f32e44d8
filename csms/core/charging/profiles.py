"""Charging profiles, free of any OCPP version: what they can say is the sum of all versions.

Limits are in A or W as `Schedule.unit` says, durations in seconds; words of enumerations are
those of OCPP 2.x.  A version that cannot say something says so, see the adapter.

One figure without the others (``limit``) is of all phases: A of each, W of all together.  With a
figure for L2 or L3 beside it (``limit_l2``) it is of L1 alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from csms.core import times

MAX_INT = 2**31 - 1

Json = Any
"""Any JSON value."""

Number = Annotated[int, Meta(ge=-(2**31), le=MAX_INT)]
Count = Annotated[int, Meta(ge=0, le=MAX_INT)]
Phases = Annotated[int, Meta(ge=0, le=3)]
Limit = Annotated[float, Meta(ge=0, le=1e9, description="A or W, as the schedule's unit says.")]
Discharge = Annotated[float, Meta(ge=-1e9, le=0, description="At most 0: power given back.")]
Setpoint = Annotated[float, Meta(ge=-1e9, le=1e9)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Moment = Annotated[datetime, Meta(tz=True)]


class Purpose(StrEnum):
    """What a profile is for (ChargingProfilePurposeEnum)."""

    EXTERNAL = "ChargingStationExternalConstraints"
    """Of the station's own making; never sent to it (K01.FR.22)."""
    STATION_MAX = "ChargingStationMaxProfile"
    """Of the whole station; 1.6 calls it ChargePointMaxProfile."""
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"
    PRIORITY = "PriorityCharging"
    """In the place of `TX` and `TX_DEFAULT` while a session has priority (2.1 K21, K22)."""
    LOCAL_GENERATION = "LocalGeneration"
    """Capacity beyond that of the grid: added to what the others leave (2.1 K27)."""


class Kind(StrEnum):
    """What a schedule's times are counted from (ChargingProfileKindEnum)."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"
    """The start of the transaction."""
    DYNAMIC = "Dynamic"
    """One period whose figures are updated while it lasts (2.1)."""


class Recurrency(StrEnum):
    """How often a schedule comes again."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class Unit(StrEnum):
    """What limits are counted in: amperes of each phase, or watts of all together."""

    A = "A"
    W = "W"


class Mode(StrEnum):
    """What a vehicle does in a period (2.1 OperationModeEnum); unless said, `CHARGING_ONLY`."""

    IDLE = "Idle"
    """Neither charges nor gives back."""
    CHARGING_ONLY = "ChargingOnly"
    CENTRAL_SETPOINT = "CentralSetpoint"
    """Follows the setpoint of its profile."""
    EXTERNAL_SETPOINT = "ExternalSetpoint"
    """Follows that of an external system."""
    EXTERNAL_LIMITS = "ExternalLimits"
    """Stays within the limits of an external system."""
    CENTRAL_FREQUENCY = "CentralFrequency"
    """Follows aFRR signals around its setpoint."""
    LOCAL_FREQUENCY = "LocalFrequency"
    """Follows the frequency that the station measures, along a curve."""
    LOCAL_LOAD_BALANCING = "LocalLoadBalancing"


class FrequencyPoint(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The power, W, at a frequency of the grid, Hz; negative is given back."""

    frequency: float
    power: float
    custom_data: dict[str, Json] | None = None


class SignalPoint(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The power, W, at a signal of the grid operator; negative is given back."""

    signal: Number
    power: float
    custom_data: dict[str, Json] | None = None


FrequencyCurve = Annotated[tuple[FrequencyPoint, ...], Meta(min_length=1, max_length=20)]
SignalCurve = Annotated[tuple[SignalPoint, ...], Meta(min_length=1, max_length=20)]


class SocLimit(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The limit of a battery that is fuller than ``soc``, %."""

    soc: Percent
    limit: Setpoint
    custom_data: dict[str, Json] | None = None


class ScheduleUpdate(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Figures for the one period of a dynamic profile (2.1 K28, K29).

    Discharge limits are at most 0.  Setpoints are what the vehicle should draw, negative ones what
    it should give back; reactive ones are positive when inductive.
    """

    limit: Limit | None = None
    limit_l2: Limit | None = None
    limit_l3: Limit | None = None
    discharge_limit: Discharge | None = None
    discharge_limit_l2: Discharge | None = None
    discharge_limit_l3: Discharge | None = None
    setpoint: Setpoint | None = None
    setpoint_l2: Setpoint | None = None
    setpoint_l3: Setpoint | None = None
    setpoint_reactive: Setpoint | None = None
    setpoint_reactive_l2: Setpoint | None = None
    setpoint_reactive_l3: Setpoint | None = None


class Period(ScheduleUpdate, frozen=True, kw_only=True, omit_defaults=True):
    """From ``start_period`` seconds on, until the next one begins.

    Without ``number_phases`` three are meant; beyond the first five fields all is of 2.1.
    """

    start_period: Count
    number_phases: Phases | None = None
    phase_to_use: Phases | None = None
    operation_mode: Mode | None = None
    preconditioning_request: bool | None = None
    evse_sleep: bool | None = None
    v2x_baseline: Setpoint | None = None
    """W, to which what the curves say is added."""
    v2x_freq_watt_curve: FrequencyCurve | None = None
    v2x_signal_watt_curve: SignalCurve | None = None
    custom_data: dict[str, Json] | None = None


class Schedule(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Limits over time.  Without ``duration`` the last period has no end.

    With ``use_local_time`` the figures of ``start_at`` are those of the station's own clock, and
    its zone means nothing (2.1 K01.FR.90): it is UTC here.
    """

    unit: Unit
    periods: Annotated[tuple[Period, ...], Meta(min_length=1, max_length=1024)]
    id: Number | None = None
    """By which a vehicle says which one it chose; counted from 1 unless given."""
    start_at: Moment | None = None
    duration: Count | None = None
    min_charging_rate: float | None = None
    limit_at_soc: SocLimit | None = None
    power_tolerance: float | None = None
    signature_id: Count | None = None
    digest_value: Annotated[str, Meta(max_length=88)] | None = None
    use_local_time: bool | None = None
    randomized_delay: Count | None = None
    sales_tariff: dict[str, Json] | None = None
    absolute_price_schedule: dict[str, Json] | None = None
    price_level_schedule: dict[str, Json] | None = None
    custom_data: dict[str, Json] | None = None

    def __post_init__(self) -> None:
        """One spelling of a time that has no zone."""
        if self.use_local_time and self.start_at is not None:
            force_setattr(self, "start_at", self.start_at.replace(tzinfo=UTC))


class ChargingProfile(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """How much may be drawn, and when.

    ``id`` None: one is given when it is sent.  Of profiles of one purpose the one with the
    highest ``stack_level`` counts wherever it says something; of purposes, the least.
    """

    id: Number | None = None
    stack_level: Count
    purpose: Purpose
    kind: Kind
    schedules: Annotated[tuple[Schedule, ...], Meta(min_length=1, max_length=3)]
    recurrency: Recurrency | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    transaction_ref: Annotated[str, Meta(min_length=1, max_length=36)] | None = None
    max_offline_duration: Count | None = None
    invalid_after_offline_duration: bool | None = None
    dyn_update_interval: Count | None = None
    dyn_update_time: Moment | None = None
    price_schedule_signature: Annotated[str, Meta(max_length=256)] | None = None
    custom_data: dict[str, Json] | None = None


class CompositeSchedule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What follows from everything that a station holds: ``periods`` count from ``start_at``; one
    without a limit is not bounded by anything known."""

    evse_id: int
    start_at: datetime | None = None
    duration: int
    unit: Unit
    periods: tuple[Period, ...]


def plain(value: Struct) -> dict[str, object]:
    """As JSON that is kept; what is not said is left out."""
    content: dict[str, object] = times.plain(value)
    return content


def as_profile(content: object) -> ChargingProfile | None:
    """A profile from JSON that was kept; None for one that a station told and nobody can read."""
    try:
        return msgspec.convert(content, ChargingProfile)
    except msgspec.ValidationError:
        return None


def as_schedule(content: object) -> Schedule | None:
    """A schedule from JSON that a station told; None when nobody can read it."""
    try:
        return msgspec.convert(content, Schedule)
    except msgspec.ValidationError:
        return None


def profile_of(content: Mapping[str, object]) -> ChargingProfile | None:
    """The profile of a holding of kind `PROFILE`."""
    return as_profile(content.get("profile"))


PROFILE = "charging_profile"
"""Kind of the holdings that are profiles, by id; content: ``profile``, and ``source``: who set it
(CSO: we did)."""
OWN = "CSO"
"""The source that we are to a station (ChargingLimitSourceEnum)."""
