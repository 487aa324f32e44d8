"""What each list can be asked: its filters, its sorts, and the cursor that pages through it.

One convention for every list.  A `Listing` is the declaration; `plan` holds a `Query` against
it and refuses what does not fit; `cursor` says where the next page begins.  Providers turn the
plan into SQL or walk over memory, and the API documents its parameters from the same place.

Paging is by key: a cursor holds the sorted value and the unique key of the last item seen, so
a page costs the same wherever it lies, and rows that come and go meanwhile neither repeat nor
hide others.  Items without a value in the sorted column come last in either direction.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from math import isfinite
from typing import get_args
from uuid import UUID

import msgspec
from msgspec import Struct

from csms.core.admission import RefusalReason
from csms.core.errors import Invalid, among
from csms.core.happenings import HappeningKind
from csms.core.pages import MAX_LIMIT, Query
from csms.core.values import ConnectorStatus, OperationStatus, Registration, SessionStatus

MAX_INTEGER = 2**63 - 1

_Content = tuple[str, str | int | float | bool | None, list[str | int]]
_MAX_CURSOR = 16_384


class Kind(Enum):
    """What a value in a list is."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    TIME = "time"
    FLAG = "flag"
    UUID = "uuid"


class Filter(Struct, frozen=True):
    """A filter: the kind of its value, and the values there are when they are few."""

    kind: Kind
    choices: tuple[str, ...] = ()


class Sort(Struct, frozen=True):
    """A column that a list can be sorted by."""

    kind: Kind
    nullable: bool = False


class Listing(Struct, frozen=True, kw_only=True):
    """A list: ``filters`` and ``sorts`` by name, the ``default`` sort (``-`` descending), and
    the kinds of the ``keys`` that tell items with the same sorted value apart."""

    name: str
    filters: Mapping[str, Filter]
    sorts: Mapping[str, Sort]
    default: str
    keys: tuple[Kind, ...] = (Kind.INTEGER,)


class Place(Struct, frozen=True):
    """A place in a list: after the item with that sorted value and key."""

    value: object
    keys: tuple[object, ...]


class Plan(Struct, frozen=True, kw_only=True):
    """A query that fits its list."""

    filters: Mapping[str, object]
    sort: str
    descending: bool
    nullable: bool
    limit: int
    after: Place | None
    seal: str
    """Digest of filters and sort: a cursor is good only with those it was made for."""


def plan(listing: Listing, query: Query) -> Plan:
    """Hold a query against its list; raises `Invalid` naming the filter, or ``sort``,
    ``limit``, ``cursor``."""
    if not 1 <= query.limit <= MAX_LIMIT:
        raise Invalid(f"limit is a number from 1 to {MAX_LIMIT}", field="limit")
    filters = _filters(listing, query)
    order = query.sort or listing.default
    name = order.removeprefix("-")
    sort = listing.sorts.get(name)
    if sort is None:
        names = ", ".join(listing.sorts)
        raise Invalid(
            f"cannot sort by that; there are {names}, with - for descending", field="sort"
        )
    told = sorted((key, str(value)) for key, value in filters.items())
    seal = hashlib.sha256(msgspec.json.encode([listing.name, told, order])).hexdigest()[:12]
    return Plan(
        filters=filters,
        sort=name,
        descending=order.startswith("-"),
        nullable=sort.nullable,
        limit=query.limit,
        after=None if query.cursor is None else _place(listing, sort, seal, query.cursor),
        seal=seal,
    )


def cursor(plan: Plan, place: Place) -> str:
    """The cursor of the page that begins after ``place``."""
    content = msgspec.json.encode([plan.seal, _plain(place.value), [*map(_plain, place.keys)]])
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _filters(listing: Listing, query: Query) -> dict[str, object]:
    filters: dict[str, object] = {}
    for name, value in query.filters.items():
        known = listing.filters.get(name)
        if known is None:
            raise Invalid("there is no such filter", field=name)
        try:
            filters[name] = _checked(known.kind, value)
        except ValueError as error:
            raise Invalid(str(error), field=name) from None
        if known.choices and value not in known.choices:
            raise Invalid(f"expected one of {among(known.choices)}", field=name)
    return filters


def _place(listing: Listing, sort: Sort, seal: str, text: str) -> Place:
    """Read a cursor, which may be anything: it comes back from outside."""
    try:
        content = urlsafe_b64decode(text[:_MAX_CURSOR].encode() + b"=" * (-len(text) % 4))
        was, value, keys = msgspec.json.decode(content, type=_Content)
        if was == seal and len(keys) == len(listing.keys):
            known = value is not None or not sort.nullable
            return Place(
                _read(sort.kind, value) if known else None,
                tuple(map(_read, listing.keys, keys)),
            )
    except ValueError:  # as are what msgspec, base64 and the encodings raise
        pass
    raise Invalid("this cursor does not belong to this list", field="cursor")


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _read(kind: Kind, value: object) -> object:
    if kind is Kind.TIME and isinstance(value, str):
        value = datetime.fromisoformat(value)
    return _checked(kind, value)


