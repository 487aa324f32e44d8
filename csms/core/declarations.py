"""What an operator may declare, and the rules that hold for it.

Stations are declared as a mapping of `csms.core.values.Station` fields, tokens as a whole
`Token` or a mapping of changes.  Everything here raises `csms.core.errors.Invalid` naming the
field, and gives back values that any provider can keep.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from csms.core.energy.vocabulary import Transfer
from csms.core.errors import Invalid, among
from csms.core.tariffs.rules import check_driver_tariff
from csms.core.values import (
    Connector,
    Registration,
    Strictness,
    Token,
    TransactionLimit,
)

ROLES = ("admin", "operator", "auditor")
"""Roles of an API token."""

PLACE = r"^[^/]*(/[1-9][0-9]{0,8})?\Z"
"""A station's identity, or one with the number of an EVSE after it."""

MAX_IDENTITY = 48
MAX_TOKEN = 255
MAX_MESSAGE = 512
LANGUAGE = r"^[A-Za-z0-9-]{2,8}\Z"
"""A tag of RFC 5646, as long as OCPP takes it."""
_MAX_DEPTH = 64

_Text = Annotated[str, Meta(max_length=1000)]
_Whole = Annotated[int, Meta(gt=0, le=2**31 - 1)]
_Places = Annotated[
    tuple[Annotated[str, Meta(max_length=1000, pattern=PLACE)], ...], Meta(max_length=10_000)
]
_Ident = Annotated[str, Meta(min_length=1, max_length=MAX_TOKEN, pattern=r"^[ -~]*\Z")]
_Languages = Annotated[
    tuple[Annotated[str, Meta(pattern=LANGUAGE)], ...], Meta(min_length=1, max_length=2)
]
_Message = Annotated[str, Meta(min_length=1, max_length=MAX_MESSAGE)]
_Transfers = Annotated[tuple[Transfer, ...], Meta(min_length=1, max_length=len(Transfer))]
D = TypeVar("D")


class StationDeclaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a station that an operator may declare; what is not given stays unset."""

    registration: Registration | UnsetType = UNSET
    name: _Text | UnsetType | None = UNSET
    latitude: Annotated[float, Meta(ge=-90, le=90)] | UnsetType | None = UNSET
    longitude: Annotated[float, Meta(ge=-180, le=180)] | UnsetType | None = UNSET
    address: _Text | UnsetType | None = UNSET
    city: _Text | UnsetType | None = UNSET
    country: _Text | UnsetType | None = UNSET
    vendor: _Text | UnsetType | None = UNSET
    model: _Text | UnsetType | None = UNSET
    serial_number: _Text | UnsetType | None = UNSET
    vendor_data: dict[str, object] | UnsetType = UNSET
    password_hash: _Text | UnsetType | None = UNSET
    strictness: Strictness | UnsetType | None = UNSET
    ocpp_versions: Annotated[tuple[_Text, ...], Meta(min_length=1)] | UnsetType | None = UNSET
    heartbeat_interval_s: _Whole | UnsetType | None = UNSET


KEPT = frozenset({"vendor", "model", "serial_number", "password_hash"})
"""Fields that replacing a station's declaration leaves alone unless they are given: the station
reports the first three itself, and a password must not vanish because it was not repeated,
which would open the station to anybody."""

_STATION_DEFAULTS: Mapping[str, object] = {
    "registration": Registration.ACCEPTED,
    "strictness": None,
}


class TokenDeclaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a token that may change; what is not given stays unset."""

    kind: _Text | UnsetType | None = UNSET
    group_id: _Ident | UnsetType | None = UNSET
    blocked: bool | UnsetType = UNSET
    expires_at: Annotated[datetime, Meta(tz=True)] | UnsetType | None = UNSET
    max_sessions: Annotated[int, Meta(ge=0, le=2**31 - 1)] | UnsetType | None = UNSET
    stations: _Places | UnsetType | None = UNSET
    languages: _Languages | UnsetType | None = UNSET
    personal_message: _Message | UnsetType | None = UNSET
    charging_priority: Annotated[int, Meta(ge=-9, le=9)] | UnsetType | None = UNSET
    allowed_energy_transfer: _Transfers | UnsetType | None = UNSET
    tariff: dict[str, object] | UnsetType | None = UNSET
    transaction_limit: TransactionLimit | UnsetType | None = UNSET
    note: _Text | UnsetType | None = UNSET


