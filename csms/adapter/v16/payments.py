"""1.6 knows nothing of payments at stations."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.tables import Outbound, Unsupported
from csms.core.commands import Command
from csms.core.payments.vocabulary import AnnounceWebPayment

_UNSUPPORTED = Unsupported("OCPP 1.6 has no such message.")

COMMANDS: Mapping[type[Command], Outbound] = {
    AnnounceWebPayment: Outbound(lambda _command: _UNSUPPORTED, {})
}
