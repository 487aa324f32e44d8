"""Rules of sessions that run too long: nobody charges for half a day, a stop was lost.

Such a session is flagged and the station is asked to end it.  One that is open still when the
station had time to do so, or that nobody can be asked about, is ended with what is known of
it; a stop that comes after all settles it anew (`csms.core.sessions`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from msgspec.structs import replace

from csms.core.events import Event
from csms.core.flags import ADMINISTRATIVE, flagged
from csms.core.metering import without_jump
from csms.core.ports import Overtime
from csms.core.sessions import about
from csms.core.values import Session, SessionStatus

OVER_TIME = "over_time"
ASKED_BY = "server"
"""Who asked, in ``requested_by`` of the operation."""
GRACE = timedelta(minutes=10)
"""How long a station that was asked may take to end a session."""


class Next(Enum):
    """What to do about a session that runs too long."""

    ASK = "ask"
    WAIT = "wait"
    END = "end"


def next_step(overtime: Overtime, now: datetime) -> Next:
    """What to do now."""
    if not overtime.connected or overtime.transaction_ref is None:
        return Next.END
    if overtime.asked_at is None:
        return Next.ASK
    return Next.WAIT if now - overtime.asked_at < GRACE else Next.END


def run_over(session: Session, now: datetime) -> tuple[Session, Event]:
    """The open session marked as running too long, and the event that tells so."""
    suspect = replace(
        session,
        status=SessionStatus.SUSPECT,
        flags=flagged(session.flags, OVER_TIME),
        updated_at=now,
    )
    return suspect, about("session.flagged", suspect, now, flags=suspect.flags)


def ended_by_server(session: Session, now: datetime) -> tuple[Session, Event]:
    """The open session ended with its last reading (now, if there is none), and the event."""
    ended_at = max(session.started_at, session.last_reading_at or now)
    last = without_jump(session).meter_last_wh
    stop = session.meter_stop_wh if last is None else last
    ended = replace(
        session,
        status=SessionStatus.ENDED,
        ended_at=ended_at,
        meter_stop_wh=stop,
        power_w=None,
        stop_reason="Other",
        flags=flagged(session.flags, ADMINISTRATIVE),
        updated_at=now,
    )
    event = about(
        "session.ended",
        ended,
        ended_at,
        energy_wh=ended.energy_wh,
        meter_stop_wh=ended.meter_stop_wh,
        reason=ended.stop_reason,
        flags=ended.flags,
    )
    return ended, event
