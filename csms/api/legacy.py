"""Routes of the older systems, kept as aliases over the same parts: `/api/charge-points`,
`/charge-points`, `/connections`, `/transactions`, `/api/remote-start`, `/api/remote-stop`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

import attrs
from msgspec import UNSET

from csms.api.legacy_shapes import (
    ChargePoint,
    ChargePointFields,
    Deleted,
    NewChargePoint,
    OldConnection,
    OldOutcome,
    OldQuery,
    OldStart,
    OldStop,
    OldTransactionsQuery,
    Transaction,
    charge_point,
    declaration,
    old_connection,
    old_outcome,
    transaction,
)
from csms.api.operations import operation_url
from csms.api.registrar import Registrar
from csms.api.remote import Remote
from csms.api.routes import Answer, Call, NoQuery, Route
from csms.api.shapes import next_link
from csms.core.commands import RemoteStart
from csms.core.errors import Conflict, Invalid, NotFound
from csms.core.pages import Page, Query
from csms.core.ports import IConnections, ISessions, IStations
from csms.core.values import Operation, Station


@attrs.frozen
class Legacy:
    """Handlers of the older routes."""

    stations: IStations
    connections: IConnections
    sessions: ISessions
    registrar: Registrar
    remote: Remote

    async def charge_points(self, call: Call[None, OldQuery]) -> Answer:
        """Charge points, as an array."""
        page = await self.stations.list(_page(call.query), call.operator_id)
        return _array(page, charge_point, call)

    async def get_charge_point(self, call: Call[None, NoQuery]) -> Answer:
        """One charge point."""
        station = await self.stations.get(call.path["identity"], call.operator_id)
        return Answer(200, charge_point(station))

    async def post_charge_point(self, call: Call[NewChargePoint, NoQuery]) -> Answer:
        """Create one that is not there yet."""
        identity = call.body.charge_point_id or call.body.id
        if identity is None:
            raise Invalid("required", field="chargePointId")
        if await self.stations.find(identity) is not None:
            raise Conflict("there is a charge point of this id", code="already_registered")
        station, _ = await self.registrar.put(identity, call.operator_id, declaration(call.body))
        return _created(station)

    async def put_charge_point(self, call: Call[ChargePointFields, NoQuery]) -> Answer:
        """Create or replace."""
        station, created = await self.registrar.put(
            call.path["identity"], call.operator_id, declaration(call.body)
        )
        return _created(station) if created else Answer(200, charge_point(station))

    async def patch_charge_point(self, call: Call[ChargePointFields, NoQuery]) -> Answer:
        """Change."""
        station = await self.registrar.patch(
            call.path["identity"], call.operator_id, declaration(call.body)
        )
        return Answer(200, charge_point(station))

    async def delete_charge_point(self, call: Call[None, NoQuery]) -> Answer:
        """Remove."""
        await self.registrar.delete(call.path["identity"], call.operator_id)
        return Answer(200, Deleted())

    async def live(self, call: Call[None, OldQuery]) -> Answer:
        """Live connections, as an array."""
        page = await self.connections.list(_page(call.query), call.operator_id)
        return _array(page, old_connection, call)

    async def get_connection(self, call: Call[None, NoQuery]) -> Answer:
        """One live connection."""
        connection = await self.connections.get(call.path["identity"], call.operator_id)
        return Answer(200, old_connection(connection))

    async def transactions(self, call: Call[None, OldTransactionsQuery]) -> Answer:
        """Transactions, newest first, as an array."""
        asked = {
            "station": call.query.charge_point_id,
            "id_token": call.query.id_tag,
            "status": call.query.status,
        }
        filters = {name: value for name, value in asked.items() if value is not UNSET}
        page = await self.sessions.list(_page(call.query, **filters), call.operator_id)
        return _array(page, transaction, call)

    async def get_transaction(self, call: Call[None, NoQuery]) -> Answer:
        """One transaction, by its number or by the id of its session."""
        reference = call.path["transaction_id"]
        if _is_uuid(reference):
            return Answer(200, transaction(await self.sessions.get(reference, call.operator_id)))
        query = Query(filters={"transaction_id": reference}, sort="-started_at", limit=1)
        page = await self.sessions.list(query, call.operator_id)
        if not page.items:
            raise NotFound("there is no such transaction")
        return Answer(200, transaction(page.items[0]))

    async def remote_start(self, call: Call[OldStart, NoQuery]) -> Answer:
        """Begin a transaction."""
        command = RemoteStart(id_token=call.body.id_tag, evse_id=call.body.connector_id)
        return _outcome(await self.remote.start(call, call.body.charge_point_id, command))

    async def remote_stop(self, call: Call[OldStop, NoQuery]) -> Answer:
        """End a transaction."""
        body = call.body
        if body.transaction_id is not None:
            reference = str(body.transaction_id)
            if _is_uuid(reference):
                operation = await self.remote.stop_session(
                    call, reference, identity=body.charge_point_id
                )
            else:
                operation = await self.remote.stop_transaction(
                    call, reference, identity=body.charge_point_id
                )
        elif body.charge_point_id is not None and body.connector_id is not None:
            operation = await self.remote.stop_evse(call, body.charge_point_id, body.connector_id)
        else:
            raise Invalid("required", field="transactionId")
        return _outcome(operation)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        return (
            _route("GET", "/api/charge-points", self.charge_points, list[ChargePoint], OldQuery),
            _route("GET", "/api/charge-points/{identity}", self.get_charge_point, ChargePoint),
            _route("POST", "/api/remote-start", self.remote_start, OldOutcome, body=OldStart),
            _route("POST", "/api/remote-stop", self.remote_stop, OldOutcome, body=OldStop),
            _route("GET", "/connections", self.live, list[OldConnection], OldQuery),
            _route("GET", "/connections/{identity}", self.get_connection, OldConnection),
            _route("GET", "/charge-points", self.charge_points, list[ChargePoint], OldQuery),
            _route(
                "POST", "/charge-points", self.post_charge_point, ChargePoint, body=NewChargePoint
            ),
            _route("GET", "/charge-points/{identity}", self.get_charge_point, ChargePoint),
            _route(
                "PUT",
                "/charge-points/{identity}",
                self.put_charge_point,
                ChargePoint,
                body=ChargePointFields,
            ),
            _route(
                "PATCH",
                "/charge-points/{identity}",
                self.patch_charge_point,
                ChargePoint,
                body=ChargePointFields,
            ),
            _route("DELETE", "/charge-points/{identity}", self.delete_charge_point, Deleted),
            _route(
                "GET", "/transactions", self.transactions, list[Transaction], OldTransactionsQuery
            ),
            _route("GET", "/transactions/{transaction_id}", self.get_transaction, Transaction),
        )


_STATUSES = {
    OldOutcome: (200, 202),
    ("POST", ChargePoint): (201,),
    ("PUT", ChargePoint): (200, 201),
}
"""Statuses of success that are not just 200."""


def _route(
    method: str,
    path: str,
    handler: Any,
    answer: Any,
    query: Any = NoQuery,
    *,
    body: Any = None,
) -> Route:
    """An alias; its name tells method and path, as several paths share a handler."""
    words = path.replace("{", "by-").replace("}", "").replace("_", "-")
    keys = (answer, (method, answer)) if isinstance(answer, type) else ()
    statuses = next((_STATUSES[key] for key in keys if key in _STATUSES), (200,))
    return Route(
        method=method,
        path=path,
        name=f"old{method.capitalize()}{words.replace('/', '-').title().replace('-', '')}",
        summary=handler.__doc__.partition("\n")[0].rstrip("."),
        tag="older systems",
        handler=handler,
        answers=dict.fromkeys(statuses, answer),
        query=query,
        body=body,
        refuses=frozenset({404, 409}) if body is not None else frozenset(),
        lenient=True,
    )


def _page(query: OldQuery, **filters: object) -> Query:
    cursor = None if query.cursor is UNSET else query.cursor
    return Query(filters=filters, limit=query.limit, cursor=cursor)


def _array(page: Page[Any], view: Any, call: Call[Any, Any]) -> Answer:
    return Answer(200, [view(item) for item in page.items], next_link(page, call))


def _created(station: Station) -> Answer:
    location = f"/charge-points/{quote(station.identity, safe='')}"
    return Answer(201, charge_point(station), {"Location": location})


def _outcome(operation: Operation) -> Answer:
    if operation.status.settled:
        return Answer(200, old_outcome(operation))
    return Answer(202, old_outcome(operation), {"Location": operation_url(operation)})


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
