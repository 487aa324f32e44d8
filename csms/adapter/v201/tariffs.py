"""Prices in the words of 2.0.1, which knows only what a transaction costs so far (I02)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from csms.adapter.schema import Json
from csms.adapter.tables import Outbound, Request, Unsupported
from csms.core.commands import Command
from csms.core.tariffs.rules import COMMANDS as ALL
from csms.core.tariffs.vocabulary import ShowCost

_UNSUPPORTED = Unsupported("OCPP 2.0.1 has no such message.")


def _show_cost(command: ShowCost) -> Request:
    total = float(Decimal(command.total))
    payload: Json = {"totalCost": total, "transactionId": command.transaction_ref}
    return Request("CostUpdated", payload)


def _interpret(payload: Json) -> Command:
    return ShowCost(
        transaction_ref=payload["transactionId"], total=str(Decimal(repr(payload["totalCost"])))
    )


COMMANDS: Mapping[type[Command], Outbound] = {
    **{command: Outbound(lambda _command: _UNSUPPORTED, {}) for command in ALL},
    ShowCost: Outbound(_show_cost, {"totalCost": "total", "transactionId": "transaction_ref"}),
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {"CostUpdated": _interpret}
