"""Who may say what before it is accepted, and who is asked to boot."""

from __future__ import annotations

from typing import Any

import pytest

from csms.core.commands import Outcome, Raw, RemoteStart, Reset
from csms.core.reports import AnswerDisputed, Booted, HearingChanged
from csms.core.values import Registration
from csms.gateway.settings import GatewaySettings
from csms.testing.gateway import MemoryCharger, MemoryGateway, RecordingIntake

EVERY = ["1.6", "2.0.1", "2.1"]
NEWER = ["2.0.1", "2.1"]
BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
BOOTS: dict[str, dict[str, Any]] = {
    "1.6": {"chargePointVendor": "V", "chargePointModel": "M"},
    "2.0.1": BOOT,
    "2.1": BOOT,
}
ASKED = ["TriggerMessage", {"requestedMessage": "BootNotification"}]


def gateway(
    registration: Registration = Registration.ACCEPTED,
    *,
    booted: bool = False,
    patient: bool = False,
    **settings: Any,
) -> MemoryGateway:
    return MemoryGateway(
        settings=GatewaySettings(
            node="test",
            open_access="always",
            unknown="accept",
            **{"connections_per_minute": 0, "ping_interval_s": 0, **settings},
        ),
        intake=RecordingIntake(registration, booted=booted, patient=patient),
    )


def ask(charger: MemoryCharger, action: str, payload: object, message_id: str = "1") -> Any:
    """The answer to a CALL, which must come at once and alone."""
    charger.send(2, message_id, action, payload)
    (frame,) = charger.received()
    return frame


def asked(charger: MemoryCharger) -> list[list[Any]]:
    """Actions and payloads that the server asked since the last look."""
    return [frame[2:] for frame in charger.received() if frame[0] == 2]


# --- the answer to a boot -------------------------------------------------------------------


@pytest.mark.parametrize("registration", list(Registration))
@pytest.mark.parametrize("version", EVERY)
def test_every_boot_is_answered(version: str, registration: Registration) -> None:
    """B01, B02, B03; 1.6 §4.2: with status, time and interval, in whatever state, at any time."""
    made = gateway(registration)
    charger = made.charger(version=version)
    for message_id in "12":
        answer = ask(charger, "BootNotification", BOOTS[version], message_id)
        assert answer[:2] == [3, message_id]
        assert answer[2] == {
            "status": registration.value.capitalize(),
            "currentTime": "2030-01-01T00:00:00.000Z",
            "interval": 300,
        }
    assert sum(isinstance(report, Booted) for report in made.intake.reports) == 2


# --- asked to boot --------------------------------------------------------------------------


@pytest.mark.parametrize("version", NEWER)
def test_asked_to_boot(version: str) -> None:
    """One that was accepted and never booted here is asked, since it is not heard otherwise."""
    made = gateway(call_grace_s=2)
    charger = made.charger(version=version)
    assert ask(charger, "Heartbeat", {})[2] == "SecurityError"
    made.pass_s(1)
    assert asked(charger) == []
    made.pass_s(2)
    assert asked(charger) == [ASKED]
    assert ask(charger, "BootNotification", BOOTS[version], "2")[2]["status"] == "Accepted"
    assert ask(charger, "Heartbeat", {}, "3")[0] == 3


@pytest.mark.parametrize("version", EVERY)
def test_pending_stations_are_asked_too(version: str) -> None:
    """One that was accepted elsewhere does not know that it has to wait here."""
    made = gateway(Registration.PENDING, booted=True)
    charger = made.charger(version=version)
    made.pass_s(12)
    assert asked(charger) == [ASKED]


@pytest.mark.parametrize("version", EVERY)
def test_asked_once(version: str) -> None:
    """On each connection, whatever becomes of it, and it alone makes nobody deaf."""
    made = gateway(Registration.PENDING, call_timeout_s=5)
    for _ in range(2):
        charger = made.charger(version=version)
        made.pass_s(12)
        assert asked(charger) == [ASKED]
        made.pass_s(60)
        assert asked(charger) == []
        charger.vanish()
    assert HearingChanged not in map(type, made.intake.reports)


@pytest.mark.parametrize(
    ("registration", "booted"),
    [
        (Registration.ACCEPTED, True),
        (Registration.REJECTED, True),
        (Registration.REJECTED, False),
    ],
)
@pytest.mark.parametrize("version", EVERY)
def test_not_asked(version: str, registration: Registration, booted: bool) -> None:
    """Who may talk need not boot, and a rejected station hears nothing (B03.FR.03)."""
    made = gateway(registration, booted=booted)
    charger = made.charger(version=version)
    made.pass_s(60)
    assert asked(charger) == []


