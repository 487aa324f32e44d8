"""One connection to PostgreSQL: made, watched, used and given up.

`Wire` is txpostgres' connection with what it lacks for a server that outlives its database;
`Line` keeps one wire connected for as long as it is open.

What columns come back as, on every connection made here: ``json`` and ``jsonb`` as their text
(msgspec decodes it), ``uuid`` as str, ``timestamptz`` as aware UTC datetimes, ``bytea`` as
bytes, ``numeric`` as Decimal, everything else as psycopg2 has it.

Note: why not txpostgres' own reconnection.  Its detector takes every `OperationalError` for a
dead connection, and serialization failures, deadlocks and a full disk are such; the first
connection is not retried, an attempt has no time limit, and nothing can stop it.

Note: why libpq is only called while the reactor does not watch the socket.  libpq closes the
socket by itself when it finds it broken, and the reactor, which knows it by number, would then
watch nothing, or somebody else's new socket of that number.  So each watch ends before the
call and begins again after it, if there still is a socket.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import psycopg2
from msgspec import Struct
from psycopg2 import extensions
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from txpostgres import txpostgres

from csms.core.errors import Unavailable
from csms.storage.address import Address

Params = Sequence[object] | Mapping[str, object]
"""Parameters of a statement: for ``%s`` a sequence, for ``%(name)s`` a mapping."""

CONNECT_TIMEOUT_S = 5.0
FIRST_DELAY_S = 0.05
LONGEST_DELAY_S = 1.0

# A primary that became a standby; a transaction left open for too long.
_GONE_CODES = frozenset({"25006", "25P03"})
# Connection, resources, shutdown, the system around the server.
_GONE_CLASSES = ("08", "53", "57P", "58")

_OPTIONS = {
    "client_encoding": "UTF8",
    "fallback_application_name": "csms",
    # A server that vanished without a word is noticed (over TCP; ignored on a unix socket).
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def _as_text(value: str | bytes | None, _: object) -> str | bytes | None:
    return value


def _as_bytes(value: str | bytes | None, cursor: Any) -> bytes | None:
    view = psycopg2.BINARY(value, cursor)
    return None if view is None else bytes(view)


_JSON = extensions.new_type((114, 3802), "JSON_AS_TEXT", _as_text)
_TYPES = (
    _JSON,
    extensions.new_array_type((199, 3807), "JSON_AS_TEXT[]", _JSON),
    extensions.new_type((17,), "BYTEA_AS_BYTES", _as_bytes),
)


class Result(Struct, frozen=True):
    """What a statement gave: its rows (none if it gives none), how many it touched, and how
    the server names what it did."""

    rows: list[tuple[Any, ...]]
    count: int
    status: str


class NotSent(Unavailable):
    """The connection was dead before anything went down it: asking again elsewhere is safe."""


def is_gone(error: BaseException | None) -> bool:
    """Whether an error means that the connection (or the whole database) is of no use now."""
    if isinstance(error, psycopg2.Error):
        if error.pgcode is not None:
            return error.pgcode in _GONE_CODES or error.pgcode.startswith(_GONE_CLASSES)
        return isinstance(error, psycopg2.OperationalError) or type(error) in (
            psycopg2.DatabaseError,
            psycopg2.InterfaceError,
        )
    return isinstance(error, ConnectionClosed | Unavailable)


def reason(error: BaseException | None) -> str:
    """One line that says what went wrong."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _taken(_: object, cursor: Any) -> Result:
    rows = cursor.fetchall() if cursor.description else []
    return Result(rows, cursor.rowcount, cursor.statusmessage)


class _Cursor(txpostgres.Cursor):  # type: ignore[misc]  # txpostgres has no types
    """A txpostgres cursor that ends the connection's watch before it sends anything."""

    def _doit(self, name: str, *args: object, **kwargs: object) -> Deferred[Any]:
        wire = self._connection
        wire.cursorRunning(self)
        try:
            wire.check()
            getattr(self._cursor, name)(*args, **kwargs)
        except Exception:  # noqa: BLE001  # whatever it is, it goes to whoever asked
            failed = Failure()
            wire.cursorFinished(self)
            return fail(failed)
        return self.poll().addBoth(self._finished)  # type: ignore[no-any-return]  # untyped

    def _finished(self, result: object) -> object:
        self._connection.cursorFinished(self)
        return result

    def _handleCancellation(self, failure: Failure) -> Failure:  # noqa: N802  # overrides
        # txpostgres would turn a statement timeout into a CancelledError.
        return failure


