"""What is kept of stations, connections, tokens and sessions, by who owns it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from zope.interface import Interface

from csms.core.pages import Page, Query
from csms.core.values import (
    Connection,
    Connector,
    RefusedAttempt,
    Registration,
    Session,
    Station,
    StoredReading,
    Token,
)


class Quirk(Struct, frozen=True, kw_only=True):
    """A tolerated departure from the standard, counted per station."""

    name: str
    count: int
    example: str
    first_at: datetime
    last_at: datetime


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

    def offer_password(station_id: int, password_hash: str, mark: str) -> Awaitable[None]:
        """The station is being given another password, under a name for the attempt; until it is
        known which one counts both do.  One that was offered before is forgotten."""

    def withdraw_password(station_id: int, mark: str) -> Awaitable[None]:
        """The station never heard of the password that was offered."""

    def prove_password(station_id: int, password_hash: str) -> Awaitable[None]:
        """The station came in with the offered password of that hash: it is the only one now."""

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
        """Filters: station (identity), status, id_token, evse_id, transaction_id,
        started_from, started_to (datetimes)."""

    def get(session_id: str, operator_id: int | None = None) -> Awaitable[Session]:
        """Raises `NotFound`, also for an id that is no UUID."""

    def readings(
        session_id: str, query: Query, operator_id: int | None = None
    ) -> Awaitable[Page[StoredReading]]:
        """In the order they were taken.  Raises `NotFound` when there is no such session."""

    def station_readings(
        identity: str, query: Query, operator_id: int
    ) -> Awaitable[Page[StoredReading]]:
        """What the meters of a station told of no session, newest first.  Filters: evse_id,
        measurand (of a sample), taken_from, taken_to.  Raises `NotFound` when there is no such
        station."""
