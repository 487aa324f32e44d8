"""A connection of one's own, for work that is always the same and must be quick."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import psycopg2
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from csms.core.errors import Unavailable
from csms.storage.address import Address
from csms.storage.wire import Line, Params, Wire

Row = tuple[object, ...]


@attrs.define(eq=False)
class Lane:
    """A dedicated connection that reconnects by itself; made by `csms.storage.pool.Pool.lane`.

    Nothing is begun or committed implicitly, so a whole transaction can be two statements:
    ``BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT ...`` and ``INSERT ...; COMMIT``.
    For one user at a time.
    """

    _line: Line
    _ready: list[Deferred[None]]
    _held: Wire | None = attrs.field(default=None, init=False)
    """The wire that has a transaction of ours open."""
    _busy: bool = attrs.field(default=False, init=False)
    _prepared: dict[str, str] = attrs.field(factory=dict, init=False)
    """Names of the statements that ``_prepared_on`` knows."""
    _prepared_on: Wire | None = attrs.field(default=None, init=False)
    _count: int = attrs.field(default=0, init=False)
    _unsure: bool = attrs.field(default=False, init=False)
    """Whether that wire may know statements whose names were forgotten."""

    @classmethod
    def make(
        cls, address: Address, reactor: IReactorTime, settings: str, failed: Callable[[str], None]
    ) -> Lane:
        """A lane that is connecting already."""
        ready: list[Deferred[None]] = []

        def up(_: Wire) -> None:
            waiting, ready[:] = ready[:], []
            for waiter in waiting:
                waiter.callback(None)

        def down(_: Wire, why: str) -> None:
            failed(why)

        line = Line(
            address=address, reactor=reactor, settings=settings, up=up, down=down, failed=failed
        )
        line.open()
        return cls(line, ready)

    @property
    def is_up(self) -> bool:
        """Whether there is a connection at this moment."""
        return self._line.wire is not None

    async def wait_ready(self) -> None:
        """Return when there is a connection; as long as it takes."""
        if self._line.wire is None:
            waiter: Deferred[None] = Deferred(self._ready.remove)
            self._ready.append(waiter)
            await waiter

    async def run(self, sql: str, params: Params = ()) -> list[Row]:
        """Run one statement or several, and give the rows of the last one ([] if it has none).

        Raises `Unavailable` at once while there is no connection, and when it is lost: then
        a commit that was under way may or may not have happened.  It is also raised when a
        new connection has taken the place of the one where a transaction was begun, so that
        the rest of a transaction never runs without its beginning.  Other errors are
        psycopg2's; after one the transaction is still open, see `rollback`.
        """
        held, self._held = self._held, None
        wire = self._line.wire
        if wire is None:
            raise Unavailable("there is no connection to the database")
        if held is not None and held is not wire:
            raise Unavailable("the connection was lost in the middle of a transaction")
        if self._busy:
            self._held = held
            raise RuntimeError("a lane runs one statement at a time")
        self._busy = True
        try:
            return (await wire.query(sql, params)).rows
        finally:
            self._busy = False
            if wire.in_transaction():
                self._held = wire

    async def execute(
        self, *statements: tuple[str, Sequence[object]], before: str = "", after: str = ""
    ) -> list[Row]:
        """Run statements with their parameters, each planned once per connection.

        All go out together, between ``before`` and ``after`` (``BEGIN``, ``COMMIT``); the rows
        are those of the last one.  Planning is most of what a small batch costs the database.
        Parameters are written ``%s``, and their types must be clear from the statement.
        Raises as `run` does.
        """
        wire = self._line.wire
        if wire is not self._prepared_on:
            self._prepared_on, self._prepared, self._unsure = wire, {}, False
        fresh = ["DEALLOCATE ALL"] if self._unsure else []
        parts: list[str] = []
        values: list[object] = []
        for sql, params in statements:
            name = self._prepared.get(sql)
            if name is None:
                self._count += 1
                name = f"lane_{self._count}"
                fresh.append(f"PREPARE {name} AS {_numbered(sql)}")
                self._prepared[sql] = name
            places = ", ".join(["%s"] * len(params))
            parts.append(f"EXECUTE {name} ({places})" if places else f"EXECUTE {name}")
            values.extend(params)
        # What is prepared stays so whatever becomes of the transaction.
        text = "; ".join(filter(None, [before, *fresh, *parts, after]))
        try:
            rows = await self.run(text, values)
        except BaseException:
            if fresh:
                # Some may be prepared and some not; they get new names, and the old ones go.
                self._prepared, self._unsure = {}, True
            raise
        self._unsure = False
        return rows

    async def rollback(self) -> None:
        """Leave no transaction open, whatever that takes; never raises."""
        self._held = None
        wire = self._line.wire
        if wire is None or not wire.in_transaction():
            return
        if self._busy:
            wire.abandon("rolled back in the middle of a statement")
            return
        try:
            await self.run("ROLLBACK")
        except (Unavailable, psycopg2.Error) as error:
            wire.abandon(f"cannot be rolled back: {error}")

    def close(self) -> None:
        """Close the connection for good."""
        self._line.close()


def _numbered(sql: str) -> str:
    """The statement with its parameters as PREPARE wants them: $1, $2 ..."""
    first, *others = sql.split("%s")
    return first + "".join(f"${n}{text}" for n, text in enumerate(others, 1))
