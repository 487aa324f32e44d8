"""Monitoring in 1.6: there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Unsupported
from csms.core.commands import Command
from csms.core.monitoring.rules import COMMANDS as ALL


def _none(_command: Command) -> Unsupported:
    return Unsupported("OCPP 1.6 has no monitoring of variables.")


INBOUND: Mapping[str, Inbound] = {}
COMMANDS: Mapping[type[Command], Outbound] = {command: Outbound(_none, {}) for command in ALL}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {}
