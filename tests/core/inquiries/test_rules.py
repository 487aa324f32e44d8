"""What stations say of how their transactions stand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from csms.core.commands import Outcome
from csms.core.flags import STOP_MISSING
from csms.core.inquiries.vocabulary import AskStatus, StatusFound
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, Session, SessionStatus, StationKey
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
OPERATION = Operation(
    id="01890000-0000-7000-8000-000000000001",
    operator_id=1,
    station_id=1,
    identity="CP1",
    action="transaction_status",
    payload={},
    status=OperationStatus.PENDING,
    created_at=NOW,
    expires_at=NOW,
)
SESSION = Session(
    id="01890000-0000-7000-8000-000000000002",
    operator_id=1,
    station_id=1,
    identity="CP1",
    evse_id=1,
    transaction_ref="T1",
    named_by_station=True,
    start_key="T1",
    started_at=NOW,
    created_at=NOW,
    updated_at=NOW,
)
OVER = StatusFound(ongoing=False, messages_in_queue=False)


@pytest.fixture
def desk() -> Desk:
    """A station with a running session."""
    desk = Desk(NOW)
    desk.book.keep(SESSION)
    return desk


def told(
    desk: Desk, found: object, key: StationKey = CP1, transaction_ref: str | None = "T1"
) -> Session:
    """The session after an answer."""
    command = AskStatus(transaction_ref=transaction_ref)
    outcome = Outcome(status="accepted", found=found)
    desk.say(key, CommandAnswered(operation=OPERATION, command=command, outcome=outcome, at=NOW))
    return desk.book.sessions[SESSION.id]


def test_a_session_that_is_over_for_its_station_is_suspect(desk: Desk) -> None:
    """Nothing more will come, so its end was lost; that is told once."""
    session = told(desk, OVER)
    assert (session.status, session.flags) == (SessionStatus.SUSPECT, (STOP_MISSING,))
    assert session.updated_at == NOW
    told(desk, OVER)
    assert desk.kinds == ["session.flagged"]
    assert desk.last("session.flagged").data == {
        "evse_id": 1,
        "transaction_ref": "T1",
        "flags": (STOP_MISSING,),
    }


@pytest.mark.parametrize(
    "found",
    [
        None,
        StatusFound(ongoing=True, messages_in_queue=False),
        StatusFound(ongoing=False, messages_in_queue=True),
        StatusFound(ongoing=None, messages_in_queue=False),
    ],
    ids=["no answer", "it goes on", "messages wait", "not asked of it"],
)
def test_a_session_that_may_go_on_stays_as_it_is(desk: Desk, found: StatusFound | None) -> None:
    """While anything may still come."""
    assert told(desk, found) == SESSION
    assert desk.kinds == []


def test_a_session_that_ended_stays_ended(desk: Desk) -> None:
    """That is what the station says, too."""
    ended = replace(SESSION, status=SessionStatus.ENDED)
    desk.book.keep(ended)
    assert told(desk, OVER) == ended


def test_other_stations_have_transactions_of_the_same_name(desk: Desk) -> None:
    """What they say of theirs is of no concern; nor what is said of no transaction."""
    assert told(desk, OVER, StationKey(2, "CP2")) == SESSION
    assert told(desk, OVER, transaction_ref="T2") == SESSION
    assert told(desk, OVER, transaction_ref=None) == SESSION