def check_identity(identity: str) -> str:
    """The identity of a station, if it can be one.

    1 to 48 printable characters (2.x ``identifierString``; 1.6 sets no limit), without ``/``,
    which ends a path segment, ``:``, which ends a Basic auth user name, and not ``.`` or
    ``..``, which mean something else in a path.
    """
    if not 1 <= len(identity) <= MAX_IDENTITY:
        raise Invalid(f"an identity has 1 to {MAX_IDENTITY} characters", field="identity")
    if not identity.isprintable() or identity in {".", ".."} or set(identity) & set("/:"):
        raise Invalid(
            "an identity is printable, holds no '/' or ':', and is not '.' or '..'",
            field="identity",
        )
    return identity


def station_changes(fields: Mapping[str, object]) -> dict[str, object]:
    """The given fields of a station, checked."""
    return _given(fields, StationDeclaration)


def station_replacement(fields: Mapping[str, object]) -> dict[str, object]:
    """What a new declaration makes of a station: the given fields, the others at their default,
    except those of `KEPT`."""
    given = station_changes(fields)
    given.setdefault("vendor_data", {})
    return {
        name: given.get(name, _STATION_DEFAULTS.get(name))
        for name in StationDeclaration.__struct_fields__
        if name in given or name not in KEPT
    }


def check_connectors(connectors: Sequence[Connector]) -> tuple[Connector, ...]:
    """The declared plugs of a station: their kind and power; EVSEs and plugs count from 1."""
    seen: set[tuple[int, int]] = set()
    for index, connector in enumerate(connectors):
        path = f"connectors[{index}]"
        for name in ("evse_id", "connector_id", "max_power_w"):
            _check_whole(getattr(connector, name), f"{path}.{name}")
        _check_storable(connector.kind, f"{path}.kind")
        place = (connector.evse_id, connector.connector_id)
        if place in seen:
            raise Invalid("this connector is declared twice", field=path)
        seen.add(place)
    return tuple(connectors)


def check_token(token: Token) -> Token:
    """A token that can be kept: 1 to 255 printable ASCII characters, and sound fields.

    Beyond ASCII, what is the same letter in another case depends on whom one asks.
    """
    name = token.id_token
    if not (1 <= len(name) <= MAX_TOKEN and name.isascii() and name.isprintable()):
        raise Invalid(f"a token has 1 to {MAX_TOKEN} printable ASCII characters", field="id_token")
    changes = {name: getattr(token, name) for name in TokenDeclaration.__struct_fields__}
    return msgspec.structs.replace(token, **token_changes(changes))


def token_changes(changes: Mapping[str, object]) -> dict[str, object]:
    """The given fields of a token, checked."""
    given = _given(changes, TokenDeclaration)
    tariff = given.get("tariff")
    if isinstance(tariff, dict):
        check_driver_tariff(tariff)
    return given


def check_role(role: str) -> str:
    """The role of an API token, if there is such a role."""
    if role not in ROLES:
        raise Invalid(f"expected one of {among(ROLES)}", field="role")
    return role


def _given(fields: Mapping[str, object], declaration: type[D]) -> dict[str, object]:
    try:
        declared = msgspec.convert(dict(fields), declaration)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    given = {
        name: getattr(declared, name)
        for name in declaration.__struct_fields__  # type: ignore[attr-defined]  # a Struct
        if name in fields
    }
    for name, value in given.items():
        _check_storable(value, name)
    return given


def _invalid(text: str) -> Invalid:
    """The complaint of msgspec, which ends in a path such as ``$.stations[0]`` or names a field."""
    detail, _, path = text.partition(" - at ")
    found = re.search(r"\$\.([^`]*)", path) or re.search(r"unknown field `(.*)`", detail)
    return Invalid(detail, field=found[1] if found else None)


def _check_whole(value: int | None, path: str) -> None:
    if value is not None and not 1 <= value < 2**31:
        raise Invalid("expected a whole number from 1", field=path)


def _check_storable(value: object, path: str, depth: int = 0) -> None:
    """PostgreSQL keeps no NUL character in a text, and no text is half a surrogate pair."""
    if depth > _MAX_DEPTH:
        raise Invalid("nested too deeply", field=path)
    match value:
        case str():
            try:
                sound = b"\0" not in value.encode()
            except UnicodeEncodeError:
                sound = False
            if not sound:
                raise Invalid("holds characters that cannot be kept", field=path)
        case dict():
            for name, item in value.items():
                _check_storable(name, path, depth + 1)
                _check_storable(item, f"{path}.{name}", depth + 1)
        case list() | tuple():
            for index, item in enumerate(value):
                _check_storable(item, f"{path}[{index}]", depth + 1)
        case _:
            pass
