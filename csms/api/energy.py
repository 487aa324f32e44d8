"""Priority charging, power given back, and DER controls of OCPP 2.1."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.api.commands import OUTCOME
from csms.api.energy_shapes import (
    ControlReportRequest,
    ControlRequest,
    ControlsQuery,
    ControlView,
    PriorityRequest,
    SignalRequest,
    TransferRequest,
    control_view,
)
from csms.api.held import held_page
from csms.api.operations import OperationView, operation_answer
from csms.api.reading import moment
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.running import running
from csms.api.shapes import Listed, given, list_query
from csms.core.commands import Command
from csms.core.energy.vocabulary import (
    CONTROL,
    AllowTransfer,
    ClearControls,
    ControlType,
    ReportControls,
    SendSignal,
    SetControl,
    UsePriority,
)
from csms.core.listings import DER_CONTROLS
from csms.core.ports import IHoldings, IOperations, ISessions
from csms.core.values import Session

_OPERATION = {200: OperationView, 202: OperationView}


@attrs.frozen
class Energy:
    """Handlers of what OCPP 2.1 has for the grid."""

    holdings: IHoldings
    sessions: ISessions
    operations: IOperations
    clock: IReactorTime

    async def priority(self, call: Call[PriorityRequest, NoQuery]) -> Answer:
        """Let a session charge with priority, or no longer."""
        session, ref = await self._open(call)
        command = UsePriority(transaction_ref=ref, activate=call.body.activate)
        return await self._about(call, session, command)

    async def transfer(self, call: Call[TransferRequest, NoQuery]) -> Answer:
        """Say in which ways a session may draw or give energy."""
        session, ref = await self._open(call)
        command = AllowTransfer(transaction_ref=ref, modes=call.body.modes)
        return await self._about(call, session, command)

    async def _open(self, call: Call[Any, Any]) -> tuple[Session, str]:
        return await running(self.sessions, call.path["session_id"], call.operator_id)

    async def _about(self, call: Call[Any, Any], session: Session, command: Command) -> Answer:
        operation = await self.operations.submit(
            session.identity,
            call.operator_id,
            command,
            requested_by=call.who,
            queue=call.body.queue,
            session_id=session.id,
        )
        return operation_answer(operation)

    async def signal(self, call: Call[SignalRequest, NoQuery]) -> Answer:
        """Send a signal of the frequency reserve."""
        told = call.body.at
        now = datetime.fromtimestamp(self.clock.seconds(), UTC)
        at = now if told is None else moment(told, "at")
        command = SendSignal(at=at, signal=call.body.signal)
        return await self._send(call, command, queue=call.body.queue)

    async def controls(self, call: Call[None, Any]) -> Answer:
        """The DER controls that a station holds, as far as it is known."""
        return await held_page(self.holdings, DER_CONTROLS, CONTROL, control_view, call)

    async def set_control(self, call: Call[ControlRequest, NoQuery]) -> Answer:
        """Give a station a DER control."""
        body = call.body
        command = SetControl(
            control_id=body.control_id or str(uuid4()),
            control_type=body.control_type,
            is_default=body.is_default,
            settings=body.settings,
        )
        return await self._send(call, command, queue=body.queue)

    async def clear_controls(self, call: Call[None, ControlsQuery]) -> Answer:
        """Take DER controls away."""
        criteria = given(call.query)
        queue = criteria.pop("queue")
        if "control_type" in criteria:
            criteria["control_type"] = ControlType(criteria["control_type"])
        return await self._send(call, ClearControls(**criteria), queue=queue)

    async def report_controls(self, call: Call[ControlReportRequest, NoQuery]) -> Answer:
        """Have a station tell its DER controls."""
        body = call.body
        command = ReportControls(
            is_default=body.is_default,
            control_type=body.control_type,
            control_id=body.control_id,
        )
        return await self._send(call, command, queue=body.queue)

    async def _send(self, call: Call[Any, Any], command: Command, *, queue: bool) -> Answer:
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
        session = f"{PREFIX}/sessions/{{session_id}}"
        station = f"{PREFIX}/stations/{{identity}}"
        controls = f"{station}/der-controls"
        return (
            _route(
                "POST",
                f"{session}/priority",
                "usePriorityCharging",
                "Let a session charge with priority, or no longer",
                self.priority,
                body=PriorityRequest,
            ),
            _route(
                "POST",
                f"{session}/allowed-energy-transfer",
                "allowEnergyTransfer",
                "Say in which ways a session may draw energy or give it back",
                self.transfer,
                body=TransferRequest,
            ),
            _route(
                "POST",
                f"{station}/afrr-signal",
                "sendFrequencySignal",
                "Send a signal of the frequency reserve (aFRR)",
                self.signal,
                body=SignalRequest,
            ),
            _route(
                "GET",
                controls,
                "listDerControls",
                "List the DER controls that a station holds",
                self.controls,
                query=list_query(DER_CONTROLS),
                answers={200: Listed[ControlView]},
                description="Those it accepted or reported, and was not known to lose since.",
            ),
            _route(
                "PUT",
                controls,
                "setDerControl",
                "Give a station a DER control",
                self.set_control,
                body=ControlRequest,
            ),
            _route(
                "DELETE",
                controls,
                "clearDerControls",
                "Take DER controls away",
                self.clear_controls,
                query=ControlsQuery,
            ),
            _route(
                "POST",
                f"{controls}/report",
                "reportDerControls",
                "Have a station tell its DER controls",
                self.report_controls,
                body=ControlReportRequest,
                body_optional=True,
            ),
        )


def _route(method: str, path: str, name: str, summary: str, handler: Any, **more: Any) -> Route:
    more.setdefault("answers", _OPERATION)
    more.setdefault("description", OUTCOME)
    return Route(
        method=method,
        path=path,
        name=name,
        summary=summary,
        tag="energy",
        handler=handler,
        refuses=frozenset() if method == "GET" else frozenset({409}),
        **more,
    )
