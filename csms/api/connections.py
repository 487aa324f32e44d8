"""Who is connected, and who was turned away: `/connections`."""

from __future__ import annotations

from typing import Any

import attrs

from csms.api.registrar import Registrar
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Listed, Time, View, list_query, listed, query_of, told
from csms.api.station_shapes import StationFields, StationView
from csms.api.stations import created_or_replaced
from csms.core.errors import Conflict, NotFound
from csms.core.listings import CONNECTIONS, REFUSED
from csms.core.pages import MAX_LIMIT, Page, Query
from csms.core.ports import IConnections, IStations
from csms.core.values import DEFAULT_OPERATOR, Connection, RefusedAttempt, Registration

_PREFIX_NOTE = "Beginning of the identity."
ConnectionsQuery = list_query(CONNECTIONS, identity=_PREFIX_NOTE, node="Process that holds it.")
RefusedQuery = list_query(REFUSED, identity=_PREFIX_NOTE)


class Adoption(StationFields, frozen=True, kw_only=True):
    """What to say of the station at its adoption; it is accepted."""


class ConnectionView(View, frozen=True, kw_only=True):
    """A live connection of a station."""

    identity: str
    epoch: int
    node: str
    peer: str
    ocpp_version: str
    connected_at: Time
    last_seen_at: Time


class RefusedView(View, frozen=True, kw_only=True):
    """Attempts to connect of one identity that were turned away for one reason."""

    identity: str
    reason: str
    peer: str
    detail: str
    attempts: int
    first_at: Time
    last_at: Time


@attrs.frozen
class Connections:
    """Handlers of `/connections`.

    Who was turned away belongs to nobody yet, so that only the default operator sees it.
    """

    connections: IConnections
    stations: IStations
    registrar: Registrar

    async def list(self, call: Call[None, Any]) -> Answer:
        """Live connections."""
        page = await self.connections.list(query_of(call.query), call.operator_id)
        return listed(page, connection_view, call)

    async def get(self, call: Call[None, NoQuery]) -> Answer:
        """The live connection of one station."""
        connection = await self.connections.get(call.path["identity"], call.operator_id)
        return Answer(200, connection_view(connection))

    async def refused(self, call: Call[None, Any]) -> Answer:
        """Attempts that were turned away."""
        query = query_of(call.query)
        page: Page[RefusedAttempt] = Page(())
        if call.operator_id == DEFAULT_OPERATOR:
            page = await self.connections.refused(query)
        return listed(page, refused_view, call)

    async def adopt(self, call: Call[Adoption, NoQuery]) -> Answer:
        """Make a station of an identity that was turned away."""
        identity = call.path["identity"]
        if call.operator_id != DEFAULT_OPERATOR or not await self._was_refused(identity):
            raise NotFound("nobody of this identity was turned away")
        if await self.stations.find(identity) is not None:
            raise Conflict("there is a station of this identity", code="already_registered")
        station, created = await self.registrar.put(
            identity, call.operator_id, call.body, registration=Registration.ACCEPTED
        )
        await self.connections.forget_refused(identity)
        return created_or_replaced(station, created)

    async def _was_refused(self, identity: str) -> bool:
        """The list knows prefixes only; exact ones sort first, an identity per reason."""
        query = Query(filters={"identity": identity}, sort="identity", limit=MAX_LIMIT)
        page = await self.connections.refused(query)
        return any(attempt.identity == identity for attempt in page.items)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource; what is fixed comes before what is variable."""
        return (
            Route(
                method="GET",
                path=f"{PREFIX}/connections",
                name="listConnections",
                summary="List live connections",
                tag="connections",
                handler=self.list,
                query=ConnectionsQuery,
                answers={200: Listed[ConnectionView]},
            ),
            Route(
                method="GET",
                path=f"{PREFIX}/connections/refused",
                name="listRefusedConnections",
                summary="List refused connection attempts",
                tag="connections",
                handler=self.refused,
                query=RefusedQuery,
                answers={200: Listed[RefusedView]},
            ),
            Route(
                method="POST",
                path=f"{PREFIX}/connections/refused/{{identity}}/adopt",
                name="adoptStation",
                summary="Create a station from a refused attempt",
                description="The station is accepted, and its refused attempts are forgotten.",
                tag="connections",
                handler=self.adopt,
                body=Adoption,
                body_optional=True,
                answers={200: StationView, 201: StationView},
                refuses=frozenset({409}),
            ),
            Route(
                method="GET",
                path=f"{PREFIX}/connections/{{identity}}",
                name="getConnection",
                summary="Get the live connection of a station",
                description="A station called `refused` is found by the list only.",
                tag="connections",
                handler=self.get,
                answers={200: ConnectionView},
            ),
        )


def connection_view(connection: Connection) -> ConnectionView:
    """A connection as the API tells it."""
    return ConnectionView(
        identity=connection.identity,
        epoch=connection.epoch,
        node=connection.node,
        peer=connection.peer,
        ocpp_version=connection.ocpp_version,
        connected_at=told(connection.connected_at),
        last_seen_at=told(connection.last_seen_at),
    )


def refused_view(attempt: RefusedAttempt) -> RefusedView:
    """A refused attempt as the API tells it."""
    return RefusedView(
        identity=attempt.identity,
        reason=attempt.reason,
        peer=attempt.peer,
        detail=attempt.detail,
        attempts=attempt.attempts,
        first_at=told(attempt.first_at),
        last_at=told(attempt.last_at),
    )
