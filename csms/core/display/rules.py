"""What follows from what stations say of their displays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from csms.core.assembly import AssemblyAsked, part_taken
from csms.core.charging.vocabulary import WishAsked
from csms.core.commands import Command
from csms.core.consequences import Answered, Consequence, Consequences, nothing_asked
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State, Write
from csms.core.display import vocabulary as v
from csms.core.holdings import Drop, Hold
from csms.core.values import StationKey

if TYPE_CHECKING:
    from csms.core.areas import Rules

COMMANDS: Sequence[type[Command]] = (v.ClearMessage, v.ReportMessages, v.SetMessage)

REPORT = "report_display_messages"
"""The name under which `ReportMessages` is listed."""


def told_asked(report: v.MessagesTold) -> Question:
    """What there is of the report, and what was asked for."""
    if report.ref is None:
        return Question()
    return Question(
        more=(
            AssemblyAsked(kind=v.MESSAGES, ref=report.ref),
            WishAsked(action=REPORT, ref=report.ref),
        )
    )


def told(
    report: v.MessagesTold, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Hold what is told (O03.FR.04); once everything that was asked for is told, what it left out
    is gone.  That there is nothing is said by a status, not by an empty report."""
    holds: list[Write] = [
        Hold(
            station_id=key.id,
            operator_id=key.operator_id,
            kind=v.MESSAGE,
            key=str(message["id"]),
            content={name: value for name, value in message.items() if name != "id"},
            origin="told",
            seen_ref=report.ref,
            at=now,
        )
        for message in report.messages
    ]
    if report.ref is None:
        return Decision(ACKNOWLEDGED, tuple(holds))
    taken = part_taken(
        key,
        v.MESSAGES,
        report.ref,
        None,
        list(report.messages),
        now,
        state.answer(AssemblyAsked),
        last=report.last,
    )
    wish = state.answer(WishAsked)
    if taken.conclusive and wish is not None:
        holds.append(_drop(key, wish, now, report.ref))
    return Decision(ACKNOWLEDGED, (*holds, *taken.writes))


def _drop(
    key: StationKey, wish: Mapping[str, object], now: datetime, unseen_ref: int | None = None
) -> Drop:
    """Everything that a wish takes in, taken away."""
    ids = wish.get("message_ids")
    matching = {name: wish[name] for name in ("priority", "state") if wish.get(name) is not None}
    return Drop(
        station_id=key.id,
        kind=v.MESSAGE,
        keys=tuple(map(str, ids)) if isinstance(ids, list | tuple) and ids else None,
        matching=matching or None,
        unseen_ref=unseen_ref,
        at=now,
    )


def _was_set(answered: Answered, _state: State, now: datetime) -> Consequence:
    command: v.SetMessage = answered.command
    if not answered.accepted:
        return Consequence()
    hold = Hold(
        station_id=answered.key.id,
        operator_id=answered.key.operator_id,
        kind=v.MESSAGE,
        key=str(command.ref),
        content=msgspec.to_builtins(command.message),
        origin="set",
        operation_id=answered.operation.id,
        at=now,
    )
    return Consequence((hold,))


def _was_cleared(answered: Answered, _state: State, now: datetime) -> Consequence:
    """It is gone, also when the station does not know it (O05.FR.02)."""
    command: v.ClearMessage = answered.command
    if not (answered.accepted or isinstance(answered.outcome.found, v.NothingThere)):
        return Consequence()
    drop = Drop(station_id=answered.key.id, kind=v.MESSAGE, keys=(str(command.message_id),), at=now)
    return Consequence((drop,))


def _was_asked(answered: Answered, _state: State, now: datetime) -> Consequence:
    """No report follows where there is nothing to tell (O03.FR.06)."""
    command: v.ReportMessages = answered.command
    if not isinstance(answered.outcome.found, v.NothingThere):
        return Consequence()
    return Consequence((_drop(answered.key, msgspec.to_builtins(command), now),))


RULES: Rules = {v.MessagesTold: (told_asked, told)}

CONSEQUENCES: Consequences = {
    v.ClearMessage: (nothing_asked, _was_cleared),
    v.ReportMessages: (nothing_asked, _was_asked),
    v.SetMessage: (nothing_asked, _was_set),
}
