"""1.6 stations cannot be asked about their transactions."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.tables import Outbound, Unsupported
from csms.core.commands import Command
from csms.core.inquiries.vocabulary import AskStatus

_UNSUPPORTED = Unsupported("OCPP 1.6 has no such message.")

COMMANDS: Mapping[type[Command], Outbound] = {
    AskStatus: Outbound(lambda _command: _UNSUPPORTED, {})
}
