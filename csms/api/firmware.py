"""Firmware of stations: `/stations/{identity}/firmware-updates` and `.../firmware-publications`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.api.commands import OUTCOME
from csms.api.firmware_shapes import (
    FirmwareUpdateView,
    PublicationRequest,
    PublicationView,
    UnpublishQuery,
    UpdateRequest,
    UpdatesQuery,
    publication_view,
    update_view,
)
from csms.api.held import held_page
from csms.api.operations import OperationView, operation_answer
from csms.api.reading import moment
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Listed, list_query, listed, query_of
from csms.core.firmware.vocabulary import (
    PUBLISHED,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from csms.core.listings import FIRMWARE_PUBLICATIONS
from csms.core.ports import IHoldings, IOperations
from csms.core.ports.firmware import IFirmware


@attrs.frozen
class FirmwareOf:
    """Handlers of firmware."""

    firmware: IFirmware
    holdings: IHoldings
    operations: IOperations
    clock: IReactorTime

    async def update(self, call: Call[UpdateRequest, NoQuery]) -> Answer:
        """Begin an update."""
        body = call.body
        at, later = body.retrieve_at, body.install_at
        command = UpdateFirmware(
            location=body.location,
            retrieve_at=self._now() if at is None else moment(at, "retrieve_at"),
            install_at=None if later is None else moment(later, "install_at"),
            signing_certificate=body.signing_certificate,
            signature=body.signature,
            retries=body.retries,
            retry_interval_s=body.retry_interval_s,
        )
        operation = await self.firmware.update(
            call.path["identity"],
            call.operator_id,
            command,
            expected_version=body.expected_version,
            requested_by=call.who,
            queue=body.queue,
        )
        return operation_answer(operation)

    async def list(self, call: Call[None, Any]) -> Answer:
        """Updates of a station."""
        page = await self.firmware.list(
            query_of(call.query), call.path["identity"], call.operator_id
        )
        return listed(page, update_view, call)

    async def get(self, call: Call[None, NoQuery]) -> Answer:
        """One update."""
        update = await self.firmware.get(
            call.path["identity"], call.operator_id, int(call.path["ref"])
        )
        return Answer(200, update_view(update))

    async def publish(self, call: Call[PublicationRequest, NoQuery]) -> Answer:
        """Have a controller publish."""
        body = call.body
        command = PublishFirmware(
            location=body.location,
            checksum=body.checksum.lower(),
            retries=body.retries,
            retry_interval_s=body.retry_interval_s,
        )
        operation = await self.firmware.publish(
            call.path["identity"],
            call.operator_id,
            command,
            requested_by=call.who,
            queue=body.queue,
        )
        return operation_answer(operation)

    async def publications(self, call: Call[None, Any]) -> Answer:
        """What a controller publishes."""
        listing = FIRMWARE_PUBLICATIONS
        return await held_page(self.holdings, listing, PUBLISHED, publication_view, call)

    async def unpublish(self, call: Call[None, UnpublishQuery]) -> Answer:
        """Have a controller publish no longer."""
        operation = await self.operations.submit(
            call.path["identity"],
            call.operator_id,
            UnpublishFirmware(checksum=call.path["checksum"].lower()),
            requested_by=call.who,
            queue=call.query.queue,
        )
        return operation_answer(operation)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.seconds(), UTC)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        updates = f"{PREFIX}/stations/{{identity}}/firmware-updates"
        publications = f"{PREFIX}/stations/{{identity}}/firmware-publications"
        route = partial(Route, tag="firmware")
        command = partial(
            route,
            description=OUTCOME,
            answers={200: OperationView, 202: OperationView},
            refuses=frozenset({409}),
        )
        return (
            command(
                method="POST",
                path=updates,
                name="updateFirmware",
                summary="Update the firmware",
                handler=self.update,
                body=UpdateRequest,
            ),
            route(
                method="GET",
                path=updates,
                name="listFirmwareUpdates",
                summary="List firmware updates",
                handler=self.list,
                query=UpdatesQuery,
                answers={200: Listed[FirmwareUpdateView]},
            ),
            route(
                method="GET",
                path=f"{updates}/{{ref}}",
                name="getFirmwareUpdate",
                summary="Get a firmware update",
                handler=self.get,
                answers={200: FirmwareUpdateView},
            ),
            command(
                method="POST",
                path=publications,
                name="publishFirmware",
                summary="Publish firmware from a local controller",
                handler=self.publish,
                body=PublicationRequest,
            ),
            route(
                method="GET",
                path=publications,
                name="listFirmwarePublications",
                summary="List what a local controller publishes",
                handler=self.publications,
                query=list_query(FIRMWARE_PUBLICATIONS),
                answers={200: Listed[PublicationView]},
            ),
            command(
                method="DELETE",
                path=f"{publications}/{{checksum}}",
                name="unpublishFirmware",
                summary="Stop publishing",
                handler=self.unpublish,
                query=UnpublishQuery,
            ),
        )
