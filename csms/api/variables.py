"""The device model of a station: `/stations/{identity}/variables`, and reports of it."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from csms.api.commands import OUTCOME
from csms.api.held import held_page
from csms.api.operations import OperationView, operation_answer, operation_url, operation_view
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Listed, list_query, listed, query_of, told, told_if
from csms.api.variable_shapes import (
    BatchView,
    ItemView,
    NetworkProfileRequest,
    NetworkProfileView,
    ReportRequest,
    VariableChangeView,
    VariableSet,
    VariablesReadRequest,
    VariableView,
    WriteRequest,
    text,
)
from csms.core.errors import Invalid
from csms.core.holdings import Holding
from csms.core.listings import NETWORK_PROFILES, VARIABLE_CHANGES, VARIABLES
from csms.core.ports import (
    Batch,
    IDeviceModel,
    IHoldings,
    IOperations,
    ItemOutcome,
    IVariables,
    Variable,
    VariableChange,
)
from csms.core.values import Operation
from csms.core.variables.networks import Apn, NetworkProfile, SetNetworkProfile, Vpn
from csms.core.variables.rules import NETWORK_PROFILE
from csms.core.variables.vocabulary import (
    Chosen,
    RequestReport,
    Setting,
    Wanted,
)

_NAMES = {"component": "Whatever its case.", "variable": "Whatever its case."}
VariablesQuery: Any = list_query(
    VARIABLES, **_NAMES, removed="Those that the station does not know any more, and only those."
)
ChangesQuery: Any = list_query(VARIABLE_CHANGES, **_NAMES, at_from="Not before.", at_to="Before.")

_BATCH = (
    "Answered with 200 once the outcome of every item is known, and with 202 while one is still on "
    "its way; the operations say the rest later."
)
_NAME = (
    "component",
    "component_instance",
    "evse_id",
    "connector_id",
    "variable",
    "variable_instance",
)


@attrs.frozen
class Variables:
    """Handlers of a station's variables, reports and network profiles."""

    variables: IVariables
    model: IDeviceModel
    operations: IOperations
    holdings: IHoldings

    async def list(self, call: Call[None, Any]) -> Answer:
        """What is known."""
        page = await self.variables.list(
            query_of(call.query), call.path["identity"], call.operator_id
        )
        return listed(page, variable_view, call)

    async def history(self, call: Call[None, Any]) -> Answer:
        """How values changed."""
        page = await self.variables.history(
            query_of(call.query), call.path["identity"], call.operator_id
        )
        return listed(page, _change_view, call)

    async def read(self, call: Call[VariablesReadRequest, NoQuery]) -> Answer:
        """Ask the station."""
        items = [_wanted(item) for item in call.body.items]
        batch = await self.model.read(
            call.path["identity"],
            call.operator_id,
            items,
            requested_by=call.who,
            queue=call.body.queue,
        )
        return _batch_answer(batch)

    async def write(self, call: Call[WriteRequest, NoQuery]) -> Answer:
        """Write to the station."""
        batch = await self.model.write(
            call.path["identity"],
            call.operator_id,
            [_setting(item) for item in call.body.items],
            requested_by=call.who,
            queue=call.body.queue,
        )
        return _batch_answer(batch)

    async def report(self, call: Call[ReportRequest, NoQuery]) -> Answer:
        """Have the station report."""
        body = call.body
        chosen = bool(body.criteria or body.items)
        if chosen == (body.base is not None):
            raise Invalid("give either a base, or criteria and items", field="base")
        items = tuple(_chosen(item) for item in body.items)
        command = RequestReport(base=body.base, criteria=body.criteria, items=items)
        return await self._send(call, command, queue=body.queue)

    async def profile(self, call: Call[NetworkProfileRequest, NoQuery]) -> Answer:
        """Set a network profile."""
        body = call.body
        profile = NetworkProfile(
            url=body.url,
            ocpp_version=body.ocpp_version,
            interface=body.interface,
            security_profile=body.security_profile,
            message_timeout_s=body.message_timeout_s,
            identity=body.identity,
            password=body.password,
            apn=None if body.apn is None else Apn(**msgspec.structs.asdict(body.apn)),
            vpn=None if body.vpn is None else Vpn(**msgspec.structs.asdict(body.vpn)),
        )
        slot = int(call.path["slot"])
        return await self._send(
            call, SetNetworkProfile(slot=slot, profile=profile), queue=body.queue
        )

    async def profiles(self, call: Call[None, Any]) -> Answer:
        """The network profiles that were set."""
        return await held_page(
            self.holdings, NETWORK_PROFILES, NETWORK_PROFILE, _profile_view, call
        )

    async def _send(
        self, call: Call[Any, NoQuery], command: RequestReport | SetNetworkProfile, *, queue: bool
    ) -> Answer:
        operation = await self.operations.submit(
            call.path["identity"],
            call.operator_id,
            command,
            requested_by=call.who,
            queue=queue,
        )
        return operation_answer(operation)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        station = f"{PREFIX}/stations/{{identity}}"
        sent: dict[int, Any] = {200: OperationView, 202: OperationView}
        batch: dict[int, Any] = {200: BatchView, 202: BatchView}
        return (
            Route(
                method="GET",
                path=f"{station}/variables",
                name="listVariables",
                summary="List what is known of a station's variables",
                description="Variables of OCPP 2.x and configuration keys of 1.6, as last told.",
                tag="variables",
                handler=self.list,
                query=VariablesQuery,
                answers={200: Listed[VariableView]},
            ),
            Route(
                method="PATCH",
                path=f"{station}/variables",
                name="writeVariables",
                summary="Write variables of a station",
                description="What was accepted is read back, and `value` of the item is "
                "what the station then told. A password is set on its own, better "
                f"by its own route. {_BATCH}",
                tag="variables",
                handler=self.write,
                body=WriteRequest,
                answers=batch,
                refuses=frozenset({409}),
            ),
            Route(
                method="POST",
                path=f"{station}/variables/read",
                name="readVariables",
                summary="Read variables from a station",
                description=_BATCH,
                tag="variables",
                handler=self.read,
                body=VariablesReadRequest,
                body_optional=True,
                answers=batch,
                refuses=frozenset({409}),
            ),
            Route(
                method="GET",
                path=f"{station}/variables/history",
                name="listVariableChanges",
                summary="List changes of a station's variables",
                tag="variables",
                handler=self.history,
                query=ChangesQuery,
                answers={200: Listed[VariableChangeView]},
            ),
            Route(
                method="POST",
                path=f"{station}/reports",
                name="requestReport",
                summary="Have a station report its variables",
                description=f"`ref` of the operation's payload is the number of the report. "
                f"{OUTCOME}",
                tag="variables",
                handler=self.report,
                body=ReportRequest,
                answers=sent,
                refuses=frozenset({409}),
            ),
            Route(
                method="GET",
                path=f"{station}/network-profiles",
                name="listNetworkProfiles",
                summary="List the network profiles that were set in a station",
                tag="variables",
                handler=self.profiles,
                query=list_query(NETWORK_PROFILES),
                answers={200: Listed[NetworkProfileView]},
            ),
            Route(
                method="PUT",
                path=f"{station}/network-profiles/{{slot}}",
                name="setNetworkProfile",
                summary="Set how a station reaches a server",
                description="The station uses it when `OCPPCommCtrlr.NetworkConfigurationPriority` "
                f"names the slot, after a reset. {OUTCOME}",
                tag="variables",
                handler=self.profile,
                body=NetworkProfileRequest,
                answers=sent,
                refuses=frozenset({409}),
            ),
        )


