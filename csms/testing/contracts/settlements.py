"""What every `ISettlements` keeps to."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import pytest
from zope.interface.verify import verifyObject

from csms.core.errors import Invalid
from csms.core.pages import Query
from csms.core.payments.vocabulary import Settlement
from csms.core.ports import ISettlements
from csms.testing.waiting import waits

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS, THEIRS = 1, 2


class SettlementsBench(Protocol):
    """What the contract needs of a provider."""

    @property
    def settlements(self) -> Any:
        """The provider."""

    def keep(self, settlement: Settlement, operator_id: int) -> Awaitable[None]:
        """A station of that operator settled that."""


def settlement(number: int, **fields: Any) -> Settlement:
    """A settlement at a minute of its own."""
    at = AT + timedelta(minutes=number)
    named: dict[str, Any] = {
        "station": "cp-1",
        "psp_ref": f"P{number}",
        "status": "Settled",
        "amount": "12.34",
        "settled_at": at,
        "received_at": at,
    }
    return Settlement(**{**named, **fields})


class SettlementsContract:
    """Test cases; the module that inherits them has a fixture ``bench``."""

    @waits
    async def test_interface(self, bench: SettlementsBench) -> None:
        """It provides what it says."""
        assert verifyObject(ISettlements, bench.settlements)

    @waits
    async def test_what_was_settled(self, bench: SettlementsBench) -> None:
        """Everything is told as it was kept, the newest first."""
        whole = settlement(
            1,
            transaction_ref="T1",
            session_id=str(UUID(int=1)),
            receipt_id="R1",
            receipt_url="https://pay.example/1",
            vat_number="NL1",
            vat_company={"name": "Acme"},
            detail="fine",
        )
        plain = settlement(2, status="Failed")
        for each in (whole, plain):
            await bench.keep(each, OURS)
        page = await bench.settlements.list(Query(), OURS)
        assert page.items == (plain, whole)

    @pytest.mark.parametrize(
        "amount",
        [
            "0",
            "-0.01",
            "0.10",
            "123456789012345678901234567890.123456789",
            "0." + "0" * 323 + "5",
            "17" + "0" * 307,
        ],
    )
    @waits
    async def test_amounts_are_exact(self, bench: SettlementsBench, amount: str) -> None:
        """Whatever their size."""
        await bench.keep(settlement(1, amount=amount), OURS)
        (told,) = (await bench.settlements.list(Query(), OURS)).items
        assert told.amount == amount

    @waits
    async def test_those_of_others(self, bench: SettlementsBench) -> None:
        """No operator sees another's, be it of the same reference."""
        await bench.keep(settlement(1), OURS)
        await bench.keep(settlement(1, station="cp-2", amount="1"), THEIRS)
        ours = await bench.settlements.list(Query(), OURS)
        theirs = await bench.settlements.list(Query(filters={"psp_ref": "P1"}), THEIRS)
        assert [each.station for each in ours.items] == ["cp-1"]
        assert [each.station for each in theirs.items] == ["cp-2"]

    @pytest.mark.parametrize(
        ("filters", "numbers"),
        [
            ({"station": "cp-1"}, [3, 1]),
            ({"status": "Failed"}, [2]),
            ({"session_id": str(UUID(int=1))}, [1]),
            ({"psp_ref": "P3"}, [3]),
            ({"settled_from": AT + timedelta(minutes=2)}, [3, 2]),
            ({"settled_to": AT + timedelta(minutes=2)}, [1]),
        ],
        ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
    )
    @waits
    async def test_filters(
        self, bench: SettlementsBench, filters: dict[str, object], numbers: list[int]
    ) -> None:
        """Each finds what fits."""
        first = settlement(1, session_id=str(UUID(int=1)), transaction_ref="T1")
        for each in (first, settlement(2, station="cp-2", status="Failed"), settlement(3)):
            await bench.keep(each, OURS)
        page = await bench.settlements.list(Query(filters=filters), OURS)
        assert [each.psp_ref for each in page.items] == [f"P{number}" for number in numbers]

    @waits
    async def test_pages(self, bench: SettlementsBench) -> None:
        """One after another, those of the same moment too."""
        for number in range(5):
            await bench.keep(settlement(number, settled_at=AT), OURS)
        found: list[str] = []
        cursor: str | None = None
        while True:
            query = Query(limit=2, sort="settled_at", cursor=cursor)
            page = await bench.settlements.list(query, OURS)
            found += [each.psp_ref for each in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found == [f"P{number}" for number in range(5)]

    @waits
    async def test_no_such_filter(self, bench: SettlementsBench) -> None:
        """Is a mistake of the caller."""
        with pytest.raises(Invalid):
            await bench.settlements.list(Query(filters={"colour": "red"}), OURS)
