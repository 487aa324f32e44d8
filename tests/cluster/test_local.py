"""A process without stations."""

from __future__ import annotations

from zope.interface.verify import verifyObject

from csms.cluster.local import NoLinks
from csms.core.commands import Reset
from csms.core.ports import ILinks
from csms.testing.desk import immediate


def test_nobody_is_connected() -> None:
    """It holds no station, and sends to none."""
    links = NoLinks()
    assert verifyObject(ILinks, links)
    assert not links.holds(1)
    assert len(links) == 0
    assert immediate(links.send(1, Reset(), 1.0)).status == "unreachable"
    links.drop(1, "why")
