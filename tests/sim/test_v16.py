"""Messages and answers of OCPP 1.6."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.sim.connector import Session
from csms.sim.language import Language, Plate
from csms.sim.settings import MEASURANDS
from csms.sim.steps import Stage, Step
from csms.sim.v16 import V16

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def ended() -> Session:
    return Session(
        connector_id=2,
        tag="TAG",
        started_at=AT,
        meter_start=100,
        transaction_id=9,
        stopped_at=AT,
        meter_stop=250,
        reason="Local",
        stop_tag="TAG",
    )


def step(stage: Stage, session: Session, **rest: Any) -> Step:
    return Step(stage, session, AT, "Trigger", **rest)


def test_every_request_is_legal(v16: V16, ended: Session, online: Any) -> None:
    """Whatever the charger sends keeps to the schema."""
    sample = online().connectors[1].sample(AT)
    ended.begin = ended.end = sample
    ended.reservation_id = 4
    for request in (
        v16.boot(Plate(serial_number="S" * 25), "PowerUp"),
        v16.heartbeat(),
        v16.status(0, "Available", AT),
        v16.authorize("TAG", "ISO14443"),
        v16.tell(step(Stage.START, ended)),
        v16.tell(step(Stage.METER, ended, sample=sample, sampled=MEASURANDS)),
        v16.tell(step(Stage.STOP, ended, sampled=MEASURANDS)),
        v16.values(1, None, sample, MEASURANDS),
        v16.firmware_status("Installed", None, signed=False),
        v16.firmware_status("InstallRebooting", 7, signed=True),
        v16.log_status("UploadFailure", None, diagnostics=True),
        v16.log_status("UploadFailure", 7, diagnostics=False),
        v16.security_event("StartupOfTheDevice", AT, "info"),
        v16.security_event("StartupOfTheDevice", AT, None),
        v16.sign_certificate("CSR", "ChargingStationCertificate", 1),
    ):
        assert request is not None
        problem = v16.schemas.request_problem(request.action, request.payload)
        assert problem is None, (request, problem)


def test_no_message(v16: V16, ended: Session) -> None:
    """A change of state and the end of a reservation have no message of their own."""
    assert v16.tell(step(Stage.UPDATE, ended)) is None
    assert v16.reservation_ended(1, "Expired") is None


def test_is_a_language(v16: V16) -> None:
    """OCPP 1.6 offers what a charger needs of a version."""
    language: Language = v16
    assert (language.version, language.subprotocol) == ("1.6", "ocpp1.6")


def test_transaction_id(v16: V16, ended: Session) -> None:
    """The transaction id goes into everything but the start; -1 without one."""
    assert v16.tell(step(Stage.STOP, ended)).payload["transactionId"] == 9
    ended.transaction_id = "of another version"
    assert v16.tell(step(Stage.STOP, ended)).payload["transactionId"] == -1
    assert "transactionId" not in v16.tell(step(Stage.START, ended)).payload


def test_registered(v16: V16) -> None:
    """The boot's answer tells status, interval and time."""
    answer = {"status": "Pending", "interval": 30, "currentTime": "2026-01-01T13:00:00+01:00"}
    registered = v16.registered(answer)
    assert (registered.status, registered.interval_s, registered.at) == ("Pending", 30, AT)


def test_stop_without_tag(v16: V16, ended: Session) -> None:
    """Where nobody presented a tag, the stop names none."""
    ended.stop_tag = None
    assert "idTag" not in v16.tell(step(Stage.STOP, ended)).payload
