"""The gate: what a station may say before it is accepted."""

from __future__ import annotations

import pytest

from csms.adapter.dialect import DIALECTS
from csms.core.values import Registration
from csms.gateway.gate import admits, is_open

MANNERS = {dialect.version: dialect.manners for dialect in DIALECTS.values()}
NEWER = ["2.0.1", "2.1"]
REFUSED = [Registration.PENDING, Registration.REJECTED]


@pytest.mark.parametrize("version", ["1.6", *NEWER])
def test_open_for_accepted(version: str) -> None:
    """Accepted once, a station may say everything, on every connection."""
    assert is_open(MANNERS[version], Registration.ACCEPTED, booted=True)


@pytest.mark.parametrize("version", ["1.6", *NEWER])
@pytest.mark.parametrize("registration", REFUSED)
def test_not_open_before(version: str, registration: Registration) -> None:
    """Whether it has booted or not."""
    assert not is_open(MANNERS[version], registration, booted=True)
    assert not is_open(MANNERS[version], registration, booted=False)


def test_never_booted() -> None:
    """B01.FR.10: 2.x begins with a boot; 1.6 only recommends it, so who does not is tolerated."""
    assert is_open(MANNERS["1.6"], Registration.ACCEPTED, booted=False)
    assert not is_open(MANNERS["2.0.1"], Registration.ACCEPTED, booted=False)
    assert not is_open(MANNERS["2.1"], Registration.ACCEPTED, booted=False)


@pytest.mark.parametrize("version", ["1.6", *NEWER])
@pytest.mark.parametrize("registration", list(Registration))
def test_boots_are_always_heard(version: str, registration: Registration) -> None:
    """It is the only way in."""
    assert admits(MANNERS[version], registration, boot=True, expected=False)
    assert not admits(MANNERS[version], registration, boot=False, expected=False)


@pytest.mark.parametrize("version", ["1.6", *NEWER])
def test_what_was_asked_for(version: str) -> None:
    """B02.FR.09: a pending station may send what it was asked to send."""
    assert admits(MANNERS[version], Registration.PENDING, boot=False, expected=True)


@pytest.mark.parametrize("version", NEWER)
def test_rejected(version: str) -> None:
    """B03.FR.07: a rejected one may not, though it was asked while it was pending."""
    assert not admits(MANNERS[version], Registration.REJECTED, boot=False, expected=True)
