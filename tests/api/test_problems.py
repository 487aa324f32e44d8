"""Refusals as problem documents."""

from __future__ import annotations

from typing import Any

import pytest

from csms.api import problems
from csms.api.problems import headers_of, problem_of, status_of
from csms.core.errors import Conflict, Invalid, NotFound, Overloaded, Refusal, Unavailable


class Particular(NotFound):
    """A refusal somebody may add later."""


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (problems.Malformed("x"), 400),
        (problems.Unauthenticated("x"), 401),
        (problems.Forbidden("x"), 403),
        (NotFound("x"), 404),
        (Particular("x"), 404),
        (problems.UnknownRoute("x"), 404),
        (problems.MethodNotAllowed(["GET"]), 405),
        (Conflict("x"), 409),
        (Refusal("x"), 409),
        (problems.TooLarge("x"), 413),
        (problems.TargetTooLong("x"), 414),
        (problems.UnsupportedMedia("x"), 415),
        (Invalid("x"), 422),
        (problems.HeadTooLarge("x"), 431),
        (Overloaded("x"), 503),
        (Unavailable("x"), 503),
    ],
)
def test_status_of_each_family(refusal: Refusal, status: int) -> None:
    """Each family of refusals has its HTTP status."""
    assert status_of(refusal).code == status


def test_problem_tells_code_field_and_request() -> None:
    """A problem names the stable code, the part at fault, and the request."""
    problem = problem_of(Invalid("too long", field="name", code="name_too_long"), "r1")
    assert (problem.code, problem.field, problem.request_id) == ("name_too_long", "name", "r1")
    assert problem.type == "urn:csms:problem:name_too_long"
    assert problem.errors == (problems.FieldError("name", "too long"),)


def test_later_is_said_when() -> None:
    """Overload and a lost database say when to try again."""
    assert headers_of(Unavailable("x")) == {"Retry-After": "2"}


def test_bad_token_is_told_from_no_token() -> None:
    """RFC 6750: only a token that was sent is called invalid."""
    sent = problems.Unauthenticated("x", code="invalid_token")
    assert headers_of(sent)["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert headers_of(problems.Unauthenticated("x"))["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (Conflict("it is pending", code="not_registered"), 409, "not_registered"),
        (Invalid("too long", field="payload.idTag"), 422, "invalid"),
        (Overloaded("too much"), 503, "overloaded"),
        (Unavailable("no database"), 503, "unavailable"),
    ],
)
def test_refusals_of_ports_reach_the_caller(
    api: Any, refusal: Refusal, status: int, code: str
) -> None:
    """What a port refuses is told with its own code and sentence."""
    api.stations.seed("A")
    api.operations.refusal = refusal
    reply = api.ask("POST", "/api/v1/stations/A/reset")
    assert (reply.status, reply.json["code"]) == (status, code)
    assert reply.json["detail"] == refusal.detail
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert ("Retry-After" in reply.headers) == (status == 503)


def test_bug_is_logged_once_and_not_shown(api: Any, logged: list[Any]) -> None:
    """An unexpected error is 500 without internals, and one entry in the log with the request."""
    api.stations.seed("A")
    api.operations.refusal = RuntimeError("secret internals")
    reply = api.ask("POST", "/api/v1/stations/A/reset")
    assert (reply.status, reply.json["code"]) == (500, "internal_error")
    assert b"secret" not in reply.body
    (event,) = logged
    assert event["request_id"] == reply.json["request_id"] == reply.headers["X-Request-Id"]
    assert (event["station"], event["log_failure"].type) == ("A", RuntimeError)
    logged.clear()
