"""The nouns every layer shares: stations, connectors, tokens, readings, sessions.

Everything here is a frozen value without behaviour of its own.  Times are aware UTC
datetimes, energy is Wh, power W, and nothing knows which OCPP version brought it.

Addressing: ``evse_id`` is the number an OCPP 1.6 station calls ``connectorId`` and a 2.x
station ``evse.id``; 0 is the station itself.  ``connector_id`` counts the plugs of one EVSE
from 1 and is always 1 for a 1.6 station.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

MAX_AMOUNT = 1e12
"""Beyond everything that is measured or paid."""
DEFAULT_OPERATOR = 1
"""Operator (tenant) that owns what nobody else claims."""


class StationKey(Struct, frozen=True):
    """Who is speaking: the surrogate key, the OCPP identity, and the operator it belongs to."""

    id: int
    identity: str
    operator_id: int = DEFAULT_OPERATOR


class Registration(StrEnum):
    """Whether a station may take part (OCPP RegistrationStatus)."""

    ACCEPTED = "accepted"
    PENDING = "pending"
    REJECTED = "rejected"


class ConnectorStatus(StrEnum):
    """State of a connector; the union of what OCPP 1.6 and 2.x can express."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EVSE = "SuspendedEVSE"
    SUSPENDED_EV = "SuspendedEV"
    FINISHING = "Finishing"
    OCCUPIED = "Occupied"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"
    UNKNOWN = "Unknown"


class Strictness(StrEnum):
    """How a station's payloads are held against the OCPP schemas."""

    STRICT = "strict"
    TOLERANT = "tolerant"
    OFF = "off"


class Connector(Struct, frozen=True, kw_only=True):
    """One plug of a station, as declared by the operator and as last reported."""

    evse_id: int
    connector_id: int = 1
    kind: str | None = None
    """Plug type, for example ``CCS2``, ``Type2``, ``CHAdeMO``, ``GBT_DC``."""
    max_power_w: int | None = None
    status: ConnectorStatus = ConnectorStatus.UNKNOWN
    status_at: datetime | None = None
    status_told: bool = True
    """Whether that is the time that the station told, and not that of receipt."""
    error_code: str | None = None
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None


class Station(Struct, frozen=True, kw_only=True):
    """A charging station: what the operator declared and what the station reported."""

    id: int
    operator_id: int
    identity: str
    registration: Registration
    name: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    address: str | None = None
    city: str | None = None
    country: str | None = None
    vendor: str | None = None
    model: str | None = None
    serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    meter_type: str | None = None
    meter_serial_number: str | None = None
    vendor_data: dict[str, object] = field(default_factory=dict)
    """Whatever else the operator wants to keep with the station."""
    password_hash: str | None = None
    offered_password_hash: str | None = None
    """Of a password that the station is being given; good beside the other until it is known which
    one counts."""
    strictness: Strictness | None = None
    """None: the server's setting."""
    ocpp_versions: tuple[str, ...] | None = None
    """Versions this station may use; None: every version the server speaks."""
    ocpp_version: str | None = None
    """Version of the last connection."""
    heartbeat_interval_s: int | None = None
    """None: the server's setting."""
    booted_at: datetime | None = None
    deaf_since: datetime | None = None
    """The station answers no command; None: it does, as far as is known."""
    last_seen_at: datetime | None = None
    firmware_status: str | None = None
    diagnostics_status: str | None = None
    created_at: datetime
    updated_at: datetime
    connected: bool = False
    connectors: tuple[Connector, ...] = ()


class Connection(Struct, frozen=True, kw_only=True):
    """A station's connection, live while ``disconnected_at`` is None."""

    station_id: int
    operator_id: int
    identity: str
    epoch: int
    """Grows with every connection of the station; only the newest may carry commands."""
    node: str
    peer: str
    ocpp_version: str
    connected_at: datetime
    last_seen_at: datetime
    disconnected_at: datetime | None = None
    close_reason: str | None = None


class RefusedAttempt(Struct, frozen=True, kw_only=True):
    """Connection attempts of one identity that were turned away for one reason."""

    identity: str
    reason: str
    """``unknown_station``, ``wrong_credentials``, ``no_credentials``, ``no_common_subprotocol``,
    ``bad_identity``, ``too_many_connections`` or ``rejected_station``."""
    peer: str
    detail: str = ""
    attempts: int = 1
    first_at: datetime
    last_at: datetime


