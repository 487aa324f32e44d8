"""`MemoryLinks` and `PlainSpeech` provide what they stand in for."""

from __future__ import annotations

from zope.interface.verify import verifyObject

from csms.core.commands import Outcome, Reset
from csms.core.ports import ILinks, ISpeech
from csms.testing.links import UNREACHABLE, MemoryLinks
from csms.testing.speech import PlainSpeech
from csms.testing.waiting import waits


def test_provide() -> None:
    """They provide the ports."""
    assert verifyObject(ILinks, MemoryLinks())
    assert verifyObject(ISpeech, PlainSpeech())


@waits
async def test_dropped() -> None:
    """A link that is dropped is not held any more, and says so."""
    links = MemoryLinks(Outcome(status="accepted"))
    links.connect(1)
    assert (await links.send(1, Reset(), 1.0)).status == "accepted"
    links.drop(1, "why")
    links.drop(1, "again")
    assert (len(links), links.dropped) == (0, [(1, "why")])
    assert await links.send(1, Reset(), 1.0) == UNREACHABLE
