"""The meter and the states of a connector."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csms.sim.connector import Connector, Session, Status
from csms.sim.vehicle import RAMP_S, Vehicle

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def session() -> Session:
    return Session(connector_id=1, tag="TAG", started_at=AT, meter_start=1000)


def busy(session: Session, power_w: float = 22_000, speed: float = 1.0) -> Connector:
    connector = Connector(1, power_w, speed, register_wh=1000.0)
    connector.vehicle = Vehicle(soc=20, drawn_s=RAMP_S)
    connector.begin(session, 0.0)
    return connector


def test_meter_runs_with_a_session(session: Session) -> None:
    """Energy is counted while a session runs and at no other time."""
    connector = busy(session)
    connector.advance(360)
    assert connector.register_wh == pytest.approx(3200)
    assert connector.end(720) is session
    assert connector.register_wh == pytest.approx(5400)
    connector.advance(7200)
    assert connector.register_wh == pytest.approx(5400)
    assert connector.end(7200) is None


def test_speed(session: Session) -> None:
    """With a speed of 60 a minute's energy flows in a second; the power shown is the true one."""
    connector = busy(session, speed=60)
    connector.advance(6)
    assert connector.register_wh == pytest.approx(3200)
    assert connector.sample(AT).power_w == pytest.approx(22_000)


def test_suspended(session: Session) -> None:
    """While the charger withholds power nothing is counted."""
    connector = busy(session)
    connector.suspended = True
    connector.advance(3600)
    assert connector.register_wh == 1000
    assert connector.sample(AT).power_w == 0
    assert connector.flowing_status() == Status.SUSPENDED_EVSE


def test_full_vehicle_suspends(session: Session) -> None:
    """A full vehicle shows as SuspendedEV."""
    connector = busy(session)
    assert connector.flowing_status() == Status.CHARGING
    assert connector.vehicle is not None
    connector.vehicle.soc = 100
    assert connector.flowing_status() == Status.SUSPENDED_EV


def test_resting_status() -> None:
    """Without a session a connector is Available or, out of service, Unavailable."""
    connector = Connector(1, 22_000)
    assert connector.resting_status() == Status.AVAILABLE
    connector.operative = False
    assert connector.resting_status() == Status.UNAVAILABLE
    assert not connector.free


@pytest.mark.parametrize(
    ("power_w", "phases", "voltage", "current"),
    [(3_600, 1, 230, 15.7), (22_000, 3, 230, 31.9), (150_000, 0, 368, 407.6)],
)
def test_sample(
    session: Session, power_w: float, phases: int, voltage: float, current: float
) -> None:
    """Current follows from power, voltage and phases; strong chargers are direct current."""
    sample = busy(session, power_w).sample(AT)
    assert sample.phases == phases
    assert sample.voltage_v == pytest.approx(voltage, abs=1)
    assert sample.current_a == pytest.approx(current, abs=0.2)
    assert sample.soc == 20
