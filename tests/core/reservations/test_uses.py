"""Sessions that use reservations, and connectors that end them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.reports import (
    ConnectorChanged,
    SessionStarted,
    SessionStopped,
    Stage,
    TransactionTold,
)
from csms.core.reservations.vocabulary import Reservation, ReservationStatus
from csms.core.values import ConnectorStatus, StationKey, Token
from csms.testing.desk import Desk
from csms.testing.reservations import kept_in

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = StationKey(7, "cp-7")
OTHER = StationKey(8, "cp-8")
HELD = Reservation(
    id="r-1",
    operator_id=1,
    station_id=KEY.id,
    identity=KEY.identity,
    number=5,
    evse_id=1,
    id_token="TAG",
    group_id="group",
    expires_at=NOW + timedelta(hours=1),
    status=ReservationStatus.ACCEPTED,
    created_at=NOW - timedelta(minutes=1),
    updated_at=NOW,
)


@pytest.fixture
def desk() -> Desk:
    """A desk at noon that knows the tokens TAG, MATE (of its group), ALIEN and BLOCKED."""
    desk = Desk(NOW)
    desk.book.add_token(Token(id_token="TAG"))
    desk.book.add_token(Token(id_token="MATE", group_id="GROUP"))
    desk.book.add_token(Token(id_token="ALIEN", group_id="MARS"))
    desk.book.add_token(Token(id_token="BLOCKED", group_id="GROUP", blocked=True))
    return desk


def start(token: str | None = "tag", **fields: Any) -> SessionStarted:
    """A start on EVSE 1."""
    plain = SessionStarted(evse_id=1, id_token=token, at=NOW, meter_wh=0)
    return replace(plain, **fields)


def told(number: int, stage: Stage, **fields: Any) -> TransactionTold:
    """An event of a transaction."""
    plain = TransactionTold(stage=stage, transaction_ref="T1", sequence_number=number, at=NOW)
    return replace(plain, **fields)


def test_named(desk: Desk) -> None:
    """A session that names a reservation uses it (StartTransaction.reservationId)."""
    known = kept_in(desk.book, HELD)
    desk.say(KEY, start("ALIEN", reservation_ref=5))
    (kept,) = known()
    (session,) = desk.sessions
    assert (kept.status, kept.session_id, kept.ended_at) == (
        ReservationStatus.USED,
        session.id,
        NOW,
    )
    assert desk.kinds[-1] == "reservation.used"
    assert desk.last("reservation.used").session_id == session.id


@pytest.mark.parametrize(
    "status",
    [
        ReservationStatus.REQUESTED,
        ReservationStatus.REJECTED,
        ReservationStatus.EXPIRED,
        ReservationStatus.REMOVED,
    ],
)
def test_named_after_all(desk: Desk, status: ReservationStatus) -> None:
    """The station knows better than we what it held when the session began."""
    known = kept_in(desk.book, replace(HELD, status=status))
    desk.say(KEY, start(reservation_ref=5))
    assert known()[0].status is ReservationStatus.USED


def test_used_once(desk: Desk) -> None:
    """A reservation that was used stays with the session that used it."""
    kept_in(desk.book, replace(HELD, status=ReservationStatus.USED, session_id="s-1"))
    desk.say(KEY, start(reservation_ref=5))
    desk.say(KEY, start(reservation_ref=5))
    assert desk.book.kept == []


def test_retransmission(desk: Desk) -> None:
    """A start heard again says nothing new of reservations."""
    known = kept_in(desk.book, HELD)
    desk.say(KEY, start())
    assert known()[0].status is ReservationStatus.USED
    kept_in(desk.book, replace(HELD, id="r-2", number=6))
    before = len(desk.book.kept)
    desk.say(KEY, start())
    assert len(desk.book.kept) == before


def test_session_before(desk: Desk) -> None:
    """What ran on the EVSE before, and whose stop was lost, uses nothing."""
    desk.say(KEY, start("ALIEN", at=NOW - timedelta(hours=1), meter_wh=500))
    known = kept_in(desk.book, HELD)
    desk.say(KEY, start())
    assert known()[0].session_id == desk.sessions[-1].id


def test_another_stations_number(desk: Desk) -> None:
    """A station uses its own reservations only."""
    kept_in(desk.book, HELD)
    desk.say(OTHER, start(reservation_ref=5))
    assert desk.book.kept == []


@pytest.mark.parametrize("token", ["tag", "MATE"])
def test_by_token_and_group(desk: Desk, token: str) -> None:
    """The reserved token, or one of its group, uses it without naming it (1.6 §5.13, H03)."""
    known = kept_in(desk.book, HELD)
    desk.say(KEY, start(token))
    assert known()[0].status is ReservationStatus.USED


@pytest.mark.parametrize("report", [start(), start("ALIEN", reservation_ref=5)])
def test_one_that_was_never_confirmed(desk: Desk, report: SessionStarted) -> None:
    """Whoever names it uses it, and so does its token: the station may hold it."""
    known = kept_in(desk.book, replace(HELD, status=ReservationStatus.UNCONFIRMED))
    desk.say(KEY, report)
    assert known()[0].status is ReservationStatus.USED


def test_one_that_was_never_confirmed_is_in_no_conflict(desk: Desk) -> None:
    """The station need not know of it."""
    kept_in(desk.book, replace(HELD, status=ReservationStatus.UNCONFIRMED))
    desk.say(KEY, start("ALIEN"))
    assert desk.book.kept == []
    assert "reservation.conflict" not in desk.kinds


def test_specific_before_any(desk: Desk) -> None:
    """Of two that fit, the one for this EVSE is used."""
    loose = replace(HELD, id="r-2", number=6, evse_id=None)
    known = kept_in(desk.book, loose, HELD)
    desk.say(KEY, start())
    assert {each.id: each.status for each in known()} == {
        "r-1": ReservationStatus.USED,
        "r-2": ReservationStatus.ACCEPTED,
    }


@pytest.mark.parametrize(
    ("reservation", "report"),
    [
        pytest.param(HELD, start(evse_id=2), id="another EVSE"),
        pytest.param(replace(HELD, status=ReservationStatus.REQUESTED), start(), id="not accepted"),
        pytest.param(
            replace(HELD, created_at=NOW + timedelta(minutes=10)), start(), id="made since"
        ),
        pytest.param(replace(HELD, expires_at=NOW), start(), id="expired before"),
        pytest.param(replace(HELD, evse_id=None), start("ALIEN"), id="any EVSE is left"),
        pytest.param(HELD, start(None), id="no token"),
    ],
)
def test_not_meant(desk: Desk, reservation: Reservation, report: SessionStarted) -> None:
    """Where and when it does not hold, or without a token, a reservation is not touched."""
    kept_in(desk.book, reservation)
    desk.say(KEY, report)
    assert desk.book.kept == []
    assert "reservation.conflict" not in desk.kinds


@pytest.mark.parametrize("token", ["ALIEN", "BLOCKED"])
def test_conflict(desk: Desk, token: str) -> None:
    """Who is not meant, or must not charge, does not use it; that the station let him is told, and
    stands with the reservation."""
    known = kept_in(desk.book, HELD)
    desk.say(KEY, start(token))
    assert known() == [
        replace(HELD, conflict_at=NOW, conflict_session_id=desk.sessions[0].id, updated_at=NOW)
    ]
    conflict = desk.last("reservation.conflict")
    assert (conflict.data["reservation_id"], conflict.session_id) == (
        "r-1",
        desk.sessions[0].id,
    )


def test_event_names_it(desk: Desk) -> None:
    """TransactionEvent.reservationId uses it, in whichever event it comes (H03.FR.09)."""
    known = kept_in(desk.book, HELD)
    desk.say(KEY, told(0, Stage.STARTED, evse_id=1, trigger="CablePluggedIn"))
    assert known() == [HELD]
    desk.say(KEY, told(1, Stage.UPDATED, evse_id=1, id_token="MATE", id_token_kind="ISO14443"))
    assert known()[0].status is ReservationStatus.USED
    desk.say(KEY, told(2, Stage.UPDATED, evse_id=1, reservation_ref=5))
    assert len(desk.book.kept) == 1


def test_event_names_it_at_the_end(desk: Desk) -> None:
    """Also when the end is all that was heard of the transaction."""
    known = kept_in(desk.book, HELD)
    desk.say(KEY, told(3, Stage.ENDED, evse_id=1, reservation_ref=5))
    assert known()[0].status is ReservationStatus.USED


def test_events_conflict_once(desk: Desk) -> None:
    """Somebody else's token conflicts when it is presented, not with every event."""
    kept_in(desk.book, HELD)
    alien = {"id_token": "ALIEN", "id_token_kind": "ISO14443", "evse_id": 1}
    desk.say(KEY, told(0, Stage.STARTED, **alien))
    desk.say(KEY, told(1, Stage.UPDATED, **alien))
    desk.say(KEY, told(2, Stage.UPDATED, trigger="MeterValuePeriodic", evse_id=1))
    assert desk.kinds.count("reservation.conflict") == 1


