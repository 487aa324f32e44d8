"""Smart charging: `/stations/{identity}/charging-profiles` and what follows from them."""

from __future__ import annotations

from typing import Any

import attrs

from csms.api.charging_shapes import (
    ClearOneQuery,
    ClearQuery,
    CompositeRequest,
    CompositeView,
    DynamicRequest,
    LimitView,
    NeedsView,
    ProfileReportRequest,
    ProfileRequest,
    ProfileView,
    limit_view,
    needs_view,
    profile_view,
    schedule_view,
)
from csms.api.commands import OUTCOME
from csms.api.held import held_page
from csms.api.operations import OperationView, operation_answer, operation_url, operation_view
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Listed, given, list_query
from csms.core.charging.profiles import PROFILE, Purpose, ScheduleUpdate
from csms.core.charging.vocabulary import LIMIT, NEEDS, ClearProfiles, ReportProfiles
from csms.core.commands import Command
from csms.core.errors import Invalid, among
from csms.core.listings import CHARGING_LIMITS, CHARGING_NEEDS, CHARGING_PROFILES
from csms.core.ports import ICharging, IHoldings, IOperations

_OPERATION = {200: OperationView, 202: OperationView}
_CHECKED = (
    " Before it is sent it is held against the rules of OCPP and what is known of the station."
    " What the station's version cannot say is `unsupported`, and why."
)


