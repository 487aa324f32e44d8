"""The areas: subjects of OCPP that bring their own commands, reports and rules.

Each is a package beside this module with a ``vocabulary`` (its values, commands, reports, replies,
questions and writes) and ``rules``; a line here makes it part of the product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, Union

import attrs
import msgspec

from csms.core.batteries import rules as batteries
from csms.core.certificates import consequences as certificates_answers
from csms.core.certificates import rules as certificates
from csms.core.certificates import vocabulary as certificates_words
from csms.core.charging import rules as charging
from csms.core.commands import BASIC, Command
from csms.core.consequences import Consequences
from csms.core.customers import rules as customers
from csms.core.decisions import Decision, Policy, Question, State
from csms.core.display import rules as display
from csms.core.energy import rules as energy
from csms.core.firmware import rules as firmware
from csms.core.firmware import vocabulary as firmware_words
from csms.core.inquiries import rules as inquiries
from csms.core.locallists import rules as locallists
from csms.core.logs import rules as logs
from csms.core.logs import vocabulary as logs_words
from csms.core.monitoring import rules as monitoring
from csms.core.payments import rules as payments
from csms.core.reports import Report
from csms.core.reservations import rules as reservations
from csms.core.security import rules as security
from csms.core.tariffs import rules as tariffs
from csms.core.transfers import rules as transfers
from csms.core.values import StationKey
from csms.core.variables import rules as variables

AskOf = Callable[[Any], Question]
Rule = Callable[[Any, StationKey, State, datetime, Policy], Decision]
Rules = Mapping[type[Report], tuple[AskOf, Rule]]
"""For each report, what its rule must know and the rule itself."""


@attrs.frozen
class Area:
    """What an area adds to the core."""

    commands: Sequence[type[Command]] = ()
    rules: Rules = attrs.field(factory=dict)
    consequences: Consequences = attrs.field(factory=dict)


AREAS: Sequence[Area] = (
    Area(batteries.COMMANDS, batteries.RULES),
    Area(certificates_words.COMMANDS, certificates.RULES, certificates_answers.CONSEQUENCES),
    Area(charging.COMMANDS, charging.RULES, charging.CONSEQUENCES),
    Area(customers.COMMANDS, customers.RULES, customers.CONSEQUENCES),
    Area(display.COMMANDS, display.RULES, display.CONSEQUENCES),
    Area(energy.COMMANDS, energy.RULES, energy.CONSEQUENCES),
    Area(firmware_words.COMMANDS, firmware.RULES, firmware.CONSEQUENCES),
    Area(inquiries.COMMANDS, consequences=inquiries.CONSEQUENCES),
    Area(locallists.COMMANDS, locallists.RULES, locallists.CONSEQUENCES),
    Area(logs_words.COMMANDS, logs.RULES, logs.CONSEQUENCES),
    Area(monitoring.COMMANDS, monitoring.RULES, monitoring.CONSEQUENCES),
    Area(payments.COMMANDS, payments.RULES),
    Area(reservations.COMMANDS, reservations.RULES, reservations.CONSEQUENCES),
    Area(rules=security.RULES),
    Area(rules=transfers.RULES),
    Area(tariffs.COMMANDS, consequences=tariffs.CONSEQUENCES),
    Area(variables.COMMANDS, variables.RULES, variables.CONSEQUENCES),
)

K = TypeVar("K")
V = TypeVar("V")


def merged(what: str, tables: Iterable[Mapping[type[K], V]]) -> Mapping[type[K], V]:
    """The rows of all tables; raises `ValueError` when two have one for the same thing, for only
    one of them would count."""
    rows: dict[type[K], V] = {}
    for table in tables:
        for kind, row in table.items():
            if kind in rows:
                raise ValueError(f"two areas have {what} of {kind.__name__}")
            rows[kind] = row
    return rows


COMMANDS: Sequence[type[Command]] = (*BASIC, *(each for area in AREAS for each in area.commands))
"""Every command there is."""

RULES: Rules = merged("a rule", (area.rules for area in AREAS))
CONSEQUENCES: Consequences = merged("consequences", (area.consequences for area in AREAS))

# A union made at run time, which no type checker follows.
_decode = msgspec.json.Decoder(Union[tuple(COMMANDS)]).decode  # noqa: UP007


def decode_command(content: bytes) -> Command:
    """A command from its JSON; raises `msgspec.MsgspecError`."""
    command: Command = _decode(content)
    return command
