"""Which answers of a station are no use to us, so that it should hear of it (2.1 Part 4 §4.2.5)."""

from __future__ import annotations

from datetime import datetime

from csms.adapter.dialect import Dialect, Fault, FaultKind
from csms.adapter.notes import Rule
from csms.core.commands import Command

_MOST_FIELDS = 16
"""No answer has more; what has is not looked at field by field."""
_BEYOND_READING = frozenset({Rule.BAD_NUMBER})


def complaint(
    dialect: Dialect, command: Command, payload: dict[str, object], now: datetime
) -> Fault | None:
    """What is wrong with the payload of a CALLRESULT to ``command``.

    None when nothing is, or nothing that kept us from reading it: an answer that counts must not
    be called an error.
    """
    fault = dialect.dispute(command, payload)
    if fault is None or _legible(dialect, command, payload, now):
        return None
    return fault


def _legible(dialect: Dialect, command: Command, payload: dict[str, object], now: datetime) -> bool:
    """Whether an answer that breaks its schema says what it has to say all the same."""
    if len(payload) <= _MOST_FIELDS:
        payload = {
            name: value
            for name, value in payload.items()
            if value is not None and _known(dialect, command, name)
        }
        if dialect.dispute(command, payload) is None:
            return True
        for name in payload:
            less = {other: value for other, value in payload.items() if other != name}
            if dialect.dispute(command, less) is None:
                return True
    rules = {rule for rule, _ in dialect.departures(command, payload, now)}
    # Where none is noted, the shape could not be mended at all.
    if not rules or rules & _BEYOND_READING:
        return False
    if Rule.UNKNOWN_VALUE in rules:
        return dialect.outcome(command, payload).status != "rejected"
    return True


def _known(dialect: Dialect, command: Command, name: str) -> bool:
    """Whether the schema has such a field: then it is no good as null, else not at all."""
    fault = dialect.dispute(command, {name: None})
    return fault is None or fault.kind is not FaultKind.FORMAT
