"""The lists of what stations hold, each page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct

from csms.api.routes import Answer, Call
from csms.api.shapes import listed, query_of
from csms.core.holdings import Holding
from csms.core.listings import Listing
from csms.core.ports import IHoldings

V = TypeVar("V", bound=Struct)


async def held_page(
    holdings: IHoldings,
    listing: Listing,
    kind: str,
    view: Callable[[Holding], V],
    call: Call[None, Any],
) -> Answer:
    """What the station in the path holds of a kind: the page that was asked for."""
    query = query_of(call.query)
    page = await holdings.page(listing, query, call.path["identity"], call.operator_id, kind)
    return listed(page, view, call)
