"""Reservations from the wish to the station and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from msgspec.structs import replace
from zope.interface.verify import verifyObject

from csms.core.commands import Command, Outcome
from csms.core.decisions import Ask, Write
from csms.core.errors import Conflict, Invalid, NotFound
from csms.core.pages import Query
from csms.core.ports import IReservations
from csms.core.reservations.vocabulary import (
    CancelReservation,
    KeepReservation,
    ReservationsAsked,
    ReservationStatus,
    ReserveNow,
)
from csms.core.values import OperationStatus, StationKey
from csms.pipeline.reservations import Reservations
from csms.testing.answering import AnsweringOperations, Said
from csms.testing.locallists import MemoryListLimits
from csms.testing.operations import MemoryOperationsBook
from csms.testing.reservations import MemoryReservations
from csms.testing.stations import MemoryStations
from csms.testing.tokens import MemoryTokens
from csms.testing.waiting import waits

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WANTED = ReserveNow(id_token="TAG", evse_id=1, expires_at=NOW + timedelta(hours=1))


@attrs.define
class Bench:
    """Reservations of a connected station cp-1, and cp-2 which is away."""

    time: datetime = NOW
    said: Said = Outcome(status="accepted", found="Accepted")
    limits: MemoryListLimits = attrs.field(factory=MemoryListLimits)
    stations: MemoryStations = attrs.field(init=False)
    tokens: MemoryTokens = attrs.field(init=False)
    book: MemoryReservations = attrs.field(init=False)
    operations: AnsweringOperations = attrs.field(init=False)
    reservations: Reservations = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.stations = MemoryStations(self.now)
        self.tokens = MemoryTokens(self.now)
        self.stations.seed("cp-1", connected=True)
        self.stations.seed("cp-2")
        operations = MemoryOperationsBook(self.now)
        self.book = MemoryReservations(operations)
        self.operations = AnsweringOperations(
            stations=self.stations,
            book=operations,
            now=self.now,
            answer=self.answer,
            known=self.known,
            write=self.write,
        )
        self.reservations = Reservations(
            book=self.book,
            operations=self.operations,
            operations_book=operations,
            stations=self.stations,
            tokens=self.tokens,
            limits=self.limits,
            now=self.now,
        )

    def now(self) -> datetime:
        """The time of the test."""
        return self.time

    def answer(self, _command: Command) -> Said:
        """What the station says."""
        return self.said

    def known(self, key: StationKey, ask: Ask) -> tuple[Any, ...]:
        """What the rules ask."""
        if not isinstance(ask, ReservationsAsked):
            return ()
        return tuple(
            each
            for each in self.book.kept.values()
            if (each.station_id, each.number) == (key.id, ask.number)
        )

    def write(self, write: Write) -> None:
        """What the rules decide."""
        assert isinstance(write, KeepReservation)
        self.book.kept[write.reservation.id] = write.reservation


@pytest.fixture
def bench() -> Bench:
    """See `Bench`."""
    return Bench()


def test_it_is_the_port(bench: Bench) -> None:
    """It provides what the API asks for."""
    assert verifyObject(IReservations, bench.reservations)


@waits
async def test_accepted(bench: Bench) -> None:
    """The station is asked under the number of the reservation, which it makes ``accepted``."""
    made, operation = await bench.reservations.make("cp-1", 1, WANTED)
    assert (made.status, made.operation_id) == (ReservationStatus.ACCEPTED, operation.id)
    assert bench.operations.sent == [("cp-1", replace(WANTED, ref=made.number))]
    assert await bench.reservations.get(made.id, 1) == made
    assert (await bench.reservations.list(Query(), 1)).items == (made,)


@waits
async def test_numbers_differ(bench: Bench) -> None:
    """No number is given twice."""
    one, _ = await bench.reservations.make("cp-1", 1, WANTED)
    two, _ = await bench.reservations.make("cp-1", 1, WANTED)
    assert one.number != two.number


@waits
async def test_kind_of_a_known_token(bench: Bench) -> None:
    """A token that is known has its own kind, unless another is given."""
    bench.tokens.seed("TAG", kind="eMAID")
    made, _ = await bench.reservations.make("cp-1", 1, WANTED)
    assert made.kind == "eMAID"
    made, _ = await bench.reservations.make("cp-1", 1, replace(WANTED, kind="Local"))
    assert made.kind == "Local"


@waits
async def test_group_of_a_known_token(bench: Bench) -> None:
    """A token that is known has its group, unless another is given: its members may use it."""
    bench.tokens.seed("TAG", group_id="G1")
    made, _ = await bench.reservations.make("cp-1", 1, WANTED)
    assert (made.kind, made.group_id) == ("ISO14443", "G1")
    made, _ = await bench.reservations.make("cp-1", 1, replace(WANTED, group_id="G2"))
    assert made.group_id == "G2"


@waits
async def test_no_answer(bench: Bench) -> None:
    """A station that never answers may hold it: it can be cancelled, and its time ends it."""
    bench.said = Outcome(status="expired")
    made, _ = await bench.reservations.make("cp-1", 1, WANTED)
    assert (made.status, made.reason) == (ReservationStatus.UNCONFIRMED, "NoAnswer")
    other, _ = await bench.reservations.make("cp-1", 1, WANTED)
    still, asked = await bench.reservations.cancel(made.id, 1)
    assert asked is not None
    assert still.status is ReservationStatus.UNCONFIRMED
    bench.said = Outcome(status="accepted", found="Accepted")
    cancelled, _ = await bench.reservations.cancel(made.id, 1)
    assert cancelled.status is ReservationStatus.CANCELLED
    bench.time = WANTED.expires_at + timedelta(seconds=61)
    assert await bench.reservations.expire() == 1
    assert (await bench.reservations.get(other.id, 1)).status is ReservationStatus.EXPIRED


@waits
async def test_refused(bench: Bench) -> None:
    """What the station refuses is rejected, with its reason."""
    bench.said = Outcome(status="rejected", found="Occupied")
    made, _ = await bench.reservations.make("cp-1", 1, WANTED)
    assert (made.status, made.reason) == (ReservationStatus.REJECTED, "Occupied")


@waits
async def test_slow_station(bench: Bench) -> None:
    """A station that takes its time leaves it ``requested`` until it answers."""
    bench.said = None
    made, operation = await bench.reservations.make("cp-1", 1, WANTED)
    assert (made.status, operation.status) == (
        ReservationStatus.REQUESTED,
        OperationStatus.PENDING,
    )
    await bench.operations.late(Outcome(status="accepted", found="Accepted"))
    assert (await bench.reservations.get(made.id, 1)).status is ReservationStatus.ACCEPTED


@waits
async def test_offline(bench: Bench) -> None:
    """A station that is away confirms nothing."""
    made, _ = await bench.reservations.make("cp-2", 1, WANTED)
    assert (made.status, made.reason) == (ReservationStatus.REJECTED, "Unreachable")


@waits
async def test_queued(bench: Bench) -> None:
    """... unless it may be asked when it returns."""
    made, operation = await bench.reservations.make("cp-2", 1, WANTED, queue=True)
    assert (made.status, operation.status) == (
        ReservationStatus.REQUESTED,
        OperationStatus.QUEUED,
    )


@waits
async def test_refusals_leave_nothing(bench: Bench) -> None:
    """What the station cannot even be asked was never a reservation."""
    bench.said = Invalid("too long", field="id_token")
    with pytest.raises(Invalid):
        await bench.reservations.make("cp-1", 1, WANTED)
    with pytest.raises(Invalid) as over:
        await bench.reservations.make("cp-1", 1, replace(WANTED, expires_at=NOW))
    assert over.value.field == "expires_at"
    with pytest.raises(NotFound):
        await bench.reservations.make("cp-1", 2, WANTED)
    assert bench.book.kept == {}


@waits
async def test_any_evse(bench: Bench) -> None:
    """A station that is known to reserve single EVSEs only is not asked for any; one that does
    not say is (1.6 ReserveConnectorZeroSupported, 2.x NonEvseSpecific)."""
    anywhere = replace(WANTED, evse_id=None)
    for known in (None, True):
        bench.limits.any_evse = known
        made, _ = await bench.reservations.make("cp-1", 1, anywhere)
        assert made.status is ReservationStatus.ACCEPTED
    bench.limits.any_evse = False
    with pytest.raises(Conflict) as refused:
        await bench.reservations.make("cp-1", 1, anywhere)
    assert refused.value.code == "evse_needed"
    await bench.reservations.make("cp-1", 1, WANTED)


@waits
async def test_cancel(bench: Bench) -> None:
    """The station is asked to give it up."""
    made, _ = await bench.reservations.make("cp-1", 1, WANTED)
    cancelled, operation = await bench.reservations.cancel(made.id, 1)
    assert operation is not None
    assert cancelled.status is ReservationStatus.CANCELLED
    assert bench.operations.sent[-1] == ("cp-1", CancelReservation(ref=made.number))
    with pytest.raises(Conflict) as refused:
        await bench.reservations.cancel(made.id, 1)
    assert refused.value.code == "reservation_over"


@waits
async def test_cancel_of_others(bench: Bench) -> None:
    """Another operator's reservation is none."""
    made, _ = await bench.reservations.make("cp-1", 1, WANTED)
    with pytest.raises(NotFound):
        await bench.reservations.cancel(made.id, 2)


