"""The book of firmware updates, in memory."""

from __future__ import annotations

from datetime import datetime

import attrs
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.firmware.vocabulary import FIRMWARE_UPDATES, FirmwareUpdate, Step, UpdateFirmware
from csms.core.operations import without_userinfo
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports import IStations
from csms.core.ports.firmware import IFirmwareBook
from csms.core.values import Station


@implementer(IFirmwareBook)
@attrs.define
class MemoryFirmwareBook:
    """`IFirmwareBook` over a dictionary; `seed` is what the intake would do."""

    stations: IStations
    updates: dict[tuple[int, int], FirmwareUpdate] = attrs.field(factory=dict, init=False)

    def seed(self, station_id: int, update: FirmwareUpdate) -> FirmwareUpdate:
        """Put an update, which replaces the one of the same number."""
        self.updates[station_id, update.number] = update
        return update

    async def record(
        self, station: Station, command: UpdateFirmware, expected_version: str | None, at: datetime
    ) -> None:
        """See `IFirmwareBook`."""
        assert command.ref is not None
        update = FirmwareUpdate(
            number=command.ref,
            identity=station.identity,
            operator_id=station.operator_id,
            status="Requested",
            location=without_userinfo(command.location),
            retrieve_at=command.retrieve_at,
            install_at=command.install_at,
            signing_certificate=command.signing_certificate,
            signature=command.signature,
            retries=command.retries,
            retry_interval_s=command.retry_interval_s,
            expected_version=expected_version,
            version_before=station.firmware_version,
            created_at=at,
            updated_at=at,
        )
        self.updates[station.id, command.ref] = update

    async def close(
        self, station_id: int, number: int, status: str, detail: str | None, at: datetime
    ) -> None:
        """See `IFirmwareBook`."""
        update = self.updates.get((station_id, number))
        if update is not None and update.status == "Requested":
            self.updates[station_id, number] = replace(
                update,
                status=status,
                detail=detail,
                updated_at=at,
                ended_at=at,
                history=(*update.history, Step(status=status, at=at, detail=detail)),
            )

    async def discard(self, station_id: int, number: int) -> None:
        """See `IFirmwareBook`."""
        update = self.updates.get((station_id, number))
        if update is not None and update.status == "Requested":
            del self.updates[station_id, number]

    async def list(self, query: Query, identity: str, operator_id: int) -> Page[FirmwareUpdate]:
        """See `IFirmwareBook`."""
        station = await self.stations.get(identity, operator_id)
        own = [update for (of, _), update in self.updates.items() if of == station.id]
        return page(FIRMWARE_UPDATES, query, own, key=lambda update: (update.number,))

    async def get(self, identity: str, operator_id: int, number: int) -> FirmwareUpdate:
        """See `IFirmwareBook`."""
        station = await self.stations.get(identity, operator_id)
        if (station.id, number) not in self.updates:
            raise NotFound("there is no such firmware update")
        return self.updates[station.id, number]

    async def prune(self, older_than: datetime, limit: int) -> int:
        """See `IFirmwareBook`."""
        old = [key for key, each in self.updates.items() if each.updated_at < older_than][:limit]
        for key in old:
            del self.updates[key]
        return len(old)
