"""Firmware updates: the wish is kept before the station is asked, so nothing it says is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.errors import Refusal
from csms.core.firmware.locations import check_location
from csms.core.firmware.signatures import check_signature
from csms.core.firmware.vocabulary import FirmwareUpdate, PublishFirmware, UpdateFirmware
from csms.core.pages import Page, Query
from csms.core.ports import IOperations, IOperationsBook, IStations
from csms.core.ports.firmware import IFirmware, IFirmwareBook
from csms.core.values import Operation, OperationStatus

NOT_ASKED = frozenset({OperationStatus.UNREACHABLE, OperationStatus.UNSUPPORTED})
"""How operations settle that no station has heard of."""


@implementer(IFirmware)
@attrs.frozen(eq=False, kw_only=True)
class Firmware:
    """`IFirmware` over its book and the operations."""

    stations: IStations
    book: IFirmwareBook
    numbers: IOperationsBook
    operations: IOperations
    now: Callable[[], datetime]

    async def update(
        self,
        identity: str,
        operator_id: int,
        command: UpdateFirmware,
        *,
        expected_version: str | None = None,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Operation:
        """See `IFirmware`."""
        check_location(command.location)
        check_signature(command.signing_certificate, command.signature)
        station = await self.stations.get(identity, operator_id)
        number = await self.numbers.number()
        command = replace(command, ref=number)
        await self.book.record(station, command, expected_version, self.now())
        try:
            operation = await self.operations.submit(
                identity, operator_id, command, requested_by=requested_by, queue=queue
            )
        except Refusal:
            await self.book.discard(station.id, number)
            raise
        if operation.status in NOT_ASKED:
            status, detail = operation.status.value.capitalize(), operation.detail
            await self.book.close(station.id, number, status, detail, self.now())
        return operation

    async def publish(
        self,
        identity: str,
        operator_id: int,
        command: PublishFirmware,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Operation:
        """See `IFirmware`."""
        check_location(command.location)
        return await self.operations.submit(
            identity, operator_id, command, requested_by=requested_by, queue=queue
        )

    async def list(self, query: Query, identity: str, operator_id: int) -> Page[FirmwareUpdate]:
        """See `IFirmware`."""
        return await self.book.list(query, identity, operator_id)

    async def get(self, identity: str, operator_id: int, number: int) -> FirmwareUpdate:
        """See `IFirmware`."""
        return await self.book.get(identity, operator_id, number)
