"""Payments at stations, in memory."""

from __future__ import annotations

from datetime import datetime

import attrs
from zope.interface import implementer

from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.payments.listing import SETTLEMENTS
from csms.core.payments.vocabulary import Settlement
from csms.core.ports import ISettlements


def _from(settlement: Settlement, value: object) -> bool:
    return isinstance(value, datetime) and settlement.settled_at >= value


def _to(settlement: Settlement, value: object) -> bool:
    return isinstance(value, datetime) and settlement.settled_at < value


@implementer(ISettlements)
@attrs.define
class MemorySettlements:
    """`ISettlements` over a list; seeded by `seed`."""

    _settled: list[tuple[int, Settlement]] = attrs.field(factory=list, init=False)

    def seed(self, settlement: Settlement, operator_id: int = 1) -> Settlement:
        """A station settled that."""
        self._settled.append((operator_id, settlement))
        return settlement

    async def list(self, query: Query, operator_id: int) -> Page[Settlement]:
        """See `ISettlements`."""
        places = [(n, one) for n, (whose, one) in enumerate(self._settled) if whose == operator_id]
        numbers = {id(one): n for n, one in places}
        return page(
            SETTLEMENTS,
            query,
            [one for _, one in places],
            key=lambda one: (one.psp_ref, numbers[id(one)]),
            tests={"settled_from": _from, "settled_to": _to},
        )
