"""Rules of sessions that run too long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from csms.core.overtime import GRACE, Next, ended_by_server, next_step, run_over
from csms.core.ports import Overtime
from csms.core.values import Session, SessionStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEGUN = NOW - timedelta(hours=13)
SESSION = Session(
    id="s",
    operator_id=1,
    station_id=7,
    identity="CS7",
    evse_id=1,
    transaction_ref="5",
    started_at=BEGUN,
    meter_start_wh=100.0,
    meter_last_wh=900.0,
    energy_wh=800.0,
    power_w=7000.0,
    last_reading_at=NOW - timedelta(hours=1),
    flags=("unauthorized",),
    created_at=BEGUN,
    updated_at=BEGUN,
)
RUNNING = Overtime(
    session_id="s",
    operator_id=1,
    identity="CS7",
    transaction_ref="5",
    connected=True,
    asked_at=None,
)


@pytest.mark.parametrize(
    ("overtime", "step"),
    [
        (RUNNING, Next.ASK),
        (replace(RUNNING, asked_at=NOW - GRACE + timedelta(seconds=1)), Next.WAIT),
        (replace(RUNNING, asked_at=NOW - GRACE), Next.END),
        (replace(RUNNING, connected=False), Next.END),
        (replace(RUNNING, transaction_ref=None), Next.END),
    ],
)
def test_next_step(overtime: Overtime, step: Next) -> None:
    """The station is asked once and given time; one that cannot be asked is not waited for."""
    assert next_step(overtime, NOW) is step


def test_run_over() -> None:
    """A session that runs too long is suspect, flagged, and told of."""
    session, event = run_over(SESSION, NOW)
    assert session.status is SessionStatus.SUSPECT
    assert session.flags == ("unauthorized", "over_time")
    assert (event.kind, event.session_id) == ("session.flagged", "s")
    assert event.data["flags"] == session.flags


def test_ended() -> None:
    """It ends with its last reading, and says that the server ended it."""
    session, event = ended_by_server(SESSION, NOW)
    assert session.status is SessionStatus.ENDED
    assert (session.ended_at, session.meter_stop_wh) == (SESSION.last_reading_at, 900.0)
    assert (session.stop_reason, session.power_w, session.energy_wh) == ("Other", None, 800.0)
    assert session.flags == ("unauthorized", "ended_by_server")
    assert (event.kind, event.at) == ("session.ended", SESSION.last_reading_at)
    assert event.data["energy_wh"] == 800.0


def test_ended_without_reading() -> None:
    """Without a reading it ends now, with whatever register is known."""
    bare = replace(SESSION, last_reading_at=None, meter_last_wh=None)
    session, _ = ended_by_server(bare, NOW)
    assert (session.ended_at, session.meter_stop_wh) == (NOW, None)


def test_never_ends_before_it_began() -> None:
    """A reading from before the start does not put the end there."""
    odd = replace(SESSION, last_reading_at=BEGUN - timedelta(days=1))
    session, _ = ended_by_server(odd, NOW)
    assert session.ended_at == BEGUN
