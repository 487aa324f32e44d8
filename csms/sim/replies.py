"""Answers that most commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from csms.sim.messages import Answer, Fault, Payload

if TYPE_CHECKING:
    from csms.sim.charger import Charger

Handler = Callable[["Charger", Payload], Answer | Fault]


def answer(status: str, then: Callable[[], None] | None = None, **more: object) -> Answer:
    """An answer with a status; ``then`` runs when it is on its way."""
    return Answer({"status": status, **more}, then)