class TokenStatus(StrEnum):
    """Answer to "may this token charge?" (OCPP AuthorizationStatus)."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT = "ConcurrentTx"
    UNKNOWN = "Unknown"
    """Nobody knows the token; from here on, words that OCPP 1.6 has not."""
    NOT_HERE = "NotAtThisLocation"


class TransactionLimit(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Where a transaction ends by itself (2.1 E16); what is None has no limit."""

    max_cost: Annotated[float, Meta(ge=0, le=MAX_AMOUNT)] | None = None
    """In the currency of the station's tariff."""
    max_energy_wh: Annotated[float, Meta(ge=0, le=MAX_AMOUNT)] | None = None
    max_time_s: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    max_soc_percent: Annotated[int, Meta(ge=0, le=100)] | None = None


class Token(Struct, frozen=True, kw_only=True):
    """An identification a driver presents.  Compared case-insensitively (OCPP CiString)."""

    operator_id: int = DEFAULT_OPERATOR
    id_token: str
    kind: str | None = None
    """OCPP 2.x IdTokenEnum text; 1.6 does not tell."""
    group_id: str | None = None
    """parentIdTag (1.6), groupIdToken (2.x): members may stop each other's sessions."""
    blocked: bool = False
    expires_at: datetime | None = None
    max_sessions: int | None = None
    """Concurrent sessions allowed; None: the server's setting, 0: no limit."""
    stations: tuple[str, ...] | None = None
    """Where the token is good: identities, or ``identity/evse_id`` for a single EVSE; None:
    everywhere."""
    languages: tuple[str, ...] | None = None
    """What its driver reads, as RFC 5646 has it, the preferred one first."""
    personal_message: str | None = None
    """What its driver is shown when it is presented (2.x)."""
    charging_priority: int | None = None
    """From -9 to 9, where 0 is usual (2.x)."""
    allowed_energy_transfer: tuple[str, ...] | None = None
    """Ways in which energy may flow (2.1 Q01), as OCPP names them."""
    tariff: dict[str, object] | None = None
    """Of its driver (2.1 I08): OCPP's TariffType with its names in snake case."""
    transaction_limit: TransactionLimit | None = None
    note: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Terms(Struct, frozen=True, kw_only=True):
    """What is declared of a token for its driver, and for the sessions that it may start; see
    `Token`."""

    languages: tuple[str, ...] = ()
    personal_message: str | None = None
    charging_priority: int | None = None
    allowed_energy_transfer: tuple[str, ...] = ()
    tariff: dict[str, object] | None = None
    transaction_limit: TransactionLimit | None = None


class Authorization(Struct, frozen=True, kw_only=True):
    """The verdict on a token (1.6 idTagInfo, 2.x idTokenInfo)."""

    status: TokenStatus
    expires_at: datetime | None = None
    group_id: str | None = None
    evse_ids: tuple[int, ...] | None = None
    """EVSEs of the station where the token is good; None: all."""
    certificate_status: str | None = None
    """Of the contract certificate that came with the token, as OCPP 2.x names it."""
    terms: Terms | None = None
    """What else the answer says; None: nothing."""


class Sample(Struct, frozen=True, omit_defaults=True):
    """One measured value in canonical units (Wh, W, A, V, Percent, Celsius ...)."""

    measurand: str = "Energy.Active.Import.Register"
    value: float | None = None
    """None when the text was no finite number; then ``raw`` holds what was sent."""
    unit: str = "Wh"
    phase: str | None = None
    context: str = "Sample.Periodic"
    location: str = "Outlet"
    raw: str | None = None
    """The text as sent, when it differs from the number in more than spelling."""
    signed: str | None = None
    """Signed meter data, byte-exact."""


class Reading(Struct, frozen=True):
    """The samples a meter took at one moment."""

    taken_at: datetime
    samples: tuple[Sample, ...]


class StoredReading(Struct, frozen=True, kw_only=True):
    """A reading as kept: with its place and the figures that queries ask for most."""

    station_id: int
    evse_id: int
    session_id: str | None
    taken_at: datetime
    received_at: datetime
    energy_wh: float | None = None
    """Energy.Active.Import.Register of the outlet."""
    power_w: float | None = None
    soc_percent: float | None = None
    samples: tuple[Sample, ...] = ()


class SessionStatus(StrEnum):
    """Life of a session."""

    ACTIVE = "active"
    SUSPECT = "suspect"
    """Still open, yet a newer session runs on its connector or it ran too long."""
    ENDED = "ended"


