"""Tokens of the API over REST."""

from __future__ import annotations

from typing import Any


def test_new_token_works(api: Any) -> None:
    """A token made by an administrator opens the doors of its role, for the same operator."""
    body = {"name": "night shift", "role": "auditor", "expires_at": "2026-03-02T00:00:00Z"}
    reply = api.ask("POST", "/api/v1/api-tokens", json=body)
    assert (reply.status, reply.json["role"]) == (201, "auditor")
    headers = {"Authorization": f"Bearer {reply.json['secret']}"}
    assert api.ask("GET", "/api/v1/stations", headers=headers).status == 200
    assert api.ask("DELETE", "/api/v1/stations/A", headers=headers).status == 403


def test_token_belongs_to_the_callers_operator(api: Any) -> None:
    """Nobody makes tokens for another operator."""
    api.stations.seed("A")
    body = {"name": "x", "role": "admin"}
    secret = api.ask("POST", "/api/v1/api-tokens", json=body, role="stranger").json["secret"]
    headers = {"Authorization": f"Bearer {secret}"}
    assert api.ask("GET", "/api/v1/stations", headers=headers).json["items"] == []


def test_unknown_role_is_refused(api: Any) -> None:
    """There are three roles."""
    reply = api.ask("POST", "/api/v1/api-tokens", json={"name": "x", "role": "root"})
    assert (reply.status, reply.json["field"]) == (422, "role")


def test_impossible_expiry_is_refused(api: Any) -> None:
    """A token must expire at a time that exists."""
    body = {"name": "x", "role": "admin", "expires_at": "0001-01-01T00:00:00+14:00"}
    assert api.ask("POST", "/api/v1/api-tokens", json=body).json["field"] == "expires_at"
