"""What happened at stations, and the reports that they make in parts."""

from __future__ import annotations

from typing import Annotated, Any

import attrs
from msgspec import UNSET, Meta, UnsetType

from csms.api.routes import PREFIX, Answer, Call, Route
from csms.api.shapes import (
    Json,
    Listed,
    Shape,
    Time,
    View,
    list_query,
    listed,
    query_of,
    told,
    told_if,
)
from csms.core.happenings import Happening
from csms.core.listings import HAPPENINGS, REPORTS
from csms.core.ports import Assembled, IAssemblies, IHappenings

_NOTES = {
    "severity": "That severity or a graver one (0 is danger, 9 debug).",
    "at_from": "Not before.",
    "at_to": "Before.",
}
HappeningsQuery: Any = list_query(HAPPENINGS, **_NOTES)
OneKindQuery: Any = list_query(HAPPENINGS, without=("kind",), **_NOTES)
"""For a list of happenings of one kind."""

Severity = Annotated[int, Meta(description="0 (danger) to 9 (debug), as OCPP 2.x counts.")]


class HappeningView(View, frozen=True, kw_only=True):
    """Something that happened at a station."""

    id: int
    station: str
    kind: Annotated[
        str, Meta(description="`security`, `monitor`, `battery_swap`, `data_transfer` and so on.")
    ]
    at: Time
    received_at: Time
    evse_id: int | None
    connector_id: int | None
    severity: Severity | None
    session_id: str | None
    content: dict[str, Json]


class ReportQuery(Shape, frozen=True, kw_only=True):
    """Which of several."""

    kind: (
        Annotated[str, Meta(max_length=64, description="When several have that number.")]
        | UnsetType
    ) = UNSET


class ReportSummary(View, frozen=True, kw_only=True):
    """A report that a station makes in parts."""

    ref: Annotated[int, Meta(description="Number of the request; `ref` in the operation.")]
    kind: str
    status: Annotated[
        str,
        Meta(
            description="`collecting`; `complete`; `incomplete` when the station did not go on "
            "for ten minutes."
        ),
    ]
    parts: int
    started_at: Time
    updated_at: Time
    completed_at: Time | None


class ReportView(ReportSummary, frozen=True, kw_only=True):
    """A report with what its parts said, in their order."""

    items: tuple[Json, ...]


def happening_view(happening: Happening) -> HappeningView:
    """A happening as the API tells it."""
    return HappeningView(
        id=happening.id,
        station=happening.identity,
        kind=happening.kind,
        at=told(happening.at),
        received_at=told(happening.received_at),
        evse_id=happening.evse_id,
        connector_id=happening.connector_id,
        severity=happening.severity,
        session_id=happening.session_id,
        content=happening.content,
    )


def _summary(report: Assembled) -> dict[str, Any]:
    return {
        "ref": report.ref,
        "kind": report.kind,
        "status": report.status,
        "parts": report.parts,
        "started_at": told(report.started_at),
        "updated_at": told(report.updated_at),
        "completed_at": told_if(report.completed_at),
    }


@attrs.frozen
class Kept:
    """Handlers of ``/events`` and ``/reports``."""

    happenings: IHappenings
    assemblies: IAssemblies
    private: frozenset[str] = frozenset()
    """Kinds of reports with a route of their own, for not everybody may read them."""

    async def everywhere(self, call: Call[None, Any]) -> Answer:
        """What happened at all stations."""
        page = await self.happenings.list(query_of(call.query), call.operator_id)
        return listed(page, happening_view, call)

    async def at_station(self, call: Call[None, Any]) -> Answer:
        """What happened at one station."""
        page = await self.happenings.list(
            query_of(call.query), call.operator_id, identity=call.path["identity"]
        )
        return listed(page, happening_view, call)

    async def reports(self, call: Call[None, Any]) -> Answer:
        """The reports of a station."""
        found = await self.assemblies.list(
            query_of(call.query), call.path["identity"], call.operator_id, without=self.private
        )
        return listed(found, lambda report: ReportSummary(**_summary(report)), call)

    async def report(self, call: Call[None, ReportQuery]) -> Answer:
        """One report."""
        kind = None if call.query.kind is UNSET else call.query.kind
        report = await self.assemblies.get(
            call.path["identity"], call.operator_id, int(call.path["ref"]), kind
        )
        items = () if report.kind in self.private else report.items
        return Answer(200, ReportView(**_summary(report), items=items))

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        one = f"{PREFIX}/stations/{{identity}}"
        return (
            Route(
                method="GET",
                path=f"{PREFIX}/events",
                name="listEvents",
                summary="List what happened at stations",
                tag="events",
                handler=self.everywhere,
                query=HappeningsQuery,
                answers={200: Listed[HappeningView]},
            ),
            Route(
                method="GET",
                path=f"{one}/events",
                name="listStationEvents",
                summary="List what happened at a station",
                tag="events",
                handler=self.at_station,
                query=HappeningsQuery,
                answers={200: Listed[HappeningView]},
            ),
            Route(
                method="GET",
                path=f"{one}/reports",
                name="listReports",
                summary="List the reports that a station made in parts",
                tag="events",
                handler=self.reports,
                query=list_query(REPORTS),
                answers={200: Listed[ReportSummary]},
            ),
            Route(
                method="GET",
                path=f"{one}/reports/{{ref}}",
                name="getReport",
                summary="Get a report of a station, joined from its parts",
                tag="events",
                handler=self.report,
                query=ReportQuery,
                answers={200: ReportView},
            ),
        )
