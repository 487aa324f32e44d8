"""Commands to stations, on their way down."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime

from zope.interface import Interface

from csms.core.commands import Command, Outcome
from csms.core.pages import Page, Query
from csms.core.values import Operation


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
        (``not_registered``: the station is pending or rejected; ``not_authorized`` and
        ``master_pass``: see `csms.core.bearers`, which also says what is added to a command that
        names a token).
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

    def number() -> Awaitable[int]:
        """A number that no command had before: positive, within 31 bits."""

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

    def has_components(version: str) -> bool:
        """Whether the settings of a station belong to components, and are no mere keys."""

    def check(version: str, command: Command) -> str | None:
        """None when the command can be sent to a station of that version, else why the version
        has no such command; raises `Invalid` when its payload breaks the schema."""

    def found(version: str, command: Command, response: Mapping[str, object]) -> object:
        """What a station's answer to a command tells, free of the version (`Outcome.found`); None
        when it tells nothing that can be read."""

    def firmware_location(version: str, command: Command) -> str | None:
        """The URL from which a command, raw or not, has a station fetch firmware, if it has.  The
        command is one that `check` has nothing to say against."""

    def interpret(version: str, command: Command) -> Command:
        """A raw remote start or stop as `RemoteStart` or `RemoteStop`, so that it is linked to
        its session like any other; every other command (also an unreadable one) as it is."""
