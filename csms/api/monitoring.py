"""Monitors, streams and their events: `/stations/{identity}/monitors` and its neighbours."""

from __future__ import annotations

from typing import Annotated, Any

import attrs
import msgspec
from msgspec import Meta

from csms.api.command_shapes import Queue, Queued
from csms.api.commands import OUTCOME
from csms.api.held import held_page
from csms.api.monitoring_shapes import (
    BaseRequest,
    LevelRequest,
    MonitorBatchView,
    MonitorItemView,
    MonitorReportRequest,
    MonitorSet,
    MonitorsRequest,
    MonitorView,
    PaceRequest,
    StreamView,
)
from csms.api.operations import OperationView, operation_answer, operation_view
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Listed, Shape, list_query, told
from csms.api.variables import answer_of
from csms.core.commands import Command
from csms.core.errors import Invalid
from csms.core.holdings import Holding
from csms.core.listings import EVENT_STREAMS, MONITORS
from csms.core.monitoring.vocabulary import (
    MONITOR,
    STREAM,
    AdjustStream,
    Monitor,
    Pace,
    ReadStreams,
    RequestMonitoringReport,
    SetMonitoringBase,
    SetMonitoringLevel,
)
from csms.core.ports import IHoldings, IMonitors, IOperations, MonitorBatch, MonitorOutcome
from csms.core.variables.vocabulary import Chosen

MAX_CLEARED = 500
_BATCH = (
    "Answered with 200 once the outcome of every item is known, and with 202 while one is still on "
    "its way."
)


class ClearQuery(Shape, frozen=True, kw_only=True):
    """Which monitors to clear."""

    ids: Annotated[str, Meta(max_length=8192, description="Numbers, separated by commas.")]
    queue: Queue = False


@attrs.frozen
class Monitoring:
    """Handlers of a station's monitors and streams."""

    holdings: IHoldings
    monitors: IMonitors
    operations: IOperations

    async def list(self, call: Call[None, Any]) -> Answer:
        """The monitors that are known."""
        return await held_page(self.holdings, MONITORS, MONITOR, _monitor_view, call)

    async def set(self, call: Call[MonitorsRequest, NoQuery]) -> Answer:
        """Set monitors."""
        batch = await self.monitors.set(
            call.path["identity"],
            call.operator_id,
            [_monitor(item) for item in call.body.items],
            requested_by=call.who,
            queue=call.body.queue,
        )
        return _batch_answer(batch)

    async def clear(self, call: Call[None, ClearQuery]) -> Answer:
        """Clear monitors."""
        texts = [text.strip() for text in call.query.ids.split(",")]
        if len(texts) > MAX_CLEARED or not all(
            text.isascii() and text.isdecimal() and len(text) < 10 for text in texts
        ):
            raise Invalid(
                f"expected the numbers of 1 to {MAX_CLEARED} monitors, separated by commas",
                field="ids",
            )
        batch = await self.monitors.clear(
            call.path["identity"],
            call.operator_id,
            [int(text) for text in texts],
            requested_by=call.who,
            queue=call.query.queue,
        )
        return _batch_answer(batch)

    async def report(self, call: Call[MonitorReportRequest, NoQuery]) -> Answer:
        """Have the station report its monitors."""
        items = tuple(Chosen(**msgspec.structs.asdict(item)) for item in call.body.items)
        return await self._send(
            call,
            RequestMonitoringReport(criteria=call.body.criteria, items=items),
            queue=call.body.queue,
        )

    async def base(self, call: Call[BaseRequest, NoQuery]) -> Answer:
        """Go back to a set of monitors."""
        return await self._send(call, SetMonitoringBase(base=call.body.base), queue=call.body.queue)

    async def level(self, call: Call[LevelRequest, NoQuery]) -> Answer:
        """Which events are told of."""
        command = SetMonitoringLevel(severity=call.body.severity)
        return await self._send(call, command, queue=call.body.queue)

    async def streams(self, call: Call[None, Any]) -> Answer:
        """The streams that are known."""
        return await held_page(self.holdings, EVENT_STREAMS, STREAM, _stream_view, call)

    async def read_streams(self, call: Call[Queued, NoQuery]) -> Answer:
        """Ask the station which streams are open."""
        return await self._send(call, ReadStreams(), queue=call.body.queue)

    async def adjust(self, call: Call[PaceRequest, NoQuery]) -> Answer:
        """Change how often a stream speaks."""
        body = call.body
        if body.interval_s is None and body.values is None:
            raise Invalid("give interval_s, values, or both", field="interval_s")
        pace = Pace(interval_s=body.interval_s, values=body.values)
        command = AdjustStream(stream_id=int(call.path["stream_id"]), pace=pace)
        return await self._send(call, command, queue=body.queue)

    async def _send(self, call: Call[Any, NoQuery], command: Command, *, queue: bool) -> Answer:
        operation = await self.operations.submit(
            call.path["identity"],
            call.operator_id,
            command,
            requested_by=call.who,
            queue=queue,
        )
        return operation_answer(operation)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        batch: dict[int, Any] = {200: MonitorBatchView, 202: MonitorBatchView}
        return (
            Route(
                method="GET",
                path=f"{_STATION}/monitors",
                name="listMonitors",
                summary="List what is watched at a station",
                tag="monitoring",
                handler=self.list,
                query=list_query(MONITORS),
                answers={200: Listed[MonitorView]},
            ),
            Route(
                method="POST",
                path=f"{_STATION}/monitors",
                name="setMonitors",
                summary="Watch variables of a station",
                description=_BATCH,
                tag="monitoring",
                handler=self.set,
                body=MonitorsRequest,
                answers=batch,
                refuses=frozenset({409}),
            ),
            Route(
                method="DELETE",
                path=f"{_STATION}/monitors",
                name="clearMonitors",
                summary="Watch variables no more",
                description=_BATCH,
                tag="monitoring",
                handler=self.clear,
                query=ClearQuery,
                answers=batch,
                refuses=frozenset({409}),
            ),
            _command(
                "POST",
                "monitors/report",
                "requestMonitoringReport",
                "Have a station report its monitors",
                self.report,
                MonitorReportRequest,
                optional=True,
            ),
            _command(
                "PUT",
                "monitoring-base",
                "setMonitoringBase",
                "Go back to a set of monitors",
                self.base,
                BaseRequest,
            ),
            _command(
                "PUT",
                "monitoring-level",
                "setMonitoringLevel",
                "Choose which events are told of",
                self.level,
                LevelRequest,
            ),
            Route(
                method="GET",
                path=f"{_STATION}/event-streams",
                name="listEventStreams",
                summary="List the event streams of a station",
                tag="monitoring",
                handler=self.streams,
                query=list_query(EVENT_STREAMS),
                answers={200: Listed[StreamView]},
            ),
            _command(
                "POST",
                "event-streams/read",
                "readEventStreams",
                "Ask a station which event streams are open",
                self.read_streams,
                Queued,
                optional=True,
            ),
            _command(
                "PATCH",
                "event-streams/{stream_id}",
                "adjustEventStream",
                "Change how often an event stream speaks",
                self.adjust,
                PaceRequest,
            ),
        )


