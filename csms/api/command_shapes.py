"""Shapes of the commands that can be sent to a station."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from csms.api.shapes import EvseId, IdToken, Json, PlugId, Shape
from csms.core.charging.profiles import ChargingProfile
from csms.core.commands import ResetKind, Triggerable

Queue = Annotated[
    bool,
    Meta(description="Keep the command until the station connects, if it is not connected now."),
]
Word = Annotated[str, Meta(min_length=1, max_length=64)]
TokenKind = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=20,
        description="Type of the token as OCPP 2.x names it (1.6 tells none): unless given that of "
        "the token in the list, `ISO14443` for one that is listed without, `Central` for one that "
        "is not listed.",
    ),
]


class Queued(Shape, frozen=True, kw_only=True):
    """A command that needs nothing more."""

    queue: Queue = False


class RawCommand(Queued, frozen=True, kw_only=True):
    """Any message of the station's OCPP version, checked against its schema before it is sent."""

    action: Annotated[Word, Meta(description="As OCPP names it: `GetDiagnostics` ...")]
    payload: dict[str, Json] = field(default_factory=dict)


class StartRequest(Queued, frozen=True, kw_only=True):
    """Begin a session."""

    id_token: IdToken
    kind: TokenKind | None = None
    group_id: (
        Annotated[
            IdToken,
            Meta(
                description="Group of the token as 2.x stations are told; unless given that of the "
                "token in the list."
            ),
        ]
        | None
    ) = None
    evse_id: EvseId | None = None
    charging_profile: (
        Annotated[
            ChargingProfile,
            Meta(description="A `TxProfile` of no transaction; without an id it is given one."),
        ]
        | None
    ) = None


class StopRequest(Queued, frozen=True, kw_only=True):
    """End a session: exactly one of `session_id`, `transaction_id`, `evse_id` says which."""

    session_id: Annotated[str, Meta(max_length=64)] | None = None
    transaction_id: (
        Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
        | Annotated[str, Meta(min_length=1, max_length=64)]
        | None
    ) = None
    evse_id: EvseId | None = None


class ResetRequest(Queued, frozen=True, kw_only=True):
    """Restart the station, or one EVSE of it (2.x): `hard` at once, `soft` after ending its
    sessions, `resume` at once with sessions that go on afterwards (2.1)."""

    kind: ResetKind = ResetKind.SOFT
    evse_id: EvseId | None = None


class UnlockRequest(Queued, frozen=True, kw_only=True):
    """Release the plug of an EVSE."""

    evse_id: EvseId
    connector_id: PlugId = 1


class AvailabilityRequest(Queued, frozen=True, kw_only=True):
    """Take an EVSE, or with 0 the whole station, or one plug of an EVSE, in or out of service."""

    operative: bool
    evse_id: EvseId = 0
    connector_id: PlugId | None = None


class TriggerRequest(Queued, frozen=True, kw_only=True):
    """Ask the station to send a message."""

    message: Annotated[
        Triggerable,
        Meta(
            description="As OCPP names it, whatever the version of the station; what its version "
            "calls otherwise is translated."
        ),
    ]
    evse_id: EvseId | None = None
    connector_id: PlugId | None = None
    custom: (
        Annotated[
            Word, Meta(description="Where `message` is `CustomTrigger` (2.1): the vendor's name.")
        ]
        | None
    ) = None


class DataRequest(Queued, frozen=True, kw_only=True):
    """Vendor-specific data for the station."""

    vendor_id: Annotated[str, Meta(min_length=1, max_length=255)]
    message_id: Annotated[str, Meta(max_length=255)] | None = None
    data: Json = None
