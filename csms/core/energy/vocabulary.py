"""What energy is spoken of with: commands, reports and kinds of holdings (OCPP 2.1 K20, Q, R)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from csms.core.commands import Command
from csms.core.reports import Report

CONTROL: Final = "der_control"
"""Kind of the holdings that are DER controls, by id; content: ``control_type``, ``is_default``,
``settings``, and ``started``, ``is_superseded`` once the station told."""
ALARM: Final = "der_alarm"
"""Kind of the happenings that are DER alarms."""
TRANSFER = "allowed_energy_transfer"
"""Kind of the holdings that say which ways of charging a transaction may use, by its id."""
CONTROLS = "der_controls"
"""Kind of the assemblies that answer `ReportControls`."""


class Transfer(StrEnum):
    """Ways in which energy flows (EnergyTransferModeEnum)."""

    AC_SINGLE = "AC_single_phase"
    AC_TWO = "AC_two_phase"
    AC_THREE = "AC_three_phase"
    DC = "DC"
    AC_BPT = "AC_BPT"
    AC_BPT_DER = "AC_BPT_DER"
    AC_DER = "AC_DER"
    DC_BPT = "DC_BPT"
    DC_ACDP = "DC_ACDP"
    DC_ACDP_BPT = "DC_ACDP_BPT"
    WPT = "WPT"


class ControlType(StrEnum):
    """What a DER control governs (DERControlEnum)."""

    ENTER_SERVICE = "EnterService"
    FREQ_DROOP = "FreqDroop"
    FREQ_WATT = "FreqWatt"
    FIXED_PF_ABSORB = "FixedPFAbsorb"
    FIXED_PF_INJECT = "FixedPFInject"
    FIXED_VAR = "FixedVar"
    GRADIENTS = "Gradients"
    HF_MUST_TRIP = "HFMustTrip"
    HF_MAY_TRIP = "HFMayTrip"
    HV_MUST_TRIP = "HVMustTrip"
    HV_MOM_CESS = "HVMomCess"
    HV_MAY_TRIP = "HVMayTrip"
    LIMIT_MAX_DISCHARGE = "LimitMaxDischarge"
    LF_MUST_TRIP = "LFMustTrip"
    LV_MUST_TRIP = "LVMustTrip"
    LV_MOM_CESS = "LVMomCess"
    LV_MAY_TRIP = "LVMayTrip"
    POWER_MONITORING_MUST_TRIP = "PowerMonitoringMustTrip"
    VOLT_VAR = "VoltVar"
    VOLT_WATT = "VoltWatt"
    WATT_PF = "WattPF"
    WATT_VAR = "WattVar"


SETTINGS = {
    ControlType.ENTER_SERVICE: "enter_service",
    ControlType.FIXED_PF_ABSORB: "fixed_pf_absorb",
    ControlType.FIXED_PF_INJECT: "fixed_pf_inject",
    ControlType.FIXED_VAR: "fixed_var",
    ControlType.FREQ_DROOP: "freq_droop",
    ControlType.GRADIENTS: "gradient",
    ControlType.LIMIT_MAX_DISCHARGE: "limit_max_discharge",
}
"""The structure that holds the settings of a control; all others are a ``curve``."""


def structure_of(control_type: ControlType) -> str:
    """The name of the structure with a control's settings."""
    return SETTINGS.get(control_type, "curve")


class UsePriority(Command, frozen=True, kw_only=True, tag="use_priority_charging"):
    """Let a transaction draw what its priority profile says, or no longer (K21)."""

    transaction_ref: str
    activate: bool


class AllowTransfer(Command, frozen=True, kw_only=True, tag="allow_energy_transfer"):
    """Say anew which ways of charging a transaction may use (Q01)."""

    transaction_ref: str
    modes: tuple[Transfer, ...]


class SendSignal(Command, frozen=True, kw_only=True, tag="afrr_signal"):
    """A signal of the grid's frequency reserve (aFRR), for stations in LocalFrequency (Q08)."""

    at: datetime
    signal: int


class SetControl(Command, frozen=True, kw_only=True, tag="set_der_control"):
    """Give a station a DER control (R04); ``settings`` are those of `structure_of` its type."""

    control_id: str
    control_type: ControlType
    is_default: bool
    settings: dict[str, object]


class ClearControls(Command, frozen=True, kw_only=True, tag="clear_der_controls"):
    """Take DER controls away: the one of that id, or all (of a type) that are defaults or are
    not (R04.FR.30)."""

    is_default: bool
    control_type: ControlType | None = None
    control_id: str | None = None


class ReportControls(Command, frozen=True, kw_only=True, tag="report_der_controls"):
    """Have a station tell its DER controls (R05)."""

    ref: int | None = None
    is_default: bool | None = None
    control_type: ControlType | None = None
    control_id: str | None = None


class ControlAnswer(Struct, frozen=True, kw_only=True):
    """Found in an answer: its status, and what a new control made ineffective."""

    status: str
    superseded: tuple[str, ...] = ()


class PriorityTold(Report, frozen=True, kw_only=True):
    """NotifyPriorityCharging (K20)."""

    transaction_ref: str
    activated: bool


class ControlsTold(Report, frozen=True, kw_only=True):
    """ReportDERControl (R05): ``controls`` are JSON as `CONTROL` holds it, each with its ``id``."""

    ref: int | None
    controls: tuple[dict[str, object], ...]
    last: bool = True


class ControlStarted(Report, frozen=True, kw_only=True):
    """NotifyDERStartStop (R04): a control takes effect, or no longer."""

    control_id: str
    started: bool
    at: datetime
    superseded: tuple[str, ...] = ()


class GridAlarm(Report, frozen=True, kw_only=True):
    """NotifyDERAlarm (R06): the grid is out of bounds, or back within."""

    control_type: str
    at: datetime
    fault: str | None = None
    ended: bool = False
    info: str | None = None
