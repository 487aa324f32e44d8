"""1.6 asks stations nothing about customers."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.tables import Outbound, Unsupported
from csms.core.commands import Command
from csms.core.customers.vocabulary import AskCustomer

_UNSUPPORTED = Unsupported("OCPP 1.6 has no such message.")

COMMANDS: Mapping[type[Command], Outbound] = {
    AskCustomer: Outbound(lambda _command: _UNSUPPORTED, {})
}
