"""Sessions that go on under another id, as the ledger asks for them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from csms.core.continuing import LikelyAsked
from csms.core.values import Session
from csms.storage.ledger_sql import SESSIONS_LIKELY
from csms.storage.topics import Topic

TOPICS: Sequence[Topic] = (
    Topic(LikelyAsked, SESSIONS_LIKELY, msgspec.json.Decoder(Session).decode),
)
