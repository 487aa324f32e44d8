"""Times on the wire: read as leniently as stations write them, written as RFC 3339 in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from csms.adapter.notes import Notes, Rule

FIRST_YEAR = 2000
LAST_YEAR = 2100
"""A clock that shows another year was never set."""

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
).fullmatch
_ALIKE = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T| +)(\d\d:\d\d)(?::(\d\d))?(?:[.,](\d+))? ?(Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
).fullmatch


def moment(text: str | None, path: str, notes: Notes) -> datetime:
    """The time that ``text`` tells, aware and in UTC; absent or unreadable: the time of receipt.

    Raises `csms.adapter.faults.PayloadError` when strict and the text is not RFC 3339.
    """
    if text is None:
        return notes.now
    if _RFC3339(text) is not None:
        at = _parsed(text)
        if at is not None:
            return at
        rule = Rule.BAD_TIMESTAMP
    else:
        at, rule = _guessed(text)
    notes.breach(rule, path, "must be an RFC 3339 time of this century", text)
    return notes.now if at is None else at


def wire_time(at: datetime) -> str:
    """``at`` (aware) as ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _parsed(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return _odd_parsed(text)
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        return None
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def _odd_parsed(text: str) -> datetime | None:
    """RFC 3339 allows a lower-case zone and leap seconds, `datetime.fromisoformat` does not."""
    if text.endswith("z"):
        return _parsed(text.upper())
    if text[17:19] == "60":
        before = _parsed(f"{text[:17]}59{text[19:]}")
        return None if before is None else before + timedelta(seconds=1)
    return None


def _guessed(text: str) -> tuple[datetime | None, Rule]:
    found = _ALIKE(text.strip().upper())
    if found is None:
        return None, Rule.BAD_TIMESTAMP
    day, minute, second, fraction, zone = found.groups()
    at = _parsed(f"{day}T{minute}:{second or '00'}.{fraction or '0'}{zone or 'Z'}")
    if at is None:
        return None, Rule.BAD_TIMESTAMP
    return at, Rule.TIMESTAMP_FORM if zone else Rule.TIMESTAMP_WITHOUT_ZONE
