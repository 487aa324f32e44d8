"""What the limits of a station depend on, and how it follows from what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from csms.core.charging.checks import InstalledProfile
from csms.core.charging.profiles import PROFILE, Schedule, as_schedule, profile_of
from csms.core.charging.vocabulary import LIMIT, PULLED
from csms.core.values import Session, SessionStatus

PRIORITY: Final = "priority_charging"
"""Kind of the holdings that say in which transactions priority charging is on, by its id."""


MAX_LOOKED_AT = 200
"""Profiles, and limits, of a station that are computed with; none has as many, unless it lies."""


class OutsideLimit(Struct, frozen=True, kw_only=True):
    """A limit that somebody else set; ``since`` is when it was told.

    ``adds``: it is no limit but capacity that is there beside the grid (2.1 K27).
    """

    evse_id: int
    schedule: Schedule
    since: datetime
    adds: bool = False


class Running(Struct, frozen=True, kw_only=True):
    """The session on an EVSE; ``priority``: it may draw what its priority profile says."""

    transaction_ref: str | None
    started_at: datetime
    priority: bool = False


class Scene(Struct, frozen=True, kw_only=True):
    """All that a station's limits depend on."""

    profiles: tuple[InstalledProfile, ...] = ()
    limits: tuple[OutsideLimit, ...] = ()
    sessions: Mapping[int, Running] = {}
    evses: tuple[int, ...] = ()
    """Those that draw from the grid together."""
    voltage: float = 230.0
    offline_since: datetime | None = None
    """None: the station is there, or it is not known since when it is not."""
    zone: tzinfo = UTC
    """That of the station's own clock."""


class Kept(Protocol):
    """What rules and readers of holdings have in common."""

    @property
    def kind(self) -> str:
        """Of the holding."""

    @property
    def key(self) -> str:
        """Its name among those of its kind."""

    @property
    def evse_id(self) -> int | None:
        """Where it is."""

    @property
    def content(self) -> dict[str, object]:
        """What it says."""

    @property
    def updated_at(self) -> datetime:
        """When it was last said."""


def installed(held: Iterable[Kept]) -> Iterator[InstalledProfile]:
    """The profiles among holdings that can be read; one whose figures were asked for since it was
    updated is as new as that."""
    kept = list(held)
    pulled = {each.key: each.updated_at for each in kept if each.kind == PULLED}
    for each in kept:
        profile = profile_of(each.content) if each.kind == PROFILE else None
        if profile is not None:
            at, updated = pulled.get(each.key), profile.dyn_update_time
            if at is not None and (updated is None or updated < at):
                profile = replace(profile, dyn_update_time=at)
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
                    evse_id=each.evse_id or 0,
                    schedule=schedule,
                    since=each.updated_at,
                    adds=each.content.get("is_local_generation") is True,
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
