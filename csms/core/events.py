"""Facts of the domain, published after they are committed, in order per station."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field


class Event(Struct, frozen=True, kw_only=True):
    """A fact.  ``kind`` is ``subject.verb``; ``data`` is plain JSON.

    Kinds: ``station.connected``, ``station.disconnected``, ``station.offline``,
    ``station.booted``, ``station.firmware``, ``station.diagnostics``, ``station.data``,
    ``connector.status``, ``session.started``, ``session.meter``, ``session.ended``,
    ``session.flagged``, ``operation.settled``, ``operation.expired``.
    """

    kind: str
    operator_id: int
    station_id: int
    identity: str
    at: datetime
    session_id: str | None = None
    data: dict[str, object] = field(default_factory=dict)
