"""1.6 knows nothing of swapped batteries."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.tables import Outbound, Unsupported
from csms.core.batteries.vocabulary import RequestSwap
from csms.core.commands import Command

_UNSUPPORTED = Unsupported("OCPP 1.6 has no such message.")

COMMANDS: Mapping[type[Command], Outbound] = {
    RequestSwap: Outbound(lambda _command: _UNSUPPORTED, {})
}
