"""Every port to the world, one zope interface each.

The faces (gateway, api) are handed providers of these; `csms.service` knows which.  Methods
declared as returning an `Awaitable` are coroutines or return Deferreds.  Unless said otherwise
they raise `csms.core.errors.Unavailable` while the database is gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from zope.interface import Interface

from csms.core.commands import Command, Outcome
from csms.core.decisions import Decision, Question, State
from csms.core.errors import Refusal
from csms.core.events import Event
from csms.core.pages import Page, Query
from csms.core.replies import Reply
from csms.core.reports import Report
from csms.core.values import (
    ApiToken,
    Connection,
    Connector,
    Operation,
    RefusedAttempt,
    Registration,
    Session,
    Station,
    StationKey,
    StoredReading,
    Token,
)

Answer = Callable[[Reply | Refusal], None]
"""Called exactly once with what to tell the station.  A `Refusal` means: not stored."""


class Quirk(Struct, frozen=True, kw_only=True):
    """A tolerated departure from the standard, counted per station."""

    name: str
    count: int
    example: str
    first_at: datetime
    last_at: datetime


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether this process can do its work, and per part (``database``, ``intake`` ...) why not."""

    ready: bool
    parts: Mapping[str, str]


class IIntake(Interface):
    """The upward street: reports of stations, decided and made durable."""

    def submit(station: StationKey, report: Report, answer: Answer) -> None:
        """Take a report.  ``answer`` is called after its commit, in order per station.

        Never raises; overload and a database that stays away come as a `Refusal`.
        """


class ILedger(Interface):
    """Where decisions are made durable, one batch at a time; each lane of the intake has its own.

    `gather` opens a transaction, `commit` or `abandon` ends it.
    """

    def gather(
        asked: Sequence[tuple[StationKey, Question]], now: datetime
    ) -> Awaitable[list[State]]:
        """Open a transaction and answer each question."""

    def commit(decisions: Sequence[Decision]) -> Awaitable[None]:
        """Write all decisions and their events, or nothing.

        Raises `Stale` when somebody else changed what they were based on, and whatever the
        database says of values it cannot take.
        """

    def abandon() -> Awaitable[None]:
        """Leave no transaction open; never raises."""

    def ready() -> Awaitable[None]:
        """Wait until the database is there."""


class IStations(Interface):
    """The register of stations.

    ``operator_id`` None means every operator (the server itself asks).
    """

    def find(identity: str) -> Awaitable[Station | None]:
        """The station of that exact identity, without connectors; made for the handshake path:
        calls that come together share one query."""

    def get(identity: str, operator_id: int | None = None) -> Awaitable[Station]:
        """The station with its connectors; raises `NotFound`."""

    def list(query: Query, operator_id: int | None = None) -> Awaitable[Page[Station]]:
        """Filters: registration, connected, vendor, model, identity (prefix)."""

    def enlist(identity: str, registration: Registration) -> Awaitable[Station]:
        """Create a station nobody declared (it just connected); returns the one that exists if
        there is one already."""

    def put(
        identity: str,
        operator_id: int,
        fields: Mapping[str, object],
        connectors: Sequence[Connector] | None,
    ) -> Awaitable[tuple[Station, bool]]:
        """Create or replace what an operator declares; True when created.

        ``fields`` are `Station` fields; those an operator may declare and that are absent go
        back to their default (`csms.core.declarations`), except the password.  Reported state
        (vendor as booted, status ...) is kept.  ``connectors`` None leaves them as they are;
        else they become the declared ones, and those declared before keep their status.
        Raises `Conflict` when another operator has the identity or it differs only in case.
        """

    def patch(
        identity: str,
        operator_id: int,
        changes: Mapping[str, object],
        connectors: Sequence[Connector] | None,
    ) -> Awaitable[Station]:
        """Change only what is given; raises `NotFound`."""

    def delete(identity: str, operator_id: int) -> Awaitable[Station]:
        """Take the station out of the register; its sessions stay.  Raises `NotFound`."""

    def quirks(identity: str, operator_id: int) -> Awaitable[Sequence[Quirk]]:
        """Tolerated departures from the standard, most frequent first."""


