"""Facts that charging tells the world."""

from __future__ import annotations

from datetime import datetime

from csms.core.events import Event
from csms.core.values import StationKey


def event_of(
    key: StationKey, kind: str, now: datetime, session_id: str | None = None, **data: object
) -> Event:
    """A fact about a station, or a session there."""
    return Event(
        kind=kind,
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        at=now,
        session_id=session_id,
        data=data,
    )
