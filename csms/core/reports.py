"""What a station tells us, free of any OCPP version.

The adapter builds these from wire payloads; `csms.core.decide` turns each into a decision.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from csms.core.values import ConnectorStatus, Reading


class Connected(Struct, frozen=True, kw_only=True):
    """The station's socket was opened and authenticated on this node."""

    node: str
    peer: str
    ocpp_version: str


class Disconnected(Struct, frozen=True, kw_only=True):
    """The socket of that epoch is gone."""

    epoch: int
    reason: str


class Booted(Struct, frozen=True, kw_only=True):
    """BootNotification (1.6 §4.2, 2.x B01)."""

    vendor: str
    model: str
    serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    meter_type: str | None = None
    meter_serial_number: str | None = None
    reason: str | None = None


class Beat(Struct, frozen=True):
    """Heartbeat (1.6 §4.6, 2.x G02)."""


class ConnectorChanged(Struct, frozen=True, kw_only=True):
    """StatusNotification (1.6 §4.9, 2.x G01); evse 0 is the station itself."""

    evse_id: int
    connector_id: int = 1
    status: ConnectorStatus
    at: datetime | None = None
    error_code: str | None = None
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None


class AuthorizationAsked(Struct, frozen=True, kw_only=True):
    """Authorize (1.6 §4.1, 2.x C01)."""

    id_token: str
    kind: str | None = None


class SessionStarted(Struct, frozen=True, kw_only=True):
    """StartTransaction (1.6 §4.8), TransactionEvent Started (2.x E01, E02).

    ``transaction_ref`` is None where the server issues it (1.6).
    """

    evse_id: int
    connector_id: int = 1
    id_token: str | None
    at: datetime
    told_at: str | None = None
    """The time as the station spelled it, where ``at`` is not what it said."""
    meter_wh: float | None = None
    transaction_ref: str | None = None
    reservation_ref: int | None = None
    offline: bool = False


class Metered(Struct, frozen=True, kw_only=True):
    """MeterValues (1.6 §4.7, 2.x J01); readings within a transaction name it."""

    evse_id: int
    transaction_ref: str | None = None
    readings: tuple[Reading, ...] = ()


class SessionStopped(Struct, frozen=True, kw_only=True):
    """StopTransaction (1.6 §4.10), TransactionEvent Ended (2.x E06 ff.)."""

    transaction_ref: str
    at: datetime
    meter_wh: float | None = None
    id_token: str | None = None
    reason: str = "Local"
    readings: tuple[Reading, ...] = ()


class Stage(StrEnum):
    """Where in its transaction a station says it is (OCPP 2.x TransactionEventEnum)."""

    STARTED = "started"
    UPDATED = "updated"
    ENDED = "ended"


class TransactionTold(Struct, frozen=True, kw_only=True):
    """TransactionEvent (2.x E01-E15): the station names and numbers what it tells.

    ``sequence_number`` orders the events of a transaction, with gaps where some were lost or
    are late.  ``evse_id`` and ``id_token`` are there where the event brings them.
    """

    stage: Stage
    transaction_ref: str
    sequence_number: int
    at: datetime
    offline: bool = False
    trigger: str = ""
    """triggerReason, as OCPP names it."""
    charging_state: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: str | None = None
    id_token_kind: str | None = None
    readings: tuple[Reading, ...] = ()
    reason: str | None = None
    """stoppedReason; None on an end means Local."""
    remote_start_ref: int | None = None
    """remoteStartId of the RequestStartTransaction that led to it."""
    reservation_ref: int | None = None


class DataTransferred(Struct, frozen=True, kw_only=True):
    """DataTransfer from the station (1.6 §4.3, 2.x P02): opaque and untrusted."""

    vendor_id: str
    message_id: str | None = None
    data: object = None


class FirmwareProgressed(Struct, frozen=True, kw_only=True):
    """FirmwareStatusNotification (1.6 §4.5, 2.x L01)."""

    status: str
    request_id: int | None = None


class LogUploadProgressed(Struct, frozen=True, kw_only=True):
    """DiagnosticsStatusNotification (1.6 §4.4), LogStatusNotification (2.x N01)."""

    status: str
    request_id: int | None = None


class Notified(Struct, frozen=True, kw_only=True):
    """Any other message of a 2.x station: reports, events, certificates asked for, and so on.

    ``payload`` is the message in its wire form, storable; where it broke its schema, mended.
    """

    action: str
    payload: dict[str, object]
    request_ref: int | None = None
    """requestId: the request of ours that it belongs to."""
    sequence_number: int | None = None
    """seqNo: its place among the parts of one report."""
    last: bool = True
    """Whether it is complete with this part (``tbc`` is not set)."""


class Quarantined(Struct, frozen=True, kw_only=True):
    """A message that may prove money and that nobody could read; kept as it came."""

    action: str
    fault: str
    content: str


Report = (
    Connected
    | Disconnected
    | Booted
    | Beat
    | ConnectorChanged
    | AuthorizationAsked
    | SessionStarted
    | Metered
    | SessionStopped
    | TransactionTold
    | DataTransferred
    | FirmwareProgressed
    | LogUploadProgressed
    | Notified
    | Quarantined
)
