"""Payloads that say the same."""

from __future__ import annotations

import pytest

from csms.adapter.times import same

NOON = "2026-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ({"a": [1, NOON]}, {"a": [1, "2026-03-01T13:00:00.000+01:00"]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1], [1, 2], False),
        ([1], [2], False),
        (NOON, "2026-03-01T12:00:01Z", False),
        (NOON, "noon", False),
        ("noon", NOON, False),
        (NOON, None, False),
        (1, 1.0, True),
    ],
)
def test_only_times_may_differ_in_spelling(one: object, other: object, *, alike: bool) -> None:
    """Everything else must be equal."""
    assert same(one, other) is alike