class IConnections(Interface):
    """Who is connected, and who was turned away."""

    def list(query: Query, operator_id: int | None = None) -> Awaitable[Page[Connection]]:
        """Live connections.  Filters: node, ocpp_version, identity (prefix)."""

    def get(identity: str, operator_id: int | None = None) -> Awaitable[Connection]:
        """The live connection of a station; raises `NotFound`."""

    def refused(query: Query) -> Awaitable[Page[RefusedAttempt]]:
        """Attempts that were turned away, newest first.  Filters: reason, identity (prefix)."""

    def forget_refused(identity: str) -> Awaitable[None]:
        """Drop the attempts of an identity (it was adopted)."""


class IDoorbell(Interface):
    """Where the gateway notes what the database may learn a little later; never blocks, never
    raises, bounded in memory."""

    def refused(attempt: RefusedAttempt) -> None:
        """Somebody was turned away."""

    def seen(station_id: int, epoch: int, at: datetime) -> None:
        """A sign of life from a station."""

    def quirk(station: StationKey, name: str, example: str, at: datetime) -> None:
        """A tolerated departure from the standard."""


class ITokens(Interface):
    """Tokens that drivers present."""

    def list(query: Query, operator_id: int) -> Awaitable[Page[Token]]:
        """Filters: group_id, blocked, id_token (prefix)."""

    def get(id_token: str, operator_id: int) -> Awaitable[Token]:
        """Raises `NotFound`."""

    def put(token: Token) -> Awaitable[tuple[Token, bool]]:
        """Create or replace; True when created."""

    def patch(id_token: str, operator_id: int, changes: Mapping[str, object]) -> Awaitable[Token]:
        """Change only what is given; raises `NotFound`."""

    def delete(id_token: str, operator_id: int) -> Awaitable[None]:
        """Raises `NotFound`."""


class ISessions(Interface):
    """Charging sessions, read only: the intake writes them."""

    def list(query: Query, operator_id: int | None = None) -> Awaitable[Page[Session]]:
        """Filters: station (identity), status, id_token, evse_id, transaction_ref,
        started_from, started_to (datetimes)."""

    def get(session_id: str, operator_id: int | None = None) -> Awaitable[Session]:
        """Raises `NotFound`, also for an id that is no UUID."""

    def readings(
        session_id: str, query: Query, operator_id: int | None = None
    ) -> Awaitable[Page[StoredReading]]:
        """In the order they were taken.  Raises `NotFound` when there is no such session."""


class IOperations(Interface):
    """Commands to stations: recorded, sent, settled."""

    def submit(
        identity: str,
        operator_id: int,
        command: Command,
        *,
        requested_by: str | None = None,
        queue: bool = False,
        session_id: str | None = None,
    ) -> Awaitable[Operation]:
        """Record a command and send it.

        Returns the operation settled, or still pending when the station takes longer than the
        caller should wait.  A station without connection: settled ``unreachable``, or
        ``queued`` until it returns if ``queue``.  Raises `NotFound` (no such station),
        `Invalid` (the payload breaks the station's schema) or `Conflict`
        (``not_registered``: the station is pending or rejected).
        A command that the station's version cannot express settles ``unsupported``.
        """

    def get(operation_id: str, operator_id: int | None = None) -> Awaitable[Operation]:
        """Raises `NotFound`."""

    def list(query: Query, operator_id: int | None = None) -> Awaitable[Page[Operation]]:
        """Filters: station (identity), status, action."""


