"""Times on the wire: read as leniently as stations write them, written as RFC 3339 in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from csms.adapter.notes import Notes, Rule
from csms.core.times import utc_text

FIRST_YEAR = 2000
LAST_YEAR = 2100
"""A clock that shows another year was never set."""

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
).fullmatch
_ALIKE = re.compile(
    r"(\d{4}-\d\d-\d\d)(T| +)(\d\d:\d\d)(?::(\d\d))?(?:[.,](\d+))? ?(Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
).fullmatch


def moment(text: str | None, path: str, notes: Notes) -> datetime:
    """The time that ``text`` tells, aware and in UTC; absent, unreadable or of a clock that was
    never set: the time of receipt.

    Raises `csms.adapter.faults.PayloadError` when strict and the text is not RFC 3339.
    """
    if text is None:
        return notes.now
    rules: tuple[Rule, ...] = ()
    if _RFC3339(text) is not None:
        at = _parsed(text)
    else:
        at, rules = _guessed(text)
    if at is None:
        rules = (Rule.BAD_TIMESTAMP,)
    elif not FIRST_YEAR <= at.year <= LAST_YEAR:
        at, rules = None, (*rules, Rule.UNSET_CLOCK)
    for rule in rules:
        notes.breach(rule, path, "must be an RFC 3339 time of this century", text)
    if at is None:
        return notes.now
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def told_moment(text: str | None, path: str, notes: Notes) -> datetime | None:
    """As `moment`, but None where that would be the time of receipt."""
    at = moment(text, path, notes)
    return None if at is notes.now else at


def asked_moment(text: str) -> datetime | None:
    """A time in a request of ours, aware; None when it is no RFC 3339 time of this century."""
    at = None if _RFC3339(text) is None else _parsed(text)
    if at is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        return None
    return at.astimezone(UTC)


def same(one: object, other: object) -> bool:
    """Whether two payloads are equal but for the spelling of times."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case str(), str() if one != other:
            at = asked_moment(one)
            return at is not None and at == asked_moment(other)
        case _:
            return one == other


def wire_time(at: datetime) -> str:
    """``at`` (aware) as ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    return utc_text(at)


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _odd_parsed(text)


def _odd_parsed(text: str) -> datetime | None:
    """RFC 3339 allows a lower-case zone and leap seconds, `datetime.fromisoformat` does not."""
    if text.endswith("z"):
        return _parsed(text.upper())
    if text[17:19] == "60":
        before = _parsed(f"{text[:17]}59{text[19:]}")
        return None if before is None else before + timedelta(seconds=1)
    return None


def _guessed(text: str) -> tuple[datetime | None, tuple[Rule, ...]]:
    inner = text.strip()
    bare = inner.strip("\"' ")
    rules: list[Rule] = [] if bare == inner else [Rule.QUOTED_TEXT]
    if rules and _RFC3339(bare) is not None:
        return _parsed(bare), tuple(rules)
    found = _ALIKE(bare.upper())
    if found is None:
        return None, ()
    day, gap, minute, second, fraction, zone = found.groups()
    at = _parsed(f"{day}T{minute}:{second or '00'}.{fraction or '0'}{zone or 'Z'}")
    if gap != "T":
        rules.append(Rule.TIMESTAMP_WITH_SPACE)
    if zone is None:
        rules.append(Rule.TIMESTAMP_WITHOUT_ZONE)
    elif zone != "Z" and ":" not in zone:
        rules.append(Rule.TIMESTAMP_SHORT_ZONE)
    return at, tuple(rules) or (Rule.TIMESTAMP_FORM,)
