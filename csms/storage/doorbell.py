"""What the gateway notes in passing, and the database learns a little later.

Signs of life, those turned away, and departures from the standard are gathered in memory by
what they are about, and written with one statement each every few seconds.  What cannot be
written because the database is gone waits; memory stays bounded all the same, and what is let go
of then is counted in the log.  None of it is worth a station's waiting, or proves money: a
process that is killed loses the last seconds of it, and a count may be written twice when the
connection goes in the very moment of the commit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TypeVar

import attrs
import msgspec
from msgspec import Struct
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from zope.interface import implementer

from csms.core.errors import Unavailable
from csms.core.ports import IDoorbell
from csms.core.values import RefusedAttempt, StationKey
from csms.storage import doorbell_sql as sql
from csms.storage.pool import Cursor, Pool
from csms.storage.rows import as_json
from csms.storage.tally import Tally

V = TypeVar("V")

MAX_IDENTITY = 64
MAX_TEXT = 255
MAX_HELD = 10_000
"""Refused attempts, and quirks, held in memory."""
MAX_SEEN = 200_000
"""Stations whose sign of life is held in memory."""
MAX_REFUSED_KEPT = 10_000
"""Refused attempts kept in the database."""
BATCH = 5_000
"""Rows in one statement."""


class Seen(Struct, frozen=True):
    """The last sign of life on a station's connection."""

    station_id: int
    epoch: int
    at: datetime


class QuirkCount(Struct, frozen=True, kw_only=True):
    """Departures from the standard, of one station and one kind."""

    station_id: int
    operator_id: int
    name: str
    count: int = 1
    example: str
    first_at: datetime
    last_at: datetime


@implementer(IDoorbell)
@attrs.define(eq=False, slots=False, kw_only=True)
class Doorbell(Service):
    """`IDoorbell` over PostgreSQL, written every ``interval_s`` and when the service stops."""

    pool: Pool
    clock: IReactorTime
    interval_s: float = 2.0
    max_held: int = MAX_HELD
    max_refused_kept: int = MAX_REFUSED_KEPT
    _refused: Tally[RefusedAttempt] = attrs.field(init=False)
    _quirks: Tally[QuirkCount] = attrs.field(init=False)
    _seen: Tally[Seen] = attrs.field(init=False)
    _loop: LoopingCall | None = attrs.field(default=None, init=False)
    _ended: Deferred[LoopingCall] | None = attrs.field(default=None, init=False)
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        """Make the tallies."""
        self._refused = Tally(
            lambda told: (told.identity, told.reason), refused_both, self.max_held
        )
        self._quirks = Tally(lambda told: (told.station_id, told.name), quirks_both, self.max_held)
        self._seen = Tally(lambda seen: seen.station_id, last_seen, MAX_SEEN)

    def startService(self) -> None:
        """Write from now on."""
        super().startService()
        self._loop = LoopingCall(lambda: Deferred.fromCoroutine(self.flush()))
        self._loop.clock = self.clock
        self._ended = self._loop.start(self.interval_s, now=False)

    def stopService(self) -> Deferred[None]:
        """Write what is left; fires when that is done, or cannot be."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    def refused(self, attempt: RefusedAttempt) -> None:
        """See `IDoorbell`.  What a stranger sent is cut short and escaped."""
        self._refused.add(
            msgspec.structs.replace(
                attempt,
                identity=shown(attempt.identity, MAX_IDENTITY),
                peer=shown(attempt.peer, MAX_TEXT),
                detail=shown(attempt.detail, MAX_TEXT),
            )
        )

    def seen(self, station_id: int, epoch: int, at: datetime) -> None:
        """See `IDoorbell`."""
        self._seen.add(Seen(station_id, epoch, at))

    def quirk(self, station: StationKey, name: str, example: str, at: datetime) -> None:
        """See `IDoorbell`."""
        self._quirks.add(
            QuirkCount(
                station_id=station.id,
                operator_id=station.operator_id,
                name=name,
                example=shown(example, MAX_TEXT),
                first_at=at,
                last_at=at,
            )
        )

    async def flush(self) -> None:
        """Write what was gathered; never raises.  What the database is not there for is kept."""
        await self._write("refused attempts", self._refused, self._write_refused)
        await self._write("quirks", self._quirks, self._write_quirks)
        await self._write("signs of life", self._seen, self._write_seen)

    async def _write(
        self, sort: str, tally: Tally[V], write: Callable[[list[V]], Awaitable[Iterable[V]]]
    ) -> None:
        """Write a tally, batch by batch; ``write`` gives what has to wait."""
        items = tally.take()
        waiting: list[V] = []
        while items:
            try:
                waiting += await write(items[:BATCH])
            except Unavailable:
                waiting += items
                break
            except Exception:  # noqa: BLE001  # nobody else hears of it
                self._log.failure("{sort} cannot be written and are let go", sort=sort)
            del items[:BATCH]
        tally.put_back(waiting)
        if tally.dropped:
            self._log.warn("{count} {sort} let go of", count=tally.dropped, sort=sort)
            tally.dropped = 0

    async def _write_refused(self, told: list[RefusedAttempt]) -> Iterable[RefusedAttempt]:
        async def work(cursor: Cursor) -> None:
            await cursor.execute(sql.COUNT_REFUSED, (as_json(told),))
            await cursor.execute(sql.FORGET_OLDEST_REFUSED, (self.max_refused_kept,))

        await self.pool.transaction(work)
        return ()

    async def _write_quirks(self, told: list[QuirkCount]) -> Iterable[QuirkCount]:
        async def work(cursor: Cursor) -> None:
            await cursor.execute(sql.COUNT_QUIRKS, (as_json(told),))

        await self.pool.transaction(work)
        return ()

    async def _write_seen(self, seen: list[Seen]) -> Iterable[Seen]:
        async def work(cursor: Cursor) -> list[int]:
            return await cursor.many(sql.NOTE_SEEN, (as_json(seen),), int)

        busy = set(await self.pool.transaction(work))
        return [one for one in seen if one.station_id in busy]

    async def _stop(self) -> None:
        if self._loop is not None and self._ended is not None:
            self._loop.stop()
            await self._ended
            self._loop = self._ended = None
        await self.flush()


def shown(text: str, length: int) -> str:
    """A stranger's text, fit to be kept and shown: unprintable characters escaped, cut short."""
    escaped = (
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in text[:length]
    )
    return "".join(escaped)[:length]


def refused_both(older: RefusedAttempt, newer: RefusedAttempt) -> RefusedAttempt:
    """Two counts of attempts as one."""
    return msgspec.structs.replace(
        newer,
        attempts=older.attempts + newer.attempts,
        first_at=min(older.first_at, newer.first_at),
        last_at=max(older.last_at, newer.last_at),
    )


def quirks_both(older: QuirkCount, newer: QuirkCount) -> QuirkCount:
    """Two counts of a quirk as one."""
    return msgspec.structs.replace(
        newer,
        count=older.count + newer.count,
        first_at=min(older.first_at, newer.first_at),
        last_at=max(older.last_at, newer.last_at),
    )


def last_seen(older: Seen, newer: Seen) -> Seen:
    """The later of two signs of life; that of the newer connection in any case."""
    return max(older, newer, key=lambda seen: (seen.epoch, seen.at))