class IOperationsBook(Interface):
    """Where operations are kept; `IOperations` is written over it.

    Whatever settles an operation (`record` of one that is settled already, `settle`, `expire`)
    publishes `csms.core.operations.settled_event` of it through the outbox, in the same
    transaction; what changes nothing publishes nothing.
    """

    def record(operation: Operation, command: bytes) -> Awaitable[None]:
        """Keep a new operation.

        ``command`` is what `due` hands back for delivery (it may hold secrets, unlike the
        operation's payload); it is not kept for an operation that is settled already.
        """

    def mark_sent(operation_id: str, at: datetime) -> Awaitable[bool]:
        """The operation goes out now: queued or pending becomes pending with ``sent_at``.

        True for exactly one caller: False when it was sent or settled before (or is unknown),
        and then must not be sent.
        """

    def settle(operation_id: str, outcome: Outcome, at: datetime) -> Awaitable[Operation]:
        """The outcome is known.  One that is settled already stays as it is; either way the
        operation as it now stands.  The command is forgotten.  Raises `NotFound`."""

    def get(operation_id: str, operator_id: int | None = None) -> Awaitable[Operation]:
        """Raises `NotFound`, also for an id that is no UUID."""

    def list(query: Query, operator_id: int | None = None) -> Awaitable[Page[Operation]]:
        """Filters: station (identity), status, action.  Newest first unless sorted."""

    def due(station_id: int) -> Awaitable[Sequence[tuple[Operation, bytes]]]:
        """What still has to be sent to a station (queued, or pending and never sent), with its
        command, in the order it was recorded."""

    def link(operation_id: str, session_id: str) -> Awaitable[None]:
        """The session a remote start led to; the first one stays.  An unknown id is ignored."""

    def expire(now: datetime, start_timeout_s: float) -> Awaitable[Sequence[Operation]]:
        """Expire what has waited too long; the operations that this call expired.

        That is: queued or pending ones past ``expires_at``, and accepted remote starts that
        led to no session within ``start_timeout_s`` of the acceptance.
        """


class Waiting(Struct, frozen=True):
    """A connected station with operations to deliver.

    ``ready``: it has booted since it connected or been connected for a while, so that what was
    queued for its return may go out too.
    """

    station_id: int
    ready: bool


class INodes(Interface):
    """The processes that hold stations, and what is to be delivered through them."""

    def begin(name: str) -> Awaitable[int]:
        """A process of that name starts and holds nothing yet.

        Connections that an earlier one left behind are marked disconnected ("node restarted",
        event ``station.disconnected``); how many.
        """

    def renew(name: str) -> Awaitable[float]:
        """The process is alive; seconds since it last said so."""

    def lost(name: str) -> Awaitable[Sequence[int]]:
        """Stations whose newest connection is this node's and was wrongly given up ("node
        lost"), for example because the process could not renew in time."""

    def reclaim(name: str, station_ids: Sequence[int]) -> Awaitable[int]:
        """Those of them are still connected (event ``station.connected``); how many."""

    def awaiting(name: str, now: datetime, settling_s: float) -> Awaitable[Sequence[Waiting]]:
        """Stations connected to the node for which operations wait.

        One that did not boot since is ready ``settling_s`` after it connected.
        """


class ILocks(Interface):
    """Named locks, each held by at most one process of the cluster."""

    def hold(name: str) -> Awaitable[bool]:
        """Whether this process holds the lock, which is taken if it is free.

        A lock is lost with the process or its connection to the database, so whoever relies
        on one asks again and again.
        """

    def release(name: str) -> Awaitable[None]:
        """Let go of the lock, if it is held; never raises."""


class Position(Struct, frozen=True, order=True):
    """A place in the outbox: (transaction, number within all)."""

    xid: int = 0
    seq: int = 0


class IOutboxLog(Interface):
    """The outbox, read in one order by everybody who follows it."""

    def position(name: str) -> Awaitable[Position]:
        """Up to where the subscriber has taken events; a new one begins with the oldest kept."""

    def read(after: Position, limit: int) -> Awaitable[Sequence[tuple[Position, str]]]:
        """The next rows, each a JSON array of events.

        Nothing that could still be preceded by a row of a transaction under way.
        """

    def advance(name: str, before: Position, after: Position) -> Awaitable[bool]:
        """Move the subscriber on; False when it is not where the caller thinks."""

    def prune(older_than: datetime, limit: int) -> Awaitable[int]:
        """Delete up to so many rows that are old and that every subscriber has taken."""


