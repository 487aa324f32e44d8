"""Bounds on what is read, over the wire."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csms.api.site import LINGER_S

LIMIT = 10_000
"""`max_body_bytes` of the API under test."""


def test_announced_body_is_refused_before_it_comes(api: Any) -> None:
    """A Content-Length over the limit is 413 as soon as the head is read."""
    wire = api.wire()
    wire.send(api.request("PUT", "/api/v1/stations/A", headers={"Content-Length": "10001"}))
    reply = wire.reply()
    assert (reply.status, reply.json["code"]) == (413, "too_large")
    assert reply.headers["Connection"] == "close"
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json["request_id"] == reply.headers["X-Request-Id"]


def test_body_that_comes_along_is_not_read(api: Any) -> None:
    """A body over the limit that is there already changes nothing."""
    wire = api.wire()
    wire.send(api.request("PUT", "/api/v1/stations/A", b" " * 10_001))
    assert wire.value().count(b"HTTP/1.1 ") == 1
    assert wire.reply().status == 413


def test_chunked_body_is_refused_while_it_comes(api: Any) -> None:
    """A chunked body is 413 as soon as it is over the limit."""
    wire = api.wire()
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    wire.send(api.request("PUT", "/api/v1/stations/A", headers=headers))
    chunk = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
    wire.send(chunk * 2)
    assert wire.reply() is None
    wire.send(chunk)
    assert wire.reply().status == 413


def test_chunked_body_ending_with_the_excess_is_answered_once(api: Any) -> None:
    """The end of a body that was turned away is not a request."""
    wire = api.wire()
    body = b"4000\r\n" + b"x" * 0x4000 + b"\r\n0\r\n\r\n"
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    wire.send(api.request("PUT", "/api/v1/stations/A", body, headers=headers))
    assert wire.value().count(b"HTTP/1.1 ") == 1


def test_chunked_body_within_the_limit_is_read(api: Any) -> None:
    """Chunks are put together."""
    headers = {"Transfer-Encoding": "chunked"}
    body = b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    assert api.ask("PUT", "/api/v1/stations/A", body, headers=headers).status == 201


def test_body_of_exactly_the_limit_is_read(api: Any) -> None:
    """The limit itself is allowed."""
    body = b"{}".ljust(LIMIT)
    assert api.ask("PUT", "/api/v1/stations/A", body).status == 201


def test_no_100_continue_for_what_is_too_large(api: Any) -> None:
    """A client that asks first is told to spare itself."""
    wire = api.wire()
    headers = {"Content-Length": "10001", "Expect": "100-continue"}
    wire.send(api.request("PUT", "/api/v1/stations/A", headers=headers))
    assert wire.value().startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in wire.value()


def test_turned_away_client_may_read_its_answer(api: Any) -> None:
    """The connection lingers, deaf, and is closed after a moment."""
    wire = api.wire()
    wire.send(api.request("PUT", "/x", headers={"Content-Length": "10001"}))
    wire.send(b"x" * 20_000 + api.request("GET", "/health"))
    assert wire.value().count(b"HTTP/1.1 ") == 1
    assert wire.connected
    api.reactor.advance(LINGER_S)
    assert not wire.connected


def test_turned_away_client_that_leaves_is_forgotten(api: Any) -> None:
    """Nothing remains to be done for it."""
    before = len(api.reactor.getDelayedCalls())
    wire = api.wire()
    wire.send(api.request("PUT", "/x", headers={"Content-Length": "10001"}))
    wire.hang_up()
    assert len(api.reactor.getDelayedCalls()) == before
    assert wire.protocol not in api.site.channels


def test_endless_request_line(api: Any) -> None:
    """A request line over 16 KiB is 414."""
    wire = api.wire()
    wire.send(b"GET /health?" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n")
    reply = wire.reply()
    assert (reply.status, reply.json["code"]) == (414, "target_too_long")


def test_endless_header(api: Any) -> None:
    """A header over 16 KiB is 431."""
    wire = api.wire()
    wire.send(b"GET /health HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n")
    reply = wire.reply()
    assert (reply.status, reply.json["code"]) == (431, "head_too_large")


def test_long_query_is_refused_politely(api: Any) -> None:
    """A long query within the limit of the head is judged like any other."""
    path = "/api/v1/stations?identity=" + "x" * 12_000
    assert api.ask("GET", path).status == 422


def test_every_status_has_its_name(api: Any) -> None:
    """Also those that Twisted does not know."""
    wire = api.wire()
    wire.send(api.request("PUT", "/api/v1/stations/A", json={"x": 1}))
    assert wire.value().startswith(b"HTTP/1.1 422 Unprocessable Entity\r\n")


def test_form_is_not_parsed(api: Any) -> None:
    """A form does not become query parameters."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = api.ask("POST", "/api/remote-start", b"idTag=1", headers=headers)
    assert reply.status == 415


def test_connection_is_kept_for_more_requests(api: Any) -> None:
    """Several requests share a connection."""
    wire = api.wire()
    for _ in range(3):
        wire.send(api.request("GET", "/health"))
    assert wire.value().count(b"HTTP/1.1 200 OK") == 3


def test_options_of_everything(api: Any) -> None:
    """OPTIONS * is a probe that any server answers."""
    wire = api.wire()
    wire.send(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
    assert wire.reply().status == 200


@pytest.mark.parametrize("path", ["/api/v1/stations/%FF", "/%FF", "/api/v1/stations/%00", "/%"])
def test_odd_paths_are_refused(api: Any, path: str) -> None:
    """Paths that are not UTF-8 or hold NUL are 4xx, and log nothing."""
    wire = api.wire()
    wire.send(api.request("GET", path))
    assert wire.reply().status in (400, 404, 422)


def test_slash_within_a_variable(api: Any) -> None:
    """An encoded slash belongs to its variable."""
    assert api.ask("PUT", "/api/v1/tokens/a%2Fb%25c%20d%3F", json={}).status == 201
    assert api.ask("GET", "/api/v1/tokens/a%2fb%25c%20d%3f").json["id_token"] == "a/b%c d?"


_PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "OPTIONS", "CONNECT", "x!"]),
    target=_PRINTABLE | _PRINTABLE.map(lambda text: "/api/v1/" + text),
    version=st.sampled_from(["1.0", "1.1"]),
)
def test_no_request_line_is_an_error_of_ours(
    api: Any, method: str, target: str, version: str
) -> None:
    """Whatever is asked for, something below 500 answers, and nothing is logged as an error."""
    wire = api.wire()
    wire.send(f"{method} {target} HTTP/{version}\r\nHost: x\r\n\r\n".encode())
    status = int(wire.value().split(b" ")[1])
    assert status < 500
    wire.hang_up()


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200))
def test_no_bytes_are_an_error_of_ours(api: Any, data: bytes) -> None:
    """Whatever comes over the wire, nothing is logged as an error."""
    wire = api.wire()
    wire.send(data + b"\r\n\r\n")
    wire.hang_up()


def test_only_http_1(api: Any) -> None:
    """HTTP/2 is not offered."""
    assert api.site.acceptableProtocols() == [b"http/1.1"]


def test_no_tracebacks(api: Any) -> None:
    """Twisted's own error pages show nothing."""
    assert api.site.displayTracebacks is False
