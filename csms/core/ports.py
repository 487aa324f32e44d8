"""Every port to the world, one zope interface each.

The faces (gateway, api) are handed providers of these; `csms.service` knows which.  Methods
declared as returning an `Awaitable` are coroutines or return Deferreds.  Unless said otherwise
they raise `csms.core.errors.Unavailable` while the database is gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from zope.interface import Interface

from csms.core.commands import Command, Outcome
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
        back to their default.  Reported state (vendor as booted, status ...) is kept.
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
