"""Shapes of local authorization lists."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from csms.api.shapes import IdToken, Moment, Shape, Time, View, told, told_if
from csms.core.locallists.vocabulary import (
    MAX_ENTRIES,
    USUAL_KIND,
    Difference,
    ListEntry,
    ListMode,
    ListStatus,
    LocalList,
)
from csms.core.values import TokenStatus

TokenKind = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=20,
        description="As OCPP 2.x names it; 1.6 tells no kinds.",
    ),
]


class EntryShape(Shape, frozen=True, kw_only=True):
    """A token, and what the station shall make of it."""

    id_token: IdToken
    kind: TokenKind = USUAL_KIND
    status: TokenStatus = TokenStatus.ACCEPTED
    group_id: IdToken | None = None
    expires_at: Moment | None = None


class WantedList(Shape, frozen=True, kw_only=True):
    """What a station's list shall be: these entries, or the operator's tokens."""

    source: Annotated[
        Literal["entries", "tokens"],
        Meta(
            description="`tokens`: all tokens of the operator that are good at the station and "
            "not blocked, also as they change."
        ),
    ] = "entries"
    entries: Annotated[tuple[EntryShape, ...], Meta(max_length=MAX_ENTRIES)] = ()


class ListChange(Shape, frozen=True, kw_only=True):
    """What to change of it."""

    put: Annotated[
        tuple[EntryShape, ...],
        Meta(max_length=MAX_ENTRIES, description="Tokens to add, or to say something else of."),
    ] = ()
    remove: Annotated[
        tuple[IdToken, ...],
        Meta(max_length=MAX_ENTRIES, description="Tokens to take off, whatever their kind."),
    ] = ()


class SyncRequest(Shape, frozen=True, kw_only=True):
    """How to send it."""

    full: Annotated[
        bool,
        Meta(description="Send the whole list, also when what differs is known."),
    ] = False


class EntryView(View, frozen=True, kw_only=True):
    """A token, and what the station makes of it."""

    id_token: str
    kind: str
    status: TokenStatus
    group_id: str | None
    expires_at: Time | None


class ListedToken(View, frozen=True, kw_only=True):
    """A token of the list, as it is wanted and as the station has confirmed it."""

    wanted: Annotated[EntryView, Meta(description="Null: to be taken off.")] | None
    held: Annotated[EntryView, Meta(description="Null: not known to be there.")] | None


class LocalListView(View, frozen=True, kw_only=True):
    """How it stands with the list of a station."""

    station: str
    mode: (
        Annotated[
            ListMode,
            Meta(description="`manual`: as it was put; `tokens`: the tokens of the operator."),
        ]
        | None
    )
    status: Annotated[
        ListStatus,
        Meta(
            description="`unmanaged`: nothing is wanted; `stale`: something is still to be sent; "
            "`sending`; `synced`: the station has confirmed what is wanted; `failed`: it refused, "
            "and is tried again; `unsupported`: it keeps no list."
        ),
    ]
    version: (
        Annotated[
            int, Meta(description="Confirmed by the station; null when its content is not known.")
        ]
        | None
    )
    last_version: Annotated[int, Meta(description="The highest that was ever given.")]
    reported_version: (
        Annotated[
            int,
            Meta(description="What the station last said: 0 is an empty list, -1 (1.6) none."),
        ]
        | None
    )
    reported_at: Time | None
    confirmed_at: Time | None
    entries: Annotated[int, Meta(description="How many tokens are wanted.")]
    differing: Annotated[int, Meta(description="How many are still to be sent or taken off.")]
    omitted: Annotated[
        int, Meta(description="How many tokens of the operator found no room in it.")
    ]
    detail: str | None
    operation_id: (
        Annotated[str, Meta(description="The operation that last sent a part of it.")] | None
    )
    retry_at: Time | None
    updated_at: Time | None


def list_view(known: LocalList) -> LocalListView:
    """A list as the API tells it."""
    return LocalListView(
        station=known.identity,
        mode=known.mode,
        status=known.status,
        version=known.confirmed_version,
        last_version=known.last_version,
        reported_version=known.reported_version,
        reported_at=told_if(known.reported_at),
        confirmed_at=told_if(known.confirmed_at),
        entries=known.entries,
        differing=known.differing,
        omitted=known.omitted,
        detail=known.detail,
        operation_id=known.operation_id,
        retry_at=told_if(known.retry_at),
        updated_at=told_if(known.updated_at),
    )


def token_view(difference: Difference) -> ListedToken:
    """A token of a list as the API tells it."""
    return ListedToken(wanted=_entry(difference.wanted), held=_entry(difference.held))


def _entry(entry: ListEntry | None) -> EntryView | None:
    if entry is None:
        return None
    return EntryView(
        id_token=entry.id_token,
        kind=entry.kind,
        status=entry.status,
        group_id=entry.group_id,
        expires_at=None if entry.expires_at is None else told(entry.expires_at),
    )
