"""What follows from what stations say of energy, and from their answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from csms.core.charging.facts import event_of
from csms.core.charging.scene import PRIORITY
from csms.core.commands import Command
from csms.core.consequences import Answered, Consequence, Consequences, nothing_asked
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State, Write
from csms.core.energy import controls
from csms.core.energy import vocabulary as v
from csms.core.happenings import Happened, fingerprint
from csms.core.holdings import Drop, Hold
from csms.core.values import StationKey

if TYPE_CHECKING:
    from csms.core.areas import Rules

COMMANDS: Sequence[type[Command]] = (
    v.AllowTransfer,
    v.ClearControls,
    v.ReportControls,
    v.SendSignal,
    v.SetControl,
    v.UsePriority,
)
_GRAVE, _MILD = 2, 8
"""Severities of an alarm, and of its end."""


def _priority(key: StationKey, transaction_ref: str, now: datetime, *, on: bool) -> Write:
    if not on:
        return Drop(station_id=key.id, kind=PRIORITY, keys=(transaction_ref,), at=now)
    return Hold(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=PRIORITY,
        key=transaction_ref,
        content={"transaction_ref": transaction_ref},
        origin="told",
        at=now,
    )


def priority_asked(report: v.PriorityTold) -> Question:
    """Whose transaction it is."""
    return Question(transaction_ref=report.transaction_ref, named_by_station=True)


def priority_told(
    report: v.PriorityTold, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Held while it is on; and that it was turned on or off is kept with the session (K20)."""
    session_id = None if state.session is None else state.session.id
    happened = Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=PRIORITY,
        at=now,
        received_at=now,
        evse_id=None if state.session is None else state.session.evse_id,
        session_id=session_id,
        content={"transaction_ref": report.transaction_ref, "activated": report.activated},
        fingerprint=fingerprint(report.transaction_ref, report.activated),
    )
    told = event_of(key, "session.priority", now, session_id, activated=report.activated)
    write = _priority(key, report.transaction_ref, now, on=report.activated)
    return Decision(ACKNOWLEDGED, (write, happened), (told,))


def _priority_used(answered: Answered, _state: State, now: datetime) -> Consequence:
    command: v.UsePriority = answered.command
    if not answered.accepted:
        return Consequence()
    write = _priority(answered.key, command.transaction_ref, now, on=command.activate)
    return Consequence((write,))


def _transfer_allowed(answered: Answered, _state: State, now: datetime) -> Consequence:
    command: v.AllowTransfer = answered.command
    if not answered.accepted:
        return Consequence()
    kept = Hold(
        station_id=answered.key.id,
        operator_id=answered.key.operator_id,
        kind=v.TRANSFER,
        key=command.transaction_ref,
        content={"transaction_ref": command.transaction_ref, "modes": list(command.modes)},
        origin="set",
        operation_id=answered.operation.id,
        at=now,
    )
    return Consequence((kept,))


def alarm_asked(_report: v.GridAlarm) -> Question:
    """Nothing need be known."""
    return Question()


def alarm_told(
    report: v.GridAlarm, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """An alarm is kept, and told to whoever listens (R06)."""
    severity = _MILD if report.ended else _GRAVE
    content: dict[str, object] = {
        "control_type": report.control_type,
        "fault": report.fault,
        "ended": report.ended,
        "info": report.info,
    }
    happened = Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=v.ALARM,
        at=report.at,
        received_at=now,
        severity=severity,
        content=content,
        fingerprint=fingerprint(content),
    )
    told = event_of(key, "station.der_alarm", now, None, severity=severity, **content)
    return Decision(ACKNOWLEDGED, (happened,), (told,))


RULES: Rules = {
    v.ControlsTold: (controls.controls_asked, controls.controls_told),
    v.ControlStarted: (controls.control_asked, controls.control_started),
    v.GridAlarm: (alarm_asked, alarm_told),
    v.PriorityTold: (priority_asked, priority_told),
}

CONSEQUENCES: Consequences = {
    v.AllowTransfer: (nothing_asked, _transfer_allowed),
    v.ClearControls: (nothing_asked, controls.controls_cleared),
    v.ReportControls: (nothing_asked, controls.report_asked),
    v.SetControl: (controls.held_asked, controls.control_set),
    v.UsePriority: (nothing_asked, _priority_used),
}