def test_transaction_before(desk: Desk) -> None:
    """What ran on the EVSE before, and whose end was lost, uses nothing."""
    desk.say(KEY, told(0, Stage.STARTED, evse_id=1, transaction_ref="T0"))
    known = kept_in(desk.book, HELD)
    desk.say(KEY, told(0, Stage.STARTED, evse_id=1, id_token="TAG", id_token_kind="ISO14443"))
    assert known()[0].session_id == desk.sessions[-1].id


def test_evse_comes_late(desk: Desk) -> None:
    """A token presented before an EVSE was chosen uses the reservation of the one it came to."""
    known = kept_in(desk.book, HELD)
    desk.say(KEY, told(0, Stage.STARTED, id_token="TAG", id_token_kind="ISO14443"))
    assert known() == [HELD]
    desk.say(KEY, told(1, Stage.UPDATED, evse_id=1, trigger="CablePluggedIn"))
    assert known()[0].status is ReservationStatus.USED


def test_event_of_a_session_that_did_not_change(desk: Desk) -> None:
    """An event heard again says nothing new of reservations."""
    kept_in(desk.book, HELD)
    event = told(0, Stage.STARTED, evse_id=2, id_token="TAG", id_token_kind="ISO14443")
    desk.say(KEY, event)
    desk.say(KEY, event)
    assert desk.book.kept == []


