"""Payments that stations took themselves."""

from __future__ import annotations

from collections.abc import Awaitable

from zope.interface import Interface

from csms.core.pages import Page, Query
from csms.core.payments.vocabulary import Settlement


class ISettlements(Interface):
    """Settlements, read only: the intake writes them."""

    def list(query: Query, operator_id: int) -> Awaitable[Page[Settlement]]:
        """Filters: station (identity), status, session_id, psp_ref, settled_from, settled_to."""
