"""Connecting, booting, connector states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from csms.core.decide import RULES, decide, question
from csms.core.decisions import Policy, State
from csms.core.firmware.vocabulary import FirmwareProgressed
from csms.core.happenings import Happened
from csms.core.logs.vocabulary import LogUploadProgressed
from csms.core.replies import (
    Acknowledged,
    BootAnswered,
    ConnectionClaimed,
    TimeTold,
)
from csms.core.reports import (
    AnswerDisputed,
    Beat,
    Booted,
    Connected,
    ConnectorChanged,
    DataTransferred,
    Disconnected,
    HearingChanged,
    Quarantined,
    Report,
)
from csms.core.values import ConnectorStatus, Registration, StationKey
from csms.testing.desk import Desk

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
HELLO = Connected(node="n1", peer="192.0.2.1", ocpp_version="1.6")
BOOT = Booted(vendor="Acme", model="Fast", serial_number="42")


@pytest.fixture
def desk() -> Desk:
    return Desk(T0)


def status(to: ConnectorStatus, at: datetime | None = None, **more: object) -> ConnectorChanged:
    return replace(ConnectorChanged(evse_id=1, status=to, at=at), **more)


def test_every_report_has_a_rule() -> None:
    """The table is complete: what can be reported can be decided."""
    assert set(RULES) == set(Report.__subclasses__())


def test_each_connection_has_a_higher_epoch(desk: Desk) -> None:
    """The newest connection wins."""
    assert desk.say(CP1, HELLO) == ConnectionClaimed(1, Registration.ACCEPTED, booted=False)
    assert desk.say(CP1, HELLO) == ConnectionClaimed(2, Registration.ACCEPTED, booted=False)
    assert desk.book.connections[1].epoch == 2
    assert desk.last("station.connected").data["peer"] == "192.0.2.1"


def test_a_connection_learns_what_the_station_is_to_us(desk: Desk) -> None:
    """Registration and whether it ever booted come with the claim."""
    desk.book.registrations[1] = Registration.PENDING
    desk.say(CP1, BOOT)
    assert desk.say(CP1, HELLO) == ConnectionClaimed(1, Registration.PENDING, booted=True)


def test_a_change_of_version_is_told(desk: Desk) -> None:
    """Between two connections; the station's history stays its own."""
    desk.say(CP1, HELLO)
    desk.say(CP1, HELLO)
    assert "station.version" not in desk.kinds
    desk.say(CP1, replace(HELLO, ocpp_version="2.0.1"))
    told = desk.last("station.version")
    assert told.data == {"epoch": 3, "peer": "192.0.2.1", "before": "1.6", "after": "2.0.1"}
    (kept,) = desk.book.kept
    assert isinstance(kept, Happened)
    assert (kept.kind, kept.content) == ("version", {"before": "1.6", "after": "2.0.1"})


def test_deafness_is_told_when_it_begins_and_when_it_ends(desk: Desk) -> None:
    """And kept with the station, which a new connection learns."""
    deaf, hearing = HearingChanged(deaf=True, action="Reset"), HearingChanged(deaf=False)
    assert desk.say(CP1, hearing) == Acknowledged()
    assert desk.kinds == []
    for _ in range(2):
        desk.say(CP1, deaf)
        desk.later(minutes=1)
    assert desk.book.deaf[1] == T0
    assert desk.last("station.deaf").data == {"action": "Reset"}
    reply = desk.say(CP1, HELLO)
    assert reply == ConnectionClaimed(1, Registration.ACCEPTED, booted=False, deaf=True)
    desk.say(CP1, hearing)
    assert desk.book.deaf[1] is None
    assert desk.kinds == ["station.deaf", "station.connected", "station.hearing"]
    kinds = [kept.kind for kept in desk.book.kept if isinstance(kept, Happened)]
    assert kinds == ["deaf", "hearing"]


def test_a_close_ends_its_own_connection(desk: Desk) -> None:
    """The connection is marked gone, once."""
    desk.say(CP1, HELLO)
    gone = Disconnected(epoch=1, reason="closed")
    for _ in range(2):
        assert desk.say(CP1, gone) == Acknowledged()
    assert desk.book.connections[1].close_reason == "closed"
    assert desk.kinds.count("station.disconnected") == 1


def test_a_late_close_leaves_the_newer_connection_alone(desk: Desk) -> None:
    """An old socket's close never touches the new one."""
    desk.say(CP1, HELLO)
    desk.say(CP1, HELLO)
    desk.say(CP1, Disconnected(epoch=1, reason="timeout"))
    assert desk.book.connections[1].disconnected_at is None


@pytest.mark.parametrize(
    ("registration", "interval"),
    [(Registration.ACCEPTED, 300), (Registration.PENDING, 30), (Registration.REJECTED, 600)],
)
def test_a_boot_is_answered_by_registration(
    desk: Desk, registration: Registration, interval: int
) -> None:
    """Accepted: the heartbeat interval; otherwise how long to wait (OCPP 1.6 §4.2)."""
    desk.book.registrations[1] = registration
    expected = BootAnswered(at=T0, interval_s=interval, registration=registration)
    assert desk.say(CP1, BOOT) == expected
    assert desk.book.booted[1].serial_number == "42"
    assert desk.last("station.booted").data["vendor"] == "Acme"


