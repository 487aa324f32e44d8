"""The connections to the database, and the only place where transactions are run.

Everything raises `csms.core.errors.Unavailable` while the database is gone, and psycopg2's
errors otherwise.  `csms.storage.wire` says what columns come back as.

Note: why txpostgres' ``runInteraction`` is not used, here or anywhere.  Given an ``async``
function it commits before the function has run, and what the function then writes is lost
without a word; and when the connection goes it logs the failure of its own rollback.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import attrs
import psycopg2
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from csms.core.errors import Unavailable
from csms.storage.address import Address
from csms.storage.lane import Lane
from csms.storage.wire import NotSent, Params, Result, Wire
from csms.storage.wires import Wires

T = TypeVar("T")
R = TypeVar("R")

ATTEMPTS = 6
"""How often a transaction is tried that others get in the way of."""

_CONFLICTS = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_RETRY_DELAY_S = 0.005
_IDLE_IN_TRANSACTION_MS = 60_000
_BY_INDEX = "SET enable_seqscan = off; SET enable_mergejoin = off; SET enable_hashjoin = off"
"""For lanes, which only ever look a few rows up.  The planner takes a list of parameters for a
hundred rows, and would rather read a table of up to some ten thousand rows from end to end."""


@attrs.frozen(eq=False)
class Cursor:
    """Statements within one transaction."""

    _wire: Wire

    async def one(self, sql: str, params: Params, row: Callable[..., R]) -> R:
        """The one row there is, as ``row(*columns)``; raises `LookupError` if there is not
        exactly one."""
        return _one((await self._wire.query(sql, params)).rows, row)

    async def maybe(self, sql: str, params: Params, row: Callable[..., R]) -> R | None:
        """The row, or None; raises `LookupError` if there are several."""
        return _maybe((await self._wire.query(sql, params)).rows, row)

    async def many(self, sql: str, params: Params, row: Callable[..., R]) -> list[R]:
        """All rows."""
        return [row(*columns) for columns in (await self._wire.query(sql, params)).rows]

    async def execute(self, sql: str, params: Params = ()) -> int:
        """Run a statement; how many rows it touched."""
        return (await self._wire.query(sql, params)).count


@attrs.define(eq=False, kw_only=True, slots=False)
class Pool(Service):
    """Connections that mend themselves, shared by everybody who asks the database something.

    Starting does not wait for the database.  While it is not there, calls wait for up to
    ``checkout_timeout_s`` after it went (or since the start), and fail at once after that.
    ``statement_timeout_s`` bounds each statement (0: no limit); the error is psycopg2's
    ``QueryCanceled``.  ``reactor`` is an `IReactorFDSet` and
    `IReactorThreads` too.

    A call whose Deferred is cancelled closes its connection.
    """

    url: str = attrs.field(repr=False)
    reactor: IReactorTime
    size: int = 6
    checkout_timeout_s: float = 5.0
    statement_timeout_s: float = 30.0
    stop_timeout_s: float = 3.0
    _address: Address = attrs.field(init=False)
    _wires: Wires = attrs.field(init=False)
    _lanes: list[Lane] = attrs.field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self._address = Address(self.url, self.reactor)
        self._wires = Wires(
            address=self._address,
            reactor=self.reactor,
            size=self.size,
            settings=self._settings(),
            patience_s=self.checkout_timeout_s,
        )

    def startService(self) -> None:
        """Begin to connect."""
        super().startService()
        self._wires.open()

    def stopService(self) -> Deferred[None]:
        """Refuse new work, let what is under way finish (for `stop_timeout_s`), disconnect."""
        super().stopService()
        for lane in self._lanes:
            lane.close()
        self._lanes.clear()
        return Deferred.fromCoroutine(self._wires.close(self.stop_timeout_s))

    async def one(self, sql: str, params: Params, row: Callable[..., T]) -> T:
        """The one row there is, as ``row(*columns)``; raises `LookupError` if there is not
        exactly one."""
        return _one((await self._query(sql, params)).rows, row)

    async def maybe(self, sql: str, params: Params, row: Callable[..., T]) -> T | None:
        """The row, or None; raises `LookupError` if there are several."""
        return _maybe((await self._query(sql, params)).rows, row)

    async def many(self, sql: str, params: Params, row: Callable[..., T]) -> list[T]:
        """All rows."""
        return [row(*columns) for columns in (await self._query(sql, params)).rows]

    async def execute(self, sql: str, params: Params = ()) -> int:
        """Run a statement in a transaction of its own; how many rows it touched."""
        return (await self._query(sql, params)).count

    async def transaction(
        self,
        work: Callable[[Cursor], Coroutine[Any, Any, T]],
        isolation: str = "READ COMMITTED",
    ) -> T:
        """Run ``work`` in a transaction: committed when it returns, rolled back when it raises.

        ``work`` is called again (up to `ATTEMPTS` times in all) after a serialization failure
        or a deadlock, so it must have no effect but on the database.  `Unavailable` from a
        connection lost during the commit leaves open whether it happened.
        """
        attempt = 1
        while True:
            try:
                return await self._attempt(work, f"BEGIN ISOLATION LEVEL {isolation}")
            except psycopg2.Error as error:
                if error.pgcode not in _CONFLICTS or attempt == ATTEMPTS:
                    raise
            pause = random.random()  # noqa: S311  # it spreads load, and hides nothing
            await deferLater(self.reactor, pause * _RETRY_DELAY_S * 2**attempt)
            attempt += 1

    def lane(self) -> Lane:
        """A connection of one's own, on its way already; closed when the pool stops."""
        settings = f"{self._settings()};{_BY_INDEX}"
        lane = Lane.make(self._address, self.reactor, settings, self._wires.failed)
        self._lanes.append(lane)
        return lane

    async def ping(self) -> None:
        """Ask the database something; raises `Unavailable` (at once if it is known to be gone)."""
        if not self._wires.connected:
            raise Unavailable(self._wires.trouble or "there is no connection to the database yet")
        await self._query("SELECT 1", ())

    async def wait_ready(self) -> None:
        """Return when there is a connection; as long as it takes."""
        await self._wires.wait_ready()

    async def _query(self, sql: str, params: Params) -> Result:
        for _ in range(self.size + 1):
            wire = await self._wires.lend()
            try:
                return await wire.query(sql, params)
            except NotSent:
                continue
            finally:
                self._wires.take_back(wire)
        raise Unavailable("every connection to the database was dead")

    async def _attempt(self, work: Callable[[Cursor], Coroutine[Any, Any, T]], begin: str) -> T:
        wire = await self._begun(begin)
        try:
            try:
                result = await work(Cursor(wire))
            except BaseException:
                await _roll_back(wire)
                raise
            ended = await wire.query("COMMIT")
        finally:
            self._wires.take_back(wire)
        if ended.status != "COMMIT":
            # An error was swallowed by the work, and the server rolled back.
            raise psycopg2.InternalError("the transaction had failed and was rolled back")
        return result

    async def _begun(self, begin: str) -> Wire:
        for _ in range(self.size + 1):
            wire = await self._wires.lend()
            try:
                await wire.query(begin)
            except NotSent:
                self._wires.take_back(wire)
            except BaseException:
                self._wires.take_back(wire)
                raise
            else:
                return wire
        raise Unavailable("every connection to the database was dead")

    def _settings(self) -> str:
        return (
            "SET timezone = 'UTC';"
            f"SET statement_timeout = {round(self.statement_timeout_s * 1000)};"
            f"SET idle_in_transaction_session_timeout = {_IDLE_IN_TRANSACTION_MS}"
        )


async def _roll_back(wire: Wire) -> None:
    try:
        await wire.query("ROLLBACK")
    except (psycopg2.Error, Unavailable) as error:
        wire.abandon(f"cannot be rolled back: {error}")


def _one(rows: list[tuple[Any, ...]], row: Callable[..., R]) -> R:
    if len(rows) != 1:
        raise LookupError(f"{len(rows)} rows where there must be one")
    return row(*rows[0])


def _maybe(rows: list[tuple[Any, ...]], row: Callable[..., R]) -> R | None:
    if len(rows) > 1:
        raise LookupError(f"{len(rows)} rows where there may be one")
    return row(*rows[0]) if rows else None
