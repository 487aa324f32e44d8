"""Reports that come in parts (OCPP 2.x: requestId, seqNo, tbc) and are put together here.

Parts come in any order, twice, long after they were asked for, or unasked; each is kept under
(station, kind, request, number).  A report is complete when one part said that it was the last and
every number up to it is there.  Parts without a number (the messages that have none) get the
next one, unless the very same content is there already.

A report without anything in it proves nothing: stations answer so what they cannot tell, too.

A complete report that is followed by a different part of a number it has is begun anew: the
station counts its requests from the start again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from csms.core.decisions import Ask, Write
from csms.core.happenings import fingerprint
from csms.core.values import StationKey

MAX_PARTS = 5_000
"""Parts of one report that are kept; what is beyond is acknowledged and left out."""


class AssemblyAsked(Ask, frozen=True, kw_only=True):
    """What there is of a report; answered with an `Assembly`, if anything."""

    kind: str
    ref: int


class Assembly(Struct, frozen=True, kw_only=True):
    """A report so far: the numbers of its parts, the digest of each, the number of the last."""

    parts: tuple[int, ...] = ()
    digests: tuple[int, ...] = ()
    last: int | None = None

    @property
    def complete(self) -> bool:
        """Whether every part is there, from 0 to the last."""
        # Numbers are a station's, so that nothing may be counted up to one.
        last = self.last
        return last is not None and sum(0 <= part <= last for part in self.parts) == last + 1

    def after(self, part: TakePart) -> Assembly:
        """With that part, which takes the place of one of the same number."""
        if part.anew:
            return Assembly(
                parts=(part.part,), digests=(part.digest,), last=part.part if part.last else None
            )
        kept = [each for each in zip(self.parts, self.digests, strict=True) if each[0] != part.part]
        kept.append((part.part, part.digest))
        return Assembly(
            parts=tuple(number for number, _ in kept),
            digests=tuple(digest for _, digest in kept),
            last=part.part if part.last else self.last,
        )

    @property
    def empty(self) -> bool:
        """Whether no part has anything in it."""
        return all(
            digest in _empty_parts(part)
            for part, digest in zip(self.parts, self.digests, strict=True)
        )


class TakePart(Write, frozen=True, kw_only=True):
    """A part of a report; ``anew``: what was there before is of another one."""

    station_id: int
    operator_id: int
    kind: str
    ref: int
    part: int
    digest: int
    last: bool
    complete: bool = False
    anew: bool = False
    items: Sequence[object]
    at: datetime


class Taken(Struct, frozen=True):
    """What taking a part came to.

    ``writes``: nothing when the part is known already; ``completed``: the report is complete with
    this part, and was not before; ``conclusive``: and there is something in it, so that what it
    leaves out is gone; ``known``: this very part came before.
    """

    writes: tuple[TakePart, ...]
    completed: bool
    conclusive: bool = False
    known: bool = False


def part_taken(
    key: StationKey,
    kind: str,
    ref: int,
    number: int | None,
    items: Sequence[object],
    now: datetime,
    before: Assembly | None,
    *,
    last: bool,
) -> Taken:
    """Take a part; ``before`` is the answer to `AssemblyAsked`, ``items`` plain JSON."""
    digest = fingerprint(number, last, items)
    had = before or Assembly()
    if digest in had.digests:
        return Taken((), completed=False, known=True)
    anew = had.complete
    if number is None:
        number = 0 if anew else max(had.parts, default=-1) + 1
    if len(had.parts) >= MAX_PARTS and not anew:
        return Taken((), completed=False)
    write = TakePart(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=kind,
        ref=ref,
        part=number,
        digest=digest,
        last=last,
        anew=anew,
        items=items,
        at=now,
    )
    after = had.after(write)
    return Taken(
        (replace(write, complete=after.complete),),
        completed=after.complete,
        conclusive=after.complete and not after.empty,
    )


def _empty_parts(number: int) -> frozenset[int]:
    """The digests that a part of that number has when there is nothing in it."""
    return frozenset(
        fingerprint(said, last, []) for said in (number, None) for last in (False, True)
    )
