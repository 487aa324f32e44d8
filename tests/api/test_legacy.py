"""The routes of the older systems."""

from __future__ import annotations

from typing import Any

import pytest

from csms.core.commands import Outcome, RemoteStart, RemoteStop
from csms.core.values import Connector, ConnectorStatus


def test_charge_points_are_an_array(api: Any) -> None:
    """Both paths tell charge points the old way."""
    plugs = (
        Connector(evse_id=0, status=ConnectorStatus.AVAILABLE),
        Connector(evse_id=1, status=ConnectorStatus.CHARGING, kind="CCS2"),
    )
    api.stations.seed("A", connected=True, connectors=plugs, last_seen_at=api.stations.now())
    for path in ("/api/charge-points", "/charge-points"):
        (told,) = api.ask("GET", path).json
        assert told == api.ask("GET", f"{path}/A").json
        assert (told["id"], told["chargePointId"], told["connected"]) == ("A", "A", True)
        assert told["lastHeartbeat"] == "2026-03-01T12:00:00.123Z"
        assert told["connectors"] == [
            {
                "connectorId": 1,
                "status": "Charging",
                "errorCode": "NoError",
                "type": "CCS2",
                "maxPowerW": None,
            }
        ]


def test_arrays_are_paged_by_link(api: Any) -> None:
    """A plain array leads on by its Link header."""
    for identity in "ABC":
        api.stations.seed(identity)
    reply = api.ask("GET", "/charge-points?limit=2")
    assert [item["id"] for item in reply.json] == ["A", "B"]
    path = reply.headers["Link"].partition(">")[0].removeprefix("<")
    assert [item["id"] for item in api.ask("GET", path).json] == ["C"]


@pytest.mark.parametrize(
    ("connected", "statuses", "status"),
    [
        (False, {1: "Available"}, "Offline"),
        (True, {}, "Unknown"),
        (True, {0: "Available"}, "Available"),
        (True, {0: "Faulted", 1: "Available"}, "Faulted"),
        (True, {0: "Unavailable"}, "Unavailable"),
        (True, {1: "Charging", 2: "Available"}, "Available"),
        (True, {0: "Available", 1: "Charging", 2: "Preparing"}, "Charging"),
    ],
)
def test_status_of_a_charge_point(
    api: Any, connected: bool, statuses: dict[int, str], status: str
) -> None:
    """One word for the whole charge point."""
    plugs = tuple(
        Connector(evse_id=evse, status=ConnectorStatus(state)) for evse, state in statuses.items()
    )
    api.stations.seed("A", connected=connected, connectors=plugs)
    assert api.ask("GET", "/charge-points/A").json["status"] == status


@pytest.mark.parametrize("spelling", [("chargePointId", "maxPowerW"), ("id", "max_power_w")])
def test_create(api: Any, spelling: tuple[str, str]) -> None:
    """A charge point is created under its id, in either spelling; unknown fields are ignored."""
    identity, power = spelling
    body = {
        identity: "CP 1",
        "serial_number": "S",
        "brand": "ignored",
        "connectors": [{"connectorId": 1, "type": "CCS2", power: 50000}],
    }
    reply = api.ask("POST", "/charge-points", json=body)
    assert (reply.status, reply.headers["Location"]) == (201, "/charge-points/CP%201")
    assert reply.json["serialNumber"] == "S"
    assert reply.json["connectors"][0]["maxPowerW"] == 50000
    assert api.ask("GET", "/api/v1/stations/CP%201").json["registration"] == "accepted"


def test_create_twice(api: Any) -> None:
    """POST does not replace."""
    api.stations.seed("A")
    assert api.ask("POST", "/charge-points", json={"id": "A"}).json["code"] == "already_registered"


def test_create_without_id(api: Any) -> None:
    """A charge point has an id."""
    reply = api.ask("POST", "/charge-points", json={})
    assert (reply.status, reply.json["field"]) == (422, "chargePointId")


def test_put_patch_delete(api: Any) -> None:
    """The rest of the old CRUD."""
    body = {"name": "x", "city": "Osh", "password": "12345678"}
    assert api.ask("PUT", "/charge-points/A", json=body).status == 201
    assert api.ask("PUT", "/charge-points/A", json=body).status == 200
    assert api.ask("PATCH", "/charge-points/A", json={"name": "y"}).json["city"] == "Osh"
    assert api.ask("GET", "/api/v1/stations/A").json["has_password"] is True
    assert api.ask("DELETE", "/charge-points/A").json == {"success": True}
    assert api.ask("DELETE", "/charge-points/A").status == 404


