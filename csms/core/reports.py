"""What a station tells us, free of any OCPP version.

The adapter builds these from wire payloads; `csms.core.decide` turns each into a decision.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from csms.core.certificates.presented import Presented
from csms.core.commands import Command, Outcome
from csms.core.values import ConnectorStatus, Operation, Reading


class Report(Struct, frozen=True):
    """Anything a station tells us; each has a rule, see `csms.core.decide`."""


class Connected(Report, frozen=True, kw_only=True):
    """The station's socket was opened and authenticated on this node."""

    node: str
    peer: str
    ocpp_version: str


class Disconnected(Report, frozen=True, kw_only=True):
    """The socket of that epoch is gone."""

    epoch: int
    reason: str


class HearingChanged(Report, frozen=True, kw_only=True):
    """The station leaves CALLs unanswered, the last of them ``action``; or it answers again."""

    deaf: bool
    action: str = ""


class AnswerDisputed(Report, frozen=True, kw_only=True):
    """The station could not use our answer to its ``action`` (2.1 Part 4 §4.2.4)."""

    action: str
    code: str


class Booted(Report, frozen=True, kw_only=True):
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


class Beat(Report, frozen=True):
    """Heartbeat (1.6 §4.6, 2.x G02)."""


class ConnectorChanged(Report, frozen=True, kw_only=True):
    """StatusNotification (1.6 §4.9, 2.x G01); evse 0 is the station itself."""

    evse_id: int
    connector_id: int = 1
    status: ConnectorStatus
    at: datetime | None = None
    error_code: str | None = None
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None


class AuthorizationAsked(Report, frozen=True, kw_only=True):
    """Authorize (1.6 §4.1, 2.x C01)."""

    id_token: str
    kind: str | None = None
    presented: Presented | None = None
    """The contract certificate that came with it, if one did (2.x C07)."""


class SessionStarted(Report, frozen=True, kw_only=True):
    """StartTransaction (1.6 §4.8): the server will name the transaction."""

    evse_id: int
    connector_id: int = 1
    id_token: str | None
    at: datetime
    told_at: str | None = None
    """The time as the station spelled it, where ``at`` is not what it said."""
    meter_wh: float | None = None
    reservation_ref: int | None = None


class Metered(Report, frozen=True, kw_only=True):
    """MeterValues (1.6 §4.7, 2.x J01); readings within a transaction name it (1.6)."""

    evse_id: int
    transaction_ref: str | None = None
    readings: tuple[Reading, ...] = ()


class SessionStopped(Report, frozen=True, kw_only=True):
    """StopTransaction (1.6 §4.10)."""

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


class TransactionTold(Report, frozen=True, kw_only=True):
    """TransactionEvent (2.x E01-E15): the station names and numbers what it tells.

    ``sequence_number`` orders the events of a transaction, with gaps where some were lost or
    are late.  ``evse_id`` and ``id_token`` are there where the event brings them.
    """

    stage: Stage
    transaction_ref: str
    sequence_number: int
    at: datetime
    told_at: str | None = None
    """The time as the station spelled it, where ``at`` is not what it said."""
    offline: bool = False
    trigger: str = ""
    """triggerReason, as OCPP names it."""
    charging_state: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: str | None = None
    id_token_kind: str | None = None
    additional_info: tuple[tuple[str, str], ...] = ()
    """What else identifies who presents the token: texts, each with its type."""
    readings: tuple[Reading, ...] = ()
    details: dict[str, object] = field(default_factory=dict)
    """What else is told of the transaction, as JSON; by the names of `Session.details`."""
    id_token_unreadable: bool = False
    """Somebody presented a token, and nobody can tell which."""
    reason: str | None = None
    """stoppedReason; None on an end means Local."""
    remote_start_ref: int | None = None
    """remoteStartId of the RequestStartTransaction that led to it."""
    reservation_ref: int | None = None


class DataTransferred(Report, frozen=True, kw_only=True):
    """DataTransfer from the station (1.6 §4.3, 2.x P02): opaque and untrusted."""

    vendor_id: str
    message_id: str | None = None
    data: object = None


class Quarantined(Report, frozen=True, kw_only=True):
    """A message that may prove money and that nobody could read; kept as it came."""

    action: str
    fault: str
    content: str


class CommandAnswered(Report, frozen=True, kw_only=True):
    """The outcome of what a station was asked."""

    operation: Operation
    command: Command
    outcome: Outcome
    at: datetime
    """When it became known."""
