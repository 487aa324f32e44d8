"""One-time passwords by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.core.payments.totp import is_valid, password

SECRET = b"12345678901234567890"
NOW = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_the_standard(seconds: int, expected: str) -> None:
    """RFC 6238, appendix B."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert password(SECRET, at, validity_s=30, length=8) == expected


@pytest.mark.parametrize(
    ("windows", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_the_windows_beside(windows: int, *, good: bool) -> None:
    """The one before, this one and the next are good (C25)."""
    presented = password(SECRET, NOW + timedelta(seconds=30 * windows), validity_s=30)
    assert is_valid(presented, SECRET, NOW, validity_s=30) is good


@given(st.text(max_size=9))
def test_anything_else_is_not(presented: str) -> None:
    """Whatever a link holds."""
    good = {password(SECRET, NOW + timedelta(seconds=by), validity_s=30) for by in (-30, 0, 30)}
    assert is_valid(presented, SECRET, NOW, validity_s=30) is (presented in good)


def test_the_first_window_has_none_before() -> None:
    """A clock that was never set."""
    at = datetime.fromtimestamp(0, UTC)
    assert is_valid(password(SECRET, at, validity_s=30), SECRET, at, validity_s=30)
