"""What stations answer about reservations, and what they say of them later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.commands import Command, Outcome
from csms.core.reports import CommandAnswered
from csms.core.reservations.rules import unmade
from csms.core.reservations.vocabulary import (
    CancelReservation,
    EndKind,
    Reservation,
    ReservationEnded,
    ReservationStatus,
    ReserveNow,
)
from csms.core.values import Operation, OperationStatus, StationKey
from csms.testing.desk import Desk
from csms.testing.reservations import kept_in

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = StationKey(7, "cp-7")
OTHER = StationKey(8, "cp-8")
RESERVE = ReserveNow(
    id_token="TAG",
    kind="eMAID",
    group_id="GROUP",
    evse_id=1,
    expires_at=NOW + timedelta(hours=1),
    ref=5,
)
ACCEPTED = Outcome(status="accepted", found="Accepted")
ASKED = Reservation(
    id="r-1",
    operator_id=1,
    station_id=KEY.id,
    identity=KEY.identity,
    number=5,
    evse_id=1,
    id_token="TAG",
    expires_at=RESERVE.expires_at,
    created_at=NOW,
    updated_at=NOW,
)


def held(**fields: Any) -> Reservation:
    """A reservation that the station accepted."""
    return replace(ASKED, status=ReservationStatus.ACCEPTED, operation_id="o-1", **fields)


def answered(
    command: Command, outcome: Outcome, *, key: StationKey = KEY, operation: str = "o-1"
) -> CommandAnswered:
    """What a station made of a command."""
    asked = Operation(
        id=operation,
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        action="reserve",
        payload={},
        status=OperationStatus.PENDING,
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=1),
    )
    return CommandAnswered(operation=asked, command=command, outcome=outcome, at=NOW)


def sent(report: CommandAnswered) -> CommandAnswered:
    """The same of an operation that was sent."""
    return replace(report, operation=replace(report.operation, sent_at=NOW))


@pytest.fixture
def desk() -> Desk:
    """A desk at noon, that knows of no reservation."""
    return Desk(NOW)


def test_accepted(desk: Desk) -> None:
    """What was asked for is accepted, by the operation that asked."""
    known = kept_in(desk.book, ASKED)
    desk.say(KEY, answered(RESERVE, ACCEPTED))
    (kept,) = known()
    assert (kept.id, kept.status, kept.operation_id) == (
        "r-1",
        ReservationStatus.ACCEPTED,
        "o-1",
    )
    assert kept.ended_at is None
    assert desk.last("reservation.accepted").data["number"] == 5


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome(status="rejected", found="Occupied"), "Occupied"),
        (Outcome(status="rejected", found="Faulted"), "Faulted"),
        (Outcome(status="rejected", found="Unavailable"), "Unavailable"),
        (Outcome(status="rejected", found="Rejected"), "Rejected"),
        (Outcome(status="rejected"), "Rejected"),
        (Outcome(status="expired"), "Unreachable"),
        (Outcome(status="unreachable"), "Unreachable"),
        (Outcome(status="unsupported"), "Unsupported"),
    ],
)
def test_refused(desk: Desk, outcome: Outcome, reason: str) -> None:
    """What the station refuses, or was never sent, is rejected, with the reason."""
    known = kept_in(desk.book, ASKED)
    desk.say(KEY, answered(RESERVE, outcome))
    (kept,) = known()
    assert (kept.status, kept.reason, kept.ended_at) == (
        ReservationStatus.REJECTED,
        reason,
        NOW,
    )
    assert desk.last("reservation.rejected").data["reason"] == reason


@pytest.mark.parametrize(
    ("status", "reason"), [("expired", "NoAnswer"), ("unreachable", "Unreachable")]
)
def test_no_answer(desk: Desk, status: str, reason: str) -> None:
    """What was sent and not answered may be held all the same: nobody knows.  Heard again, it is
    no news."""
    known = kept_in(desk.book, ASKED)
    for _ in range(2):
        desk.say(KEY, sent(answered(RESERVE, Outcome(status=status))))
    (kept,) = known()
    assert (kept.status, kept.reason, kept.ended_at) == (
        ReservationStatus.UNCONFIRMED,
        reason,
        None,
    )
    assert desk.kinds == ["reservation.unconfirmed"]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (ACCEPTED, ReservationStatus.ACCEPTED),
        (Outcome(status="rejected", found="Occupied"), ReservationStatus.REJECTED),
    ],
)
def test_late_answer(desk: Desk, outcome: Outcome, status: ReservationStatus) -> None:
    """The answer that comes after all decides."""
    known = kept_in(
        desk.book, replace(ASKED, status=ReservationStatus.UNCONFIRMED, operation_id="o-1")
    )
    desk.say(KEY, sent(answered(RESERVE, outcome)))
    assert known()[0].status is status


def test_no_answer_to_what_was_written_by_hand(desk: Desk) -> None:
    """It may be held, too, and is kept so that it can be cancelled; the answer finds it."""
    known = kept_in(desk.book)
    desk.say(KEY, sent(answered(RESERVE, Outcome(status="expired"))))
    (kept,) = known()
    assert (kept.status, kept.number) == (ReservationStatus.UNCONFIRMED, 5)
    desk.say(KEY, sent(answered(RESERVE, ACCEPTED)))
    (kept,) = known()
    assert kept.status is ReservationStatus.ACCEPTED


def test_late_acceptance(desk: Desk) -> None:
    """An acceptance that comes after all makes a reservation of what was given up."""
    given_up = replace(
        ASKED, status=ReservationStatus.REJECTED, operation_id="o-1", reason="NoAnswer"
    )
    known = kept_in(desk.book, given_up)
    desk.say(KEY, answered(RESERVE, ACCEPTED))
    (kept,) = known()
    assert (kept.status, kept.reason, kept.ended_at) == (ReservationStatus.ACCEPTED, None, None)


def test_late_acceptance_of_what_is_over(desk: Desk) -> None:
    """An acceptance heard again revives nothing."""
    over = replace(held(), status=ReservationStatus.USED)
    kept_in(desk.book, over)
    desk.say(KEY, answered(RESERVE, ACCEPTED))
    assert desk.book.kept == []


def test_rejection_of_what_holds(desk: Desk) -> None:
    """A rejection under the number of a reservation that holds changes nothing (1.6 §5.13)."""
    kept_in(desk.book, held())
    desk.say(KEY, answered(RESERVE, Outcome(status="rejected"), operation="o-2"))
    assert desk.book.kept == []


def test_written_by_hand(desk: Desk) -> None:
    """A reservation that somebody asked for in OCPP's own words is kept when it is accepted."""
    known = kept_in(desk.book)
    desk.say(KEY, answered(RESERVE, Outcome(status="rejected", found="Occupied")))
    assert known() == []
    desk.say(KEY, answered(RESERVE, ACCEPTED))
    (kept,) = known()
    assert (kept.id, kept.number, kept.id_token, kept.kind, kept.group_id, kept.evse_id) == (
        "o-1",
        5,
        "TAG",
        "eMAID",
        "GROUP",
        1,
    )


