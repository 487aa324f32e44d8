"""The register of stations over REST."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from csms.core.ports import Quirk
from csms.core.values import Connector, ConnectorStatus, Registration

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
FULL = {
    "name": "North gate",
    "latitude": 42.87,
    "longitude": 74.59,
    "address": "Chuy 1",
    "city": "Bishkek",
    "country": "KG",
    "vendor": "ABB",
    "model": "Terra",
    "serial_number": "S1",
    "vendor_data": {"site": {"no": 7}},
    "password": "correct horse",
    "strictness": "strict",
    "ocpp_versions": ["1.6"],
    "heartbeat_interval_s": 60,
    "registration": "pending",
    "connectors": [
        {"evse_id": 1, "kind": "CCS2", "max_power_w": 60000},
        {"evse_id": 2, "connector_id": 1, "kind": None},
    ],
}


def test_put_creates(api: Any) -> None:
    """PUT of a new identity creates the station as declared and tells where it is."""
    reply = api.ask("PUT", "/api/v1/stations/CP%2F1".replace("%2F", "-"), json=FULL)
    assert reply.status == 201
    assert reply.headers["Location"] == "/api/v1/stations/CP-1"
    told = reply.json
    for name in set(FULL) - {"password", "connectors"}:
        assert told[name] == FULL[name], name
    assert told["has_password"] is True
    assert [
        (plug["evse_id"], plug["kind"], plug["max_power_w"]) for plug in told["connectors"]
    ] == [
        (1, "CCS2", 60000),
        (2, None, None),
    ]


def test_put_replaces(api: Any) -> None:
    """PUT again puts what is left out back to its default, but keeps password and connectors."""
    api.ask("PUT", "/api/v1/stations/A", json=FULL)
    reply = api.ask("PUT", "/api/v1/stations/A", json={"name": "South gate"})
    assert reply.status == 200
    told = reply.json
    assert (told["name"], told["city"], told["vendor_data"]) == ("South gate", None, {})
    assert (told["registration"], told["strictness"]) == ("accepted", None)
    assert told["has_password"] is True
    assert len(told["connectors"]) == 2


def test_put_is_idempotent(api: Any) -> None:
    """The same PUT twice leaves the same station."""
    first = api.ask("PUT", "/api/v1/stations/A", json=FULL)
    second = api.ask("PUT", "/api/v1/stations/A", json=FULL)
    assert (first.status, second.status) == (201, 200)
    assert first.json == second.json


@pytest.mark.parametrize("password", ["short", "x" * 65, 12345678])
def test_bad_password_is_refused(api: Any, password: Any) -> None:
    """A password has 8 to 64 characters."""
    reply = api.ask("PUT", "/api/v1/stations/A", json={"password": password})
    assert (reply.status, reply.json["field"]) == (422, "password")
    assert str(password) not in reply.json["detail"]


@pytest.mark.parametrize("identity", ["a%2Fb", "a%3Ab", "..%2F", "%0A", "x" * 49, "%E2%80%AE"])
def test_impossible_identity_is_refused(api: Any, identity: str) -> None:
    """What cannot be an OCPP identity becomes no station."""
    reply = api.ask("PUT", f"/api/v1/stations/{identity}", json={})
    assert (reply.status, reply.json["field"]) == (422, "identity")


@pytest.mark.parametrize(
    ("identity", "path"), [("CP 1", "CP%201"), ("100%", "100%25"), ("Ü-ф", "%C3%9C-%D1%84")]
)
def test_odd_identities_work(api: Any, identity: str, path: str) -> None:
    """Spaces, percent signs and other scripts are fine, percent-encoded."""
    reply = api.ask("PUT", f"/api/v1/stations/{path}", json={})
    assert reply.json["identity"] == identity
    assert api.ask("GET", reply.headers["Location"]).json["identity"] == identity


def test_identity_differing_in_case_is_a_conflict(api: Any) -> None:
    """Two identities that differ only in case would be a trap."""
    api.stations.seed("A")
    reply = api.ask("PUT", "/api/v1/stations/a", json={})
    assert (reply.status, reply.json["code"]) == (409, "identity_differs_in_case")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"latitude": 91}, "latitude"),
        ({"longitude": "east"}, "longitude"),
        ({"vendor_data": [1]}, "vendor_data"),
        ({"vendor_data": {"a": ["\0"]}}, "vendor_data.a[0]"),
        ({"heartbeat_interval_s": 0}, "heartbeat_interval_s"),
        ({"ocpp_versions": []}, "ocpp_versions"),
        ({"ocpp_versions": ["3.0"]}, "ocpp_versions[0]"),
        ({"strictness": "lax"}, "strictness"),
        ({"registration": None}, "registration"),
        ({"connectors": [{"evse_id": 1}, {"evse_id": 0}]}, "connectors[1].evse_id"),
        ({"connectors": [{"evse_id": 1, "max_power_w": 2**40}]}, "connectors[0].max_power_w"),
        ({"connectors": [{"evse_id": 1}, {"evse_id": 1}]}, "connectors[1]"),
        ({"connectors": [{"evse_id": 1, "status": "Available"}]}, "connectors[0].status"),
        ({"password_hash": "x"}, "password_hash"),
        ({"id": 5}, "id"),
        ({"operator_id": 2}, "operator_id"),
    ],
)
def test_wrong_declaration_is_refused_by_field(api: Any, body: Any, field: str) -> None:
    """PUT and PATCH name the part at fault."""
    api.stations.seed("A")
    for method in ("PUT", "PATCH"):
        reply = api.ask(method, "/api/v1/stations/A", json=body)
        assert (reply.status, reply.json["field"]) == (422, field), method


def test_patch_changes_only_what_is_given(api: Any) -> None:
    """PATCH leaves the rest; null takes a value away."""
    api.ask("PUT", "/api/v1/stations/A", json=FULL)
    told = api.ask("PATCH", "/api/v1/stations/A", json={"name": None, "city": "Osh"}).json
    assert (told["name"], told["city"], told["country"]) == (None, "Osh", "KG")
    assert len(told["connectors"]) == 2


def test_patch_of_nothing(api: Any) -> None:
    """An empty PATCH changes nothing and is fine."""
    api.stations.seed("A")
    assert api.ask("PATCH", "/api/v1/stations/A", json={}).status == 200


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_unknown_station_is_404(api: Any, method: str) -> None:
    """A station that is not there is not found."""
    body = {} if method == "PATCH" else None
    assert api.ask(method, "/api/v1/stations/none", json=body).status == 404


def test_delete(api: Any) -> None:
    """A removed station is gone."""
    api.stations.seed("A")
    reply = api.ask("DELETE", "/api/v1/stations/A")
    assert (reply.status, reply.body) == (204, b"")
    assert api.ask("GET", "/api/v1/stations/A").status == 404


def test_list_filters(api: Any) -> None:
    """Stations are filtered by registration, connection, vendor and beginning of identity."""
    api.stations.seed("A1", connected=True, vendor="ABB")
    api.stations.seed("A2", registration=Registration.PENDING)
    api.stations.seed("B1", vendor="ABB")

    def found(query: str) -> list[str]:
        items = api.ask("GET", f"/api/v1/stations?{query}").json["items"]
        return [item["identity"] for item in items]

    assert found("identity=A") == ["A1", "A2"]
    assert found("connected=true") == ["A1"]
    assert found("registration=pending") == ["A2"]
    assert found("vendor=ABB&sort=-identity") == ["B1", "A1"]


def test_connectors(api: Any) -> None:
    """Connectors are told as declared and as last reported."""
    plug = Connector(evse_id=1, kind="CCS2", status=ConnectorStatus.CHARGING)
    api.stations.seed("A", connectors=(plug,))
    (told,) = api.ask("GET", "/api/v1/stations/A/connectors").json["items"]
    assert (told["kind"], told["status"]) == ("CCS2", "Charging")
    assert api.ask("GET", "/api/v1/stations/A/connectors/1").json == told


def test_patch_connector(api: Any) -> None:
    """Type and power of one connector change; everything else stays."""
    plugs = (
        Connector(evse_id=0, status=ConnectorStatus.AVAILABLE),
        Connector(evse_id=1, kind="CCS2", max_power_w=5, status=ConnectorStatus.CHARGING),
        Connector(evse_id=2, kind="Type2"),
    )
    api.stations.seed("A", connectors=plugs)
    told = api.ask("PATCH", "/api/v1/stations/A/connectors/1", json={"max_power_w": 9}).json
    assert (told["kind"], told["max_power_w"], told["status"]) == ("CCS2", 9, "Charging")
    after = api.stations._stations["A"].connectors
    assert after == (plugs[0], msgspec.structs.replace(plugs[1], max_power_w=9), plugs[2])


def test_patch_second_plug_of_an_evse(api: Any) -> None:
    """`connector_id` says which plug of the EVSE is meant."""
    plugs = tuple(Connector(evse_id=1, connector_id=number) for number in (1, 2))
    api.stations.seed("A", connectors=plugs)
    path = "/api/v1/stations/A/connectors/1?connector_id=2"
    assert api.ask("PATCH", path, json={"kind": "CCS2"}).json["connector_id"] == 2
    kinds = [plug.kind for plug in api.stations._stations["A"].connectors]
    assert kinds == [None, "CCS2"]


@pytest.mark.parametrize("evse", ["3", "0"])
def test_unknown_connector_is_404(api: Any, evse: str) -> None:
    """A connector that is not there cannot be changed, nor the station itself."""
    api.stations.seed("A", connectors=(Connector(evse_id=0), Connector(evse_id=1)))
    path = f"/api/v1/stations/A/connectors/{evse}"
    assert api.ask("PATCH", path, json={"kind": "x"}).status == 404


def test_connector_number_must_be_one(api: Any) -> None:
    """What is no number is refused by name."""
    api.stations.seed("A")
    reply = api.ask("GET", "/api/v1/stations/A/connectors/one")
    assert (reply.status, reply.json["field"]) == (422, "evse_id")


def test_quirks(api: Any) -> None:
    """Tolerated departures are told with how often and when."""
    api.stations.seed("A")
    at = api.stations.now()
    api.stations.seed_quirk("A", Quirk(name="q", count=3, example="e", first_at=at, last_at=at))
    (told,) = api.ask("GET", "/api/v1/stations/A/quirks").json["items"]
    assert (told["name"], told["count"], told["first_at"]) == ("q", 3, "2026-03-01T12:00:00.123Z")


def test_connectors_and_quirks_page_by_page(api: Any) -> None:
    """By the one convention, though there are few."""
    plugs = [Connector(evse_id=evse, connector_id=plug) for evse in (1, 2) for plug in (1, 2)]
    api.stations.seed("CP1", connectors=tuple(plugs))
    for number in range(3):
        quirk = Quirk(name=f"q{number}", count=number, example="x", first_at=T0, last_at=T0)
        api.stations.seed_quirk("CP1", quirk)
    path = "/api/v1/stations/CP1"
    first = api.ask("GET", f"{path}/connectors?limit=3").json
    rest = api.ask("GET", f"{path}/connectors?limit=3&cursor={first['next_cursor']}").json
    assert [(each["evse_id"], each["connector_id"]) for each in first["items"] + rest["items"]] == [
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
    ]
    second = api.ask("GET", f"{path}/connectors?evse_id=2&status=Unknown").json["items"]
    assert len(second) == 2
    assert api.ask("GET", f"{path}/connectors?status=bogus").status == 422
    first = api.ask("GET", f"{path}/quirks?limit=2").json
    assert [each["name"] for each in first["items"]] == ["q2", "q1"]
    rest = api.ask("GET", f"{path}/quirks?limit=2&cursor={first['next_cursor']}").json
    assert [each["name"] for each in rest["items"]] == ["q0"]
