"""Coroutines in tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import pytest_twisted
from hypothesis import HealthCheck, settings
from twisted.internet.defer import Deferred, gatherResults

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Coroutine[Any, Any, None]])


drawn = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""For properties that await, over one database.

Such a test must be run once per process, so neither be parametrized nor be in a mixin:
pytest-twisted wraps what ``given`` made anew each time, and the second wrap deadlocks.
"""


def waits(test: F) -> F:
    """Mark a test that awaits: `pytest_twisted.ensureDeferred`, with types."""
    marked: F = pytest_twisted.ensureDeferred(test)
    return marked


async def together(*calls: Awaitable[T]) -> Sequence[T]:
    """Make calls at the same time; their results in order."""

    async def made(call: Awaitable[T]) -> T:
        return await call

    return await gatherResults([Deferred.fromCoroutine(made(call)) for call in calls])
