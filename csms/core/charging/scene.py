"""From what is kept of a station to what its limits depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Final, Protocol

from csms.core.charging.checks import InstalledProfile
from csms.core.charging.composite import OutsideLimit, Running, Scene
from csms.core.charging.profiles import PROFILE, as_schedule, profile_of
from csms.core.charging.vocabulary import LIMIT
from csms.core.values import Session, SessionStatus


class Kept(Protocol):
    """What rules and readers of holdings have in common."""

    @property
    def kind(self) -> str:
        """Of the holding."""

    @property
    def evse_id(self) -> int | None:
        """Where it is."""

    @property
    def content(self) -> dict[str, object]:
        """What it says."""

    @property
    def updated_at(self) -> datetime:
        """When it was last said."""


PRIORITY: Final = "priority_charging"
"""Kind of the holdings that say in which transactions priority charging is on, by its id."""


MAX_LOOKED_AT = 200
"""Profiles, and limits, of a station that are computed with; none has as many, unless it lies."""


def installed(held: Iterable[Kept]) -> Iterator[InstalledProfile]:
    """The profiles among holdings that can be read."""
    for each in held:
        profile = profile_of(each.content) if each.kind == PROFILE else None
        if profile is not None:
            yield InstalledProfile(evse_id=each.evse_id or 0, profile=profile)


def outside(held: Iterable[Kept]) -> Iterator[OutsideLimit]:
    """The limits from outside among holdings; those without a schedule bound nothing."""
    for each in held:
        schedules = each.content.get("schedules") if each.kind == LIMIT else None
        # Of several, which the standard does not explain, the first that can be read.
        for content in schedules if isinstance(schedules, list) else ():
            schedule = as_schedule(content)
            if schedule is not None:
                yield OutsideLimit(
                    evse_id=each.evse_id or 0, schedule=schedule, since=each.updated_at
                )
                break


def running(sessions: Iterable[Session], priority: Iterable[str] = ()) -> Mapping[int, Running]:
    """The open sessions by EVSE, the newest of each; ``priority``: transactions that have it."""
    favoured = set(priority)
    found: dict[int, Running] = {}
    for session in sorted(sessions, key=lambda session: session.started_at):
        if session.status is not SessionStatus.ENDED:
            found[session.evse_id] = Running(
                transaction_ref=session.transaction_ref,
                started_at=session.started_at,
                priority=session.transaction_ref in favoured,
            )
    return found


def scene_of(
    held: Iterable[Kept], sessions: Iterable[Session] = (), evses: Iterable[int] = ()
) -> Scene:
    """Everything together."""
    kept = list(held)
    return Scene(
        profiles=tuple(islice(installed(kept), MAX_LOOKED_AT)),
        limits=tuple(islice(outside(kept), MAX_LOOKED_AT)),
        sessions=running(
            sessions, (favoured_transaction(each) for each in kept if each.kind == PRIORITY)
        ),
        evses=tuple(sorted({evse_id for evse_id in evses if evse_id > 0})),
    )


def favoured_transaction(kept: Kept) -> str:
    """The transaction that a priority is for."""
    return str(kept.content.get("transaction_ref"))
