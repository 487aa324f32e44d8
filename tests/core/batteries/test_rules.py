"""Battery swaps, as stations tell of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from csms.core.batteries.rules import REPETITION
from csms.core.batteries.vocabulary import BatteriesSwapped, SwapAsked
from csms.core.happenings import Happened
from csms.core.replies import Acknowledged
from csms.core.values import StationKey
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, 59, 30, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
IN = BatteriesSwapped(
    event="BatteryIn",
    ref=7,
    id_token="TAG",
    id_token_kind="Central",
    batteries=({"evse_id": 2, "serial_number": "S1", "soc": 12.5, "soh": 98},),
)


@pytest.fixture
def desk() -> Desk:
    """A desk that finds again what it kept."""
    desk = Desk(NOW)

    def told(_key: StationKey, ask: SwapAsked) -> tuple[datetime, ...]:
        kept = [write for write in desk.book.kept if isinstance(write, Happened)]
        return tuple(each.at for each in kept[::-1] if each.fingerprint == ask.fingerprint)[:1]

    desk.book.answers[SwapAsked] = told
    return desk


def kept(desk: Desk) -> list[Happened]:
    """What happened."""
    return [write for write in desk.book.kept if isinstance(write, Happened)]


def test_a_swap_is_kept_and_told(desk: Desk) -> None:
    """S01.FR.07: what went in, with its charge and health."""
    assert desk.say(CP1, IN) == Acknowledged()
    [happened] = kept(desk)
    assert (happened.kind, happened.at, happened.evse_id) == ("battery_swap", NOW, 2)
    assert happened.content == {
        "event": "BatteryIn",
        "ref": 7,
        "id_token": "TAG",
        "id_token_kind": "Central",
        "batteries": list(IN.batteries),
    }
    assert desk.kinds == ["station.battery_swap"]


def test_the_same_again_is_the_same_swap(desk: Desk) -> None:
    """Kept and told once, also past the full hour; later it is another one."""
    desk.say(CP1, IN)
    desk.later(minutes=59)
    assert desk.say(CP1, IN) == Acknowledged()
    assert (len(kept(desk)), desk.kinds) == (1, ["station.battery_swap"])
    desk.later(seconds=REPETITION.total_seconds())
    desk.say(CP1, IN)
    assert (len(kept(desk)), len(desk.kinds)) == (2, 2)


def test_what_belongs_to_the_same_swap_is_another_part_of_it(desk: Desk) -> None:
    """BatteryIn, BatteryOut and BatteryOutTimeout share the number."""
    for event in ("BatteryIn", "BatteryOut", "BatteryOutTimeout"):
        desk.say(CP1, replace(IN, event=event))
    assert [each.content["event"] for each in kept(desk)] == [
        "BatteryIn",
        "BatteryOut",
        "BatteryOutTimeout",
    ]


@pytest.mark.parametrize(
    "batteries",
    [(), ({"serial_number": "S1"},), ({"evse_id": 1}, {"evse_id": 2})],
    ids=["none", "nowhere", "several"],
)
def test_a_swap_at_no_single_place(desk: Desk, batteries: tuple[dict[str, object], ...]) -> None:
    """Is one of the station."""
    desk.say(CP1, replace(IN, batteries=batteries))
    assert kept(desk)[0].evse_id is None
