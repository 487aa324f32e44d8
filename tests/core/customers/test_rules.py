"""What stations tell of customers."""

from __future__ import annotations

from datetime import UTC, datetime

from csms.core.assembly import TakePart
from csms.core.customers.vocabulary import INFORMATION, CustomerTold
from csms.core.replies import Acknowledged
from csms.core.values import StationKey
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")


def test_parts_are_put_together() -> None:
    """In any order; every part is acknowledged, also one of a request that nobody knows."""
    desk = Desk(NOW)
    for part in (
        CustomerTold(ref=3, number=1, text="b"),
        CustomerTold(ref=3, number=0, text="a", last=False),
        CustomerTold(ref=None, number=None, text="?"),
    ):
        assert desk.say(CP1, part) == Acknowledged()
    taken = [write for write in desk.book.kept if isinstance(write, TakePart)]
    assert {write.kind for write in taken} == {INFORMATION}
    assert [(write.ref, write.part, write.complete) for write in taken] == [
        (3, 1, False),
        (3, 0, True),
        (0, 0, True),
    ]
