"""What we ask of a station, free of any OCPP version.

The adapter turns a command into a request of the station's version, or says that the version
has none; `Raw` is any message of that version, already in wire form.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field


class ResetKind(StrEnum):
    """Hard (immediate) or soft (sessions are ended first)."""

    HARD = "hard"
    SOFT = "soft"


class RemoteStart(Struct, frozen=True, kw_only=True, tag="remote_start"):
    """Begin a session for ``id_token``; without ``evse_id`` the station chooses."""

    id_token: str
    evse_id: int | None = None
    charging_profile: dict[str, object] | None = None
    ref: int | None = None
    """remoteStartId of 2.x: positive, and unique among the starts of a station."""


class RemoteStop(Struct, frozen=True, kw_only=True, tag="remote_stop"):
    """End the session that the station knows by ``transaction_ref``."""

    transaction_ref: str


class Reset(Struct, frozen=True, kw_only=True, tag="reset"):
    """Restart the station."""

    kind: ResetKind = ResetKind.SOFT


class Unlock(Struct, frozen=True, kw_only=True, tag="unlock"):
    """Release the plug of one EVSE."""

    evse_id: int
    connector_id: int = 1


class ChangeAvailability(Struct, frozen=True, kw_only=True, tag="availability"):
    """Take an EVSE (0: the whole station) in or out of service."""

    evse_id: int = 0
    operative: bool


class ReadConfiguration(Struct, frozen=True, kw_only=True, tag="read_configuration"):
    """Read settings of the station; no keys: all of them."""

    keys: tuple[str, ...] = ()


class ChangeConfiguration(Struct, frozen=True, kw_only=True, tag="change_configuration"):
    """Write one setting of the station."""

    key: str
    value: str


class ClearCache(Struct, frozen=True, kw_only=True, tag="clear_cache"):
    """Forget the station's authorization cache."""


class SendData(Struct, frozen=True, kw_only=True, tag="data_transfer"):
    """Vendor-specific data."""

    vendor_id: str
    message_id: str | None = None
    data: object = None


class Trigger(Struct, frozen=True, kw_only=True, tag="trigger"):
    """Ask the station to send a message, named as OCPP names it."""

    message: str
    evse_id: int | None = None


class Raw(Struct, frozen=True, kw_only=True, tag="raw"):
    """Any message of the station's version, in its wire form."""

    action: str
    payload: dict[str, object] = field(default_factory=dict)


Command = (
    RemoteStart
    | RemoteStop
    | Reset
    | Unlock
    | ChangeAvailability
    | ReadConfiguration
    | ChangeConfiguration
    | ClearCache
    | SendData
    | Trigger
    | Raw
)


class Outcome(Struct, frozen=True, kw_only=True):
    """What a station made of a command.

    ``status``: accepted, rejected, unsupported, unreachable (no connection, or lost before the
    answer) or expired (no answer in time).  ``response`` is the station's payload, or
    ``{"code", "description"}`` of its CALLERROR.
    """

    status: str
    response: dict[str, object] | None = None
    detail: str | None = None
