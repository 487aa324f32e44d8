"""What areas keep of stations, in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import count

import attrs
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.happenings import Happening
from csms.core.holdings import Holding
from csms.core.listings import HAPPENINGS, QUARANTINE, REPORTS, Kind, Listing
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports import (
    Assembled,
    IAssemblies,
    IHappenings,
    IHoldings,
    IQuarantine,
    IStations,
)
from csms.core.quarantine import QuarantinedMessage


@implementer(IHoldings)
@attrs.define
class MemoryHoldings:
    """`IHoldings` over a list; seeded by `seed`."""

    stations: IStations
    _held: list[tuple[str, Holding]] = attrs.field(factory=list, init=False)

    def seed(self, identity: str, holding: Holding) -> Holding:
        """The station holds that."""
        self._held.append((identity, holding))
        return holding

    async def list(
        self, identity: str, operator_id: int, kind: str, *, evse_id: int | None = None
    ) -> Sequence[Holding]:
        """See `IHoldings`."""
        await self.stations.get(identity, operator_id)
        return [
            holding
            for whose, holding in self._held
            if whose == identity
            and holding.kind == kind
            and holding.removed_at is None
            and evse_id in (None, holding.evse_id)
        ]

    async def page(
        self, listing: Listing, query: Query, identity: str, operator_id: int, kind: str
    ) -> Page[Holding]:
        """See `IHoldings`."""
        held = await self.list(identity, operator_id, kind)
        numbered = listing.sorts[listing.default].kind is Kind.INTEGER

        def key(holding: Holding) -> object:
            return len(holding.key) if numbered else holding.key

        values = {listing.default: key}
        return page(listing, query, held, key=lambda each: (each.key,), values=values)

    async def get(self, identity: str, operator_id: int, kind: str, key: str) -> Holding:
        """See `IHoldings`."""
        for holding in await self.list(identity, operator_id, kind):
            if holding.key == key:
                return holding
        raise NotFound("the station holds no such thing")

    async def prune(self, older_than: datetime, limit: int) -> int:
        """See `IHoldings`."""
        old = [
            each
            for each in self._held
            if each[1].removed_at is not None and each[1].removed_at < older_than
        ][:limit]
        for each in old:
            self._held.remove(each)
        return len(old)


def _as_grave(happening: Happening, value: object) -> bool:
    severity = happening.severity
    return severity is not None and isinstance(value, int) and severity <= value


def _from(happening: Happening, value: object) -> bool:
    return isinstance(value, datetime) and happening.at >= value


def _came_from(message: QuarantinedMessage, value: object) -> bool:
    return isinstance(value, datetime) and message.received_at >= value


def _came_to(message: QuarantinedMessage, value: object) -> bool:
    return isinstance(value, datetime) and message.received_at < value


def _to(happening: Happening, value: object) -> bool:
    return isinstance(value, datetime) and happening.at < value


@implementer(IHappenings)
@attrs.define
class MemoryHappenings:
    """`IHappenings` over a list; seeded by `seed`."""

    stations: IStations
    _happened: list[tuple[int, Happening]] = attrs.field(factory=list, init=False)
    _ids: count[int] = attrs.field(factory=lambda: count(1), init=False)

    def seed(self, happening: Happening, operator_id: int = 1) -> Happening:
        """It happened."""
        self._happened.append((operator_id, happening))
        return happening

    async def list(
        self, query: Query, operator_id: int, *, identity: str | None = None
    ) -> Page[Happening]:
        """See `IHappenings`."""
        if identity is not None:
            await self.stations.get(identity, operator_id)
        mine = [
            happening
            for whose, happening in self._happened
            if whose == operator_id and identity in (None, happening.identity)
        ]
        return page(
            HAPPENINGS,
            query,
            mine,
            key=lambda happening: (happening.id,),
            tests={"severity": _as_grave, "at_from": _from, "at_to": _to},
        )

    async def prune(self, older_than: datetime, limit: int) -> int:
        """See `IHappenings`."""
        old = [each for each in self._happened if each[1].received_at < older_than][:limit]
        for each in old:
            self._happened.remove(each)
        return len(old)


@implementer(IQuarantine)
@attrs.define
class MemoryQuarantine:
    """`IQuarantine` over a list; seeded by `seed`."""

    stations: IStations
    _messages: list[tuple[int, QuarantinedMessage]] = attrs.field(factory=list, init=False)

    def seed(self, message: QuarantinedMessage, operator_id: int = 1) -> QuarantinedMessage:
        """It came."""
        self._messages.append((operator_id, message))
        return message

    async def list(
        self, query: Query, operator_id: int, *, identity: str | None = None
    ) -> Page[QuarantinedMessage]:
        """See `IQuarantine`."""
        if identity is not None:
            await self.stations.get(identity, operator_id)
        mine = [
            message
            for whose, message in self._messages
            if whose == operator_id and identity in (None, message.identity)
        ]
        return page(
            QUARANTINE,
            query,
            mine,
            key=lambda message: (message.id,),
            tests={"received_from": _came_from, "received_to": _came_to},
        )


@implementer(IAssemblies)
@attrs.define
class MemoryAssemblies:
    """`IAssemblies` over a list; seeded by `seed`."""

    stations: IStations
    _reports: list[tuple[str, Assembled]] = attrs.field(factory=list, init=False)

    def seed(self, identity: str, report: Assembled) -> Assembled:
        """The station reported that."""
        self._reports.append((identity, report))
        return report

    async def list(
        self, query: Query, identity: str, operator_id: int, *, without: Collection[str] = ()
    ) -> Page[Assembled]:
        """See `IAssemblies`."""
        mine = await self._mine(identity, operator_id)
        told = [report for report in mine if report.kind not in without]
        return page(REPORTS, query, told, key=lambda report: (report.ref, report.kind))

    async def _mine(self, identity: str, operator_id: int) -> Sequence[Assembled]:
        await self.stations.get(identity, operator_id)
        mine = [report for whose, report in self._reports if whose == identity]
        return sorted(mine, key=lambda report: report.updated_at, reverse=True)

    async def get(self, identity: str, operator_id: int, ref: int, kind: str | None) -> Assembled:
        """See `IAssemblies`."""
        for report in await self._mine(identity, operator_id):
            if report.ref == ref and kind in (None, report.kind):
                return report
        raise NotFound("no part of such a report has come")

    async def give_up(self, silent_since: datetime, now: datetime) -> int:
        """See `IAssemblies`; nothing grows old in memory."""
        del silent_since, now
        return 0

    async def forget(self, identity: str, operator_id: int, kind: str, ref: int) -> None:
        """See `IAssemblies`."""
        report = await self.get(identity, operator_id, ref, kind)
        self._reports.remove((identity, report))

    async def prune(self, older_than: datetime, limit: int, kind: str | None = None) -> int:
        """See `IAssemblies`."""
        old = [
            each
            for each in self._reports
            if each[1].updated_at < older_than and kind in (None, each[1].kind)
        ][:limit]
        for each in old:
            self._reports.remove(each)
        return len(old)
