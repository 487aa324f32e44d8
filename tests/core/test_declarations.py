"""What an operator may declare."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.core import declarations
from csms.core.declarations import (
    KEPT,
    ROLES,
    StationDeclaration,
    check_connectors,
    check_identity,
    check_role,
    check_token,
    station_changes,
    station_replacement,
    token_changes,
)
from csms.core.errors import Invalid
from csms.core.values import Connector, Registration, Station, Strictness, Token

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "identity", ["a", "x" * 48, "CP 1", "é", "a.b", "...", "*-_=+|@.", "a%2Fb", "a\\b", "?#"]
)
def test_identity(identity: str) -> None:
    """Printable characters make an identity, also where OCPP 2.x would not allow them."""
    assert check_identity(identity) == identity


@pytest.mark.parametrize(
    "identity",
    ["", "x" * 49, "a/b", "a:b", ".", "..", "\n", "a\0", "\x7f", "a\u200b", "\ud800", "\u2028"],
)
def test_no_identity(identity: str) -> None:
    """What breaks a URL path or Basic auth, or cannot be seen, is no identity."""
    with pytest.raises(Invalid) as caught:
        check_identity(identity)
    assert caught.value.field == "identity"


def test_declaration_matches_station() -> None:
    """Whatever may be declared is a field of a station."""
    assert set(StationDeclaration.__struct_fields__) < set(Station.__struct_fields__)
    assert set(StationDeclaration.__struct_fields__) > KEPT


def test_changes() -> None:
    """Only what is given comes back, in the types that a station has."""
    given_fields = {
        "registration": "rejected",
        "strictness": Strictness.OFF,
        "latitude": 42,
        "ocpp_versions": ["1.6", "2.1"],
        "city": None,
        "vendor_data": {"a": [{"b": None}]},
    }
    assert station_changes(given_fields) == {
        "registration": Registration.REJECTED,
        "strictness": Strictness.OFF,
        "latitude": 42.0,
        "ocpp_versions": ("1.6", "2.1"),
        "city": None,
        "vendor_data": {"a": [{"b": None}]},
    }
    assert station_changes({}) == {}


def test_replacement() -> None:
    """A new declaration puts what it does not name back to its default, except what the
    station tells itself and its password."""
    replaced = station_replacement({"name": "x", "model": "m"})
    assert replaced == {
        "registration": Registration.ACCEPTED,
        "strictness": None,
        "name": "x",
        "latitude": None,
        "longitude": None,
        "address": None,
        "city": None,
        "country": None,
        "model": "m",
        "vendor_data": {},
        "ocpp_versions": None,
        "heartbeat_interval_s": None,
    }


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"connected": True}, "connected"),
        ({"name": 1}, "name"),
        ({"name": "x" * 1001}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"latitude": float("nan")}, "latitude"),
        ({"latitude": -90.1}, "latitude"),
        ({"longitude": 180.1}, "longitude"),
        ({"registration": None}, "registration"),
        ({"strictness": "lax"}, "strictness"),
        ({"vendor_data": None}, "vendor_data"),
        ({"vendor_data": []}, "vendor_data"),
        ({"vendor_data": {"a\0": 1}}, "vendor_data"),
        ({"vendor_data": {"a": ({"b": "\0"},)}}, "vendor_data.a[0].b"),
        ({"ocpp_versions": []}, "ocpp_versions"),
        ({"ocpp_versions": "1.6"}, "ocpp_versions"),
        ({"heartbeat_interval_s": 0}, "heartbeat_interval_s"),
        ({"heartbeat_interval_s": 2**31}, "heartbeat_interval_s"),
        ({"heartbeat_interval_s": True}, "heartbeat_interval_s"),
    ],
)
def test_bad_field(fields: dict[str, object], field: str) -> None:
    """A field that cannot be is refused by its path."""
    with pytest.raises(Invalid) as caught:
        station_changes(fields)
    assert caught.value.field == field


def test_nameless() -> None:
    """What is wrong as a whole names no field."""
    with pytest.raises(Invalid) as caught:
        station_changes({1: 2})  # type: ignore[dict-item]  # what is to be refused
    assert caught.value.field is None


def test_deep() -> None:
    """Data nested beyond reason is refused before it breaks anything."""
    data: object = "x"
    for _ in range(400):
        data = [data]
    with pytest.raises(Invalid, match="deeply"):
        station_changes({"vendor_data": {"a": data}})


def test_data_is_kept_as_it_is() -> None:
    """Texts, numbers, lists and records within each other."""
    data = {"bay": "7", "tags": ["a", {"b": None, "c": [1, 2.5, "d"]}], "empty": {}}
    assert station_changes({"vendor_data": data}) == {"vendor_data": data}


@given(
    data=st.dictionaries(
        st.text(), st.recursive(st.none() | st.text() | st.floats(), st.lists, max_leaves=5)
    )
)
def test_any_data(data: dict[str, object]) -> None:
    """Any data is kept as it is, unless there are characters in it that cannot be kept."""
    if "\\u0000" in json.dumps(data).replace("\\\\", ""):
        with pytest.raises(Invalid, match="characters"):
            station_changes({"vendor_data": data})
    else:
        assert station_changes({"vendor_data": data}) == {"vendor_data": data}


def test_connectors() -> None:
    """Plugs of one EVSE are told apart by their number."""
    plugs = [Connector(evse_id=1), Connector(evse_id=1, connector_id=2, max_power_w=22_000)]
    assert check_connectors(plugs) == tuple(plugs)


@pytest.mark.parametrize(
    ("plug", "field"),
    [
        (Connector(evse_id=0), "connectors[1].evse_id"),
        (Connector(evse_id=2**31), "connectors[1].evse_id"),
        (Connector(evse_id=1, connector_id=0), "connectors[1].connector_id"),
        (Connector(evse_id=1, max_power_w=0), "connectors[1].max_power_w"),
        (Connector(evse_id=1, kind="\0"), "connectors[1].kind"),
        (Connector(evse_id=7), "connectors[1]"),
    ],
)
def test_bad_connector(plug: Connector, field: str) -> None:
    """A connector that cannot be is refused by its place."""
    with pytest.raises(Invalid) as caught:
        check_connectors([Connector(evse_id=7), plug])
    assert caught.value.field == field


def test_token() -> None:
    """A sound token is kept as it is."""
    token = Token(id_token="AbC 1", group_id="g", expires_at=AT, stations=("a",), max_sessions=0)
    assert check_token(token) == token


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id_token": ""}, "id_token"),
        ({"id_token": "x" * 256}, "id_token"),
        ({"id_token": "a\n"}, "id_token"),
        ({"id_token": "ÿ"}, "id_token"),
        ({"group_id": ""}, "group_id"),
        ({"group_id": "a\n"}, "group_id"),
        ({"group_id": "ÿ"}, "group_id"),
        ({"max_sessions": -1}, "max_sessions"),
        ({"expires_at": AT.replace(tzinfo=None)}, "expires_at"),
        ({"stations": ("\0",)}, "stations[0]"),
        ({"kind": 5}, "kind"),
        ({"languages": ("x",)}, "languages[0]"),
        ({"charging_priority": -10}, "charging_priority"),
        ({"transaction_limit": {"max_soc_percent": 101}}, "transaction_limit.max_soc_percent"),
        ({"tariff": {"currency": "EUR"}}, "tariff.tariff_id"),
    ],
)
def test_bad_token(changes: dict[str, object], field: str) -> None:
    """A token that cannot be is refused, whole or changed."""
    with pytest.raises(Invalid) as caught:
        check_token(msgspec.structs.replace(Token(id_token="x"), **changes))
    assert caught.value.field == field
    if field != "id_token":
        with pytest.raises(Invalid) as caught:
            token_changes(changes)
        assert caught.value.field == field


def test_token_changes() -> None:
    """Only what is given comes back; a token's name and age cannot change."""
    assert token_changes({"blocked": True, "note": None}) == {"blocked": True, "note": None}
    for name in ("id_token", "operator_id", "created_at"):
        with pytest.raises(Invalid):
            token_changes({name: None})


@pytest.mark.parametrize("role", ROLES)
def test_role(role: str) -> None:
    """There are three roles."""
    assert check_role(role) == role


def test_no_role() -> None:
    """And no others."""
    with pytest.raises(Invalid) as caught:
        check_role("root")
    assert caught.value.field == "role"
    assert "admin" in caught.value.detail
    assert declarations.MAX_IDENTITY == 48
