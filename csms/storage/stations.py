"""The register of stations.

A deleted station keeps its row, for its sessions name it, and so does its connection, which
the gateway closes in its own time; but no question here finds it, and its identity is free to
be given anew, to a new row that inherits nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import attrs
import msgspec
from zope.interface import implementer

from csms.core.declarations import (
    check_connectors,
    check_identity,
    station_changes,
    station_replacement,
)
from csms.core.errors import Conflict, NotFound, Refusal
from csms.core.listings import STATIONS
from csms.core.pages import Page, Query
from csms.core.ports import IStations, Quirk
from csms.core.values import Connector, Registration, Station, Strictness
from csms.storage import stations_sql as sql
from csms.storage.gathering import Gathering
from csms.storage.lists import Source, page
from csms.storage.pool import Cursor, Pool
from csms.storage.rows import as_json, storable

T = TypeVar("T")

LIST = Source(
    listing=STATIONS,
    columns=sql.WHOLE,
    tables="station s",
    where="s.deleted_at IS NULL",
    filters={
        "registration": "s.registration = %s",
        "connected": f"{sql.CONNECTED} = %s",
        "vendor": "s.vendor = %s",
        "model": "s.model = %s",
        "identity": "starts_with(s.identity, %s)",
    },
    sorts={name: f"s.{name}" for name in STATIONS.sorts},
    keys=("s.id",),
)

_decode_connectors = msgspec.json.Decoder(tuple[Connector, ...]).decode
_decode_data = msgspec.json.Decoder(dict[str, object]).decode
_Written = dict[str, Callable[[Any], object]]
_WRITTEN: _Written = {"vendor_data": as_json, "ocpp_versions": lambda v: v and list(v)}


def station(*columns: Any) -> Station:
    """A row of `csms.storage.stations_sql.FIELDS`."""
    fields = dict(zip(sql.FIELDS, columns, strict=True))
    fields["registration"] = Registration(fields["registration"])
    if fields["strictness"] is not None:
        fields["strictness"] = Strictness(fields["strictness"])
    fields["vendor_data"] = _decode_data(fields["vendor_data"])
    if fields["ocpp_versions"] is not None:
        fields["ocpp_versions"] = tuple(fields["ocpp_versions"])
    fields["connectors"] = _decode_connectors(fields["connectors"])
    return Station(**fields)


def _asked_station(asked: str, *columns: Any) -> tuple[str, Station]:
    return asked, station(*columns)


@implementer(IStations)
@attrs.define(eq=False)
class PostgresStations:
    """`IStations` in PostgreSQL."""

    _pool: Pool
    _finds: Gathering[str, Station | None] = attrs.field(init=False)
    _enlists: Gathering[tuple[str, Registration], Station] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Gather what the handshake asks."""
        self._finds = Gathering(self._find)
        self._enlists = Gathering(self._enlist)

    async def find(self, identity: str) -> Station | None:
        """See `IStations`."""
        return await self._finds.ask(identity) if storable(identity) else None

    async def get(self, identity: str, operator_id: int | None = None) -> Station:
        """See `IStations`."""
        asked = {"identity": identity, "operator_id": operator_id}
        found = None
        if storable(identity):
            found = await self._pool.maybe(sql.STATION_OF_IDENTITY, asked, station)
        return _found(found)

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Station]:
        """See `IStations`."""
        own = () if operator_id is None else (("s.operator_id = %s", operator_id),)
        return await page(self._pool, LIST, query, station, *own)

    async def enlist(self, identity: str, registration: Registration) -> Station:
        """See `IStations`."""
        return await self._enlists.ask((check_identity(identity), registration))

    async def put(
        self,
        identity: str,
        operator_id: int,
        fields: Mapping[str, object],
        connectors: Sequence[Connector] | None,
    ) -> tuple[Station, bool]:
        """See `IStations`."""
        declared = None if connectors is None else check_connectors(connectors)
        changes = _columns(station_replacement(fields))
        statement = sql.PUT_STATION.format(
            columns=", ".join(changes),
            values=", ".join(f"%({name})s" for name in changes),
            changes=", ".join(f"{name} = excluded.{name}" for name in changes),
        )
        key = {"identity": check_identity(identity), "operator_id": operator_id}

        async def work(cursor: Cursor) -> tuple[Station, bool]:
            put = await cursor.maybe(statement, {**changes, **key}, lambda *columns: columns)
            if put is None:
                raise await _conflict(cursor, identity, operator_id)
            return await _changed(cursor, put[0], operator_id, declared), put[1]

        return await self._pool.transaction(work)

    async def patch(
        self,
        identity: str,
        operator_id: int,
        changes: Mapping[str, object],
        connectors: Sequence[Connector] | None,
    ) -> Station:
        """See `IStations`."""
        declared = None if connectors is None else check_connectors(connectors)
        given = _columns(station_changes(changes))
        sets = ", ".join([*(f"{name} = %({name})s" for name in given), "updated_at = now()"])
        statement = sql.CHANGE_STATION.format(changes=sets)

        async def work(cursor: Cursor) -> Station:
            key = {"identity": identity, "operator_id": operator_id}
            changed = _found(await cursor.maybe(statement, {**given, **key}, int))
            return await _changed(cursor, changed, operator_id, declared)

        return await self._transaction(identity, work)

    async def delete(self, identity: str, operator_id: int) -> Station:
        """See `IStations`."""
        statement = sql.CHANGE_STATION.format(changes="deleted_at = now()")

        async def work(cursor: Cursor) -> Station:
            key = {"identity": identity, "operator_id": operator_id}
            gone = _found(await cursor.maybe(statement, key, int))
            return await cursor.one(sql.STATION_BY_ID, (gone,), station)

        return await self._transaction(identity, work)

    async def offer_password(self, station_id: int, password_hash: str, mark: str) -> None:
        """See `IStations`."""
        await self._pool.execute(sql.OFFER_KEY, (password_hash, mark, station_id))

    async def withdraw_password(self, station_id: int, mark: str) -> None:
        """See `IStations`."""
        await self._pool.execute(sql.WITHDRAW_KEY, (station_id, mark))

    async def prove_password(self, station_id: int, password_hash: str) -> None:
        """See `IStations`."""
        await self._pool.execute(sql.PROVE_KEY, (station_id, password_hash))

    async def quirks(self, identity: str, operator_id: int) -> Sequence[Quirk]:
        """See `IStations`."""
        known = await self.get(identity, operator_id)
        return await self._pool.many(sql.QUIRKS_OF_STATION, (known.id,), _quirk)

    async def _transaction(
        self, identity: str, work: Callable[[Cursor], Coroutine[Any, Any, Station]]
    ) -> Station:
        return _found(await self._pool.transaction(work) if storable(identity) else None)

    async def _find(self, identities: Sequence[str]) -> Mapping[str, Station | None]:
        found = await self._pool.many(sql.STATIONS_WITH_IDENTITY, ([*identities],), station)
        return {**dict.fromkeys(identities), **{known.identity: known for known in found}}

    async def _enlist(
        self, asked: Sequence[tuple[str, Registration]]
    ) -> Mapping[tuple[str, Registration], Station | Refusal]:
        params = {
            "identities": [identity for identity, _ in asked],
            "registrations": [registration.value for _, registration in asked],
        }
        found = dict(await self._pool.many(sql.ENLIST_STATIONS, params, _asked_station))
        return {key: _enlisted(key[0], found.get(key[0])) for key in asked}


