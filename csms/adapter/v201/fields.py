"""Fields that many messages of 2.x have."""

from __future__ import annotations

from csms.adapter.faults import FaultKind, refuse
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json

MAX_INT32 = 2**31 - 1
MAX_INT64 = 2**63 - 1
NO_AUTHORIZATION = "NoAuthorization"


def place(number: int, path: str) -> int:
    """The number of an EVSE or connector; 0 is the station itself."""
    if not 0 <= number <= MAX_INT32:
        refuse(FaultKind.PROPERTY, path, "is no number of an EVSE or connector")
    return number


def spare_number(payload: Json, field: str, notes: Notes, *, least: int = -MAX_INT32) -> int | None:
    """A number that the message can do without when it is beyond 32 bits."""
    number: int | None = payload.get(field)
    if number is None or least <= number <= MAX_INT32:
        return number
    notes.note(Rule.OUT_OF_RANGE, field, number)
    return None


def spare_text(payload: Json, field: str, notes: Notes) -> str | None:
    """Text that may be absent; empty text counts as absent."""
    text = payload.get(field)
    return notes.text(text, field) if text else None


def status_detail(payload: Json, notes: Notes) -> str | None:
    """The statusInfo of a message in one text: reason code, and what else it says."""
    info = payload.get("statusInfo") or {}
    told = [info[name] for name in ("reasonCode", "additionalInfo") if info.get(name)]
    return notes.text(": ".join(told), "statusInfo") if told else None


def token(of: Json, notes: Notes) -> tuple[str, str | None]:
    """An IdTokenType: the token and its kind."""
    return notes.token(of["idToken"], "idToken"), notes.text(of["type"], "idToken.type") or None
