"""What stations should have set, and where they differ."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

import attrs
from msgspec import Meta

from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import (
    INT32,
    Listed,
    Shape,
    Text,
    Time,
    View,
    list_query,
    listed,
    query_of,
    told,
    told_if,
)
from csms.api.variable_shapes import MAX_ITEMS, Value, VariableNamed, text
from csms.core.commands import ResetKind
from csms.core.ports.provisioning import IProvisioning, Provisioned
from csms.core.provisioning.vocabulary import (
    PROVISIONING_PROFILES,
    Drift,
    ItemResult,
    ProvisioningProfile,
    ProvisioningRun,
    Wish,
)
from csms.core.variables.vocabulary import Attribute, Setting

ProfilesQuery = list_query(PROVISIONING_PROFILES, name="Beginning of the name.")

Pattern = Annotated[
    str,
    Meta(min_length=1, max_length=100, description="`*` and `?` stand for what they usually do."),
]


class SettingWished(VariableNamed, frozen=True, kw_only=True):
    """A variable, or a configuration key of OCPP 1.6, and the value that it should have."""

    value: Value


class ProvisioningDeclaration(Shape, frozen=True, kw_only=True):
    """What stations should have set; those that all given patterns fit, by default every one."""

    identity: Pattern | None = None
    vendor: Pattern | None = None
    model: Pattern | None = None
    priority: Annotated[
        int,
        Meta(ge=-INT32, le=INT32, description="Of several that set the same, the highest counts."),
    ] = 0
    settings: Annotated[tuple[SettingWished, ...], Meta(max_length=MAX_ITEMS)] = ()
    reset: (
        Annotated[
            ResetKind,
            Meta(description="How to restart a station for a setting that needs it; null: never."),
        ]
        | None
    ) = None
    note: Text | None = None


class WishedSettingView(View, frozen=True, kw_only=True):
    """A variable and the value that it should have."""

    component: str | None
    component_instance: str | None
    evse_id: int | None
    connector_id: int | None
    variable: str
    variable_instance: str | None
    attribute: Attribute
    value: str


class ProvisioningProfileView(View, frozen=True, kw_only=True):
    """What stations should have set."""

    name: str
    identity: str | None
    vendor: str | None
    model: str | None
    priority: int
    settings: tuple[WishedSettingView, ...]
    reset: ResetKind | None
    note: str | None
    created_at: Time | None
    updated_at: Time | None


class ProvisioningWishView(View, frozen=True, kw_only=True):
    """A setting that a station should have, and the profile that says so."""

    setting: WishedSettingView
    profile: str


class ProvisioningDriftView(View, frozen=True, kw_only=True):
    """A setting that a station does not have, or is not known to."""

    setting: WishedSettingView
    profile: str
    value: Annotated[str | None, Meta(description="What it has, as far as is known.")]
    reboot_required: Annotated[
        bool, Meta(description="It accepted the setting, which is good from its next boot on.")
    ]


class ProvisionedItemView(View, frozen=True, kw_only=True):
    """What became of a setting."""

    setting: WishedSettingView
    profile: str
    status: Annotated[
        str,
        Meta(
            description="`same` as it was; `accepted`, `reboot_required`, `rejected`, `unknown` to "
            "the station, `unsupported`; `not_sent`, or how the operation ended."
        ),
    ]
    before: Annotated[str | None, Meta(description="What the station had, as far as was known.")]
    after: Annotated[
        str | None, Meta(description="What it told when it was asked after it had accepted.")
    ]
    detail: str | None


class ProvisioningStepView(View, frozen=True, kw_only=True):
    """What became of a step."""

    name: str
    done: bool
    detail: str | None


class ProvisioningRunView(View, frozen=True, kw_only=True):
    """What was done after a boot."""

    booted_at: Time
    started_at: Time | None
    finished_at: Time | None
    items: tuple[ProvisionedItemView, ...]
    steps: tuple[ProvisioningStepView, ...]
    reboot_required: Annotated[bool, Meta(description="Whether a setting waits for a restart.")]
    reset: Annotated[ResetKind, Meta(description="How it was restarted for that.")] | None


class ProvisioningView(View, frozen=True, kw_only=True):
    """What a station should have, and what it has."""

    station: str
    profiles: Annotated[
        tuple[str, ...], Meta(description="Those it falls under, what counts most first.")
    ]
    wishes: tuple[ProvisioningWishView, ...]
    drift: Annotated[
        tuple[ProvisioningDriftView, ...],
        Meta(
            description="Wishes not fulfilled, as far as is known, or only from the next boot on."
        ),
    ]
    run: (
        Annotated[ProvisioningRunView, Meta(description="The last time that it was set up.")] | None
    )


@attrs.frozen
class ProvisioningOf:
    """Handlers of provisioning."""

    provisioning: IProvisioning

    async def list(self, call: Call[None, Any]) -> Answer:
        """Profiles of the caller's operator."""
        page = await self.provisioning.list(query_of(call.query), call.operator_id)
        return listed(page, profile_view, call)

    async def get(self, call: Call[None, NoQuery]) -> Answer:
        """One profile."""
        profile = await self.provisioning.get(call.path["profile"], call.operator_id)
        return Answer(200, profile_view(profile))

    async def put(self, call: Call[ProvisioningDeclaration, NoQuery]) -> Answer:
        """Create or replace."""
        body, name = call.body, call.path["profile"]
        profile = ProvisioningProfile(
            name=name,
            operator_id=call.operator_id,
            identity=body.identity,
            vendor=body.vendor,
            model=body.model,
            priority=body.priority,
            settings=tuple(map(_setting, body.settings)),
            reset=body.reset,
            note=body.note,
        )
        kept, created = await self.provisioning.put(profile)
        if not created:
            return Answer(200, profile_view(kept))
        location = f"{PREFIX}/provisioning-profiles/{quote(name, safe='')}"
        return Answer(201, profile_view(kept), {"Location": location})

    async def delete(self, call: Call[None, NoQuery]) -> Answer:
        """Remove."""
        await self.provisioning.delete(call.path["profile"], call.operator_id)
        return Answer(204)

    async def state(self, call: Call[None, NoQuery]) -> Answer:
        """Where a station stands."""
        state = await self.provisioning.state(call.path["identity"], call.operator_id)
        return Answer(200, state_view(state))

    async def again(self, call: Call[None, NoQuery]) -> Answer:
        """Set a station up now."""
        await self.provisioning.again(call.path["identity"], call.operator_id)
        return Answer(202)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        one = f"{PREFIX}/provisioning-profiles/{{profile}}"
        of_station = f"{PREFIX}/stations/{{identity}}/provisioning"
        route = partial(Route, tag="provisioning")
        return (
            route(
                method="GET",
                path=f"{PREFIX}/provisioning-profiles",
                name="listProvisioningProfiles",
                summary="List what stations should have set",
                handler=self.list,
                query=ProfilesQuery,
                answers={200: Listed[ProvisioningProfileView]},
            ),
            route(
                method="GET",
                path=one,
                name="getProvisioningProfile",
                summary="Get a provisioning profile",
                handler=self.get,
                answers={200: ProvisioningProfileView},
            ),
            route(
                method="PUT",
                path=one,
                name="putProvisioningProfile",
                summary="Declare what stations should have set",
                handler=self.put,
                body=ProvisioningDeclaration,
                answers={200: ProvisioningProfileView, 201: ProvisioningProfileView},
            ),
            route(
                method="DELETE",
                path=one,
                name="deleteProvisioningProfile",
                summary="Remove a provisioning profile",
                handler=self.delete,
                answers={204: None},
            ),
            route(
                method="GET",
                path=of_station,
                name="getProvisioning",
                summary="Get what a station should have set, and where it differs",
                handler=self.state,
                answers={200: ProvisioningView},
            ),
            route(
                method="POST",
                path=of_station,
                name="provisionStation",
                summary="Set a station up now",
                description="As is done after each boot. `GET` shows what came of it.",
                handler=self.again,
                answers={202: None},
                locates=False,
            ),
        )


