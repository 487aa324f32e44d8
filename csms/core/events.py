"""Facts of the domain, published after they are committed, in order per station."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

FREQUENT = frozenset(("session.charging_state", "session.meter"))
"""Kinds that come thick and fast; they are kept apart, so that who follows the others need not read
them."""


class Event(Struct, frozen=True, kw_only=True):
    """A fact.  ``kind`` is ``subject.verb``; ``data`` is plain JSON.

    Kinds: ``station.connected``, ``station.disconnected``, ``station.offline``,
    ``station.event``, ``station.password``, ``station.report``, ``variables.written``,
    ``monitoring.base``, ``stream.opened``, ``stream.closed``, ``stream.behind``,
    ``station.version``, ``station.deaf``, ``station.hearing``,
    ``station.answer_disputed``,
    ``station.booted``, ``station.firmware``, ``station.firmware_changed``,
    ``station.firmware_publication``, ``station.diagnostics``, ``station.log``, ``station.data``,
    ``station.security``, ``certificate.requested``, ``certificate.refused``,
    ``certificate.delivered``, ``certificate.installed``, ``certificate.deleted``,
    ``connector.status``, ``session.started``, ``session.meter``, ``session.ended``,
    ``session.flagged``, ``session.resumed``, ``operation.settled``, ``operation.expired``,
    ``reservation.accepted`` (and the other states), ``reservation.conflict``,
    ``local_list.confirmed``, ``local_list.failed``,
    ``charging.profile_set``, ``charging.profiles_cleared``, ``charging.limit``,
    ``charging.limit_cleared``, ``session.ev_needs``, ``session.ev_schedule``,
    ``session.priority``, ``station.der_control``, ``station.der_alarm``.
    """

    kind: str
    operator_id: int
    station_id: int
    identity: str
    at: datetime
    session_id: str | None = None
    data: dict[str, object] = field(default_factory=dict)