def _checked(kind: Kind, value: object) -> object:
    """The value if it is of that kind and any database can take it; else `ValueError`."""
    match kind, value:
        case Kind.TEXT, str() if "\0" not in value:
            value.encode()  # a lone surrogate is no text
        case Kind.INTEGER, int() if not isinstance(value, bool) and abs(value) <= MAX_INTEGER:
            pass
        case Kind.NUMBER, int() | float() if not isinstance(value, bool) and isfinite(value):
            return float(value)
        case Kind.TIME, datetime() if value.tzinfo is not None:
            pass
        case Kind.FLAG, bool():
            pass
        case Kind.UUID, str():
            return str(UUID(value))
        case _:
            raise ValueError(f"expected a value of kind {kind.value}")
    return value


_TEXT = Filter(Kind.TEXT)
_TIME = Sort(Kind.TIME)
_LATE = Sort(Kind.TIME, nullable=True)


def held(name: str, key: str, kind: Kind, *, placed: bool = False) -> Listing:
    """The list of what a station holds of a kind, sorted by its key, which callers know as
    ``key``, or by when it last changed.  What is ``placed`` on EVSEs can be filtered by them.

    Keys are texts, those that are of ``kind`` INTEGER decimal digits: these are sorted by their
    length and then as texts, which is the order of the numbers.
    """
    return Listing(
        name=name,
        filters={"evse_id": Filter(Kind.INTEGER)} if placed else {},
        sorts={key: Sort(kind), "updated_at": _TIME},
        default=key,
        keys=(Kind.TEXT,),
    )


STATIONS = Listing(
    name="stations",
    filters={
        "registration": Filter(Kind.TEXT, tuple(Registration)),
        "connected": Filter(Kind.FLAG),
        "vendor": _TEXT,
        "model": _TEXT,
        "identity": _TEXT,
    },
    sorts={
        "identity": Sort(Kind.TEXT),
        "name": Sort(Kind.TEXT, nullable=True),
        "vendor": Sort(Kind.TEXT, nullable=True),
        "model": Sort(Kind.TEXT, nullable=True),
        "registration": Sort(Kind.TEXT),
        "created_at": _TIME,
        "updated_at": _TIME,
        "last_seen_at": _LATE,
    },
    default="identity",
)
"""``identity`` is a prefix."""

CONNECTIONS = Listing(
    name="connections",
    filters={
        "node": _TEXT,
        "ocpp_version": Filter(Kind.TEXT, ("1.6", "2.0.1", "2.1")),
        "identity": _TEXT,
    },
    sorts={
        "identity": Sort(Kind.TEXT),
        "node": Sort(Kind.TEXT),
        "connected_at": _TIME,
        "last_seen_at": _TIME,
    },
    default="identity",
)
"""``identity`` is a prefix."""

REFUSED = Listing(
    name="refused",
    filters={"reason": Filter(Kind.TEXT, tuple(RefusalReason)), "identity": _TEXT},
    sorts={
        "last_at": _TIME,
        "first_at": _TIME,
        "attempts": Sort(Kind.INTEGER),
        "identity": Sort(Kind.TEXT),
    },
    default="-last_at",
    keys=(Kind.TEXT, Kind.TEXT),
)
"""``identity`` is a prefix."""

TOKENS = Listing(
    name="tokens",
    filters={"group_id": _TEXT, "blocked": Filter(Kind.FLAG), "id_token": _TEXT},
    sorts={
        "id_token": Sort(Kind.TEXT),
        "created_at": _TIME,
        "updated_at": _TIME,
        "expires_at": _LATE,
    },
    default="id_token",
    keys=(Kind.TEXT,),
)
"""``id_token`` is a prefix; it and ``group_id`` are compared whatever their case."""

SESSIONS = Listing(
    name="sessions",
    filters={
        "station": _TEXT,
        "status": Filter(Kind.TEXT, tuple(SessionStatus)),
        "id_token": _TEXT,
        "evse_id": Filter(Kind.INTEGER),
        "transaction_id": _TEXT,
        "started_from": Filter(Kind.TIME),
        "started_to": Filter(Kind.TIME),
    },
    sorts={
        "started_at": _TIME,
        "ended_at": _LATE,
        "energy_wh": Sort(Kind.NUMBER),
        "created_at": _TIME,
        "updated_at": _TIME,
    },
    default="-started_at",
    keys=(Kind.UUID,),
)
"""``id_token`` is compared whatever its case; ``started_from`` is included, ``started_to`` not."""

