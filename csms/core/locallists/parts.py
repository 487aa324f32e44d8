"""What must be sent so that a station holds what is wanted, in parts that it can take.

A list that is too large for one message goes out as a full one with its beginning, followed by
changes that bring the rest (2.x D01.FR.11, and the same for 1.6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from csms.core.locallists.vocabulary import (
    MAX_ENTRIES,
    USUAL_KIND,
    Difference,
    Listed,
    ListEntry,
    ListLimits,
)
from csms.core.values import Token

USUAL_ITEMS = 100
"""Tokens in one message to a station that does not say how many it takes."""
_FRAME_BYTES = 256
_ENTRY_BYTES = 220
"""What a message and an entry cost beside their texts, at most."""


class Part(Struct, frozen=True, kw_only=True):
    """One message: the whole list or its beginning (``full``), or a change."""

    full: bool
    entries: tuple[ListEntry, ...] = ()
    removed: tuple[Listed, ...] = ()


def parts_of(tokens: Sequence[Difference], limits: ListLimits, *, full: bool) -> tuple[Part, ...]:
    """The messages to send, in order; none if a change would change nothing."""
    if full:
        wanted = [each.wanted for each in tokens if each.wanted is not None]
        chunks = list(_chunks(wanted, limits)) or [()]
        return tuple(
            Part(full=place == 0, entries=entries_of(chunk)) for place, chunk in enumerate(chunks)
        )
    changes: list[ListEntry | Listed] = []
    for each in tokens:
        if each.wanted is not None and each.wanted != each.held:
            changes.append(each.wanted)
        elif each.wanted is None and each.held is not None:
            changes.append(Listed(id_token=each.held.id_token, kind=each.held.kind))
    return tuple(
        Part(
            full=False,
            entries=entries_of(chunk),
            removed=tuple(each for each in chunk if isinstance(each, Listed)),
        )
        for chunk in _chunks(changes, limits)
    )


def entries_of(chunk: Iterable[ListEntry | Listed]) -> tuple[ListEntry, ...]:
    """Those that are put, not taken off."""
    return tuple(each for each in chunk if isinstance(each, ListEntry))


def _chunks(
    changes: Iterable[ListEntry | Listed], limits: ListLimits
) -> Iterator[tuple[ListEntry | Listed, ...]]:
    most = max(limits.items or USUAL_ITEMS, 1)
    chunk: list[ListEntry | Listed] = []
    size = _FRAME_BYTES
    for change in changes:
        cost = _cost(change)
        over = limits.size_bytes is not None and size + cost > limits.size_bytes
        if chunk and (over or len(chunk) >= most):
            yield tuple(chunk)
            chunk, size = [], _FRAME_BYTES
        chunk.append(change)
        size += cost
    if chunk:
        yield tuple(chunk)


def _cost(change: ListEntry | Listed) -> int:
    """Bytes on the wire, rather too many (JSON may spell a character in six bytes)."""
    group = change.group_id if isinstance(change, ListEntry) else None
    text = change.id_token + change.kind + (group or "")
    return _ENTRY_BYTES + (len(text) if text.isascii() else 6 * len(text))


def room(limits: ListLimits) -> int:
    """How many tokens a station's list may have."""
    return MAX_ENTRIES if limits.entries is None else min(max(limits.entries, 0), MAX_ENTRIES)


def entry_of(token: Token) -> ListEntry:
    """A driver's token as an entry of a list."""
    return ListEntry(
        id_token=token.id_token,
        kind=token.kind or USUAL_KIND,
        group_id=token.group_id,
        expires_at=token.expires_at,
    )
