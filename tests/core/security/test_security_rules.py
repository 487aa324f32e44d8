"""Security events."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csms.core.happenings import Happened
from csms.core.replies import Acknowledged
from csms.core.security.vocabulary import SecurityTold
from csms.core.values import StationKey
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
THEN = datetime(2026, 3, 1, 11, tzinfo=UTC)
CP1 = StationKey(1, "CP1")


@pytest.mark.parametrize(
    ("event", "severity", "critical"),
    [
        ("TamperDetectionActivated", 3, True),
        ("startupofthedevice", 3, True),
        ("InvalidChargePointCertificate", 6, False),
        ("InvalidCentralSystemCertificate", 6, False),
        ("com.example.Unheard", None, None),
    ],
)
def test_kept_and_told(event: str, severity: int | None, critical: bool | None) -> None:
    """By the standard's list of what is critical; what is not on it is kept all the same."""
    desk = Desk(NOW)
    told = SecurityTold(event=event, at=THEN, info="why")
    assert desk.say(CP1, told) == Acknowledged()
    (kept,) = desk.book.kept
    assert isinstance(kept, Happened)
    assert (kept.kind, kept.at, kept.received_at) == ("security", THEN, NOW)
    assert (kept.severity, kept.content) == (
        severity,
        {"event": event, "critical": critical, "info": "why"},
    )
    fact = desk.last("station.security")
    assert (fact.at, fact.data["event"], fact.data["severity"]) == (THEN, event, severity)


def test_told_twice() -> None:
    """What a station repeats has the same fingerprint, so that it is kept once."""
    desk = Desk(NOW)
    for _ in range(2):
        desk.say(CP1, SecurityTold(event="ResetOrReboot", at=THEN))
        desk.later(minutes=1)
    first, second = desk.book.kept
    assert (first.at, first.fingerprint) == (second.at, second.fingerprint)
