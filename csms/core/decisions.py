"""The vocabulary of deciding: what a rule must know, and what it wants done.

For each report the intake asks the ledger the report's `Question`, hands the `State` it gets
back to the rule, and carries the rule's `Decision` out.  A question names only what its rule
looks at, because asking costs the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from csms.core.events import Event
from csms.core.oddities import Oddity
from csms.core.replies import Acknowledged, Reply
from csms.core.values import (
    Connector,
    ConnectorStatus,
    Operation,
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
    ev_needs: str = "profile"
    """What a vehicle that tells its needs is answered: ``profile``, ``none`` or ``reject``."""
    remote_start_window_s: int = 600
    """How long after a remote start a session can be its result."""
    certificate_name: str = "either"
    """Whose the common name in a station's certificate request must be: its ``serial`` number, its
    ``identity``, ``either``, or ``any``."""
    certificate_organization: str = ""
    """What must be an organization in a certificate request; empty: it may have any, or none."""
    contract_certificates: str = "refuse"
    """``token``: contract certificates are good when their token is, though nobody validates
    them; ``refuse``: none is."""
    recorded_vendors: frozenset[str] = frozenset()
    """Vendors, in lower case, whose DataTransfers are accepted and kept."""
    receipt_url: str = ""
    """Where drivers find receipts, by the id of their session; empty: the station makes them."""
    vat_by_form: bool = False
    """Whether a VAT number is good when it has the form of one; else none is."""
    master_pass_group: str = ""
    """The group whose tokens may stop every session and start none; empty: there is none."""


class Ask(Struct, frozen=True, kw_only=True):
    """A question of an area; its fields are what the ledger looks by, beside the station."""


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
    named_by_station: bool = False
    """Whether the station made that id (2.x), or the server (1.6), ..."""
    or_by_the_other: bool = False
    """... and whether the one that the other made will do, where there is none."""
    start_key: str | None = None
    open_on_evse: int | None = None
    """An EVSE whose open sessions matter."""
    orphans: bool = False
    """Sessions of the station whose start never reached us."""
    remote_start: tuple[str, int, datetime] | None = None
    """(id_token, evse_id, moment) a remote start may have asked for before that moment."""
    remote_start_ref: int | None = None
    """The number of the remote start that led to a session, where the station tells it."""
    new_transaction: bool = False
    """A fresh transaction number is needed, unless there is a session of ``start_key``, ..."""
    clockless: bool = False
    """... which one that is over is not."""
    more: tuple[Ask, ...] = ()
    """What areas ask; at most one of a kind."""


class State(Struct, kw_only=True):
    """The answers; what was not asked for is at its default."""

    registration: Registration = Registration.ACCEPTED
    booted: bool = False
    heartbeat_interval_s: int | None = None
    ocpp_version: str | None = None
    """Of the station's last connection."""
    deaf_since: datetime | None = None
    """It answers no CALL."""
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
    found: Mapping[type[Ask], tuple[Any, ...]] = field(default_factory=dict)
    """The answers to ``Question.more``; see `answers`."""

    def answers(self, ask: type[Ask]) -> tuple[Any, ...]:
        """Everything that was found for that question, nothing if nothing was."""
        return self.found.get(ask, ())

    def answer(self, ask: type[Ask]) -> Any:
        """The only thing that was found, or None."""
        found = self.found.get(ask, ())
        return found[0] if found else None


class Write(Struct, frozen=True):
    """Anything a decision wants kept."""


class ClaimConnection(Write, frozen=True, kw_only=True):
    """The station's newest connection is this one."""

    station_id: int
    operator_id: int
    epoch: int
    node: str
    peer: str
    ocpp_version: str
    at: datetime


class ReleaseConnection(Write, frozen=True, kw_only=True):
    """The connection of that epoch is gone."""

    station_id: int
    epoch: int
    reason: str
    at: datetime


class BootStation(Write, frozen=True, kw_only=True):
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


class ProgressStation(Write, frozen=True, kw_only=True):
    """Progress of a firmware update or a diagnostics upload."""

    station_id: int
    firmware_status: str | None = None
    diagnostics_status: str | None = None
    at: datetime


class SetHearing(Write, frozen=True, kw_only=True):
    """Since when the station answers no CALL; None: it does."""

    station_id: int
    deaf_since: datetime | None


class SetConnector(Write, frozen=True, kw_only=True):
    """The reported state of a connector."""

    station_id: int
    operator_id: int
    evse_id: int
    connector_id: int
    status: ConnectorStatus
    status_at: datetime
    status_told: bool
    error_code: str | None
    info: str | None
    vendor_id: str | None
    vendor_error_code: str | None


class OpenSession(Write, frozen=True):
    """A session that was not there before."""

    session: Session


class SaveSession(Write, frozen=True):
    """A session that changed; ``session.version`` is still that of the row it was made from."""

    session: Session


class MeterSession(Write, frozen=True):
    """`SaveSession` of an open session of which only what its meter says, and its flags, have
    changed (`METERED`); the most frequent write of all."""

    session: Session


METERED = (
    "meter_start_wh",
    "meter_last_wh",
    "energy_wh",
    "reset_register_wh",
    "reset_energy_wh",
    "power_w",
    "soc_percent",
    "last_reading_at",
    "flags",
    "updated_at",
)
"""The fields of a session that `MeterSession` writes."""


class AddReading(Write, frozen=True, kw_only=True, omit_defaults=True):
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


class LinkOperation(Write, frozen=True, kw_only=True):
    """The remote start became this session."""

    operation_id: str
    session_id: str


class Quarantine(Write, frozen=True, kw_only=True):
    """A message kept as it came."""

    station_id: int
    operator_id: int
    received_at: datetime
    action: str
    fault: str
    content: str


class SettleOperation(Write, frozen=True):
    """An operation as its outcome leaves it, unless it was settled before."""

    operation: Operation


class Decision(Struct, frozen=True):
    """What to answer, what to keep, and what to tell the world, all or nothing."""

    reply: Reply
    writes: tuple[Write, ...] = ()
    events: tuple[Event, ...] = ()
    turn: tuple[int, str] | None = None
    """(operator_id, folded token): decisions of one turn must see each other, so that no two of
    them are committed at once, whoever makes them."""
    oddities: tuple[tuple[Oddity, str], ...] = ()
    """Departures from the standard that only the rule could see, each with a short example."""


class Stale(Exception):  # noqa: N818 - expected under concurrency, and answered by trying again
    """Somebody else changed what a decision was based on; gather and decide anew."""


class Unstorable(Exception):  # noqa: N818 - about a value that came from outside
    """What was asked or decided holds something that cannot be kept; trying again is of no use."""


ACKNOWLEDGED = Acknowledged()


def folded(id_token: str) -> str:
    """The form in which tokens are compared (OCPP CiString: case does not matter)."""
    return id_token.upper()