def test_1_6_need_not_boot() -> None:
    """Errata 3.10 only recommends to insist on it."""
    made = gateway()
    charger = made.charger()
    made.pass_s(60)
    assert asked(charger) == []


@pytest.mark.parametrize("version", NEWER)
def test_not_asked_while_it_boots(version: str) -> None:
    """Its boot may take long to be stored."""
    made = gateway(patient=True)
    charger = made.charger(version=version)
    made.intake.answer()
    charger.send(2, "1", "BootNotification", BOOTS[version])
    made.pass_s(60)
    assert charger.received() == []
    made.intake.answer(Booted)
    assert charger.received()[0][:2] == [3, "1"]


@pytest.mark.parametrize("version", NEWER)
def test_not_asked_before_it_is_known(version: str) -> None:
    """What the station is to us comes with the claim of its connection."""
    made = gateway(patient=True)
    charger = made.charger(version=version)
    made.pass_s(60)
    assert charger.received() == []
    made.intake.answer()
    assert asked(charger) == [ASKED]
    known = made.charger("CP2", version)
    made.intake.booted = True
    made.pass_s(60)
    made.intake.answer()
    assert asked(known) == []


# --- what the server says meanwhile ---------------------------------------------------------


@pytest.mark.parametrize("version", EVERY)
def test_calls_wait_for_the_answer_to_the_boot(version: str) -> None:
    """Also while the station's first messages come thick and fast."""
    made = gateway(booted=True, patient=True)
    charger = made.charger(version=version)
    made.intake.answer()
    made.links.send(1, Reset(), 60)
    charger.send(2, "1", "BootNotification", BOOTS[version])
    made.pass_s(1)
    assert charger.received() == []
    made.intake.answer(Booted)
    assert [frame[0] for frame in charger.received()] == [3, 2]


@pytest.mark.parametrize("version", NEWER)
def test_reports_asked_of_a_pending_station(version: str) -> None:
    """B02.FR.02, TC_B_31: it is served what it was asked for, all parts of it, and no more."""
    made = gateway(Registration.PENDING)
    charger = made.charger(version=version)
    ask(charger, "BootNotification", BOOTS[version])
    report = {"requestId": 1, "generatedAt": "2030-01-01T00:00:00Z", "seqNo": 0, "tbc": True}
    assert ask(charger, "NotifyReport", report, "2")[2] == "SecurityError"
    base = Raw(action="GetBaseReport", payload={"requestId": 1, "reportBase": "FullInventory"})
    made.links.send(1, base, 30)
    assert asked(charger)[0][0] == "GetBaseReport"
    for part in range(3):
        answer = ask(charger, "NotifyReport", {**report, "seqNo": part}, f"r{part}")
        assert answer[0] == 3
    assert ask(charger, "NotifyEvent", {}, "3")[2] == "SecurityError"


@pytest.mark.parametrize("version", EVERY)
def test_boot_ids_that_begin_anew(version: str) -> None:
    """They are noted, and every boot is served, for it is not known by its id."""
    made = gateway(booted=True)
    for _ in range(3):
        charger = made.charger(version=version)
        assert ask(charger, "BootNotification", BOOTS[version])[0] == 3
        assert ask(charger, "Heartbeat", {}, "2")[0] == 3
        charger.vanish()
    names = [(name, example) for _, name, example in made.doorbell.quirks]
    assert names == [("restarted_message_ids", "1")] * 2


def test_a_disputed_boot_is_asked_for_again() -> None:
    """2.1 Part 4 §4.2.4: the answer is as good as lost; what the station says besides counts."""
    made = gateway()
    charger = made.charger(version="2.1")
    ask(charger, "BootNotification", BOOT)
    charger.send(5, "1", "FormatViolation", "", {})
    assert asked(charger) == [ASKED]
    assert ask(charger, "Heartbeat", {}, "2")[0] == 3
    assert isinstance(made.intake.reports[-1], AnswerDisputed)
    assert ask(charger, "BootNotification", BOOT, "3")[2]["status"] == "Accepted"
    assert ask(charger, "Heartbeat", {}, "4")[0] == 3
    charger.send(5, "3", "FormatViolation", "", {})
    assert asked(charger) == []


def test_who_has_not_booted_starts_nothing() -> None:
    """B02.FR.05: as with one that is pending."""
    made = gateway()
    made.charger(version="2.1")
    outcomes: list[Outcome] = []
    command = RemoteStart(id_token="TAG", evse_id=1)
    made.links.send(1, command, 30).addCallback(outcomes.append)
    assert outcomes == [Outcome(status="rejected", detail="The station has not booted yet.")]
