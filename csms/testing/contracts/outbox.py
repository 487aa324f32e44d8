"""The contract of `csms.core.ports.IOutboxLog`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
from msgspec.structs import replace
from zope.interface.verify import verifyObject

from csms.core.events import Event
from csms.core.ports import IOutboxLog, Position
from csms.testing.waiting import waits

OLD = datetime(2026, 3, 1, tzinfo=UTC)
CUT = OLD + timedelta(hours=1)
NEW = OLD + timedelta(hours=2)


def fact(number: int) -> Event:
    """An event that is told from others."""
    return Event(
        kind="station.booted",
        operator_id=1,
        station_id=number,
        identity=f"CS{number}",
        at=OLD,
    )


def numbers(rows: object) -> list[int]:
    """Which facts rows hold."""
    assert isinstance(rows, list | tuple)
    return [
        event.station_id
        for _, text in rows
        for event in msgspec.json.decode(text, type=list[Event])
    ]


class OutboxBench(Protocol):
    """An empty outbox, and the hands that write it."""

    outbox: IOutboxLog

    async def append(self, *events: Event, at: datetime = OLD) -> None:
        """Commit events, as of ``at``, in one row."""


class OutboxContract:
    """Mixed into a test class that has a fixture ``bench``."""

    def test_provides(self, bench: OutboxBench) -> None:
        """It provides the port."""
        assert verifyObject(IOutboxLog, bench.outbox)

    @waits
    async def test_begins_with_the_oldest(self, bench: OutboxBench) -> None:
        """A new subscriber is given everything there is, in the order of the commits."""
        for number in (1, 2, 3):
            await bench.append(fact(number))
        start = await bench.outbox.position("s")
        assert start == Position()
        assert numbers(await bench.outbox.read(start, 10)) == [1, 2, 3]

    @waits
    async def test_reads_on(self, bench: OutboxBench) -> None:
        """Reading goes on after a position, never further than the limit."""
        for number in (1, 2, 3, 4):
            await bench.append(fact(number), fact(10 + number))
        rows = await bench.outbox.read(Position(), 2)
        assert numbers(rows) == [1, 11, 2, 12]
        assert numbers(await bench.outbox.read(rows[0][0], 2)) == [2, 12, 3, 13]

    @waits
    async def test_advances(self, bench: OutboxBench) -> None:
        """A position is kept by name."""
        await bench.append(fact(1))
        start = await bench.outbox.position("s")
        ((after, _),) = await bench.outbox.read(start, 10)
        assert await bench.outbox.advance("s", start, after)
        assert await bench.outbox.position("s") == after
        assert await bench.outbox.position("other") == start
        assert not await bench.outbox.read(after, 10)

    @waits
    async def test_leaves_frequent_ones_out(self, bench: OutboxBench) -> None:
        """For those who do not want them; the others are in their order all the same."""
        await bench.append(fact(1))
        await bench.append(replace(fact(2), kind="session.meter"))
        await bench.append(replace(fact(3), kind="session.charging_state"), fact(4))
        assert numbers(await bench.outbox.read(Position(), 10)) == [1, 2, 3, 4]
        assert numbers(await bench.outbox.read(Position(), 10, frequent=False)) == [1, 3, 4]
        assert numbers(await bench.outbox.read(Position(), 1, frequent=False)) == [1]

    @waits
    async def test_overtaken(self, bench: OutboxBench) -> None:
        """Who is wrong about the position does not move it."""
        start = await bench.outbox.position("s")
        assert await bench.outbox.advance("s", start, Position(5, 5))
        assert not await bench.outbox.advance("s", start, Position(3, 3))
        assert await bench.outbox.position("s") == Position(5, 5)

    @waits
    async def test_prunes(self, bench: OutboxBench) -> None:
        """Old rows go when every subscriber has taken them."""
        await bench.append(fact(1))
        await bench.append(fact(2))
        await bench.append(fact(3), at=NEW)
        rows = await bench.outbox.read(Position(), 10)
        for name, taken in (("quick", rows[2][0]), ("slow", rows[0][0])):
            start = await bench.outbox.position(name)
            await bench.outbox.advance(name, start, taken)
        assert await bench.outbox.prune(CUT, 10) == 1
        assert numbers(await bench.outbox.read(Position(), 10)) == [2, 3]

    @waits
    async def test_prunes_in_batches(self, bench: OutboxBench) -> None:
        """No more rows go at once than asked for, the oldest first."""
        for number in (1, 2, 3):
            await bench.append(fact(number))
        assert await bench.outbox.prune(CUT, 2) == 2
        assert numbers(await bench.outbox.read(Position(), 10)) == [3]
