"""What stations make of lists that they are sent, and what they say of the one they have.

Note on versions
----------------
A version is given once, and each is higher than all before.  What a station holds is known as
long as every message was answered; after one that was not (or a change that it refused, or a
version that is not the one it confirmed) the next thing it is sent is a full list (2.x
D01.FR.05, D01.FR.19; 1.6 §5.15).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from csms.core.commands import Command
from csms.core.consequences import (
    NO_CONSEQUENCE,
    Answered,
    Consequence,
    Consequences,
    nothing_asked,
)
from csms.core.decisions import Question, State
from csms.core.events import Event
from csms.core.locallists.vocabulary import (
    Confirmed,
    ConfirmList,
    DoubtList,
    KeyedEntry,
    ListAsked,
    ReadLocalListVersion,
    SendLocalList,
    TellListVersion,
)
from csms.core.reports import CommandAnswered

if TYPE_CHECKING:
    from csms.core.areas import Rules

MAX_INT32 = 2**31 - 1

IDLE = "idle"
FAILED = "failed"
UNSUPPORTED = "unsupported"

VERSION_MISMATCH = "VersionMismatch"

_NO_ANSWER: Mapping[str, str] = {
    "expired": "the station did not answer",
    "unreachable": "the connection was lost before the station answered",
}


def list_asked(_report: CommandAnswered) -> Question:
    """What is known of the list that is changed."""
    return Question(more=(ListAsked(),))


def list_sent(answered: Answered, state: State, now: datetime) -> Consequence:
    """The answer to SendLocalList, at whatever time it comes."""
    command: SendLocalList = answered.command
    known: Confirmed | None = state.answer(ListAsked)
    if answered.accepted:
        confirm = ConfirmList(
            station_id=answered.key.id,
            operator_id=answered.key.operator_id,
            version=command.version,
            full=command.full,
            sure=command.full or (known is not None and known.version is not None),
            entries=tuple(KeyedEntry(each.key, each) for each in command.entries),
            removed=tuple(each.key for each in command.removed),
            at=now,
        )
        data: dict[str, object] = {"version": command.version, "full": command.full}
        return Consequence((confirm,), (_event("local_list.confirmed", answered, now, data),))
    doubt, told = _refused(answered, command, now)
    return Consequence((doubt,), told)


def _refused(
    answered: Answered, command: SendLocalList, now: datetime
) -> tuple[DoubtList, tuple[Event, ...]]:
    outcome = answered.outcome
    silent = _NO_ANSWER.get(outcome.status)
    reason = silent or outcome.detail or outcome.status
    if outcome.status == UNSUPPORTED:
        state = UNSUPPORTED
    else:
        # A change is followed by the whole list; what then fails, fails.
        state = FAILED if silent is None and command.full else IDLE
    doubt = DoubtList(
        station_id=answered.key.id,
        operator_id=answered.key.operator_id,
        state=state,
        # A full list that was refused left the one before in place.
        unsure=silent is not None or not command.full,
        detail=reason,
        at=now,
    )
    if state == IDLE:
        return doubt, ()
    data: dict[str, object] = {"version": command.version, "detail": reason}
    return doubt, (_event("local_list.failed", answered, now, data),)


def version_read(answered: Answered, _state: State, now: datetime) -> Consequence:
    """The answer to GetLocalListVersion: 0 is an empty list, -1 (1.6) none at all."""
    key, found = answered.key, answered.outcome.found
    if isinstance(found, int) and -1 <= found <= MAX_INT32:
        told = TellListVersion(
            station_id=key.id, operator_id=key.operator_id, version=found, at=now
        )
        return Consequence((told,))
    if answered.outcome.status != UNSUPPORTED:
        return NO_CONSEQUENCE
    doubt = DoubtList(
        station_id=key.id,
        operator_id=key.operator_id,
        state=UNSUPPORTED,
        unsure=False,
        detail=answered.outcome.detail,
        at=now,
    )
    return Consequence((doubt,))


def _event(kind: str, answered: Answered, now: datetime, data: dict[str, object]) -> Event:
    key = answered.key
    return Event(
        kind=kind,
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        at=now,
        data=data,
    )


COMMANDS: Sequence[type[Command]] = (SendLocalList, ReadLocalListVersion)

CONSEQUENCES: Consequences = {
    SendLocalList: (list_asked, list_sent),
    ReadLocalListVersion: (nothing_asked, version_read),
}

RULES: Rules = {}