_STATION = f"{PREFIX}/stations/{{identity}}"


def _command(
    method: str,
    path: str,
    name: str,
    summary: str,
    handler: Any,
    body: Any,
    *,
    optional: bool = False,
) -> Route:
    return Route(
        method=method,
        path=f"{_STATION}/{path}",
        name=name,
        summary=summary,
        description=OUTCOME,
        tag="monitoring",
        handler=handler,
        body=body,
        body_optional=optional,
        answers={200: OperationView, 202: OperationView},
        refuses=frozenset({409}),
    )


def _monitor(item: MonitorSet) -> Monitor:
    fields = msgspec.structs.asdict(item)
    pace = fields.pop("stream")
    return Monitor(
        **fields,
        pace=None if pace is None else Pace(interval_s=pace.interval_s, values=pace.values),
    )


def _monitor_view(holding: Holding) -> MonitorView:
    content = holding.content
    pace: Any = content.get("pace")
    return msgspec.convert(
        {
            **{name: content.get(name) for name in MonitorView.__struct_fields__},
            "monitor_id": int(holding.key),
            "stream": pace,
            "origin": holding.origin,
            "operation_id": holding.operation_id,
            "updated_at": told(holding.updated_at),
        },
        MonitorView,
    )


def _stream_view(holding: Holding) -> StreamView:
    pace: Any = holding.content.get("pace") or {}
    return msgspec.convert(
        {
            "stream_id": int(holding.key),
            "monitor_id": holding.content.get("monitor_id"),
            "interval_s": pace.get("interval_s"),
            "values": pace.get("values"),
            "pending": holding.content.get("pending"),
            "opened_at": told(holding.created_at),
            "updated_at": told(holding.updated_at),
        },
        StreamView,
    )


def _item_view(outcome: MonitorOutcome) -> MonitorItemView:
    monitor = outcome.monitor
    return MonitorItemView(
        monitor_id=outcome.monitor_id,
        component=None if monitor is None else monitor.component,
        variable=None if monitor is None else monitor.variable,
        kind=None if monitor is None else monitor.kind,
        status=outcome.status,
        operation_id=outcome.operation_id,
        detail=outcome.detail,
    )


def _batch_answer(batch: MonitorBatch) -> Answer:
    items = tuple(map(_item_view, batch.items))
    body = MonitorBatchView(items=items, operations=tuple(map(operation_view, batch.operations)))
    status, headers = answer_of(batch.operations)
    return Answer(status, body, headers)
