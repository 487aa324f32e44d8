"""Delivery of transaction messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from csms.sim.connector import Session
from csms.sim.messages import Gone, NoAnswer, Payload, Refused, Request
from csms.sim.outbox import LIMIT, Outbox
from csms.sim.settings import Settings
from csms.sim.steps import Stage, Step


@attrs.define(eq=False)
class Line:
    """What the outbox calls: ``outcomes`` of the calls to come, then success."""

    outcomes: list[NoAnswer] = attrs.Factory(list)
    sent: list[Request] = attrs.Factory(list)

    async def call(self, request: Request) -> Payload:
        self.sent.append(request)
        if self.outcomes:
            raise self.outcomes.pop(0)
        return {}


@attrs.define(eq=False)
class Desk:
    """An outbox with everything around it recorded."""

    clock: Clock
    line: Line = attrs.Factory(Line)
    answered: list[str] = attrs.Factory(list)
    dropped: list[str] = attrs.Factory(list)
    session: Session = attrs.Factory(
        lambda: Session(connector_id=1, tag="T", started_at=datetime.now(UTC), meter_start=0)
    )
    outbox: Outbox = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.outbox = Outbox(
            self.clock,
            Settings(attempts=3, retry_s=10),
            self.spell,
            lambda step, payload: self.answered.append(step.stage.value),
            lambda step, why: self.dropped.append(step.stage.value),
        )

    def spell(self, step: Step) -> Request | None:
        if step.stage is Stage.UPDATE:
            return None
        return Request(step.stage.value, {"id": self.session.transaction_id})

    def put(self, *stages: Stage) -> list[Step]:
        now = datetime.now(UTC)
        return [self.outbox.put(Step(each, self.session, now, "Trigger")) for each in stages]

    def drain(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.outbox.drain(self.line.call))


@pytest.fixture
def desk(clock: Clock) -> Desk:
    return Desk(clock)


def test_delivery_in_order(desk: Desk) -> None:
    """Messages are delivered in the order in which they came up."""
    entries = desk.put(Stage.START, Stage.METER, Stage.STOP)
    desk.drain()
    assert desk.answered == ["start", "meter", "stop"]
    assert all(entry.settled.happened for entry in entries)
    assert len(desk.outbox) == 0


def test_repetition(desk: Desk, clock: Clock) -> None:
    """A message that the server fails to process comes again after 1 x, 2 x the interval."""
    desk.line.outcomes = [Refused("InternalError", ""), NoAnswer("timeout")]
    desk.put(Stage.START)
    desk.drain()
    for wait, attempts in ((9, 1), (1, 2), (19, 2), (1, 3)):
        clock.advance(wait)
        assert len(desk.line.sent) == attempts
    assert desk.answered == ["start"]
    assert len({str(request) for request in desk.line.sent}) == 1


def test_giving_up(desk: Desk, clock: Clock) -> None:
    """After the last attempt a message is dropped and the next one goes out."""
    desk.line.outcomes = [Refused("InternalError", "")] * 3
    entries = desk.put(Stage.METER, Stage.STOP)
    desk.drain()
    clock.advance(10)
    clock.advance(20)
    assert desk.dropped == ["meter"]
    assert desk.answered == ["stop"]
    assert entries[0].settled.happened


def test_lost_start_leaves_minus_one(desk: Desk, clock: Clock) -> None:
    """When a start is given up its meter values and its stop carry transaction id -1."""
    desk.line.outcomes = [Refused("InternalError", "")] * 3
    desk.put(Stage.START, Stage.STOP)
    desk.drain()
    clock.advance(10)
    clock.advance(20)
    assert desk.line.sent[-1].payload == {"id": -1}


def test_offline(desk: Desk) -> None:
    """A message that meets a broken connection stays, uncounted, and comes first afterwards."""
    desk.line.outcomes = [Gone("cut")]
    [entry] = desk.put(Stage.START)
    desk.drain()
    assert len(desk.outbox) == 1
    assert entry.attempts == 0
    assert not desk.outbox.draining
    desk.drain()
    assert desk.answered == ["start"]


def test_one_delivery_at_a_time(desk: Desk, clock: Clock) -> None:
    """A second delivery does nothing while the first waits to repeat a message."""
    desk.line.outcomes = [Refused("InternalError", "")]
    desk.put(Stage.START)
    desk.drain()
    assert desk.drain().called
    assert len(desk.line.sent) == 1


def test_release(desk: Desk) -> None:
    """Who waits for an answer goes on when the connection is lost."""
    [entry] = desk.put(Stage.START)
    waiting = [Deferred.fromCoroutine(entry.settled.wait())]
    waiting.append(Deferred.fromCoroutine(desk.outbox.empty()))
    desk.outbox.release()
    assert all(each.called for each in waiting)
    assert not entry.settled.happened


def test_empty_without_messages(desk: Desk) -> None:
    """Nobody waits for an outbox that is empty."""
    assert Deferred.fromCoroutine(desk.outbox.empty()).called


def test_storage_is_bounded(desk: Desk) -> None:
    """Beyond the limit meter values are given up; starts and stops are kept."""
    desk.put(*[Stage.METER] * LIMIT)
    extra: list[Any] = desk.put(Stage.METER, Stage.STOP)
    assert desk.dropped == ["meter"]
    assert extra[0].settled.happened
    assert len(desk.outbox) == LIMIT + 1


def test_what_has_no_message(desk: Desk) -> None:
    """A step that the version has no message for is done with."""
    [step] = desk.put(Stage.UPDATE)
    desk.drain()
    assert step.settled.happened
    assert not desk.line.sent
    assert not len(desk.outbox)


def test_holds(desk: Desk) -> None:
    """The outbox knows of which sessions something waits."""
    desk.session.id = "A"
    desk.put(Stage.START)
    assert desk.outbox.holds("A")
    assert not desk.outbox.holds("B")
