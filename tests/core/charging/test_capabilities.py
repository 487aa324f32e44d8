"""What a station said it can take."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from csms.core.charging.capabilities import CLOCK, KEYS, capabilities, clock_zone
from csms.core.charging.checks import Capabilities
from csms.core.charging.profiles import Unit


@pytest.mark.parametrize(
    ("values", "known"),
    [
        ({}, Capabilities()),
        ({KEYS[0]: "3"}, Capabilities(max_stack_level=3)),
        ({KEYS[1]: " 0 "}, Capabilities(max_stack_level=0)),
        ({KEYS[0]: "many", KEYS[2]: "0", KEYS[3]: "9999999999"}, Capabilities()),
        ({KEYS[3]: "24"}, Capabilities(max_periods=24)),
        ({KEYS[4]: "Current,Power"}, Capabilities(units=frozenset(Unit))),
        ({KEYS[5]: "a"}, Capabilities(units=frozenset({Unit.A}))),
        ({KEYS[5]: "kW"}, Capabilities()),
        ({KEYS[7]: "50"}, Capabilities(max_external_id=50)),
    ],
)
def test_values(values: dict[str, str], known: Capabilities) -> None:
    """Keys of 1.6 and variables of 2.x; what cannot be read is not known."""
    assert capabilities(values) == known


@pytest.mark.parametrize(
    ("name", "offset", "zone"),
    [
        (None, None, UTC),
        ("Europe/Amsterdam", "+05:00", ZoneInfo("Europe/Amsterdam")),
        ("Central Station Time", "+02:00", timezone(timedelta(hours=2))),
        ("Europe", " -03:30 ", timezone(-timedelta(hours=3, minutes=30))),
        ("../passwd", "+15:00", UTC),
        ("", "two", UTC),
    ],
)
def test_the_clock(name: str | None, offset: str | None, zone: tzinfo) -> None:
    """The zone by its name, else by how far it is ahead of UTC now."""
    told = zip(CLOCK, (name, offset), strict=True)
    assert clock_zone({key: value for key, value in told if value is not None}) == zone
