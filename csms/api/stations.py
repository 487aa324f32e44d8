"""The register of stations: `/stations`, their connectors and quirks."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import attrs
import msgspec
from msgspec import UNSET
from twisted.internet.defer import DeferredLock

from csms.api.registrar import Registrar
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Listed, PlugId, Shape, list_query, listed, query_of
from csms.api.station_shapes import (
    ConnectorChange,
    ConnectorView,
    QuirkView,
    StationDeclaration,
    StationView,
    connector_view,
    quirk_view,
    station_view,
)
from csms.core.errors import NotFound
from csms.core.listings import CONNECTORS, QUIRKS, STATIONS
from csms.core.paging import page
from csms.core.ports import IStations
from csms.core.values import Connector, Station

StationsQuery = list_query(STATIONS, identity="Beginning of the identity.")


class ConnectorQuery(Shape, frozen=True, kw_only=True):
    """Which plug of the EVSE."""

    connector_id: PlugId = 1


@attrs.frozen
class Stations:
    """Handlers of `/stations`."""

    stations: IStations
    registrar: Registrar
    _turn: DeferredLock = attrs.field(factory=DeferredLock, init=False)

    async def list(self, call: Call[None, Any]) -> Answer:
        """Stations of the caller's operator."""
        found = await self.stations.list(query_of(call.query), call.operator_id)
        return listed(found, station_view, call)

    async def get(self, call: Call[None, NoQuery]) -> Answer:
        """One station."""
        station = await self.stations.get(call.path["identity"], call.operator_id)
        return Answer(200, station_view(station))

    async def put(self, call: Call[StationDeclaration, NoQuery]) -> Answer:
        """Create or replace."""
        identity = call.path["identity"]
        station, created = await self.registrar.put(identity, call.operator_id, call.body)
        return created_or_replaced(station, created)

    async def patch(self, call: Call[StationDeclaration, NoQuery]) -> Answer:
        """Change."""
        identity = call.path["identity"]
        station = await self.registrar.patch(identity, call.operator_id, call.body)
        return Answer(200, station_view(station))

    async def delete(self, call: Call[None, NoQuery]) -> Answer:
        """Remove."""
        await self.registrar.delete(call.path["identity"], call.operator_id)
        return Answer(204)

    async def connectors(self, call: Call[None, Any]) -> Answer:
        """The plugs of a station."""
        station = await self.stations.get(call.path["identity"], call.operator_id)
        found = page(
            CONNECTORS,
            query_of(call.query),
            station.connectors,
            key=lambda connector: (connector.evse_id, connector.connector_id),
        )
        return listed(found, connector_view, call)

    async def connector(self, call: Call[None, ConnectorQuery]) -> Answer:
        """One plug."""
        station = await self.stations.get(call.path["identity"], call.operator_id)
        return Answer(200, connector_view(_plug(station, call)))

    async def patch_connector(self, call: Call[ConnectorChange, ConnectorQuery]) -> Answer:
        """Change what is declared of one plug.

        Connectors are declared together, so that changes of one must take turns lest one
        undoes another.
        """
        identity, operator_id = call.path["identity"], call.operator_id
        async with self._turn:
            station = await self.stations.get(identity, operator_id)
            old = _plug(station, call)
            new = _changed(old, call.body)
            declared = [
                new if connector is old else connector
                for connector in station.connectors
                if connector.evse_id > 0
            ]
            station = await self.stations.patch(identity, operator_id, {}, declared)
        return Answer(200, connector_view(_plug(station, call)))

    async def quirks(self, call: Call[None, Any]) -> Answer:
        """Tolerated departures from the standard."""
        quirks = await self.stations.quirks(call.path["identity"], call.operator_id)
        query = query_of(call.query)
        return listed(
            page(QUIRKS, query, quirks, key=lambda quirk: (quirk.name,)), quirk_view, call
        )

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        one = f"{PREFIX}/stations/{{identity}}"
        return (
            Route(
                method="GET",
                path=f"{PREFIX}/stations",
                name="listStations",
                summary="List stations",
                tag="stations",
                handler=self.list,
                answers={200: Listed[StationView]},
                query=StationsQuery,
            ),
            Route(
                method="GET",
                path=one,
                name="getStation",
                summary="Get a station",
                tag="stations",
                handler=self.get,
                answers={200: StationView},
            ),
            Route(
                method="PUT",
                path=one,
                name="putStation",
                summary="Create or replace a station",
                description="What is left out goes back to its default, except connectors, the "
                "password, and what the station reports itself (vendor, model, serial number). "
                "Connectors that stay keep their status. A station is `accepted` unless "
                "`registration` says otherwise.",
                tag="stations",
                handler=self.put,
                body=StationDeclaration,
                answers={200: StationView, 201: StationView},
                refuses=frozenset({409}),
            ),
            Route(
                method="PATCH",
                path=one,
                name="patchStation",
                summary="Change a station",
                description="Only what is given changes. A station that waits for approval is "
                "approved by `registration: accepted`, and asked to boot again if connected; "
                "`rejected` disconnects it.",
                tag="stations",
                handler=self.patch,
                body=StationDeclaration,
                answers={200: StationView},
            ),
            Route(
                method="DELETE",
                path=one,
                name="deleteStation",
                summary="Remove a station",
                description="Its sessions stay. A connected station is disconnected.",
                tag="stations",
                handler=self.delete,
                answers={204: None},
            ),
            Route(
                method="GET",
                path=f"{one}/connectors",
                name="listConnectors",
                summary="List the connectors of a station",
                tag="stations",
                handler=self.connectors,
                query=list_query(CONNECTORS),
                answers={200: Listed[ConnectorView]},
            ),
            Route(
                method="GET",
                path=f"{one}/connectors/{{evse_id}}",
                name="getConnector",
                summary="Get a connector",
                tag="stations",
                handler=self.connector,
                query=ConnectorQuery,
                answers={200: ConnectorView},
            ),
            Route(
                method="PATCH",
                path=f"{one}/connectors/{{evse_id}}",
                name="patchConnector",
                summary="Change type or maximum power of a connector",
                tag="stations",
                handler=self.patch_connector,
                query=ConnectorQuery,
                body=ConnectorChange,
                answers={200: ConnectorView},
            ),
            Route(
                method="GET",
                path=f"{one}/quirks",
                name="listQuirks",
                summary="List tolerated departures from the standard",
                tag="stations",
                handler=self.quirks,
                query=list_query(QUIRKS),
                answers={200: Listed[QuirkView]},
            ),
        )


def created_or_replaced(station: Station, created: bool) -> Answer:
    """The answer to a PUT of a station."""
    if not created:
        return Answer(200, station_view(station))
    location = f"{PREFIX}/stations/{quote(station.identity, safe='')}"
    return Answer(201, station_view(station), {"Location": location})


def _plug(station: Station, call: Call[Any, ConnectorQuery]) -> Connector:
    place = (int(call.path["evse_id"]), call.query.connector_id)
    for connector in station.connectors:
        if (connector.evse_id, connector.connector_id) == place:
            return connector
    raise NotFound("the station has no such connector")


def _changed(connector: Connector, change: ConnectorChange) -> Connector:
    if connector.evse_id == 0:
        raise NotFound("the station itself is no connector to declare")
    return msgspec.structs.replace(
        connector,
        kind=connector.kind if change.kind is UNSET else change.kind,
        max_power_w=connector.max_power_w if change.max_power_w is UNSET else change.max_power_w,
    )
