"""Commands that were sent, and what became of them: `/operations`."""

from __future__ import annotations

from typing import Annotated, Any

import attrs
from msgspec import Meta

from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Json, Listed, Time, View, list_query, listed, query_of, told, told_if
from csms.core.listings import OPERATIONS
from csms.core.ports import IOperations
from csms.core.values import Operation, OperationStatus

OperationsQuery = list_query(OPERATIONS, station="Identity of the station.")


class OperationView(View, frozen=True, kw_only=True):
    """A command to a station, and what became of it."""

    id: str
    station: str
    action: Annotated[
        str, Meta(description="OCPP's own name when sent as such, else `remote_start` ...")
    ]
    payload: dict[str, Json]
    status: OperationStatus
    response: (
        Annotated[
            dict[str, Json],
            Meta(description="The station's answer, or `code` and `description` of its error."),
        ]
        | None
    )
    detail: str | None
    evse_id: int | None
    id_token: str | None
    ref: Annotated[
        int | None,
        Meta(description="Number by which the station speaks of it (`requestId` and the like)."),
    ]
    session_id: str | None
    requested_by: str | None
    created_at: Time
    sent_at: Time | None
    settled_at: Time | None
    expires_at: Time


@attrs.frozen
class Operations:
    """Handlers of `/operations`."""

    operations: IOperations

    async def list(self, call: Call[None, Any]) -> Answer:
        """Operations of the caller's operator."""
        page = await self.operations.list(query_of(call.query), call.operator_id)
        return listed(page, operation_view, call)

    async def get(self, call: Call[None, NoQuery]) -> Answer:
        """One operation."""
        operation = await self.operations.get(call.path["operation_id"], call.operator_id)
        return Answer(200, operation_view(operation))

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        return (
            Route(
                method="GET",
                path=f"{PREFIX}/operations",
                name="listOperations",
                summary="List operations",
                tag="operations",
                handler=self.list,
                query=OperationsQuery,
                answers={200: Listed[OperationView]},
            ),
            Route(
                method="GET",
                path=f"{PREFIX}/operations/{{operation_id}}",
                name="getOperation",
                summary="Get an operation",
                tag="operations",
                handler=self.get,
                answers={200: OperationView},
            ),
        )


def operation_view(operation: Operation) -> OperationView:
    """An operation as the API tells it."""
    return OperationView(
        id=operation.id,
        station=operation.identity,
        action=operation.action,
        payload=operation.payload,
        status=operation.status,
        response=operation.response,
        detail=operation.detail,
        evse_id=operation.evse_id,
        id_token=operation.id_token,
        ref=operation.ref,
        session_id=operation.session_id,
        requested_by=operation.requested_by,
        created_at=told(operation.created_at),
        sent_at=told_if(operation.sent_at),
        settled_at=told_if(operation.settled_at),
        expires_at=told(operation.expires_at),
    )


def operation_url(operation: Operation) -> str:
    """Where an operation can be asked for."""
    return f"{PREFIX}/operations/{operation.id}"


def operation_answer(operation: Operation) -> Answer:
    """200 with the outcome once it is known; until then 202 and where to ask for it."""
    if operation.status.settled:
        return Answer(200, operation_view(operation))
    return Answer(202, operation_view(operation), {"Location": operation_url(operation)})
