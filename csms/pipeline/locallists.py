"""Sends stations the lists that are wanted of them, part by part.

Note on what drives it
----------------------
What is wanted and what a station holds stand beside each other in the database, and sending is
making them equal; whoever does it has claimed the list, so that of two requests (or two
processes) one sends.  Between two parts the answer of the station becomes durable, so a process
that is killed leaves a list that is right as far as it goes.  A job looks for lists that are not
as wanted and sends what is left.

After a station booted it is asked for the version of its list (1.6 §5.10, 2.x D02): if that is not
the one it confirmed, its content is unknown and it gets the whole list.

Tokens that come, change, are blocked or go make the lists that are made of them outdated; another
job makes those anew, many changes at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from csms.core.errors import Conflict, Invalid
from csms.core.locallists.parts import Part, parts_of, room
from csms.core.locallists.rules import VERSION_MISMATCH
from csms.core.locallists.vocabulary import (
    Difference,
    ListEntry,
    LocalList,
    ReadLocalListVersion,
    SendLocalList,
)
from csms.core.pages import Page, Query
from csms.core.ports import IOperations, ITasks
from csms.core.ports.locallists import IListLimits, ILocalLists, ILocalListsBook
from csms.core.values import Operation, OperationStatus, StationKey
from csms.pipeline.waiting import within

ASKED_BY = "csms:local-lists"
LEASE_S = 150.0
"""How long a claim holds after a part was begun: longer than a station may take to answer."""
LISTS = 20
"""Sent, asked for and made anew in one go at most, so that no fleet is flooded."""
ATTEMPTS = 3
"""How often a list is begun anew because the station refused a part of it."""


@implementer(ILocalLists)
@attrs.define(eq=False, kw_only=True)
class LocalLists:
    """`ILocalLists` over the book and the operations; ``answer_wait_s``: how long `sync` waits."""

    book: ILocalListsBook
    operations: IOperations
    limits: IListLimits
    tasks: ITasks
    clock: IReactorTime
    now: Callable[[], datetime]
    answer_wait_s: float = 10.0

    async def get(self, identity: str, operator_id: int) -> LocalList:
        """See `ILocalLists`."""
        return await self.book.get(identity, operator_id)

    async def entries(self, query: Query, identity: str, operator_id: int) -> Page[Difference]:
        """See `ILocalLists`."""
        return await self.book.entries(query, identity, operator_id)

    async def put(
        self, identity: str, operator_id: int, entries: Sequence[ListEntry] | None
    ) -> LocalList:
        """See `ILocalLists`."""
        known = await self.book.get(identity, operator_id)
        most = room(await self.limits.of_list(known.station_id))
        if entries is None:
            return await self.book.want_tokens(identity, operator_id, most, self.now())
        if len(entries) > most:
            raise Invalid(f"the list takes {most} tokens", field="entries")
        _check_once(entries, "entries")
        return await self.book.want(identity, operator_id, entries, self.now())

    async def patch(
        self, identity: str, operator_id: int, put: Sequence[ListEntry], remove: Sequence[str]
    ) -> LocalList:
        """See `ILocalLists`."""
        known = await self.book.get(identity, operator_id)
        _check_once(put, "put")
        most = room(await self.limits.of_list(known.station_id))
        return await self.book.change(identity, operator_id, put, remove, most, self.now())

    async def forget(self, identity: str, operator_id: int) -> None:
        """See `ILocalLists`."""
        await self.book.forget(identity, operator_id, self.now())

    async def sync(
        self,
        identity: str,
        operator_id: int,
        *,
        full: bool = False,
        requested_by: str | None = None,
    ) -> LocalList:
        """See `ILocalLists`."""
        known = await self.book.get(identity, operator_id)
        if known.mode is None:
            raise Conflict("nothing is wanted of this list", code="unmanaged")
        done: Deferred[None] = Deferred()
        self.tasks.spawn(
            self._told(self._send(known, full=full, by=requested_by, forced=True), done),
            "sending a local list",
            station=identity,
        )
        with suppress(TimeoutError):
            await within(self.clock, self.answer_wait_s, done)
        return await self.book.get(identity, operator_id)

    async def _told(self, work: Coroutine[Any, Any, None], done: Deferred[None]) -> None:
        """Do the work and tell whoever waits of its end."""
        try:
            await work
        except Exception:
            done.errback()
            raise
        done.callback(None)

    async def read(
        self, identity: str, operator_id: int, *, requested_by: str | None = None
    ) -> Operation:
        """See `ILocalLists`."""
        return await self.operations.submit(
            identity, operator_id, ReadLocalListVersion(), requested_by=requested_by
        )

    # -- after a boot, and as a job -------------------------------------------------------------

    async def booted(self, key: StationKey) -> None:
        """The station has booted and takes commands: see whether it still has its list, and send
        what is wanted if not.  Nothing happens where none is wanted."""
        known = await self.book.get(key.identity, key.operator_id)
        if known.mode is not None:
            await self.book.checked(known.station_id, self.now())
            await self._check(known)

    async def tend(self) -> int:
        """The job: check the lists of stations that booted, send what is due; how many."""
        done = 0
        for each in await self.book.unchecked(self.now(), LISTS):
            self._spawn(self._check(each), each)
            done += 1
        for each in await self.book.due(self.now(), LISTS):
            self._spawn(self._send(each, full=False, by=ASKED_BY, forced=False), each)
            done += 1
        return done

    async def renew(self) -> int:
        """The job, less often: make lists anew whose tokens have changed; how many."""
        outdated = await self.book.outdated(LISTS)
        for each in outdated:
            await self.put(each.identity, each.operator_id, None)
        return len(outdated)

    def _spawn(self, work: Coroutine[Any, Any, None], of: LocalList) -> None:
        self.tasks.spawn(work, "tending a local list", station=of.identity)

    async def _check(self, known: LocalList) -> None:
        await self.read(known.identity, known.operator_id, requested_by=ASKED_BY)
        await self._send(known, full=False, by=ASKED_BY, forced=False)

    # -- sending ----------------------------------------------------------------------------------

    async def _send(self, known: LocalList, *, full: bool, by: str | None, forced: bool) -> None:
        """Make the station's list what is wanted, as far as the station answers."""
        own = known.station_id
        if not await self.book.claim(own, self.now(), LEASE_S, forced=forced):
            return
        try:
            for _ in range(ATTEMPTS):
                refused = await self._send_once(known, full=full, by=by)
                if refused is None:
                    break
                if refused.full and refused.mismatch:
                    await self.read(known.identity, known.operator_id, requested_by=by)
                elif refused.full:
                    break
                full = True
        finally:
            await self.book.release(own)

    async def _send_once(self, known: LocalList, *, full: bool, by: str | None) -> Refused | None:
        """One go; what was refused, if anything was."""
        own = known.station_id
        limits = await self.limits.of_list(own)
        version, tokens = await self.book.differences(own)
        for part in parts_of(tokens, limits, full=full or _must_be_full(version, tokens)):
            operation = await self._send_part(known, part, by)
            match operation.status:
                case OperationStatus.ACCEPTED:
                    continue
                case OperationStatus.REJECTED:
                    mismatch = operation.detail == VERSION_MISMATCH
                    return Refused(full=part.full, mismatch=mismatch)
                case _:
                    return None  # the job goes on when it can
        return None

    async def _send_part(self, known: LocalList, part: Part, by: str | None) -> Operation:
        own = known.station_id
        command = SendLocalList(
            version=await self.book.number(own, self.now(), LEASE_S),
            full=part.full,
            entries=part.entries,
            removed=part.removed,
        )
        operation = await self.operations.submit(
            known.identity, known.operator_id, command, requested_by=by
        )
        await self.book.sent(own, operation.id)
        return operation


@attrs.frozen
class Refused:
    """A part that the station refused; ``mismatch``: because of its version."""

    full: bool
    mismatch: bool


def _must_be_full(version: int | None, tokens: Sequence[Difference]) -> bool:
    """A list of unknown content is replaced; an empty one is begun, if there is anything for it."""
    if version is None:
        return True
    return version == 0 and any(each.wanted is not None for each in tokens)


def _check_once(entries: Sequence[ListEntry], field: str) -> None:
    seen: set[str] = set()
    for place, entry in enumerate(entries):
        if entry.key in seen:
            raise Invalid("the same token again", field=f"{field}[{place}].id_token")
        seen.add(entry.key)