def _found(found: T | None) -> T:
    if found is None:
        raise NotFound("there is no such station")
    return found


def _enlisted(identity: str, known: Station | None) -> Station | Refusal:
    if known is None:
        return Conflict("the station was deleted at this moment")
    return known if known.identity == identity else _differs()


def _differs() -> Conflict:
    return Conflict("an identity that differs only in case exists", code="identity_differs_in_case")


async def _conflict(cursor: Cursor, identity: str, operator_id: int) -> Conflict:
    """Why an identity cannot be put."""
    has = await cursor.maybe(sql.WHO_HAS_IDENTITY, (identity,), lambda *columns: columns)
    if has is not None and has[0] == operator_id:
        return _differs()
    return Conflict("another operator has this identity", code="identity_taken")


async def _changed(
    cursor: Cursor, station_id: int, operator_id: int, connectors: Sequence[Connector] | None
) -> Station:
    """The station as it now is, after its connectors are replaced (unless None)."""
    if connectors is not None:
        rows = as_json(connectors)
        params = {"station_id": station_id, "operator_id": operator_id, "connectors": rows}
        await cursor.execute(sql.REPLACE_CONNECTORS, params)
    return await cursor.one(sql.STATION_BY_ID, (station_id,), station)


def _columns(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields as parameters.  With a password by hand none is on offer any more."""
    columns = {
        name: _WRITTEN[name](value) if name in _WRITTEN else value for name, value in fields.items()
    }
    if "password_hash" in columns:
        columns |= {"offered_password_hash": None, "offered_password_mark": None}
    return columns


def _quirk(name: str, count: int, example: str, first_at: Any, last_at: Any) -> Quirk:
    return Quirk(name=name, count=count, example=example, first_at=first_at, last_at=last_at)
