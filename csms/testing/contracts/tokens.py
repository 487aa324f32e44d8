"""The contract of `csms.core.ports.ITokens`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from zope.interface.verify import verifyObject

from csms.core.errors import Conflict, Invalid, NotFound
from csms.core.listings import TOKENS
from csms.core.pages import Query
from csms.core.ports import ITokens
from csms.core.values import Token, TransactionLimit
from csms.testing.contracts.paging import check_pages, check_refusals
from csms.testing.waiting import together, waits

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS, THEIRS = 1, 2
FULL = Token(
    operator_id=OURS,
    id_token="AbC123",
    kind="ISO14443",
    group_id="Fleet",
    blocked=True,
    expires_at=AT,
    max_sessions=2,
    stations=("cp-1", "cp-2/3"),
    languages=("nl", "fr-CH"),
    personal_message="Hoi",
    charging_priority=-9,
    allowed_energy_transfer=("DC_BPT", "DC"),
    tariff={"tariff_id": "T", "currency": "EUR", "max_cost": {"excl_tax": 0.5}},
    transaction_limit=TransactionLimit(max_cost=1.5, max_soc_percent=80),
    note="ü",
)


class TokensContract:
    """Mixed into a test class that has a fixture ``tokens``: none kept; operators 1 and 2 exist."""

    def test_provides(self, tokens: ITokens) -> None:
        """It provides the port, with the signatures that the port has."""
        assert verifyObject(ITokens, tokens)

    @waits
    async def test_put(self, tokens: ITokens) -> None:
        """A token is kept as given, and known whatever the case of its letters."""
        kept, created = await tokens.put(FULL)
        assert created
        assert kept.created_at is not None
        assert kept.updated_at is not None
        assert msgspec.structs.replace(kept, created_at=None, updated_at=None) == FULL
        for spelling in ("AbC123", "abc123", "ABC123"):
            assert await tokens.get(spelling, OURS) == kept

    @waits
    async def test_put_replaces(self, tokens: ITokens) -> None:
        """A token put again is replaced as a whole, its spelling too; its age stays."""
        before, _ = await tokens.put(FULL)
        after, created = await tokens.put(Token(id_token="ABC123", operator_id=OURS))
        assert not created
        assert after.created_at == before.created_at
        assert after == Token(
            id_token="ABC123",
            operator_id=OURS,
            created_at=after.created_at,
            updated_at=after.updated_at,
        )
        assert len((await tokens.list(Query(), OURS)).items) == 1

    @waits
    async def test_put_together(self, tokens: ITokens) -> None:
        """Two that put the same new token at once create one."""
        results = await together(*(tokens.put(FULL) for _ in range(4)))
        assert sorted(created for _, created in results) == [False, False, False, True]

    @waits
    async def test_operators(self, tokens: ITokens) -> None:
        """Operators' tokens do not meet, not even equal ones."""
        await tokens.put(FULL)
        theirs, created = await tokens.put(Token(id_token="abc123", operator_id=THEIRS))
        assert created
        assert (await tokens.get("AbC123", OURS)).blocked
        assert await tokens.get("AbC123", THEIRS) == theirs
        await tokens.delete("ABC123", OURS)
        assert (await tokens.list(Query(), OURS)).items == ()
        assert (await tokens.list(Query(), THEIRS)).items == (theirs,)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"id_token": ""}, "id_token"),
            ({"id_token": "x" * 256}, "id_token"),
            ({"id_token": "a\n"}, "id_token"),
            ({"id_token": "ß"}, "id_token"),
            ({"group_id": ""}, "group_id"),
            ({"group_id": "ß"}, "group_id"),
            ({"max_sessions": -1}, "max_sessions"),
            ({"note": "\0"}, "note"),
            ({"languages": ()}, "languages"),
            ({"languages": ("de", "en", "fr")}, "languages"),
            ({"languages": ("de_AT",)}, "languages[0]"),
            ({"personal_message": ""}, "personal_message"),
            ({"personal_message": "x" * 513}, "personal_message"),
            ({"charging_priority": 10}, "charging_priority"),
            ({"allowed_energy_transfer": ("AC",)}, "allowed_energy_transfer[0]"),
            ({"tariff": {"currency": "EUR"}}, "tariff.tariff_id"),
            ({"tariff": {"tariff_id": "\0"}}, "tariff.tariff_id"),
            ({"stations": ("a", "\0")}, "stations[1]"),
            ({"stations": ("a", "b/x")}, "stations[1]"),
            ({"stations": ("a/2147483648",)}, "stations[0]"),
            ({"expires_at": AT.replace(tzinfo=None)}, "expires_at"),
        ],
    )
    @waits
    async def test_bad(self, tokens: ITokens, changes: dict[str, object], field: str) -> None:
        """A token that cannot be is refused, naming the field."""
        with pytest.raises(Invalid) as caught:
            await tokens.put(msgspec.structs.replace(FULL, **changes))
        assert caught.value.field == field

    @waits
    async def test_a_tariff_that_changes(self, tokens: ITokens) -> None:
        """It has another id; tokens of one operator may share one (2.1 I08.FR.08)."""
        await tokens.put(FULL)
        other = msgspec.structs.replace(FULL, id_token="other")
        await tokens.put(other)
        changed = {"tariff_id": "T", "currency": "USD"}
        for call in (
            tokens.put(msgspec.structs.replace(FULL, tariff=changed)),
            tokens.patch("other", OURS, {"tariff": changed}),
        ):
            with pytest.raises(Conflict) as caught:
                await call
            assert caught.value.code == "tariff_changed"
        await tokens.put(msgspec.structs.replace(FULL, operator_id=THEIRS, tariff=changed))
        renamed = {**changed, "tariff_id": "T2"}
        assert (await tokens.patch("other", OURS, {"tariff": renamed})).tariff == renamed
        gone = {"tariff": None, "transaction_limit": None, "languages": None}
        assert (await tokens.patch("other", OURS, gone)).tariff is None

    @waits
    async def test_patch(self, tokens: ITokens) -> None:
        """Only what is given changes."""
        before, _ = await tokens.put(FULL)
        changes = {"blocked": False, "group_id": None, "stations": ["cp-3"]}
        after = await tokens.patch("abc123", OURS, changes)
        expected = msgspec.structs.replace(
            before, blocked=False, group_id=None, stations=("cp-3",), updated_at=after.updated_at
        )
        assert after == expected
        assert await tokens.get("AbC123", OURS) == after
        again = await tokens.patch("AbC123", OURS, {})
        assert msgspec.structs.replace(again, updated_at=after.updated_at) == after

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"nonsense": 1}, "nonsense"),
            ({"id_token": "other"}, "id_token"),
            ({"blocked": None}, "blocked"),
            ({"max_sessions": "2"}, "max_sessions"),
        ],
    )
    @waits
    async def test_bad_patch(self, tokens: ITokens, changes: dict[str, object], field: str) -> None:
        """A change that cannot be is refused, naming the field."""
        await tokens.put(FULL)
        with pytest.raises(Invalid) as caught:
            await tokens.patch("AbC123", OURS, changes)
        assert caught.value.field == field

    @waits
    async def test_none(self, tokens: ITokens) -> None:
        """What is not there cannot be read, changed or deleted."""
        await tokens.put(FULL)
        for id_token, operator_id in (("nobody", OURS), ("AbC123", THEIRS), ("\0", OURS)):
            for call in (
                tokens.get(id_token, operator_id),
                tokens.patch(id_token, operator_id, {"note": "x"}),
                tokens.delete(id_token, operator_id),
            ):
                with pytest.raises(NotFound):
                    await call

    async def _populate(self, tokens: ITokens) -> None:
        if (await tokens.list(Query(limit=1), OURS)).items:
            return
        for number in range(10):
            await tokens.put(
                Token(
                    operator_id=OURS,
                    id_token=f"t{(number * 7) % 10}",
                    group_id=[None, "fleet", "FLEET"][number % 3],
                    blocked=number % 2 == 0,
                    expires_at=None if number % 4 == 0 else AT + timedelta(days=number // 3),
                )
            )
        await tokens.put(Token(operator_id=THEIRS, id_token="t0"))

    @waits
    async def test_pages(self, tokens: ITokens) -> None:
        """The pages of the list, however sorted, are the whole list."""
        await self._populate(tokens)
        await check_pages(lambda q: tokens.list(q, OURS), TOKENS, 10)

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({}, 10),
            ({"blocked": True}, 5),
            ({"group_id": "Fleet"}, 6),
            ({"group_id": "Fleet", "blocked": False}, 3),
            ({"id_token": "T"}, 10),
            ({"id_token": "t1"}, 1),
            ({"id_token": "_1"}, 0),
        ],
    )
    @waits
    async def test_filters(
        self, tokens: ITokens, filters: dict[str, object], expected: int
    ) -> None:
        """Filters narrow the list, together; a token is a prefix; case does not matter."""
        await self._populate(tokens)
        assert len((await tokens.list(Query(filters=filters), OURS)).items) == expected

    @waits
    async def test_list_refusals(self, tokens: ITokens) -> None:
        """What a list cannot be asked is refused by name."""
        await self._populate(tokens)
        await check_refusals(lambda query: tokens.list(query, OURS))
