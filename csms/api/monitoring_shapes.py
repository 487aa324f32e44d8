"""Shapes of monitors and event streams."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from csms.api.command_shapes import Queued
from csms.api.operations import OperationView
from csms.api.shapes import INT32, EvseId, PlugId, Shape, Time, View
from csms.api.variable_shapes import MAX_ITEMS, ChosenVariable, Name
from csms.core.monitoring.vocabulary import MonitoringBase, MonitoringCriterion, MonitorKind

Severity = Annotated[int, Meta(ge=0, le=9, description="0 (danger) to 9 (debug).")]
MonitorId = Annotated[int, Meta(ge=0, le=INT32, description="Number that the station gave it.")]
Interval = Annotated[int, Meta(ge=0, le=INT32, description="Seconds between two messages.")]
Values = Annotated[int, Meta(ge=0, le=INT32, description="Values in a message.")]


class PaceSet(Shape, frozen=True, kw_only=True):
    """How often a stream speaks."""

    interval_s: Interval | None = None
    values: Values | None = None


class PaceRequest(Queued, frozen=True, kw_only=True):
    """How often a stream should speak."""

    interval_s: Interval | None = None
    values: Values | None = None


class MonitorSet(Shape, frozen=True, kw_only=True):
    """A monitor."""

    component: Name
    component_instance: Name | None = None
    evse_id: EvseId | None = None
    connector_id: PlugId | None = None
    variable: Name
    variable_instance: Name | None = None
    monitor_id: Annotated[MonitorId, Meta(description="Of the one to replace.")] | None = None
    kind: MonitorKind
    value: Annotated[float, Meta(ge=-1e15, le=1e15)]
    severity: Severity
    transaction: Annotated[bool, Meta(description="Only while a transaction runs.")] = False
    stream: Annotated[PaceSet, Meta(description="Values come as a stream (2.1).")] | None = None


class MonitorsRequest(Queued, frozen=True, kw_only=True):
    """Monitors to set."""

    items: Annotated[tuple[MonitorSet, ...], Meta(min_length=1, max_length=MAX_ITEMS)]


class MonitorReportRequest(Queued, frozen=True, kw_only=True):
    """Which monitors the report should be about; all unless said."""

    criteria: Annotated[tuple[MonitoringCriterion, ...], Meta(max_length=3)] = ()
    items: Annotated[tuple[ChosenVariable, ...], Meta(max_length=MAX_ITEMS)] = ()


class BaseRequest(Queued, frozen=True, kw_only=True):
    """A set of monitors; with every one but `all` those that were set are gone."""

    base: MonitoringBase


class LevelRequest(Queued, frozen=True, kw_only=True):
    """Events of that severity, and graver ones, are told of."""

    severity: Severity


class MonitorView(View, frozen=True, kw_only=True):
    """A monitor of a station."""

    monitor_id: int
    component: str | None
    component_instance: str | None
    evse_id: int | None
    connector_id: int | None
    variable: str
    variable_instance: str | None
    kind: Annotated[MonitorKind | None, Meta(description="Null where only an event told of it.")]
    value: float | None
    severity: int | None
    transaction: bool | None
    stream: PaceSet | None
    source: Annotated[
        str | None,
        Meta(description="`HardWiredMonitor`, `PreconfiguredMonitor`, `CustomMonitor`."),
    ]
    origin: Annotated[str, Meta(description="`set` by us, or `told` by the station.")]
    operation_id: str | None
    updated_at: Time


class StreamView(View, frozen=True, kw_only=True):
    """An event stream of a station."""

    stream_id: int
    monitor_id: int
    interval_s: int | None
    values: int | None
    pending: Annotated[int | None, Meta(description="Values that it has not sent yet.")]
    opened_at: Time
    updated_at: Time


class MonitorItemView(View, frozen=True, kw_only=True):
    """What became of one monitor."""

    monitor_id: int | None
    component: str | None
    variable: str | None
    kind: MonitorKind | None
    status: Annotated[
        str,
        Meta(
            description="`accepted`, `rejected`, `unknown`, `unsupported`, `duplicate`; where the "
            "station did not say, the status of the operation; `not_sent` after one that it did "
            "not answer."
        ),
    ]
    operation_id: str | None
    detail: str | None


class MonitorBatchView(View, frozen=True, kw_only=True):
    """What became of each monitor, in the order asked for, and the operations."""

    items: tuple[MonitorItemView, ...]
    operations: tuple[OperationView, ...]
