"""The contract of `csms.core.ports.IReservationsBook`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from msgspec.structs import replace
from zope.interface.verify import verifyObject

from csms.core.commands import Outcome
from csms.core.errors import NotFound
from csms.core.events import Event
from csms.core.pages import Query
from csms.core.ports import IOperationsBook, IReservationsBook
from csms.core.reservations.listing import RESERVATIONS
from csms.core.reservations.vocabulary import Reservation, ReservationStatus
from csms.core.values import Operation, OperationStatus
from csms.testing.contracts.paging import check_pages, check_refusals
from csms.testing.waiting import waits

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS, THEIRS = 1, 2


def named(number: int) -> str:
    """The id of a reservation or of an operation."""
    return f"00000000-0000-7000-8000-{number:012}"


class ReservationsBench(Protocol):
    """An empty book, beside the book of operations; operators 1 and 2 exist."""

    book: IReservationsBook
    operations: IOperationsBook

    async def station(self, identity: str, operator_id: int) -> int:
        """A station of that identity, made if need be; its id."""

    async def events(self) -> list[Event]:
        """Everything published so far, but for what operations publish."""


async def reserved(
    bench: ReservationsBench,
    place: int,
    identity: str = "cp-1",
    operator_id: int = OURS,
    **fields: Any,
) -> Reservation:
    """A reservation in the book, with fields as wanted."""
    plain = Reservation(
        id=named(place),
        operator_id=operator_id,
        station_id=await bench.station(identity, operator_id),
        identity=identity,
        number=place,
        evse_id=1,
        connector_type="cCCS2",
        id_token="Tag",
        kind="ISO14443",
        group_id="Group",
        expires_at=AT + timedelta(hours=1),
        created_at=AT + timedelta(seconds=place),
        updated_at=AT + timedelta(seconds=place),
    )
    reservation = replace(plain, **fields)
    await bench.book.add(reservation)
    return reservation


async def asked(
    bench: ReservationsBench,
    number: int,
    reservation: Reservation,
    outcome: Outcome | None = None,
    sent_at: datetime | None = None,
) -> Operation:
    """An operation that asks for a reservation, sent or not, settled if there is an outcome."""
    operation = Operation(
        id=named(number),
        operator_id=reservation.operator_id,
        station_id=reservation.station_id,
        identity=reservation.identity,
        action="reserve",
        payload={},
        status=OperationStatus.PENDING,
        created_at=AT,
        expires_at=AT + timedelta(minutes=1),
        sent_at=sent_at,
    )
    await bench.operations.record(operation, b"{}")
    if outcome is not None:
        operation = await bench.operations.settle(operation.id, outcome, AT)
    return operation


class ReservationsContract:
    """Mixed into a test class that has a fixture ``bench``."""

    def test_provides(self, bench: ReservationsBench) -> None:
        """It provides the port, with the signatures that the port has."""
        assert verifyObject(IReservationsBook, bench.book)

    @waits
    async def test_get(self, bench: ReservationsBench) -> None:
        """A reservation is read as it was kept, by its operator only."""
        kept = await reserved(bench, 1)
        assert await bench.book.get(named(1), OURS) == kept
        for name, operator_id in ((named(1), THEIRS), (named(2), OURS), ("none", OURS)):
            with pytest.raises(NotFound):
                await bench.book.get(name, operator_id)

    @waits
    async def test_list(self, bench: ReservationsBench) -> None:
        """The list filters, sorts and pages like all."""
        await bench.station("cp-1", OURS)
        await reserved(bench, 1)
        await reserved(bench, 2, id_token="other", status=ReservationStatus.ACCEPTED)
        await reserved(bench, 3, "cp-2", evse_id=2)
        await reserved(bench, 4, "cp-3", THEIRS)

        async def numbers(**filters: Any) -> list[int]:
            page = await bench.book.list(Query(filters=filters), OURS)
            return [each.number for each in page.items]

        assert await numbers() == [3, 2, 1]
        assert await numbers(station="cp-1") == [2, 1]
        assert await numbers(status="accepted") == [2]
        assert await numbers(id_token="TAG") == [3, 1]
        assert await numbers(evse_id=2) == [3]
        assert await numbers(station="cp-3") == []

        def call(query: Query) -> Any:
            return bench.book.list(query, OURS)

        await check_pages(call, RESERVATIONS, 3)
        await check_refusals(call)

    @waits
    async def test_asked(self, bench: ReservationsBench) -> None:
        """The operation that asks is kept with it; as long as it is open nothing is decided."""
        kept = await reserved(bench, 1)
        operation = await asked(bench, 9, kept)
        now = await bench.book.asked(kept.id, operation)
        assert (now.status, now.operation_id) == (ReservationStatus.REQUESTED, operation.id)
        assert await bench.book.get(kept.id, OURS) == now
        assert await bench.book.asked(kept.id, operation) == now
        assert await bench.events() == []

    @waits
    async def test_asked_in_vain(self, bench: ReservationsBench) -> None:
        """An operation that no station ever answered leaves the reservation rejected."""
        for number, (status, reason) in enumerate(
            (("unreachable", "Unreachable"), ("unsupported", "Unsupported")), start=1
        ):
            kept = await reserved(bench, number)
            operation = await asked(bench, 10 + number, kept, Outcome(status=status))
            now = await bench.book.asked(kept.id, operation)
            assert (now.status, now.reason) == (ReservationStatus.REJECTED, reason)
            assert now.ended_at == AT
        assert [event.kind for event in await bench.events()] == ["reservation.rejected"] * 2

    @waits
    async def test_asked_without_answer(self, bench: ReservationsBench) -> None:
        """What was sent and never answered may be held: it is live, and ends by its time."""
        kept = await reserved(bench, 1)
        operation = await asked(bench, 11, kept, Outcome(status="unreachable"), AT)
        now = await bench.book.asked(kept.id, operation)
        assert (now.status, now.reason) == (ReservationStatus.UNCONFIRMED, "Unreachable")
        assert now.ended_at is None
        late = await reserved(bench, 2)
        operation = await asked(bench, 12, late, sent_at=AT)
        await bench.book.asked(late.id, operation)
        await bench.operations.settle(operation.id, Outcome(status="expired"), AT)
        assert await bench.book.expire(AT + timedelta(seconds=61), 60, 10) == 1
        now = await bench.book.get(late.id, OURS)
        assert (now.status, now.reason) == (ReservationStatus.UNCONFIRMED, "NoAnswer")
        assert await bench.book.expire(AT + timedelta(minutes=50), 60, 10) == 0
        assert await bench.book.expire(AT + timedelta(minutes=62), 60, 10) == 2
        assert (await bench.book.get(kept.id, OURS)).status is ReservationStatus.EXPIRED
        kinds = [event.kind for event in await bench.events()]
        assert kinds == ["reservation.unconfirmed"] * 2 + ["reservation.expired"] * 2

    @waits
    async def test_asked_and_decided(self, bench: ReservationsBench) -> None:
        """What the intake has decided meanwhile stays, and what it will decide is left to it."""
        decided = await reserved(bench, 1, status=ReservationStatus.ACCEPTED)
        operation = await asked(bench, 11, decided, Outcome(status="unreachable"))
        assert (await bench.book.asked(decided.id, operation)).status == "accepted"
        undecided = await reserved(bench, 2)
        operation = await asked(bench, 12, undecided, Outcome(status="rejected"))
        assert (await bench.book.asked(undecided.id, operation)).status == "requested"

    @waits
    async def test_forget(self, bench: ReservationsBench) -> None:
        """What was never asked for leaves nothing."""
        kept = await reserved(bench, 1)
        await bench.book.forget(kept.id)
        with pytest.raises(NotFound):
            await bench.book.get(kept.id, OURS)

    @waits
    async def test_withdraw(self, bench: ReservationsBench) -> None:
        """What was never sent is cancelled at once; what is more than requested is not."""
        kept = await reserved(bench, 1)
        withdrawn = await bench.book.withdraw(kept.id, AT)
        assert (withdrawn.status, withdrawn.ended_at) == (ReservationStatus.CANCELLED, AT)
        assert await bench.book.withdraw(kept.id, AT) == withdrawn
        accepted = await reserved(bench, 2, status=ReservationStatus.ACCEPTED)
        assert await bench.book.withdraw(accepted.id, AT) == accepted
        assert [event.kind for event in await bench.events()] == ["reservation.cancelled"]

    @waits
    async def test_expire(self, bench: ReservationsBench) -> None:
        """What is over ends, after a margin, whatever the station says or does not."""
        over = await reserved(bench, 1, status=ReservationStatus.ACCEPTED, expires_at=AT)
        also = await reserved(bench, 2, expires_at=AT)
        used = await reserved(bench, 3, status=ReservationStatus.USED, expires_at=AT)
        await reserved(bench, 4, status=ReservationStatus.ACCEPTED)
        assert await bench.book.expire(AT + timedelta(seconds=30), 60, 10) == 0
        later = AT + timedelta(seconds=61)
        assert await bench.book.expire(later, 60, 10) == 2
        for each in (over, also):
            now = await bench.book.get(each.id, OURS)
            assert (now.status, now.ended_at) == (ReservationStatus.EXPIRED, later)
        assert await bench.book.get(used.id, OURS) == used
        assert await bench.book.expire(later, 60, 10) == 0
        assert [event.kind for event in await bench.events()] == ["reservation.expired"] * 2

    @waits
    async def test_expire_what_nobody_answered(self, bench: ReservationsBench) -> None:
        """A request whose operation has settled without a consequence is given up."""
        kept = await reserved(bench, 1)
        operation = await asked(bench, 11, kept)
        await bench.book.asked(kept.id, operation)
        later = AT + timedelta(seconds=61)
        assert await bench.book.expire(later, 60, 10) == 0
        await bench.operations.settle(operation.id, Outcome(status="expired"), AT)
        assert await bench.book.expire(later, 60, 10) == 1
        now = await bench.book.get(kept.id, OURS)
        assert (now.status, now.reason) == (ReservationStatus.REJECTED, "Unreachable")

    @waits
    async def test_expire_leaves_what_was_accepted(self, bench: ReservationsBench) -> None:
        """Whose operation was accepted is the intake's."""
        kept = await reserved(bench, 1)
        operation = await asked(bench, 11, kept, Outcome(status="accepted"))
        await bench.book.asked(kept.id, operation)
        assert await bench.book.expire(AT + timedelta(minutes=5), 60, 10) == 0

    @waits
    async def test_prune(self, bench: ReservationsBench) -> None:
        """What ended long ago goes, a few at a time; what holds stays."""
        for number in (1, 2, 3):
            await reserved(bench, number, status=ReservationStatus.EXPIRED, ended_at=AT)
        await reserved(bench, 4)
        assert await bench.book.prune(AT, 2) == 0
        assert await bench.book.prune(AT + timedelta(seconds=1), 2) == 2
        assert await bench.book.prune(AT + timedelta(seconds=1), 2) == 1
        page = await bench.book.list(Query(), OURS)
        assert [each.number for each in page.items] == [4]
