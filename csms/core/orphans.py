"""Rules of orphans: transactions that a station speaks of and whose start never reached us.

OCPP 1.6 has it send transactionId -1 when StartTransaction could not be delivered (errata
3.18), some send 0, and after a change of central system it sends ids we never gave.  Such
messages are always answered as if valid.  What can only be of a session we know is its own
(`csms.core.continuing`); the rest is kept in an *orphan* session (flag `ORPHAN`): by its id when
that is one, else one per EVSE until it is stopped, or until a newer session begins there.

A stop tells no EVSE, so it belongs to the orphan whose register it continues, and is an orphan
of its own where it continues none.  A start that arrives late adopts the orphan that can be its
own; one that never does stays for a human.  In doubt two orphans are better than one with the
energy of two drivers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from csms.core.flags import (
    ADMINISTRATIVE,
    ADOPTED,
    ORPHAN,
    START_UNKNOWN,
    STOP_MISSING,
    flagged,
    unflagged,
)
from csms.core.metering import plausible
from csms.core.reports import SessionStarted, SessionStopped
from csms.core.values import Session, SessionStatus, StationKey

NO_NUMBER = ("0", "-1")
"""1.6 transaction ids that mean: the start was never answered."""

LONGEST = timedelta(hours=24)
"""Between a start and the first that was heard of the session."""
CLOCKS_DIFFER = timedelta(minutes=5)


def new_orphan(
    key: StationKey, session_id: str, ref: str | None, evse_id: int, at: datetime, now: datetime
) -> Session:
    """An orphan of which nothing is known but that somebody spoke of it.

    One that has an id is the only one of that id, whoever hears of it at the same moment.
    """
    return Session(
        id=session_id,
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        evse_id=evse_id,
        transaction_ref=ref,
        start_key=None if ref is None else f"ref:{ref}",
        started_at=at,
        flags=(ORPHAN,),
        created_at=now,
        updated_at=now,
    )


def orphan_metered(orphans: Iterable[Session], evse_id: int) -> Session | None:
    """The orphan that values without an id on that EVSE belong to: the newest still running."""
    running = [
        orphan
        for orphan in orphans
        if orphan.status is not SessionStatus.ENDED
        and orphan.evse_id == evse_id
        and STOP_MISSING not in orphan.flags
    ]
    return max(running, key=_started_at, default=None)


def orphan_stopped_before(orphans: Iterable[Session], report: SessionStopped) -> Session | None:
    """The orphan that this very stop without an id, sent before, has ended."""
    return next((each for each in orphans if _is_over(each) and _same_stop(each, report)), None)


def orphan_stopped(orphans: Iterable[Session], report: SessionStopped) -> Session | None:
    """The orphan that a stop without an id ends."""
    open_orphans = [
        orphan
        for orphan in orphans
        if not _is_over(orphan) and orphan.started_at <= report.at and _continues(orphan, report)
    ]
    if report.meter_wh:
        return max(open_orphans, key=_register, default=None)
    return max(open_orphans, key=_started_at, default=None)


def _is_over(orphan: Session) -> bool:
    return orphan.status is SessionStatus.ENDED and ADMINISTRATIVE not in orphan.flags


def _same_stop(orphan: Session, report: SessionStopped) -> bool:
    """Whether that orphan was ended by this very stop, sent before."""
    told = not report.meter_wh or orphan.meter_stop_wh == report.meter_wh
    return orphan.ended_at == report.at and told


def _continues(orphan: Session, report: SessionStopped) -> bool:
    """Whether the register of the stop can be that of the orphan, later on."""
    last = orphan.meter_last_wh
    if last is None or not report.meter_wh:
        return True
    during = report.at - (orphan.last_reading_at or orphan.started_at)
    return last <= report.meter_wh and plausible(report.meter_wh - last, during)


def _register(orphan: Session) -> float:
    # Of those below the stop the highest is the nearest.
    return -1.0 if orphan.meter_last_wh is None else orphan.meter_last_wh


def _started_at(orphan: Session) -> datetime:
    return orphan.started_at


def orphan_started(orphans: Sequence[Session], report: SessionStarted) -> Session | None:
    """The orphan whose start this is: of the same EVSE (or of an unknown one), heard of after the
    start, and with a register that a charger can have reached since."""
    fitting = [
        orphan
        for orphan in orphans
        if orphan.evse_id in (report.evse_id, 0)
        and report.at <= orphan.started_at <= report.at + LONGEST
        and report.at <= orphan.created_at + CLOCKS_DIFFER
        and _reached_from(report.meter_wh, orphan, orphan.started_at - report.at)
    ]
    return min(fitting, key=_started_at, default=None)


def _reached_from(meter_wh: float | None, orphan: Session, during: timedelta) -> bool:
    first = orphan.meter_start_wh
    return (
        meter_wh is None
        or first is None
        or (first >= meter_wh and plausible(first - meter_wh, during))
    )


def adopt(session: Session, orphan: Session) -> Session:
    """The orphan with the start it was missing; its register now counts from the start."""
    start, first = session.meter_start_wh, orphan.meter_start_wh
    energy = orphan.energy_wh
    flags = unflagged(orphan.flags, ORPHAN)
    if start is None:
        start = first
    else:
        flags = unflagged(flags, START_UNKNOWN)
        if first is not None:
            energy += first - start
    return replace(
        session,
        id=orphan.id,
        status=orphan.status,
        ended_at=orphan.ended_at,
        meter_start_wh=start,
        meter_stop_wh=orphan.meter_stop_wh,
        meter_last_wh=start if orphan.meter_last_wh is None else orphan.meter_last_wh,
        energy_wh=round(energy, 3),
        reset_register_wh=orphan.reset_register_wh,
        reset_energy_wh=orphan.reset_energy_wh,
        power_w=orphan.power_w,
        soc_percent=orphan.soc_percent,
        last_reading_at=orphan.last_reading_at,
        stop_reason=orphan.stop_reason,
        stop_id_token=orphan.stop_id_token,
        flags=flagged(flags, ADOPTED, *session.flags),
        version=orphan.version,
        created_at=orphan.created_at,
    )
