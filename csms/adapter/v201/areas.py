"""What each area of the core is called in 2.0.1: its messages and its commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound
from csms.adapter.v201 import (
    batteries,
    certificate_commands,
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
    monitoring_reports,
    payments,
    reservations,
    security,
    tariffs,
    variable_reports,
    variables,
)
from csms.core.commands import Command

INBOUND: Mapping[str, Inbound] = {
    **certificates.INBOUND,
    **charging.INBOUND,
    **customers.INBOUND,
    **display.INBOUND,
    **firmware.INBOUND,
    **locallists.INBOUND,
    **logs.INBOUND,
    **monitoring_reports.INBOUND,
    **reservations.INBOUND,
    **security.INBOUND,
    **variable_reports.INBOUND,
}
COMMANDS: Mapping[type[Command], Outbound] = {
    **batteries.COMMANDS,
    **certificate_commands.COMMANDS,
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
    **certificate_commands.INTERPRETERS,
    **charging.INTERPRETERS,
    **customers.INTERPRETERS,
    **display.INTERPRETERS,
    **firmware.INTERPRETERS,
    **inquiries.INTERPRETERS,
    **locallists.INTERPRETERS,
    **logs.INTERPRETERS,
    **monitoring.INTERPRETERS,
    **reservations.INTERPRETERS,
    **tariffs.INTERPRETERS,
    **variables.INTERPRETERS,
}
