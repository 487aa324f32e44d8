"""DER controls: what stations hold of them, and what follows from their answers (2.1 R04, R05)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from csms.core.assembly import AssemblyAsked, part_taken
from csms.core.charging.facts import event_of
from csms.core.charging.profiles import plain
from csms.core.charging.vocabulary import Held, HeldAsked, WishAsked
from csms.core.consequences import Answered, Consequence
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State, Write
from csms.core.energy import vocabulary as v
from csms.core.happenings import Happened, fingerprint
from csms.core.holdings import Drop, Hold
from csms.core.reports import CommandAnswered
from csms.core.times import utc_text
from csms.core.values import StationKey

REPORT = "report_der_controls"
"""The name under which `ReportControls` is listed."""
NOT_FOUND = "NotFound"

CONTROLS_HELD = Question(more=(HeldAsked(kinds=(v.CONTROL,)),))


def held_asked(_report: CommandAnswered) -> Question:
    """What is known of the controls."""
    return CONTROLS_HELD


def control_set(answered: Answered, state: State, now: datetime) -> Consequence:
    """It is there, and what it made ineffective is marked so (R04.FR.06)."""
    command: v.SetControl = answered.command
    if not answered.accepted:
        return Consequence()
    kept = Hold(
        station_id=answered.key.id,
        operator_id=answered.key.operator_id,
        kind=v.CONTROL,
        key=command.control_id,
        content={
            "control_type": command.control_type.value,
            "is_default": command.is_default,
            "settings": command.settings,
            "is_superseded": False,
        },
        origin="set",
        operation_id=answered.operation.id,
        at=now,
    )
    found = answered.outcome.found
    superseded = found.superseded if isinstance(found, v.ControlAnswer) else ()
    others = (key for key in superseded if key != command.control_id)
    marks = _changed(answered.key, state, others, {"is_superseded": True}, now)
    return Consequence((kept, *marks))


def controls_cleared(answered: Answered, _state: State, now: datetime) -> Consequence:
    """They are gone; and where none fits, so is what was believed to fit."""
    if not (answered.accepted or _none_found(answered)):
        return Consequence()
    return Consequence((_drop(plain(answered.command), answered.key, now),))


def report_asked(answered: Answered, _state: State, now: datetime) -> Consequence:
    """No report follows where there is nothing to tell."""
    if not _none_found(answered):
        return Consequence()
    return Consequence((_drop(plain(answered.command), answered.key, now),))


def _none_found(answered: Answered) -> bool:
    found = answered.outcome.found
    return isinstance(found, v.ControlAnswer) and found.status == NOT_FOUND


def _drop(
    wish: Mapping[str, object], key: StationKey, now: datetime, unseen_ref: int | None = None
) -> Drop:
    """What a filter of controls takes in, taken away."""
    control_id = wish.get("control_id")
    named = ("control_type", "is_default") if control_id is None else ()
    matching = {name: wish[name] for name in named if wish.get(name) is not None}
    return Drop(
        station_id=key.id,
        kind=v.CONTROL,
        keys=None if control_id is None else (str(control_id),),
        matching=matching or None,
        unseen_ref=unseen_ref,
        at=now,
    )


def _changed(
    key: StationKey,
    state: State,
    control_ids: Iterable[str],
    changes: Mapping[str, object],
    now: datetime,
) -> Iterator[Hold]:
    """Controls that are held, changed; others are not known, and stay so."""
    held: tuple[Held, ...] = state.answers(HeldAsked)
    known = {each.key: each for each in held}
    for control_id in dict.fromkeys(control_ids):
        if control_id in known:
            yield Hold(
                station_id=key.id,
                operator_id=key.operator_id,
                kind=v.CONTROL,
                key=control_id,
                content={**known[control_id].content, **changes},
                origin="told",
                at=now,
            )


def controls_asked(report: v.ControlsTold) -> Question:
    """What there is of the report, what was asked for, and what was held of it."""
    held = HeldAsked(kinds=(v.CONTROL,))
    if report.ref is None:
        return Question(more=(held,))
    return Question(
        more=(
            held,
            AssemblyAsked(kind=v.CONTROLS, ref=report.ref),
            WishAsked(action=REPORT, ref=report.ref),
        )
    )


def controls_told(
    report: v.ControlsTold, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Hold what is told; when all is told, what it left out of what was asked for is gone."""
    before: tuple[Held, ...] = state.answers(HeldAsked)
    known = {each.key: each.content for each in before}
    holds: list[Write] = []
    for control in report.controls:
        content = {name: value for name, value in control.items() if name != "id"}
        started = known.get(str(control["id"]), {}).get("started")
        holds.append(
            Hold(
                station_id=key.id,
                operator_id=key.operator_id,
                kind=v.CONTROL,
                key=str(control["id"]),
                content=content if started is None else {**content, "started": started},
                origin="told",
                seen_ref=report.ref,
                at=now,
            )
        )
    if report.ref is None:
        return Decision(ACKNOWLEDGED, tuple(holds))
    taken = part_taken(
        key,
        v.CONTROLS,
        report.ref,
        None,
        list(report.controls),
        now,
        state.answer(AssemblyAsked),
        last=report.last,
    )
    wish = state.answer(WishAsked)
    if taken.conclusive and wish is not None:
        holds.append(_drop(wish, key, now, report.ref))
    return Decision(ACKNOWLEDGED, (*holds, *taken.writes))


def control_asked(_report: v.ControlStarted) -> Question:
    """What is known of the controls."""
    return CONTROLS_HELD


def control_started(
    report: v.ControlStarted, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """A control that is known shows whether it is in effect; that it began or ended is kept."""
    changes = {"started": report.started, "started_at": utc_text(report.at)}
    happened = Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=v.CONTROL,
        at=report.at,
        received_at=now,
        content={
            "control_id": report.control_id,
            "started": report.started,
            "superseded": list(report.superseded),
        },
        fingerprint=fingerprint(report.control_id, report.started),
    )
    told = event_of(
        key, "station.der_control", now, control_id=report.control_id, started=report.started
    )
    others = [each for each in report.superseded if each != report.control_id]
    writes = (
        *_changed(key, state, (report.control_id,), changes, now),
        *_changed(key, state, others, {"is_superseded": report.started}, now),
        happened,
    )
    return Decision(ACKNOWLEDGED, writes, (told,))
