"""A body that comes while its secret is still being looked up."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from csms.api.problems import Malformed, TooLarge
from csms.api.uploads import Reception
from csms.core.errors import NotFound, Refusal, Unavailable


@implementer(IPushProducer)
@attrs.define(eq=False)
class Client:
    """A request, its channel and its transport in one."""

    going: bool = True
    welcomed: int = 0
    turned_away: list[Refusal] = attrs.field(factory=list)

    @property
    def channel(self) -> Any:
        return self

    @property
    def transport(self) -> Any:
        return self

    def pauseProducing(self) -> None:
        self.going = False

    def resumeProducing(self) -> None:
        self.going = True

    def stopProducing(self) -> None:
        raise AssertionError("nobody ends it")

    def welcome(self) -> None:
        self.welcomed += 1

    def turn_away(self, refusal: Refusal) -> None:
        self.turned_away.append(refusal)


@attrs.define(eq=False)
class Uploads:
    """Answers when the test says so; also what it receives."""

    gate: Deferred[None] = attrs.field(factory=Deferred)
    content: bytearray = attrs.field(factory=bytearray)
    kept: bool = False
    abandoned: int = 0

    async def expected(self, secret: str) -> Any:
        await self.gate

    def receive(self, expected: Any) -> Any:
        return self

    def write(self, data: bytes) -> None:
        self.content += data

    def abandon(self) -> None:
        self.abandoned += 1

    async def keep(self, name: str | None, content_type: str | None) -> None:
        self.kept = True


@attrs.define(eq=False)
class Rig:
    """One upload that has begun."""

    client: Client = attrs.field(factory=Client)
    uploads: Uploads = attrs.field(factory=Uploads)
    reception: Reception = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.reception = Reception(
            request=self.client,
            uploads=self.uploads,  # type: ignore[arg-type]
            secret="s",
            limit=10,
            length=None,
            form=None,
            content_type=None,
        )
        self.reception.begin()


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest_twisted.ensureDeferred
async def test_the_client_waits(rig: Rig) -> None:
    """What came already is held, and written when it is known where to."""
    rig.reception.take(b"one ")
    rig.reception.take(b"two")
    assert not rig.client.going
    whole = Deferred.fromCoroutine(rig.reception.complete(None))
    assert not whole.called
    rig.uploads.gate.callback(None)
    await whole
    assert (bytes(rig.uploads.content), rig.uploads.kept) == (b"one two", True)
    assert rig.client.going


def test_refused_while_it_is_sent(rig: Rig) -> None:
    """The client is told before it has sent all of it."""
    rig.reception.take(b"one")
    rig.uploads.gate.errback(NotFound("no"))
    assert [type(each) for each in rig.client.turned_away] == [NotFound]
    rig.reception.take(b"more")
    rig.reception.abandon()
    assert rig.uploads.content == b""


@pytest_twisted.ensureDeferred
async def test_refused_when_all_has_come(rig: Rig) -> None:
    """The answer is that of the request then."""
    rig.reception.take(b"one")
    whole = Deferred.fromCoroutine(rig.reception.complete(None))
    rig.uploads.gate.errback(NotFound("no"))
    with pytest.raises(NotFound):
        await whole
    assert rig.client.turned_away == []


@pytest_twisted.ensureDeferred
async def test_a_bug(rig: Rig, logged: list[Any]) -> None:
    """It is logged, and to the client it is a bad moment."""
    rig.uploads.gate.errback(ValueError("bug"))
    with pytest.raises(Unavailable):
        await rig.reception.complete(None)
    assert [event["log_format"] for event in logged] == ["an upload cannot be taken"]
    logged.clear()


def test_too_large_before_it_is_known_where_to(rig: Rig) -> None:
    """It is refused at once, and nothing is received any more."""
    rig.reception.take(b"x" * 11)
    assert [type(each) for each in rig.client.turned_away] == [TooLarge]
    rig.uploads.gate.callback(None)
    assert (rig.uploads.content, rig.client.going) == (b"", True)


def test_the_client_leaves_before_it_is_known_where_to(rig: Rig) -> None:
    """Nothing is begun for it."""
    rig.reception.take(b"one")
    rig.reception.abandon()
    rig.uploads.gate.callback(None)
    assert (rig.uploads.content, rig.uploads.abandoned) == (b"", 0)


@pytest_twisted.ensureDeferred
async def test_nothing_came(rig: Rig) -> None:
    """What was begun is given up."""
    rig.uploads.gate.callback(None)
    with pytest.raises(Malformed):
        await rig.reception.complete(None)
    assert rig.uploads.abandoned == 1
