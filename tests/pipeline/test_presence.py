"""A process tells the cluster that it is alive, and takes back what was given up by mistake."""

from __future__ import annotations

import attrs
import pytest
from twisted.internet.defer import Deferred

from csms.pipeline.presence import LATE_S, RENEW_S, Presence
from csms.testing.clock import WallClock
from csms.testing.links import MemoryLinks
from csms.testing.logs import logged
from csms.testing.nodes import ScriptedNodes


@attrs.define(eq=False)
class Rig:
    """A process and the register of nodes."""

    clock: WallClock = attrs.field(factory=WallClock)
    nodes: ScriptedNodes = attrs.field(factory=ScriptedNodes)
    links: MemoryLinks = attrs.field(factory=MemoryLinks)
    presence: Presence = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.presence = Presence(node="n", nodes=self.nodes, links=self.links, clock=self.clock)


@pytest.fixture
def rig() -> Rig:
    """A process that did not begin yet."""
    return Rig()


@pytest.mark.parametrize("left", [0, 3])
def test_begins(rig: Rig, left: int) -> None:
    """A process begins with no connections; it says so when there were some."""
    rig.nodes.left_behind = left
    with logged() as events:
        begun = Deferred.fromCoroutine(rig.presence.begin())
    assert begun.called
    assert rig.nodes.begun == ["n"]
    assert [event["left"] for event in events] == ([left] if left else [])


def test_renews(rig: Rig) -> None:
    """It renews every few seconds until it stops."""
    rig.presence.startService()
    rig.clock.pass_by(RENEW_S * 2)
    assert rig.nodes.renewed == ["n"] * 3
    assert rig.presence.stopService().called
    rig.clock.pass_by(RENEW_S * 2)
    assert rig.nodes.renewed == ["n"] * 3


@pytest.mark.parametrize(
    ("away_s", "held", "reclaimed"),
    [(LATE_S + 1, [7, 9], [7]), (LATE_S - 1, [7], []), (LATE_S + 1, [9], [])],
)
def test_reclaims(rig: Rig, away_s: float, held: list[int], reclaimed: list[int]) -> None:
    """After it could not renew for long, it takes back the connections that it still has."""
    rig.nodes.away_s = away_s
    rig.nodes.given_up = [7, 8]
    for station_id in held:
        rig.links.connect(station_id)
    with logged() as events:
        rig.presence.startService()
    assert rig.nodes.reclaimed == reclaimed
    assert len(events) == len(reclaimed)
