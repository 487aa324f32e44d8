"""Rules of statuses nobody took back: an EVSE is shown in use, though no session runs there.

Some chargers never send the StatusNotification that follows the end of a session, which OCPP 1.6
§4.9 asks for.  What the truth is, only the station knows; it is asked (§5.17).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from csms.core.ports import StaleStatus
from csms.core.values import ConnectorStatus

IN_USE = (
    ConnectorStatus.CHARGING,
    ConnectorStatus.SUSPENDED_EV,
    ConnectorStatus.SUSPENDED_EVSE,
)
"""Statuses that an EVSE has during a session only."""
DOUBLINGS = 6
"""How often the time until a station is asked again doubles at most."""


class Asked(Struct, frozen=True, kw_only=True):
    """When a station was last asked about an EVSE, and what was known then."""

    status_at: datetime
    session_id: str | None
    at: datetime
    times: int
    """In a row, without a new session between them."""


def question(
    stale: StaleStatus, before: Asked | None, now: datetime, patience_s: float
) -> Asked | None:
    """What to remember when the station is to be asked now; None when it is not.

    About one status a station is asked once, whatever it answers.  One that says the same anew
    is believed for ``patience_s``, doubled each time, until the EVSE has another session.
    """
    times = 0
    if before is not None:
        if before.status_at == stale.status_at:
            return None
        if before.session_id == stale.session_id:
            times = before.times
            believed = timedelta(seconds=patience_s * 2 ** min(times, DOUBLINGS))
            if now - before.at < believed:
                return None
    return Asked(status_at=stale.status_at, session_id=stale.session_id, at=now, times=times + 1)
