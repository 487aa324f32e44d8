"""Tariffs on stations, the cost of sessions, and how stations say that sessions stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import attrs
from msgspec import UNSET, Meta, UnsetType

from csms.api.command_shapes import Queued
from csms.api.commands import OUTCOME
from csms.api.held import held_page
from csms.api.operations import OperationView, operation_answer
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.running import named, running
from csms.api.shapes import INT32, EvseId, Json, Listed, Shape, Time, View, list_query, told
from csms.core.commands import Command
from csms.core.declarations import MAX_MESSAGE
from csms.core.errors import Invalid
from csms.core.holdings import Holding
from csms.core.inquiries.vocabulary import AskStatus
from csms.core.listings import TARIFFS
from csms.core.ports import IHoldings, IOperations, ISessions
from csms.core.tariffs.rules import check_content, check_tariff
from csms.core.tariffs.vocabulary import (
    SESSION_TARIFF,
    TARIFF,
    ChangeTariff,
    ClearTariffs,
    ReadTariffs,
    SetTariff,
    ShowCost,
)

Tariff = Annotated[
    dict[str, Json],
    Meta(
        description="As OCPP 2.1 has it (TariffType), its names in snake case: `currency`, "
        "`energy`, `charging_time`, `idle_time`, `fixed_fee` ...; with its content its id must "
        "change."
    ),
]
Amount = Annotated[
    str,
    Meta(
        # Fifteen digits are what a number of JSON keeps, and OCPP has no other.
        pattern=r"^\d{1,9}(\.\d{1,6})?$",
        description="An exact decimal, in the currency of the station.",
    ),
]
Evse = Annotated[int, Meta(ge=0, le=INT32, description="0: all of them.")]


class TariffRequest(Queued, frozen=True, kw_only=True):
    """The tariff of an EVSE, or (0) of all, where the driver has no other."""

    tariff: Tariff
    evse_id: EvseId = 0


class SessionTariff(Queued, frozen=True, kw_only=True):
    """The tariff of a running session from now on."""

    tariff: Tariff


class CostRequest(Queued, frozen=True, kw_only=True):
    """What a session has cost so far, and what the driver is shown with it."""

    total: Amount
    message: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=MAX_MESSAGE,
                description="Shown from the next event of the session on, until another is given.",
            ),
        ]
        | None
    ) = None


class TariffsReadRequest(Queued, frozen=True, kw_only=True):
    """Of an EVSE, or (0) of all."""

    evse_id: EvseId = 0


class ClearQuery(Shape, frozen=True, kw_only=True):
    """Which tariffs; without an EVSE all."""

    evse_id: Evse | UnsetType = UNSET
    queue: Annotated[
        bool, Meta(description="Keep the command for a station that is not connected.")
    ] = False


class ClearOneQuery(Shape, frozen=True, kw_only=True):
    """How to send it."""

    queue: Annotated[
        bool, Meta(description="Keep the command for a station that is not connected.")
    ] = False


class TariffView(View, frozen=True, kw_only=True):
    """A tariff of a station, as it accepted or reported it."""

    tariff_id: str
    tariff_kind: Annotated[
        str | None, Meta(description="`DefaultTariff`, or `DriverTariff` of who charges.")
    ]
    evse_ids: Annotated[tuple[int, ...], Meta(description="Empty: all of them.")]
    tariff: Annotated[dict[str, Json] | None, Meta(description="When it was set from here.")]
    origin: Annotated[str, Meta(description="`set` by us, or `told` by the station.")]
    updated_at: Time


def tariff_view(held: Holding) -> TariffView:
    """A tariff as the API tells it."""
    content: dict[str, Any] = held.content
    return TariffView(
        tariff_id=held.key,
        tariff_kind=content.get("tariff_kind"),
        evse_ids=tuple(content.get("evse_ids", ())),
        tariff=content.get("tariff"),
        origin=held.origin,
        updated_at=told(held.updated_at),
    )


@attrs.frozen
class Tariffs:
    """Handlers of tariffs, costs and the state of transactions."""

    holdings: IHoldings
    sessions: ISessions
    operations: IOperations

    async def list(self, call: Call[None, Any]) -> Answer:
        """The tariffs of a station."""
        return await held_page(self.holdings, TARIFFS, TARIFF, tariff_view, call)

    async def put(self, call: Call[TariffRequest, NoQuery]) -> Answer:
        """A default tariff."""
        body, tariff_id = call.body, call.path["tariff_id"]
        if body.tariff.get("tariff_id", tariff_id) != tariff_id:
            raise Invalid("expected the id that is in the path, or none", field="tariff.tariff_id")
        tariff = {**body.tariff, "tariff_id": tariff_id}
        await self._check(call.path["identity"], call.operator_id, tariff)
        return await self._send(
            call, SetTariff(evse_id=body.evse_id, tariff=tariff), queue=body.queue
        )

    async def read(self, call: Call[TariffsReadRequest, NoQuery]) -> Answer:
        """Ask the station."""
        body = call.body
        return await self._send(call, ReadTariffs(evse_id=body.evse_id), queue=body.queue)

    async def clear(self, call: Call[None, ClearQuery]) -> Answer:
        """Take tariffs away."""
        evse_id = None if call.query.evse_id is UNSET else call.query.evse_id
        return await self._send(call, ClearTariffs(evse_id=evse_id), queue=call.query.queue)

    async def clear_one(self, call: Call[None, ClearOneQuery]) -> Answer:
        """Take one away."""
        command = ClearTariffs(tariff_ids=(call.path["tariff_id"],))
        return await self._send(call, command, queue=call.query.queue)

    async def change(self, call: Call[SessionTariff, NoQuery]) -> Answer:
        """Another tariff for a running session."""
        session, ref = await running(self.sessions, call.path["session_id"], call.operator_id)
        tariff, before = call.body.tariff, session.details.get(SESSION_TARIFF)
        await self._check(session.identity, call.operator_id, tariff, before)
        command = ChangeTariff(transaction_ref=ref, tariff=tariff)
        return await self._send(call, command, session.identity, queue=call.body.queue)

    async def cost(self, call: Call[CostRequest, NoQuery]) -> Answer:
        """What it costs so far."""
        session, ref = await running(self.sessions, call.path["session_id"], call.operator_id)
        body = call.body
        command = ShowCost(transaction_ref=ref, total=body.total, message=body.message)
        return await self._send(call, command, session.identity, queue=body.queue)

    async def status(self, call: Call[Queued, NoQuery]) -> Answer:
        """How the station says that a session stands, be it over or not: before it is paid for,
        its last messages should have come."""
        session = await self.sessions.get(call.path["session_id"], call.operator_id)
        command = AskStatus(transaction_ref=named(session))
        return await self._send(call, command, session.identity, queue=call.body.queue)

    async def messages(self, call: Call[Queued, NoQuery]) -> Answer:
        """Whether the station has messages to deliver."""
        return await self._send(call, AskStatus(), queue=call.body.queue)

    async def _check(
        self, identity: str, operator_id: int, tariff: Mapping[str, object], *known: object
    ) -> None:
        """Raises `Invalid` for a tariff that is too large, and `Conflict` for one that the station
        has (or that is ``known``) with another content."""
        check_tariff(tariff)
        held = await self.holdings.list(identity, operator_id, TARIFF)
        there = (*known, *(each.content.get("tariff") for each in held))
        check_content([each for each in there if isinstance(each, dict)], tariff)

    async def _send(
        self,
        call: Call[Any, Any],
        command: Command,
        identity: str | None = None,
        *,
        queue: bool,
    ) -> Answer:
        operation = await self.operations.submit(
            identity or call.path["identity"],
            call.operator_id,
            command,
            requested_by=call.who,
            queue=queue,
            session_id=call.path.get("session_id"),
        )
        return operation_answer(operation)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        station = f"{PREFIX}/stations/{{identity}}"
        tariffs, session = f"{station}/tariffs", f"{PREFIX}/sessions/{{session_id}}"
        one = f"{tariffs}/{{tariff_id}}"
        return (
            Route(
                method="GET",
                path=tariffs,
                name="listStationTariffs",
                summary="List the tariffs that a station calculates with",
                tag="tariffs",
                handler=self.list,
                query=list_query(TARIFFS),
                answers={200: Listed[TariffView]},
            ),
            _route(
                "PUT", one, "setDefaultTariff", "Set a default tariff", self.put, body=TariffRequest
            ),
            _route(
                "DELETE",
                one,
                "clearTariff",
                "Take a tariff away",
                self.clear_one,
                query=ClearOneQuery,
            ),
            _route(
                "DELETE",
                tariffs,
                "clearTariffs",
                "Take the tariffs of a station or an EVSE away",
                self.clear,
                query=ClearQuery,
            ),
            _route(
                "POST",
                f"{tariffs}/read",
                "readTariffs",
                "Have a station tell its tariffs",
                self.read,
                body=TariffsReadRequest,
                body_optional=True,
            ),
            _route(
                "POST",
                f"{session}/tariff",
                "changeSessionTariff",
                "Change the tariff of a running session",
                self.change,
                body=SessionTariff,
            ),
            _route(
                "POST",
                f"{session}/cost",
                "showCost",
                "Show the driver what a running session has cost so far",
                self.cost,
                body=CostRequest,
            ),
            _route(
                "POST",
                f"{session}/status",
                "askSessionStatus",
                "Ask a station how a session stands",
                self.status,
                body=Queued,
                body_optional=True,
            ),
            _route(
                "POST",
                f"{station}/transaction-status",
                "askTransactionStatus",
                "Ask a station whether messages of transactions wait there",
                self.messages,
                body=Queued,
                body_optional=True,
            ),
        )


def _route(method: str, path: str, name: str, summary: str, handler: Any, **more: Any) -> Route:
    return Route(
        method=method,
        path=path,
        name=name,
        summary=summary,
        description=OUTCOME
        + " What the version of the station has no message for is `unsupported`.",
        tag="tariffs",
        handler=handler,
        answers={200: OperationView, 202: OperationView},
        refuses=frozenset({409}),
        **more,
    )
