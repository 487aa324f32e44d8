"""The device model in 2.1: longer passwords, and network profiles that may bring one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import attrs

from csms.adapter.schema import Json
from csms.adapter.tables import Outbound
from csms.adapter.v201.network_profiles import Networks
from csms.adapter.v201.variables import COMMANDS as OLDER
from csms.adapter.v201.variables import change_password
from csms.core.commands import Command
from csms.core.variables.vocabulary import ChangePassword

PASSWORD_LENGTH = range(16, 65)
"""Characters of a password (A00.FR.205)."""

_NETWORKS = Networks(
    versions={
        "2.1": "OCPP21",
        "2.0.1": "OCPP201",
        "2.0": "OCPP20",
        "1.6": "OCPP16",
        "1.5": "OCPP15",
        "1.2": "OCPP12",
    },
    usual=None,
    knows=frozenset({"identity"}),
)


def _fits(password: str) -> bool:
    return len(password) in PASSWORD_LENGTH


COMMANDS: Mapping[type[Command], Outbound] = {
    ChangePassword: attrs.evolve(
        OLDER[ChangePassword],
        spell=partial(change_password, _fits, "A password of OCPP 2.1 has 16 to 64 characters."),
    ),
    **_NETWORKS.commands,
}

INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {**_NETWORKS.interpreters}