def _setting(wished: SettingWished) -> Setting:
    fields = {name: getattr(wished, name) for name in Setting.__struct_fields__}
    return Setting(**fields | {"value": text(wished.value)})


def _setting_view(setting: Setting) -> WishedSettingView:
    return WishedSettingView(
        **{name: getattr(setting, name) for name in WishedSettingView.__struct_fields__}
    )


def profile_view(profile: ProvisioningProfile) -> ProvisioningProfileView:
    """A profile as the API tells it."""
    return ProvisioningProfileView(
        name=profile.name,
        identity=profile.identity,
        vendor=profile.vendor,
        model=profile.model,
        priority=profile.priority,
        settings=tuple(map(_setting_view, profile.settings)),
        reset=profile.reset,
        note=profile.note,
        created_at=told_if(profile.created_at),
        updated_at=told_if(profile.updated_at),
    )


def state_view(state: Provisioned) -> ProvisioningView:
    """Where a station stands, as the API tells it."""
    return ProvisioningView(
        station=state.identity,
        profiles=state.profiles,
        wishes=tuple(map(_wish_view, state.wishes)),
        drift=tuple(map(_drift_view, state.drift)),
        run=None if state.run is None else _run_view(state.run),
    )


def _wish_view(wish: Wish) -> ProvisioningWishView:
    return ProvisioningWishView(setting=_setting_view(wish.setting), profile=wish.profile)


def _drift_view(drift: Drift) -> ProvisioningDriftView:
    return ProvisioningDriftView(
        setting=_setting_view(drift.setting),
        profile=drift.profile,
        value=drift.value,
        reboot_required=drift.reboot_required,
    )


def _run_view(run: ProvisioningRun) -> ProvisioningRunView:
    return ProvisioningRunView(
        booted_at=told(run.booted_at),
        started_at=told_if(run.started_at),
        finished_at=told_if(run.finished_at),
        items=tuple(map(_item_view, run.items)),
        steps=tuple(
            ProvisioningStepView(name=step.name, done=step.done, detail=step.detail)
            for step in run.steps
        ),
        reboot_required=run.reset is None
        and any(item.status == "reboot_required" for item in run.items),
        reset=run.reset,
    )


def _item_view(item: ItemResult) -> ProvisionedItemView:
    return ProvisionedItemView(
        setting=_setting_view(item.setting),
        profile=item.profile,
        status=item.status,
        before=item.before,
        after=item.after,
        detail=item.detail,
    )