@pytest.mark.parametrize("status", [ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE])
@pytest.mark.parametrize("evse_id", [0, 1])
def test_out_of_order(desk: Desk, status: ConnectorStatus, evse_id: int) -> None:
    """A reserved connector, or station, that is out of order ends the reservation (TC_H_20)."""
    known = kept_in(desk.book, HELD)
    desk.say(KEY, ConnectorChanged(evse_id=evse_id, connector_id=min(evse_id, 1), status=status))
    (kept,) = known()
    assert (kept.status, kept.reason) == (ReservationStatus.REMOVED, status.value)


@pytest.mark.parametrize(
    "report",
    [
        ConnectorChanged(evse_id=1, status=ConnectorStatus.RESERVED),
        ConnectorChanged(evse_id=2, status=ConnectorStatus.FAULTED),
        ConnectorChanged(evse_id=1, connector_id=2, status=ConnectorStatus.FAULTED),
    ],
)
def test_in_order(desk: Desk, report: ConnectorChanged) -> None:
    """Other connectors and other states end nothing, nor does one plug of several."""
    kept_in(desk.book, HELD)
    desk.say(KEY, report)
    assert desk.book.kept == []


def test_old_fault(desk: Desk) -> None:
    """A status that is older than the one we know ends nothing."""
    kept_in(desk.book, HELD)
    desk.say(KEY, ConnectorChanged(evse_id=1, status=ConnectorStatus.AVAILABLE, at=NOW))
    before = NOW - timedelta(minutes=1)
    desk.say(KEY, ConnectorChanged(evse_id=1, status=ConnectorStatus.FAULTED, at=before))
    assert desk.book.kept == []


def test_requested_stays(desk: Desk) -> None:
    """What the station has not answered yet it may still accept."""
    kept_in(desk.book, replace(HELD, status=ReservationStatus.REQUESTED))
    desk.say(KEY, ConnectorChanged(evse_id=1, status=ConnectorStatus.FAULTED))
    assert desk.book.kept == []


def test_other_reports(desk: Desk) -> None:
    """A stop has nothing to do with reservations."""
    kept_in(desk.book, HELD)
    desk.say(KEY, SessionStopped(transaction_ref="1", at=NOW))
    assert desk.book.kept == []
