"""Fields that many messages of 1.6 have."""

from __future__ import annotations

from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json

MAX_INT32 = 2**31 - 1


def spare_number(payload: Json, field: str, notes: Notes) -> int | None:
    """A number that the message can do without when it is beyond 32 bits."""
    number: int | None = payload.get(field)
    if number is None or -MAX_INT32 <= number <= MAX_INT32:
        return number
    notes.note(Rule.OUT_OF_RANGE, field, number)
    return None