class Overtime(Struct, frozen=True, kw_only=True):
    """An open session that runs for too long."""

    session_id: str
    operator_id: int
    identity: str
    transaction_ref: str | None
    connected: bool
    """Whether the station is."""
    asked_at: datetime | None
    """When the station was first asked to end it."""


class IJobsBook(Interface):
    """What the scheduled jobs do to the database.

    Each method is one transaction with its events; all take at most a bounded number of rows
    and are called again.  ``now`` is held against times that this software wrote.
    """

    def silent(now: datetime, after_s: float, interval_s: int) -> Awaitable[int]:
        """Mark connected stations without a sign of life as offline, once per silence (event
        ``station.offline``); how many.

        Silent means for ``after_s``, or when that is 0 for twice the heartbeat interval, which
        is ``interval_s`` where the station has none of its own.
        """

    def lost_nodes(after_s: float) -> Awaitable[int]:
        """Mark the connections of nodes not renewed for so long as disconnected ("node lost",
        event ``station.disconnected``); how many.  By the database's clock."""

    def flag_overtime(now: datetime, max_s: float) -> Awaitable[int]:
        """Flag open sessions that began, and that we have known, for longer (``over_time``,
        event ``session.flagged``); how many."""

    def overtime(limit: int) -> Awaitable[Sequence[Overtime]]:
        """Flagged sessions that are still open, those never asked about first."""

    def end_session(session_id: str, now: datetime) -> Awaitable[bool]:
        """End an open session with what is known of it (event ``session.ended``); False when
        it has ended meanwhile."""

    def prune(table: str, older_than: datetime, limit: int) -> Awaitable[int]:
        """Delete up to so many old rows of ``refused_attempt``, ``operation`` (settled ones
        only) or ``quarantine``; how many."""


class ITasks(Interface):
    """Where a coroutine is started that nobody awaits."""

    def spawn(work: Coroutine[Any, Any, object], /, what: str, **fields: object) -> None:
        """Start it; a failure is logged with ``what`` and the fields, and it is waited for at
        shutdown."""


class ILinks(Interface):
    """The stations connected to this node; provided by the gateway."""

    def holds(station_id: int) -> bool:
        """Whether the station is connected here."""

    def send(station_id: int, command: Command, timeout_s: float) -> Awaitable[Outcome]:
        """Send a command down the station's socket; one at a time per station, others wait.

        Never raises: what goes wrong is an `Outcome`.
        """

    def drop(station_id: int, reason: str) -> None:
        """Close the station's connection, if there is one here."""

    def __len__() -> int:
        """How many stations are connected here."""


class ISpeech(Interface):
    """What each OCPP version can say; provided by the adapter."""

    def versions() -> Sequence[str]:
        """Versions the server speaks, newest first."""

    def check(version: str, command: Command) -> str | None:
        """None when the command can be sent to a station of that version, else why the version
        has no such command; raises `Invalid` when its payload breaks the schema."""

    def interpret(version: str, command: Command) -> Command:
        """A raw remote start or stop as `RemoteStart` or `RemoteStop`, so that it is linked to
        its session like any other; every other command (also an unreadable one) as it is."""


class IApiTokens(Interface):
    """Bearer tokens of the API."""

    def verify(secret: str) -> Awaitable[ApiToken | None]:
        """The token of that secret, unless unknown or expired."""

    def create(
        name: str, role: str, operator_id: int, expires_at: datetime | None = None
    ) -> Awaitable[tuple[ApiToken, str]]:
        """A new token and its secret, which is told this once."""


class IHealth(Interface):
    """Can this process do its work?"""

    def readiness() -> Awaitable[Readiness]:
        """Never raises, answers within 2 s."""


class ISubscriber(Interface):
    """Somebody who wants the domain's events, at least once, in order per station."""

    def receive(events: Sequence[Event]) -> Awaitable[None]:
        """Take events; raising makes them come again."""
