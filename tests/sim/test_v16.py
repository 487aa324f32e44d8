"""Messages and answers of OCPP 1.6."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.sim.connector import Session
from csms.sim.language import Language, Plate
from csms.sim.rpc import Request
from csms.sim.settings import MEASURANDS, Settings
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


def test_every_request_is_legal(v16: V16, ended: Session, online: Any) -> None:
    """Whatever the charger sends keeps to the schema."""
    sample = online().connectors[1].sample(AT)
    settings = Settings(stop_sampled=MEASURANDS)
    ended.begin = ended.end = sample
    for request in (
        v16.boot(Plate(serial_number="S" * 25)),
        v16.heartbeat(),
        v16.status(0, "Available", AT),
        v16.authorize("TAG"),
        v16.start(ended),
        v16.address(v16.meter(ended, sample, settings), ended),
        v16.address(v16.stop(ended, settings), ended),
    ):
        problem = v16.schemas.request_problem(request.action, request.payload)
        assert problem is None, (request, problem)


def test_is_a_language(v16: V16) -> None:
    """OCPP 1.6 offers what a charger needs of a version."""
    language: Language = v16
    assert (language.version, language.subprotocol) == ("1.6", "ocpp1.6")


def test_address(v16: V16, ended: Session) -> None:
    """The transaction id goes into everything but the start."""
    start = Request("StartTransaction", {})
    assert v16.address(start, ended) is start
    assert v16.address(Request("StopTransaction", {"a": 1}), ended).payload == {
        "a": 1,
        "transactionId": 9,
    }


def test_registered(v16: V16) -> None:
    """The boot's answer tells status, interval and time."""
    answer = {"status": "Pending", "interval": 30, "currentTime": "2026-01-01T13:00:00+01:00"}
    registered = v16.registered(answer)
    assert (registered.status, registered.interval_s, registered.at) == ("Pending", 30, AT)


def test_stop_without_tag(v16: V16, ended: Session) -> None:
    """Where nobody presented a tag, the stop names none."""
    ended.stop_tag = None
    assert "idTag" not in v16.stop(ended, Settings()).payload
