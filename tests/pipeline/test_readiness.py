"""Readiness: all parts well, an answer in time whatever happens, nothing told to strangers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from csms.core.errors import Unavailable
from csms.core.ports import IHealth, Readiness
from csms.pipeline.readiness import PATIENCE_S, Check, Health, database, intake, migrations
from csms.testing.logs import logged


async def well() -> str | None:
    """A part that is well."""
    return None


async def ill() -> str | None:
    """A part that is not."""
    return "ill"


async def buggy() -> str | None:
    """A part that cannot tell."""
    raise ZeroDivisionError


async def stuck() -> str | None:
    """A part that does not answer."""
    await Deferred()
    return None


async def stubborn() -> str | None:
    """A part that does not even let itself be cancelled."""
    while True:
        with suppress(Exception):
            await Deferred()


def asked(checks: Mapping[str, Check], clock: Clock | None = None) -> Deferred[Readiness]:
    """Somebody asks."""
    return Deferred.fromCoroutine(Health(clock or Clock(), checks).readiness())


def answer(deferred: Deferred[Readiness]) -> Readiness:
    """The answer, which is there."""
    result = deferred.result
    assert isinstance(result, Readiness)
    return result


def test_provides() -> None:
    """It provides the port."""
    assert verifyObject(IHealth, Health(Clock(), {}))


def test_ready() -> None:
    """Ready is who is well in all parts."""
    assert answer(asked({"a": well, "b": well})) == Readiness(
        ready=True, parts={"a": "ok", "b": "ok"}
    )


def test_not_ready() -> None:
    """One part is enough not to be ready; a bug in a check is logged."""
    with logged() as events:
        readiness = answer(asked({"a": well, "b": ill, "c": buggy}))
    assert readiness == Readiness(
        ready=False, parts={"a": "ok", "b": "ill", "c": "the check failed"}
    )
    assert [event["part"] for event in events] == ["c"]


def test_in_time() -> None:
    """Parts that do not answer are not waited for any longer than one of them."""
    clock = Clock()
    waiting = asked({"a": stuck, "b": stubborn, "c": well, "d": stuck}, clock)
    assert not waiting.called
    with logged() as events:
        clock.advance(PATIENCE_S)
        clock.advance(0)
        clock.advance(0)
    late = "no answer within 1 s"
    assert answer(waiting).parts == {"a": late, "b": late, "c": "ok", "d": late}
    assert not events
    assert not clock.getDelayedCalls()


@pytest.mark.parametrize("gone", [False, True])
def test_database(gone: bool) -> None:
    """The database is well when it answers; why it does not is nothing for strangers."""

    async def ping() -> None:
        if gone:
            raise Unavailable("connection to 10.0.0.5 refused")

    verdict = answer(asked({"database": database(ping)})).parts["database"]
    assert verdict == ("unavailable" if gone else "ok")


def test_intake() -> None:
    """The intake is well while there is room."""
    assert answer(asked({"intake": intake(lambda: 9, 10)})).ready
    full = answer(asked({"intake": intake(lambda: 10, 10)}))
    assert full.parts == {"intake": "10 reports wait, which is the limit"}


@pytest.mark.parametrize(("missing", "ready"), [(0, True), (2, False)])
def test_migrations(missing: int, ready: bool) -> None:
    """The schema must be what the software expects."""

    async def pending() -> int:
        return missing

    readiness = answer(asked({"schema": migrations(pending)}))
    assert readiness.ready is ready
    assert ready or readiness.parts == {"schema": "2 migrations are to be applied"}
