"""What the shapes of all resources share: texts, times, pages."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from csms.api.reading import moment
from csms.api.routes import Answer, Call
from csms.core.listings import Filter, Kind, Listing
from csms.core.pages import MAX_LIMIT, Page, Query
from csms.core.times import utc_text

T = TypeVar("T")
V = TypeVar("V", bound=Struct)

Json = Any
"""Any JSON value."""

INT32 = 2**31 - 1

Text = Annotated[str, Meta(max_length=1000)]
Name = Annotated[str, Meta(max_length=200)]
Identity = Annotated[
    str,
    Meta(min_length=1, max_length=48, description="OCPP identity of a station."),
]
IdToken = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        description="Token of a driver (RFID, app ...); compared whatever its case.",
    ),
]
EvseId = Annotated[
    int,
    Meta(
        ge=0,
        le=INT32,
        description="EVSE of the station, `connectorId` in OCPP 1.6; 0 is the station itself.",
    ),
]
PlugId = Annotated[
    int, Meta(ge=1, le=INT32, description="Plug of the EVSE; always 1 for OCPP 1.6.")
]
Moment = Annotated[datetime, Meta(tz=True)]
"""A time that somebody sends; it must tell its offset."""
Time = Annotated[
    str,
    Meta(
        extra_json_schema={"format": "date-time"},
        description="UTC, to the millisecond, ending in `Z`.",
    ),
]
"""A time that we tell."""


class Shape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent to us."""


class View(Struct, frozen=True, kw_only=True):
    """What we tell."""


class Listed(Struct, Generic[T], frozen=True):
    """A page of a list; `next_cursor` fetches the next one and is null at the end."""

    items: tuple[T, ...]
    next_cursor: str | None


def told(at: datetime) -> str:
    """A time as the API tells it."""
    return utc_text(at)


def told_if(at: datetime | None) -> str | None:
    """A time as the API tells it, if there is one."""
    return None if at is None else told(at)


def given(shape: Struct) -> dict[str, Any]:
    """The fields of a shape that were sent."""
    fields = {name: getattr(shape, name) for name in shape.__struct_fields__}
    return {name: value for name, value in fields.items() if value is not UNSET}


_KINDS: dict[Kind, Any] = {
    Kind.TEXT: Annotated[str, Meta(min_length=1, max_length=255)],
    Kind.INTEGER: Annotated[int, Meta(ge=0, le=INT32)],
    Kind.NUMBER: float,
    Kind.TIME: Moment,
    Kind.FLAG: bool,
    Kind.UUID: str,
}


def list_query(listing: Listing, *, without: Collection[str] = (), **notes: str) -> type[Struct]:
    """The query shape of a list, made from its declaration; ``notes`` describe filters, those in
    ``without`` are none of the caller's."""
    sorts = tuple(sign + name for name in listing.sorts for sign in ("", "-"))
    fields: dict[str, Any] = {
        name: _described(_filter_type(kind), notes.get(name))
        for name, kind in listing.filters.items()
        if name not in without
    }
    fields["sort"] = _described(
        Literal[sorts],
        f"Column to sort by, `-` for descending; `{listing.default}` unless given.",
    )
    fields["limit"] = Annotated[
        int, Meta(ge=1, le=MAX_LIMIT, description="How many items at most; 50 unless given.")
    ]
    fields["cursor"] = Annotated[
        str, Meta(max_length=4096, description="`next_cursor` of the page before.")
    ]
    return msgspec.defstruct(
        f"{listing.name.capitalize()}Query",
        [(name, kind | UnsetType, UNSET) for name, kind in fields.items()],
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


def query_of(shape: Struct) -> Query:
    """A list's query shape as the ports take it."""
    asked = given(shape)
    paging = {name: asked.pop(name) for name in ("sort", "cursor", "limit") if name in asked}
    filters = {
        name: moment(value, name) if isinstance(value, datetime) else value
        for name, value in asked.items()
    }
    return Query(filters=filters, **paging)


def listed(page: Page[T], view: Callable[[T], V], call: Call[Any, Any]) -> Answer:
    """The answer of a list: the page, and where the next one is."""
    items = tuple(view(item) for item in page.items)
    return Answer(200, Listed(items, page.next_cursor), next_link(page, call))


def next_link(page: Page[T], call: Call[Any, Any]) -> dict[str, str]:
    """The Link header (RFC 8288) to the page after, if there is one."""
    if page.next_cursor is None:
        return {}
    parameters = urlencode({**call.parameters, "cursor": page.next_cursor})
    return {"Link": f'<{call.target}?{parameters}>; rel="next"'}


def _filter_type(kind: Filter) -> Any:
    return (
        Literal[tuple(str(choice) for choice in kind.choices)]
        if kind.choices
        else _KINDS[kind.kind]
    )


def _described(kind: Any, note: str | None) -> Any:
    return kind if note is None else Annotated[kind, Meta(description=note)]