@waits
async def test_cancel_before_it_was_sent(bench: Bench) -> None:
    """What waits for the station to return is taken back, and the station never asked."""
    made, operation = await bench.reservations.make("cp-2", 1, WANTED, queue=True)
    cancelled, asked = await bench.reservations.cancel(made.id, 1)
    assert (cancelled.status, asked) == (ReservationStatus.CANCELLED, None)
    assert (await bench.operations.get(operation.id)).status is OperationStatus.EXPIRED


@waits
async def test_cancel_while_it_is_on_its_way(bench: Bench) -> None:
    """What was sent must be cancelled by the station, whatever it makes of the request."""
    bench.said = None
    made, _ = await bench.reservations.make("cp-1", 1, WANTED)
    still, asked = await bench.reservations.cancel(made.id, 1)
    assert asked is not None
    assert still.status is ReservationStatus.REQUESTED
    await bench.operations.late(Outcome(status="accepted", found="Accepted"))
    await bench.operations.late(Outcome(status="accepted", found="Accepted"))
    assert (await bench.reservations.get(made.id, 1)).status is ReservationStatus.CANCELLED


@waits
async def test_cancel_of_what_was_just_answered(bench: Bench) -> None:
    """What turns out to be more than requested is cancelled by the station."""
    made, operation = await bench.reservations.make("cp-2", 1, WANTED, queue=True)
    # Sent and accepted between the look at it and the taking back.
    accepted = replace(made, status=ReservationStatus.ACCEPTED)

    async def accepted_meanwhile(_id: str, _at: datetime) -> Any:
        bench.book.kept[made.id] = accepted
        return accepted

    bench.stations.report("cp-2", connected=True)
    reservations = attrs.evolve(bench.reservations, book=_Overtaken(bench.book, accepted_meanwhile))
    cancelled, asked = await reservations.cancel(made.id, 1)
    assert asked is not None
    assert asked.id != operation.id
    assert cancelled.status is ReservationStatus.CANCELLED


@attrs.define
class _Overtaken:
    """A book in which something happens before a withdrawal."""

    book: MemoryReservations
    withdraw: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.book, name)


@waits
async def test_expiry(bench: Bench) -> None:
    """The job ends what is over, a minute late: the station's clock may be."""
    made, _ = await bench.reservations.make("cp-1", 1, WANTED)
    bench.time = WANTED.expires_at + timedelta(seconds=59)
    assert await bench.reservations.expire() == 0
    bench.time += timedelta(seconds=2)
    assert await bench.reservations.expire() == 1
    assert (await bench.reservations.get(made.id, 1)).status is ReservationStatus.EXPIRED
