"""What it takes to change a station besides its row: the password's hash, the live connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
from msgspec import UNSET

from csms.api.station_shapes import StationFields, declared
from csms.core.commands import Trigger
from csms.core.declarations import check_identity
from csms.core.errors import NotFound
from csms.core.ports import ILinks, IOperations, IStations, ITasks
from csms.core.values import Registration, Station

Hasher = Callable[[str], Awaitable[str]]
"""Turns a password into what is kept of it, without blocking."""


@attrs.frozen
class Registrar:
    """Creates, changes and removes stations.

    A station that has just been approved is asked to boot again, so that it takes part at once
    and not only after its retry interval; one that is rejected or removed, or whose OCPP version
    is not allowed any more, is disconnected, as far as it is connected to this process.
    """

    stations: IStations
    operations: IOperations
    links: ILinks | None
    tasks: ITasks
    hash_password: Hasher

    async def put(
        self, identity: str, operator_id: int, fields: StationFields, **forced: object
    ) -> tuple[Station, bool]:
        """Create or replace; ``forced`` overrides what is declared.  True when created."""
        check_identity(identity)
        before = await self._registration(identity, operator_id)
        changes, connectors = declared(fields)
        changes |= await self._password(fields) | forced
        station, created = await self.stations.put(identity, operator_id, changes, connectors)
        self._registered(before, station)
        return station, created

    async def patch(self, identity: str, operator_id: int, fields: StationFields) -> Station:
        """Change what is given; raises `NotFound`."""
        before = await self._registration(identity, operator_id)
        changes, connectors = declared(fields)
        changes |= await self._password(fields)
        station = await self.stations.patch(identity, operator_id, changes, connectors)
        self._registered(before, station)
        return station

    async def delete(self, identity: str, operator_id: int) -> None:
        """Take out of the register, and disconnect."""
        station = await self.stations.delete(identity, operator_id)
        self._drop(station, "deleted")

    async def _registration(self, identity: str, operator_id: int) -> Registration | None:
        try:
            return (await self.stations.get(identity, operator_id)).registration
        except NotFound:
            return None

    async def _password(self, fields: StationFields) -> dict[str, Any]:
        password = fields.password
        if password is UNSET:
            return {}
        hashed = None if password is None else await self.hash_password(password)
        return {"password_hash": hashed}

    def _registered(self, before: Registration | None, station: Station) -> None:
        allowed = station.ocpp_versions
        if station.connected and allowed and station.ocpp_version not in allowed:
            self._drop(station, "another OCPP version")
        if before is None or before is station.registration:
            return
        if station.registration is Registration.REJECTED:
            self._drop(station, "rejected")
        elif before is Registration.REJECTED:
            self._drop(station, "not rejected any more")
        elif station.registration is Registration.ACCEPTED and station.connected:
            self.tasks.spawn(self._ask_to_boot(station), "asking to boot", station=station.identity)

    async def _ask_to_boot(self, station: Station) -> None:
        await self.operations.submit(
            station.identity,
            station.operator_id,
            Trigger(message="BootNotification"),
            requested_by="approval",
        )

    def _drop(self, station: Station, reason: str) -> None:
        if self.links is not None:
            self.links.drop(station.id, reason)
