"""What happened at stations, kept as a list that only grows: security events, alarms, swaps ..."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Final, Literal

import msgspec
from msgspec import Struct

from csms.core.decisions import Write

_encode = msgspec.json.Encoder(order="deterministic").encode


HappeningKind = Literal[
    "allowed_energy_transfer",
    "answer_disputed",
    "battery_swap",
    "certificate_status",
    "contract",
    "contract_certificate",
    "data_transfer",
    "deaf",
    "der_alarm",
    "der_control",
    "ev_charging_needs",
    "ev_charging_schedule",
    "events_dropped",
    "hearing",
    "monitor",
    "priority_charging",
    "security",
    "settlement",
    "vat_validation",
    "version",
]
"""What there is; more than this nobody keeps."""

DROPPED: Final = "events_dropped"
"""Kind of the note that a station said more than is kept of a day: what ``kind`` of thing, and
the ``limit``, in its content."""


class Happening(Struct, frozen=True, kw_only=True):
    """Something that happened at a station; ``content`` is free of any OCPP version."""

    id: int
    identity: str
    kind: str
    """``security``, ``monitor``, ``battery_swap`` ... as its area says."""
    at: datetime
    """By the station's clock, where it told the time."""
    received_at: datetime
    evse_id: int | None = None
    connector_id: int | None = None
    severity: int | None = None
    """0 (danger) to 9 (debug), as OCPP 2.x counts; None where nobody judged."""
    session_id: str | None = None
    content: dict[str, object]


class Happened(Write, frozen=True, kw_only=True):
    """Something happened; told again (same station, kind, time and ``fingerprint``) it is kept
    once."""

    station_id: int
    operator_id: int
    kind: HappeningKind
    at: datetime
    received_at: datetime
    evse_id: int | None = None
    connector_id: int | None = None
    severity: int | None = None
    session_id: str | None = None
    content: dict[str, object]
    fingerprint: int


def fingerprint(*parts: object) -> int:
    """A signed 64-bit digest by which a repetition is recognised; ``parts`` are plain JSON."""
    digest = blake2b(_encode(parts), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
