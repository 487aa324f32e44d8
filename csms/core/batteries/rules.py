"""Battery swaps, kept as they happen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from csms.core.batteries.vocabulary import SWAP, BatteriesSwapped, RequestSwap, SwapAsked
from csms.core.commands import Command
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State
from csms.core.events import Event
from csms.core.happenings import Happened, fingerprint
from csms.core.values import StationKey

if TYPE_CHECKING:
    from csms.core.areas import Rules

COMMANDS: Sequence[type[Command]] = (RequestSwap,)

REPETITION = timedelta(hours=1)
"""OCPP gives swaps no time: the same within that long is the same swap, sent again."""


def swap_asked(report: BatteriesSwapped) -> Question:
    """Whether it was told before."""
    return Question(more=(SwapAsked(fingerprint=fingerprint(_content(report))),))


def swapped(
    report: BatteriesSwapped, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep what went in or out (S01.FR.07), with the charge and health of each battery."""
    before: datetime | None = state.answer(SwapAsked)
    if before is not None and now - before < REPETITION:
        return Decision(ACKNOWLEDGED)
    content = _content(report)
    places = {battery.get("evse_id") for battery in report.batteries}
    place = places.pop() if len(places) == 1 else None
    happened = Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=SWAP,
        at=now,
        received_at=now,
        evse_id=place if isinstance(place, int) else None,
        content=content,
        fingerprint=fingerprint(content),
    )
    event = Event(
        kind="station.battery_swap",
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        at=now,
        data=content,
    )
    return Decision(ACKNOWLEDGED, (happened,), (event,))


def _content(report: BatteriesSwapped) -> dict[str, object]:
    return {
        "event": report.event,
        "ref": report.ref,
        "id_token": report.id_token,
        "id_token_kind": report.id_token_kind,
        "batteries": list(report.batteries),
    }


RULES: Rules = {BatteriesSwapped: (swap_asked, swapped)}
