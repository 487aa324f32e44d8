"""What stations say of their security."""

from __future__ import annotations

from datetime import datetime

from csms.core.reports import Report


class SecurityTold(Report, frozen=True, kw_only=True):
    """SecurityEventNotification (1.6 security extension §4.8, 2.x A04)."""

    event: str
    """As OCPP names it, or as the vendor does."""
    at: datetime
    info: str | None = None
