"""What the answers of stations to our commands lead to.

An outcome climbs the same street as everything else a station says, so that what the station
accepted and our record of it become durable together, in the order in which it spoke.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from csms.core.commands import Command, Outcome
from csms.core.decisions import (
    ACKNOWLEDGED,
    Ask,
    Decision,
    Policy,
    Question,
    SettleOperation,
    State,
    Write,
)
from csms.core.events import Event
from csms.core.operations import settled_event
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey


class OperationAsked(Ask, frozen=True, kw_only=True):
    """How an operation stands; answered with its `OperationStatus` as text, if it is known."""

    id: str


class Answered(Struct, frozen=True):
    """A command and what a station made of it."""

    key: StationKey
    operation: Operation
    """As it is now, settled."""
    command: Any
    """The command, of the type that the consequence stands for."""
    outcome: Outcome

    @property
    def accepted(self) -> bool:
        """Whether the station did it, or will."""
        return self.outcome.status == "accepted"


class Consequence(Struct, frozen=True):
    """What follows: what to keep, and what to tell the world."""

    writes: tuple[Write, ...] = ()
    events: tuple[Event, ...] = ()


NO_CONSEQUENCE = Consequence()

Asks = Callable[[CommandAnswered], Question]
Follows = Callable[[Answered, State, datetime], Consequence]
Consequences = Mapping[type[Command], tuple[Asks, Follows]]
"""What must be known to follow up on the answer to a command, and what follows.

``Follows`` is called for every outcome, also when the station refused or never answered; and
possibly again for the same one, so what it writes must bear repetition.
"""


def nothing_asked(_report: CommandAnswered) -> Question:
    """For consequences that depend on nothing but the answer."""
    return Question()


def asked_of(report: CommandAnswered, consequences: Consequences) -> Question:
    """What an outcome depends on."""
    row = consequences.get(type(report.command))
    asked = Question() if row is None else row[0](report)
    return replace(asked, more=(*asked.more, OperationAsked(id=report.operation.id)))


def settled(
    report: CommandAnswered,
    key: StationKey,
    state: State,
    now: datetime,
    _policy: Policy,
    consequences: Consequences,
) -> Decision:
    """Settle an operation and do what follows from its outcome.

    One that time has settled meanwhile stays as it is, yet what the station did is done.
    """
    outcome = report.outcome
    operation = replace(
        report.operation,
        status=OperationStatus(outcome.status),
        response=outcome.response,
        detail=outcome.detail,
        settled_at=report.at,
    )
    status = state.answer(OperationAsked)
    if status == operation.status:
        return Decision(ACKNOWLEDGED)  # this very outcome came before
    row = consequences.get(type(report.command))
    follows = (
        Consequence()
        if row is None
        else row[1](Answered(key, operation, report.command, outcome), state, now)
    )
    writes, events = follows.writes, follows.events
    if status is not None and not OperationStatus(status).settled:
        writes = (SettleOperation(operation), *writes)
        events = (settled_event(operation), *events)
    return Decision(ACKNOWLEDGED, writes, events)
