"""What follows when a station says that a transaction is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from csms.core.commands import Command
from csms.core.consequences import Answered, Consequence, Consequences
from csms.core.decisions import Question, SaveSession, State
from csms.core.events import Event
from csms.core.flags import STOP_MISSING, flagged
from csms.core.inquiries.vocabulary import AskStatus, StatusFound
from csms.core.reports import CommandAnswered
from csms.core.values import SessionStatus

COMMANDS: Sequence[type[Command]] = (AskStatus,)


def _asked(report: CommandAnswered) -> Question:
    command = report.command
    assert isinstance(command, AskStatus)
    return Question(transaction_ref=command.transaction_ref, named_by_station=True)


def _told(answered: Answered, state: State, now: datetime) -> Consequence:
    """A session that is over for its station, which has nothing more to say of it, is suspect: its
    end was lost (E14)."""
    found, session = answered.outcome.found, state.session
    if not isinstance(found, StatusFound) or session is None:
        return Consequence()
    over = found.ongoing is False and not found.messages_in_queue
    if not over or session.status is not SessionStatus.ACTIVE:
        return Consequence()
    suspect = replace(
        session,
        status=SessionStatus.SUSPECT,
        flags=flagged(session.flags, STOP_MISSING),
        updated_at=now,
    )
    event = Event(
        kind="session.flagged",
        operator_id=session.operator_id,
        station_id=session.station_id,
        identity=session.identity,
        at=now,
        session_id=session.id,
        data={
            "evse_id": session.evse_id,
            "transaction_ref": session.transaction_ref,
            "flags": suspect.flags,
        },
    )
    return Consequence((SaveSession(suspect),), (event,))


CONSEQUENCES: Consequences = {AskStatus: (_asked, _told)}
