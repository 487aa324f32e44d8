"""The register of stations in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count

import attrs
import msgspec
from zope.interface import implementer

from csms.core.declarations import (
    check_connectors,
    check_identity,
    station_changes,
    station_replacement,
)
from csms.core.errors import Conflict, NotFound
from csms.core.listings import STATIONS
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports import IStations, Quirk
from csms.core.values import DEFAULT_OPERATOR, Connector, Registration, Station


def _prefix(station: Station, value: object) -> bool:
    return station.identity.startswith(str(value))


def _place(connector: Connector) -> tuple[int, int]:
    return connector.evse_id, connector.connector_id


def declared_connectors(
    old: Sequence[Connector], declared: Sequence[Connector]
) -> tuple[Connector, ...]:
    """The declared connectors with the state reported so far, and the station's own (EVSE 0)."""
    known = {_place(connector): connector for connector in old}
    kept = [connector for connector in old if connector.evse_id == 0]
    for connector in declared:
        plug = known.get(_place(connector)) or Connector(
            evse_id=connector.evse_id, connector_id=connector.connector_id
        )
        kept.append(
            msgspec.structs.replace(plug, kind=connector.kind, max_power_w=connector.max_power_w)
        )
    return tuple(sorted(kept, key=_place))


@implementer(IStations)
@attrs.define
class MemoryStations:
    """`IStations` over dictionaries; seeded by `seed`, `report`, `plug` and `seed_quirk`."""

    now: Callable[[], datetime]
    _stations: dict[str, Station] = attrs.field(factory=dict, init=False)
    _quirks: dict[int, list[Quirk]] = attrs.field(factory=dict, init=False)
    _marks: dict[int, str] = attrs.field(factory=dict, init=False)
    _numbers: count[int] = attrs.field(factory=lambda: count(1), init=False)

    def seed(self, identity: str, operator_id: int = DEFAULT_OPERATOR, **fields: object) -> Station:
        """Put a station (accepted), with any `Station` fields as wanted."""
        at = self.now()
        station = Station(
            id=next(self._numbers),
            operator_id=operator_id,
            identity=identity,
            registration=Registration.ACCEPTED,
            created_at=at,
            updated_at=at,
        )
        return self._keep(msgspec.structs.replace(station, **fields))

    def report(self, identity: str, **fields: object) -> Station:
        """Change any `Station` fields, as reports of the station would (``connected=True`` ...)."""
        return self._keep(msgspec.structs.replace(self._stations[identity], **fields))

    def plug(self, identity: str, connector: Connector) -> Station:
        """Put the state of one connector, as a status notification would."""
        station = self._stations[identity]
        others = [known for known in station.connectors if _place(known) != _place(connector)]
        connectors = tuple(sorted([*others, connector], key=_place))
        return self._keep(msgspec.structs.replace(station, connectors=connectors))

    def seed_quirk(self, identity: str, quirk: Quirk) -> None:
        """Put a quirk of a station."""
        self._quirks.setdefault(self._stations[identity].id, []).append(quirk)

    async def find(self, identity: str) -> Station | None:
        """See `IStations`."""
        station = self._stations.get(identity)
        return None if station is None else msgspec.structs.replace(station, connectors=())

    async def get(self, identity: str, operator_id: int | None = None) -> Station:
        """See `IStations`."""
        station = self._stations.get(identity)
        if station is None or operator_id not in (None, station.operator_id):
            raise NotFound("there is no such station")
        return station

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Station]:
        """See `IStations`."""
        return page(
            STATIONS,
            query,
            [
                station
                for station in self._stations.values()
                if operator_id in (None, station.operator_id)
            ],
            key=lambda station: (station.id,),
            tests={"identity": _prefix},
        )

    async def enlist(self, identity: str, registration: Registration) -> Station:
        """See `IStations`."""
        station = self._claimed(check_identity(identity))
        if station is None:
            station = self.seed(identity, registration=registration)
        return msgspec.structs.replace(station, connectors=())

    async def put(
        self,
        identity: str,
        operator_id: int,
        fields: Mapping[str, object],
        connectors: Sequence[Connector] | None,
    ) -> tuple[Station, bool]:
        """See `IStations`."""
        changes = station_replacement(fields)
        declared = None if connectors is None else check_connectors(connectors)
        old = self._claimed(check_identity(identity), operator_id)
        station = self.seed(identity, operator_id) if old is None else old
        return self._change(station, changes, declared), old is None

    async def patch(
        self,
        identity: str,
        operator_id: int,
        changes: Mapping[str, object],
        connectors: Sequence[Connector] | None,
    ) -> Station:
        """See `IStations`."""
        given = station_changes(changes)
        declared = None if connectors is None else check_connectors(connectors)
        return self._change(await self.get(identity, operator_id), given, declared)

    async def delete(self, identity: str, operator_id: int) -> Station:
        """See `IStations`."""
        await self.get(identity, operator_id)
        return self._stations.pop(identity)

    async def offer_password(self, station_id: int, password_hash: str, mark: str) -> None:
        """See `IStations`."""
        self._marks[station_id] = mark
        self._reword(station_id, offered_password_hash=password_hash)

    async def withdraw_password(self, station_id: int, mark: str) -> None:
        """See `IStations`."""
        if self._marks.get(station_id) == mark:
            self._reword(station_id, offered_password_hash=None)

    async def prove_password(self, station_id: int, password_hash: str) -> None:
        """See `IStations`."""
        if any(
            (known.id, known.offered_password_hash) == (station_id, password_hash)
            for known in self._stations.values()
        ):
            self._reword(station_id, password_hash=password_hash, offered_password_hash=None)

    def _reword(self, station_id: int, **hashes: str | None) -> None:
        for known in list(self._stations.values()):
            if known.id == station_id:
                self.report(known.identity, **hashes)

    async def quirks(self, identity: str, operator_id: int) -> Sequence[Quirk]:
        """See `IStations`."""
        station = await self.get(identity, operator_id)
        found = self._quirks.get(station.id, [])
        return tuple(sorted(found, key=lambda quirk: (-quirk.count, quirk.name)))

    def _claimed(self, identity: str, operator_id: int | None = None) -> Station | None:
        """Who has the identity, or one that differs only in case; raises `Conflict`."""
        for station in self._stations.values():
            if station.identity.lower() == identity.lower():
                if operator_id not in (None, station.operator_id):
                    raise Conflict("another operator has this identity", code="identity_taken")
                if station.identity != identity:
                    raise Conflict(
                        "an identity that differs only in case exists",
                        code="identity_differs_in_case",
                    )
                return station
        return None

    def _change(
        self,
        station: Station,
        changes: Mapping[str, object],
        declared: Sequence[Connector] | None,
    ) -> Station:
        changed = msgspec.structs.replace(station, **changes, updated_at=self.now())
        if "password_hash" in changes:
            changed = msgspec.structs.replace(changed, offered_password_hash=None)
        if declared is not None:
            connectors = declared_connectors(station.connectors, declared)
            changed = msgspec.structs.replace(changed, connectors=connectors)
        return self._keep(changed)

    def _keep(self, station: Station) -> Station:
        self._stations[station.identity] = station
        return station
