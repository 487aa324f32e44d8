"""Messages that may prove money and could not be read, or not in whole: kept as they came."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class QuarantinedMessage(Struct, frozen=True, kw_only=True):
    """One of them; ``content`` is the frame, or what was left of it."""

    id: int
    identity: str
    received_at: datetime
    action: str
    fault: str
    content: str
