"""Shapes of variables, settings and network profiles."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from csms.api.command_shapes import Queue, Queued
from csms.api.operations import OperationView
from csms.api.shapes import INT32, EvseId, Json, PlugId, Shape, Time, View
from csms.core.variables.vocabulary import Attribute, Criterion, Mutability, ReportBase

MAX_ITEMS = 500

Name = Annotated[str, Meta(min_length=1, max_length=50)]
Component = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=50,
        description="Component of OCPP 2.x; none for a configuration key of OCPP 1.6.",
    ),
]
Value = (
    Annotated[str, Meta(max_length=2500)] | Annotated[int, Meta(ge=-INT32, le=INT32)] | float | bool
)
Word = Annotated[str, Meta(min_length=1, max_length=64)]


def text(value: object) -> str:
    """A value as stations are told it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class VariableNamed(Shape, frozen=True, kw_only=True):
    """An attribute of a variable."""

    component: Component | None = None
    component_instance: Name | None = None
    evse_id: EvseId | None = None
    connector_id: PlugId | None = None
    variable: Annotated[Name, Meta(description="Variable, or configuration key.")]
    variable_instance: Name | None = None
    attribute: Attribute = Attribute.ACTUAL


class VariableSet(VariableNamed, frozen=True, kw_only=True):
    """An attribute with the value that it should have."""

    value: Value


class WriteRequest(Queued, frozen=True, kw_only=True):
    """Settings to write, in as many messages as the station needs."""

    items: Annotated[tuple[VariableSet, ...], Meta(min_length=1, max_length=MAX_ITEMS)]


class VariablesReadRequest(Queued, frozen=True, kw_only=True):
    """Variables to read from the station."""

    items: Annotated[
        tuple[VariableNamed, ...],
        Meta(
            max_length=MAX_ITEMS,
            description="None: all configuration keys (OCPP 1.6); OCPP 2.x tells all it has in a "
            "report, see `reports`.",
        ),
    ] = ()


class ChosenVariable(Shape, frozen=True, kw_only=True):
    """A component, or one variable of it."""

    component: Name
    component_instance: Name | None = None
    evse_id: EvseId | None = None
    connector_id: PlugId | None = None
    variable: Name | None = None
    variable_instance: Name | None = None


class ReportRequest(Queued, frozen=True, kw_only=True):
    """Either a `base`, or `criteria` and `items` that say what the report should be about."""

    base: (
        Annotated[
            ReportBase,
            Meta(description="`configuration`: what can be set; `full`: all; `summary`: problems."),
        ]
        | None
    ) = None
    criteria: Annotated[
        tuple[Criterion, ...], Meta(max_length=4, description="Components in these states.")
    ] = ()
    items: Annotated[tuple[ChosenVariable, ...], Meta(max_length=MAX_ITEMS)] = ()


class VariableView(View, frozen=True, kw_only=True):
    """An attribute of a variable of a station, as last told."""

    component: str | None
    component_instance: str | None
    evse_id: int | None
    connector_id: int | None
    variable: str
    variable_instance: str | None
    attribute: Attribute
    value: Annotated[str | None, Meta(description="Never that of a password or another secret.")]
    mutability: Mutability | None
    persistent: bool | None
    constant: bool | None
    data_type: str | None
    unit: str | None
    min_limit: float | None
    max_limit: float | None
    max_elements: int | None
    values_list: str | None
    supports_monitoring: bool | None
    reboot_required: Annotated[
        bool,
        Meta(description="Another value was accepted, which is good from the next boot on."),
    ]
    pending_value: Annotated[
        str | None,
        Meta(description="That value; `value` is the one before, as far as it was told."),
    ]
    reported_at: Time
    changed_at: Time
    removed_at: Annotated[
        Time | None, Meta(description="Since when the station does not know it any more.")
    ]


class VariableChangeView(View, frozen=True, kw_only=True):
    """A value became another one."""

    component: str | None
    component_instance: str | None
    evse_id: int | None
    connector_id: int | None
    variable: str
    variable_instance: str | None
    attribute: Attribute
    old: str | None
    new: str | None
    how: Annotated[
        str,
        Meta(
            description="`reported` by the station of itself, told by an `event` of it, `read` "
            "from it, or `set` in it (and accepted)."
        ),
    ]
    operation_id: str | None
    at: Time


class ItemView(View, frozen=True, kw_only=True):
    """What became of one item."""

    component: str | None
    component_instance: str | None
    evse_id: int | None
    connector_id: int | None
    variable: str
    variable_instance: str | None
    attribute: Attribute
    status: Annotated[
        str,
        Meta(
            description="`accepted`, `reboot_required`, `rejected`, `unknown`, `unsupported`; "
            "where the station did not say, the status of the operation; `not_sent` after one "
            "that it did not answer."
        ),
    ]
    value: Annotated[
        str | None,
        Meta(
            description="As read; of a setting that was accepted, what the station told when it "
            "was asked right afterwards: null if it did not say in time, and for secrets."
        ),
    ]
    operation_id: str | None
    detail: str | None


class BatchView(View, frozen=True, kw_only=True):
    """What became of each item, in the order asked for, and the operations that carried them."""

    items: tuple[ItemView, ...]
    operations: tuple[OperationView, ...]


class ApnRequest(Shape, frozen=True, kw_only=True):
    """A mobile network's access point."""

    name: Annotated[str, Meta(min_length=1, max_length=2000)]
    user: Annotated[str, Meta(max_length=50)] | None = None
    password: Annotated[str, Meta(max_length=64)] | None = None
    sim_pin: Annotated[int, Meta(ge=0, le=INT32)] | None = None
    preferred_network: Annotated[str, Meta(max_length=6)] | None = None
    only_preferred_network: bool | None = None
    authentication: Annotated[Word, Meta(description="`CHAP`, `NONE`, `PAP` or `AUTO`.")]


class VpnRequest(Shape, frozen=True, kw_only=True):
    """A virtual private network."""

    server: Annotated[str, Meta(min_length=1, max_length=2000)]
    user: Annotated[str, Meta(max_length=50)]
    group: Annotated[str, Meta(max_length=50)] | None = None
    password: Annotated[str, Meta(max_length=64)]
    shared_secret: Annotated[str, Meta(max_length=255)]
    kind: Annotated[Word, Meta(description="`IKEv2`, `IPSec`, `L2TP` or `PPTP`.")]


class NetworkProfileView(View, frozen=True, kw_only=True):
    """A network profile that a station accepted."""

    slot: int
    profile: Annotated[
        dict[str, Json], Meta(description="As it was set, without passwords and other secrets.")
    ]
    operation_id: str | None
    updated_at: Time


class NetworkProfileRequest(Shape, frozen=True, kw_only=True):
    """How the station reaches a server."""

    url: Annotated[
        str, Meta(min_length=1, max_length=2000, description="Without the station's identity.")
    ]
    ocpp_version: Annotated[Word, Meta(description="`1.6`, `2.0.1`, `2.1`.")] | None = None
    interface: Annotated[Word, Meta(description="`Wired0` ... `Wireless3`, `Any` (2.1).")]
    security_profile: Annotated[int, Meta(ge=0, le=3)]
    message_timeout_s: Annotated[int, Meta(ge=1, le=INT32)] = 30
    identity: Annotated[str, Meta(min_length=1, max_length=48, description="2.1 only.")] | None = (
        None
    )
    password: Annotated[str, Meta(min_length=16, max_length=64, description="2.1 only.")] | None = (
        None
    )
    apn: ApnRequest | None = None
    vpn: VpnRequest | None = None
    queue: Queue = False
