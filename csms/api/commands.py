"""Commands to stations: any message of OCPP, and the usual ones for every version alike."""

from __future__ import annotations

from typing import Any

import attrs

from csms.api.command_shapes import (
    AvailabilityRequest,
    DataRequest,
    Queued,
    RawCommand,
    ResetRequest,
    StartRequest,
    StopRequest,
    TriggerRequest,
    UnlockRequest,
)
from csms.api.operations import OperationView, operation_answer
from csms.api.remote import Remote
from csms.api.routes import PREFIX, Answer, Call, Handler, NoQuery, Route
from csms.core.charging.checks import check_start
from csms.core.commands import (
    ChangeAvailability,
    ClearCache,
    Command,
    Raw,
    RemoteStart,
    Reset,
    SendData,
    Trigger,
    Unlock,
)
from csms.core.errors import Invalid
from csms.core.ports import IOperations

OUTCOME = (
    "Answered with 200 once the outcome is known: the station's answer (`accepted`, `rejected`, "
    "`unsupported`), or that it is `unreachable`, or that it did not answer in time (`expired`). "
    "With 202 while the command is still `pending` or `queued`; `Location` says where to ask."
)


@attrs.frozen
class Commands:
    """Handlers of the commands under `/stations/{identity}`."""

    operations: IOperations
    remote: Remote

    async def raw(self, call: Call[RawCommand, NoQuery]) -> Answer:
        """Any message of the station's version."""
        return await self._send(call, Raw(action=call.body.action, payload=call.body.payload))

    async def start(self, call: Call[StartRequest, NoQuery]) -> Answer:
        """Begin a session."""
        if call.body.charging_profile is not None:
            check_start(call.body.charging_profile)
        command = RemoteStart(
            id_token=call.body.id_token,
            kind=call.body.kind,
            group_id=call.body.group_id,
            evse_id=call.body.evse_id,
            charging_profile=call.body.charging_profile,
        )
        identity, queue = call.path["identity"], call.body.queue
        return operation_answer(await self.remote.start(call, identity, command, queue=queue))

    async def stop(self, call: Call[StopRequest, NoQuery]) -> Answer:
        """End a session, a transaction, or what is open on an EVSE."""
        identity, queue = call.path["identity"], call.body.queue
        match (call.body.session_id, call.body.transaction_id, call.body.evse_id):
            case (str(session_id), None, None):
                operation = await self.remote.stop_session(
                    call, session_id, identity=identity, queue=queue
                )
            case (None, int() | str() as transaction_id, None):
                operation = await self.remote.stop_transaction(
                    call, str(transaction_id), identity=identity, queue=queue
                )
            case (None, None, int(evse_id)):
                operation = await self.remote.stop_evse(call, identity, evse_id, queue=queue)
            case _:
                raise Invalid(
                    "give exactly one of session_id, transaction_id, evse_id", field="session_id"
                )
        return operation_answer(operation)

    async def reset(self, call: Call[ResetRequest, NoQuery]) -> Answer:
        """Restart."""
        body = call.body
        return await self._send(call, Reset(kind=body.kind, evse_id=body.evse_id))

    async def unlock(self, call: Call[UnlockRequest, NoQuery]) -> Answer:
        """Release a plug."""
        body = call.body
        return await self._send(call, Unlock(evse_id=body.evse_id, connector_id=body.connector_id))

    async def availability(self, call: Call[AvailabilityRequest, NoQuery]) -> Answer:
        """In or out of service."""
        body = call.body
        _check_plug(body.evse_id, body.connector_id)
        command = ChangeAvailability(
            evse_id=body.evse_id, connector_id=body.connector_id, operative=body.operative
        )
        return await self._send(call, command)

    async def trigger(self, call: Call[TriggerRequest, NoQuery]) -> Answer:
        """Ask for a message."""
        body = call.body
        _check_plug(body.evse_id, body.connector_id)
        command = Trigger(
            message=body.message.value,
            evse_id=body.evse_id,
            connector_id=body.connector_id,
            custom=body.custom,
        )
        return await self._send(call, command)

    async def clear_cache(self, call: Call[Queued, NoQuery]) -> Answer:
        """Forget cached authorizations."""
        return await self._send(call, ClearCache())

    async def data(self, call: Call[DataRequest, NoQuery]) -> Answer:
        """Vendor-specific data."""
        body = call.body
        command = SendData(vendor_id=body.vendor_id, message_id=body.message_id, data=body.data)
        return await self._send(call, command)

    async def _send(self, call: Call[Any, NoQuery], command: Command) -> Answer:
        operation = await self.operations.submit(
            call.path["identity"],
            call.operator_id,
            command,
            requested_by=call.who,
            queue=call.body.queue,
        )
        return operation_answer(operation)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        return (
            _route("commands", "sendCommand", "Send any OCPP message", self.raw, RawCommand),
            _route("remote-start", "remoteStart", "Start a session", self.start, StartRequest),
            _route("remote-stop", "remoteStop", "Stop a session", self.stop, StopRequest),
            _route("reset", "resetStation", "Restart", self.reset, ResetRequest, optional=True),
            _route("unlock", "unlockConnector", "Unlock a plug", self.unlock, UnlockRequest),
            _route(
                "availability",
                "changeAvailability",
                "Take in or out of service",
                self.availability,
                AvailabilityRequest,
            ),
            _route("trigger", "triggerMessage", "Ask for a message", self.trigger, TriggerRequest),
            _route(
                "clear-cache",
                "clearCache",
                "Clear the authorization cache",
                self.clear_cache,
                Queued,
                optional=True,
            ),
            _route(
                "data-transfer", "dataTransfer", "Send vendor-specific data", self.data, DataRequest
            ),
        )


def _check_plug(evse_id: int | None, connector_id: int | None) -> None:
    """Raises `Invalid` for a plug of no EVSE: the station itself has none."""
    if connector_id is not None and not evse_id:
        raise Invalid("say of which EVSE it is", field="connector_id")


def _route(
    path: str, name: str, summary: str, handler: Handler, body: Any, *, optional: bool = False
) -> Route:
    return Route(
        method="POST",
        path=f"{PREFIX}/stations/{{identity}}/{path}",
        name=name,
        summary=summary,
        description=OUTCOME,
        tag="commands",
        handler=handler,
        body=body,
        body_optional=optional,
        answers={200: OperationView, 202: OperationView},
        refuses=frozenset({409}),
    )
