"""How transactions stand, in the words of 2.x (E14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csms.adapter.schema import Json
from csms.adapter.tables import Outbound, Request
from csms.core.commands import Command
from csms.core.inquiries.vocabulary import AskStatus, StatusFound


def _spell(command: AskStatus) -> Request:
    ref = command.transaction_ref
    return Request("GetTransactionStatus", {} if ref is None else {"transactionId": ref})


def _learn(_command: Command, payload: Json) -> StatusFound:
    return StatusFound(
        ongoing=payload.get("ongoingIndicator"), messages_in_queue=payload["messagesInQueue"]
    )


def _interpret(payload: Json) -> Command:
    return AskStatus(transaction_ref=payload.get("transactionId"))


COMMANDS: Mapping[type[Command], Outbound] = {
    AskStatus: Outbound(_spell, {"transactionId": "transaction_ref"}, learn=_learn)
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {"GetTransactionStatus": _interpret}