class Wire(txpostgres.Connection):  # type: ignore[misc]  # txpostgres has no types
    """A connection that is used until it is gone, and then never again.

    ``lost`` is called once, with the wire and the reason, when it goes (whoever ended it).
    """

    cursorFactory = _Cursor  # noqa: N815  # overrides

    def __init__(self, reactor: IReactorTime, lost: Callable[[Wire, str], None]) -> None:
        super().__init__(reactor)
        self.gone = False
        self._lost = lost

    async def open(self, address: Address, settings: str) -> None:
        """Connect, and run the statements ``settings``.

        Raises psycopg2's error, or `Unavailable` (after `CONNECT_TIMEOUT_S` for one).
        """
        late = self.reactor.callLater(CONNECT_TIMEOUT_S, self.abandon, "no answer in time")
        try:
            options = await address.options()
            if self.gone:
                raise Unavailable("no answer in time")
            await self._shielded(self.connect(**{**_OPTIONS, **options}))
            for kind in _TYPES:
                extensions.register_type(kind, self._connection)
            await self.query(settings)
        finally:
            if late.active():
                late.cancel()

    def query(self, sql: str, params: Params | None = None) -> Deferred[Result]:
        """Run a statement, or several in one text.

        Fires with the result of the last one.  Without
        parameters a ``%`` stands for itself.  Fails with `NotSent` or another `Unavailable`
        when the connection is gone, else with psycopg2's error.  Cancelling gives the
        connection up: nobody knows then what became of the statement.
        """
        if self.gone:
            return fail(NotSent("the database connection is gone"))
        cursor = self.cursor()
        # The rows are taken at once: whoever comes next may use, or close, the connection.
        return self._shielded(cursor.execute(sql, params or None).addCallback(_taken, cursor))

    def in_transaction(self) -> bool:
        """Whether a transaction is open, or a statement is still under way."""
        if self.gone:
            return False
        status: int = self._connection.get_transaction_status()
        return status != extensions.TRANSACTION_STATUS_IDLE

    def check(self) -> None:
        """Raise `NotSent` if the server has hung up; the socket must not be watched now."""
        try:
            # Twice, for a farewell message may stand before the end of the stream.
            self._connection.poll()
            self._connection.poll()
        except psycopg2.Error as error:
            raise NotSent(reason(error)) from error

    def abandon(self, why: str) -> None:
        """Close the connection at once, whatever it is doing."""
        if self.gone:
            return
        self.gone = True
        if self._connection is not None:
            self.close()
        self._lost(self, why)

    def doRead(self) -> None:  # noqa: N802  # overrides
        """The socket became readable while no statement runs: a notification or the end."""
        try:
            super().doRead()
        except (psycopg2.Error, OSError, ValueError) as error:
            self.abandon(reason(error))

    def connectionLost(self, reason: Failure) -> None:
        """The reactor found the socket broken."""
        super().connectionLost(reason)
        self.abandon(reason.getErrorMessage())

    def cursorFinished(self, cursor: _Cursor) -> None:  # noqa: N802  # overrides
        """Watch the connection again after a statement, if there is one left."""
        try:
            super().cursorFinished(cursor)
        except (psycopg2.Error, OSError, ValueError) as error:
            self.abandon(reason(error))

    def _shielded(self, inner: Deferred[Any]) -> Deferred[Any]:
        """Give what ``inner`` gives, with lost connections told as `Unavailable`.

        Cancelling closes the connection; libpq's own way to cancel would block the reactor.
        """
        cancelled = False

        def give_up(_: Deferred[Any]) -> None:
            nonlocal cancelled
            cancelled = True
            self.abandon("given up in the middle of a statement")

        def relay(result: Any) -> None:
            if isinstance(result, Failure):
                result = self._judged(result)
            if not cancelled:
                outer.callback(result)

        outer: Deferred[Any] = Deferred(give_up)
        inner.addBoth(relay)
        return outer

    def _judged(self, failure: Failure) -> Failure:
        error = failure.value
        if not (self.gone or is_gone(error) or self._connection.closed):
            return failure
        self.abandon(reason(error))
        if isinstance(error, Unavailable):
            return failure
        return Failure(Unavailable(f"the database is gone: {reason(error)}"))


def _delays() -> Iterator[float]:
    yield 0.0
    delay = FIRST_DELAY_S
    while True:
        yield delay * random.uniform(0.8, 1.2)  # noqa: S311  # spreads load, hides nothing
        delay = min(delay * 2, LONGEST_DELAY_S)


@attrs.define(eq=False, kw_only=True)
class Line:
    """A connection that makes itself anew whenever it is lost, from `open` to `close`.

    ``up`` is called with each new wire, ``down`` with the reason when it is lost, ``failed``
    with the reason of each attempt in vain.  The wait between attempts grows to
    `LONGEST_DELAY_S`.
    """

    address: Address
    reactor: IReactorTime
    settings: str
    up: Callable[[Wire], None]
    down: Callable[[Wire, str], None]
    failed: Callable[[str], None]
    wire: Wire | None = attrs.field(default=None, init=False)
    _mending: Deferred[None] | None = attrs.field(default=None, init=False)
    _log = Logger()

    def open(self) -> None:
        """Connect, now and whenever the connection is lost."""
        mending = self._mending = Deferred.fromCoroutine(self._mend())
        mending.addErrback(self._mending_failed)

    def close(self) -> None:
        """Close the connection, or give up connecting."""
        mending, self._mending = self._mending, None
        wire, self.wire = self.wire, None
        if mending is not None:
            mending.cancel()
        if wire is not None:
            wire.abandon("closed")

    async def _mend(self) -> None:
        for delay in _delays():
            if delay:
                await deferLater(self.reactor, delay)
            wire = Wire(self.reactor, self._lost)
            try:
                await wire.open(self.address, self.settings)
            except (psycopg2.Error, Unavailable, OSError) as error:
                wire.abandon("not connected")
                self.failed(reason(error))
                continue
            self.wire = wire
            self._mending = None
            self.up(wire)
            return

    def _lost(self, wire: Wire, why: str) -> None:
        if wire is not self.wire:
            return
        self.wire = None
        self.down(wire, why)
        self.open()

    def _mending_failed(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            self._log.failure("database connection cannot be mended", failure=failure)
