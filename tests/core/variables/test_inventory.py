"""When a station is asked for all that it is made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csms.core.variables.inventory import FIRST_PAUSE, MOST_ASKS, Inventoried, wanted_now

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("inventory", "expected"),
    [
        (Inventoried(), True),
        (Inventoried(whole=True), False),
        (Inventoried(False, 1, NOW), True),
        (Inventoried(False, 2, NOW - FIRST_PAUSE / 2), False),
        (Inventoried(False, 2, NOW - FIRST_PAUSE), True),
        (Inventoried(False, 3, NOW - FIRST_PAUSE), False),
        (Inventoried(False, 3, NOW - 4 * FIRST_PAUSE), True),
        (Inventoried(False, MOST_ASKS - 1, NOW - timedelta(days=15)), True),
        (Inventoried(False, MOST_ASKS, NOW - timedelta(days=9999)), False),
    ],
)
def test_less_and_less_often(inventory: Inventoried, *, expected: bool) -> None:
    """Once when nothing is known; one that does not tell is left alone in the end."""
    assert wanted_now(inventory, NOW) is expected
