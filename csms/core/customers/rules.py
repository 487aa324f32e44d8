"""What stations tell of customers, put together from its parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from csms.core.assembly import AssemblyAsked, part_taken
from csms.core.commands import Command
from csms.core.consequences import Consequences
from csms.core.customers.vocabulary import INFORMATION, AskCustomer, CustomerTold
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State
from csms.core.values import StationKey

if TYPE_CHECKING:
    from csms.core.areas import Rules

COMMANDS: Sequence[type[Command]] = (AskCustomer,)


def told_asked(report: CustomerTold) -> Question:
    """What there is of it."""
    return Question(more=(AssemblyAsked(kind=INFORMATION, ref=report.ref or 0),))


def told(
    report: CustomerTold, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep a part (N09.FR.05), acknowledged whatever it is."""
    taken = part_taken(
        key,
        INFORMATION,
        report.ref or 0,
        report.number,
        [report.text],
        now,
        state.answer(AssemblyAsked),
        last=report.last,
    )
    return Decision(ACKNOWLEDGED, taken.writes)


RULES: Rules = {CustomerTold: (told_asked, told)}
CONSEQUENCES: Consequences = {}
