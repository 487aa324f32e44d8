"""Local authorization lists: what is wanted of each station, and who is sending it.

What stations confirm is written by the ledger.  Whoever changes what is wanted locks the list's
row first, so that of two at the same moment one sees the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from csms.core.errors import Conflict, Invalid, NotFound
from csms.core.locallists.listing import LIST_ENTRIES
from csms.core.locallists.parts import entry_of
from csms.core.locallists.vocabulary import Difference, ListEntry, LocalList
from csms.core.pages import Page, Query
from csms.core.ports.locallists import ILocalListsBook
from csms.core.values import Token
from csms.storage import locallists_sql as sql
from csms.storage.identities import station_id
from csms.storage.lists import Source, page
from csms.storage.pool import Cursor, Pool

ENTRIES = Source(
    listing=LIST_ENTRIES,
    columns="e.wanted, e.held",
    tables="local_list_entry e",
    filters={
        "id_token": "upper(coalesce(e.wanted, e.held)->>'id_token') = upper(%s)",
        "differing": "(e.wanted IS DISTINCT FROM e.held) = %s",
    },
    sorts={"key": "e.key"},
    keys=("e.key",),
)

_encode = msgspec.json.Encoder().encode
_entry = msgspec.json.Decoder(ListEntry).decode
_list = msgspec.json.Decoder(LocalList).decode
_token = msgspec.json.Decoder(Token).decode


def _difference(wanted: str | None, held: str | None) -> Difference:
    return Difference(
        wanted=None if wanted is None else _entry(wanted),
        held=None if held is None else _entry(held),
    )


def _keyed(key: str, wanted: str | None) -> tuple[str, ListEntry | None]:
    return key, None if wanted is None else _entry(wanted)


@implementer(ILocalListsBook)
@attrs.frozen
class PostgresLocalLists:
    """`ILocalListsBook` in PostgreSQL."""

    _pool: Pool

    async def get(self, identity: str, operator_id: int) -> LocalList:
        """See `ILocalListsBook`."""
        return await self._read(await station_id(self._pool, identity, operator_id))

    async def entries(self, query: Query, identity: str, operator_id: int) -> Page[Difference]:
        """See `ILocalListsBook`."""
        own = ("e.station_id = %s", await station_id(self._pool, identity, operator_id))
        return await page(self._pool, ENTRIES, query, _difference, own)

    async def want(
        self, identity: str, operator_id: int, entries: Sequence[ListEntry], now: datetime
    ) -> LocalList:
        """See `ILocalListsBook`."""
        own = await station_id(self._pool, identity, operator_id)

        async def work(cursor: Cursor) -> None:
            await _open(cursor, own, operator_id, now, mode="manual")
            await _replace(cursor, own, entries)

        await self._pool.transaction(work)
        return await self._read(own)

    async def want_tokens(
        self, identity: str, operator_id: int, room: int, now: datetime
    ) -> LocalList:
        """See `ILocalListsBook`."""
        own = await station_id(self._pool, identity, operator_id)
        asked = {"operator_id": operator_id, "identity": identity, "now": now}

        async def work(cursor: Cursor) -> None:
            await _open(cursor, own, operator_id, now, mode="tokens")
            mark = await cursor.one(sql.TOKENS_MARK, {"operator_id": operator_id}, str)
            rows = await cursor.many(sql.TOKENS_FOR, asked | {"limit": room + 1}, _token)
            omitted = 0
            if len(rows) > room:
                omitted = await cursor.one(sql.TOKENS_COUNTED, asked, int) - room
            await _replace(cursor, own, [entry_of(token) for token in rows[:room]])
            marked = {"station_id": own, "mark": mark, "omitted": max(omitted, 0)}
            await cursor.execute(sql.MARKED, marked)

        await self._pool.transaction(work)
        return await self._read(own)

    async def change(
        self,
        identity: str,
        operator_id: int,
        put: Sequence[ListEntry],
        remove: Sequence[str],
        room: int,
        now: datetime,
    ) -> LocalList:
        """See `ILocalListsBook`."""
        own = await station_id(self._pool, identity, operator_id)

        async def work(cursor: Cursor) -> None:
            mode = await cursor.maybe(sql.MODE_OF, (own,), lambda mode: mode)
            if mode == "tokens":
                raise Conflict("the list is made of the operator's tokens", code="not_manual")
            await _open(cursor, own, operator_id, now, mode="manual")
            before = dict(await cursor.many(sql.WANTED, (own,), _keyed))
            gone = {name.upper() for name in remove}
            after = {
                key: entry
                for key, entry in before.items()
                if entry is not None and entry.id_token.upper() not in gone
            }
            after |= {entry.key: entry for entry in put}
            if len(after) > room:
                raise Invalid(f"the list takes {room} tokens", field="put")
            await _replace(cursor, own, tuple(after.values()))

        await self._pool.transaction(work)
        return await self._read(own)

    async def forget(self, identity: str, operator_id: int, now: datetime) -> None:
        """See `ILocalListsBook`."""
        own = await station_id(self._pool, identity, operator_id)

        async def work(cursor: Cursor) -> None:
            await cursor.execute(sql.UNMANAGED, {"station_id": own, "now": now})
            await _replace(cursor, own, ())

        await self._pool.transaction(work)

    async def differences(self, station_id: int) -> tuple[int | None, Sequence[Difference]]:
        """See `ILocalListsBook`."""

        async def work(cursor: Cursor) -> tuple[int | None, Sequence[Difference]]:
            version = await cursor.maybe(sql.CONFIRMED, (station_id,), lambda version: version)
            return version, await cursor.many(sql.DIFFERENCES, (station_id,), _difference)

        return await self._pool.transaction(work)

    async def claim(self, station_id: int, now: datetime, lease_s: float, *, forced: bool) -> bool:
        """See `ILocalListsBook`."""
        claim = {"station_id": station_id, "now": now, "lease_s": lease_s, "forced": forced}
        return bool(await self._pool.execute(sql.CLAIM, claim))

    async def number(self, station_id: int, now: datetime, lease_s: float) -> int:
        """See `ILocalListsBook`."""
        asked = {"station_id": station_id, "now": now, "lease_s": lease_s}
        return await self._pool.one(sql.NUMBER, asked, int)

    async def sent(self, station_id: int, operation_id: str) -> None:
        """See `ILocalListsBook`."""
        await self._pool.execute(sql.SENT, (operation_id, station_id))

    async def release(self, station_id: int) -> None:
        """See `ILocalListsBook`."""
        await self._pool.execute(sql.RELEASE, (station_id,))

    async def due(self, now: datetime, limit: int) -> Sequence[LocalList]:
        """See `ILocalListsBook`."""
        return await self._pool.many(sql.DUE, {"now": now, "limit": limit}, _list)

    async def unchecked(self, now: datetime, limit: int) -> Sequence[LocalList]:
        """See `ILocalListsBook`."""
        return await self._pool.many(sql.UNCHECKED, {"now": now, "limit": limit}, _list)

    async def checked(self, station_id: int, now: datetime) -> None:
        """See `ILocalListsBook`."""
        await self._pool.execute(sql.CHECKED, {"station_id": station_id, "now": now})

    async def outdated(self, limit: int) -> Sequence[LocalList]:
        """See `ILocalListsBook`."""
        return await self._pool.many(sql.OUTDATED, (limit,), _list)

    async def _read(self, station_id: int) -> LocalList:
        found = await self._pool.maybe(sql.LIST_OF_STATION, (station_id,), _list)
        if found is None:  # deleted meanwhile
            raise NotFound("there is no such station")
        return found


async def _open(
    cursor: Cursor, station_id: int, operator_id: int, now: datetime, *, mode: str
) -> None:
    """Lock the list, made if need be.  What is wanted anew is worth a try at once."""
    values = {"station_id": station_id, "operator_id": operator_id, "now": now, "mode": mode}
    await cursor.execute(sql.OPEN, values)


async def _replace(cursor: Cursor, station_id: int, entries: Iterable[ListEntry]) -> None:
    rows = [{"key": entry.key, "wanted": entry} for entry in entries]
    values: Mapping[str, Any] = {"station_id": station_id, "rows": _encode(rows).decode()}
    await cursor.execute(sql.WANT, values)
