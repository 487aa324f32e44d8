"""Payments that stations took themselves."""

from __future__ import annotations

from collections.abc import Awaitable

from zope.interface import Interface

from csms.core.pages import Page, Query
from csms.core.payments.vocabulary import Settlement
from csms.core.values import Operation


class ISettlements(Interface):
    """Settlements, read only: the intake writes them."""

    def list(query: Query, operator_id: int) -> Awaitable[Page[Settlement]]:
        """Filters: station (identity), status, session_id, psp_ref, settled_from, settled_to."""


class ISwaps(Interface):
    """Battery swaps that are asked for."""

    def request(
        identity: str,
        operator_id: int,
        id_token: str,
        kind: str | None,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[Operation]:
        """Have a station swap batteries for a token that may charge there (S02); raises `NotFound`
        and `Conflict` (``not_authorized``)."""
