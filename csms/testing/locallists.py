"""Local authorization lists in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.decisions import Write
from csms.core.errors import Conflict, Invalid, NotFound
from csms.core.locallists.listing import LIST_ENTRIES
from csms.core.locallists.parts import entry_of
from csms.core.locallists.vocabulary import (
    ConfirmList,
    Difference,
    DoubtList,
    ListEntry,
    ListLimits,
    ListMode,
    ListStatus,
    LocalList,
    TellListVersion,
)
from csms.core.pages import MAX_LIMIT, Page, Query
from csms.core.paging import page
from csms.core.ports import IOperationsBook, IStations, ITokens
from csms.core.ports.locallists import IListLimits, ILocalListsBook
from csms.core.values import Registration, Station, Token


@attrs.define
class _Row:
    """What stands of a list."""

    identity: str
    operator_id: int
    mode: ListMode | None = None
    state: str = "idle"
    last_version: int = 0
    confirmed_version: int | None = None
    confirmed_at: datetime | None = None
    reported_version: int | None = None
    reported_at: datetime | None = None
    checked_at: datetime | None = None
    operation_id: str | None = None
    busy_until: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None
    mark: object = None
    omitted: int = 0
    detail: str | None = None
    updated_at: datetime | None = None
    tokens: dict[str, Difference] = attrs.field(factory=dict)

    def put(
        self,
        key: str,
        *,
        wanted: ListEntry | bool | None = True,
        held: ListEntry | bool | None = True,
    ) -> None:
        """Change one side of a token (True: as it is); one with neither goes."""
        before = self.tokens.get(key, Difference())
        after = Difference(
            wanted=before.wanted if isinstance(wanted, bool) else wanted,
            held=before.held if isinstance(held, bool) else held,
        )
        self.tokens.pop(key, None)
        if after != Difference():
            self.tokens[key] = after

    @property
    def differs(self) -> bool:
        """Whether there is something to send."""
        return self.confirmed_version is None or any(
            each.wanted != each.held for each in self.tokens.values()
        )


def _named(difference: Difference, value: object) -> bool:
    entry = difference.wanted or difference.held
    return entry is not None and entry.id_token.upper() == str(value).upper()


def _differing(difference: Difference, value: object) -> bool:
    return (difference.wanted != difference.held) is value


def _key(difference: Difference) -> str:
    entry = difference.wanted or difference.held
    assert entry is not None
    return entry.key


@implementer(ILocalListsBook)
@attrs.define
class MemoryLocalLists:
    """`ILocalListsBook` over dictionaries; `write` takes what the intake writes."""

    stations: IStations
    tokens: ITokens
    operations: IOperationsBook
    rows: dict[int, _Row] = attrs.field(factory=dict, init=False)

    def write(self, write: Write) -> None:
        """Keep what an answer of a station led to."""
        match write:
            case ConfirmList():
                self._confirm(write)
            case DoubtList():
                if (row := self.rows.get(write.station_id)) is not None:
                    self._doubt(row, write)
            case TellListVersion():
                self._tell(write)
            case _:
                raise AssertionError(f"{write} is not about lists")

    def _confirm(self, write: ConfirmList) -> None:
        row = self.rows.setdefault(write.station_id, _Row("", write.operator_id))
        row.last_version = max(row.last_version, write.version)
        row.confirmed_version = write.version if write.sure else None
        row.confirmed_at = row.updated_at = write.at
        row.state, row.detail, row.failures, row.retry_at = "idle", None, 0, None
        put = {each.key: each.content for each in write.entries}
        for key in (*(row.tokens if write.full else ()), *write.removed):
            if key not in put:
                row.put(key, held=None)
        for key, content in put.items():
            row.put(key, held=content)

    def _doubt(self, row: _Row, write: DoubtList) -> None:
        row.state, row.detail, row.updated_at = write.state, write.detail, write.at
        if write.unsure:
            row.confirmed_version = None
        pause = min(60 * 2 ** min(row.failures, 6), 3600)
        row.failures += 1
        row.retry_at = write.at + timedelta(seconds=pause)

    def _tell(self, write: TellListVersion) -> None:
        row = self.rows.setdefault(write.station_id, _Row("", write.operator_id))
        if write.version < 0:
            row.state = "unsupported"
        elif row.state == "unsupported":
            row.state, row.detail, row.retry_at = "idle", None, None
        if 0 <= write.version <= 2_000_000_000:
            row.last_version = max(row.last_version, write.version)
        if write.version == 0:
            row.confirmed_version = 0
            for key in tuple(row.tokens):
                row.put(key, held=None)
        elif write.version != row.confirmed_version:
            row.confirmed_version = None
        row.reported_version = write.version
        row.reported_at = row.updated_at = write.at

    async def get(self, identity: str, operator_id: int) -> LocalList:
        """See `ILocalListsBook`."""
        return await self._list(await self.stations.get(identity, operator_id))

    async def entries(self, query: Query, identity: str, operator_id: int) -> Page[Difference]:
        """See `ILocalListsBook`."""
        row = self.rows.get((await self.stations.get(identity, operator_id)).id)
        return page(
            LIST_ENTRIES,
            query,
            () if row is None else row.tokens.values(),
            key=lambda each: (_key(each),),
            tests={"id_token": _named, "differing": _differing},
            values={"key": _key},
        )

    async def want(
        self, identity: str, operator_id: int, entries: Sequence[ListEntry], now: datetime
    ) -> LocalList:
        """See `ILocalListsBook`."""
        station = await self.stations.get(identity, operator_id)
        self._want(self._open(station, ListMode.MANUAL, now), entries)
        return await self._list(station)

    async def want_tokens(
        self, identity: str, operator_id: int, room: int, now: datetime
    ) -> LocalList:
        """See `ILocalListsBook`."""
        station = await self.stations.get(identity, operator_id)
        row = self._open(station, ListMode.TOKENS, now)
        tokens = await self._all(operator_id)
        row.mark = tokens
        good = [each for each in tokens if _good(each, identity, now)]
        good.sort(key=lambda each: each.id_token.upper())
        good.sort(key=lambda each: each.updated_at or now, reverse=True)
        row.omitted = max(len(good) - room, 0)
        self._want(row, [entry_of(each) for each in good[:room]])
        return await self._list(station)

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
        station = await self.stations.get(identity, operator_id)
        before = self.rows.get(station.id)
        if before is not None and before.mode is ListMode.TOKENS:
            raise Conflict("the list is made of the operator's tokens", code="not_manual")
        gone = {name.upper() for name in remove}
        wanted = [each.wanted for each in before.tokens.values()] if before else []
        after = {
            each.key: each
            for each in wanted
            if each is not None and each.id_token.upper() not in gone
        }
        after |= {each.key: each for each in put}
        if len(after) > room:
            raise Invalid(f"the list takes {room} tokens", field="put")
        self._want(self._open(station, ListMode.MANUAL, now), tuple(after.values()))
        return await self._list(station)

    async def forget(self, identity: str, operator_id: int, now: datetime) -> None:
        """See `ILocalListsBook`."""
        row = self.rows.get((await self.stations.get(identity, operator_id)).id)
        if row is not None:
            row.mode, row.mark, row.omitted, row.updated_at = None, None, 0, now
            self._want(row, ())

    async def differences(self, station_id: int) -> tuple[int | None, Sequence[Difference]]:
        """See `ILocalListsBook`."""
        row = self.rows.get(station_id)
        if row is None:
            return None, []
        return row.confirmed_version, [row.tokens[key] for key in sorted(row.tokens)]

    async def claim(self, station_id: int, now: datetime, lease_s: float, *, forced: bool) -> bool:
        """See `ILocalListsBook`."""
        row = self.rows.get(station_id)
        if row is None or row.mode is None or _later(row.busy_until, now):
            return False
        if (not forced and _later(row.retry_at, now)) or await self._on_its_way(row):
            return False
        row.busy_until = now + timedelta(seconds=lease_s)
        return True

    async def number(self, station_id: int, now: datetime, lease_s: float) -> int:
        """See `ILocalListsBook`."""
        row = self.rows[station_id]
        row.last_version += 1
        row.busy_until = now + timedelta(seconds=lease_s)
        return row.last_version

    async def sent(self, station_id: int, operation_id: str) -> None:
        """See `ILocalListsBook`."""
        self.rows[station_id].operation_id = operation_id

    async def release(self, station_id: int) -> None:
        """See `ILocalListsBook`."""
        self.rows[station_id].busy_until = None

    async def due(self, now: datetime, limit: int) -> Sequence[LocalList]:
        """See `ILocalListsBook`."""
        found = [
            station
            for row, station in await self._there()
            if row.state != "unsupported"
            and row.differs
            and not _later(row.retry_at, now)
            and not _later(row.busy_until, now)
            and not await self._on_its_way(row)
        ]
        return [await self._list(station) for station in found[:limit]]

    async def unchecked(self, now: datetime, limit: int) -> Sequence[LocalList]:
        """See `ILocalListsBook`."""
        found = [
            station
            for row, station in await self._there()
            if station.booted_at is not None
            and (row.checked_at is None or station.booted_at > row.checked_at)
        ][:limit]
        for station in found:
            await self.checked(station.id, now)
        return [await self._list(station) for station in found]

    async def checked(self, station_id: int, now: datetime) -> None:
        """See `ILocalListsBook`."""
        row = self.rows[station_id]
        row.checked_at, row.retry_at, row.failures, row.state = now, None, 0, "idle"

    async def outdated(self, limit: int) -> Sequence[LocalList]:
        """See `ILocalListsBook`."""
        found = [
            row
            for row in self.rows.values()
            if row.mode is ListMode.TOKENS and row.mark != await self._all(row.operator_id)
        ]
        return [await self.get(row.identity, row.operator_id) for row in found[:limit]]

    def _open(self, station: Station, mode: ListMode, now: datetime) -> _Row:
        row = self.rows.setdefault(station.id, _Row(station.identity, station.operator_id))
        row.identity, row.mode, row.updated_at = station.identity, mode, now
        row.failures, row.retry_at, row.omitted, row.mark = 0, None, 0, None
        if row.state == "failed":
            row.state = "idle"
        return row

    def _want(self, row: _Row, entries: Sequence[ListEntry]) -> None:
        keys = {entry.key for entry in entries}
        for key in tuple(row.tokens):
            if key not in keys:
                row.put(key, wanted=None)
        for entry in entries:
            row.put(entry.key, wanted=entry)

    async def _list(self, station: Station) -> LocalList:
        row = self.rows.get(station.id, _Row(station.identity, station.operator_id))
        tokens = row.tokens.values()
        unsure = row.confirmed_version is None
        return LocalList(
            station_id=station.id,
            operator_id=station.operator_id,
            identity=station.identity,
            mode=row.mode,
            status=await self._status(row),
            last_version=row.last_version,
            confirmed_version=row.confirmed_version,
            reported_version=row.reported_version,
            reported_at=row.reported_at,
            confirmed_at=row.confirmed_at,
            entries=sum(each.wanted is not None for each in tokens),
            differing=sum(
                each.wanted != each.held or (unsure and each.wanted is not None) for each in tokens
            ),
            omitted=row.omitted,
            detail=row.detail,
            operation_id=row.operation_id,
            retry_at=row.retry_at,
            updated_at=row.updated_at,
        )

    async def _status(self, row: _Row) -> ListStatus:
        if row.mode is None:
            return ListStatus.UNMANAGED
        if row.busy_until is not None or await self._on_its_way(row):
            return ListStatus.SENDING
        if row.state == "unsupported":
            return ListStatus.UNSUPPORTED
        if not row.differs:
            return ListStatus.SYNCED
        return ListStatus.FAILED if row.state == "failed" else ListStatus.STALE

    async def _there(self) -> list[tuple[_Row, Station]]:
        managed = [row for row in self.rows.values() if row.mode is not None]
        found = [(row, await self.stations.get(row.identity, row.operator_id)) for row in managed]
        return [
            (row, station)
            for row, station in found
            if station.connected and station.registration is Registration.ACCEPTED
        ]

    async def _on_its_way(self, row: _Row) -> bool:
        if row.operation_id is None:
            return False
        try:
            return not (await self.operations.get(row.operation_id)).status.settled
        except NotFound:
            return False

    async def _all(self, operator_id: int) -> list[Token]:
        page = await self.tokens.list(Query(limit=MAX_LIMIT), operator_id)
        return [replace(token, note=None) for token in page.items]


def _later(at: datetime | None, now: datetime) -> bool:
    return at is not None and at > now


def _good(token: Token, identity: str, now: datetime) -> bool:
    if token.blocked or (token.expires_at is not None and token.expires_at <= now):
        return False
    return token.stations is None or identity in token.stations


@implementer(IListLimits)
@attrs.define
class MemoryListLimits:
    """`IListLimits` as the test sets them, the same for all stations."""

    lists: ListLimits = ListLimits()
    any_evse: bool | None = None

    async def of_list(self, station_id: int) -> ListLimits:  # noqa: ARG002 - the same for all
        """See `IListLimits`."""
        return self.lists

    async def reserves_any(self, station_id: int) -> bool | None:  # noqa: ARG002 - the same for all
        """See `IListLimits`."""
        return self.any_evse
