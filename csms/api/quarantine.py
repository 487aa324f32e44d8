"""Messages that may prove money and could not be read: `/quarantine`."""

from __future__ import annotations

from typing import Annotated, Any

import attrs
from msgspec import Meta

from csms.api.routes import PREFIX, Answer, Call, Route
from csms.api.shapes import Listed, Time, View, list_query, listed, query_of, told
from csms.core.listings import QUARANTINE
from csms.core.ports import IQuarantine
from csms.core.quarantine import QuarantinedMessage

QuarantineQuery: Any = list_query(
    QUARANTINE,
    action="For example `TransactionEvent`.",
    received_from="Not before.",
    received_to="Before.",
)


class QuarantinedView(View, frozen=True, kw_only=True):
    """A message as it came, and why it is here."""

    id: int
    station: str
    received_at: Time
    action: str
    fault: Annotated[str, Meta(description="The kind of fault, and what is wrong where.")]
    content: Annotated[str, Meta(description="The frame as the station sent it.")]


def _view(message: QuarantinedMessage) -> QuarantinedView:
    return QuarantinedView(
        id=message.id,
        station=message.identity,
        received_at=told(message.received_at),
        action=message.action,
        fault=message.fault,
        content=message.content,
    )


@attrs.frozen
class Quarantine:
    """Handlers of ``/quarantine``."""

    quarantine: IQuarantine

    async def everywhere(self, call: Call[None, Any]) -> Answer:
        """Of all stations."""
        page = await self.quarantine.list(query_of(call.query), call.operator_id)
        return listed(page, _view, call)

    async def at_station(self, call: Call[None, Any]) -> Answer:
        """Of one station."""
        page = await self.quarantine.list(
            query_of(call.query), call.operator_id, identity=call.path["identity"]
        )
        return listed(page, _view, call)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        return (
            Route(
                method="GET",
                path=f"{PREFIX}/quarantine",
                name="listQuarantine",
                summary="List messages that may prove money and could not be read",
                description="Also those of which only a part could be read: what could is with its "
                "session, and the whole message is here.",
                tag="events",
                handler=self.everywhere,
                query=QuarantineQuery,
                answers={200: Listed[QuarantinedView]},
            ),
            Route(
                method="GET",
                path=f"{PREFIX}/stations/{{identity}}/quarantine",
                name="listStationQuarantine",
                summary="List messages of a station that may prove money and could not be read",
                tag="events",
                handler=self.at_station,
                query=QuarantineQuery,
                answers={200: Listed[QuarantinedView]},
            ),
        )