def variable_view(variable: Variable) -> VariableView:
    """A variable as the API tells it."""
    fields = msgspec.structs.asdict(variable)
    del fields["id"]
    fields |= {
        "reported_at": told(variable.reported_at),
        "changed_at": told(variable.changed_at),
        "removed_at": told_if(variable.removed_at),
    }
    return VariableView(**fields)


def _change_view(change: VariableChange) -> VariableChangeView:
    fields = msgspec.structs.asdict(change)
    del fields["id"]
    return VariableChangeView(**(fields | {"at": told(change.at)}))


def _item_view(outcome: ItemOutcome) -> ItemView:
    return ItemView(
        **{name: getattr(outcome.item, name) for name in _NAME},
        attribute=outcome.item.attribute,
        status=outcome.status,
        value=outcome.value,
        operation_id=outcome.operation_id,
        detail=outcome.detail,
    )


def _profile_view(holding: Holding) -> NetworkProfileView:
    return NetworkProfileView(
        slot=int(holding.key),
        profile=holding.content,
        operation_id=holding.operation_id,
        updated_at=told(holding.updated_at),
    )


def _batch_answer(batch: Batch) -> Answer:
    """200 when all is known; else 202 and where to ask for what is not."""
    body = BatchView(
        items=tuple(map(_item_view, batch.items)),
        operations=tuple(map(operation_view, batch.operations)),
    )
    status, headers = answer_of(batch.operations)
    return Answer(status, body, headers)


def answer_of(operations: tuple[Operation, ...]) -> tuple[int, dict[str, str]]:
    """Status and headers for operations that serve one request."""
    open_ = [operation for operation in operations if not operation.status.settled]
    return (202, {"Location": operation_url(open_[0])}) if open_ else (200, {})


def _wanted(item: Any) -> Wanted:
    return Wanted(
        **{name: getattr(item, name) for name in _NAME},
        attribute=item.attribute,
    )


def _setting(item: VariableSet) -> Setting:
    return Setting(
        **{name: getattr(item, name) for name in _NAME},
        attribute=item.attribute,
        value=text(item.value),
    )


def _chosen(item: Any) -> Chosen:
    return Chosen(**{name: getattr(item, name) for name in _NAME})
