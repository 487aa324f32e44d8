"""The contract of `csms.core.ports.IOperationsBook`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import pytest
from zope.interface.verify import verifyObject

from csms.core.commands import Outcome
from csms.core.errors import NotFound
from csms.core.events import Event
from csms.core.listings import OPERATIONS
from csms.core.operations import settled_event
from csms.core.pages import Query
from csms.core.ports import IOperationsBook
from csms.core.values import Operation, OperationStatus
from csms.testing.contracts.paging import check_pages, check_refusals
from csms.testing.waiting import together, waits

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
OURS, THEIRS = 1, 2
SESSION = "00000000-0000-7000-9000-000000000001"
ACCEPTED = Outcome(status="accepted", response={"status": "Accepted"})


def named(number: int) -> str:
    """The id of an operation."""
    return f"00000000-0000-7000-8000-{number:012}"


class OperationsBench(Protocol):
    """An empty book; operators 1 and 2 exist."""

    book: IOperationsBook

    async def station(self, identity: str, operator_id: int) -> int:
        """A station of that identity, made if need be; its id."""

    async def events(self) -> list[Event]:
        """Everything published so far."""


async def recorded(
    bench: OperationsBench,
    number: int,
    identity: str = "cp-1",
    operator_id: int = OURS,
    **fields: object,
) -> Operation:
    """An operation in the book, with fields as wanted; its command is its number."""
    plain = Operation(
        id=named(number),
        operator_id=operator_id,
        station_id=await bench.station(identity, operator_id),
        identity=identity,
        action="reset",
        payload={"kind": "soft"},
        status=OperationStatus.PENDING,
        created_at=AT + timedelta(seconds=number // 3),
        expires_at=AT + timedelta(hours=1),
    )
    operation = msgspec.structs.replace(plain, **fields)
    await bench.book.record(operation, b"\0%d" % number)
    return operation


async def numbers(bench: OperationsBench, identity: str = "cp-1") -> list[bytes]:
    """The commands that are due for a station."""
    station_id = await bench.station(identity, OURS)
    return [command for _, command in await bench.book.due(station_id)]


class OperationsContract:
    """Mixed into a test class that has a fixture ``bench``."""

    def test_provides(self, bench: OperationsBench) -> None:
        """It provides the port, with the signatures that the port has."""
        assert verifyObject(IOperationsBook, bench.book)

    @waits
    async def test_record(self, bench: OperationsBench) -> None:
        """An operation comes back with everything that was recorded of it."""
        plain = await recorded(bench, 1)
        full = await recorded(
            bench,
            2,
            action="remote_start",
            payload={"id_token": "tag", "charging_profile": {"a": [1.5, None]}},
            status=OperationStatus.UNREACHABLE,
            response={"code": "x"},
            detail="not connected",
            evse_id=1,
            id_token="tag",
            session_id=SESSION,
            requested_by="api token 'x'",
            sent_at=AT,
            settled_at=LATER,
        )
        for operation in (plain, full):
            got = await bench.book.get(operation.id, OURS)
            assert got == operation
            assert got.created_at.utcoffset() == timedelta(0)
            assert await bench.book.get(operation.id.upper()) == operation

    @pytest.mark.parametrize("operation_id", ["", "x", "\0", named(2), "ü" * 36])
    @waits
    async def test_none(self, bench: OperationsBench, operation_id: str) -> None:
        """An id that is unknown, or none at all, is not found; nothing is sent for it."""
        await recorded(bench, 1)
        with pytest.raises(NotFound):
            await bench.book.get(operation_id)
        with pytest.raises(NotFound):
            await bench.book.settle(operation_id, ACCEPTED, LATER)
        assert not await bench.book.mark_sent(operation_id, LATER)
        await bench.book.link(operation_id, SESSION)

    @waits
    async def test_operators(self, bench: OperationsBench) -> None:
        """Nobody sees the operations of another operator; the server itself sees all."""
        ours = await recorded(bench, 1)
        theirs = await recorded(bench, 2, "cp-2", THEIRS)
        with pytest.raises(NotFound):
            await bench.book.get(ours.id, THEIRS)
        assert (await bench.book.list(Query(), THEIRS)).items == (theirs,)
        assert len((await bench.book.list(Query())).items) == 2

    # --- sending

    @waits
    async def test_due(self, bench: OperationsBench) -> None:
        """What waits for a station is due in the order it was recorded, whether it was queued
        or never came to be sent; what was sent, settled or is another station's is not."""
        await recorded(bench, 3, status=OperationStatus.QUEUED)
        await recorded(bench, 1)
        await recorded(bench, 2, status=OperationStatus.QUEUED)
        await recorded(bench, 4, status=OperationStatus.UNREACHABLE)
        await recorded(bench, 5, "cp-2")
        await recorded(bench, 6, sent_at=AT)
        assert await numbers(bench) == [b"\x001", b"\x002", b"\x003"]
        found = await bench.book.due(await bench.station("cp-2", OURS))
        assert [(o.id, o.identity, command) for o, command in found] == [
            (named(5), "cp-2", b"\x005")
        ]

    @waits
    async def test_mark_sent(self, bench: OperationsBench) -> None:
        """An operation is sent once, even when several want to."""
        await recorded(bench, 1, status=OperationStatus.QUEUED)
        marked = await together(*(bench.book.mark_sent(named(1), LATER) for _ in range(4)))
        assert sorted(marked) == [False, False, False, True]
        sent = await bench.book.get(named(1))
        assert (sent.status, sent.sent_at) == (OperationStatus.PENDING, LATER)
        assert await numbers(bench) == []

    @waits
    async def test_mark_sent_settled(self, bench: OperationsBench) -> None:
        """An operation that is settled is not sent any more."""
        await recorded(bench, 1, status=OperationStatus.QUEUED)
        await bench.book.settle(named(1), Outcome(status="unreachable"), LATER)
        assert not await bench.book.mark_sent(named(1), LATER)
        assert (await bench.book.get(named(1))).sent_at is None

    # --- settling

    @pytest.mark.parametrize(
        "status", ["accepted", "rejected", "unsupported", "unreachable", "expired"]
    )
    @waits
    async def test_settle(self, bench: OperationsBench, status: str) -> None:
        """The outcome is kept, and the command is forgotten."""
        before = await recorded(bench, 1)
        outcome = Outcome(status=status, response={"a": {"b": "ü"}}, detail="why")
        after = await bench.book.settle(named(1), outcome, LATER)
        assert after == msgspec.structs.replace(
            before,
            status=OperationStatus(status),
            response=outcome.response,
            detail="why",
            settled_at=LATER,
        )
        assert await bench.book.get(named(1)) == after
        assert await numbers(bench) == []

    @waits
    async def test_settle_again(self, bench: OperationsBench) -> None:
        """The first outcome stays."""
        await recorded(bench, 1)
        first = await bench.book.settle(named(1), ACCEPTED, LATER)
        again = await bench.book.settle(named(1), Outcome(status="expired"), LATER)
        assert again == first
        assert (await bench.book.get(named(1))).response == {"status": "Accepted"}

    @waits
    async def test_events(self, bench: OperationsBench) -> None:
        """Whatever settles an operation is published, once; nothing else is."""
        await recorded(bench, 1)
        await recorded(bench, 2, expires_at=LATER)
        await bench.book.mark_sent(named(1), AT)
        assert await bench.events() == []
        unreachable = await recorded(bench, 3, status=OperationStatus.UNREACHABLE, settled_at=AT)
        for outcome in (ACCEPTED, Outcome(status="rejected")):
            accepted = await bench.book.settle(named(1), outcome, LATER)
        for _ in range(2):
            await bench.book.expire(LATER, 600)
        await bench.book.link(named(1), SESSION)
        expired = await bench.book.get(named(2))
        assert await bench.events() == [
            settled_event(operation) for operation in (unreachable, accepted, expired)
        ]

    # --- sessions

    @waits
    async def test_link(self, bench: OperationsBench) -> None:
        """A remote start is linked to the first session it led to."""
        await recorded(bench, 1, action="remote_start")
        await bench.book.link(named(1), SESSION)
        await bench.book.link(named(1), named(7))
        assert (await bench.book.get(named(1))).session_id == SESSION

    # --- expiring

    @waits
    async def test_expire(self, bench: OperationsBench) -> None:
        """What was neither delivered nor answered in time expires, each once, and says why."""
        await recorded(bench, 1, status=OperationStatus.QUEUED, expires_at=LATER)
        await recorded(bench, 2, sent_at=AT, expires_at=LATER)
        await recorded(bench, 3, expires_at=LATER + timedelta(seconds=1))
        await recorded(bench, 4, status=OperationStatus.REJECTED, expires_at=LATER)
        expired = await bench.book.expire(LATER, 600)
        assert [(o.id, o.status, o.settled_at) for o in expired] == [
            (named(number), OperationStatus.EXPIRED, LATER) for number in (1, 2)
        ]
        assert "connect" in (expired[0].detail or "")
        assert "answer" in (expired[1].detail or "")
        assert await bench.book.get(named(1)) == expired[0]
        assert await numbers(bench) == [b"\x003"]
        assert list(await bench.book.expire(LATER, 600)) == []

    @waits
    async def test_expire_start(self, bench: OperationsBench) -> None:
        """A remote start that was accepted long enough ago and led to no session expires;
        its answer stays."""
        for number in range(1, 5):
            action = "reset" if number == 2 else "remote_start"
            await recorded(bench, number, action=action, sent_at=AT)
            at = LATER if number == 4 else AT
            await bench.book.settle(named(number), ACCEPTED, at)
        await bench.book.link(named(3), SESSION)
        assert list(await bench.book.expire(AT + timedelta(seconds=59), 60)) == []
        expired = await bench.book.expire(AT + timedelta(seconds=60), 60)
        assert [(o.id, o.status, o.response) for o in expired] == [
            (named(1), OperationStatus.EXPIRED, ACCEPTED.response)
        ]
        assert "session" in (expired[0].detail or "")

    # --- listing

    async def _populate(self, bench: OperationsBench) -> None:
        if (await bench.book.list(Query(limit=1))).items:
            return
        for number in range(13):
            await recorded(
                bench,
                number,
                f"cp-{number % 2}",
                action=["reset", "remote_start", "GetDiagnostics"][number % 3],
                sent_at=AT + timedelta(seconds=number // 2) if number % 4 else None,
            )
            if number % 3 == 0:
                await bench.book.settle(named(number), ACCEPTED, LATER)

    @waits
    async def test_pages(self, bench: OperationsBench) -> None:
        """The pages of the list, however sorted, are the whole list."""
        await self._populate(bench)
        await check_pages(lambda q: bench.book.list(q, OURS), OPERATIONS, 13)

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({}, 13),
            ({"station": "cp-0"}, 7),
            ({"status": "accepted"}, 5),
            ({"action": "GetDiagnostics", "status": OperationStatus.PENDING}, 4),
        ],
    )
    @waits
    async def test_filters(
        self, bench: OperationsBench, filters: dict[str, object], expected: int
    ) -> None:
        """Filters narrow the list, together."""
        await self._populate(bench)
        assert len((await bench.book.list(Query(filters=filters), OURS)).items) == expected

    @waits
    async def test_list(self, bench: OperationsBench) -> None:
        """The newest comes first; what a list cannot be asked is refused by name."""
        await self._populate(bench)
        made = [o.created_at for o in (await bench.book.list(Query())).items]
        assert made == sorted(made, reverse=True)
        await check_refusals(bench.book.list)
