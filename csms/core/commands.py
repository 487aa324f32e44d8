"""What we ask of a station, free of any OCPP version.

The adapter turns a command into a request of the station's version, or says that the version
has none; `Raw` is any message of that version, already in wire form.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

from csms.core.charging.profiles import ChargingProfile


class Command(Struct, frozen=True, kw_only=True):
    """Anything we ask of a station.

    Each has a tag of its own, under which it is kept and listed; `csms.core.areas` knows all.  One
    with a field ``ref`` that is left None is given a fresh number when it is submitted.
    """


class ResetKind(StrEnum):
    """Hard (immediate), soft (sessions are ended first), or such that sessions go on after it."""

    HARD = "hard"
    SOFT = "soft"
    RESUME = "resume"


class RemoteStart(Command, frozen=True, kw_only=True, tag="remote_start"):
    """Begin a session for ``id_token``; without ``evse_id`` the station chooses."""

    id_token: str
    kind: str | None = None
    """IdTokenEnum text of 2.x; None: Central, see `csms.core.bearers`."""
    group_id: str | None = None
    evse_id: int | None = None
    charging_profile: ChargingProfile | None = None
    ref: int | None = None
    """remoteStartId of 2.x: positive, and unique among the starts of a station."""


class RemoteStop(Command, frozen=True, kw_only=True, tag="remote_stop"):
    """End the session that the station knows by ``transaction_ref``."""

    transaction_ref: str


class Reset(Command, frozen=True, kw_only=True, tag="reset"):
    """Restart the station, or one of its EVSEs."""

    kind: ResetKind = ResetKind.SOFT
    evse_id: int | None = None


class Unlock(Command, frozen=True, kw_only=True, tag="unlock"):
    """Release the plug of one EVSE."""

    evse_id: int
    connector_id: int = 1


class ChangeAvailability(Command, frozen=True, kw_only=True, tag="availability"):
    """Take an EVSE (0: the whole station), or one plug of it, in or out of service."""

    evse_id: int = 0
    connector_id: int | None = None
    operative: bool


class ClearCache(Command, frozen=True, kw_only=True, tag="clear_cache"):
    """Forget the station's authorization cache."""


class SendData(Command, frozen=True, kw_only=True, tag="data_transfer"):
    """Vendor-specific data."""

    vendor_id: str
    message_id: str | None = None
    data: object = None


class Triggerable(StrEnum):
    """What a station can be asked to send, under the names of all versions."""

    BOOT = "BootNotification"
    CUSTOM = "CustomTrigger"
    DIAGNOSTICS_STATUS = "DiagnosticsStatusNotification"
    """1.6; the same as the next in 2.x, where diagnostics are a kind of log."""
    LOG_STATUS = "LogStatusNotification"
    FIRMWARE_STATUS = "FirmwareStatusNotification"
    HEARTBEAT = "Heartbeat"
    METER_VALUES = "MeterValues"
    PUBLICATION_STATUS = "PublishFirmwareStatusNotification"
    OWN_CERTIFICATE_1_6 = "SignChargePointCertificate"
    """1.6; the same as the next."""
    OWN_CERTIFICATE = "SignChargingStationCertificate"
    COMBINED_CERTIFICATE = "SignCombinedCertificate"
    V2G20_CERTIFICATE = "SignV2G20Certificate"
    V2G_CERTIFICATE = "SignV2GCertificate"
    STATUS = "StatusNotification"
    TRANSACTION = "TransactionEvent"


class Trigger(Command, frozen=True, kw_only=True, tag="trigger"):
    """Ask the station to send a message."""

    message: str
    """One of `Triggerable`."""
    evse_id: int | None = None
    connector_id: int | None = None
    custom: str | None = None
    """The vendor's name of it, where ``message`` is CustomTrigger."""


class Raw(Command, frozen=True, kw_only=True, tag="raw"):
    """Any message of the station's version, in its wire form."""

    action: str
    payload: dict[str, object] = field(default_factory=dict)


BASIC: tuple[type[Command], ...] = (
    RemoteStart,
    RemoteStop,
    Reset,
    Unlock,
    ChangeAvailability,
    ClearCache,
    SendData,
    Trigger,
    Raw,
)
"""The commands that belong to no area."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What a station made of a command.

    ``status``: accepted, rejected, unsupported, unreachable (no connection, or lost before the
    answer) or expired (no answer in time).  ``response`` is the station's payload, or
    ``{"code", "description"}`` of its CALLERROR.
    """

    status: str
    response: dict[str, object] | None = None
    detail: str | None = None
    found: object = None
    """What the answer tells, free of any version; for the rules, and not kept as it is."""
