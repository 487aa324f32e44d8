"""What each area of the core is called in 2.1: its messages and its commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound
from csms.adapter.v21 import (
    batteries,
    certificates,
    charging,
    display,
    energy,
    locallists,
    logs,
    monitoring,
    payments,
    tariffs,
    variables,
)
from csms.adapter.v201 import areas as v201
from csms.core.commands import Command

INBOUND: Mapping[str, Inbound] = {
    **v201.INBOUND,
    **batteries.INBOUND,
    **certificates.INBOUND,
    **charging.INBOUND,
    **display.INBOUND,
    **energy.INBOUND,
    **monitoring.INBOUND,
    **payments.INBOUND,
}
COMMANDS: Mapping[type[Command], Outbound] = {
    **v201.COMMANDS,
    **batteries.COMMANDS,
    **certificates.COMMANDS,
    **charging.COMMANDS,
    **display.COMMANDS,
    **energy.COMMANDS,
    **locallists.COMMANDS,
    **logs.COMMANDS,
    **monitoring.COMMANDS,
    **payments.COMMANDS,
    **tariffs.COMMANDS,
    **variables.COMMANDS,
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    **v201.INTERPRETERS,
    **batteries.INTERPRETERS,
    **charging.INTERPRETERS,
    **display.INTERPRETERS,
    **energy.INTERPRETERS,
    **monitoring.INTERPRETERS,
    **payments.INTERPRETERS,
    **tariffs.INTERPRETERS,
    **variables.INTERPRETERS,
}
