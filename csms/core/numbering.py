"""Which events of a transaction have come: OCPP 2.x numbers them (seqNo).

Each event has the number after the one before it.  The first is 0 for most stations, and any
number for those that count on over all transactions of an EVSE (TC_E_53).  So all have come when
every integer from the start's number to the end's was seen, whatever was the order.

Note on numbers that cannot be trusted
--------------------------------------
Some stations number every event 0.  A number that was seen before is therefore no proof that an
event was; what else the event says decides:

- a start or an end with the number of the start or end that we have is that one again;
- an update with the number of another update, and not newer than the newest event, is that update
  again: stations repeat what they sent, not what they have yet to send.  What was told first
  holds;
- anything else is another event with a number that was taken.  From then on the numbers of this
  transaction mean nothing: every event is taken in for what it says (which is safe, since the
  rules change nothing when they hear the same twice), and nobody claims to know what is missing.

Losing the end of a session because of a wrong number would cost somebody money; hearing an
update twice costs nothing.
"""

from __future__ import annotations

from enum import Enum

from msgspec.structs import replace

from csms.core.reports import Stage, TransactionTold
from csms.core.values import Numbering

RUNS_LIMIT = 64
"""Runs of numbers that are told apart; the gap before the second lowest is given up beyond."""


class Place(Enum):
    """What the number of an event says about it."""

    NEW = "new"
    AGAIN = "again"
    ODD = "odd"
    """Another event has that number."""


def place_of(numbering: Numbering, report: TransactionTold) -> Place:
    """Whether an event was heard before; see the note above."""
    number = report.sequence_number
    if not numbering.trusted or not _includes(numbering.seen, number):
        return Place.NEW
    if report.stage is Stage.STARTED:
        again = number == numbering.first
    elif report.stage is Stage.ENDED:
        again = number == numbering.last
    else:
        fresh = report.told_at is None and report.at > numbering.newest_at
        again = not fresh and number not in (numbering.first, numbering.last)
    return Place.AGAIN if again else Place.ODD


def counted(numbering: Numbering, report: TransactionTold, place: Place) -> Numbering:
    """The numbers with that of an event, which is not heard again (``place``, see `place_of`)."""
    newest_at = max(numbering.newest_at, report.at)
    if not numbering.trusted or place is Place.ODD:
        return replace(numbering, trusted=False, seen=(), newest_at=newest_at)
    number, stage = report.sequence_number, report.stage
    starts = stage is Stage.STARTED and numbering.first is None
    ends = stage is Stage.ENDED and numbering.last is None
    seen, forgotten = _with(numbering.seen, number), numbering.forgotten
    if len(seen) > RUNS_LIMIT:
        (low, before), (after, high), *others = seen
        seen, forgotten = ((low, high), *others), forgotten + after - before - 1
    return replace(
        numbering,
        seen=seen,
        forgotten=forgotten,
        first=number if starts else numbering.first,
        last=number if ends else numbering.last,
        newest_at=newest_at,
    )


def missing(numbering: Numbering | None) -> int | None:
    """How many events did not come between the first and the last that did (or are known to have
    been the first and last); None: nobody can tell."""
    if numbering is None or not numbering.trusted:
        return None
    seen = numbering.seen
    low = seen[0][0] if numbering.first is None else numbering.first
    high = seen[-1][1] if numbering.last is None else numbering.last
    came = sum(max(0, min(end, high) - max(begin, low) + 1) for begin, end in seen)
    return max(0, high - low + 1 - came) + numbering.forgotten


def is_after_end(numbering: Numbering, report: TransactionTold) -> bool:
    """Whether an event came after the end of its transaction, and not only late."""
    last = numbering.last
    return numbering.trusted and last is not None and report.sequence_number > last


def is_newer(numbering: Numbering, detail: str, report: TransactionTold) -> bool:
    """Whether an event tells a detail later than the one it was last taken from."""
    known = numbering.as_of.get(detail)
    if known is None:
        return True
    number, at = known
    return report.sequence_number > number if numbering.trusted else report.at >= at


def told(numbering: Numbering, report: TransactionTold, *details: str) -> Numbering:
    """The numbers, with an event as the source of details."""
    source = (report.sequence_number, report.at)
    return replace(numbering, as_of={**numbering.as_of, **dict.fromkeys(details, source)})


def _includes(seen: tuple[tuple[int, int], ...], number: int) -> bool:
    return any(first <= number <= last for first, last in seen)


def _with(seen: tuple[tuple[int, int], ...], number: int) -> tuple[tuple[int, int], ...]:
    """The runs with a number that is in none of them."""
    if seen and seen[-1][1] == number - 1:
        return (*seen[:-1], (seen[-1][0], number))
    runs: list[tuple[int, int]] = []
    for first, last in sorted((*seen, (number, number))):
        if runs and runs[-1][1] == first - 1:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return tuple(runs)
