"""What is written down beside a payload while it is read: departures from the standard."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from csms.adapter.faults import FaultKind, refuse
from csms.adapter.texts import mended, mended_json, storable
from csms.core.values import Strictness

MAX_EXAMPLE = 80
_MAX_QUOTE = 40


class Rule(StrEnum):
    """The names under which tolerated departures are counted; ``docs/quirks.rst`` has more."""

    NULL_PAYLOAD = "null_payload"
    NULL_FIELD = "null_field"
    MISSING_FIELD = "missing_field"
    EXTRA_FIELD = "extra_field"
    UNREADABLE_FIELD = "unreadable_field"
    NOT_AN_OBJECT = "not_an_object"
    NOT_A_LIST = "not_a_list"
    EMPTY_LIST = "empty_list"
    LONG_LIST = "long_list"
    NUMBER_FOR_TEXT = "number_for_text"
    TEXT_FOR_NUMBER = "text_for_number"
    NOT_A_BOOLEAN = "not_a_boolean"
    FRACTIONAL_NUMBER = "fractional_number"
    DECIMAL_COMMA = "decimal_comma"
    BAD_NUMBER = "bad_number"
    OUT_OF_RANGE = "out_of_range"
    PADDED_TEXT = "padded_text"
    QUOTED_TEXT = "quoted_text"
    TOO_LONG = "too_long"
    UNSTORABLE_TEXT = "unstorable_text"
    SPELLING = "spelling"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_ERROR_CODE = "unknown_error_code"
    UNKNOWN_REASON = "unknown_reason"
    UNKNOWN_MEASURAND = "unknown_measurand"
    UNKNOWN_UNIT = "unknown_unit"
    UNKNOWN_VALUE = "unknown_value"
    TIMESTAMP_WITHOUT_ZONE = "timestamp_without_zone"
    TIMESTAMP_SHORT_ZONE = "timestamp_short_zone"
    TIMESTAMP_WITH_SPACE = "timestamp_with_space"
    TIMESTAMP_FORM = "timestamp_form"
    UNSET_CLOCK = "unset_clock"
    BAD_TIMESTAMP = "bad_timestamp"
    DATA_NOT_TEXT = "data_not_text"
    METER_OF_STATION = "meter_of_station"
    METER_WITHOUT_TRANSACTION = "meter_without_transaction"
    NO_TRANSACTION_NUMBER = "no_transaction_number"


class Notes:
    """Notes on one payload.

    ``now`` stands in for times that cannot be read.  Of several departures of one rule the
    first is kept.  With strictness off nothing is written down, and nothing is cut to the
    length that the standard allows (``cuts``).
    """

    __slots__ = ("_left_out", "_quirks", "_silent", "_strict", "now")

    def __init__(self, now: datetime, strictness: Strictness) -> None:
        self.now = now
        self._strict = strictness is Strictness.STRICT
        self._silent = strictness is Strictness.OFF
        self._quirks: dict[str, str] | None = None
        self._left_out: set[str] | None = None

    @property
    def strict(self) -> bool:
        """Whether departures are refused."""
        return self._strict

    @property
    def cuts(self) -> bool:
        """Whether over-long text is cut."""
        return not self._silent

    def note(self, rule: Rule, path: str, value: object = None) -> None:
        """A departure at ``path``; ``value`` (what was sent) is left out where it is private."""
        if self._silent:
            return
        if self._quirks is None:
            self._quirks = {}
        if rule.value not in self._quirks:
            self._quirks[rule.value] = _example(path, value)

    def breach(self, rule: Rule, path: str, wants: str, value: object = None) -> None:
        """A departure that no schema sees: refused when strict (as a property fault, raising
        `csms.adapter.faults.PayloadError`), noted otherwise.  ``wants`` says what is expected."""
        if self._strict:
            refuse(FaultKind.PROPERTY, path, wants)
        self.note(rule, path, value)

    def leave_out(self, path: str) -> None:
        """What stood at ``path`` could not be mended, and the message can do without."""
        if self._left_out is None:
            self._left_out = set()
        self._left_out.add(path)
        self.note(Rule.UNREADABLE_FIELD, path)

    def lacks(self, paths: Collection[str]) -> bool:
        """Whether anything at those paths was left out."""
        return self._left_out is not None and not self._left_out.isdisjoint(paths)

    def text(self, value: str, path: str) -> str:
        """``value``, storable."""
        if storable(value):
            return value
        self.breach(Rule.UNSTORABLE_TEXT, path, "has characters that cannot be kept")
        return mended(value)

    def kept(self, value: object, path: str) -> object:
        """JSON of a station as it can be stored; strict refuses what cannot."""
        storable_value = mended_json(value)
        if storable_value != value:
            self.breach(Rule.UNSTORABLE_TEXT, path, "has values that cannot be kept")
        return storable_value

    def token(self, value: str, path: str) -> str:
        """A token, rid of the white space and the pair of quotation marks around it."""
        inner = value.strip()
        if inner != value:
            self.note(Rule.PADDED_TEXT, path)
        if len(inner) > len('""') and inner[0] == inner[-1] == '"':
            inner = inner[1:-1].strip()
            self.note(Rule.QUOTED_TEXT, path)
        return self.text(inner, path)

    def taken(self) -> tuple[tuple[str, str], ...]:
        """All notes: rule name and a short example."""
        return () if self._quirks is None else tuple(self._quirks.items())


def _example(path: str, value: object) -> str:
    match value:
        case None:
            text = path
        case str():
            text = f"{path}={value[:_MAX_QUOTE]}"
        case int() | float() if -1e18 < value < 1e18:
            text = f"{path}={value}"
        case _:
            text = f"{path}={type(value).__name__}"
    return mended(text[:MAX_EXAMPLE])
