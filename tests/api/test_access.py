"""Bearer tokens and roles."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic YWRtaW46YWRtaW4=",
        "Bearer " + "x" * 600,
        "Bearer caf\xe9",
        "Bearer a\tb",
        "wrong",
    ],
)
def test_bad_credentials_are_401(api: Any, header: str) -> None:
    """Whatever is not a good bearer token is refused as one."""
    reply = api.ask("GET", "/api/v1/stations", headers={"Authorization": header})
    assert (reply.status, reply.json["code"]) == (401, "invalid_token")
    assert reply.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_scheme_is_case_insensitive(api: Any) -> None:
    """RFC 9110: the scheme's case does not matter."""
    headers = {"Authorization": f"bearer {api.secrets['admin']}"}
    assert api.ask("GET", "/api/v1/stations", headers=headers).status == 200


def test_two_credentials_are_none(api: Any) -> None:
    """Of two Authorization headers neither is believed."""
    good = f"Bearer {api.secrets['admin']}"
    headers = [("Authorization", good), ("Authorization", good)]
    assert api.ask("GET", "/api/v1/stations", headers=headers).status == 401


def test_expired_token_is_401(api: Any) -> None:
    """A token past its time is unknown."""
    secret = api.api_tokens.seed(expires_at=api.stations.now())
    headers = {"Authorization": f"Bearer {secret}"}
    assert api.ask("GET", "/api/v1/stations", headers=headers).status == 401


def test_role_is_named_in_the_refusal(api: Any) -> None:
    """Who may not is told as whom."""
    reply = api.ask("DELETE", "/api/v1/stations/A", role="auditor")
    assert (reply.status, reply.json["code"]) == (403, "forbidden")
    assert "auditor" in reply.json["detail"]


def test_caller_is_admitted_before_input_is_read(api: Any) -> None:
    """A stranger learns nothing of what input would be valid."""
    assert api.ask("PUT", "/api/v1/stations/A?x=1", b"{", role=None).status == 401


def test_operators_are_strangers_to_each_other(api: Any) -> None:
    """A token sees only what belongs to its operator."""
    station = api.stations.seed("A")
    api.seed_connection(station)
    session = api.seed_session(station)
    api.tokens.seed("TAG")
    operation = api.ask("POST", "/api/v1/stations/A/reset").json
    for path in (
        "/api/v1/stations/A",
        "/api/v1/stations/A/quirks",
        "/api/v1/stations/A/connectors",
        "/api/v1/connections/A",
        f"/api/v1/sessions/{session.id}",
        f"/api/v1/sessions/{session.id}/meter-values",
        "/api/v1/tokens/TAG",
        f"/api/v1/operations/{operation['id']}",
        "/charge-points/A",
        "/connections/A",
        "/transactions/7",
    ):
        assert api.ask("GET", path).status == 200, path
        assert api.ask("GET", path, role="stranger").status == 404, path
    for path in ("stations", "connections", "sessions", "tokens", "operations"):
        assert len(api.ask("GET", f"/api/v1/{path}").json["items"]) == 1
        assert api.ask("GET", f"/api/v1/{path}", role="stranger").json["items"] == [], path
    assert api.ask("POST", "/api/v1/stations/A/reset", role="stranger").status == 404
    assert api.ask("DELETE", "/api/v1/stations/A", role="stranger").status == 404
    assert api.ask("PUT", "/api/v1/stations/A", json={}, role="stranger").status == 409
