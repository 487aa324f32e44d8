"""Expected refusals, as one family that each face translates into its own wire codes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

_MAX_NAMED = 40


def among(words: Iterable[object]) -> str:
    """What there is to choose from, for a human: so many that a line can be read."""
    rest = iter(words)
    named = ", ".join(map(str, islice(rest, _MAX_NAMED)))
    more = sum(1 for _ in rest)
    return f"{named} and {more} more" if more else named


class Refusal(Exception):
    """Something that was asked for cannot be done, for a reason its asker should read.

    ``code`` is stable and machine-readable (snake_case), ``detail`` is one sentence for a
    human, ``field`` names the offending part of the input as a path (``connectors[0].kind``).
    """

    code = "refused"

    def __init__(self, detail: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        if code is not None:
            self.code = code


class NotFound(Refusal):
    """There is no such thing (or not for this caller)."""

    code = "not_found"


class Conflict(Refusal):
    """The thing is in a state that does not allow it."""

    code = "conflict"


class Invalid(Refusal):
    """The input breaks a rule; ``field`` says which part."""

    code = "invalid"


class Overloaded(Refusal):
    """A bound was reached; trying again later may work."""

    code = "overloaded"


class NoRoom(Refusal):
    """The disk is full, or does not work."""

    code = "no_room"


class Unavailable(Refusal):
    """The database (or another thing we stand on) is gone for now."""

    code = "unavailable"