class Numbering(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the numbers (seqNo) of a transaction's events, see `csms.core.numbering`."""

    seen: tuple[tuple[int, int], ...] = ()
    """Runs of numbers that came, lowest first: the first and last of each."""
    forgotten: int = 0
    """Gaps that are no longer told apart from what came, because there were too many."""
    first: int | None = None
    """The number of the start, when it came."""
    last: int | None = None
    """The number of the end, when it came."""
    trusted: bool = True
    """Whether each number means one event; some stations give all events the same."""
    newest_at: datetime
    """The time of the newest event."""
    as_of: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """The number and time of the event that told each detail of the session."""
    stop_group: str | None = None
    """The group of the token that stopped it."""


class Session(Struct, frozen=True, kw_only=True):
    """A charging session: one OCPP transaction, whatever version reported it.

    ``energy_wh`` is what was delivered so far: the sum of the register's rises, see
    `csms.core.metering`.  ``flags`` name what was odd about it, see `csms.core.flags`.
    """

    id: str
    """UUID, time-ordered."""
    operator_id: int
    station_id: int
    identity: str
    evse_id: int
    connector_id: int = 1
    transaction_ref: str | None = None
    """The id station and server know the transaction by; a decimal int32 for 1.6."""
    named_by_station: bool = False
    """Whether the station made that id (2.x) and not the server (1.6)."""
    start_key: str | None = None
    """What makes a repeated start, or the events of one transaction, recognisable."""
    id_token: str | None = None
    group_id: str | None = None
    authorization: str | None = None
    """TokenStatus given at the start."""
    status: SessionStatus = SessionStatus.ACTIVE
    started_at: datetime
    ended_at: datetime | None = None
    meter_start_wh: float | None = None
    meter_stop_wh: float | None = None
    meter_last_wh: float | None = None
    energy_wh: float = 0.0
    reset_register_wh: float | None = None
    """Last register believed before it fell or jumped; None while it is in no doubt."""
    reset_energy_wh: float = 0.0
    """``energy_wh`` at that moment."""
    power_w: float | None = None
    soc_percent: float | None = None
    last_reading_at: datetime | None = None
    stop_reason: str | None = None
    stop_id_token: str | None = None
    operation_id: str | None = None
    """The remote start that led to it."""
    reservation_ref: int | None = None
    charging_state: str | None = None
    """Charging, EVConnected, SuspendedEV, SuspendedEVSE or Idle, as last told (2.x)."""
    details: dict[str, object] = field(default_factory=dict)
    """What else the station told of the transaction (2.x), each as last told."""
    numbering: Numbering | None = None
    """Which of its events came (2.x)."""
    flags: tuple[str, ...] = ()
    version: int = 0
    """Grows with every write, so that a writer notices that it looked at an older one."""
    created_at: datetime
    updated_at: datetime


class OperationStatus(StrEnum):
    """Life of a command to a station."""

    QUEUED = "queued"
    """Waits for the station to connect."""
    PENDING = "pending"
    """On its way."""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNSUPPORTED = "unsupported"
    UNREACHABLE = "unreachable"
    EXPIRED = "expired"

    @property
    def settled(self) -> bool:
        """Whether the station's answer (or its absence) is known."""
        return self not in (OperationStatus.QUEUED, OperationStatus.PENDING)


class Operation(Struct, frozen=True, kw_only=True):
    """A command to a station and what became of it."""

    id: str
    """UUID, time-ordered."""
    operator_id: int
    station_id: int
    identity: str
    action: str
    """OCPP action when raw, else the command's name: ``remote_start``, ``reset`` ..."""
    payload: dict[str, object]
    """The command as JSON, secrets left out."""
    status: OperationStatus
    response: dict[str, object] | None = None
    """The station's payload, or ``{"code", "description"}`` of its CALLERROR."""
    detail: str | None = None
    """Why, in words, when the status alone does not tell."""
    evse_id: int | None = None
    id_token: str | None = None
    ref: int | None = None
    """The number by which station and server speak of it (requestId, remoteStartId ...)."""
    session_id: str | None = None
    """The session a remote start led to, or a remote stop meant."""
    requested_by: str | None = None
    created_at: datetime
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    expires_at: datetime


class ApiToken(Struct, frozen=True, kw_only=True):
    """A bearer token of the API, without its secret."""

    id: str
    operator_id: int
    name: str
    role: str
    """``admin``, ``operator`` or ``auditor`` (reads only)."""
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