def test_connections(api: Any) -> None:
    """Live connections, the old way."""
    api.seed_connection(api.stations.seed("A"))
    (told,) = api.ask("GET", "/connections").json
    assert told == api.ask("GET", "/connections/A").json
    assert (told["chargePointId"], told["connected"]) == ("A", True)
    assert api.ask("GET", "/connections/B").status == 404


def test_transactions(api: Any) -> None:
    """Sessions as transactions, by number and by id."""
    session = api.seed_session(api.stations.seed("A"), energy_wh=5.0)
    (told,) = api.ask("GET", "/transactions?chargePointId=A&id_tag=tag&status=active").json
    assert told == api.ask("GET", "/transactions/7").json
    assert told == api.ask("GET", f"/transactions/{session.id}").json
    assert (told["transactionId"], told["sessionId"], told["idTag"]) == (7, session.id, "TAG")
    assert api.ask("GET", "/transactions?chargePointId=B").json == []


@pytest.mark.parametrize("transaction_id", ["8", "x", "00000000-0000-0000-0000-0000000000ff"])
def test_unknown_transaction(api: Any, transaction_id: str) -> None:
    """What is not there is 404."""
    assert api.ask("GET", f"/transactions/{transaction_id}").status == 404


def test_transaction_with_a_text_id(api: Any) -> None:
    """OCPP 2.x ids are texts, and stay texts."""
    api.seed_session(api.stations.seed("A"), transaction_ref="ab-7")
    assert api.ask("GET", "/transactions/ab-7").json["transactionId"] == "ab-7"


@pytest.mark.parametrize(
    "body",
    [
        {"chargePointId": "A", "connectorId": 1, "idTag": "TAG"},
        {"charge_point_id": "A", "connector_id": 1, "id_tag": "TAG", "extra": None},
    ],
)
def test_remote_start(api: Any, body: Any) -> None:
    """A start in either spelling."""
    api.stations.seed("A")
    reply = api.ask("POST", "/api/remote-start", json=body)
    assert (reply.status, reply.json["success"], reply.json["status"]) == (200, True, "Accepted")
    assert api.operations.sent[0][:2] == ("A", RemoteStart(id_token="TAG", evse_id=1))


def test_remote_start_that_fails(api: Any) -> None:
    """What the station refuses is told in the body."""
    api.stations.seed("A")
    api.operations.outcome = Outcome(status="unreachable", detail="not connected")
    body = {"chargePointId": "A", "idTag": "TAG"}
    reply = api.ask("POST", "/api/remote-start", json=body)
    assert reply.status == 200
    assert reply.json["success"] is False
    assert (reply.json["status"], reply.json["message"]) == ("Unreachable", "not connected")


def test_remote_start_under_way(api: Any) -> None:
    """A station that takes its time is asked for later."""
    api.stations.seed("A")
    api.operations.outcome = None
    body = {"chargePointId": "A", "idTag": "TAG"}
    reply = api.ask("POST", "/api/remote-start", json=body)
    assert (reply.status, reply.json["status"]) == (202, "Pending")
    assert api.ask("GET", reply.headers["Location"]).status == 200


def test_remote_start_wants_its_fields(api: Any) -> None:
    """Fields are named as the older clients spell them."""
    reply = api.ask("POST", "/api/remote-start", json={"idTag": "x"})
    assert (reply.status, reply.json["field"]) == (422, "chargePointId")


@pytest.mark.parametrize(
    "body",
    [
        {"chargePointId": "A", "transactionId": 7},
        {"charge_point_id": "A", "transaction_id": "7"},
        {"transactionId": 7},
        {"chargePointId": "A", "connectorId": 1},
        {"transactionId": "00000000-0000-0000-0000-000000000001"},
    ],
)
def test_remote_stop(api: Any, body: Any) -> None:
    """A stop by transaction, by session, or by connector; the charge point may be left out."""
    session = api.seed_session(api.stations.seed("A"))
    assert api.ask("POST", "/api/remote-stop", json=body).json["success"] is True
    assert api.operations.sent == [("A", RemoteStop(transaction_ref="7"), False, session.id)]


def test_remote_stop_of_an_unknown_transaction(api: Any) -> None:
    """Without a charge point the transaction must be known."""
    assert api.ask("POST", "/api/remote-stop", json={"transactionId": 9}).status == 404


@pytest.mark.parametrize("body", [{}, {"chargePointId": "A"}, {"connectorId": 1}])
def test_remote_stop_wants_to_know_what(api: Any, body: Any) -> None:
    """A stop of nothing in particular is refused."""
    api.stations.seed("A")
    reply = api.ask("POST", "/api/remote-stop", json=body)
    assert (reply.status, reply.json["field"]) == (422, "transactionId")
