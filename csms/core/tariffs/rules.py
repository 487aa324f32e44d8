"""What follows from what stations answer about tariffs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from csms.core.charging.vocabulary import Held, HeldAsked
from csms.core.commands import Command
from csms.core.consequences import Answered, Consequence, Consequences
from csms.core.decisions import Question, SaveSession, State, Write
from csms.core.errors import Conflict, Invalid
from csms.core.holdings import Drop, Hold
from csms.core.reports import CommandAnswered
from csms.core.tariffs import vocabulary as v
from csms.core.values import Session, SessionStatus

COMMANDS: Sequence[type[Command]] = (
    v.ChangeTariff,
    v.ClearTariffs,
    v.ReadTariffs,
    v.SetTariff,
    v.ShowCost,
)

MAX_TARIFF_BYTES = 32_768
MOST = Decimal(10**12)
"""Beyond every cost."""

HELD = Question(more=(HeldAsked(kinds=(v.TARIFF,)),))


def _held_asked(_report: CommandAnswered) -> Question:
    return HELD


def _was_set(answered: Answered, state: State, now: datetime) -> Consequence:
    """It takes the place of the default tariff that was there before (I07.FR.03): on that EVSE,
    or on all."""
    command: v.SetTariff = answered.command
    if not answered.accepted:
        return Consequence()
    tariff_id, evse_id = str(command.tariff.get("tariff_id")), command.evse_id
    defaults = {
        held.key: _places(held)
        for held in _tariffs(state).values()
        if held.content.get("tariff_kind") == v.DEFAULT
    }
    before = defaults.pop(tariff_id, None)
    everywhere = evse_id == 0 or before == ()
    places = () if everywhere else tuple(sorted({evse_id, *(before or ())}))
    hold = _hold(
        answered,
        tariff_id,
        {"tariff_kind": v.DEFAULT, "evse_ids": list(places), "tariff": command.tariff},
        now,
        operation_id=answered.operation.id,
    )
    gone = defaults if evse_id == 0 else {k: at for k, at in defaults.items() if evse_id in at}
    return Consequence((hold, *_without(answered, state, gone, evse_id, now)))


def _were_told(answered: Answered, state: State, now: datetime) -> Consequence:
    """What is told of all EVSEs is all there is; of one it says nothing of the others."""
    command: v.ReadTariffs = answered.command
    found = answered.outcome.found
    if not isinstance(found, v.TariffsFound):
        return Consequence()
    known, told = _tariffs(state), _joined(found.assignments)
    holds = []
    for key, assignment in told.items():
        held, places = known.get(key), assignment.evse_ids
        if command.evse_id and held is not None:
            mine = _places(held)
            places = tuple(sorted({*mine, *(places or (command.evse_id,))})) if mine else ()
        elif command.evse_id:
            places = places or (command.evse_id,)
        content = {} if held is None else held.content
        content = content | _content(assignment) | {"evse_ids": list(places)}
        holds.append(_hold(answered, key, content, now, told=True))
    unsaid = {
        key: _places(held)
        for key, held in known.items()
        if key not in told and (command.evse_id == 0 or command.evse_id in _places(held))
    }
    return Consequence((*holds, *_without(answered, state, unsaid, command.evse_id, now)))


def _were_cleared(answered: Answered, state: State, now: datetime) -> Consequence:
    """Also what the station says it never had (I10)."""
    command: v.ClearTariffs = answered.command
    found = answered.outcome.found
    if not isinstance(found, v.TariffsGone):
        return Consequence()
    asked, evse_id = command.tariff_ids, command.evse_id or 0
    known = {
        key: _places(held)
        for key, held in _tariffs(state).items()
        if not evse_id or evse_id in _places(held)
    }
    if not found.everything:
        known = {key: places for key, places in known.items() if key in found.tariff_ids}
    elif asked:
        known = {key: places for key, places in known.items() if key in asked}
    return Consequence(_without(answered, state, known, evse_id, now))


def _session_asked(report: CommandAnswered) -> Question:
    command = report.command
    assert isinstance(command, v.ChangeTariff | v.ShowCost)
    return Question(transaction_ref=command.transaction_ref, named_by_station=True)


def _cost_was_shown(answered: Answered, state: State, now: datetime) -> Consequence:
    """What it costs is known, whatever the station says to that; the answers to its events say it
    too (I02, I03).  What the last of them was answered stays as it is."""
    command: v.ShowCost = answered.command
    session = state.session
    if session is None or session.status is SessionStatus.ENDED or not _is_amount(command.total):
        return Consequence()
    told = {v.TOTAL_COST: command.total}
    if command.message is not None:
        told[v.PERSONAL_MESSAGE] = command.message
    return _with_details(session, told, now)


def _was_changed(answered: Answered, state: State, now: datetime) -> Consequence:
    """The session is calculated with it from now on (I11)."""
    command: v.ChangeTariff = answered.command
    if not answered.accepted or state.session is None:
        return Consequence()
    return _with_details(state.session, {v.SESSION_TARIFF: command.tariff}, now)


def _with_details(session: Session, told: Mapping[str, object], now: datetime) -> Consequence:
    changed = replace(session, details={**session.details, **told}, updated_at=now)
    return Consequence((SaveSession(changed),))


def _is_amount(text: str) -> bool:
    """Whether it is one that can be said again: one sent as it is may be anything."""
    return abs(Decimal(text)) < MOST


def check_tariff(tariff: Mapping[str, object]) -> None:
    """Raises `Invalid` for a tariff that is too large to be kept."""
    if len(msgspec.json.encode(tariff)) > MAX_TARIFF_BYTES:
        raise Invalid(f"a tariff has at most {MAX_TARIFF_BYTES} bytes", field="tariff")


def check_driver_tariff(tariff: Mapping[str, object]) -> None:
    """Raises `Invalid` for one that cannot be a driver's: it has an id, and is valid as soon as it
    is given (I08.FR.09)."""
    check_tariff(tariff)
    tariff_id = tariff.get("tariff_id")
    if not isinstance(tariff_id, str) or not tariff_id:
        raise Invalid("a tariff has a tariff_id", field="tariff.tariff_id")
    if "valid_from" in tariff:
        raise Invalid("a driver's tariff is valid at once", field="tariff.valid_from")


def check_content(known: Iterable[Mapping[str, object]], tariff: Mapping[str, object]) -> None:
    """Raises `Conflict` (``tariff_changed``) for a tariff that has the id of one of the ``known``
    and not its content: with that its id must change (2.1 I07, I08.FR.08), for a station may take
    it for the one it has."""
    for each in known:
        if each.get("tariff_id") == tariff.get("tariff_id") and each != tariff:
            raise Conflict(
                "there is a tariff of that tariff_id with another content; a changed tariff needs "
                "a tariff_id of its own",
                code="tariff_changed",
            )


def _tariffs(state: State) -> Mapping[str, Held]:
    held: tuple[Held, ...] = state.answers(HeldAsked)
    return {each.key: each for each in held}


def _places(held: Held) -> tuple[int, ...]:
    """The EVSEs of a tariff; none: all of them."""
    told = held.content.get("evse_ids")
    return tuple(each for each in told if isinstance(each, int)) if isinstance(told, list) else ()


def _without(
    answered: Answered,
    state: State,
    gone: Mapping[str, tuple[int, ...]],
    evse_id: int,
    now: datetime,
) -> tuple[Write, ...]:
    """Tariffs (with their EVSEs) taken from an EVSE, or (0) from all; those that are in force
    on others stay there."""
    writes: list[Write] = []
    dropped: list[str] = []
    for key, places in gone.items():
        others = [place for place in places if place != evse_id]
        if evse_id and others:
            content = {**_tariffs(state)[key].content, "evse_ids": others}
            writes.append(_hold(answered, key, content, now, told=True))
        else:
            dropped.append(key)
    if dropped:
        station_id = answered.key.id
        writes.append(Drop(station_id=station_id, kind=v.TARIFF, keys=tuple(dropped), at=now))
    return tuple(writes)


def _hold(
    answered: Answered,
    tariff_id: str,
    content: dict[str, object],
    now: datetime,
    *,
    operation_id: str | None = None,
    told: bool = False,
) -> Hold:
    places = content["evse_ids"]
    return Hold(
        station_id=answered.key.id,
        operator_id=answered.key.operator_id,
        kind=v.TARIFF,
        key=tariff_id,
        evse_id=places[0] if isinstance(places, list) and len(places) == 1 else 0,
        content=content,
        origin="told" if told else "set",
        operation_id=operation_id,
        at=now,
    )


def _joined(assignments: Iterable[v.Assignment]) -> Mapping[str, v.Assignment]:
    """One assignment for each tariff, be it told of once for every EVSE."""
    joined: dict[str, v.Assignment] = {}
    for each in assignments:
        before = joined.get(each.tariff_id, each)
        everywhere = any(not told.evse_ids or 0 in told.evse_ids for told in (before, each))
        places = () if everywhere else sorted({*before.evse_ids, *each.evse_ids})
        tokens = dict.fromkeys((*before.id_tokens, *each.id_tokens))
        joined[each.tariff_id] = replace(before, evse_ids=tuple(places), id_tokens=tuple(tokens))
    return joined


def _content(told: v.Assignment) -> dict[str, object]:
    content: dict[str, object] = msgspec.to_builtins(told)
    del content["tariff_id"]
    return {name: value for name, value in content.items() if value is not None}


CONSEQUENCES: Consequences = {
    v.ChangeTariff: (_session_asked, _was_changed),
    v.ClearTariffs: (_held_asked, _were_cleared),
    v.ReadTariffs: (_held_asked, _were_told),
    v.SetTariff: (_held_asked, _was_set),
    v.ShowCost: (_session_asked, _cost_was_shown),
}