def test_a_station_may_have_a_heartbeat_interval_of_its_own(desk: Desk) -> None:
    """The record beats the setting."""
    desk.book.intervals[1] = 60
    reply = desk.say(CP1, BOOT)
    assert isinstance(reply, BootAnswered)
    assert reply.interval_s == 60


def test_a_connector_state_is_kept_and_told(desk: Desk) -> None:
    """A change is an event with what was before."""
    desk.say(CP1, status(ConnectorStatus.AVAILABLE, T0))
    desk.say(CP1, status(ConnectorStatus.FAULTED, T0 + timedelta(seconds=1), error_code="X"))
    connector = desk.book.connectors[1, 1, 1]
    assert (connector.status, connector.error_code) == (ConnectorStatus.FAULTED, "X")
    told = desk.last("connector.status")
    assert (told.data["before"], told.data["status"]) == ("Available", "Faulted")


def test_a_repeated_state_is_no_event(desk: Desk) -> None:
    """Only changes are told."""
    for minute in range(3):
        desk.say(CP1, status(ConnectorStatus.AVAILABLE, T0 + timedelta(minutes=minute)))
    assert desk.kinds == ["connector.status"]
    assert desk.book.connectors[1, 1, 1].status_at == T0 + timedelta(minutes=2)


def test_a_state_older_than_the_one_known_is_history(desk: Desk) -> None:
    """Out of order, the newest by the station's time stays, and that is noted."""
    desk.say(CP1, status(ConnectorStatus.CHARGING, T0))
    assert desk.oddities == []
    assert desk.say(CP1, status(ConnectorStatus.PREPARING, T0 - timedelta(1))) == Acknowledged()
    assert desk.book.connectors[1, 1, 1].status is ConnectorStatus.CHARGING
    assert desk.oddities == [("status_out_of_order", "1.1 2026-02-28T12:00:00.000Z")]


def test_a_clock_that_is_ahead_does_not_block_later_states(desk: Desk) -> None:
    """A state from the future is taken to mean now."""
    desk.say(CP1, status(ConnectorStatus.CHARGING, T0 + timedelta(days=400)))
    desk.later(seconds=1)
    desk.say(CP1, status(ConnectorStatus.CHARGING, T0 + timedelta(days=400)))
    desk.later(seconds=1)
    desk.say(CP1, status(ConnectorStatus.AVAILABLE))
    assert desk.book.connectors[1, 1, 1].status is ConnectorStatus.AVAILABLE
    assert desk.oddities == [("clock_ahead", "2027-04-05T12:00:00.000Z")] * 2


@pytest.mark.parametrize("before", [None, T0 + timedelta(minutes=4)])
def test_a_state_after_one_of_unknown_or_coming_time_is_new(
    desk: Desk, before: datetime | None
) -> None:
    """The clock was set right in between, and what it tells now is no history."""
    desk.say(CP1, status(ConnectorStatus.CHARGING, before))
    desk.later(seconds=1)
    told = T0 - timedelta(seconds=1) if before is None else T0
    desk.say(CP1, status(ConnectorStatus.FAULTED, told))
    assert desk.book.connectors[1, 1, 1].status is ConnectorStatus.FAULTED
    desk.say(CP1, status(ConnectorStatus.AVAILABLE, told - timedelta(seconds=1)))
    assert desk.book.connectors[1, 1, 1].status is ConnectorStatus.FAULTED
    assert desk.oddities[0][0] == "status_out_of_order"


def test_an_answer_that_was_no_use_is_told(desk: Desk) -> None:
    """As an event, and among what happened."""
    desk.say(CP1, AnswerDisputed(action="BootNotification", code="FormatViolation"))
    assert desk.last("station.answer_disputed").data == {
        "action": "BootNotification",
        "code": "FormatViolation",
    }


def test_progress_of_firmware_and_diagnostics_is_kept(desk: Desk) -> None:
    """The last word of each stays with the station, and is told."""
    assert desk.say(CP1, FirmwareProgressed(status="Installing")) == Acknowledged()
    assert desk.say(CP1, LogUploadProgressed(status="Uploaded")) == Acknowledged()
    assert desk.book.progress[1] == {
        "firmware_status": "Installing",
        "diagnostics_status": "Uploaded",
    }
    assert desk.kinds == ["station.firmware", "station.diagnostics"]


def test_what_cannot_be_read_is_kept_as_it_came(desk: Desk) -> None:
    """A message that may prove money is not thrown away."""
    report = Quarantined(action="StopTransaction", fault="no transactionId", content="[2,...]")
    assert desk.say(CP1, report) == Acknowledged()
    (kept,) = desk.book.quarantine
    assert (kept.content, kept.station_id) == ("[2,...]", 1)


def test_a_heartbeat_is_told_the_time() -> None:
    """It needs to know nothing."""
    decision = decide(Beat(), CP1, State(), T0, Policy())
    assert decision.reply == TimeTold(T0)
    assert question(Beat()) == question(DataTransferred(vendor_id="v"))
