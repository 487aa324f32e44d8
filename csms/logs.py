"""Log events as lines of text: JSON for machines, or columns for whoever watches a terminal.

What stations and callers send ends up in log lines, so values are bounded and control
characters never reach a line raw.  Nothing here raises: a line that cannot be made says so.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Protocol

from attrs import define, field
from msgspec import Struct
from twisted.logger import ILogObserver, LogEvent, formatEvent
from twisted.python.failure import Failure
from zope.interface import implementer

OWN_NAMESPACES = ("csms", "stdout", "stderr")
"""Namespaces that log from the chosen level on; libraries do from ``warn`` on."""

_LEADING = ("time", "level", "namespace", "message", "station", "session")
_LEGACY = frozenset({"message", "time", "system", "isError", "why", "failure", "format"})
_FACTORIES = ("Starting factory {factory!r}", "Stopping factory {factory!r}")
_LONGEST_TEXT = 2_000
_LONGEST_MESSAGE = 8_000
_LONGEST_TRACEBACK = 16_000
_MOST_ITEMS = 50
_DEEPEST = 4
_LARGEST_BITS = 64
# Controls, line separators, what is invisible or turns text around, lone surrogates.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_RANKS = {"debug": 0, "info": 1, "warn": 2, "error": 3, "critical": 4}
_COLORS = {"debug": "2", "info": "32", "warn": "33", "error": "31", "critical": "1;31"}

_UNWRITABLE = {
    "log_namespace": __name__,
    "log_format": "A log event that cannot be written: {kind}",
}

Render = Callable[[LogEvent], str]


class Sink(Protocol):
    """Where lines go: a binary stream, or Twisted's rotating log file."""

    def write(self, data: bytes, /) -> object:
        """Take bytes."""

    def flush(self) -> object:
        """Let go of what was taken."""


@implementer(ILogObserver)
@define
class LineObserver:
    """Writes each event that matters as one line (a console traceback takes several)."""

    _sink: Sink
    _render: Render
    _threshold: Threshold

    def __call__(self, event: LogEvent) -> None:
        """Write the event.  A sink that fails is left alone: nobody is there to be told."""
        if not self._threshold.passes(event):
            return
        try:
            line = self._render(event)
        except Exception as error:  # noqa: BLE001  # an event holds anything, also broken reprs
            kind = type(error).__name__
            line = self._render({**_UNWRITABLE, "kind": kind, "log_time": event.get("log_time")})
        try:
            self._sink.write(line.encode("utf-8", "backslashreplace") + b"\n")
            self._sink.flush()
        except (OSError, ValueError):
            return


@define
class Threshold:
    """Which events are worth a line, by namespace and level; the longest namespace counts."""

    _levels: Mapping[str, int]
    _known: dict[str, int] = field(init=False, factory=dict)

    @classmethod
    def of(cls, level: str, exceptions: Iterable[str] = ()) -> Threshold:
        """From a level name and exceptions like ``csms.gateway=debug``."""
        least = _RANKS[level]
        others = least and max(least, _RANKS["warn"])
        pairs = (exception.split("=", 1) for exception in exceptions)
        return cls(
            {"": others}
            | dict.fromkeys(OWN_NAMESPACES, least)
            | {namespace: _RANKS[name] for namespace, name in pairs}
        )

    def passes(self, event: LogEvent) -> bool:
        """Whether the event reaches the level of its namespace."""
        namespace = str(event.get("log_namespace"))
        least = self._known.get(namespace)
        if least is None:
            least = self._known[namespace] = self._find(namespace)
        return (0 if _is_noise(event) else _RANKS.get(_level(event), 1)) >= least

    def _find(self, namespace: str) -> int:
        while namespace not in self._levels:
            namespace = namespace.rpartition(".")[0]
        return self._levels[namespace]


def json_line(event: LogEvent) -> str:
    """The event as a JSON object: ``time`` (UTC), ``level``, ``namespace``, ``message``,
    ``station`` and ``session`` (null when there is none), its other fields, ``traceback``."""
    record: dict[str, object] = {
        "time": _time(event),
        "level": _level(event),
        "namespace": event.get("log_namespace"),
        "message": _message(event)[:_LONGEST_MESSAGE],
        "station": _plain(event.get("station")),
        "session": _plain(event.get("session")),
    }
    record |= _fields(event)
    if (failure := _failure(event)) is not None:
        record["traceback"] = _traceback(failure)
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _HARMFUL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def console_line(event: LogEvent, *, color: bool = False) -> str:
    """The event for a terminal: time, level, namespace, message, fields it did not mention."""
    told = event.get("log_format") or ""
    named = {name: _plain(event.get(name)) for name in ("station", "session")} | _fields(event)
    rest = "".join(
        f" {name}={value if _is_word(value) else json.dumps(value, ensure_ascii=False)}"
        for name, value in named.items()
        if value is not None and not re.search(rf"\{{{re.escape(name)}\b", told)
    )
    level = _level(event)
    word = f"{level:8}"
    if color:
        word = f"\x1b[{_COLORS.get(level, '0')}m{word}\x1b[0m"
    namespace = _visible(str(event.get("log_namespace") or "-"))
    message = _visible(_message(event)[:_LONGEST_MESSAGE] + rest)
    line = f"{_time(event)} {word} {namespace}: {message}"
    if (failure := _failure(event)) is not None:
        line += "".join(f"\n    {_visible(part)}" for part in _traceback(failure).splitlines())
    return line


