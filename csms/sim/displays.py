"""Messages that a charger shows (2.0.1 block O)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import attrs

from csms.sim.messages import Payload

ROOM = 20
"""How many messages there is room for."""
FORMATS = frozenset({"ASCII", "UTF8"})


@attrs.define(eq=False)
class Displays:
    """MessageInfo by id, as the server sent it."""

    shown: dict[int, Payload] = attrs.field(factory=dict)

    def show(self, message: Payload, running: AbstractSet[str]) -> str:
        """Take a message; returns the status.  ``running`` are the transactions there are."""
        texts = [message["message"], *message.get("messageExtra", [])]
        if any(text["format"] not in FORMATS for text in texts):
            return "NotSupportedMessageFormat"
        transaction = message.get("transactionId")
        if transaction is not None and transaction not in running:
            return "UnknownTransaction"
        if message["id"] not in self.shown and len(self.shown) >= ROOM:
            return "Rejected"
        self.shown[message["id"]] = message
        return "Accepted"

    def find(self, ids: list[int] | None, priority: str | None, state: str | None) -> list[Payload]:
        """The messages that match; None matches everything."""
        return [
            each
            for each in self.shown.values()
            if (ids is None or each["id"] in ids)
            and priority in (None, each["priority"])
            and state in (None, each.get("state"))
        ]

    def forget_ended(self, running: AbstractSet[str]) -> None:
        """Messages of a transaction go with it (O02.FR.02)."""
        for number, message in list(self.shown.items()):
            if "transactionId" in message and message["transactionId"] not in running:
                del self.shown[number]
