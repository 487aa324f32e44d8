"""What follows from what stations answer about tariffs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from csms.core.charging.vocabulary import Held, HeldAsked
from csms.core.commands import Command
from csms.core.consequences import Answered, Consequence, Consequences
from csms.core.decisions import Question, State, Write
from csms.core.holdings import Drop, Hold
from csms.core.reports import CommandAnswered
from csms.core.tariffs import vocabulary as v

COMMANDS: Sequence[type[Command]] = (
    v.ChangeTariff,
    v.ClearTariffs,
    v.ReadTariffs,
    v.SetTariff,
    v.ShowCost,
)

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
    v.ClearTariffs: (_held_asked, _were_cleared),
    v.ReadTariffs: (_held_asked, _were_told),
    v.SetTariff: (_held_asked, _was_set),
}
