"""What each area of the core is called in 1.6: its messages and its commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound
from csms.adapter.v16 import (
    batteries,
    certificates,
    charging,
    customers,
    display,
    energy,
    firmware,
    inquiries,
    locallists,
    logs,
    monitoring,
    payments,
    reservations,
    security,
    tariffs,
    transfers,
    variables,
)
from csms.core.commands import Command

INBOUND: Mapping[str, Inbound] = {
    **certificates.INBOUND,
    **firmware.INBOUND,
    **locallists.INBOUND,
    **logs.INBOUND,
    **monitoring.INBOUND,
    **reservations.INBOUND,
    **security.INBOUND,
    **transfers.INBOUND,
    **variables.INBOUND,
}
COMMANDS: Mapping[type[Command], Outbound] = {
    **batteries.COMMANDS,
    **certificates.COMMANDS,
    **charging.COMMANDS,
    **customers.COMMANDS,
    **display.COMMANDS,
    **energy.COMMANDS,
    **firmware.COMMANDS,
    **inquiries.COMMANDS,
    **locallists.COMMANDS,
    **logs.COMMANDS,
    **monitoring.COMMANDS,
    **payments.COMMANDS,
    **reservations.COMMANDS,
    **tariffs.COMMANDS,
    **variables.COMMANDS,
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    **certificates.INTERPRETERS,
    **charging.INTERPRETERS,
    **firmware.INTERPRETERS,
    **locallists.INTERPRETERS,
    **logs.INTERPRETERS,
    **monitoring.INTERPRETERS,
    **reservations.INTERPRETERS,
    **variables.INTERPRETERS,
}
