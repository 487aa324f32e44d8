"""Shapes of priority charging, power given back, and DER controls."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from csms.api.command_shapes import Queued
from csms.api.shapes import INT32, Json, Moment, Time, View, told
from csms.core.energy.vocabulary import ControlType, Transfer
from csms.core.holdings import Holding

ControlWord = Annotated[
    str,
    Meta(pattern=f"^({'|'.join(ControlType)})$", extra_json_schema={"enum": [*ControlType]}),
]
ControlId = Annotated[str, Meta(min_length=1, max_length=36)]


class PriorityRequest(Queued, frozen=True, kw_only=True):
    """Whether the session may draw what its `PriorityCharging` profile says."""

    activate: bool


class TransferRequest(Queued, frozen=True, kw_only=True):
    """In which ways the session may draw energy or give it back."""

    modes: Annotated[tuple[Transfer, ...], Meta(min_length=1, max_length=11)]


class SignalRequest(Queued, frozen=True, kw_only=True):
    """A signal of the frequency reserve; `at` is now unless given."""

    signal: Annotated[int, Meta(ge=-INT32, le=INT32)]
    at: Moment | None = None


class ControlRequest(Queued, frozen=True, kw_only=True):
    """A DER control; one of the same id is replaced. An id is made up unless one is given.

    `settings` are those of the type: a curve (`curve_data`, `priority`, `y_unit` ...), or what
    `EnterService`, `FixedPFAbsorb`, `FixedPFInject`, `FixedVar`, `FreqDroop`, `Gradients`,
    `LimitMaxDischarge` have instead; names as in OCPP 2.1, in snake case.
    """

    control_type: ControlType
    settings: dict[str, Json]
    is_default: bool = False
    control_id: ControlId | None = None


class ControlReportRequest(Queued, frozen=True, kw_only=True):
    """Which controls the station should tell."""

    is_default: bool | None = None
    control_type: ControlType | None = None
    control_id: ControlId | None = None


class ControlsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which controls to take away: the one of that id, or all (of a type) that are defaults or
    are not."""

    is_default: bool
    control_type: ControlWord | UnsetType = UNSET
    control_id: ControlId | UnsetType = UNSET
    queue: bool = False


class ControlView(View, frozen=True, kw_only=True):
    """A DER control that a station holds."""

    control_id: str
    control_type: str | None
    is_default: bool | None
    is_superseded: bool | None
    started: Annotated[bool, Meta(description="Whether it is in effect.")] | None
    settings: Json
    origin: str
    operation_id: str | None
    updated_at: Time


def control_view(held: Holding) -> ControlView:
    """A control as the API tells it."""
    content = held.content
    kind = content.get("control_type")
    return ControlView(
        control_id=held.key,
        control_type=kind if isinstance(kind, str) else None,
        is_default=_flag(content.get("is_default")),
        is_superseded=_flag(content.get("is_superseded")),
        started=_flag(content.get("started")),
        settings=content.get("settings"),
        origin=held.origin,
        operation_id=held.operation_id,
        updated_at=told(held.updated_at),
    )


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
