"""The vocabulary of deciding: what a rule must know, and what it wants done.

For each report the intake asks the ledger the report's `Question`, hands the `State` it gets
back to the rule, and carries the rule's `Decision` out.  A question names only what its rule
looks at, because asking costs the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from csms.core.events import Event
from csms.core.replies import Acknowledged, Reply
from csms.core.values import (
    Connector,
    ConnectorStatus,
    Registration,
    Sample,
    Session,
    Token,
)


class Policy(Struct, frozen=True, kw_only=True):
    """The operator's choices that the rules depend on."""

    heartbeat_interval_s: int = 300
    pending_interval_s: int = 30
    rejected_interval_s: int = 600
    accept_unknown_tokens: bool = False
    concurrent_sessions: int = 0
    """Sessions one token may have running at once where the token does not say; 0: no limit."""
    remote_start_window_s: int = 600
    """How long after a remote start a session can be its result."""


class Question(Struct, frozen=True, kw_only=True):
    """What a rule must know before it can decide."""

    station: bool = False
    connection: bool = False
    connector: tuple[int, int] | None = None
    """(evse_id, connector_id)"""
    tokens: tuple[str, ...] = ()
    sessions_of: str | None = None
    """A token whose running sessions count (those it was accepted for), ..."""
    sessions_but_on: int | None = None
    """... those on this EVSE of the asking station left out (None: on any of its EVSEs)."""
    transaction_ref: str | None = None
    start_key: str | None = None
    open_on_evse: int | None = None
    """An EVSE whose open sessions matter."""
    orphans: bool = False
    """Sessions of the station whose start never reached us."""
    remote_start: tuple[str, int, datetime] | None = None
    """(id_token, evse_id, moment) a remote start may have asked for before that moment."""
    new_transaction: bool = False
    """A fresh transaction number is needed, unless there is a session of ``start_key``, ..."""
    clockless: bool = False
    """... which one that is over is not."""


class State(Struct, kw_only=True):
    """The answers; what was not asked for is at its default."""

    registration: Registration = Registration.ACCEPTED
    booted: bool = False
    heartbeat_interval_s: int | None = None
    epoch: int = 0
    connected: bool = False
    connector: Connector | None = None
    tokens: Mapping[str, Token] = field(default_factory=dict)
    """By `folded` id."""
    running: int = 0
    session: Session | None = None
    """The session of ``transaction_ref``."""
    started: Session | None = None
    """The session of ``start_key``."""
    open_sessions: tuple[Session, ...] = ()
    """The last ones that were heard of, oldest first; so with ``orphans``."""
    orphans: tuple[Session, ...] = ()
    remote_start: str | None = None
    """Id of the operation."""
    transaction_ref: str | None = None
    session_id: str = ""
    """An unused session id."""


class ClaimConnection(Struct, frozen=True, kw_only=True):
    """The station's newest connection is this one."""

    station_id: int
    operator_id: int
    epoch: int
    node: str
    peer: str
    ocpp_version: str
    at: datetime


class ReleaseConnection(Struct, frozen=True, kw_only=True):
    """The connection of that epoch is gone."""

    station_id: int
    epoch: int
    reason: str
    at: datetime


class BootStation(Struct, frozen=True, kw_only=True):
    """What the station said of itself when it booted."""

    station_id: int
    vendor: str
    model: str
    serial_number: str | None
    firmware_version: str | None
    iccid: str | None
    imsi: str | None
    meter_type: str | None
    meter_serial_number: str | None
    at: datetime


class ProgressStation(Struct, frozen=True, kw_only=True):
    """Progress of a firmware update or a diagnostics upload."""

    station_id: int
    firmware_status: str | None = None
    diagnostics_status: str | None = None
    at: datetime


class SetConnector(Struct, frozen=True, kw_only=True):
    """The reported state of a connector."""

    station_id: int
    operator_id: int
    evse_id: int
    connector_id: int
    status: ConnectorStatus
    status_at: datetime
    error_code: str | None
    info: str | None
    vendor_id: str | None
    vendor_error_code: str | None


class OpenSession(Struct, frozen=True):
    """A session that was not there before."""

    session: Session


class SaveSession(Struct, frozen=True):
    """A session that changed; ``session.version`` is still that of the row it was made from."""

    session: Session


class AddReading(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reading to keep; ``fingerprint`` makes a retransmission recognisable."""

    station_id: int
    operator_id: int
    evse_id: int
    session_id: str | None = None
    taken_at: datetime
    fingerprint: int
    received_at: datetime
    energy_wh: float | None = None
    power_w: float | None = None
    soc_percent: float | None = None
    samples: tuple[Sample, ...]


class MergeReading(AddReading, frozen=True, kw_only=True, omit_defaults=True):
    """A reading of which some samples may be there already, from the same place or session at the
    same moment; those are left out."""


class LinkOperation(Struct, frozen=True, kw_only=True):
    """The remote start became this session."""

    operation_id: str
    session_id: str


class Quarantine(Struct, frozen=True, kw_only=True):
    """A message kept as it came."""

    station_id: int
    operator_id: int
    received_at: datetime
    action: str
    fault: str
    content: str


Write = (
    ClaimConnection
    | ReleaseConnection
    | BootStation
    | ProgressStation
    | SetConnector
    | OpenSession
    | SaveSession
    | AddReading
    | MergeReading
    | LinkOperation
    | Quarantine
)


class Decision(Struct, frozen=True):
    """What to answer, what to keep, and what to tell the world, all or nothing."""

    reply: Reply
    writes: tuple[Write, ...] = ()
    events: tuple[Event, ...] = ()
    turn: tuple[int, str] | None = None
    """(operator_id, folded token): decisions of one turn must see each other, so that no two of
    them are committed at once, whoever makes them."""


class Stale(Exception):  # noqa: N818 - expected under concurrency, and answered by trying again
    """Somebody else changed what a decision was based on; gather and decide anew."""


class Unstorable(Exception):  # noqa: N818 - about a value that came from outside
    """What was asked or decided holds something that cannot be kept; trying again is of no use."""


ACKNOWLEDGED = Acknowledged()


def folded(id_token: str) -> str:
    """The form in which tokens are compared (OCPP CiString: case does not matter)."""
    return id_token.upper()
