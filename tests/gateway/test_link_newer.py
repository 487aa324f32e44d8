"""One connected station of OCPP 2.x, and stations that do not hear."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.logger import capturedLogs

from csms.core.commands import Outcome, Reset, Trigger
from csms.core.errors import Unavailable
from csms.core.logs.vocabulary import LogUploadProgressed
from csms.core.reports import Connected, HearingChanged
from csms.core.values import Registration, Strictness
from csms.gateway.settings import GatewaySettings
from csms.testing.gateway import LIKENESSES, MemoryCharger, MemoryGateway, RecordingIntake

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 5, "timestamp": "2030-01-01T00:00:00Z"}
TOLD = "DiagnosticsStatusNotification"
NEWER = ["2.0.1", "2.1"]


def gateway(
    registration: Registration = Registration.ACCEPTED, *, booted: bool = True, **settings: Any
) -> MemoryGateway:
    return MemoryGateway(
        settings=GatewaySettings(
            node="test",
            open_access="always",
            unknown="accept",
            **{"connections_per_minute": 0, "ping_interval_s": 0, **settings},
        ),
        intake=RecordingIntake(registration, booted=booted),
        dialects=LIKENESSES,
    )


def ask(charger: MemoryCharger, action: str, payload: object, message_id: str = "1") -> Any:
    """The answer to a CALL, which must come at once and alone."""
    charger.send(2, message_id, action, payload)
    (frame,) = charger.received()
    return frame


def send(made: MemoryGateway, command: Any = None, timeout_s: float = 30) -> list[Outcome]:
    """Send a command; the list gets its outcome."""
    told: list[Outcome] = []
    made.links.send(1, command or Reset(), timeout_s).addCallback(told.append)
    return told


def quirks(made: MemoryGateway) -> list[tuple[str, str]]:
    return [(name, example) for _, name, example in made.doorbell.quirks]


# --- registration ---------------------------------------------------------------------------


@pytest.mark.parametrize("version", NEWER)
def test_before_the_first_boot(version: str) -> None:
    """B01.FR.10: SecurityError for everything else, though the operator accepts the station."""
    made = gateway(booted=False)
    charger = made.charger(version=version)
    assert ask(charger, "StatusNotification", STATUS)[:3] == [4, "1", "SecurityError"]
    assert ask(charger, "Heartbeat", {}, "2")[2] == "SecurityError"
    assert ask(charger, "BootNotification", BOOT, "3")[2]["status"] == "Accepted"
    assert ask(charger, "StatusNotification", STATUS, "4")[0] == 3


def test_before_the_first_boot_of_1_6() -> None:
    """Errata 3.10 only recommends it, and such stations work."""
    assert ask(gateway(booted=False).charger(), "StatusNotification", STATUS)[0] == 3


@pytest.mark.parametrize("version", NEWER)
def test_reconnected(version: str) -> None:
    """Being accepted is not a matter of the socket: no new boot is needed."""
    made = gateway()
    charger = made.charger(version=version)
    assert isinstance(made.intake.reports[0], Connected)
    assert made.intake.reports[0].ocpp_version == version
    assert ask(charger, "StatusNotification", STATUS)[0] == 3


@pytest.mark.parametrize("version", NEWER)
def test_pending(version: str) -> None:
    """B02.FR.09, TC_B_30, TC_B_31: booting and what was triggered, nothing else."""
    made = gateway(Registration.PENDING)
    charger = made.charger(version=version)
    assert ask(charger, "BootNotification", BOOT)[2]["status"] == "Pending"
    assert ask(charger, "StatusNotification", STATUS, "2")[2] == "SecurityError"
    send(made, Trigger(message="StatusNotification"))
    assert charger.received()[0][2] == "TriggerMessage"
    assert ask(charger, "StatusNotification", STATUS, "3")[0] == 3
    assert ask(charger, "StartTransaction", START, "4")[2] == "SecurityError"
    assert charger.transport.ended is None


@pytest.mark.parametrize("version", NEWER)
def test_rejected(version: str) -> None:
    """B03.FR.03, B03.FR.07: it is asked nothing, and what it was asked before counts no more."""
    made = gateway(Registration.PENDING)
    charger = made.charger(version=version)
    ask(charger, "BootNotification", BOOT)
    send(made, Trigger(message="StatusNotification"))
    charger.received()
    made.intake.registration = Registration.REJECTED
    assert ask(charger, "BootNotification", BOOT, "2")[2]["status"] == "Rejected"
    assert ask(charger, "StatusNotification", STATUS, "3")[2] == "SecurityError"
    (told,) = send(made)
    assert told.status == "rejected"
    made.intake.registration = Registration.ACCEPTED
    assert ask(charger, "BootNotification", BOOT, "4")[2]["status"] == "Accepted"


@pytest.mark.parametrize("version", NEWER)
def test_calls_wait_for_the_boot(version: str) -> None:
    """A command that is there first goes out after the answer to the boot."""
    made = gateway(booted=False)
    charger = made.charger(version=version)
    send(made)
    assert charger.received() == []
    charger.send(2, "1", "BootNotification", BOOT)
    assert [frame[0] for frame in charger.received()] == [3, 2]


@pytest.mark.parametrize("version", NEWER)
def test_calls_wait_for_the_first_message_and_a_grace(version: str) -> None:
    """One that reconnects does not boot."""
    made = gateway(call_grace_s=2)
    charger = made.charger(version=version)
    send(made)
    ask(charger, "StatusNotification", STATUS)
    made.pass_s(1.5)
    assert charger.received() == []
    made.pass_s(1)
    assert charger.received()[0][2] == "Reset"


@pytest.mark.parametrize("version", ["1.6", *NEWER])
def test_rejected_stations_hear_nothing(version: str) -> None:
    """B03.FR.03: not even what waited for the answer to the boot."""
    made = gateway(booted=False)
    charger = made.charger(version=version)
    told = send(made)
    made.intake.registration = Registration.REJECTED
    assert ask(charger, "BootNotification", BOOT)[2]["status"] == "Rejected"
    assert [outcome.status for outcome in told] == ["unreachable"]
    made.pass_s(20)
    assert charger.received() == []


@pytest.mark.parametrize("version", NEWER)
def test_rejected_without_a_command(version: str) -> None:
    """Most often nothing waits."""
    charger = gateway(Registration.REJECTED).charger(version=version)
    assert ask(charger, "BootNotification", BOOT)[2]["status"] == "Rejected"


# --- frames ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", NEWER)
def test_unreadable(version: str) -> None:
    """Part 4 §4.2.3: the id "-1"."""
    charger = gateway().charger(version=version)
    charger.send_text("nonsense")
    assert charger.received()[0][:3] == [4, "-1", "RpcFrameworkError"]


def test_unknown_type() -> None:
    """2.0.1 says so, 2.1 nothing."""
    charger = gateway().charger(version="2.0.1")
    charger.send(6, "1", TOLD, {"status": "Idle"})
    assert charger.received()[0][:3] == [4, "1", "MessageTypeNotSupported"]
    charger = gateway().charger(version="2.1")
    charger.send(9, "1", {})
    assert charger.received() == []


def test_told() -> None:
    """A SEND is taken in and not answered."""
    made = gateway()
    charger = made.charger(version="2.1")
    charger.send(6, "1", TOLD, {"status": "Idle"})
    assert charger.received() == []
    assert isinstance(made.intake.reports[-1], LogUploadProgressed)
    assert made.counters.told == 1


def test_told_while_the_database_is_gone() -> None:
    """It is lost, and that is all."""
    made = gateway()
    charger = made.charger(version="2.1")
    made.intake.refusal = Unavailable("gone")
    charger.send(6, "1", TOLD, {"status": "Idle"})
    assert charger.received() == []
    assert ask(charger, "StatusNotification", STATUS)[2] == "InternalError"


@pytest.mark.parametrize(
    ("action", "payload", "quirk"),
    [
        ("Heartbeat", {}, ("unknown_send", "Heartbeat")),
        ("Nonsense", {}, ("unknown_send", "Nonsense")),
        (TOLD, {}, ("unusable_send", "status: is required")),
    ],
)
def test_told_what_is_no_use(action: str, payload: object, quirk: tuple[str, str]) -> None:
    """Counted, and still not answered."""
    made = gateway(strictness=Strictness.STRICT)
    charger = made.charger(version="2.1")
    charger.send(6, "1", action, payload)
    assert charger.received() == []
    assert quirks(made) == [quirk]
    assert len(made.intake.reports) == 1


def test_told_oddly() -> None:
    """Departures that are tolerated are noted as in a CALL."""
    made = gateway()
    made.charger(version="2.1").send(6, "1", TOLD, {"status": " Idle "})
    assert len(made.intake.reports) == 2
    assert quirks(made)


@pytest.mark.parametrize("booted", [True, False])
def test_told_before_accepted(booted: bool) -> None:
    """Not heard, not answered."""
    registration = Registration.PENDING if booted else Registration.ACCEPTED
    made = gateway(registration, booted=booted)
    charger = made.charger(version="2.1")
    charger.send(6, "1", TOLD, {"status": "Idle"})
    assert charger.received() == []
    assert len(made.intake.reports) == 1


def test_asked_what_wants_no_answer() -> None:
    """A CALL must be answered, so it is refused."""
    charger = gateway().charger(version="2.1")
    assert ask(charger, TOLD, {"status": "Idle"})[2] == "NotSupported"


def test_our_answer_is_disputed() -> None:
    """Noted and logged; a retransmission is processed anew."""
    made = gateway()
    charger = made.charger(version="2.1")
    ask(charger, "StatusNotification", STATUS)
    with capturedLogs() as logged:
        charger.send(5, "1", "FormatViolation", "why", {})
    assert charger.received() == []
    assert quirks(made) == [("answer_disputed", "StatusNotification: FormatViolation")]
    assert [(one["action"], one["station"]) for one in logged if "action" in one] == [
        ("StatusNotification", "CP1")
    ]
    assert made.counters.disputed == {"StatusNotification": 1}
    reports = len(made.intake.reports)
    ask(charger, "StatusNotification", STATUS)
    assert len(made.intake.reports) == reports + 1


@pytest.mark.parametrize(("version", "heard"), [("1.6", False), ("2.0.1", False), ("2.1", True)])
def test_we_dispute(version: str, heard: bool) -> None:
    """An answer that breaks its schema settles the command; 2.1 has words for the station."""
    made = gateway(call_grace_s=0, silence_grace_s=0)
    charger = made.charger(version=version)
    made.pass_s(1)
    told = send(made)
    (call,) = charger.received()
    charger.send(3, call[1], {"status": 5})
    assert [frame[:3] for frame in charger.received()] == (
        [[5, call[1], "TypeConstraintViolation"]] if heard else []
    )
    assert made.counters.disputes == int(heard)
    assert told[0].detail is not None
    assert "schema" in told[0].detail


# --- deaf stations --------------------------------------------------------------------------


def deafen(made: MemoryGateway, times: int) -> None:
    for _ in range(times):
        send(made, timeout_s=10)
        made.pass_s(11)


def test_deaf() -> None:
    """Reported, and cut off once: a new connection may help."""
    made = gateway(deaf_after=3)
    charger = made.charger()
    deafen(made, 2)
    charger.received()
    assert quirks(made) == []
    deafen(made, 1)
    assert quirks(made) == [("deaf", "Reset")]
    assert charger.close_code() == 1008
    assert made.counters.deaf == 1


def test_still_deaf() -> None:
    """It is not cut off again for ten minutes, but reported."""
    made = gateway(deaf_after=2)
    first = made.charger()
    deafen(made, 2)
    first.vanish()
    second = made.charger()
    deafen(made, 4)
    assert second.close_code() is None
    assert len(quirks(made)) == 3
    made.pass_s(600)
    deafen(made, 2)
    assert second.close_code() == 1008


def test_deafness_is_reported_when_it_begins_and_when_it_ends() -> None:
    """Also by another connection, and a report that could not be stored is made again."""
    made = gateway(deaf_after=2)
    first = made.charger()
    deafen(made, 2)
    assert made.intake.reports[-1] == HearingChanged(deaf=True, action="Reset")
    first.vanish()
    made.intake.deaf = True
    charger = made.charger()
    for refusal in (Unavailable("gone"), None, None):
        send(made)
        made.pass_s(11)
        made.intake.refusal = refusal
        charger.send(3, charger.received()[0][1], {"status": "Accepted"})
    told = [report for report in made.intake.reports if isinstance(report, HearingChanged)]
    assert [report.deaf for report in told] == [True, False, False]
    deafen(made, 2)
    assert charger.close_code() == 1008


def test_late_answers_are_answers() -> None:
    """Who is slow is not deaf; who answers to nothing may be."""
    made = gateway(deaf_after=2)
    charger = made.charger()
    for _ in range(4):
        deafen(made, 1)
        for frame in charger.received():
            charger.send(3, frame[1], {"status": "Accepted"})
    assert {name for name, _ in quirks(made)} == {"late_answer"}
    made.doorbell.quirks.clear()
    deafen(made, 1)
    charger.send(3, "nothing", {})
    deafen(made, 1)
    assert [name for name, _ in quirks(made)] == ["unasked_answer", "deaf"]