def colored_console_line(event: LogEvent) -> str:
    """`console_line` for a terminal that shows colors."""
    return console_line(event, color=True)


def _is_noise(event: LogEvent) -> bool:
    """Whether Twisted makes more of something than it is.

    That a factory starts is of no interest, whoever's factory it is.  That a descriptor is
    negative is no error: txpostgres closes that of a lost connection before the reactor lets go
    of it, and the pool notices and reports the loss.
    """
    failure = event.get("failure")
    return event.get("log_format") in _FACTORIES or (
        isinstance(failure, Failure)
        and failure.check(ValueError) is not None
        and "file descriptor cannot be a negative integer" in str(failure.value)
    )


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and value != "" and " " not in value


def _level(event: LogEvent) -> str:
    return getattr(event.get("log_level"), "name", "info")


def _time(event: LogEvent) -> str:
    moment = datetime.fromtimestamp(event.get("log_time") or 0.0, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(event: LogEvent) -> str:
    if isinstance(event.get("failure"), Failure):
        # The old interface writes the traceback into the text, where it would stand twice.
        return str(event.get("why") or "Unhandled Error")
    failure = event.get("log_failure")
    return formatEvent(event) or ("" if failure is None else failure.getErrorMessage())


def _failure(event: LogEvent) -> Failure | None:
    failure = event.get("log_failure", event.get("failure"))
    return failure if isinstance(failure, Failure) else None


def _traceback(failure: Failure) -> str:
    text = failure.getTraceback()
    return text if len(text) <= _LONGEST_TRACEBACK else "..." + text[-_LONGEST_TRACEBACK:]


def _fields(event: LogEvent) -> dict[str, object]:
    """The event's own fields; those that would hide a leading one get a trailing underscore."""
    legacy = _LEGACY if "isError" in event else frozenset()
    fields: dict[str, object] = {}
    for name, value in event.items():
        if name.startswith("log_") or name in legacy or name in ("station", "session"):
            continue
        if len(fields) == _MOST_ITEMS:
            break
        taken = name in _LEADING or name == "traceback"
        fields[name + "_" if taken else name] = _plain(value)
    return fields


def _plain(value: object, depth: int = 0) -> object:
    """The value in JSON's types, bounded in every direction."""
    match value:
        case None | bool():
            return value
        case Enum():
            return _plain(value.value, depth)
        case int():
            return int(value) if value.bit_length() <= _LARGEST_BITS else _cut(hex(value))
        case float():
            return value if math.isfinite(value) else str(value)
        case str():
            return _cut(value)
        case bytes():
            return _cut(value[:_LONGEST_TEXT].decode("utf-8", "backslashreplace"))
        case date():
            return value.isoformat().replace("+00:00", "Z")
        case Struct():
            # Records may hold secrets: a name has to do.
            name = getattr(value, "identity", None) or getattr(value, "id", None)
            return _plain(name if isinstance(name, str | int) else type(value).__name__)
        case Mapping() if depth < _DEEPEST:
            pairs = [pair for pair, _ in zip(value.items(), range(_MOST_ITEMS), strict=False)]
            return {_cut(str(key)): _plain(item, depth + 1) for key, item in pairs}
        case list() | tuple() | set() | frozenset() if depth < _DEEPEST:
            items = [item for item, _ in zip(value, range(_MOST_ITEMS), strict=False)]
            return [_plain(item, depth + 1) for item in items]
        case Failure():
            return _cut(value.getErrorMessage())
        case Mapping() | list() | tuple() | set() | frozenset():
            return "..."
        case _:
            return _text_of(value)


def _text_of(value: object) -> str:
    try:
        return _cut(str(value))
    except Exception:  # noqa: BLE001  # whatever a broken __str__ raises
        return f"<{type(value).__name__}>"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."


def _visible(text: str) -> str:
    """The text with all that does not print spelled out, so that it is one harmless line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
