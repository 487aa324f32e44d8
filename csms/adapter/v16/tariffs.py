"""1.6 stations know nothing of prices."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.tables import Outbound, Unsupported
from csms.core.commands import Command
from csms.core.tariffs.rules import COMMANDS as ALL

_UNSUPPORTED = Unsupported("OCPP 1.6 has no such message.")

COMMANDS: Mapping[type[Command], Outbound] = {
    command: Outbound(lambda _command: _UNSUPPORTED, {}) for command in ALL
}