@attrs.frozen
class ChargingOf:
    """Handlers of smart charging under `/stations/{identity}`."""

    charging: ICharging
    holdings: IHoldings
    operations: IOperations

    async def list(self, call: Call[None, Any]) -> Answer:
        """The profiles that a station holds, as far as it is known."""
        return await held_page(self.holdings, CHARGING_PROFILES, PROFILE, profile_view, call)

    async def limits(self, call: Call[None, Any]) -> Answer:
        """The limits that others set."""
        return await held_page(self.holdings, CHARGING_LIMITS, LIMIT, limit_view, call)

    async def needs(self, call: Call[None, Any]) -> Answer:
        """What the vehicles at the station need."""
        return await held_page(self.holdings, CHARGING_NEEDS, NEEDS, needs_view, call)

    async def set(self, call: Call[ProfileRequest, NoQuery]) -> Answer:
        """Give the station a profile."""
        body = call.body
        operation = await self.charging.set_profile(
            call.path["identity"],
            call.operator_id,
            body.evse_id,
            body.profile,
            session_id=body.session_id,
            requested_by=call.who,
            queue=body.queue,
        )
        return operation_answer(operation)

    async def clear(self, call: Call[None, ClearQuery]) -> Answer:
        """Take profiles away."""
        criteria = given(call.query)
        queue = criteria.pop("queue")
        if not criteria:
            raise Invalid("say which profiles: evse_id, purpose or stack_level", field="evse_id")
        if "purpose" in criteria:
            criteria["purpose"] = Purpose(criteria["purpose"])
        return await self._send(call, ClearProfiles(**criteria), queue=queue)

    async def clear_one(self, call: Call[None, ClearOneQuery]) -> Answer:
        """Take one profile away."""
        command = ClearProfiles(profile_id=int(call.path["profile_id"]))
        return await self._send(call, command, queue=call.query.queue)

    async def report(self, call: Call[ProfileReportRequest, NoQuery]) -> Answer:
        """Have the station tell its profiles."""
        body = call.body
        if body.profile_ids and any(
            each is not None for each in (body.purpose, body.stack_level, body.sources or None)
        ):
            raise Invalid("give either ids, or what they should fit", field="profile_ids")
        command = ReportProfiles(
            profile_ids=body.profile_ids,
            evse_id=body.evse_id,
            purpose=body.purpose,
            stack_level=body.stack_level,
            sources=body.sources,
        )
        return await self._send(call, command, queue=body.queue)

    async def _send(self, call: Call[Any, Any], command: Command, *, queue: bool) -> Answer:
        operation = await self.operations.submit(
            call.path["identity"],
            call.operator_id,
            command,
            requested_by=call.who,
            queue=queue,
        )
        return operation_answer(operation)

    async def composite(self, call: Call[CompositeRequest, NoQuery]) -> Answer:
        """What limits follow from all profiles."""
        body = call.body
        found = await self.charging.ask_schedule(
            call.path["identity"],
            call.operator_id,
            body.evse_id,
            body.duration_s,
            body.unit,
            requested_by=call.who,
        )
        view = CompositeView(
            operation=operation_view(found.operation),
            reported=None if found.reported is None else schedule_view(found.reported),
            computed=schedule_view(found.computed),
        )
        if found.operation.status.settled:
            return Answer(200, view)
        return Answer(202, view, {"Location": operation_url(found.operation)})

    async def dynamic(self, call: Call[DynamicRequest, NoQuery]) -> Answer:
        """New figures for a dynamic profile."""
        body = call.body
        identity, profile_id = call.path["identity"], int(call.path["profile_id"])
        if body.update == ScheduleUpdate():
            figures = among(ScheduleUpdate.__struct_fields__)
            raise Invalid(f"give at least one of {figures}", field="update")
        if not body.push:
            await self.charging.keep_update(identity, call.operator_id, profile_id, body.update)
            return Answer(204)
        operation = await self.charging.update_dynamic(
            identity,
            call.operator_id,
            profile_id,
            body.update,
            requested_by=call.who,
            queue=body.queue,
        )
        return operation_answer(operation)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        station = f"{PREFIX}/stations/{{identity}}"
        profiles = f"{station}/charging-profiles"
        return (
            _route(
                "GET",
                profiles,
                "listChargingProfiles",
                "List the charging profiles that a station holds",
                self.list,
                query=list_query(CHARGING_PROFILES),
                answers={200: Listed[ProfileView]},
                description="Those it accepted or reported, and was not known to lose since.",
            ),
            _route(
                "POST",
                profiles,
                "setChargingProfile",
                "Give a station a charging profile",
                self.set,
                body=ProfileRequest,
                description=OUTCOME + _CHECKED,
            ),
            _route(
                "DELETE",
                profiles,
                "clearChargingProfiles",
                "Take charging profiles away",
                self.clear,
                query=ClearQuery,
                description=OUTCOME,
            ),
            _route(
                "DELETE",
                f"{profiles}/{{profile_id}}",
                "clearChargingProfile",
                "Take a charging profile away",
                self.clear_one,
                query=ClearOneQuery,
                description=OUTCOME,
            ),
            _route(
                "POST",
                f"{profiles}/report",
                "reportChargingProfiles",
                "Have a station tell its charging profiles",
                self.report,
                body=ProfileReportRequest,
                body_optional=True,
                description=OUTCOME + " What it tells updates the list of its profiles, and is"
                " under `/reports/{ref}`.",
            ),
            _route(
                "POST",
                f"{profiles}/{{profile_id}}/dynamic",
                "updateDynamicProfile",
                "Change the figures of a dynamic charging profile",
                self.dynamic,
                body=DynamicRequest,
                answers={**_OPERATION, 204: None},
                description=OUTCOME,
            ),
            _route(
                "POST",
                f"{station}/composite-schedule",
                "getCompositeSchedule",
                "Get the limits that follow from all charging profiles",
                self.composite,
                body=CompositeRequest,
                body_optional=True,
                answers={200: CompositeView, 202: CompositeView},
                description="As the station tells them, and as they are computed here. " + OUTCOME,
            ),
            _route(
                "GET",
                f"{station}/charging-limits",
                "listChargingLimits",
                "List the limits that others set at a station",
                self.limits,
                query=list_query(CHARGING_LIMITS),
                answers={200: Listed[LimitView]},
            ),
            _route(
                "GET",
                f"{station}/ev-charging-needs",
                "listChargingNeeds",
                "List what the vehicles at a station need",
                self.needs,
                query=list_query(CHARGING_NEEDS),
                answers={200: Listed[NeedsView]},
            ),
        )


def _route(method: str, path: str, name: str, summary: str, handler: Any, **more: Any) -> Route:
    more.setdefault("answers", _OPERATION)
    refuses = frozenset() if method == "GET" else frozenset({409})
    return Route(
        method=method,
        path=path,
        name=name,
        summary=summary,
        tag="charging",
        handler=handler,
        refuses=refuses,
        **more,
    )
