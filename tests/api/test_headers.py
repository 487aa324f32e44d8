"""Headers of every response."""

from __future__ import annotations

from typing import Any

import pytest

from csms.api.headers import SECURITY, Origins, request_id


@pytest.mark.parametrize(
    "path", ["/health", "/api/v1/stations", "/api/v1/nothing", "/api/v1/stations/none"]
)
def test_security_headers_are_everywhere(api: Any, path: str) -> None:
    """Success or refusal, routed or not, carries the security headers."""
    reply = api.ask("GET", path)
    assert {name: reply.headers[name] for name in SECURITY} == SECURITY


def test_sane_request_id_is_echoed(api: Any) -> None:
    """The caller's id of a request comes back, also in problems."""
    reply = api.ask("GET", "/api/v1/nothing", headers={"X-Request-ID": "abc-1.2:3"})
    assert reply.headers["X-Request-Id"] == reply.json["request_id"] == "abc-1.2:3"


@pytest.mark.parametrize("sent", [None, "", "x" * 65, "a b", 'a"b', "é", "a\nb"])
def test_insane_request_id_is_replaced(sent: str | None) -> None:
    """An id that could confuse a log is replaced by one of ours."""
    assert request_id(sent) != sent
    assert request_id(sent) != request_id(sent)


def test_two_request_ids_are_none(api: Any) -> None:
    """Of two ids neither is echoed."""
    headers = [("X-Request-ID", "a"), ("X-Request-ID", "b")]
    assert api.ask("GET", "/health", headers=headers).headers["X-Request-Id"] not in ("a", "b")


def test_no_origins_no_cors(api: Any) -> None:
    """Unless configured, no origin is admitted."""
    reply = api.ask("GET", "/health", headers={"Origin": "https://a.example"})
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert "Vary" not in reply.headers


def test_configured_origin_is_admitted(api: Any) -> None:
    """A configured origin may read answers, refusals too, and the headers it needs."""
    api = api.reconfigured(cors_origins=("https://a.example",))
    for path in ("/health", "/api/v1/nothing"):
        reply = api.ask("GET", path, headers={"Origin": "https://a.example"})
        assert reply.headers["Access-Control-Allow-Origin"] == "https://a.example"
        assert reply.headers["Vary"] == "Origin"
        assert "Location" in reply.headers["Access-Control-Expose-Headers"]


def test_other_origin_is_not(api: Any) -> None:
    """Another origin gets its answer, which a browser then keeps from it."""
    api = api.reconfigured(cors_origins=("https://a.example",))
    reply = api.ask("GET", "/health", headers={"Origin": "https://b.example"})
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert reply.headers["Vary"] == "Origin"


def test_preflight_needs_no_token(api: Any) -> None:
    """A browser asks first, without credentials."""
    api = api.reconfigured(cors_origins=("https://a.example",))
    reply = api.ask(
        "OPTIONS",
        "/api/v1/stations/A",
        role=None,
        headers={"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"},
    )
    assert reply.status == 204
    assert "PUT" in reply.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in reply.headers["Access-Control-Allow-Headers"]
    assert reply.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"


def test_any_origin() -> None:
    """A star admits every origin, by its own name."""
    origins = Origins(frozenset({"*"}))
    assert origins.headers("https://x")["Access-Control-Allow-Origin"] == "https://x"
    assert "Access-Control-Allow-Origin" not in origins.headers(None)
    assert origins.preflight(None, ["GET"]) == {}
