"""Connections over REST."""

from __future__ import annotations

from typing import Any

import pytest

from csms.core.values import RefusedAttempt


def refused(api: Any, identity: str, reason: str = "unknown_station") -> RefusedAttempt:
    """Somebody was turned away."""
    at = api.stations.now()
    attempt = RefusedAttempt(
        identity=identity, reason=reason, peer="192.0.2.9:1", first_at=at, last_at=at
    )
    return api.connections.seed_refused(attempt)


def adopt(api: Any, identity: str, **options: Any) -> Any:
    """Adopt somebody."""
    return api.ask("POST", f"/api/v1/connections/refused/{identity}/adopt", **options)


def test_live_connections(api: Any) -> None:
    """Who is connected, where and since when."""
    api.seed_connection(api.stations.seed("A"))
    (told,) = api.ask("GET", "/api/v1/connections").json["items"]
    assert told == api.ask("GET", "/api/v1/connections/A").json
    assert (told["identity"], told["peer"], told["node"]) == ("A", "192.0.2.7:4000", "n1")
    assert told["connected_at"] == "2026-03-01T12:00:00.123Z"


def test_absent_station_has_no_connection(api: Any) -> None:
    """A station that is not connected is not found here."""
    api.stations.seed("A")
    assert api.ask("GET", "/api/v1/connections/A").status == 404


def test_refused_attempts(api: Any) -> None:
    """Who was turned away, and why."""
    refused(api, "A")
    refused(api, "B", "wrong_credentials")
    (told,) = api.ask("GET", "/api/v1/connections/refused?reason=wrong_credentials").json["items"]
    assert (told["identity"], told["attempts"]) == ("B", 1)


def test_refused_attempts_are_the_default_operators(api: Any) -> None:
    """Who belongs to nobody yet is shown to no other operator."""
    refused(api, "A")
    assert api.ask("GET", "/api/v1/connections/refused", role="stranger").json["items"] == []
    assert adopt(api, "A", role="stranger").status == 404


def test_adoption_creates_an_accepted_station(api: Any) -> None:
    """Adopting makes a station of the identity and forgets its attempts."""
    refused(api, "CP 1")
    refused(api, "CP 1", "no_credentials")
    reply = adopt(api, "CP%201")
    assert (reply.status, reply.json["registration"]) == (201, "accepted")
    assert reply.headers["Location"] == "/api/v1/stations/CP%201"
    assert api.ask("GET", "/api/v1/connections/refused").json["items"] == []


def test_adoption_with_fields(api: Any) -> None:
    """What is known of the station may be said at once."""
    refused(api, "A")
    reply = adopt(api, "A", json={"name": "Gate", "password": "12345678", "connectors": []})
    assert (reply.json["name"], reply.json["has_password"]) == ("Gate", True)


def test_adoption_cannot_leave_it_pending(api: Any) -> None:
    """Adoption accepts: a registration is no part of it."""
    refused(api, "A")
    assert adopt(api, "A", json={"registration": "pending"}).status == 422


def test_adoption_of_nobody(api: Any) -> None:
    """Only who was turned away can be adopted, by the exact identity."""
    refused(api, "AB")
    assert adopt(api, "A").status == 404


def test_adoption_of_a_known_station(api: Any) -> None:
    """A station that exists (it had a wrong password) is not overwritten."""
    api.ask("PUT", "/api/v1/stations/A", json={"name": "Gate"})
    refused(api, "A", "wrong_credentials")
    reply = adopt(api, "A")
    assert (reply.status, reply.json["code"]) == (409, "already_registered")
    assert api.ask("GET", "/api/v1/stations/A").json["name"] == "Gate"


@pytest.mark.parametrize("identity", ["a%3Ab", "a%2Fb"])
def test_adoption_of_an_impossible_identity(api: Any, identity: str) -> None:
    """Who was turned away for a bad identity cannot be adopted under it."""
    refused(api, identity.replace("%3A", ":").replace("%2F", "/"), "bad_identity")
    assert adopt(api, identity).status == 422


def test_closed_filters(api: Any) -> None:
    """Versions and reasons are known: what is none of them is refused."""
    assert api.ask("GET", "/api/v1/connections?ocpp_version=2.1").status == 200
    for query in ("connections?ocpp_version=1.5", "connections/refused?reason=bogus"):
        assert api.ask("GET", f"/api/v1/{query}").status == 422