def test_same_number_replaces(desk: Desk) -> None:
    """A reservation accepted under the number of one that holds replaces it (H01.FR.02)."""
    known = kept_in(desk.book, held())
    desk.say(KEY, answered(replace(RESERVE, evse_id=2), ACCEPTED, operation="o-2"))
    before, after = known()
    assert (before.status, before.reason) == (ReservationStatus.REMOVED, "Replaced")
    assert (after.status, after.evse_id) == (ReservationStatus.ACCEPTED, 2)
    assert desk.kinds == ["reservation.removed", "reservation.accepted"]


def test_numbers_are_the_stations(desk: Desk) -> None:
    """Another station's reservation of the same number is another."""
    known = kept_in(desk.book, held())
    desk.say(OTHER, answered(CancelReservation(ref=5), ACCEPTED, key=OTHER))
    assert known() == [held()]


def test_cancelled(desk: Desk) -> None:
    """A reservation that the station gave up is cancelled."""
    known = kept_in(desk.book, held())
    desk.say(KEY, answered(CancelReservation(ref=5), ACCEPTED))
    (kept,) = known()
    assert (kept.status, kept.ended_at) == (ReservationStatus.CANCELLED, NOW)
    assert desk.kinds == ["reservation.cancelled"]


def test_cancelling_what_the_station_does_not_have(desk: Desk) -> None:
    """A station that rejects the cancellation does not have the reservation."""
    known = kept_in(desk.book, held())
    desk.say(KEY, answered(CancelReservation(ref=5), Outcome(status="rejected", found="Rejected")))
    (kept,) = known()
    assert (kept.status, kept.reason) == (ReservationStatus.REMOVED, "Unknown")


@pytest.mark.parametrize("status", ["rejected", "expired", "unreachable", "unsupported"])
def test_cancelling_in_vain(desk: Desk, status: str) -> None:
    """Without an answer that says so, nothing is cancelled."""
    kept_in(desk.book, held())
    desk.say(KEY, answered(CancelReservation(ref=5), Outcome(status=status)))
    assert desk.book.kept == []


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        (EndKind.EXPIRED, ReservationStatus.EXPIRED, None),
        (EndKind.REMOVED, ReservationStatus.REMOVED, None),
        (EndKind.NO_TRANSACTION, ReservationStatus.REMOVED, "NoTransaction"),
    ],
)
def test_ended_by_the_station(
    desk: Desk, kind: EndKind, status: ReservationStatus, reason: str | None
) -> None:
    """The station says how a reservation ended (H04)."""
    known = kept_in(desk.book, held())
    desk.say(KEY, ReservationEnded(number=5, kind=kind))
    (kept,) = known()
    assert (kept.status, kept.reason, kept.ended_at) == (status, reason, NOW)


def test_ended_twice(desk: Desk) -> None:
    """Of a reservation that is over, or unknown, there is nothing to do."""
    kept_in(desk.book, replace(held(), status=ReservationStatus.EXPIRED))
    desk.say(KEY, ReservationEnded(number=5, kind=EndKind.REMOVED))
    desk.say(KEY, ReservationEnded(number=6, kind=EndKind.REMOVED))
    assert (desk.book.kept, desk.book.events) == ([], [])


def test_reasons() -> None:
    """What is no word of the station is no reason."""
    for word in ("", 5):
        assert unmade("rejected", word, sent=True) == (ReservationStatus.REJECTED, "Rejected")