READINGS = Listing(
    name="readings",
    filters={},
    sorts={"taken_at": _TIME},
    default="taken_at",
)

STATION_READINGS = Listing(
    name="metered",
    filters={
        "evse_id": Filter(Kind.INTEGER),
        "measurand": _TEXT,
        "taken_from": Filter(Kind.TIME),
        "taken_to": Filter(Kind.TIME),
    },
    sorts={"taken_at": _TIME},
    default="-taken_at",
)
"""``taken_from`` is included, ``taken_to`` not."""

OPERATIONS = Listing(
    name="operations",
    filters={
        "station": _TEXT,
        "status": Filter(Kind.TEXT, tuple(OperationStatus)),
        "action": _TEXT,
    },
    sorts={"created_at": _TIME, "sent_at": _LATE, "settled_at": _LATE},
    default="-created_at",
    keys=(Kind.UUID,),
)

HAPPENINGS = Listing(
    name="happenings",
    filters={
        "kind": Filter(Kind.TEXT, get_args(HappeningKind)),
        "evse_id": Filter(Kind.INTEGER),
        "severity": Filter(Kind.INTEGER),
        "session_id": Filter(Kind.UUID),
        "at_from": Filter(Kind.TIME),
        "at_to": Filter(Kind.TIME),
    },
    sorts={"at": _TIME},
    default="-at",
)
"""``severity``: that or graver (a smaller number); ``at_from`` is included, ``at_to`` not."""

QUARANTINE = Listing(
    name="quarantine",
    filters={
        "action": _TEXT,
        "received_from": Filter(Kind.TIME),
        "received_to": Filter(Kind.TIME),
    },
    sorts={"received_at": _TIME},
    default="-received_at",
)
"""``received_from`` is included, ``received_to`` not."""

VARIABLES = Listing(
    name="variables",
    filters={
        "component": _TEXT,
        "variable": _TEXT,
        "evse_id": Filter(Kind.INTEGER),
        "attribute": Filter(Kind.TEXT, ("Actual", "Target", "MinSet", "MaxSet")),
        "removed": Filter(Kind.FLAG),
    },
    sorts={"name": Sort(Kind.TEXT), "reported_at": _TIME, "changed_at": _TIME},
    default="name",
)
"""Names are compared whatever their case."""

VARIABLE_CHANGES = Listing(
    name="variable_changes",
    filters={
        "component": _TEXT,
        "variable": _TEXT,
        "at_from": Filter(Kind.TIME),
        "at_to": Filter(Kind.TIME),
    },
    sorts={"at": _TIME},
    default="-at",
)
"""Names are compared whatever their case; ``at_from`` is included, ``at_to`` not."""

CONNECTORS = Listing(
    name="connectors",
    filters={"evse_id": Filter(Kind.INTEGER), "status": Filter(Kind.TEXT, tuple(ConnectorStatus))},
    sorts={"evse_id": Sort(Kind.INTEGER), "status_at": _LATE},
    default="evse_id",
    keys=(Kind.INTEGER, Kind.INTEGER),
)

QUIRKS = Listing(
    name="quirks",
    filters={},
    sorts={
        "count": Sort(Kind.INTEGER),
        "name": Sort(Kind.TEXT),
        "first_at": _TIME,
        "last_at": _TIME,
    },
    default="-count",
    keys=(Kind.TEXT,),
)

REPORTS = Listing(
    name="reports",
    filters={
        "kind": _TEXT,
        "status": Filter(Kind.TEXT, ("collecting", "complete", "incomplete")),
    },
    sorts={"updated_at": _TIME, "started_at": _TIME, "ref": Sort(Kind.INTEGER)},
    default="-updated_at",
    keys=(Kind.INTEGER, Kind.TEXT),
)

MONITORS = held("monitors", "monitor_id", Kind.INTEGER, placed=True)
EVENT_STREAMS = held("event_streams", "stream_id", Kind.INTEGER)
TARIFFS = held("tariffs", "tariff_id", Kind.TEXT)
DISPLAY_MESSAGES = held("display_messages", "message_id", Kind.INTEGER)
CERTIFICATES = held("certificates", "key", Kind.TEXT)
FIRMWARE_PUBLICATIONS = held("firmware_publications", "checksum", Kind.TEXT)
NETWORK_PROFILES = held("network_profiles", "slot", Kind.INTEGER)
CHARGING_PROFILES = held("charging_profiles", "profile_id", Kind.INTEGER, placed=True)
CHARGING_LIMITS = held("charging_limits", "source", Kind.TEXT, placed=True)
CHARGING_NEEDS = held("charging_needs", "evse_id", Kind.INTEGER, placed=True)
DER_CONTROLS = held("der_controls", "control_id", Kind.TEXT)
