"""Declarations of routes."""

from __future__ import annotations

from typing import Any

import pytest

from csms.api.routes import PUBLIC, READERS, WRITERS, Answer, Call, NoQuery, Route


async def handler(call: Call[Any, Any]) -> Answer:
    """Answers nothing in particular."""
    return Answer()


def route(method: str, **fields: Any) -> Route:
    """A route of that method."""
    return Route(
        method=method,
        path="/x",
        name="x",
        summary="x",
        tag="x",
        handler=handler,
        answers={200: None},
        **fields,
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_changes_something_is_for_writers(method: str) -> None:
    """Unless declared otherwise, everything but GET wants a role that may write."""
    assert route(method).roles == WRITERS


def test_reading_is_for_everybody_with_a_token() -> None:
    """GET is open to every role, and to nobody else."""
    assert route("GET").roles == READERS
    assert not route("GET").public
    assert route("GET", roles=PUBLIC).public


def test_public_route_has_no_caller() -> None:
    """A handler of a public route that asks who calls is a bug, and fails."""
    call = Call(
        path={},
        query=NoQuery(),
        body=None,
        caller=None,
        request_id="r",
        target="/x",
        parameters={},
    )
    with pytest.raises(AssertionError):
        _ = call.operator_id
