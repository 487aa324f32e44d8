"""Monitors of stations, set and cleared in as many messages as it takes; and what stations make of
them is followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from csms.core.commands import Command
from csms.core.events import Event
from csms.core.monitoring.rules import BASE_SET
from csms.core.monitoring.streams import BEHIND
from csms.core.monitoring.vocabulary import (
    AdjustStream,
    ClearMonitors,
    Monitor,
    Pace,
    RequestMonitoringReport,
    SetMonitors,
)
from csms.core.ports import (
    IMonitors,
    IOperations,
    ISpeech,
    IStations,
    ISubscriber,
    ITasks,
    IVariables,
    MonitorBatch,
    MonitorOutcome,
)
from csms.core.values import Operation
from csms.core.variables.portions import Portioned
from csms.pipeline.portions import NOT_SENT, Courtesy, Portions

FOLLOW_UP = "csms:monitoring"
"""Who asks, as it is kept with the operation."""


@implementer(IMonitors)
@attrs.define(eq=False, kw_only=True)
class Monitors:
    """`IMonitors` over operations."""

    operations: IOperations
    variables: IVariables
    stations: IStations
    speech: ISpeech

    async def set(
        self,
        identity: str,
        operator_id: int,
        monitors: Sequence[Monitor],
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> MonitorBatch:
        """See `IMonitors`."""
        courtesy = Courtesy(
            identity=identity, operator_id=operator_id, requested_by=requested_by, queue=queue
        )
        sent = await self._send(courtesy, Portioned.SET_MONITORS, monitors, SetMonitors)
        outcomes: list[MonitorOutcome] = []
        for portion, operation in sent:
            found = await self._found(courtesy, SetMonitors(items=portion), operation)
            told = {(each.key, each.kind, each.severity): each for each in found}
            for monitor in portion:
                each = told.get((monitor.key, monitor.kind, monitor.severity))
                number = monitor.monitor_id if each is None else each.monitor_id
                outcomes.append(_outcome(operation, each, monitor_id=number, monitor=monitor))
        return _batch(sent, outcomes)

    async def clear(
        self,
        identity: str,
        operator_id: int,
        monitor_ids: Sequence[int],
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> MonitorBatch:
        """See `IMonitors`."""
        courtesy = Courtesy(
            identity=identity, operator_id=operator_id, requested_by=requested_by, queue=queue
        )
        sent = await self._send(courtesy, Portioned.CLEAR_MONITORS, monitor_ids, ClearMonitors)
        outcomes: list[MonitorOutcome] = []
        for portion, operation in sent:
            found = await self._found(courtesy, ClearMonitors(items=portion), operation)
            told = {each.monitor_id: each for each in found}
            outcomes += [
                _outcome(operation, told.get(number), monitor_id=number) for number in portion
            ]
        return _batch(sent, outcomes)

    async def _send(
        self, courtesy: Courtesy, of: Portioned, items: Sequence[Any], command: Any
    ) -> list[tuple[tuple[Any, ...], Operation | str]]:
        portions = Portions(operations=self.operations, variables=self.variables)
        return await portions.send(courtesy, await portions.split(courtesy, of, items), command)

    async def _found(
        self, courtesy: Courtesy, command: Command, operation: Operation | str
    ) -> Sequence[Any]:
        if isinstance(operation, str) or operation.response is None:
            return ()
        station = await self.stations.get(courtesy.identity, courtesy.operator_id)
        found: Any = self.speech.found(station.ocpp_version or "", command, operation.response)
        return found or ()


def _outcome(
    operation: Operation | str,
    told: Any,
    *,
    monitor_id: int | None,
    monitor: Monitor | None = None,
) -> MonitorOutcome:
    if isinstance(operation, str):
        return MonitorOutcome(
            monitor_id=monitor_id, monitor=monitor, status=NOT_SENT, detail=operation
        )
    return MonitorOutcome(
        monitor_id=monitor_id,
        monitor=monitor,
        status=operation.status.value if told is None else told.status.value,
        operation_id=operation.id,
        detail=operation.detail if told is None else told.detail,
    )


def _batch(
    sent: Sequence[tuple[object, Operation | str]], outcomes: Sequence[MonitorOutcome]
) -> MonitorBatch:
    operations = tuple(each for _, each in sent if isinstance(each, Operation))
    return MonitorBatch(operations=operations, items=tuple(outcomes))


@implementer(ISubscriber)
@attrs.define(eq=False, kw_only=True)
class MonitoringFollower:
    """Adjusts streams that fall behind, and asks which monitors there are when a station went back
    to a set of them (N05)."""

    operations: IOperations
    tasks: ITasks
    frequent: bool = attrs.field(default=False, init=False)

    async def receive(self, events: Sequence[Event]) -> None:
        """See `ISubscriber`."""
        for event in events:
            match event.kind, event.data:
                case kind, {"stream_id": int(stream_id), "pace": dict(pace)} if kind == BEHIND:
                    faster = AdjustStream(stream_id=stream_id, pace=msgspec.convert(pace, Pace))
                    self._spawn(event, faster)
                case kind, _ if kind == BASE_SET:
                    self._spawn(event, RequestMonitoringReport())

    def _spawn(self, event: Event, command: Command) -> None:
        self.tasks.spawn(self._submit(event, command), "following monitors", station=event.identity)

    async def _submit(self, event: Event, command: Command) -> None:
        await self.operations.submit(
            event.identity, event.operator_id, command, requested_by=FOLLOW_UP
        )
