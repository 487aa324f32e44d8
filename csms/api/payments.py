"""Payments at stations, and battery swaps."""

from __future__ import annotations

from typing import Annotated, Any

import attrs
from msgspec import Meta

from csms.api.command_shapes import Queued, TokenKind
from csms.api.commands import OUTCOME
from csms.api.kept import HappeningView, OneKindQuery, happening_view
from csms.api.operations import OperationView, operation_answer
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import (
    INT32,
    IdToken,
    Json,
    Listed,
    Time,
    View,
    list_query,
    listed,
    query_of,
    told,
)
from csms.core.batteries.vocabulary import SWAP, RequestSwap
from csms.core.pages import Query
from csms.core.payments.listing import SETTLEMENTS
from csms.core.payments.vocabulary import AnnounceWebPayment, Settlement
from csms.core.ports import IHappenings, IOperations, ISettlements

SettlementsQuery = list_query(
    SETTLEMENTS,
    station="Identity of the station.",
    settled_from="Not before.",
    settled_to="Before.",
)


class WebPaymentRequest(Queued, frozen=True, kw_only=True):
    """A driver has opened the payment page of an EVSE."""

    evse_id: Annotated[int, Meta(ge=1, le=INT32, description="Whose page it is.")]
    timeout_s: Annotated[
        int, Meta(ge=1, le=86_400, description="Seconds for which the EVSE is kept free.")
    ] = 300


class SwapRequest(Queued, frozen=True, kw_only=True):
    """Swap batteries for a driver."""

    id_token: IdToken
    kind: TokenKind | None = None


class SettlementView(View, frozen=True, kw_only=True):
    """A payment that a station took itself."""

    station: str
    psp_ref: Annotated[str, Meta(description="Reference of the payment service provider.")]
    status: Annotated[str, Meta(description="`Settled`, `Canceled`, `Rejected` or `Failed`.")]
    amount: Annotated[str, Meta(description="Exact, in the currency of the station's tariff.")]
    settled_at: Time
    received_at: Time
    session_id: str | None
    transaction_id: str | None
    receipt_id: str | None
    receipt_url: str | None
    vat_number: str | None
    vat_company: dict[str, Json] | None
    detail: str | None


def settlement_view(settlement: Settlement) -> SettlementView:
    """A settlement as the API tells it."""
    return SettlementView(
        station=settlement.station,
        psp_ref=settlement.psp_ref,
        status=settlement.status,
        amount=settlement.amount,
        settled_at=told(settlement.settled_at),
        received_at=told(settlement.received_at),
        session_id=settlement.session_id,
        transaction_id=settlement.transaction_ref,
        receipt_id=settlement.receipt_id,
        receipt_url=settlement.receipt_url,
        vat_number=settlement.vat_number,
        vat_company=settlement.vat_company,
        detail=settlement.detail,
    )


@attrs.frozen
class Payments:
    """Handlers of payments at stations and battery swaps."""

    settlements: ISettlements
    happenings: IHappenings
    operations: IOperations

    async def list(self, call: Call[None, Any]) -> Answer:
        """What stations settled."""
        page = await self.settlements.list(query_of(call.query), call.operator_id)
        return listed(page, settlement_view, call)

    async def announce(self, call: Call[WebPaymentRequest, NoQuery]) -> Answer:
        """Tell a station of a driver at its payment page."""
        command = AnnounceWebPayment(evse_id=call.body.evse_id, timeout_s=call.body.timeout_s)
        operation = await self.operations.submit(
            call.path["identity"],
            call.operator_id,
            command,
            requested_by=call.who,
            queue=call.body.queue,
        )
        return operation_answer(operation)

    async def swap(self, call: Call[SwapRequest, NoQuery]) -> Answer:
        """Have a station swap batteries."""
        operation = await self.operations.submit(
            call.path["identity"],
            call.operator_id,
            RequestSwap(id_token=call.body.id_token, kind=call.body.kind),
            requested_by=call.who,
            queue=call.body.queue,
        )
        return operation_answer(operation)

    async def swapped(self, call: Call[None, Any]) -> Answer:
        """What was swapped."""
        asked = query_of(call.query)
        query = Query(
            filters={**asked.filters, "kind": SWAP},
            sort=asked.sort,
            limit=asked.limit,
            cursor=asked.cursor,
        )
        page = await self.happenings.list(query, call.operator_id, identity=call.path["identity"])
        return listed(page, happening_view, call)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        station = f"{PREFIX}/stations/{{identity}}"
        command = {200: OperationView, 202: OperationView}
        note = OUTCOME + " Only OCPP 2.1 has such a message; others are `unsupported`."
        return (
            Route(
                method="GET",
                path=f"{PREFIX}/settlements",
                name="listSettlements",
                summary="List payments that stations took themselves",
                tag="payments",
                handler=self.list,
                query=SettlementsQuery,
                answers={200: Listed[SettlementView]},
            ),
            Route(
                method="POST",
                path=f"{station}/web-payments",
                name="announceWebPayment",
                summary="Tell a station that a driver pays by web",
                description=note,
                tag="payments",
                handler=self.announce,
                body=WebPaymentRequest,
                answers=command,
                refuses=frozenset({409}),
            ),
            Route(
                method="POST",
                path=f"{station}/battery-swaps",
                name="requestBatterySwap",
                summary="Have a station swap batteries",
                description=note,
                tag="batteries",
                handler=self.swap,
                body=SwapRequest,
                answers=command,
                refuses=frozenset({409}),
            ),
            Route(
                method="GET",
                path=f"{station}/battery-swaps",
                name="listBatterySwaps",
                summary="List batteries put in and taken out",
                tag="batteries",
                handler=self.swapped,
                query=OneKindQuery,
                answers={200: Listed[HappeningView]},
            ),
        )
