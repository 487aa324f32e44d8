"""What changing a station takes besides its row."""

from __future__ import annotations

from typing import Any

from csms.core.values import Registration


def test_password_is_hashed(api: Any) -> None:
    """A password reaches the register only as its hash, and no answer."""
    reply = api.ask("PUT", "/api/v1/stations/A", json={"password": "correct horse"})
    assert b"correct horse" not in reply.body
    assert b"hash of" not in reply.body
    assert api.stations._stations["A"].password_hash == "hash of correct horse"


def test_password_can_be_taken_away(api: Any) -> None:
    """null takes the password away."""
    api.ask("PUT", "/api/v1/stations/A", json={"password": "correct horse"})
    assert (
        api.ask("PATCH", "/api/v1/stations/A", json={"password": None}).json["has_password"]
        is False
    )


def test_delete_disconnects(api: Any) -> None:
    """A station that is removed loses its connection to this process."""
    station = api.stations.seed("A")
    reply = api.ask("DELETE", "/api/v1/stations/A")
    assert (reply.status, reply.body) == (204, b"")
    assert api.links.dropped == [(station.id, "deleted")]
    assert api.ask("GET", "/api/v1/stations/A").status == 404


def test_approval_asks_a_connected_station_to_boot(api: Any) -> None:
    """A pending station that is accepted is asked to boot again, at once."""
    api.stations.seed("A", registration=Registration.PENDING, connected=True)
    api.ask("PATCH", "/api/v1/stations/A", json={"registration": "accepted"})
    ((identity, command, _, _),) = api.operations.sent
    assert (identity, command.message) == ("A", "BootNotification")


def test_approval_of_an_absent_station_sends_nothing(api: Any) -> None:
    """Nobody is asked who is not there, nor who was accepted before."""
    api.stations.seed("A", registration=Registration.PENDING)
    api.stations.seed("B", connected=True)
    for identity in "AB":
        api.ask("PATCH", f"/api/v1/stations/{identity}", json={"registration": "accepted"})
    assert api.operations.sent == []


def test_a_station_that_is_rejected_no_more_connects_anew(api: Any) -> None:
    """Nothing may be sent to it as it is, not even that it boot."""
    station = api.stations.seed("A", registration=Registration.REJECTED, connected=True)
    api.ask("PATCH", "/api/v1/stations/A", json={"registration": "accepted"})
    assert api.links.dropped == [(station.id, "not rejected any more")]


def test_a_version_that_is_not_allowed_any_more_is_not_spoken_on(api: Any) -> None:
    """The station connects again, in one that is."""
    station = api.stations.seed("A", connected=True, ocpp_version="2.1")
    api.ask("PATCH", "/api/v1/stations/A", json={"ocpp_versions": ["2.1", "1.6"]})
    assert api.links.dropped == []
    api.ask("PATCH", "/api/v1/stations/A", json={"ocpp_versions": ["1.6"]})
    assert api.links.dropped == [(station.id, "another OCPP version")]


def test_put_approves_too(api: Any) -> None:
    """Replacing a pending station by an accepted one is an approval."""
    api.stations.seed("A", registration=Registration.PENDING, connected=True)
    api.ask("PUT", "/api/v1/stations/A", json={})
    assert len(api.operations.sent) == 1


def test_rejection_disconnects(api: Any) -> None:
    """A station that is rejected may not stay."""
    station = api.stations.seed("A", connected=True)
    api.ask("PATCH", "/api/v1/stations/A", json={"registration": "rejected"})
    assert api.links.dropped == [(station.id, "rejected")]


def test_back_to_pending(api: Any) -> None:
    """A station may be put back to wait; that neither asks nor disconnects it."""
    api.stations.seed("A", connected=True)
    told = api.ask("PATCH", "/api/v1/stations/A", json={"registration": "pending"}).json
    assert told["registration"] == "pending"
    assert (api.links.dropped, api.operations.sent) == ([], [])


def test_rejection_where_no_gateway_runs(api: Any) -> None:
    """A process without a gateway has nobody to disconnect."""
    api.links = None
    api.stations.seed("A", connected=True)
    assert api.reconfigured().ask("DELETE", "/api/v1/stations/A").status == 204
