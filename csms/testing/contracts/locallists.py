"""The contract of `csms.core.ports.ILocalListsBook`."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from zope.interface.verify import verifyObject

from csms.core.commands import Outcome
from csms.core.decisions import Write
from csms.core.errors import Conflict, Invalid, NotFound
from csms.core.locallists.vocabulary import (
    ConfirmList,
    Difference,
    DoubtList,
    KeyedEntry,
    ListEntry,
    ListMode,
    ListStatus,
    LocalList,
    TellListVersion,
)
from csms.core.pages import Query
from csms.core.ports import ILocalListsBook, IOperationsBook, ITokens
from csms.core.values import Operation, OperationStatus, Token
from csms.testing.waiting import waits

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS, THEIRS = 1, 2
A, B, C = (ListEntry(id_token=name) for name in "ABC")
OPERATION = "00000000-0000-7000-8000-000000000001"


class ListsBench(Protocol):
    """An empty book, beside those of tokens and operations; operators 1 and 2 exist."""

    book: ILocalListsBook
    tokens: ITokens
    operations: IOperationsBook

    def station(self, identity: str, operator_id: int = OURS, **fields: object) -> Awaitable[int]:
        """A new station, with ``connected``, ``registration`` and ``booted_at`` as wanted
        (connected and accepted unless given); its id."""

    def write(self, write: Write) -> Awaitable[None]:
        """What the answer of a station leads to."""


def confirmed(station_id: int, version: int, *entries: ListEntry, **fields: Any) -> ConfirmList:
    """The station took a full list, unless the fields say otherwise."""
    plain: dict[str, Any] = {
        "station_id": station_id,
        "operator_id": OURS,
        "version": version,
        "full": True,
        "sure": True,
        "entries": tuple(KeyedEntry(each.key, each) for each in entries),
        "removed": (),
        "at": AT,
    }
    return ConfirmList(**{**plain, **fields})


def doubted(station_id: int, state: str = "idle", *, unsure: bool = True) -> DoubtList:
    """The station refused."""
    return DoubtList(
        station_id=station_id,
        operator_id=OURS,
        state=state,
        unsure=unsure,
        detail="why",
        at=AT,
    )


def told(station_id: int, version: int) -> TellListVersion:
    """The station said which version it has."""
    return TellListVersion(station_id=station_id, operator_id=OURS, version=version, at=AT)


async def tokens_of(bench: ListsBench, station_id: int) -> list[Difference]:
    """What is wanted and held."""
    _, found = await bench.book.differences(station_id)
    return list(found)


def names(lists: Any) -> list[str]:
    """The stations of lists."""
    return sorted(each.identity for each in lists)


class LocalListsContract:
    """Mixed into a test class that has a fixture ``bench``."""

    def test_provides(self, bench: ListsBench) -> None:
        """It provides the port, with the signatures that the port has."""
        assert verifyObject(ILocalListsBook, bench.book)

    @waits
    async def test_unmanaged(self, bench: ListsBench) -> None:
        """Of a list that nobody ever spoke of, nothing is wanted and nothing is known."""
        number = await bench.station("cp-1")
        assert await bench.book.get("cp-1", OURS) == LocalList(
            station_id=number, operator_id=OURS, identity="cp-1"
        )
        assert await bench.book.differences(number) == (None, [])
        assert not await bench.book.claim(number, AT, 60, forced=True)
        assert (await bench.book.entries(Query(), "cp-1", OURS)).items == ()

    @waits
    async def test_others(self, bench: ListsBench) -> None:
        """A station of another operator is none."""
        await bench.station("cp-1", THEIRS)
        book = bench.book
        for call in (
            book.get("cp-1", OURS),
            book.entries(Query(), "cp-1", OURS),
            book.want("cp-1", OURS, [A], AT),
            book.want_tokens("cp-1", OURS, 10, AT),
            book.change("cp-1", OURS, [A], [], 10, AT),
            book.forget("cp-1", OURS, AT),
        ):
            with pytest.raises(NotFound):
                await call

    @waits
    async def test_want(self, bench: ListsBench) -> None:
        """What is wanted replaces what was wanted."""
        number = await bench.station("cp-1")
        known = await bench.book.want("cp-1", OURS, [A, B], AT)
        assert (known.mode, known.status, known.entries, known.differing) == (
            ListMode.MANUAL,
            ListStatus.STALE,
            2,
            2,
        )
        await bench.book.want("cp-1", OURS, [C, B], AT)
        assert await tokens_of(bench, number) == [Difference(wanted=B), Difference(wanted=C)]

    @waits
    async def test_confirmed(self, bench: ListsBench) -> None:
        """What the station took it holds; when that is what is wanted, the list is synced."""
        number = await bench.station("cp-1")
        await bench.book.want("cp-1", OURS, [A, B], AT)
        await bench.write(confirmed(number, 3, A))
        known = await bench.book.get("cp-1", OURS)
        assert (known.status, known.confirmed_version, known.differing, known.last_version) == (
            ListStatus.STALE,
            3,
            1,
            3,
        )
        await bench.write(confirmed(number, 4, B, full=False))
        known = await bench.book.get("cp-1", OURS)
        assert (known.status, known.confirmed_version, known.differing, known.confirmed_at) == (
            ListStatus.SYNCED,
            4,
            0,
            AT,
        )
        assert await tokens_of(bench, number) == [
            Difference(wanted=A, held=A),
            Difference(wanted=B, held=B),
        ]

    @waits
    async def test_full_list_replaces(self, bench: ListsBench) -> None:
        """A full list is all that the station holds then, also if nothing of it is wanted."""
        number = await bench.station("cp-1")
        await bench.write(confirmed(number, 3, A, B))
        await bench.book.want("cp-1", OURS, [B], AT)
        await bench.write(confirmed(number, 4, C))
        assert await tokens_of(bench, number) == [Difference(wanted=B), Difference(held=C)]

    @waits
    async def test_change_takes_off(self, bench: ListsBench) -> None:
        """What a change took off is not held any more, and gone if it is not wanted."""
        number = await bench.station("cp-1")
        await bench.write(confirmed(number, 3, A, B))
        await bench.book.want("cp-1", OURS, [B], AT)
        await bench.write(
            confirmed(number, 4, C, full=False, removed=(A.key, B.key, "Local:NOBODY"))
        )
        assert await tokens_of(bench, number) == [Difference(wanted=B), Difference(held=C)]

    @waits
    async def test_change_of_what_is_not_known(self, bench: ListsBench) -> None:
        """A change of a list that is not known leaves it so."""
        number = await bench.station("cp-1")
        await bench.book.want("cp-1", OURS, [A], AT)
        await bench.write(confirmed(number, 4, A, full=False, sure=False))
        known = await bench.book.get("cp-1", OURS)
        assert (known.status, known.confirmed_version, known.last_version) == (
            ListStatus.STALE,
            None,
            4,
        )

    @waits
    async def test_lists_are_the_stations(self, bench: ListsBench) -> None:
        """What one station takes says nothing of another."""
        one, other = await bench.station("cp-1"), await bench.station("cp-2")
        await bench.book.want("cp-1", OURS, [A], AT)
        await bench.book.want("cp-2", OURS, [A], AT)
        await bench.write(confirmed(one, 1, A))
        await bench.write(told(one, 0))
        await bench.write(confirmed(one, 2))
        assert await tokens_of(bench, other) == [Difference(wanted=A)]

    @waits
    async def test_doubted(self, bench: ListsBench) -> None:
        """After a refusal the content may be unknown, and the next try is a while off."""
        number = await bench.station("cp-1")
        await bench.write(doubted(number))
        await bench.book.want("cp-1", OURS, [A], AT)
        await bench.write(confirmed(number, 3, A))
        await bench.write(doubted(number, "failed", unsure=False))
        known = await bench.book.get("cp-1", OURS)
        assert (known.status, known.confirmed_version) == (ListStatus.SYNCED, 3)
        await bench.write(doubted(number, "failed"))
        known = await bench.book.get("cp-1", OURS)
        assert (known.status, known.confirmed_version, known.detail, known.retry_at) == (
            ListStatus.FAILED,
            None,
            "why",
            AT + timedelta(minutes=2),
        )
        for _ in range(9):
            await bench.write(doubted(number, "failed"))
        known = await bench.book.get("cp-1", OURS)
        assert known.retry_at == AT + timedelta(hours=1)
        await bench.write(doubted(number, "unsupported"))
        assert (await bench.book.get("cp-1", OURS)).status is ListStatus.UNSUPPORTED

    @waits
    async def test_wanting_anew_is_worth_a_try(self, bench: ListsBench) -> None:
        """What is wanted after a failure is sent without delay."""
        number = await bench.station("cp-1")
        await bench.book.want("cp-1", OURS, [A], AT)
        await bench.write(doubted(number, "failed"))
        known = await bench.book.want("cp-1", OURS, [B], AT)
        assert (known.status, known.retry_at) == (ListStatus.STALE, None)

    @waits
    async def test_version_confirmed(self, bench: ListsBench) -> None:
        """The version that the station confirmed is what it still has."""
        number = await bench.station("cp-1")
        await bench.book.want("cp-1", OURS, [A], AT)
        await bench.write(confirmed(number, 3, A))
        await bench.write(told(number, 3))
        known = await bench.book.get("cp-1", OURS)
        assert (known.status, known.reported_version, known.reported_at) == (
            ListStatus.SYNCED,
            3,
            AT,
        )

    @waits
    async def test_another_version(self, bench: ListsBench) -> None:
        """With another version its content is not known, and the next version is above it."""
        number = await bench.station("cp-1")
        await bench.book.want("cp-1", OURS, [A], AT)
        await bench.write(confirmed(number, 3, A))
        await bench.write(told(number, 9))
        known = await bench.book.get("cp-1", OURS)
        assert (known.status, known.confirmed_version, known.last_version, known.differing) == (
            ListStatus.STALE,
            None,
            9,
            1,
        )
        assert await bench.book.number(number, AT, 60) == 10
        await bench.write(told(number, 2**31 - 1))
        assert await bench.book.number(number, AT, 60) == 11

    @waits
    async def test_no_version(self, bench: ListsBench) -> None:
        """Version 0 is an empty list (TC_042_2, TC_D_09)."""
        number = await bench.station("cp-1")
        await bench.write(confirmed(number, 3, A, B))
        await bench.book.want("cp-1", OURS, [A], AT)
        await bench.write(told(number, 0))
        assert await bench.book.differences(number) == (0, [Difference(wanted=A)])
        await bench.book.want("cp-1", OURS, [], AT)
        assert (await bench.book.get("cp-1", OURS)).status is ListStatus.SYNCED

    @waits
    async def test_no_list(self, bench: ListsBench) -> None:
        """Version -1 is no list at all (TC_042_1), until the station says otherwise."""
        number = await bench.station("cp-1")
        await bench.write(told(number, -1))
        assert (await bench.book.get("cp-1", OURS)).status is ListStatus.UNMANAGED
        await bench.book.want("cp-1", OURS, [A], AT)
        assert (await bench.book.get("cp-1", OURS)).status is ListStatus.UNSUPPORTED
        await bench.write(doubted(number, "unsupported"))
        await bench.write(told(number, 5))
        known = await bench.book.get("cp-1", OURS)
        assert (known.status, known.retry_at, known.detail) == (ListStatus.STALE, None, None)
        await bench.write(told(number, -1))
        assert (await bench.book.get("cp-1", OURS)).status is ListStatus.UNSUPPORTED

    @waits
    async def test_change(self, bench: ListsBench) -> None:
        """A change puts and takes off, whatever the case of letters and the kind."""
        await bench.station("cp-1")
        await bench.book.change("cp-1", OURS, [A, B], [], 10, AT)
        other = ListEntry(id_token="b", kind="Local")
        await bench.book.change("cp-1", OURS, [C, other], [], 10, AT)
        known = await bench.book.change("cp-1", OURS, [], ["a", "b", "nobody"], 10, AT)
        assert (known.mode, known.entries) == (ListMode.MANUAL, 1)
        with pytest.raises(Invalid) as refused:
            await bench.book.change("cp-1", OURS, [A, B], [], 2, AT)
        assert refused.value.field == "put"
        assert (await bench.book.get("cp-1", OURS)).entries == 1

    @waits
    async def test_forget(self, bench: ListsBench) -> None:
        """When nothing is wanted any more, what the station holds is still known."""
        number = await bench.station("cp-1")
        await bench.book.forget("cp-1", OURS, AT)
        await bench.book.want("cp-1", OURS, [A, B], AT)
        await bench.write(confirmed(number, 3, A))
        await bench.book.forget("cp-1", OURS, AT)
        known = await bench.book.get("cp-1", OURS)
        assert (known.mode, known.status) == (None, ListStatus.UNMANAGED)
        assert await bench.book.differences(number) == (3, [Difference(held=A)])

    @waits
    async def test_tokens(self, bench: ListsBench) -> None:
        """A list can be made of the operator's tokens that are good at the station."""
        number = await bench.station("cp-1")
        await bench.tokens.put(Token(id_token="A", group_id="G", expires_at=AT + timedelta(1)))
        await bench.tokens.put(Token(id_token="B", kind="Local", stations=("cp-2", "cp-1")))
        await bench.tokens.put(Token(id_token="blocked", blocked=True))
        await bench.tokens.put(Token(id_token="old", expires_at=AT))
        await bench.tokens.put(Token(id_token="elsewhere", stations=("cp-2",)))
        await bench.tokens.put(Token(id_token="theirs", operator_id=THEIRS))
        known = await bench.book.want_tokens("cp-1", OURS, 10, AT)
        assert (known.mode, known.entries, known.omitted) == (ListMode.TOKENS, 2, 0)
        assert await tokens_of(bench, number) == [
            Difference(wanted=ListEntry(id_token="A", group_id="G", expires_at=AT + timedelta(1))),
            Difference(wanted=ListEntry(id_token="B", kind="Local")),
        ]
        with pytest.raises(Conflict) as refused:
            await bench.book.change("cp-1", OURS, [A], [], 10, AT)
        assert refused.value.code == "not_manual"
        assert (await bench.book.want("cp-1", OURS, [], AT)).mode is ListMode.MANUAL

    @waits
    async def test_too_many_tokens(self, bench: ListsBench) -> None:
        """Tokens that find no room are counted."""
        await bench.station("cp-1")
        for name in "ABCDE":
            await bench.tokens.put(Token(id_token=name))
        known = await bench.book.want_tokens("cp-1", OURS, 2, AT)
        assert (known.entries, known.omitted) == (2, 3)

    @waits
    async def test_outdated(self, bench: ListsBench) -> None:
        """A list made of tokens is outdated when one came, changed or went."""
        await bench.station("cp-1")
        await bench.station("cp-2")
        await bench.station("cp-3", THEIRS)
        await bench.book.want_tokens("cp-1", OURS, 10, AT)
        await bench.book.want("cp-2", OURS, [A], AT)
        await bench.book.want_tokens("cp-3", THEIRS, 10, AT)
        assert await bench.book.outdated(10) == []
        for change in (
            bench.tokens.put(Token(id_token="A")),
            bench.tokens.patch("A", OURS, {"blocked": True}),
            bench.tokens.delete("A", OURS),
        ):
            await change
            assert names(await bench.book.outdated(10)) == ["cp-1"]
            await bench.book.want_tokens("cp-1", OURS, 10, AT)
            assert await bench.book.outdated(10) == []

    @waits
    async def test_claim(self, bench: ListsBench) -> None:
        """One at a time sends a list, as long as the claim holds."""
        number = await bench.station("cp-1")
        await bench.book.want("cp-1", OURS, [A], AT)
        assert await bench.book.claim(number, AT, 60, forced=False)
        later = AT + timedelta(seconds=50)
        assert not await bench.book.claim(number, later, 60, forced=True)
        await bench.book.number(number, later, 60)
        assert not await bench.book.claim(number, AT + timedelta(seconds=61), 60, forced=True)
        assert await bench.book.claim(number, AT + timedelta(seconds=111), 60, forced=True)
        await bench.book.release(number)
        assert await bench.book.claim(number, AT, 60, forced=True)

    @waits
    async def test_claim_after_a_failure(self, bench: ListsBench) -> None:
        """After a failure only who was told to sends at once."""
        number = await bench.station("cp-1")
        await bench.book.want("cp-1", OURS, [A], AT)
        await bench.write(doubted(number))
        assert not await bench.book.claim(number, AT, 60, forced=False)
        assert await bench.book.claim(number, AT, 60, forced=True)

    @waits
    async def test_claim_while_on_its_way(self, bench: ListsBench) -> None:
        """While a part of it is on its way, nobody sends another."""
        number = await bench.station("cp-1")
        await bench.book.want("cp-1", OURS, [A], AT)
        operation = Operation(
            id=OPERATION,
            operator_id=OURS,
            station_id=number,
            identity="cp-1",
            action="send_local_list",
            payload={},
            status=OperationStatus.PENDING,
            created_at=AT,
            expires_at=AT,
        )
        await bench.operations.record(operation, b"{}")
        await bench.book.sent(number, OPERATION)
        assert not await bench.book.claim(number, AT, 60, forced=True)
        assert await bench.book.due(AT, 10) == []
        known = await bench.book.get("cp-1", OURS)
        assert (known.status, known.operation_id) == (ListStatus.SENDING, OPERATION)
        await bench.operations.settle(OPERATION, Outcome(status="expired"), AT)
        assert names(await bench.book.due(AT, 10)) == ["cp-1"]
        assert await bench.book.claim(number, AT, 60, forced=True)

    @waits
    async def test_due(self, bench: ListsBench) -> None:
        """Due are lists that differ, of stations that are there and accepted."""
        for identity, fields in (
            ("cp-1", {}),
            ("cp-2", {"connected": False}),
            ("cp-3", {"registration": "pending"}),
            ("cp-4", {}),
            ("cp-5", {}),
        ):
            number = await bench.station(identity, **fields)
            await bench.book.want(identity, OURS, [A], AT)
            if identity == "cp-4":
                await bench.write(confirmed(number, 1, A))
            if identity == "cp-5":
                await bench.book.claim(number, AT, 60, forced=False)
        assert names(await bench.book.due(AT, 10)) == ["cp-1"]
        later = AT + timedelta(seconds=61)
        assert names(await bench.book.due(later, 10)) == ["cp-1", "cp-5"]
        assert len(await bench.book.due(later, 1)) == 1

    @waits
    async def test_not_due(self, bench: ListsBench) -> None:
        """Not due are lists that failed just now, or that the station does not keep."""
        one, two = await bench.station("cp-1"), await bench.station("cp-2")
        await bench.book.want("cp-1", OURS, [A], AT)
        await bench.book.want("cp-2", OURS, [A], AT)
        await bench.write(doubted(one, "failed"))
        await bench.write(doubted(two, "unsupported"))
        assert await bench.book.due(AT, 10) == []
        assert names(await bench.book.due(AT + timedelta(seconds=60), 10)) == ["cp-1"]

    @waits
    async def test_unchecked(self, bench: ListsBench) -> None:
        """A list is to be checked once after each boot; what failed before may work now."""
        one = await bench.station("cp-1", booted_at=AT)
        await bench.station("cp-2", booted_at=AT)
        await bench.station("cp-3")
        await bench.station("cp-4", booted_at=AT, connected=False)
        for identity in ("cp-1", "cp-3", "cp-4"):
            await bench.book.want(identity, OURS, [A], AT)
        await bench.write(doubted(one, "unsupported"))
        assert names(await bench.book.unchecked(AT, 10)) == ["cp-1"]
        assert await bench.book.unchecked(AT, 10) == []
        known = await bench.book.get("cp-1", OURS)
        assert (known.status, known.retry_at) == (ListStatus.STALE, None)

    @waits
    async def test_checked(self, bench: ListsBench) -> None:
        """A list that somebody checked since the boot need not be."""
        number = await bench.station("cp-1", booted_at=AT)
        await bench.book.want("cp-1", OURS, [A], AT)
        await bench.book.checked(number, AT + timedelta(seconds=1))
        assert await bench.book.unchecked(AT, 10) == []

    @waits
    async def test_entries(self, bench: ListsBench) -> None:
        """The tokens of a list are listed by key, and can be found."""
        number = await bench.station("cp-1")
        await bench.book.want("cp-1", OURS, [A, B], AT)
        await bench.write(confirmed(number, 1, B, C))
        sides = [Difference(wanted=A), Difference(wanted=B, held=B), Difference(held=C)]

        async def found(**query: Any) -> list[Difference]:
            page = await bench.book.entries(Query(**query), "cp-1", OURS)
            return list(page.items)

        assert await found() == sides
        assert await found(sort="-key") == sides[::-1]
        assert await found(filters={"id_token": "c"}) == [sides[2]]
        assert await found(filters={"differing": True}) == [sides[0], sides[2]]
        assert await found(filters={"differing": False}) == [sides[1]]
        first = await bench.book.entries(Query(limit=2), "cp-1", OURS)
        rest = await bench.book.entries(Query(limit=2, cursor=first.next_cursor), "cp-1", OURS)
        assert [*first.items, *rest.items] == sides
