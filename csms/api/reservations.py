"""Reservations: `/reservations`."""

from __future__ import annotations

from typing import Any

import attrs

from csms.api.operations import operation_url, operation_view
from csms.api.reading import moment
from csms.api.reservations_shapes import (
    CancelQuery,
    ReservationAnswer,
    ReservationRequest,
    ReservationView,
    reservation_view,
)
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Listed, list_query, listed, query_of
from csms.core.ports.reservations import IReservations
from csms.core.reservations.listing import RESERVATIONS
from csms.core.reservations.vocabulary import Reservation, ReservationStatus, ReserveNow
from csms.core.values import Operation

ReservationsQuery = list_query(
    RESERVATIONS,
    station="Identity of the station.",
    id_token="Token it is for.",  # noqa: S106  # no password
)

_OPEN = (ReservationStatus.REQUESTED, ReservationStatus.UNCONFIRMED)


@attrs.frozen
class Reservations:
    """Handlers of `/reservations`."""

    reservations: IReservations

    async def list(self, call: Call[None, Any]) -> Answer:
        """Reservations at the stations of the caller's operator."""
        page = await self.reservations.list(query_of(call.query), call.operator_id)
        return listed(page, reservation_view, call)

    async def get(self, call: Call[None, NoQuery]) -> Answer:
        """One reservation."""
        reservation = await self.reservations.get(call.path["reservation_id"], call.operator_id)
        return Answer(200, reservation_view(reservation))

    async def make(self, call: Call[ReservationRequest, NoQuery]) -> Answer:
        """Reserve."""
        body = call.body
        wanted = ReserveNow(
            id_token=body.id_token,
            kind=body.kind,
            group_id=body.group_id,
            evse_id=body.evse_id or None,
            connector_type=body.connector_type,
            expires_at=moment(body.expires_at, "expires_at"),
        )
        reservation, operation = await self.reservations.make(
            body.station, call.operator_id, wanted, requested_by=call.who, queue=body.queue
        )
        status = 202 if reservation.status in _OPEN else 201
        location = f"{PREFIX}/reservations/{reservation.id}"
        return Answer(status, _answer(reservation, operation), {"Location": location})

    async def cancel(self, call: Call[None, CancelQuery]) -> Answer:
        """Give it up."""
        reservation, operation = await self.reservations.cancel(
            call.path["reservation_id"],
            call.operator_id,
            requested_by=call.who,
            queue=call.query.queue,
        )
        answer = _answer(reservation, operation)
        if operation is None or operation.status.settled:
            return Answer(200, answer)
        return Answer(202, answer, {"Location": operation_url(operation)})

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        path = f"{PREFIX}/reservations"
        return (
            Route(
                method="GET",
                path=path,
                name="listReservations",
                summary="List reservations",
                tag="reservations",
                handler=self.list,
                query=ReservationsQuery,
                answers={200: Listed[ReservationView]},
            ),
            Route(
                method="POST",
                path=path,
                name="makeReservation",
                summary="Reserve an EVSE",
                description="With 201 the station has answered: `accepted`, or `rejected` with "
                "the `reason` (also when it is not connected, or its version has no such "
                "reservation). With 202 it is `requested` until the station answers, or "
                "`unconfirmed`: it did not answer in time, and may hold the reservation.",
                tag="reservations",
                handler=self.make,
                body=ReservationRequest,
                answers={201: ReservationAnswer, 202: ReservationAnswer},
                refuses=frozenset({404, 409}),
            ),
            Route(
                method="GET",
                path=f"{path}/{{reservation_id}}",
                name="getReservation",
                summary="Get a reservation",
                tag="reservations",
                handler=self.get,
                answers={200: ReservationView},
            ),
            Route(
                method="DELETE",
                path=f"{path}/{{reservation_id}}",
                name="cancelReservation",
                summary="Cancel a reservation",
                description="The reservation stays readable. It is `cancelled` when the station "
                "agrees, and `removed` when the station does not have it; what the station "
                "said is in the operation. One that was never sent is cancelled at once.",
                tag="reservations",
                handler=self.cancel,
                query=CancelQuery,
                answers={200: ReservationAnswer, 202: ReservationAnswer},
                refuses=frozenset({409}),
            ),
        )


def _answer(reservation: Reservation, operation: Operation | None) -> ReservationAnswer:
    return ReservationAnswer(
        reservation=reservation_view(reservation),
        operation=None if operation is None else operation_view(operation),
    )
